# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_upgrade
short_description: Decide on the upgrade of a fleet, and tell how to go back
version_added: 0.1.0
description:
  - Shows a table with what would change for each runner, and below it the changes and what to mind. Returns which
    runners have to be upgraded, and to which release; a channel is settled by that for all batches.
  - In a controller's workflow, a runner is refused that an earlier node has planned for another release.
  - A runner without a finished stack is refused. One on which an update goes on is waited for, and upgraded after it.
  - Meant for a task with C(run_once). Runs on the control node and starts no process.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  step:
    description:
      - V(decide) before the first batch.
      - V(back) shows after the last one the commands that go back, for the hosts whose batch was begun.
    type: str
    choices: [decide, back]
    default: decide
  runners:
    description: C(runners) of M(gitpod.enterprise_runner.runner_fleet), which has read what would change.
    type: dict
    default: {}
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_fleet
  - module: gitpod.enterprise_runner.runner_upgrade_info
"""

EXAMPLES = r"""
- name: Look
  gitpod.enterprise_runner.runner_fleet:
    read: upgrade
    hosts: "{{ ansible_play_hosts_all }}"
  register: found
  run_once: true

- name: Show what would change
  gitpod.enterprise_runner.runner_upgrade:
    runners: "{{ found.runners }}"
  register: upgrade
  run_once: true
"""

RETURN = r"""
runners:
  description:
    - By host C(runner) and C(region), C(from) and C(to) as releases, the C(changes), whether the upgrade is C(needed),
      whether an update is C(going_on), and C(failure) with the reason why the runner cannot be upgraded, or empty.
  returned: with O(step=decide)
  type: dict
needed:
  description: Hosts that have to be upgraded.
  returned: with O(step=decide)
  type: list
  elements: str
plan:
  description:
    - What a workflow hands on as C(gitpod_plan_result), in the shape of the rollout's. Releases have their letter,
      which survives in a controller's variables.
  returned: with O(step=decide)
  type: dict
back:
  description: Commands that go back to the releases that were there.
  returned: with O(step=back)
  type: list
  elements: str
"""
