# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision on a fleet's upgrade, and the way back after it; no process is started."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._upgrade.handed_on import (
    moved_on,
    upgrade_artifact,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._upgrade.table import (
    going_back,
    upgrade_lines,
    upgrade_row,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.controller_job import sliced
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.precedence import variables_of
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Raw, Result, plain
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import TERMINAL


class ActionModule(ControlNodeAction):
    """Decides once for all hosts of the play."""

    _VALID_ARGS = frozenset({"step", "runners"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Show, and return the rows or the commands."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "step": {"type": "str", "choices": ["decide", "back"], "default": "decide"},
                "runners": {"type": "dict", "default": {}},
            }
        )
        variables = task_vars or {}
        decides = arguments["step"] == "decide"
        return {
            **result,
            "changed": False,
            **(self._decided(variables, arguments) if decides else self._back(variables)),
        }

    def _decided(self, variables: Raw, arguments: t.Mapping[str, t.Any]) -> Result:
        rows = {}
        for host, found in plain(arguments["runners"]).items():
            values = host_values(self, variables, host)
            row = upgrade_row(found, host, values["gitpod_runner_name"], values["gitpod_region"] or "")
            moved = moved_on(row, plain(variables.get("gitpod_plan_result")))
            rows[host] = {**row, "failure": moved, "needed": False} if moved else row
        self._display.rows(["", *upgrade_lines(list(rows.values()), TERMINAL.columns), ""])
        return {
            "runners": rows,
            "needed": [host for host, row in rows.items() if row["needed"]],
            "foreseen": [host for host, row in rows.items() if not row["failure"]],
            "plan": upgrade_artifact(list(rows.values()), sliced(variables)),
        }

    def _back(self, variables: Raw) -> Result:
        """In check mode nobody has gone anywhere."""
        hosts = [] if self._task.check_mode else variables["ansible_play_hosts_all"]
        begun = (variables_of(self, variables, host) for host in hosts)
        rows = [
            results.of_fleet(own, results.UPGRADE, host)
            for host, own in zip(hosts, begun)
            if results.registered(own, results.BATCH).get("begins")
        ]
        lines = going_back(plain([row for row in rows if row]))
        if lines:
            self._display.rows(["", *lines, ""])
        return {"back": lines}
