#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at a runner as a whole, and change nothing."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_status_info
short_description: Read how a runner is doing
version_added: 0.1.0
description:
  - Reads the stack, its release against the newest one, drift, the certificate, both DNS names, the endpoint, the
    runner's health and its phase, side by side in one process, and gives one verdict an area.
  - The only call that does not merely read is C(DetectStackDrift), by which AWS compares without changing a resource.
    O(drift=last) does without it.
  - An area that cannot be read is skipped, with the reason; only a stack that cannot be read fails the task.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  name:
    description: Name of the stack.
    type: str
    required: true
  domain_name:
    description: Domain of the runner; without it, names and health are skipped.
    type: str
  fail_on:
    description: Areas whose verdicts are returned as RV(alerts) when they are not as they should be.
    type: list
    elements: str
    choices: [stack, version, drift, certificate, dns, endpoint, health, phase]
    default: [stack, certificate, dns, endpoint, health, phase]
  release_channel:
    description: Release channel whose newest release counts as current.
    type: str
    default: stable
  releases_url:
    description: Where the release manifests are; a corporate mirror may have them too.
    type: str
    default: https://releases.gitpod.io
  certificate_arn:
    description: ARN of the certificate, where the stack's parameters do not name it.
    type: str
  certificate_days:
    description: Fewer days than these until the certificate ends are a warning.
    type: int
    default: 30
  drift:
    description:
      - V(detect) lets CloudFormation compare now, V(last) reads what the last comparison found, V(skip) leaves it out.
    type: str
    choices: [detect, last, skip]
    default: detect
  endpoint:
    description: Whether the runner has an endpoint to the management plane.
    type: bool
    default: false
  vpc_id:
    description: VPC of the endpoint, where the stack's parameters do not name it.
    type: str
  service_name:
    description: Name of the endpoint service.
    type: str
    default: com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2
  runner_id:
    description: ID of the runner in the management plane, where the stack's tags do not name it.
    type: str
  api_url:
    description: URL of the management plane's API.
    type: str
    default: https://app.gitpod.io/api
  api_token:
    description: Token of the management plane; without it, the runner's phase is skipped.
    type: str
  api_timeout:
    description: Longest wait in seconds for an answer of the management plane.
    type: int
    default: 30
  api_ca_path:
    description: File of certificate authorities to trust for the management plane.
    type: path
  resolvers:
    description: DNS resolvers as V(address) or V(address:port); without them, the system's are asked.
    type: list
    elements: str
    default: []
  port:
    description: HTTPS port of the load balancer.
    type: int
    default: 443
  ca_path:
    description: File of certificate authorities to trust for the runner's names.
    type: path
  validate_runner_certs:
    description: Whether the chain and the names of the runner's certificate must be valid.
    type: bool
    default: true
  timeout:
    description: Longest wait in seconds for one connection.
    type: int
    default: 10
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
  - module: gitpod.enterprise_runner.runner_stack_info
  - module: gitpod.enterprise_runner.runner_health_info
"""

EXAMPLES = r"""
- name: Look at a runner
  gitpod.enterprise_runner.runner_status_info:
    region: eu-central-1
    name: gitpod-eu-central-1
    domain_name: eu.gitpod.example.com
  register: found

- name: Fail when something is wrong
  ansible.builtin.assert:
    that: found.alerts | length == 0
"""

RETURN = r"""
checks:
  description: One verdict an area, in a fixed order.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description:
        - V(stack), V(version), V(drift), V(certificate), V(dns), V(endpoint), V(health) or V(phase).
      type: str
    status:
      description: V(pass), V(warn), V(fail) or V(skip).
      type: str
    summary:
      description: What was seen.
      type: str
    remediation:
      description: What to do about it; empty when there is nothing to do.
      type: str
alerts:
  description:
    - Areas of O(fail_on) that failed; of V(stack), V(version), V(drift) and V(certificate) warnings count as well.
  returned: success
  type: list
  elements: str
  sample: [certificate]
stack:
  description: Name, ID, status, reason and times of the stack.
  returned: success
  type: dict
version:
  description: The V(deployed) release, the V(newest) of the V(channel).
  returned: success
  type: dict
  sample: {deployed: "20251203.4", newest: "20260115.2", channel: stable}
drift:
  description:
    - C(status), when it was C(compared), and the C(resources) that differ, each with the names of its properties; null
      without.
  returned: success
  type: dict
outputs:
  description: The stack's outputs by name.
  returned: success
  type: dict
certificate:
  description: C(arn), C(status), C(not_after) and C(days_left) of the certificate; null without.
  returned: success
  type: dict
endpoints:
  description: C(id) and C(state) of the endpoints to the management plane in the VPC.
  returned: success
  type: list
  elements: dict
runner:
  description: C(phase), C(version) and C(message) as the management plane has them; null without a token.
  returned: success
  type: dict
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import SERVICE_NAME
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import RELEASES_URL
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status import look
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.areas import AREAS

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "domain_name": {"type": "str"},
    "fail_on": {
        "type": "list",
        "elements": "str",
        "choices": list(AREAS),
        "default": ["stack", "certificate", "dns", "endpoint", "health", "phase"],
    },
    "release_channel": {"type": "str", "default": "stable"},
    "releases_url": {"type": "str", "default": RELEASES_URL},
    "certificate_arn": {"type": "str"},
    "certificate_days": {"type": "int", "default": 30},
    "drift": {"type": "str", "choices": ["detect", "last", "skip"], "default": "detect"},
    "endpoint": {"type": "bool", "default": False},
    "vpc_id": {"type": "str"},
    "service_name": {"type": "str", "default": SERVICE_NAME},
    "runner_id": {"type": "str"},
    "api_url": {"type": "str", "default": "https://app.gitpod.io/api"},
    "api_token": {"type": "str", "no_log": True},
    "api_timeout": {"type": "int", "default": 30},
    "api_ca_path": {"type": "path"},
    "resolvers": {"type": "list", "elements": "str", "default": []},
    "port": {"type": "int", "default": 443},
    "ca_path": {"type": "path"},
    "validate_runner_certs": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 10},
}


def main() -> None:
    """Options in, one call, result out."""
    _modules.run(RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), look.run)


if __name__ == "__main__":
    main()
