#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove runners from AWS's and the management plane's side, and from here."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_verification_info
short_description: Prove runners from AWS's and the management plane's side, and from here
version_added: 0.1.0
description:
  - Reads, in parallel, what the vendor's guide has a person look up after a deployment - the stack's outputs and
    whether the role and the instance profile that they name exist, the load balancer and the health of its targets, the
    endpoint's state, private DNS and addresses, and the runner's phase, version and region.
  - Each finding is a check of the same shape as those of M(gitpod.enterprise_runner.runner_health_info), which proves
    the network's side. M(gitpod.enterprise_runner.runner_verdict) judges both together.
  - With C(gitpod_verify_from_control_node), the network is looked at too, from the machine that the module runs on and
    as M(gitpod.enterprise_runner.runner_health_info) does, when AWS and the management plane have been looked at. In
    check mode only where there is a stack already.
  - Changes of Route 53 that this run made (C(earlier.dns)) are waited for before anybody looks at the network, because
    a resolver that asks for a name too early remembers for a while that there is none.
  - All runners are waited for at once, each with its own patience (C(gitpod_verify_wait), C(gitpod_verify_phase_wait)).
  - What cannot be read is no failure and no pass, but skipped as "not verifiable from here", with where to look.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - gitpod.enterprise_runner.fleet
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
  - gitpod.enterprise_runner.attributes.actiongroup
attributes:
  check_mode:
    support: full
    details: Nothing is changed in any mode; in check mode nothing is waited for.
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: N/A
    details: Nothing is changed.
notes:
  - Without an API token, or without the SDK, everything but the checks of the runner works. With both, a management
    plane that cannot be asked, or does not know the runner, fails V(runner.phase).
seealso:
  - module: gitpod.enterprise_runner.runner_health_info
  - module: gitpod.enterprise_runner.runner_verdict
"""

EXAMPLES = r"""
- name: Look at a runner until it is verified
  gitpod.enterprise_runner.runner_verification_info:
    runners:
      - host: gitpod-ap-southeast-2
        values: "{{ typed_values }}"
        earlier:
          dns: "{{ gitpod_dns_result }}"
    secrets:
      gitpod-ap-southeast-2:
        gitpod_api_token: "{{ lookup('ansible.builtin.env', 'GITPOD_API_KEY') }}"
"""

RETURN = r"""
runners:
  description:
    - By host, what was seen of the runner.
    - For a runner that could not be looked at C(failed=true), with C(msg) and C(next_step).
  returned: success
  type: dict
  contains:
    HOST:
      description: The result of the runner of this host.
      type: dict
      contains:
        exists:
          description: Whether there is a stack of this name.
          type: bool
        healthy:
          description: Whether no check failed and at least one passed.
          type: bool
        checks:
          description: The verdicts, in a fixed order.
          type: list
          elements: dict
          contains:
            # result of a check: written by docs/reference.py
            id:
              description:
                - One of V(stack.outputs), V(stack.environment_role), V(stack.instance_profile),
                  V(load_balancer.state), V(targets.health), V(endpoint.state), V(endpoint.private_dns),
                  V(endpoint.addresses), V(private_dns.resolution), V(endpoint.network), V(runner.phase),
                  V(runner.version), V(runner.region) and V(runner.connection_type), as
                  C(docs/verification.md) explains them.
              type: str
            status:
              description:
                - V(pass), V(warn) where it may work, V(fail) where it cannot, V(skip) where nothing was
                  proven.
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
        stack:
          description: The stack that was looked at; null without one.
          type: dict
          contains:
            name:
              description: Its name.
              type: str
            id:
              description: Its ARN.
              type: str
            status:
              description: Its status.
              type: str
            creation_time:
              description: When it was created.
              type: str
            release_version:
              description: The release that its tags record, or empty.
              type: str
        outputs:
          description: The stack's outputs.
          type: dict
        load_balancer:
          description: The load balancer; null without one.
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
            vpc_id:
              description: Its VPC.
              type: str
            ports:
              description: Ports of its listeners.
              type: list
              elements: int
        endpoint:
          description: The endpoint; null without one.
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
            - What M(gitpod.enterprise_runner.runner_health_info) returns; null without
              C(gitpod_verify_from_control_node), and in check mode without a stack.
          type: dict
        pointless:
          description:
            - Whether waiting ended early, because nothing that is waited for can change that the runner is not active
              - such as an exchange token that expired, or a runner that the management plane does not know.
          type: bool
        deployed:
          description:
            - What the stack has of C(gitpod_domain_name), C(gitpod_vpc_id) and C(gitpod_ec2_subnet_ids), where the
              inventory leaves out what is needed of them, by variable.
          type: dict
          sample: {gitpod_domain_name: eu.gitpod.example.com}
        waited:
          description: Seconds from the first look to the end of the last one.
          type: float
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.module import ARGUMENT_SPEC as FLEET
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import operation

ARGUMENT_SPEC = {**FLEET}


def main() -> None:
    """Options in, one look at all runners, results out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
