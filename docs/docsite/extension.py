# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Sphinx is told besides: anchors as GitHub has them, and where the documentation of others is."""

from __future__ import annotations

import typing as t

from docutils import nodes

from docs.docsite.others import address, setting


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
