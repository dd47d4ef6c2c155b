# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_outcome
short_description: Tell how the run ended for the task's host
version_added: 0.1.0
description:
  - Gathers what the reads of the fleet and the tasks of the host have found, and fails where something failed.
  - Runs on the control node and starts no process.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  of:
    description:
      - V(run) is everything, V(gate) the decision before the first batch, V(batch) whether the batch begins, V(wait)
        what was waited for, V(verification), V(acceptance) and V(status) the reads of these names, V(upgrade) what an
        upgrade's look has found. V(failure), in a rescue, never
        fails, and returns what failed. V(needed) fails when the job before in a controller's workflow has handed on
        (C(gitpod_needed)) that nothing is needed.
    type: str
    choices: [run, wait, verification, acceptance, status, gate, batch, failure, needed, upgrade]
    default: run
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
  - module: gitpod.enterprise_runner.runner_report
  - module: gitpod.enterprise_runner.runner_fleet
"""

EXAMPLES = r"""
- name: Fail where a stage failed
  gitpod.enterprise_runner.runner_outcome:
"""

RETURN = r"""
state:
  description: V(verified), V(unverified), V(waiting) or V(failed).
  returned: with O(of=run)
  type: str
  sample: verified
runner:
  description: >-
    The runner's name, and beside it everything that a report has of the runner. Of one that failed, only this,
    C(region), C(state) and C(stage) are returned, because Ansible shows all that a failed task returns; the report has
    the rest.
  returned: with O(of=run)
  type: str
  sample: gitpod-eu-central-1
stage:
  description: The stage that failed.
  returned: when O(of=run) fails
  type: str
  sample: stack
"""
