#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check everything that runners need, before anything is created."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_preflight_info
short_description: Check everything that Gitpod Enterprise AWS Runners need, before anything is created
version_added: 0.1.0
description:
  - Looks at the account, the network, the certificate, the DNS zone, the stack, quotas, permissions and the management
    plane of every runner in one go, with calls in parallel, and returns every check with what was seen and what to do.
  - Returns what each later stage has to do, so that stages with nothing to do need not run.
  - Never writes. A call that is refused skips the checks that need it, and says which permission is missing.
  - What an inventory leaves out is taken from the existing stack, because that is what stays.
  - The checks are listed in C(docs/prerequisites.md).
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  template_bodies:
    description:
      - Content of the template files on the control node, by the path that C(gitpod_stack_template_file) has. The
        action plugin of the same name reads them.
    type: dict
    default: {}
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
  - module: gitpod.enterprise_runner.runner_contract
  - module: gitpod.enterprise_runner.runner_stack
"""

EXAMPLES = r"""
- name: Check a runner
  gitpod.enterprise_runner.runner_preflight_info:
    runners:
      - host: gitpod-eu-central-1
        values: "{{ typed_values }}"
    secrets:
      gitpod-eu-central-1:
        gitpod_api_token: "{{ lookup('ansible.builtin.env', 'GITPOD_API_KEY') }}"
  register: found

- name: Stop when anything fails
  ansible.builtin.assert:
    that: found.runners['gitpod-eu-central-1'].ready | default(false)
"""

RETURN = r"""
runners:
  description:
    - By host, every check, and what each stage has to do.
    - For a runner that could not be looked at C(failed=true), with C(msg) and C(next_step).
  returned: success
  type: dict
  contains:
    HOST:
      description: The result of the runner of this host.
      type: dict
      contains:
        name:
          description: Name of the runner.
          type: str
          sample: gitpod-eu-central-1
        region:
          description: Region of the runner.
          type: str
          sample: eu-central-1
        ready:
          description: Whether no check failed.
          type: bool
          sample: true
        checks:
          description: Every check, in the order of C(docs/prerequisites.md).
          type: list
          elements: dict
          contains:
            # result of a check: written by docs/reference.py
            id:
              description: Stable identifier, as C(docs/prerequisites.md) explains them.
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
        plan:
          description: What each later stage has to do, in their order, as its own planner sees it.
          type: list
          elements: dict
          contains:
            stage:
              description: V(certificate), V(registration), V(privatelink), V(stack) or V(dns).
              type: str
              sample: stack
            action:
              description:
                - V(nothing), V(create), V(recreate), V(update), V(attach) to what AWS is doing, V(wait) for someone
                  else, or V(unknown) where only the stage itself can tell.
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
            - By stage, for those with nothing to do, what the module of the stage would return, as far as it was
              looked at.
          type: dict
        deployed:
          description:
            - What is deployed of what other stages need too (C(gitpod_domain_name), C(gitpod_vpc_id),
              C(gitpod_ec2_subnet_ids)), where the inventory's variables do not say so, by variable. An existing
              stack keeps it, or C(gitpod_stack_parameters) gives it to the template. The stages work with it.
          type: dict
          sample: {gitpod_vpc_id: vpc-0a7d5c3e1f9b80246}
        stack_exists:
          description:
            - Whether the runner's stack exists; null when that could not be read. One in review does not count.
          type: bool
          sample: false
        release:
          description: The runner's release, as far as it is known.
          type: dict
          contains:
            exists:
              description: Whether there is a stack.
              type: bool
              sample: true
            deployed:
              description: Of the template that the stack has, as its tags record it.
              type: str
              sample: "20251203.4"
            running:
              description: That the runner reports, which updates itself; only with C(gitpod_api_token).
              type: str
              sample: "20260105.12"
            target:
              description: Of the template that the stack will have.
              type: str
              sample: "20251203.4"
            channel:
              description: Of which it is the newest; empty where the stack's own stays or one is pinned.
              type: str
              sample: ""
        account_id:
          description: Account of the credentials, or empty when they do not work.
          type: str
          sample: "123456789012"
        policies:
          description:
            - IAM policies that are ready to attach, where the values have C(gitpod_prerequisites_artifacts); each is no
              larger than a managed policy may be. C(site-1) and further ones allow what the collection calls,
              C(template-1) and further ones what the template's resources need.
          type: dict
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.module import ARGUMENT_SPEC as FLEET
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import operation

ARGUMENT_SPEC = {**FLEET, "template_bodies": {"type": "dict", "default": {}}}


def main() -> None:
    """Options in, one look at all runners, results out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
