#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a warm pool of a runner, or have none."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_warm_pool
short_description: Manage the warm pools of a runner
version_added: 0.1.0
description:
  - Keeps environments of one project and one environment class of the runner ready for users.
  - The project needs prebuilds of that class; the management plane refuses the pool otherwise. Instances that are kept
    ready cost money.

author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runner_id:
    description: ID of the runner.
    type: str
    required: true
  project:
    description: Name of the project, or its ID. A name that several projects have is refused.
    type: str
    required: true
  environment_class:
    description:
      - Display name of an environment class of the runner that can be chosen.
      - With O(state=absent) the pool of a class of that name that was disabled goes too. A warning tells of such a pool
        beside the one that is wanted.
    type: str
    required: true
  min_size:
    description: How many environments are ready at least, 0 to 20. Without it, the present value stays, at first 0.
    type: int
  max_size:
    description: How many are ready at most, 1 to 20. Needed for a new pool; without it, the present value stays.
    type: int
  state:
    description: Whether to have the pool.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - gitpod.enterprise_runner.management_plane
  - gitpod.enterprise_runner.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_environment_class
"""

EXAMPLES = r"""
- name: Keep large environments of the API's project ready
  gitpod.enterprise_runner.runner_warm_pool:
    runner_id: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
    project: acme-api
    environment_class: Large
    min_size: 1
    max_size: 5
"""

RETURN = r"""
warm_pool:
  description: The pool; in check mode a new one has no ID. Null when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: Its ID.
      type: str
    project_id:
      description: ID of its project.
      type: str
    environment_class_id:
      description: ID of its class.
      type: str
    min_size:
      description: How many environments are ready at least.
      type: int
    max_size:
      description: How many are ready at most.
      type: int
    phase:
      description: V(pending), V(ready), V(degraded), or empty for a new one.
      type: str
    failure_message:
      description: Why it is degraded.
      type: str
actions:
  description: What was done, or in check mode would be, in sentences.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.options import (
    CONNECTION,
    create_module,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import warm_pool

ARGUMENT_SPEC = {
    **CONNECTION,
    "runner_id": {"type": "str", "required": True},
    "project": {"type": "str", "required": True},
    "environment_class": {"type": "str", "required": True},
    "min_size": {"type": "int"},
    "max_size": {"type": "int"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    """Options in, one call, result out."""
    module = create_module(ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, warm_pool.run)


if __name__ == "__main__":
    main()
