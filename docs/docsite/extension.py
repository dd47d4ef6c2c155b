# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Sphinx is told besides: anchors as GitHub has them, and where the documentation of others is."""

from __future__ import annotations

import re
import typing as t

from docutils import nodes

ANSIBLE = "https://docs.ansible.com/ansible/latest"
# Labels of Ansible's own documentation that antsibull-docs writes.
LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


def setup(app: t.Any) -> dict[str, t.Any]:
    """Called by Sphinx."""
    app.connect("doctree-read", add_anchors)
    app.connect("missing-reference", of_others)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def add_anchors(_app: t.Any, doctree: nodes.document) -> None:
    """Give each heading the anchor that it has on GitHub too, because messages and checks name that one."""
    taken = {name for node in doctree.findall(nodes.Element) for name in node.get("ids", ())}
    for section in doctree.findall(nodes.section):
        slug = section.get("slug")
        if slug and slug not in taken:
            section["ids"].append(slug)
            taken.add(slug)


def of_others(_app: t.Any, _env: t.Any, node: nodes.Element, content: nodes.Element) -> nodes.Node | None:
    """A link to the documentation of Ansible and of other collections; C(None) where it should have been in ours."""
    label = str(node.get("reftarget", ""))
    url = setting(label) if node.get("reftype") == "envvar" else address(label)
    return nodes.reference("", "", content, internal=False, refuri=url) if url else None


def setting(name: str) -> str:
    """Where an environment variable of Ansible's own is documented; empty for others."""
    return f"{ANSIBLE}/{LABELS['ansible_configuration_settings']}#envvar-{name}" if name.startswith("ANSIBLE_") else ""


def address(label: str) -> str:
    """Where a label of Ansible's documentation is; empty where it is not Ansible's."""
    if label in LABELS:
        return f"{ANSIBLE}/{LABELS[label]}"
    found = re.match(r"ansible_collections\.(\w+)\.(\w+)\.(\w+_[a-z]+)(?:$|__|#)", label)
    if found is None or found[1] == "gitpod":
        return ""
    return f"{ANSIBLE}/collections/{found[1]}/{found[2]}/{found[3]}.html"
