#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""See what an upgrade would change."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_upgrade_info
short_description: See what the upgrade of runners to a release would change
version_added: 0.1.0
description:
  - Finds the release that each runner gets, computes the change set of each stack, reads it, and removes it again, for
    all runners at once in one process.
  - The same as M(gitpod.enterprise_runner.runner_stack) tells of one runner in check mode. Nothing is executed.
  - A stack on which an update goes on is not touched, and told as C(operation=attach).
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
    details: Change sets are computed and removed in any mode.
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: N/A
    details: Nothing is changed.
seealso:
  - module: gitpod.enterprise_runner.runner_stack
  - module: gitpod.enterprise_runner.runner_upgrade
"""

EXAMPLES = r"""
- name: See what would change
  gitpod.enterprise_runner.runner_upgrade_info:
    runners:
      - host: gitpod-eu-central-1
        values: "{{ typed_values }}"
  register: found
"""

RETURN = r"""
runners:
  description:
    - By host, what the upgrade would change.
    - For a runner of which that is not known C(failed=true), with C(msg) and C(next_step).
  returned: success
  type: dict
  contains:
    HOST:
      description: The result of the runner of this host.
      type: dict
      contains:
        operation:
          description:
            - V(none) where the release is deployed, V(update), V(attach) where AWS is at work on the stack,
              V(create) or V(recreate) where there is no stack that could be upgraded.
          type: str
          sample: update
        changed:
          description: Whether anything would be changed.
          type: bool
          sample: true
        changes:
          description: Changes of the stack's resources, as M(gitpod.enterprise_runner.runner_stack) returns them.
          type: list
          elements: dict
        actions:
          description: What would be done, in sentences.
          type: list
          elements: str
        stack:
          description: Name, ID, status, reason and times of the stack.
          type: dict
        deployed:
          description:
            - What the stack has of C(gitpod_domain_name), C(gitpod_vpc_id) and C(gitpod_ec2_subnet_ids), where the
              inventory leaves out what is needed of them, by variable.
          type: dict
          sample: {gitpod_domain_name: eu.gitpod.example.com}
        release_version:
          description: The release that the stack's tags record, or empty.
          type: str
          sample: 20251203.4
        target_release_version:
          description: The release that the runner gets.
          type: str
          sample: 20260115.2
        running_version:
          description: The release that the runner reports, which updates itself; empty without C(gitpod_api_token).
          type: str
          sample: 20260105.12
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.module import ARGUMENT_SPEC as FLEET
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._upgrade import look

ARGUMENT_SPEC = {**FLEET}


def main() -> None:
    """Options in, one look at all runners, results out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, look.run)


if __name__ == "__main__":
    main()
