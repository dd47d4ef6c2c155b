# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes that the modules of the collection share."""

from __future__ import annotations


class ModuleDocFragment:
    """What a module supports; each module adds C(support) of its own where it differs."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what would change without changing it.
  diff_mode:
    description: Returns what changed, or would change in C(check_mode), when in diff mode.
  idempotent:
    description: A second run with the same options changes nothing and says so.
"""

    ACTIONGROUP = r"""
options: {}
attributes:
  action_group:
    description:
      - Use C(group/gitpod.enterprise_runner.runner) or C(group/amazon.aws.aws) in C(module_defaults) to set options for
        the modules of this collection and of amazon.aws together.
    support: full
    membership:
      - gitpod.enterprise_runner.runner
"""

    # Declares a module or filter as internal (docs/support.md); the site and its lists are made of this declaration.
    INTERNAL = r"""
options: {}
notes:
  - Internal to this collection. Its roles and playbooks use it, and its options and results may change in any release.
    In plays of your own, use the roles.
"""
