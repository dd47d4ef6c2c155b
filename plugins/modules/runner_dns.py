#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Point a runner's names to its load balancer in Route 53."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_dns
short_description: Point a runner's domain and its wildcard to its load balancer in Route 53
version_added: 0.1.0
description:
  - Keeps the records of both names, the domain and C(*.) the domain, in one change batch, so that clients never see
    one without the other. A switch between CNAME and alias deletes the one and creates the other in the same batch.
  - Finds the hosted zone with the longest name that holds the domain, unless zones are named. With a split horizon the
    public and the private zone are kept alike; nothing is changed in one while the other cannot be.
  - Records that point elsewhere are never touched unless O(overwrite) allows it.
  - Names are compared as DNS compares them, without case, trailing dot and the escape of the asterisk.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  domain_name:
    description: Domain of the runner, without wildcard.
    type: str
    required: true
  state:
    description: Whether to have the records. V(absent) removes only those that point to O(load_balancer_dns_name).
    type: str
    choices: [present, absent]
    default: present
  load_balancer_dns_name:
    description: DNS name of the load balancer. Required with O(state=present), unless O(records) are given.
    type: str
  former_load_balancer_dns_names:
    description:
      - DNS names of load balancers that the runner's stack had before, whether they are still there or not. Records
        that point to one of them are the runner's own, and are replaced, or with O(state=absent) removed.
    type: list
    elements: str
    default: []
  load_balancer_hosted_zone_id:
    description: Canonical hosted zone ID of the load balancer. Required with O(record_type=alias).
    type: str
  records:
    description:
      - CNAME records to keep instead of those of both names, such as those that validate a certificate
        (M(gitpod.enterprise_runner.runner_certificate) returns them).
      - With O(state=absent), those that have exactly these values are removed.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the record.
        type: str
        required: true
      type:
        description: Type of the record.
        type: str
        choices: [CNAME]
        default: CNAME
      value:
        description: The name that it points to.
        type: str
        required: true
      ttl:
        description: Time to live in seconds; without it, that of O(ttl).
        type: int
  record_type:
    description: Kind of record. At the apex of a zone only V(alias) is possible.
    type: str
    choices: [alias, cname]
    default: alias
  ttl:
    description: Time to live of CNAME records in seconds; alias records have their target's.
    type: int
    default: 300
  hosted_zone_ids:
    description: Hosted zones to keep the records in. Without any, they are found.
    type: list
    elements: str
    aliases: [hosted_zone_id]
  private_zone:
    description: Whether the zone that is found is a private one.
    type: bool
    default: false
  split_horizon:
    description: Whether both are found and kept alike, the public and the private zone of the domain.
    type: bool
    default: false
  vpc_id:
    description: VPC in which a private zone has to answer. Without it, the associations of the zone are not looked at.
    type: str
  vpc_region:
    description: Region of O(vpc_id); without it, the region of the task.
    type: str
  associate_vpc:
    description: Whether a private zone is associated with O(vpc_id) when it is not. Otherwise that is an error.
    type: bool
    default: false
  assume_role_arn:
    description: Role in the account that has the zones, which the task's credentials assume.
    type: str
  evaluate_target_health:
    description: Whether Route 53 leaves out the alias while the load balancer has no healthy target.
    type: bool
    default: true
  dual_stack:
    description: Whether to have AAAA alias records too, for a load balancer with IPv6 addresses.
    type: bool
    default: false
  overwrite:
    description:
      - Whether records of these names that point elsewhere, or cannot stand beside those that are wanted, are replaced
        in the same change batch, or with O(state=absent) removed. Name server records and routing policies never are.
    type: bool
    default: false
  wait:
    description: Whether to wait until every authoritative server of Route 53 has the change.
    type: bool
    default: true
  wait_timeout:
    description: Longest wait in seconds.
    type: int
    default: 300
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
  - module: gitpod.enterprise_runner.runner_stack_info
  - module: gitpod.enterprise_runner.runner_certificate
  - module: gitpod.enterprise_runner.runner_propagation_info
  - module: amazon.aws.route53
"""

EXAMPLES = r"""
- name: Point both names to the load balancer
  gitpod.enterprise_runner.runner_dns:
    region: eu-central-1
    domain_name: eu.gitpod.example.com
    load_balancer_dns_name: gitpod-eu-0123456789abcdef.elb.eu-central-1.amazonaws.com
    load_balancer_hosted_zone_id: Z3F0SRJ5LGBH90

- name: Use CNAME records in a private zone
  gitpod.enterprise_runner.runner_dns:
    region: eu-central-1
    domain_name: eu.gitpod.example.com
    load_balancer_dns_name: gitpod-eu-0123456789abcdef.elb.eu-central-1.amazonaws.com
    record_type: cname
    private_zone: true

- name: Keep the public and the private zone alike, both in the network account
  gitpod.enterprise_runner.runner_dns:
    region: eu-central-1
    domain_name: eu.gitpod.example.com
    load_balancer_dns_name: gitpod-eu-0123456789abcdef.elb.eu-central-1.amazonaws.com
    load_balancer_hosted_zone_id: Z3F0SRJ5LGBH90
    split_horizon: true
    vpc_id: vpc-0b8e6d4f2a0c91357
    assume_role_arn: arn:aws:iam::210987654321:role/dns-editor

- name: Validate a certificate
  gitpod.enterprise_runner.runner_dns:
    region: eu-central-1
    domain_name: eu.gitpod.example.com
    records: "{{ certificate.validation_records }}"

- name: Remove the records that point to this load balancer
  gitpod.enterprise_runner.runner_dns:
    region: eu-central-1
    domain_name: eu.gitpod.example.com
    load_balancer_dns_name: gitpod-eu-0123456789abcdef.elb.eu-central-1.amazonaws.com
    state: absent
"""

RETURN = r"""
zones:
  description: The zones that were looked at, the public one of a split horizon first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Its ID.
      type: str
      sample: Z08A1B2C3D4E5F6G7H8I9
    name:
      description: Its name.
      type: str
      sample: gitpod.example.com
    private:
      description: Whether it is a private zone.
      type: bool
    changed:
      description: Whether something was changed in it, or in check mode would be.
      type: bool
    associated_vpc:
      description: Whether the VPC was associated with it, or in check mode would be.
      type: bool
    change_ids:
      description: IDs of the changes.
      type: list
      elements: str
    records:
      description: Its records of these names; keys as in RV(records).
      type: list
      elements: dict
hosted_zone:
  description: The first of the zones.
  returned: success
  type: dict
  contains:
    id:
      description: Its ID.
      type: str
      sample: Z08A1B2C3D4E5F6G7H8I9
    name:
      description: Its name.
      type: str
      sample: gitpod.example.com
    private:
      description: Whether it is a private zone.
      type: bool
records:
  description: The records of these names in all zones, as they are now, or in check mode would be.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
      sample: "*.eu.gitpod.example.com"
    type:
      description: Type.
      type: str
      sample: A
    value:
      description: What it points to.
      type: str
    alias:
      description: Whether it is an alias record.
      type: bool
    ttl:
      description: Time to live in seconds; null for alias records.
      type: int
change_id:
  description: ID of the first change, empty when there was none.
  returned: success
  type: str
  sample: C2682N5HXP0BZ4
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53 import operation, options

ARGUMENT_SPEC = options.ARGUMENT_SPEC
RULES = options.RULES


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(
        argument_spec=ARGUMENT_SPEC,
        supports_check_mode=True,
        **RULES,
    )
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
