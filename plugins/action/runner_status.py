# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of a fleet: its table on screen and in a file, and who needs attention; no process is started."""

from __future__ import annotations

import json
import pathlib
import typing as t

from ansible.errors import AnsibleActionFail

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import write_text
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.table import status_lines, summary
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.controller_job import sliced
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Result, plain
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import TERMINAL_WIDTH


class ActionModule(ControlNodeAction):
    """One table for all runners."""

    _VALID_ARGS = frozenset({"runners"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Show, write unless in check mode, and return the summary for controllers."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(argument_spec={"runners": {"type": "dict", "required": True}})
        variables = task_vars or {}
        lines = [
            _line(host_values(self, variables, host), plain(found)) for host, found in arguments["runners"].items()
        ]
        self._display.rows(["", *status_lines(lines, TERMINAL_WIDTH), ""])
        if not self._task.check_mode:
            self._write(host_values(self, variables)["gitpod_artifact_directory"], lines)
        told = summary(lines)
        told["needed"] = told["needed"] or sliced(variables)
        result.update(changed=False, summary=told)
        return result

    @staticmethod
    def _write(directory: str, lines: t.Sequence[Result]) -> None:
        try:
            pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
            write_text(pathlib.Path(directory) / "status.json", json.dumps({"runners": lines}, indent=4) + "\n")
        except OSError as error:
            raise AnsibleActionFail(
                f"Could not write the status: {error}. Set gitpod_artifact_directory to a writable directory."
            ) from error


def _line(values: t.Any, found: Result) -> Result:
    failure = str(found.get("msg") or "It could not be looked at") if found.get("failed") else ""
    return {
        "region": values["gitpod_region"] or "",
        "runner": values["gitpod_runner_name"],
        "domain": values["gitpod_domain_name"] or "",
        "status": {} if failure else found,
        "failure": failure,
        "alerts": found.get("alerts") or [],
    }
