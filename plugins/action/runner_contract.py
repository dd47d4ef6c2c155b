# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validate the gitpod_* variables of hosts on the control node, without starting a process."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import (
    describe,
    needs_a_stack,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.fleet import fleet_of


class ActionModule(ControlNodeAction):
    """Every host's problems, and those between hosts, told together."""

    _VALID_ARGS = frozenset({"missing_is_failure", "hosts"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Fail with every problem of the task's host, or return those that an existing stack makes good."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "missing_is_failure": {"type": "bool", "default": False},
                "hosts": {"type": "list", "elements": "str", "default": []},
            }
        )
        host = str((task_vars or {}).get("inventory_hostname", "the host"))
        # Problems between hosts are seen with all of the play; each host is told of its own.
        together = [host, *(name for name in arguments["hosts"] if name != host)]
        problems = fleet_of(self, task_vars or {}, together).problems[host]
        result.update(changed=False, problems=[problem.as_check() for problem in problems])
        if problems and (arguments["missing_is_failure"] or not needs_a_stack(problems, variables())):
            result.update(failed=True, msg=describe(host, problems))
        return result
