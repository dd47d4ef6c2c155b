#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for what goes on in many regions at once."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_fleet_wait
short_description: Wait for the stacks, endpoints and certificates of many runners in one process
version_added: 0.1.0
description:
  - Waits for what was started before, for all runners at the same time and whatever the number of Ansible's forks.
    Meant for a task with C(run_once).
  - Each part is waited for as its own module does it, M(gitpod.enterprise_runner.runner_stack) and
    M(gitpod.enterprise_runner.runner_endpoint) with their option C(join), and
    M(gitpod.enterprise_runner.runner_certificate) with its option C(wait). So private DNS is switched on once an
    endpoint's connection is accepted.
  - A part that fails never ends the waiting for the others, and the module succeeds. Whether a runner's part failed
    stands in RV(runners).
  - While it waits, one line tells how far all runners are, and a line of its own when a runner's stack ends, begins to
    roll back or anything fails.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runners:
    description: The runners, and what of each is waited for; what is left out is not.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: Name under which the results are returned, the runner's name in the inventory.
        type: str
        required: true
      region:
        description: Region of the runner.
        type: str
        required: true
      profile:
        description: Profile whose credentials are used; without it, those of the task.
        type: str
      stack:
        description: The stack to wait for.
        type: dict
        suboptions:
          name:
            description: Its name or ID.
            type: str
            required: true
          timeout:
            description: Longest wait in seconds.
            type: int
            default: 3600
          fail_fast:
            description: Whether the first failure of a resource ends the wait, while AWS still undoes the operation.
            type: bool
            default: true
          operation_token:
            description:
              - The operation that is meant, as its start returned it
                (RV(gitpod.enterprise_runner.runner_stack#module:operation_token)).
            type: str
          secret_parameters:
            description: Values that its operation was given, by parameter; what quotes them is shown without them.
            type: dict
            default: {}
      network_endpoints:
        description: The endpoints for services of AWS to wait for.
        type: dict
        suboptions:
          name:
            description: Name of the runner.
            type: str
            required: true
          runner_id:
            description: Unique identifier of the runner.
            type: str
          vpc_id:
            description: VPC of the endpoints.
            type: str
            required: true
          timeout:
            description: Longest wait in seconds.
            type: int
            default: 900
      endpoint:
        description: The endpoint to wait for.
        type: dict
        suboptions:
          name:
            description: Name of the runner.
            type: str
            required: true
          runner_id:
            description: Unique identifier of the runner.
            type: str
          vpc_id:
            description: VPC of the endpoint.
            type: str
            required: true
          service_name:
            description: Name of the management plane's endpoint service.
            type: str
            default: com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2
          service_region:
            description: Region of the endpoint service.
            type: str
            default: us-east-1
          private_dns_enabled:
            description: Whether the service's own name resolves to the endpoint inside the VPC.
            type: bool
            default: true
          timeout:
            description: Longest wait in seconds.
            type: int
            default: 600
      certificate:
        description: The certificate to wait for.
        type: dict
        suboptions:
          name:
            description: Name of the runner.
            type: str
            required: true
          runner_id:
            description: ID of the runner, as far as it is known.
            type: str
          domain_name:
            description: Domain of the runner, without wildcard.
            type: str
            required: true
          key_algorithm:
            description: Key of the certificate, in case that it is gone and has to be requested again.
            type: str
            choices: [RSA_2048, EC_prime256v1, EC_secp384r1]
            default: RSA_2048
          timeout:
            description: Longest wait in seconds.
            type: int
            default: 1800
  progress_interval:
    description: Shortest time in seconds between two lines of progress; V(0) prints none.
    type: int
    default: 10
  progress_path:
    description: File in which the module leaves its progress; the action plugin of the same name sets it.
    type: path
  events_path:
    description: >-
      File of the board that a callback shows, in which the module leaves how far each part is; the action plugin of the
      same name sets it.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.actiongroup
attributes:
  check_mode:
    support: full
    details: Looks once and does not wait.
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_stack
  - module: gitpod.enterprise_runner.runner_endpoint
  - module: gitpod.enterprise_runner.runner_certificate
"""

EXAMPLES = r"""
- name: Wait for two regions
  gitpod.enterprise_runner.runner_fleet_wait:
    runners:
      - host: gitpod-eu-central-1
        region: eu-central-1
        stack:
          name: gitpod-eu-central-1
      - host: gitpod-ap-southeast-2
        region: ap-southeast-2
        profile: sydney
        stack:
          name: gitpod-ap-southeast-2
        endpoint:
          name: gitpod-ap-southeast-2
          vpc_id: vpc-0c9f7e5a3b1d02468
  run_once: true
  register: waited

- name: Require the stack
  ansible.builtin.assert:
    that: waited.runners[inventory_hostname].stack is not failed
    fail_msg: "{{ waited.runners[inventory_hostname].stack.msg | default('') }}"
"""

RETURN = r"""
runners:
  description: What became of each runner, by O(runners[].host).
  returned: success
  type: dict
  contains:
    stack:
      description:
        - What M(gitpod.enterprise_runner.runner_stack) returns, with the complete timeline; null where no stack was
          waited for.
        - One that failed has C(failed), C(msg), C(root_cause), C(other_failures), C(stack), C(timeline) and
          C(in_progress).
      type: dict
    network_endpoints:
      description: Likewise, what M(gitpod.enterprise_runner.runner_network_endpoints) returns.
      type: dict
    endpoint:
      description: Likewise, what M(gitpod.enterprise_runner.runner_endpoint) returns.
      type: dict
    certificate:
      description: Likewise, what M(gitpod.enterprise_runner.runner_certificate) returns.
      type: dict
"""

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    SERVICE_NAME,
    SERVICE_REGION,
)

STACK: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "timeout": {"type": "int", "default": 3600},
    "fail_fast": {"type": "bool", "default": True},
    "operation_token": {"type": "str", "no_log": False},
    "secret_parameters": {"type": "dict", "default": {}, "no_log": True},
}
ENDPOINT: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "runner_id": {"type": "str"},
    "vpc_id": {"type": "str", "required": True},
    "service_name": {"type": "str", "default": SERVICE_NAME},
    "service_region": {"type": "str", "default": SERVICE_REGION},
    "private_dns_enabled": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 600},
}
NETWORK: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "runner_id": {"type": "str"},
    "vpc_id": {"type": "str", "required": True},
    "timeout": {"type": "int", "default": 900},
}
CERTIFICATE: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "runner_id": {"type": "str"},
    "domain_name": {"type": "str", "required": True},
    "key_algorithm": {
        "type": "str",
        "choices": ["RSA_2048", "EC_prime256v1", "EC_secp384r1"],
        "default": "RSA_2048",
        "no_log": False,
    },
    "timeout": {"type": "int", "default": 1800},
}
RUNNER: dict[str, dict[str, t.Any]] = {
    "host": {"type": "str", "required": True},
    "region": {"type": "str", "required": True},
    "profile": {"type": "str"},
    "stack": {"type": "dict", "options": STACK},
    "network_endpoints": {"type": "dict", "options": NETWORK},
    "endpoint": {"type": "dict", "options": ENDPOINT},
    "certificate": {"type": "dict", "options": CERTIFICATE},
}
ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "runners": {"type": "list", "elements": "dict", "required": True, "options": RUNNER},
    "progress_interval": {"type": "int", "default": 10},
    "progress_path": {"type": "path"},
    "events_path": {"type": "path"},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
