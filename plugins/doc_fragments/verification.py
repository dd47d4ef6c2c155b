# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that make checks and wait until they pass."""

from __future__ import annotations


class ModuleDocFragment:
    """Which checks count, and how long they are waited for."""

    DOCUMENTATION = r"""
options:
  required:
    description:
      - Identifiers of the checks whose failure counts and is waited for, as shell patterns such as V(health.*). When
        empty, every failure counts.
    type: list
    elements: str
    default: []
  wait_timeout:
    description:
      - Seconds to keep looking until no check that counts fails. V(0) looks once.
    type: int
    default: 0
  progress_path:
    description: File in which the module leaves its progress; the action plugin of the same name sets it.
    type: path
"""
