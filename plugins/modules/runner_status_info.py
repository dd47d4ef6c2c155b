#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at runners as a whole, and change nothing."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_status_info
short_description: Read how runners are doing
version_added: 0.1.0
description:
  - Reads each runner's stack, its release against the newest one, drift, the certificate, both DNS names, the endpoint,
    the runner's health and its phase, side by side in one process, and gives one verdict an area.
  - The only call that does not merely read is C(DetectStackDrift), by which AWS compares without changing a resource.
    C(gitpod_status_drift=last) does without it.
  - An area that cannot be read is skipped, with the reason; only a stack that cannot be read fails its runner.
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
    details: Nothing is changed in any mode.
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
    runners:
      - host: gitpod-eu-central-1
        values: "{{ typed_values }}"
  register: found

- name: Fail when something is wrong
  ansible.builtin.assert:
    that: found.runners['gitpod-eu-central-1'].alerts | default(['not looked at']) | length == 0
"""

RETURN = r"""
runners:
  description:
    - By host, how the runner is doing.
    - For a runner that could not be looked at C(failed=true), with C(msg) and C(next_step).
  returned: success
  type: dict
  contains:
    HOST:
      description: The result of the runner of this host.
      type: dict
      contains:
        checks:
          description: One verdict an area, in a fixed order.
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
            unverifiable:
              description: Whether it was skipped because it could not be looked at.
              type: bool
        alerts:
          description:
            - Areas of C(gitpod_status_fail_on) that failed; of V(stack), V(version), V(drift) and V(certificate)
              warnings count as well.
          type: list
          elements: str
          sample: [certificate]
        stack:
          description: Name, ID, status, reason and times of the stack.
          type: dict
        version:
          description:
            - The release that the stack has, V(deployed), the one that the runner reports, V(running), and the
              V(newest) of the V(channel).
          type: dict
          sample: {deployed: "20251203.4", running: "20260115.2", newest: "20260115.2", channel: stable}
        drift:
          description:
            - C(status), when it was C(compared), and the C(resources) that differ, each with the names of its
              properties; C(incomplete) says why AWS could not compare everything; null without.
          type: dict
        outputs:
          description: The stack's outputs by name.
          type: dict
        certificate:
          description: C(arn), C(status), C(not_after) and C(days_left) of the certificate; null without.
          type: dict
        endpoints:
          description: C(id) and C(state) of the endpoints to the management plane in the VPC; null when not read.
          type: list
          elements: dict
        runner:
          description: C(phase), C(version) and C(message) as the management plane has them; null without a token.
          type: dict
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.module import ARGUMENT_SPEC as FLEET
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status import look

ARGUMENT_SPEC = {**FLEET}


def main() -> None:
    """Options in, one look at all runners, results out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, look.run)


if __name__ == "__main__":
    main()
