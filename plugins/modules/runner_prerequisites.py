# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_prerequisites
short_description: Show the checks of a runner, and fail once when some have failed
version_added: 0.1.0
description:
  - Prints a table of at most 100 columns, groups with failures first, what to do under each failure. Passed and skipped
    checks are counted, and listed with C(-v).
  - Runs on the control node and starts no process.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runner:
    description: Name of the runner.
    type: str
    required: true
  region:
    description: Region of the runner.
    type: str
    required: true
  checks:
    description: The checks, as M(gitpod.enterprise_runner.runner_preflight_info) returns them.
    type: list
    elements: dict
    required: true
  directory:
    description: Directory for the checks as JSON and as Markdown; without it, and in check mode, none are written.
    type: path
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
attributes:
  check_mode:
    support: full
    details: Writes no files in check mode.
  diff_mode:
    support: N/A
    details: Files of a report are not a change.
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

- name: Show
  gitpod.enterprise_runner.runner_prerequisites:
    runner: gitpod-eu-central-1
    region: eu-central-1
    checks: "{{ found.checks }}"
    directory: artifacts
"""

RETURN = r"""
files:
  description: Paths of the files that were written.
  returned: always
  type: list
  elements: str
"""
