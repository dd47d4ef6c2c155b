# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_report
short_description: Write the reports of a run and show the fleet
version_added: 0.1.0
description:
  - Writes one JSON file for each runner, C(fleet.json) for all of them and C(fleet.html), one self-contained page, and
    prints a table with a line a runner.
  - Runs on the control node and starts no process. The role P(gitpod.enterprise_runner.gitpod_report#role) uses it.
  - A report tells of a run, so it is never a change. In check mode only the table is shown.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runners:
    description:
      - Summaries as P(gitpod.enterprise_runner.runner_summary#filter) makes them, one of each runner.
    type: list
    elements: dict
    required: true
  directory:
    description: Directory on the control node; it is created when it is missing.
    type: path
    required: true
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: Nothing that is managed changes.
  idempotent:
    support: full
seealso:
  - plugin: gitpod.enterprise_runner.runner_summary
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Report the fleet
  gitpod.enterprise_runner.runner_report:
    runners:
      - region: eu-central-1
        runner: gitpod-eu-central-1
        stack:
          name: gitpod-eu-central-1
          status: CREATE_COMPLETE
        load_balancer:
          scheme: internal
          state: active
    directory: "{{ playbook_dir }}/gitpod-artifacts"
"""

RETURN = r"""
files:
  description: Paths of the files that were written; empty in check mode.
  returned: always
  type: list
  elements: str
  sample: [/srv/gitpod-artifacts/fleet.json, /srv/gitpod-artifacts/gitpod-eu-central-1.json]
table:
  description: The lines that were printed.
  returned: always
  type: list
  elements: str
"""
