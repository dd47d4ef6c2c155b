# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_contract
short_description: Validate the gitpod_* variables of a host
version_added: 0.1.0
description:
  - Compares every variable of the host that begins with C(gitpod_) with the argument specifications of this
    collection's roles and with the rules of the vendor's setup guide.
  - Reports what is missing, unknown (with a suggestion), malformed or contradictory, all at once, and changes nothing.
  - Runs on the control node and starts no process. Values of secrets are never part of a message.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  missing_is_failure:
    description:
      - Whether required variables that are not set are a failure.
      - By default they are only returned, because what the inventory leaves out keeps its present value on an existing
        stack. Together with any other problem they are always reported.
    type: bool
    default: false
  hosts:
    description: Hosts that the inventory is held against, because some values may be no two hosts' at a time.
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
  - module: gitpod.enterprise_runner.runner_stack_info
"""

EXAMPLES = r"""
- name: Check the inventory before anything else
  gitpod.enterprise_runner.runner_contract:

- name: Check it for a runner that has no stack yet
  gitpod.enterprise_runner.runner_contract:
    missing_is_failure: true
"""

RETURN = r"""
problems:
  description: What is wrong, one entry a variable and kind; empty when nothing is.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: V(contract.) and the name of the variable.
      type: str
      sample: contract.gitpod_domain_name
    kind:
      description: One of V(missing), V(unknown), V(malformed), V(contradictory).
      type: str
      sample: malformed
    status:
      description: Always V(fail).
      type: str
      sample: fail
    summary:
      description: What is wrong.
      type: str
      sample: "'https://gitpod.example.com' is a URL."
    remediation:
      description: What to write instead.
      type: str
      sample: "Write the bare name: gitpod.example.com"
"""
