#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take one step of many runners in one process."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_together
short_description: Take one step of many runners in one process
version_added: 0.1.0
description:
  - Does what M(gitpod.enterprise_runner.runner_stack) or M(gitpod.enterprise_runner.runner_dns) does, for many runners
    side by side and whatever the number of Ansible's forks. Meant for a task with C(run_once).
  - It saves the start of a process for each runner, which takes half a second to a second of processor time.
  - What fails for one runner never ends the others' steps. Whether a runner's step failed stands in RV(runners). The
    module itself fails only where a host is named twice, or where its credentials or other options cannot be used.
  - M(gitpod.enterprise_runner.runner_stack) waits unless its option C(wait) is V(false); start stacks without, and wait
    with M(gitpod.enterprise_runner.runner_fleet_wait), which tells how far they are.
  - At most 32 stacks, or the records of 8 runners, are taken at a time.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  module:
    description: Which module takes the step, without the collection's name.
    type: str
    choices: [runner_stack, runner_dns]
    required: true
  runners:
    description: The runners.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: Name under which the result is returned, the runner's name in the inventory.
        type: str
        required: true
      region:
        description: Region of the runner.
        type: str
        required: true
      profile:
        description: Profile whose credentials are used; without it, those of the task.
        type: str
      options:
        description:
          - Options of the module that is named in O(module), without the region, the profile and keys. A template of
            the control node is given as C(template_body), not as C(template_file).
        type: dict
        required: true
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
    support: partial
    details: The difference of each runner stands in its result.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_stack
  - module: gitpod.enterprise_runner.runner_dns
  - module: gitpod.enterprise_runner.runner_fleet_wait
"""

EXAMPLES = r"""
- name: Point the domains of two regions to their load balancers
  gitpod.enterprise_runner.runner_together:
    module: runner_dns
    runners:
      - host: gitpod-eu-central-1
        region: eu-central-1
        options:
          domain_name: eu.runner.example.com
          load_balancer_dns_name: internal-eu-1234567890.eu-central-1.elb.amazonaws.com
          load_balancer_hosted_zone_id: Z3F0SRJ5LGBH90
      - host: gitpod-ap-southeast-2
        region: ap-southeast-2
        profile: sydney
        options:
          domain_name: ap.runner.example.com
          load_balancer_dns_name: internal-ap-1234567890.ap-southeast-2.elb.amazonaws.com
          load_balancer_hosted_zone_id: ZCT6FZBF4DROD
  run_once: true
  register: pointed

- name: Require the records
  ansible.builtin.assert:
    that: pointed.runners[inventory_hostname] is not failed
    fail_msg: "{{ pointed.runners[inventory_hostname].msg | default('') }}"
"""

RETURN = r"""
runners:
  description:
    - What the module returns for each runner, by O(runners[].host). One that failed has C(failed) and C(msg), and
      whatever else that module returns when it fails, such as C(root_cause).
  returned: success
  type: dict
"""

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._together import operation

RUNNER: dict[str, dict[str, t.Any]] = {
    "host": {"type": "str", "required": True},
    "region": {"type": "str", "required": True},
    "profile": {"type": "str"},
    "options": {"type": "dict", "required": True},
}
ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "module": {"type": "str", "choices": ["runner_stack", "runner_dns"], "required": True},
    # Which of the options are secret, the step tells.
    "runners": {"type": "list", "elements": "dict", "required": True, "options": RUNNER, "no_log": True},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
