# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: controller_plan
short_description: Plan what AWX or Automation Controller shall have
version_added: 0.1.0
description:
  - Turns the variables C(gitpod_controller_*) of the host into a list of objects in the order in which they are made,
    or removed, each as the options of one module of the controller's collection.
  - Tells everything that is wrong with the variables, at once.
  - Surveys come from the declarations of the variables that they set. No secret is in the list.
  - Runs on the control node and starts no process.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options: {}
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.controller_object
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
state:
  description: Whether the objects are made or removed.
  returned: success
  type: str
  sample: present
left_out:
  description: What was asked for and cannot be made, such as a workflow without a canary.
  returned: success
  type: list
  elements: str
objects:
  description: What M(gitpod.enterprise_runner.controller_object) takes, one after the other.
  returned: success
  type: list
  elements: dict
  contains:
    part:
      description: One of C(gitpod_controller_parts).
      type: str
      sample: job_templates
    kind:
      description: The module that makes it.
      type: str
      sample: job_template
    name:
      description: What it is called.
      type: str
      sample: Gitpod rollout
    arguments:
      description: Options of the module, without secrets.
      type: dict
    confidential:
      description: Which secret it is given when it is made; empty for none.
      type: str
      sample: api_token
"""
