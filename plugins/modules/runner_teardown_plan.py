# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_teardown_plan
short_description: Show what a teardown removes and what it leaves, and require the confirmation
version_added: 0.1.0
description:
  - Makes the plan from what the role's looks have found, shows it, and fails unless C(gitpod_teardown_confirm) names
    the runner. In check mode it only shows.
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
  - module: gitpod.enterprise_runner.runner_teardown_info
"""

EXAMPLES = r"""
- name: Show what goes and what stays, and require the confirmation
  gitpod.enterprise_runner.runner_teardown_plan:
  register: plan
"""

RETURN = r"""
goes:
  description: What goes, in this order, as sentences.
  returned: success
  type: list
  elements: str
stays:
  description: What stays, and why.
  returned: success
  type: list
  elements: str
"""
