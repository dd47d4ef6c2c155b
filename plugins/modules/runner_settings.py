# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_settings
short_description: Keep one kind of a runner's settings as the inventory lists it
version_added: 0.1.0
description:
  - Keeps what C(gitpod_runner_settings_) and the kind's name list for the task's host, each entry by the kind's module.
    An entry that fails stops no other. It is skipped where nothing is listed, or where something before it failed for
    the host.
  - Nothing is remembered on the control node. C(gitpod_renew_secrets) has secrets sent again.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  kind:
    description: Which kind of settings.
    type: str
    choices: [environment_classes, scm_integrations, sharing, llm_integrations, warm_pools]
    required: true
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Of a secret that is sent, it is shown that it is.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_environment_class
  - module: gitpod.enterprise_runner.runner_scm_integration
  - module: gitpod.enterprise_runner.runner_sharing
  - module: gitpod.enterprise_runner.runner_llm_integration
  - module: gitpod.enterprise_runner.runner_warm_pool
"""

EXAMPLES = r"""
- name: Keep the runner's environment classes
  gitpod.enterprise_runner.runner_settings:
    kind: environment_classes
  register: classes
"""

RETURN = r"""
entries:
  description: What there is of each listed entry, as the kind's module returns it, without secrets.
  returned: success
  type: list
  elements: dict
actions:
  description: What was done, or in check mode would be, in sentences.
  returned: success
  type: list
  elements: str
"""
