# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_status
short_description: Show the status of a fleet
version_added: 0.1.0
description:
  - Prints a table with a line a runner, and below it what is not as it should be. Keeps it in the file C(status.json)
    unless in check mode; runners of which this look tells nothing stay in it as they were seen last.
  - With C(gitpod_report_upload) of the host, the same is kept in S3 (M(gitpod.enterprise_runner.runner_report_upload)).
  - Runs on the control node, and starts no process but for that.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runners:
    description: C(runners) of M(gitpod.enterprise_runner.runner_fleet), which has read the status.
    type: dict
    required: true
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: Nothing that is managed changes.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_fleet
  - module: gitpod.enterprise_runner.runner_report_upload
"""

EXAMPLES = r"""
- name: Look
  gitpod.enterprise_runner.runner_fleet:
    read: status
    hosts: "{{ ansible_play_hosts_all }}"
  register: found
  run_once: true

- name: Show
  gitpod.enterprise_runner.runner_status:
    runners: "{{ found.runners }}"
  run_once: true
"""

RETURN = r"""
summary:
  description:
    - Number of C(runners), the C(headline), and by runner the C(alerts), areas that C(gitpod_status_fail_on) lists.
      C(attention) lists the runners with anything that is not as it should be, each with C(problems) and what to do;
      C(needed) is whether there are any, and C(report) where C(status.json) is kept in S3, or C(error).
  returned: success
  type: dict
"""
