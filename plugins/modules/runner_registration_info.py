#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read runners from the management plane, and wait for a phase."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_registration_info
short_description: Read runners from the management plane, and wait until one is active
version_added: 0.1.0
description:
  - Returns the runners that all given filters match, with phase, version and their own message.
  - With O(wait_for_phase) it waits for one runner. One that is still degraded at the end is a failure in its own words,
    and one that says that its exchange token was expired or used fails at once.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runner_id:
    description: ID of the runner; the other filters then do not count.
    type: str
  name:
    description: Name of the runner, or a pattern with C(*) and C(?).
    type: str
  region:
    description: AWS region of the runners.
    type: str
  phases:
    description: Phases of the runners. Without it, all but those that are being deleted.
    type: list
    elements: str
    choices: [created, inactive, active, degraded, deleting, deleted]
    default: []
  provider:
    description: Provider of the runners; empty for all.
    type: str
    default: aws_ec2
    choices: ["", aws_ec2, gcp, linux_host, desktop_mac, managed, dev_agent]
  wait_for_phase:
    description: Phase that is waited for.
    type: str
    choices: [created, inactive, active, degraded]
  wait_timeout:
    description: Longest wait in seconds for O(wait_for_phase). In check mode it is looked once.
    type: int
    default: 600
extends_documentation_fragment:
  - gitpod.enterprise_runner.management_plane
  - gitpod.enterprise_runner.attributes
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
  - module: gitpod.enterprise_runner.runner_registration
  - plugin: gitpod.enterprise_runner.runners
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Wait until a runner is active
  gitpod.enterprise_runner.runner_registration_info:
    name: gitpod-eu-central-1
    region: eu-central-1
    wait_for_phase: active
    wait_timeout: 900

- name: List the runners that are degraded
  gitpod.enterprise_runner.runner_registration_info:
    phases: [degraded]
"""

RETURN = r"""
runners:
  description: The runners, sorted by name and region, as M(gitpod.enterprise_runner.runner_registration) returns them.
  returned: success
  type: list
  elements: dict
  sample: [{name: gitpod-eu-central-1, phase: active, version: "20260115.2"}]
runner:
  description: The runner when exactly one matches, else null. A wait that failed returns it as it was seen last.
  returned: success, and when waiting fails
  type: dict
  sample: {name: gitpod-eu-central-1, phase: active, version: "20260115.2"}
exchange_token_problem:
  description: V(expired), V(used) or V(rejected) when the runner's message is about its exchange token.
  returned: when the runner is degraded
  type: str
  sample: expired
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.options import (
    CONNECTION,
    create_module,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import info

PHASES = ["created", "inactive", "active", "degraded", "deleting", "deleted"]
PROVIDERS = ["", "aws_ec2", "gcp", "linux_host", "desktop_mac", "managed", "dev_agent"]
ARGUMENT_SPEC = {
    **CONNECTION,
    "runner_id": {"type": "str"},
    "name": {"type": "str"},
    "region": {"type": "str"},
    "phases": {"type": "list", "elements": "str", "choices": PHASES, "default": []},
    "provider": {"type": "str", "default": "aws_ec2", "choices": PROVIDERS},
    "wait_for_phase": {"type": "str", "choices": ["created", "inactive", "active", "degraded"]},
    "wait_timeout": {"type": "int", "default": 600},
}


def main() -> None:
    """Options in, one call, result out."""
    module = create_module(ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, info.run)


if __name__ == "__main__":
    main()
