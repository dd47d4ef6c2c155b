#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work on the control node."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_verdict
short_description: Judge a runner by the looks of all vantage points together
version_added: 0.1.0
description:
  - Joins the checks of M(gitpod.enterprise_runner.runner_verification_info) and of
    M(gitpod.enterprise_runner.runner_health_info) from every machine that looked, and fails unless the runner is
    verified. In check mode it only reports.
  - Runs on the control node and starts no process.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  sources:
    description:
      - The looks, each with C(vantage), the place's name, and C(result), the module's. A result without checks is a
        look that failed.
    type: list
    elements: dict
    required: true
  required:
    description:
      - Identifiers of the checks that have to pass, as shell patterns such as V(health.*). One that is skipped
        everywhere has not passed; a warning has. Failures of other checks are only reported.
      - When empty, no check may fail, and at least one has to pass.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_health_info
  - module: gitpod.enterprise_runner.runner_verification_info
"""

EXAMPLES = r"""
- name: Judge what AWS says and what the control node sees
  gitpod.enterprise_runner.runner_verdict:
    sources:
      - vantage: AWS
        result: "{{ aws }}"
      - vantage: control node
        result: "{{ health }}"
    required: ["health.*", targets.health]
"""

RETURN = r"""
healthy:
  description: Whether the runner is verified.
  returned: always
  type: bool
checks:
  description: The checks of all vantage points, each with its C(vantage).
  returned: always
  type: list
  elements: dict
certificate:
  description: The certificate that was shown first.
  returned: always
  type: dict
missing:
  description: Required checks that were seen to pass from nowhere.
  returned: always
  type: list
  elements: str
vantages:
  description: The places from which was looked.
  returned: always
  type: list
  elements: str
"""
