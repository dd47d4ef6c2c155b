# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_settings
short_description: Keep a runner's environment classes and source control integrations
version_added: 0.1.0
description:
  - Keeps what C(gitpod_runner_settings_environment_classes) and C(gitpod_runner_settings_scm_integrations) list for the
    task's host, each entry by M(gitpod.enterprise_runner.runner_environment_class) or
    M(gitpod.enterprise_runner.runner_scm_integration). An entry that fails stops no other.
  - Remembers in the file C(gitpod_runner_settings_sent_versions_path), on the control node, which versions of client
    secrets were sent. It holds no secrets.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options: {}
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Of a secret that is sent, the version marker is shown.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_environment_class
  - module: gitpod.enterprise_runner.runner_scm_integration
"""

EXAMPLES = r"""
- name: Keep the runner's settings
  gitpod.enterprise_runner.runner_settings:
  register: settings
"""

RETURN = r"""
environment_classes:
  description: The classes, as M(gitpod.enterprise_runner.runner_environment_class) returns each.
  returned: success
  type: list
  elements: dict
scm_integrations:
  description: The integrations that there are, without secrets.
  returned: success
  type: list
  elements: dict
actions:
  description: What was done, or in check mode would be, in sentences.
  returned: success
  type: list
  elements: str
"""
