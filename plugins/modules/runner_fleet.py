# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_fleet
short_description: Read many runners in one process
version_added: 0.1.0
description:
  - Turns the inventory of every host into typed values, runs one module process that reads all of them, and returns a
    result for each. What cannot be read of one host is that host's failure alone.
  - Meant for a task with C(run_once). Nothing is changed in AWS; V(acceptance) makes an environment on each runner and
    removes it again.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  read:
    description:
      - V(prerequisites) validates the inventories, also against each other, and looks at everything before anything is
        created.
      - V(certificates) and V(started) wait for what the hosts have started.
      - V(verification) looks at AWS, the management plane and the network. V(status) tells how the runners are doing.
      - V(upgrade) computes what the release that the inventory names would change.
      - V(acceptance) proves that the runners work, see M(gitpod.enterprise_runner.runner_acceptance).
    type: str
    choices: [prerequisites, status, upgrade, verification, acceptance, certificates, started]
    required: true
  hosts:
    description: Names of the hosts; of an empty list none is read. Without the option, the task's own host.
    type: list
    elements: str
  default_batches:
    description: Sizes of the batches where the inventory asks for none.
    type: list
    elements: str
    default: ["100%"]
  on_request:
    description:
      - Of V(acceptance), whether only hosts are read whose inventory asks for it (C(gitpod_acceptance)), unless the run
        has the tag C(acceptance); hosts of which something has failed in this run are left out.
    type: bool
    default: false
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
  - module: gitpod.enterprise_runner.runner_preflight_info
  - module: gitpod.enterprise_runner.runner_verification_info
  - module: gitpod.enterprise_runner.runner_acceptance
  - module: gitpod.enterprise_runner.runner_status_info
  - module: gitpod.enterprise_runner.runner_upgrade_info
  - module: gitpod.enterprise_runner.runner_fleet_wait
"""

EXAMPLES = r"""
- name: Look at all runners of the play
  gitpod.enterprise_runner.runner_fleet:
    read: prerequisites
    hosts: "{{ ansible_play_hosts_all }}"
  register: look
  run_once: true
"""

RETURN = r"""
runners:
  description: The result of each host by its name.
  returned: success
  type: dict
"""
