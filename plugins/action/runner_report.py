# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the reports of a run on the control node and show the fleet, without starting a process."""

from __future__ import annotations

import json
import pathlib
import time
import typing as t

from ansible import context
from ansible.errors import AnsibleActionFail

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import file_names, write_text
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import fleet_table, runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_fleet import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html.page import page
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_markdown import markdown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.closing import (
    JOB_VARIABLES,
    Run,
    closing_lines,
    dashboard,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import block
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.precedence import variables_of
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import plain
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import report_comes_last


def documents(fleet: Fleet) -> dict[str, str]:
    """The files' contents by name: JSON of each runner and of the fleet, Markdown, and the page."""

    def as_json(content: t.Any) -> str:
        return json.dumps(content, indent=2, sort_keys=True) + "\n"

    named: dict[str, str] = {}
    for runner in fleet.runners:
        name, key = str(runner.get("runner", "")), f"{runner.get('runner', '')} {runner.get('region', '')}"
        named[key if key not in named else f"{key} {len(named)}"] = name
    files = {f"{name}.json": as_json(runner) for name, runner in zip(file_names(named).values(), fleet.runners)}
    files["fleet.json"] = as_json(fleet.document())
    files["fleet.md"] = markdown(fleet)
    files["fleet.html"] = page(fleet)
    return files


class ActionModule(ControlNodeAction):
    """One JSON file a runner, one of the fleet, Markdown, the page, and the table on screen."""

    _VALID_ARGS = frozenset({"runners", "hosts", "directory"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Write unless in check mode, then show; a report tells of a run and so is never a change."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "runners": {"type": "list", "elements": "dict", "default": []},
                "hosts": {"type": "list", "elements": "str", "default": []},
                "directory": {"type": "path"},
            }
        )
        variables = task_vars or {}
        runners = plain(arguments["runners"]) + [self._summary(variables, host) for host in arguments["hosts"]]
        directory = arguments["directory"] or host_values(self, variables)["gitpod_artifact_directory"]
        now = time.time()
        title = f"Run of {time.strftime('%Y-%m-%d %H:%M %Z', time.localtime(now))}"
        fleet = Fleet.of(runners, title, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)))
        lines = [*fleet_table(runners), "", fleet.headline]
        files: list[str] = []
        if not self._task.check_mode:
            files = self._write(pathlib.Path(directory), fleet, lines)
        lines += self._closing(variables, dict(zip(arguments["hosts"], runners[-len(arguments["hosts"]) :])), directory)
        if not report_comes_last():
            self._display.display(block(["", *lines, ""]))
        result.update(changed=False, files=files, table=lines, summary=fleet.summary())
        return result

    def _closing(self, variables: dict[str, t.Any], runners: t.Mapping[str, t.Any], directory: str) -> list[str]:
        """The run's last lines: where the report is, and what to do next.

        :param runners: summaries by host; of runners that are given, nobody knows which hosts they are.
        """
        sites = [dashboard(host_values(self, variables, host)["gitpod_api_endpoint"] or "") for host in runners]
        run = Run.of(context.CLIARGS, any(variables.get(name) for name in JOB_VARIABLES))
        states = {host: str(runner.get("state") or "") for host, runner in runners.items()}
        found = closing_lines(states, run, directory, sites, not self._task.check_mode)
        return ["", *found] if found else []

    def _summary(self, variables: dict[str, t.Any], host: str) -> dict[str, t.Any]:
        """What the run has found and done on a host."""
        own = variables_of(self, variables, host)
        values = host_values(self, variables, host)
        return runner_summary(
            plain(results.stages(own, host)), values["gitpod_runner_name"], values["gitpod_region"] or ""
        )

    def _write(self, directory: pathlib.Path, fleet: Fleet, lines: list[str]) -> list[str]:
        """The files; where they cannot be written, what was found is shown all the same."""
        contents = documents(fleet)
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for name, content in contents.items():
                write_text(directory / name, content)
        except OSError as error:
            self._display.display(block(["", *lines, ""]))
            raise AnsibleActionFail(
                f"Could not write the reports: {error}. Set gitpod_artifact_directory to a writable directory."
            ) from error
        return sorted(str(directory / name) for name in contents)
