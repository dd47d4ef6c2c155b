# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_stage
short_description: Take one step of a stage for the task's host
version_added: 0.1.0
description:
  - Runs the module that takes the step, with the options that the typed inventory of the host and the results of
    earlier stages make. The roles are made of it.
  - For own tasks use the modules themselves, which take explicit options.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  stage:
    description: The stage.
    type: str
    choices: [certificate, dns, network_endpoints, privatelink, registration, stack, teardown, verify]
    required: true
  step:
    description: The step, such as V(start), which does not wait, and V(join), which waits for what was started.
    type: str
    required: true
  options:
    description: What the task adds to the inventory's options, where the step takes any.
    type: dict
    default: {}
  together:
    description:
      - Whether the result is the one that M(gitpod.enterprise_runner.runner_batch_step) has of this host, where the
        batch has taken the step for all its hosts in one process.
    type: bool
    default: false
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: As the module that takes the step does.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_stack
  - module: gitpod.enterprise_runner.runner_endpoint
  - module: gitpod.enterprise_runner.runner_dns
"""

EXAMPLES = r"""
- name: Start the stack as the inventory wants it
  gitpod.enterprise_runner.runner_stage:
    stage: stack
    step: start
  register: gitpod_stack_started
"""

RETURN = r"""
skip_reason:
  description:
    - Why there was nothing to do. Otherwise the result is that of the module that took the step.
    - With O(step=join), a stack or an endpoint that O(step=start) left settled is returned as it was then, with
      C(changed=false).
  returned: when skipped
  type: str
  sample: no certificate is asked for (gitpod_certificate_request)
"""
