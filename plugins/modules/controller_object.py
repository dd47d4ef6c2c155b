# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: controller_object
short_description: Make or remove one object of AWX or Automation Controller
version_added: 0.1.0
description:
  - Carries out one object of M(gitpod.enterprise_runner.controller_plan) with a module of C(awx.awx),
    C(ansible.controller) or C(ansible.platform), as C(gitpod_controller_collection) says.
  - A second run changes nothing, and secrets that the controller has stay, unless C(gitpod_controller_update_secrets)
    is set.
  - Secrets are read from the host's variables, so that no task carries them, and are part of no result.
  - Where the controller does not answer, the module is run again for some 15 seconds. Each goes by names, so nothing is
    made twice; what is found made by then counts as no change.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  object:
    description: One entry of the plan.
    type: dict
    required: true
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: The controller's modules have none.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.controller_plan
"""

EXAMPLES = r"""
- name: Plan what the controller shall have
  gitpod.enterprise_runner.controller_plan:
  register: plan

- name: Set it up
  gitpod.enterprise_runner.controller_object:
    object: "{{ item }}"
  loop: "{{ plan.objects }}"
"""

RETURN = r"""
id:
  description: The controller's number of the object, where its module says it.
  returned: when the object is there
  type: int
  sample: 12
"""
