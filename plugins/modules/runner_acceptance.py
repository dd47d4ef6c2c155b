#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that runners work: an environment on each, looked at and removed again."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_acceptance
short_description: Prove that runners work with an environment on each
version_added: 0.1.0
description:
  - On each runner creates an environment from an environment class and a repository, or none, waits until it runs,
    looks at its URL through the load balancer, stops it and deletes it; for all runners at once in one process.
  - What was created is removed whatever happens, also after a failure, a timeout, and when the run is broken off. An
    environment that a killed run has left is found by its annotations at the next acceptance and removed; one of a run
    that may still go on is left alone, and no other environment is touched.
  - The URL is asked with one GET without credentials. Any answer of the product is one, a redirect to its login or 401
    among them; HTTP 500 and above is none.
  - A runner that fails never ends the others, and the module succeeds. Whether a runner was accepted stands in
    RV(runners).
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
requirements:
  - gitpod-sdk
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
    details: Chooses the class and tells what would be done. Nothing is created, and nothing is removed.
  diff_mode:
    support: N/A
    details: Nothing is left of what it creates.
  idempotent:
    support: N/A
    details: Each run creates an environment and removes it again.
seealso:
  - module: gitpod.enterprise_runner.runner_environment_class
  - module: gitpod.enterprise_runner.runner_verification_info
"""

EXAMPLES = r"""
- name: Accept the runners
  gitpod.enterprise_runner.runner_acceptance:
    runners:
      - host: gitpod-eu-central-1
        values: "{{ typed_values }}"
    secrets:
      gitpod-eu-central-1:
        gitpod_api_token: "{{ token }}"
  register: accepted
"""

RETURN = r"""
changed:
  description: Whether an environment of an earlier run was removed. Of its own, nothing is left.
  returned: always
  type: bool
runners:
  description: What came of each runner, by its host.
  returned: success
  type: dict
  contains:
    HOST:
      description:
        - The result of the runner of this host. Of one that was not accepted C(failed=true), with C(msg) and
          C(next_step).
      type: dict
      contains:
        accepted:
          description: Whether every step passed; null in check mode.
          type: bool
          sample: true
        changed:
          description: Whether an environment of an earlier run was removed.
          type: bool
          sample: false
        runner:
          description: The runner as the management plane knows it; left out where it knows none that could be accepted.
          type: dict
          contains:
            id:
              description: Its ID.
              type: str
              sample: 0192b3c4-0000-7000-8000-000000000001
            phase:
              description: V(active) or V(degraded).
              type: str
              sample: active
            version:
              description: The release that it runs.
              type: str
              sample: "20260115.10"
        environment:
          description: What was created, or would be.
          type: dict
          contains:
            name:
              description: Its name.
              type: str
              sample: acceptance-1f0c2b9d-gitpod-eu-central-1
            class:
              description: Name of its environment class.
              type: str
              sample: Small
            repository:
              description: URL of its repository; empty without.
              type: str
              sample: https://github.com/gitpod-io/empty
        steps:
          description: The steps in their order.
          type: list
          elements: dict
          contains:
            step:
              description: V(class), V(leftovers), V(create), V(run), V(url), V(stop) or V(delete).
              type: str
              sample: run
            state:
              description: V(passed), V(failed), V(warned), V(left out), or V(planned) in check mode.
              type: str
              sample: passed
            seconds:
              description: How long it took.
              type: float
              sample: 74.2
            detail:
              description: What was seen, in a few words.
              type: str
        seconds:
          description: How long all of it took.
          type: float
          sample: 131.6
        warnings:
          description: Environments of earlier runs that could not be removed; in check mode what would fail.
          type: list
          elements: str
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.module import ARGUMENT_SPEC as FLEET

ARGUMENT_SPEC = {**FLEET}


def main() -> None:
    """Options in, one acceptance of all runners, results out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
