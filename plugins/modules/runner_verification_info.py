#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove a runner from AWS's and the management plane's side."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_verification_info
short_description: Prove a runner from AWS's and the management plane's side
version_added: 0.1.0
description:
  - Reads, in parallel, what the vendor's guide has a person look up after a deployment - the stack's outputs and
    whether the role and the instance profile that they name exist, the load balancer and the health of its targets, the
    endpoint's state, private DNS and addresses, and the runner's phase, version and region.
  - Each finding is a check of the same shape as those of M(gitpod.enterprise_runner.runner_health_info), which proves
    the network's side. M(gitpod.enterprise_runner.runner_verdict) judges both together.
  - What cannot be read is no failure and no pass, but skipped as "not verifiable from here", with where to look.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  name:
    description: Name of the runner's stack.
    type: str
    required: true
  runner_id:
    description: ID of the runner at the management plane. Without a token, the runner is not asked for.
    type: str
  runner_name:
    description: Name by which the runner is found in the region where O(runner_id) is not given.
    type: str
  token_renewed:
    description:
      - Whether the stack was just given another exchange token, so that what the runner says of one may be about the
        one before. Otherwise a runner whose token expired, was used before or was refused is not waited for.
    type: bool
    default: false
  vpc_id:
    description: VPC of the endpoint.
    type: str
  privatelink:
    description: Whether the runner is to reach the management plane through AWS PrivateLink.
    type: bool
    default: false
  version:
    description: The version that the runner is to have; another one is a warning.
    type: str
  phase_wait_timeout:
    description:
      - Seconds to keep looking for the checks of the runner at the management plane (V(runner.phase) and the like), in
        place of O(wait_timeout), which holds for the rest. V(0) takes the first look's word.
    type: int
  network:
    description:
      - Also looks at the network from the machine that the module runs on, as
        M(gitpod.enterprise_runner.runner_health_info) does, when AWS and the management plane have been looked at.
        What that module has to be told of the load balancer and the endpoint is taken from there.
      - One process does both, so a fleet is verified in less time.
      - In check mode only where there is a stack already.
    type: dict
    suboptions:
      domain_name:
        description: The runner's domain, as given to the stack, without C(*.).
        type: str
        required: true
      port:
        description: The load balancer's TLS port.
        type: int
        default: 443
      http_port:
        description: The port that has to accept TCP connections where the load balancer listens on port 80.
        type: int
        default: 80
      resolvers:
        description: DNS servers to ask, by address. By default the system's resolver is asked.
        type: list
        elements: str
        default: []
      ca_path:
        description: A PEM file, or a directory of hashed certificates, to trust instead of the system's authorities.
        type: path
      validate_certs:
        description: Whether the certificate has to be good.
        type: bool
        default: true
      timeout:
        description: Seconds to wait for each DNS answer and for each step of a connection.
        type: int
        default: 10
      accepted_ranges:
        description: Networks whose addresses are right whatever the load balancer's visibility demands.
        type: list
        elements: str
        default: []
  route53:
    description:
      - Changes of Route 53 to wait for before anybody looks at the network, here (O(network)) or elsewhere, because a
        resolver that asks for a name too early remembers for a while that there is none. Not in check mode.
      - M(gitpod.enterprise_runner.runner_dns) with O(gitpod.enterprise_runner.runner_dns#module:wait=false) does not
        wait itself, so a fleet waits once.
    type: dict
    suboptions:
      change_ids:
        description: IDs of the changes, as RV(gitpod.enterprise_runner.runner_dns#module:zones) has them.
        type: list
        elements: str
        required: true
      profile:
        description: Profile of the account that the hosted zones are in.
        type: str
      assume_role_arn:
        description: Role to assume for the hosted zones' account.
        type: str
      wait_timeout:
        description: Longest wait in seconds; after it the task fails.
        type: int
        default: 300
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - gitpod.enterprise_runner.management_plane
  - gitpod.enterprise_runner.endpoint_service
  - gitpod.enterprise_runner.verification
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.actiongroup
attributes:
  check_mode:
    support: full
    details: Nothing is changed in any mode; in check mode nothing is waited for.
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
notes:
  - Without an API token, or without the SDK, everything but the checks of the runner works. With both, a management
    plane that cannot be asked, or does not know the runner, fails V(runner.phase).
seealso:
  - module: gitpod.enterprise_runner.runner_health_info
  - module: gitpod.enterprise_runner.runner_verdict
"""

EXAMPLES = r"""
- name: Look at a runner with PrivateLink
  gitpod.enterprise_runner.runner_verification_info:
    region: ap-southeast-2
    name: gitpod-ap-southeast-2
    runner_id: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c03
    vpc_id: vpc-0c9f7e5a3b1d02468
    privatelink: true
    wait_timeout: 600

- name: Look at AWS, and then at the network from here
  gitpod.enterprise_runner.runner_verification_info:
    region: eu-central-1
    name: gitpod-eu-central-1
    network:
      domain_name: eu.gitpod.example.com
    wait_timeout: 600
"""

RETURN = r"""
exists:
  description: Whether there is a stack of this name.
  returned: success
  type: bool
healthy:
  description: Whether no check failed and at least one passed.
  returned: success
  type: bool
checks:
  description: The verdicts, in a fixed order.
  returned: success
  type: list
  elements: dict
  contains:
    # result of a check: written by docs/reference.py
    id:
      description:
        - One of V(stack.outputs), V(stack.environment_role), V(stack.instance_profile),
          V(load_balancer.state), V(targets.health), V(endpoint.state), V(endpoint.private_dns),
          V(endpoint.addresses), V(private_dns.resolution), V(runner.phase), V(runner.version),
          V(runner.region) and V(runner.connection_type), as C(docs/verification.md) explains them.
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
outputs:
  description: The stack's outputs.
  returned: success
  type: dict
load_balancer:
  description: The load balancer; null without one.
  returned: success
  type: dict
  contains:
    dns_name:
      description: Its name.
      type: str
    scheme:
      description: V(internal) or V(internet-facing).
      type: str
    state:
      description: Its state.
      type: str
    ports:
      description: Ports of its listeners.
      type: list
      elements: int
endpoint:
  description: The endpoint; null without one.
  returned: success
  type: dict
  contains:
    id:
      description: Its ID.
      type: str
    state:
      description: Its state.
      type: str
    private_dns_name:
      description: The name that private DNS answers for.
      type: str
    addresses:
      description: Its private addresses.
      type: list
      elements: str
runner:
  description: The runner at the management plane; null when it was not asked for or could not be read.
  returned: success
  type: dict
  contains:
    id:
      description: Its ID.
      type: str
    name:
      description: Its name.
      type: str
    phase:
      description: Such as V(active) or V(degraded).
      type: str
    version:
      description: Its release.
      type: str
    region:
      description: Where it runs.
      type: str
    message:
      description: Its own words about its phase.
      type: str
    log_url:
      description: Its log.
      type: str
    support_bundle_url:
      description: Its support bundle.
      type: str
    additional_info:
      description: What else it tells of itself.
      type: dict
    provider:
      description: Its provider, V(aws_ec2).
      type: str
    variant:
      description: Its variant, V(enterprise).
      type: str
    configuration:
      description: As RV(gitpod.enterprise_runner.runner_registration#module:runner.configuration).
      type: dict
    created_at:
      description: When it was registered.
      type: str
network:
  description:
    - What M(gitpod.enterprise_runner.runner_health_info) returns; null without O(network), and in check mode without a
      stack.
  returned: success
  type: dict
pointless:
  description:
    - Whether waiting ended early, because nothing that is waited for can change that the runner is not active - such as
      an exchange token that expired, or a runner that the management plane does not know.
  returned: success
  type: bool
waited:
  description: Seconds from the first look to the end of the last one.
  returned: success
  type: float
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.options import CONNECTION
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    SERVICE_NAME,
    SERVICE_REGION,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import here, operation

ARGUMENT_SPEC = {
    **CONNECTION,
    "name": {"type": "str", "required": True},
    "runner_id": {"type": "str"},
    "runner_name": {"type": "str"},
    "token_renewed": {"type": "bool", "default": False},
    "vpc_id": {"type": "str"},
    "privatelink": {"type": "bool", "default": False},
    "service_name": {"type": "str", "default": SERVICE_NAME},
    "service_region": {"type": "str", "default": SERVICE_REGION},
    "version": {"type": "str"},
    "required": {"type": "list", "elements": "str", "default": []},
    "wait_timeout": {"type": "int", "default": 0},
    "phase_wait_timeout": {"type": "int"},
    "progress_path": {"type": "path"},
    "network": {"type": "dict", "options": here.ARGUMENT_SPEC},
    "route53": {"type": "dict", "options": here.ROUTE53_SPEC},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
