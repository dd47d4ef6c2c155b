#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the interface endpoint of the management plane, or have none."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_endpoint
short_description: Create, change and delete the interface endpoint of the management plane and its security group
version_added: 0.1.0
description:
  - Connects a VPC to the management plane through AWS PrivateLink, also where the service is in another region, with
    private DNS, so that C(app.gitpod.io) resolves to private addresses in the VPC.
  - Verifies first that the service can be seen. In the service's own region, subnets in zones that it does not have are
    left out.
  - Changes of subnets, security groups, policy, private DNS, IP address type and tags are made in place.
  - An endpoint with private DNS can exist once in a VPC, so the runners of one VPC share it. It belongs to the first,
    and each runner that uses it has a tag C(gitpod:used-by/<runner ID or name>) on endpoint and security group, which
    says what it needs of them. A further runner adds its subnets in zones that are not served yet and its address
    ranges, and takes nothing away.
  - A run that begins at the same time as another, or whose call's answer was lost, looks again and goes on from there.
  - An endpoint costs money for each zone and hour.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  name:
    description: Name of the runner, and of the endpoint in its C(Name) tag.
    type: str
    required: true
  runner_id:
    description:
      - ID of the runner, by which it is known among those that share the endpoint; without it, by its O(name). The tag
        C(gitpod:runner-id) in O(tags) does as well.
    type: str
  state:
    description:
      - Whether to have the endpoint. V(absent) removes only what this collection made and nobody but this runner uses,
        and waits for what is being deleted already. From what others use too, it takes away this runner's tag and what
        this runner alone needed; what was its own becomes another's.
    type: str
    choices: [present, absent]
    default: present
  vpc_id:
    description: VPC of the endpoint.
    type: str
    required: true
  subnet_ids:
    description: Subnets of the endpoint, at most one a zone. Required with O(state=present).
    type: list
    elements: str
    default: []
  security_group_ids:
    description:
      - Security groups of the endpoint. Without any, and without O(security_group_name), AWS uses the VPC's default
        group for a new endpoint, and an existing one keeps its own.
    type: list
    elements: str
    default: []
  security_group_name:
    description:
      - Name of a security group that is kept for the endpoint when O(security_group_ids) names none. It admits TCP 443
        from O(source_subnet_ids), follows them, lets everything out, and has the tags of the endpoint.
      - A group of ours that the endpoint has already is used instead, also one that another runner named.
      - A group of this name without this collection's tags is refused, because it is somebody else's.
      - With O(state=absent), a group that nobody else uses is removed after the endpoint.
    type: str
  source_subnet_ids:
    description: Subnets whose IPv4 ranges the kept security group admits; without any, O(subnet_ids).
    type: list
    elements: str
    default: []
  also_used_by:
    description:
      - Runners that need the endpoint although its tags do not name them, such as one that was deployed by hand in the
        VPC. With O(state=absent) it stays for them, and its tags name them from then on. With O(state=present) nothing
        is taken away from it; the module looks for such runners itself.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the runner, or of its stack.
        type: str
        required: true
      id:
        description: ID of the runner.
        type: str
  private_dns_enabled:
    description:
      - Whether the service's own name resolves to the endpoint inside the VPC. It is not switched off while others use
        the endpoint.
    type: bool
    default: true
  ip_address_type:
    description:
      - Address families; without it, AWS chooses for a new endpoint and an existing one keeps its own. It is not
        changed while others use the endpoint.
    type: str
    choices: [ipv4, dualstack, ipv6]
  policy:
    description:
      - Endpoint policy as JSON; without it, a new endpoint allows full access. It is not changed while others use the
        endpoint.
    type: json
  tags:
    description: Tags of the endpoint, besides C(Name) and those by which the collection finds it again.
    type: dict
  purge_tags:
    description: Whether other tags are removed from an endpoint and a group that only this runner uses.
    type: bool
    default: false
  adopt:
    description:
      - Whether an endpoint for the service that others made in this VPC is used. A second one could not have private
        DNS, so without this the module refuses.
      - Such an endpoint gets what it lacks (subnets in further zones, security groups, private DNS); nothing is taken
        away from it, its tags stay, and O(state=absent) leaves it.
    type: bool
    default: true
  replace_failed:
    description:
      - Whether an endpoint of this runner that failed, expired or was rejected is deleted and created anew. Otherwise
        the module fails with AWS's reason.
    type: bool
    default: false
  enable_vpc_dns:
    description: Whether the VPC's DNS support and DNS hostnames are switched on when private DNS needs them.
    type: bool
    default: false
  wait:
    description: Whether to wait until the endpoint is available, or gone.
    type: bool
    default: true
  join:
    description:
      - Whether to wait for an endpoint that was started before, to switch its private DNS when that had to wait for the
        connection to be accepted, and to start nothing else.
    type: bool
    default: false
  timeout:
    description: Longest wait in seconds.
    type: int
    default: 600
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - gitpod.enterprise_runner.endpoint_service
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
  - module: gitpod.enterprise_runner.runner_endpoint_info
