# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that look at a fleet in one process."""

from __future__ import annotations


class ModuleDocFragment:
    """Which runners, and what is about the whole call."""

    DOCUMENTATION = r"""
options:
  runners:
    description:
      - The runners to look at, all at once. Each has its own region, credentials and outcome.
      - C(region) and C(profile) of the module hold for runners that name none themselves.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: Name of the runner's host in the inventory, by which its result is found.
        type: str
        required: true
      values:
        description:
          - The runner's inventory variables by name, without secrets, each of its declared type and with its default.
            The variables are those of the roles, see C(ansible-doc -t role
            gitpod.enterprise_runner.gitpod_prerequisites) and the other roles.
        type: dict
        required: true
      earlier:
        description:
          - What earlier stages of the run left, by the fields V(registration), V(stack), V(started), V(dns) with the
            facts that the roles set, V(settled_release), V(resolved_release)
            and V(running_release).
        type: dict
        default: {}
  secrets:
    description: The secret inventory variables of each runner, by host and variable.
    type: dict
    default: {}
  threads:
    description: Greatest number of calls at a time, for all runners together.
    type: int
    default: 32
  progress_path:
    description: File in which the module leaves one line of progress; an action plugin sets it.
    type: path
"""
