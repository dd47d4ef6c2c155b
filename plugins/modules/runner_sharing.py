#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Share a runner with a group, or do so no longer."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_sharing
short_description: Share a runner with groups
version_added: 0.1.0
description:
  - Gives a group of the organization a role with the runner, changes the role, and takes it away.
  - Groups that no task names keep what they have. Sharing with groups of one's own needs the Enterprise plan.

author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runner_id:
    description: ID of the runner.
    type: str
    required: true
  group:
    description:
      - Name of the group, or its ID. A name that several groups have is refused.
    type: str
    required: true
  role:
    description: What the group may do. V(user) uses the runner; V(admin) configures and shares it too.
    type: str
    choices: [user, admin]
    default: user
  state:
    description: Whether the group has the runner.
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
- name: Let developers use the runner
  gitpod.enterprise_runner.runner_sharing:
    runner_id: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
    group: Developers

- name: Let the platform team configure it
  gitpod.enterprise_runner.runner_sharing:
    runner_id: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
    group: Platform team
    role: admin
"""

RETURN = r"""
policy:
  description: What the group has. Null when it has nothing.
  returned: success
  type: dict
  contains:
    group_id:
      description: The group's ID.
      type: str
    group:
      description: The group as it was named.
      type: str
      sample: Developers
    role:
      description: Its role.
      type: str
      sample: user
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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import sharing

ARGUMENT_SPEC = {
    **CONNECTION,
    "runner_id": {"type": "str", "required": True},
    "group": {"type": "str", "required": True},
    "role": {"type": "str", "choices": ["user", "admin"], "default": "user"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    """Options in, one call, result out."""
    module = create_module(ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, sharing.run)


if __name__ == "__main__":
    main()