"""

EXAMPLES = r"""
- name: Connect a VPC in another region than the service
  gitpod.enterprise_runner.runner_endpoint:
    region: ap-southeast-2
    name: gitpod-ap-southeast-2
    vpc_id: vpc-0c9f7e5a3b1d02468
    subnet_ids: [subnet-0c3a4e6d8f0b23571, subnet-0c3a4e6d8f0b23572]
    security_group_name: gitpod-ap-southeast-2-management-plane

- name: Start now, and wait later
  gitpod.enterprise_runner.runner_endpoint:
    region: ap-southeast-2
    name: gitpod-ap-southeast-2
    vpc_id: vpc-0c9f7e5a3b1d02468
    subnet_ids: [subnet-0c3a4e6d8f0b23571, subnet-0c3a4e6d8f0b23572]
    security_group_ids: [sg-0b3d5f7a9c1e24681]
    wait: false

- name: Remove it and its group, or only this runner's part of them while others use them
  gitpod.enterprise_runner.runner_endpoint:
    region: ap-southeast-2
    name: gitpod-ap-southeast-2
    vpc_id: vpc-0c9f7e5a3b1d02468
    security_group_name: gitpod-ap-southeast-2-management-plane
    state: absent
"""

RETURN = r"""
endpoint:
  description:
    - The endpoint; null when there is none, or in check mode none yet. With O(state=absent), one that stays because
      others use it.
  returned: success
  type: dict
  contains:
    id:
      description: Its ID.
      type: str
      sample: vpce-0a1b2c3d4e5f67890
    state:
      description: Its state as AWS spells it.
      type: str
      sample: available
    vpc_id:
      description: Its VPC.
      type: str
    service_name:
      description: Its service.
      type: str
    service_region:
      description: The service's region.
      type: str
    subnet_ids:
      description: Its subnets.
      type: list
      elements: str
    security_group_ids:
      description: Its security groups.
      type: list
      elements: str
    private_dns_enabled:
      description: Whether private DNS is on.
      type: bool
    ip_address_type:
      description: Its address families.
      type: str
    dns_entries:
      description: DNS names that resolve to it.
      type: list
      elements: str
    network_interface_ids:
      description: Its network interfaces.
      type: list
      elements: str
    tags:
      description: Its tags.
      type: dict
    failure_reason:
      description: AWS's words about what went wrong; empty when nothing did.
      type: str
security_group:
  description: The security group that is kept for the endpoint; null when none is, or in check mode none yet.
  returned: success
  type: dict
  contains:
    id:
      description: Its ID.
      type: str
      sample: sg-0b3d5f7a9c1e24681
    name:
      description: Its name; the runner that made the endpoint has named it.
      type: str
    created:
      description: Whether it was made now.
      type: bool
    rules:
      description: Address ranges that it admits on TCP 443; other rules with protocol and ports.
      type: list
      elements: str
    tags:
      description: Its tags.
      type: dict
    owner:
      description: C(name) and C(id) of the runner that it was made for.
      type: dict
    used_by:
      description: Names of the runners that use it.
      type: list
      elements: str
owner:
  description:
    - C(name) and C(id) of the runner to which the endpoint belongs; null when this collection did not make it.
  returned: success
  type: dict
  sample: {name: gitpod-ap-southeast-2, id: 0193e7a1-0000-7000-8000-000000000003}
shared_with:
  description: Names of the other runners that use the endpoint.
  returned: success
  type: list
  elements: str
left_alone:
  description:
    - What differs from the options and stays as it is, because others use it, or may, in words. Before something is
      taken away, the stacks in the VPC are looked at, because who was deployed by hand there has no tag that says so.
  returned: success
  type: list
  elements: str
service:
  description: The service, when it was looked at.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
    region:
      description: Its region.
      type: str
    availability_zones:
      description: Names of its Availability Zones; empty where it is in another region.
      type: list
      elements: str
    availability_zone_ids:
      description: IDs of the same zones.
      type: list
      elements: str
    private_dns_name:
      description: The name that private DNS answers for.
      type: str
      sample: app.gitpod.io
    acceptance_required:
      description: Whether its owner accepts each connection.
      type: bool
in_progress:
  description: Whether AWS is still at work, or the service's owner has to accept the connection.
  returned: always
  type: bool
  sample: false
waiting_for:
  description: What is still to happen, and whom to ask; empty when nothing is.
  returned: success
  type: str
  sample: ''
waiting_for_acceptance:
  description: Whether the service's owner has to accept the connection.
  returned: success
  type: bool
  sample: false
actions:
  description: What was done, or in check mode would be, in sentences.
  returned: success
  type: list
  elements: str
left_out_subnet_ids:
  description: Subnets in zones that the service does not have.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import module_specification

ARGUMENT_SPEC = {
    # What the inventory wants, as it is declared.
    **module_specification(VARIABLES),
    "name": {"type": "str", "required": True},
    "runner_id": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "vpc_id": {"type": "str", "required": True},
    "security_group_ids": {"type": "list", "elements": "str", "default": []},
    "security_group_name": {"type": "str"},
    "source_subnet_ids": {"type": "list", "elements": "str", "default": []},
    "also_used_by": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"name": {"type": "str", "required": True}, "id": {"type": "str"}},
    },
    "tags": {"type": "dict"},
    "purge_tags": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "join": {"type": "bool", "default": False},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
