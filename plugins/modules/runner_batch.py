# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_batch
short_description: Begin a batch of a rollout
version_added: 0.1.0
description:
  - Decides whether the batch may begin after the failures of earlier ones, looks afresh at its runners unless that was
    done just now, and tells which of them have something to do.
  - Meant for a task with C(run_once) in a play with C(serial). Nothing is changed.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  default_batches:
    description: Sizes of the batches where the inventory asks for none.
    type: list
    elements: str
    default: ["100%"]
  look:
    description: Whether to look at the runners; without it, each has something to do.
    type: bool
    default: true
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
  - module: gitpod.enterprise_runner.runner_gate
  - module: gitpod.enterprise_runner.runner_fleet
"""

EXAMPLES = r"""
- name: Begin the batch
  gitpod.enterprise_runner.runner_batch:
  register: batch
  run_once: true
"""

RETURN = r"""
begins:
  description: Whether the batch begins.
  returned: success
  type: bool
work:
  description: Hosts with something to do.
  returned: success
  type: list
  elements: str
id:
  description: Of this batch of this run, by which what its tasks have registered is told from that of another one.
  returned: success
  type: str
begun:
  description: Hosts that take part, with or without something to do.
  returned: success
  type: list
  elements: str
idle:
  description: By host, the stages with nothing to do.
  returned: success
  type: dict
prepares:
  description: Whether any of them has something to do before its stack, such as a certificate.
  returned: success
  type: bool
refused:
  description: By host, why it may not go on.
  returned: success
  type: dict
held:
  description: By host, why it was not begun although nothing is wrong with it.
  returned: success
  type: dict
"""
