#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at everything that there is of a runner."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_teardown_info
short_description: Look at everything that there is of a runner before it is taken down
version_added: 0.1.0
description:
  - Returns the runner's stack, its load balancer and buckets, and what this collection made beside it, the endpoint and
    its security group, found by their tags. Buckets that deleted stacks of the runner left are returned with
    their sizes.
  - The role P(gitpod.enterprise_runner.gitpod_teardown#role) uses it.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  name:
    description: Name of the stack.
    type: str
    required: true
  runner_name:
    description: Name of the runner, which the tags have. Default is O(name).
    type: str
  runner_id:
    description: Identifier of the runner, which the tags have too, as far as it is known.
    type: str
  take_over:
    description: Name of a stack that was made by hand for this runner, as in M(gitpod.enterprise_runner.runner_stack).
    type: str
  former_names:
    description: Further names that a stack of the runner may have had, for the buckets that deleted stacks left.
    type: list
    elements: str
    default: []
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
  - module: gitpod.enterprise_runner.runner_retained_buckets
  - module: gitpod.enterprise_runner.runner_stack
"""

EXAMPLES = r"""
- name: Look at what there is
  gitpod.enterprise_runner.runner_teardown_info:
    region: eu-central-1
    name: gitpod-eu-central-1
"""

RETURN = r"""
stack:
  description: The stack.
  returned: success
  type: dict
  contains:
    name:
      description: Its name, which may be another than O(name) when it was taken over.
      type: str
      sample: gitpod-eu-central-1
    exists:
      description: Whether there is one.
      type: bool
    ours:
      description: Whether its tags say that this collection made it, or took it over, for this runner.
      type: bool
    empty:
      description: Whether it is nothing but a name, without resources and change sets, which nobody has anything in.
      type: bool
    in_progress:
      description: Whether AWS is at work on it.
      type: bool
    relation:
      description: Whose it is, as M(gitpod.enterprise_runner.runner_stack_info) returns it.
      type: str
      sample: ours
    reason:
      description: What tells so, as the words after "because".
      type: str
      sample: its tag gitpod:runner-name is gitpod-eu-central-1
    told:
      description: The same as a sentence.
      type: str
    advice:
      description: What to do about a stack that is not this runner's.
      type: str
    status:
      description: Its status; V(ABSENT) when there is none.
      type: str
      sample: CREATE_COMPLETE
    status_reason:
      description: AWS's reason for the status.
      type: str
    termination_protection:
      description: Whether it is protected from deletion.
      type: bool
    buckets:
      description: Names of its buckets; the template says which of them it leaves.
      type: list
      elements: str
    was_here:
      description: Whether the runner has, or had within 90 days, a stack of its own here.
      type: bool
    others_with_id:
      description: Names of other stacks that have this runner's ID, whose registration stays with them.
      type: list
      elements: str
load_balancer:
  description: The runner's load balancer, as M(gitpod.enterprise_runner.runner_stack_info) returns it, or null.
  returned: success
  type: dict
former_load_balancers:
  description:
    - DNS names of load balancers that the runner's stacks had before, of a stack that is being deleted or is deleted
      too. Records that point to one of them are the runner's.
  returned: success
  type: list
  elements: str
domain_name:
  description: The stack's domain, or empty.
  returned: success
  type: str
  sample: eu.gitpod.example.com
endpoints:
  description:
    - Endpoints with C(id), C(vpc_id), C(service_name), C(shared_with), C(also_used_by) and C(reason) that this
      collection made and the runner uses. There are none while a stack stays that may be this runner's.
    - C(network) says whether it is one for services of AWS, which M(gitpod.enterprise_runner.runner_network_endpoints)
      removes.
    - C(shared_with) names the other runners that use it, for whom it stays. C(also_used_by) are those that no tag
      names, whose stacks are in the VPC.
  returned: success
  type: list
  elements: dict
security_groups:
  description:
    - Security groups with C(id), C(name), C(vpc_id), C(shared_with), C(also_used_by) and C(reason) that this collection
      made and the runner uses.
  returned: success
  type: list
  elements: dict
retained_buckets:
  description: Buckets as M(gitpod.enterprise_runner.runner_retained_buckets) returns them.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown import look

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "runner_name": {"type": "str"},
    "runner_id": {"type": "str"},
    "take_over": {"type": "str"},
    "former_names": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, look.run)


if __name__ == "__main__":
    main()
