#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a runner's CloudFormation stack."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_stack_info
short_description: Read a runner's CloudFormation stack, its outputs and its load balancer
version_added: 0.1.0
description:
  - Returns the stack, its parameters without secrets, its outputs and the load balancer that it made.
  - A stack made by hand in the console is found by O(runner_id) among the parameters of all stacks of the region.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  name:
    description: Name of the stack. O(name) or O(runner_id) is given.
    type: str
  runner_id:
    description:
      - Runner ID that one of the stack's parameters or its tag C(gitpod:runner-id) has.
      - With O(name) it tells whose stack of that name is.
    type: str
  runner_name:
    description:
      - Name of the runner. With it, the stack is found as M(gitpod.enterprise_runner.runner_stack) finds it - that of
        O(name) if it is this runner's, else the one with this runner's tags - and another's does not exist.
    type: str
  include_resources:
    description: Whether to return the stack's resources.
    type: bool
    default: false
  include_events:
    description: Whether to return the events of the operation that runs or ran last, oldest first.
    type: bool
    default: false
  include_drift:
    description:
      - Whether to let CloudFormation detect what others changed, and wait for it. Values that differ are returned, so
        leave it off where they could be secret.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.actiongroup
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: N/A
    details: Nothing is changed.
seealso:
  - module: gitpod.enterprise_runner.runner_stack
"""

EXAMPLES = r"""
- name: Read a stack by its name
  gitpod.enterprise_runner.runner_stack_info:
    region: eu-central-1
    name: gitpod-eu-central-1

- name: Find the stack of a runner that was deployed by hand
  gitpod.enterprise_runner.runner_stack_info:
    region: eu-central-1
    runner_id: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
    include_resources: true
"""

RETURN = r"""
exists:
  description: Whether there is such a stack; one in review has no resources yet and does not count.
  returned: always
  type: bool
  sample: true
in_progress:
  description: Whether AWS is at work on it.
  returned: always
  type: bool
  sample: false
ownership:
  description:
    - Whose the stack is, C(relation), and what tells so, C(reason).
    - The relation is V(ours), V(by_hand) (made by hand for the runner, and not taken over), V(anothers), V(strangers),
      V(unknown), or V(free) where there is none.
  returned: always
  type: dict
  sample: {relation: ours, reason: its tag gitpod:runner-name is gitpod-eu-central-1, whose: "", shared_with: []}
stack:
  description: The stack, as M(gitpod.enterprise_runner.runner_stack) returns it.
  returned: always
  type: dict
  sample: {name: gitpod-eu-central-1, status: CREATE_COMPLETE}
outputs:
  description: The stack's outputs by name.
  returned: always
  type: dict
load_balancer:
  description: The runner's load balancer, as M(gitpod.enterprise_runner.runner_stack) returns it, or null.
  returned: always
  type: dict
resources:
  description: Resources with C(logical_id), C(physical_id), C(type) and C(status).
  returned: with O(include_resources=true)
  type: list
  elements: dict
events:
  description: Events with C(time) in seconds since the epoch, C(resource), C(type), C(status) and C(reason).
  returned: with O(include_events=true)
  type: list
  elements: dict
drift:
  description:
    - C(status), which is V(IN_SYNC) or V(DRIFTED), when it was C(compared), and C(resources) that differ, each with its
      C(differences).
    - C(incomplete) is AWS's reason when it could not compare everything; C(status) is then V(DRIFTED), or V(UNKNOWN)
      where nothing of what it compared differs.
    - Null while there is no stack, or while an operation runs.
  returned: with O(include_drift=true)
  type: dict
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import info

ARGUMENT_SPEC = {
    "name": {"type": "str"},
    "runner_id": {"type": "str"},
    "runner_name": {"type": "str"},
    "include_resources": {"type": "bool", "default": False},
    "include_events": {"type": "bool", "default": False},
    "include_drift": {"type": "bool", "default": False},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(
        argument_spec=ARGUMENT_SPEC,
        required_by={"runner_name": "name"},
        required_one_of=[("name", "runner_id")],
        supports_check_mode=True,
    )
    _modules.run(module, info.run)


if __name__ == "__main__":
    main()
