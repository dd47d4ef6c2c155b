#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the endpoints for AWS's services that a runner in a VPC without egress needs, or have none."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_network_endpoints
short_description: Create and delete the endpoints for services of AWS that a VPC without egress needs
version_added: 0.1.0
description:
  - Has an endpoint for every service of the vendor's list, as interface endpoints with private DNS for acm,
    cloudformation, ec2, ec2messages, ecr.api, ecr.dkr, ecs, ecs-agent, ecs-telemetry, elasticloadbalancing, iam, logs,
    secretsmanager, ssm, ssmmessages and sts, and as gateway endpoints on the runner's route tables for s3 and dynamodb.
    The endpoint of IAM is one across regions outside of the region that IAM is kept in.
  - What AWS does not offer in the region is left out and told.
  - An endpoint that others made is used where it serves, and never changed. Where one that others made holds a
    service's name and does not serve the runner, the module fails before anything is changed, and says what it lacks.
  - The runners of one VPC share the endpoints and their one security group, C(gitpod-network-endpoints). Each has a
    tag C(gitpod:used-by/<runner ID or name>) on each of them. A further runner adds its subnets in zones that are not
    served yet, its route tables and its address ranges, and takes nothing away.
  - A run that begins at the same time as another, or whose call's answer was lost, looks again and goes on from there.
  - An interface endpoint costs money for each zone and hour.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  name:
    description: Name of the runner.
    type: str
    required: true
  runner_id:
    description:
      - ID of the runner, by which it is known among those that share the endpoints; without it, by its O(name).
    type: str
  state:
    description:
      - Whether to have the endpoints. V(absent) removes only what this collection made for runners of the VPC and
        nobody but this runner uses, and waits until it is gone. While another runner's stack is in the VPC, or where
        the stacks cannot be listed, everything stays.
    type: str
    choices: [present, absent]
    default: present
  vpc_id:
    description: VPC of the runner.
    type: str
    required: true
  subnet_ids:
    description: EC2 subnets of the runner. Required with O(state=present).
    type: list
    elements: str
    default: []
  further_ranges:
    description: Address ranges that the security group admits on port 443 besides those of the subnets.
    type: list
    elements: str
    default: []
  tags:
    description: Tags of the endpoints and the group, besides those by which they are found again.
    type: dict
  wait:
    description: Whether to wait until the endpoints are available.
    type: bool
    default: true
  join:
    description: Wait for what was started, and start nothing.
    type: bool
    default: false
  timeout:
    description: Longest wait in seconds.
    type: int
    default: 900
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
    support: full
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_endpoint
"""

EXAMPLES = r"""
- name: Have what a VPC without egress needs
  gitpod.enterprise_runner.runner_network_endpoints:
    name: gitpod-eu-central-1
    vpc_id: vpc-0b8e6d4f2a0c91357
    subnet_ids: [subnet-0b2f3d5c7e9a12461, subnet-0b2f3d5c7e9a12462]
    region: eu-central-1
"""

RETURN = r"""
endpoints:
  description: The endpoints that serve the runner, by service; in check mode those that there are.
  returned: success
  type: list
  elements: dict
  sample:
    - service: logs
      id: vpce-0123456789abcdef0
      kind: Interface
      state: available
      ours: true
      shared_with: [gitpod-two]
security_group:
  description: The group of the endpoints that this collection keeps; null without any.
  returned: success
  type: dict
actions:
  description: What was done, or in check mode would be, in sentences.
  returned: success
  type: list
  elements: str
left_alone:
  description: What is used or stays as it is because others made it or need it, in sentences.
  returned: success
  type: list
  elements: str
in_progress:
  description: Whether AWS is still at work.
  returned: success
  type: bool
waiting_for:
  description: What is still to happen; empty when nothing is.
  returned: success
  type: str
problems:
  description: Endpoints of others that hold a service's name and do not serve the runner.
  returned: failure because of them
  type: list
  elements: str
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import module_specification

ARGUMENT_SPEC = {
    # What the inventory wants, as it is declared.
    **module_specification(VARIABLES),
    "name": {"type": "str", "required": True},
    "runner_id": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "vpc_id": {"type": "str", "required": True},
    "subnet_ids": {"type": "list", "elements": "str", "default": []},
    "tags": {"type": "dict"},
    "wait": {"type": "bool", "default": True},
    "join": {"type": "bool", "default": False},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
