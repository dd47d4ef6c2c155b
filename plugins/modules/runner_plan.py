# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_plan
short_description: Show what a run would do with every runner, as one table
version_added: 0.1.0
description:
  - Prints a table with a line a runner and a column a stage, and below it the reasons.
  - Runs on the control node and starts no process.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runners:
    description: Results of M(gitpod.enterprise_runner.runner_preflight_info).
    type: list
    elements: dict
    required: true
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
attributes:
  check_mode:
    support: full
    details: Shows in check mode too.
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_preflight_info
"""

EXAMPLES = r"""
- name: Look
  gitpod.enterprise_runner.runner_preflight_info:
    region: eu-central-1
    name: gitpod-eu-central-1
  register: found

- name: Show what would be done
  gitpod.enterprise_runner.runner_plan:
    runners: "{{ [found] }}"
"""

RETURN = r"""
table:
  description: The lines that were shown.
  returned: success
  type: list
  elements: str
"""
