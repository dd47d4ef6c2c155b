#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have an environment class of a runner, or have it disabled."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_environment_class
short_description: Manage the environment classes of a runner
version_added: 0.1.0
description:
  - Creates, enables, describes and disables a class of environments, the size that users choose.
  - The management plane has no deletion, so O(state=absent) disables the class. Environments that exist keep it.
  - A new class is judged by the management plane's own validation before it is created, also in check mode. A refusal
    names the fields, and what the runner takes.
  - A class's configuration never changes. O(replace) makes a new class and disables the present one.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runner_id:
    description: ID of the runner.
    type: str
    required: true
  display_name:
    description: Name of the class, 3 to 127 characters, by which it is found.
    type: str
    required: true
  description:
    description: Description, 3 to 200 characters. Without it, the present one stays; a new class gets its name.
    type: str
  configuration:
    description:
      - What makes up the class, with keys of the runner's provider, such as the machine type and the disk size. Values
        are sent as text. Needed for a new class.
    type: dict
  enabled:
    description: Whether the class can be chosen for new environments.
    type: bool
    default: true
  replace:
    description: Whether a class of another O(configuration) is replaced by a new one, which has another ID.
    type: bool
    default: false
  state:
    description: Whether to have the class; V(absent) disables it.
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
  - module: gitpod.enterprise_runner.runner_scm_integration
"""

EXAMPLES = r"""
- name: Offer large environments
  gitpod.enterprise_runner.runner_environment_class:
    runner_id: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
    display_name: Large
    description: 8 vCPU and 32 GB for monorepo builds
    configuration:
      machineType: m6i.2xlarge
      diskSizeGb: 100

- name: Offer them no longer
  gitpod.enterprise_runner.runner_environment_class:
    runner_id: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
    display_name: Large
    state: absent
"""

RETURN = r"""
environment_class:
  description: The class; in check mode one that would be created has no ID. Null when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: Its ID.
      type: str
    display_name:
      description: Its name.
      type: str
      sample: Large
    description:
      description: Its description.
      type: str
    configuration:
      description: Its configuration.
      type: dict
      sample: {machineType: m6i.2xlarge, diskSizeGb: "100"}
    enabled:
      description: Whether it can be chosen for new environments.
      type: bool
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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import environment_class

ARGUMENT_SPEC = {
    **CONNECTION,
    "runner_id": {"type": "str", "required": True},
    "display_name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "configuration": {"type": "dict"},
    "enabled": {"type": "bool", "default": True},
    "replace": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    """Options in, one call, result out."""
    module = create_module(ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, environment_class.run)


if __name__ == "__main__":
    main()
