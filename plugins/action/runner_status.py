# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of a fleet: its table on screen and in a file, and who needs attention; no process is started."""

from __future__ import annotations

import pathlib
import time
import typing as t

from ansible.errors import AnsibleActionFail

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import write_text
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.statuses import STATUS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.table import status_lines, summary
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.controller_job import sliced
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.report_upload import (
    alone_in,
    keep_status,
    kept_lines,
    status_over,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Result, plain
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import TERMINAL_WIDTH


class ActionModule(ControlNodeAction):
    """One table for all runners."""

    _VALID_ARGS = frozenset({"runners"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Show, write unless in check mode, and return the summary for controllers."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(argument_spec={"runners": {"type": "dict", "required": True}})
        variables, now = task_vars or {}, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        lines = [
            {**_line(host_values(self, variables, host), plain(found)), "as_of": now}
            for host, found in arguments["runners"].items()
        ]
        kept: Result = {}
        if not self._task.check_mode:
            values = host_values(self, variables)
            self._write(pathlib.Path(values["gitpod_artifact_directory"]), lines, now)
            kept = keep_status(self, variables, values, lines, now)
        self._display.rows(["", *status_lines(lines, TERMINAL_WIDTH), *kept_lines(kept), ""])
        told = {**summary(lines), **({"report": kept} if kept else {})}
        told["needed"] = told["needed"] or sliced(variables)
        result.update(changed=False, summary=told)
        return result

    def _write(self, directory: pathlib.Path, lines: t.Sequence[Result], now: str) -> None:
        """A look at some of the runners leaves the others as they were seen last."""
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with alone_in(directory):
                write_text(directory / STATUS, status_over(directory, lines, now, warn=self._display.warning))
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
