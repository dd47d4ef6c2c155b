# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_dns_plan
short_description: Decide what the DNS stage writes, and where
version_added: 0.1.0
description:
  - Makes the records of both names from the typed inventory and the load balancer that the stack's stage found, and
    tells the role who keeps them.
  - Runs on the control node. With O(carry_out), records in Route 53 are written with
    M(gitpod.enterprise_runner.runner_dns), whose result is returned then; else nothing is changed.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  validation:
    description: Whether the records are those that validate a certificate, which the caller has.
    type: bool
    default: false
  unknown:
    description: Whether these records are not known yet, as in check mode before the certificate is requested. That
      they will be written counts as a change then.
    type: bool
    default: false
  carry_out:
    description: Whether records in Route 53 are written.
    type: bool
    default: false
  joined_later:
    description: Whether somebody else waits until Route 53's servers have the records.
    type: bool
    default: false
  together:
    description:
      - With O(carry_out) and O(joined_later), whether the result is the one that
        M(gitpod.enterprise_runner.runner_batch_step) has of this host, where the batch has written the records of all
        its hosts in one process.
    type: bool
    default: false
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_dns
  - module: gitpod.enterprise_runner.runner_dns_write
"""

EXAMPLES = r"""
- name: Decide what is written, and where
  gitpod.enterprise_runner.runner_dns_plan:
  register: plan
"""

RETURN = r"""
name:
  description: The provider.
  returned: success
  type: str
  sample: route53
stage:
  description: The role's task file that goes on.
  returned: success
  type: str
  sample: publish.yml
planned:
  description: The records for whoever keeps them elsewhere; empty when they are written, or nothing is pointed to.
  returned: success
  type: list
  elements: dict
hands_over:
  description: Whether the records are handed over, and nobody waits for them (C(gitpod_dns_hand_over)).
  returned: success
  type: bool
looked_up_stack:
  description: The stack as M(gitpod.enterprise_runner.runner_stack_info) returns it, where no stage had seen it.
  returned: when it was looked up
  type: dict
writes:
  description: Whether the collection writes to the provider with M(gitpod.enterprise_runner.runner_dns_write).
  returned: success
  type: bool
"""
