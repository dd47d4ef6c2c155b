# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_display
short_description: Print lines as they are
version_added: 0.1.0
description:
  - Prints lines of text without the quoting that M(ansible.builtin.debug) gives them, so that tables stay tables.
  - Runs on the control node and starts no process. Never pass secrets to it.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  lines:
    description: The lines to print.
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
    details: Prints in check mode too.
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
seealso:
  - module: ansible.builtin.debug
"""

EXAMPLES = r"""
- name: Show the records to create
  gitpod.enterprise_runner.runner_display:
    lines: "{{ gitpod_dns_result.zone_file_lines }}"
"""

RETURN = r"""#"""
