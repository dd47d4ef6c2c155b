#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check everything that a runner needs, before anything is created."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_preflight_info
short_description: Check everything that a Gitpod Enterprise AWS Runner needs, before anything is created
version_added: 0.1.0
description:
  - Looks at the account, the network, the certificate, the DNS zone, the stack, quotas, permissions and the management
    plane in one go, with calls in parallel, and returns every check with what was seen and what to do.
  - Returns what each later stage has to do, so that stages with nothing to do need not run.
  - Never writes. A call that is refused skips the checks that need it, and says which permission is missing.
  - What is left out is taken from the existing stack, because that is what stays.
  - The checks are listed in C(docs/prerequisites.md).
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  name:
    description: Name of the runner.
    type: str
    required: true
  stack_name:
    description: Name of the runner's stack. Default is O(name).
    type: str
  runner_id:
    description: Unique identifier that the management plane gave the runner.
    type: str
  account_id:
    description: Account that the credentials must belong to.
    type: str
  api_endpoint:
    description: URL of the management plane's API.
    type: str
  api_token:
    description:
      - Personal access token for the management plane. Without it, the checks that need it are skipped.
      - It needs C(gitpod-sdk) 1.2.0 or newer where the module runs.
    type: str
  api_ca_path:
    description: File of PEM certificates of authorities that the management plane is trusted with besides the system's.
    type: path
  vpc_id:
    description: VPC in which the runner is deployed.
    type: str
  availability_zones:
    description: Two or three Availability Zones of the region.
    type: list
    elements: str
    default: []
  ec2_subnet_ids:
    description: Subnets for environments, one a zone.
    type: list
    elements: str
    default: []
  load_balancer_subnet_ids:
    description: Subnets of the load balancer, one a zone.
    type: list
    elements: str
    default: []
  load_balancer_security_group_id:
    description: Security group of the load balancer.
    type: str
  http_proxy:
    description: URL of the HTTP proxy.
    type: str
  https_proxy:
    description: URL of the HTTPS proxy.
    type: str
  no_proxy:
    description: Hosts that bypass the proxy.
    type: list
    elements: str
    default: []
  custom_ca:
    description:
      - Custom certificate authority as V(ssm:/path) or V(secretsmanager:id). Its content is read to check that the
        certificates parse and have not expired; it is never returned.
    type: str
  load_balancer_visibility:
    description: Whether the load balancer is reachable from within the VPC only, or from the internet.
    type: str
    choices: [internal, internet-facing]
  domain_name:
    description: Domain of the runner, without wildcard.
    type: str
  certificate_arn:
    description: ARN of the certificate for the domain and its wildcard.
    type: str
  expected_environments:
    description: Number of environments that shall run at one time, against which free addresses are counted.
    type: int
    default: 20
  template_url:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: str
  template_body:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: str
  template_file:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: path
  release_channel:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: str
  release_version:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: str
  releases_url:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: str
    default: https://releases.gitpod.io
  template_name:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: str
    default: gitpod-ec2-runner-enterprise.json
  template_sha256:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: str
  template_bucket:
    description: As for M(gitpod.enterprise_runner.runner_stack). Nothing is uploaded to it here.
    type: str
  parameters:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: dict
    default: {}
  secret_parameters:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: dict
    default: {}
  capabilities:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: list
    elements: str
    default: [CAPABILITY_IAM, CAPABILITY_NAMED_IAM]
  service_role_arn:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: str
  tags:
    description: Tags of the stack, as for M(gitpod.enterprise_runner.runner_stack).
    type: dict
  notification_arns:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: list
    elements: str
    default: []
  termination_protection:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: bool
    default: true
  recreate_failed:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: bool
    default: true
  stack_policy:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: json
  continue_rollback:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: bool
    default: false
  cancel_update:
    description: As for M(gitpod.enterprise_runner.runner_stack).
    type: bool
    default: false
  certificate_request:
    description: Whether a certificate is requested where the inventory names none.
    type: bool
    default: false
  registration_release_channel:
    description: As O(gitpod.enterprise_runner.runner_registration#module:release_channel).
    type: str
    choices: [stable, latest]
  registration_auto_update:
    description: As O(gitpod.enterprise_runner.runner_registration#module:auto_update).
    type: bool
  registration_update_window:
    description: As O(gitpod.enterprise_runner.runner_registration#module:update_window).
    type: dict
    suboptions:
      start_hour:
        description: First hour.
        type: int
      end_hour:
        description: Last hour.
        type: int
  registration_log_level:
    description: As O(gitpod.enterprise_runner.runner_registration#module:log_level).
    type: str
    choices: [debug, info, warn, error]
  registration_devcontainer_image_cache:
    description: As O(gitpod.enterprise_runner.runner_registration#module:devcontainer_image_cache).
    type: bool
  registration_metrics:
    description:
      - As O(gitpod.enterprise_runner.runner_registration#module:metrics), but without the password, which cannot be
        compared.
    type: dict
    suboptions:
      enabled:
        description: Whether metrics are sent.
        type: bool
        default: false
      managed:
        description: Whether they are sent to Gitpod.
        type: bool
        default: false
      url:
        description: Remote-write URL.
        type: str
      username:
        description: User at the URL.
        type: str
  registration_same_name_elsewhere:
    description: As O(gitpod.enterprise_runner.runner_registration#module:same_name_elsewhere).
    type: bool
    default: false
  privatelink_enabled:
    description: Whether the runner reaches the management plane through AWS PrivateLink.
    type: bool
    default: false
  privatelink_subnet_ids:
    description: Subnets of the endpoint.
    type: list
    elements: str
    default: []
  privatelink_security_group_ids:
    description: Security groups of the endpoint.
    type: list
    elements: str
    default: []
  privatelink_security_group_name:
    description: Name of the security group that is kept for the endpoint without O(privatelink_security_group_ids).
    type: str
  privatelink_source_subnet_ids:
    description: Subnets from which the runner reaches the endpoint.
    type: list
    elements: str
    default: []
  privatelink_ip_address_type:
    description: As O(gitpod.enterprise_runner.runner_endpoint#module:ip_address_type).
    type: str
  privatelink_policy:
    description: As O(gitpod.enterprise_runner.runner_endpoint#module:policy).
    type: json
  privatelink_adopt:
    description: As O(gitpod.enterprise_runner.runner_endpoint#module:adopt).
    type: bool
    default: true
  privatelink_replace_failed:
    description: As O(gitpod.enterprise_runner.runner_endpoint#module:replace_failed).
    type: bool
    default: false
  privatelink_tags:
    description: Tags of the endpoint and its security group.
    type: dict
  privatelink_service_name:
    description: Name of the endpoint service.
    type: str
    default: com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2
  privatelink_service_region:
    description: Region of the endpoint service.
    type: str
    default: us-east-1
  privatelink_private_dns_enabled:
    description: Whether the management plane's name leads to the endpoint inside the VPC.
    type: bool
    default: true
  privatelink_enable_vpc_dns:
    description: Whether the stage switches on the VPC's DNS attributes.
    type: bool
    default: false
  dns_provider:
    description: Who keeps the domain's records; V(route53), or anyone else.
    type: str
    default: route53
  dns_profile:
    description: Profile of the account that keeps the hosted zone, when it is another one.
    type: str
  dns_role_arn:
    description: Role in the account that keeps the hosted zone, which the credentials assume.
    type: str
  dns_record_type:
    description: Kind of record in Route 53.
    type: str
    choices: [alias, cname]
    default: alias
  dns_hosted_zone_id:
    description: Hosted zone to use.
    type: str
  dns_further_hosted_zone_ids:
    description: Other hosted zones that get the same records.
    type: list
    elements: str
    default: []
  dns_apex_alias:
    description: Whether the provider's ALIAS or ANAME record is used at the apex of a zone outside Route 53.
    type: bool
    default: false
  dns_split_horizon:
    description: Whether the public and the private zone of the domain get the records.
    type: bool
    default: false
  dns_ttl:
    description: Time to live of CNAME records in seconds.
    type: int
    default: 300
  dns_private_zone:
    description: Whether the hosted zone that is found is a private one.
    type: bool
    default: false
  dns_vpc_id:
    description: VPC in which a private hosted zone has to answer; without it, O(vpc_id).
    type: str
  dns_associate_vpc:
    description: Whether the stage associates a private hosted zone with that VPC when it is not.
    type: bool
    default: false
  dns_overwrite:
    description: Whether records that point elsewhere are replaced.
    type: bool
    default: false
  resolvers:
    description: DNS resolvers that are asked, as V(address) or V(address:port). Without them, the system's are.
    type: list
    elements: str
    default: []
  skip:
    description: IDs of checks that are not made, or of whole groups, such as V(stack.quotas) or V(permissions).
    type: list
    elements: str
    default: []
  warn_only:
    description: IDs of checks, or of whole groups, whose failures are reported as warnings.
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
  - module: gitpod.enterprise_runner.runner_contract
  - module: gitpod.enterprise_runner.runner_stack
"""

EXAMPLES = r"""
- name: Check a runner
  gitpod.enterprise_runner.runner_preflight_info:
    region: eu-central-1
    name: gitpod-eu-central-1
    vpc_id: vpc-0b8e6d4f2a0c91357
    availability_zones: [eu-central-1a, eu-central-1b]
    ec2_subnet_ids: [subnet-0b2f3d5c7e9a12461, subnet-0b2f3d5c7e9a12462]
    load_balancer_subnet_ids: [subnet-0b2c4e6a8f0d13571, subnet-0b2c4e6a8f0d13572]
    load_balancer_visibility: internal
    domain_name: eu.gitpod.example.com
    certificate_arn: arn:aws:acm:eu-central-1:123456789012:certificate/8e2f6b91-3c47-4d0e-b6a8-2d9c5f7e4b02
    warn_only: [network.addresses]
  register: found

- name: Stop when anything fails
  ansible.builtin.assert:
    that: found.ready
    fail_msg: "{{ found.checks | selectattr('status', 'eq', 'fail') | map(attribute='summary') | join(' ') }}"
"""

RETURN = r"""
name:
  description: Name of the runner.
  returned: always
  type: str
  sample: gitpod-eu-central-1
region:
  description: Region of the runner.
  returned: always
  type: str
  sample: eu-central-1
ready:
  description: Whether no check failed.
  returned: always
  type: bool
  sample: true
checks:
  description: Every check, in the order of C(docs/prerequisites.md).
  returned: always
  type: list
  elements: dict
  contains:
    # result of a check: written by docs/reference.py
    id:
      description: Stable identifier, as C(docs/prerequisites.md) explains them.
      type: str
    status:
      description: V(pass), V(warn) where it may work, V(fail) where it cannot, V(skip) where nothing was proven.
      type: str
    summary:
      description: What was seen.
      type: str
    remediation:
      description: What to do about it, or where to look; empty when there is nothing to do.
      type: str
    evidence:
      description: What was measured; empty where that says no more than the summary.
      type: dict
    unverifiable:
      description:
        - Whether it was skipped because it cannot be seen from here, only from elsewhere or with a
          permission.
      type: bool
    docs:
      description: Where the documentation explains the check.
      type: str
    # end of result of a check
plan:
  description: What each later stage has to do, in their order, as its own planner sees it.
  returned: always
  type: list
  elements: dict
  contains:
    stage:
      description: V(certificate), V(registration), V(privatelink), V(stack) or V(dns).
      type: str
      sample: stack
    action:
      description:
        - V(nothing), V(create), V(recreate), V(update), V(attach) to what AWS is doing, V(wait) for someone else, or
          V(unknown) where only the stage itself can tell.
      type: str
      sample: update
    needed:
      description: Whether the stage has to run.
      type: bool
      sample: true
    reasons:
      description: Why, in sentences.
      type: list
      elements: str
      sample: ["Runner Size: small becomes large"]
seen:
  description:
    - By stage, for those with nothing to do, what the module of the stage would return, as far as it was looked at.
  returned: always
  type: dict
stack_exists:
  description: Whether the runner's stack exists; null when that could not be read. One in review does not count.
  returned: always
  type: bool
  sample: false
account_id:
  description: Account of the credentials, or empty when they do not work.
  returned: always
  type: str
  sample: "123456789012"
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import operation

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "stack_name": {"type": "str"},
    "runner_id": {"type": "str"},
    "account_id": {"type": "str"},
    "api_endpoint": {"type": "str"},
    "api_token": {"type": "str", "no_log": True},
    "api_ca_path": {"type": "path"},
    "vpc_id": {"type": "str"},
    "availability_zones": {"type": "list", "elements": "str", "default": []},
    "ec2_subnet_ids": {"type": "list", "elements": "str", "default": []},
    "load_balancer_subnet_ids": {"type": "list", "elements": "str", "default": []},
    "load_balancer_security_group_id": {"type": "str"},
    "http_proxy": {"type": "str"},
    "https_proxy": {"type": "str"},
    "no_proxy": {"type": "list", "elements": "str", "default": []},
    "custom_ca": {"type": "str"},
    "load_balancer_visibility": {"type": "str", "choices": ["internal", "internet-facing"]},
    "domain_name": {"type": "str"},
    "certificate_arn": {"type": "str"},
    "expected_environments": {"type": "int", "default": 20},
    "template_url": {"type": "str"},
    "template_body": {"type": "str"},
    "template_file": {"type": "path"},
    "release_channel": {"type": "str"},
    "release_version": {"type": "str"},
    "releases_url": {"type": "str", "default": "https://releases.gitpod.io"},
    "template_name": {"type": "str", "default": "gitpod-ec2-runner-enterprise.json"},
    "template_sha256": {"type": "str"},
    "template_bucket": {"type": "str"},
    "parameters": {"type": "dict", "default": {}},
    "secret_parameters": {"type": "dict", "default": {}, "no_log": True},
    "capabilities": {"type": "list", "elements": "str", "default": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]},
    "service_role_arn": {"type": "str"},
    "tags": {"type": "dict"},
    "notification_arns": {"type": "list", "elements": "str", "default": []},
    "termination_protection": {"type": "bool", "default": True},
    "recreate_failed": {"type": "bool", "default": True},
    "stack_policy": {"type": "json"},
    "continue_rollback": {"type": "bool", "default": False},
    "cancel_update": {"type": "bool", "default": False},
    "certificate_request": {"type": "bool", "default": False},
    "registration_release_channel": {"type": "str", "choices": ["stable", "latest"]},
    "registration_auto_update": {"type": "bool"},
    "registration_update_window": {
        "type": "dict",
        "options": {"start_hour": {"type": "int"}, "end_hour": {"type": "int"}},
    },
    "registration_log_level": {"type": "str", "choices": ["debug", "info", "warn", "error"]},
    "registration_devcontainer_image_cache": {"type": "bool"},
    "registration_metrics": {
        "type": "dict",
        "options": {
            "enabled": {"type": "bool", "default": False},
            "managed": {"type": "bool", "default": False},
            "url": {"type": "str"},
            "username": {"type": "str"},
        },
    },
    "registration_same_name_elsewhere": {"type": "bool", "default": False},
    "privatelink_enabled": {"type": "bool", "default": False},
    "privatelink_subnet_ids": {"type": "list", "elements": "str", "default": []},
    "privatelink_security_group_ids": {"type": "list", "elements": "str", "default": []},
    "privatelink_security_group_name": {"type": "str"},
    "privatelink_source_subnet_ids": {"type": "list", "elements": "str", "default": []},
    "privatelink_ip_address_type": {"type": "str"},
    "privatelink_policy": {"type": "json"},
    "privatelink_adopt": {"type": "bool", "default": True},
    "privatelink_replace_failed": {"type": "bool", "default": False},
    "privatelink_tags": {"type": "dict"},
    "privatelink_service_name": {
        "type": "str",
        "default": "com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2",
    },
    "privatelink_service_region": {"type": "str", "default": "us-east-1"},
    "privatelink_private_dns_enabled": {"type": "bool", "default": True},
    "privatelink_enable_vpc_dns": {"type": "bool", "default": False},
    "dns_provider": {"type": "str", "default": "route53"},
    "dns_profile": {"type": "str"},
    "dns_role_arn": {"type": "str"},
    "dns_record_type": {"type": "str", "choices": ["alias", "cname"], "default": "alias"},
    "dns_hosted_zone_id": {"type": "str"},
    "dns_further_hosted_zone_ids": {"type": "list", "elements": "str", "default": []},
    "dns_apex_alias": {"type": "bool", "default": False},
    "dns_split_horizon": {"type": "bool", "default": False},
    "dns_ttl": {"type": "int", "default": 300},
    "dns_private_zone": {"type": "bool", "default": False},
    "dns_vpc_id": {"type": "str"},
    "dns_associate_vpc": {"type": "bool", "default": False},
    "dns_overwrite": {"type": "bool", "default": False},
    "resolvers": {"type": "list", "elements": "str", "default": []},
    "skip": {"type": "list", "elements": "str", "default": []},
    "warn_only": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
