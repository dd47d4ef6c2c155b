# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_adopt
short_description: Find runners that were deployed by hand, and write an inventory of them
version_added: 0.1.0
description:
  - Searches every region of C(gitpod_adopt_regions), one module process each, and writes the inventory's files to
    C(gitpod_adopt_directory) on the control node. What a person has changed there stays (C(gitpod_adopt_overwrite)).
  - Nothing is changed in AWS.
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
    support: full
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_adopt_info
"""

EXAMPLES = r"""
- name: Find the runners, and write the inventory
  gitpod.enterprise_runner.runner_adopt:
  register: found
"""

RETURN = r"""
runners:
  description: As M(gitpod.enterprise_runner.runner_adopt_info) returns them, of all regions.
  returned: success
  type: list
  elements: dict
files:
  description:
    - The files of the inventory, each with C(path), C(content), and whether it takes the place of one that is there
      (C(replace)). In check mode they are not written.
  returned: success
  type: list
  elements: dict
notes:
  description: What stays as it is in a directory that has files already, and what to add there by hand.
  returned: success
  type: list
  elements: str
directory:
  description: Where the files are.
  returned: success
  type: str
"""
