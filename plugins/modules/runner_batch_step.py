# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_batch_step
short_description: Take a step of a stage for the hosts of a batch in one process
version_added: 0.1.0
description:
  - Takes the step for those hosts of the batch that have something to do there and of which it is sure that nothing has
    failed before. The others' own tasks find no result, and take the step themselves.
  - A stack is started so where nothing of the host's own comes before it, nothing has to be deleted or to end first,
    and the template is no file of the control node. Records are written so where they are in Route 53 and the wait of
    this batch went well.
  - Meant for a task with C(run_once) before the task of each host, which returns the host's result with what was
    changed and what failed (option C(together) of M(gitpod.enterprise_runner.runner_stage) and
    M(gitpod.enterprise_runner.runner_dns_plan)). Where its process fails, that is a warning, and each host's own task
    takes the step.
  - A single host is left to its own task.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  stage:
    description:
      - V(stack) starts the stacks of hosts that have nothing to do before it.
      - V(dns) points both names to the load balancer in Route 53.
    type: str
    choices: [dns, stack]
    required: true
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
    details: Records are left to the hosts' own tasks then.
  diff_mode:
    support: N/A
    details: The hosts' own tasks show what differs.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_together
  - module: gitpod.enterprise_runner.runner_batch
  - module: gitpod.enterprise_runner.runner_stage
"""

EXAMPLES = r"""
- name: Start the stacks that need nothing before them
  gitpod.enterprise_runner.runner_batch_step:
    stage: stack
  register: __gitpod_batch_stack
  run_once: true
"""

RETURN = r"""
runners:
  description: The result of each host whose step was taken, by its name.
  returned: success
  type: dict
batch:
  description:
    - Which batch that was (RV(gitpod.enterprise_runner.runner_batch#module:id)), so that a later one does not take the
      results for its own.
  returned: success
  type: str
"""
