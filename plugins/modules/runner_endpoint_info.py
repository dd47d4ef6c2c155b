#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the interface endpoints of the management plane in a VPC."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_endpoint_info
short_description: Read the interface endpoints of the management plane in a VPC
version_added: 0.1.0
description:
  - Reads the endpoints for the service in one VPC, whoever made them, with the private addresses of their network
    interfaces, and with what they depend on - whether the service can be seen from here, its zones, and the VPC's DNS
    attributes.
  - The same look as the guide's step "Verify service".
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  vpc_id:
    description: VPC of the endpoints.
    type: str
    required: true
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
    details: Nothing is changed in any mode.
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_endpoint
"""

EXAMPLES = r"""
- name: Look at the connection to the management plane
  gitpod.enterprise_runner.runner_endpoint_info:
    region: ap-southeast-2
    vpc_id: vpc-0c9f7e5a3b1d02468
  register: found

- name: Show the addresses that app.gitpod.io should resolve to inside the VPC
  ansible.builtin.debug:
    msg: "{{ found.endpoints | map(attribute='addresses') | map('dict2items') | flatten }}"
"""

RETURN = r"""
endpoints:
  description: The endpoints for the service in the VPC, those that are being deleted included.
  returned: success
  type: list
  elements: dict
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
    policy:
      description: Its policy as JSON.
      type: str
    managed_by_collection:
      description: Whether this collection made it.
      type: bool
    addresses:
      description: Private addresses of its network interfaces, by subnet.
      type: dict
      sample:
        subnet-0c3a4e6d8f0b23571: [10.40.0.17]
service:
  description: The service; null when it cannot be seen from here.
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
service_problem:
  description: Why the service cannot be seen; empty when it can.
  returned: success
  type: str
vpc_dns:
  description: The two attributes of the VPC that private DNS needs, C(enableDnsSupport) and C(enableDnsHostnames).
  returned: success
  type: dict
  sample:
    enableDnsSupport: true
    enableDnsHostnames: true
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import info
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    SERVICE_NAME,
    SERVICE_REGION,
)

ARGUMENT_SPEC = {
    "vpc_id": {"type": "str", "required": True},
    "service_name": {"type": "str", "default": SERVICE_NAME},
    "service_region": {"type": "str", "default": SERVICE_REGION},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, info.run)


if __name__ == "__main__":
    main()
