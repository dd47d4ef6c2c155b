# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the documentation of Ansible and of other collections is, by what antsibull-docs writes of it."""

from __future__ import annotations

import re

ANSIBLE = "https://docs.ansible.com/ansible/latest"
# Labels of Ansible's own documentation that antsibull-docs writes.
LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


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
