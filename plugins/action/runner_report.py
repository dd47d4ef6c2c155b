# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the reports of a run on the control node and show the fleet, without starting a process."""

from __future__ import annotations

import pathlib
import time
import typing as t

from ansible import context
from ansible.errors import AnsibleActionFail

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import file_name, write_text
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.messages import summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.records import record_files
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.screen import WIDTH, fleet_lines
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_next import next_lines
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.documents import (
    DOCUMENT,
    of_fleet,
    of_runners,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.merge import Key, key_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.statuses import STATUS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.desired import declared
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.closing import (
    JOB_VARIABLES,
    Run,
    closing_lines,
    dashboard,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.controller_job import sliced
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.precedence import variables_of
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.report_upload import (
    Part,
    alone_in,
    kept_lines,
    known_in,
    peeked,
    status_over,
    upload,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import plain
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import TERMINAL_WIDTH, report_comes_last

# Somebody else writes the records of these providers.
KEPT_BY_OTHERS = ("manual", "external", "tasks")


def documents(fleet: Fleet) -> dict[str, str]:
    """The files' contents by name: JSON of each runner and of the fleet, Markdown, and the page."""
    return {**{name: text for _runner, name, text in of_runners(fleet)}, **of_fleet(fleet)}


class ActionModule(ControlNodeAction):
    """One JSON file a runner, one of the fleet, Markdown, the page, and the table on screen."""

    _VALID_ARGS = frozenset({"runners", "hosts", "forget", "directory"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Write unless in check mode, then show; a report tells of a run and so is never a change."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "runners": {"type": "list", "elements": "dict", "default": []},
                "hosts": {"type": "list", "elements": "str", "default": []},
                "forget": {"type": "list", "elements": "str", "default": []},
                "directory": {"type": "path"},
            }
        )
        variables, now = task_vars or {}, time.time()
        values, generated = host_values(self, variables), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        runners = plain(arguments["runners"]) + [self._summary(variables, host) for host in arguments["hosts"]]
        own = [{"as_of": generated, **runner} for runner in runners]
        title = f"Run of {time.strftime('%Y-%m-%d %H:%M %Z', time.localtime(now))}"
        fleet = Fleet.of(own, title, generated)
        part = Part(fleet, tuple(self._forgotten(variables, host) for host in arguments["forget"]))
        directory, files, kept = arguments["directory"] or values["gitpod_artifact_directory"], [], {}
        # What this run did not look at stands in the table as in the files.
        shown = part.own_over(peeked(pathlib.Path(directory)))
        lines = fleet_lines(shown, TERMINAL_WIDTH or WIDTH) if own else []
        if (own or part.forgotten) and not self._task.check_mode:
            files = self._write(pathlib.Path(directory), part, lines)
            kept = upload(self, variables, values, part, self._records(variables, own, arguments["hosts"]))
        if own:
            states = dict(zip(arguments["hosts"], (str(runner["state"]) for runner in own[-len(arguments["hosts"]) :])))
            place = directory if files else ""
            lines += self._closing(variables, states, place, [*kept_lines(kept), *next_lines(fleet.documents)])
        if own and not report_comes_last():
            self._display.rows(["", *lines, ""])
        told = {**summary(fleet), **({"report": kept} if kept else {})}
        told["needed"] = told["needed"] or sliced(variables)
        result.update(changed=False, files=files, table=lines, summary=told)
        return result

    def _forgotten(self, variables: dict[str, t.Any], host: str) -> Key:
        values = host_values(self, variables, host)
        return str(values["gitpod_region"] or ""), str(values["gitpod_runner_name"])

    def _records(
        self, variables: dict[str, t.Any], own: t.Sequence[t.Mapping[str, t.Any]], hosts: t.Sequence[str]
    ) -> dict[str, str]:
        """Files of the records that somebody else keeps, by their names below the prefix."""
        kept_elsewhere = set()
        for host in hosts:
            values = host_values(self, variables, host)
            if values["gitpod_dns_provider"] in KEPT_BY_OTHERS:
                kept_elsewhere.add((str(values["gitpod_region"] or ""), str(values["gitpod_runner_name"])))
        found = {}
        for runner in own:
            records = (runner.get("dns") or {}).get("records") or []
            if records and key_of(runner) in kept_elsewhere:
                name = file_name(str(runner["runner"]))
                found.update({f"dns/{name}-dns.{kind}": text for kind, text in record_files(records).items()})
        return found

    def _closing(
        self, variables: dict[str, t.Any], states: t.Mapping[str, str], directory: str, more: t.Sequence[str]
    ) -> list[str]:
        """The run's last lines: where the report is, and what to do next.

        :param states: by host; of runners that are given, nobody knows which hosts they are.
        :param directory: of the report's files; empty where none were written.
        :param more: where else the report is, and the guide's next steps.
        """
        sites = [dashboard(host_values(self, variables, host)["gitpod_api_endpoint"] or "") for host in states]
        run = Run.of(context.CLIARGS, any(variables.get(name) for name in JOB_VARIABLES))
        found = closing_lines(states, run, directory, sites, more)
        return ["", *found] if found else []

    def _summary(self, variables: dict[str, t.Any], host: str) -> dict[str, t.Any]:
        """What the run has found and done on a host."""
        own = variables_of(self, variables, host)
        values = host_values(self, variables, host)
        return runner_summary(
            plain(results.stages(own, host)),
            values["gitpod_runner_name"],
            values["gitpod_region"] or "",
            declared(values.everything()),
        )

    def _write(self, directory: pathlib.Path, part: Part, lines: list[str]) -> list[str]:
        """The files; where they cannot be written, what was found is shown all the same."""
        try:
            if part.forgotten and (directory / STATUS).exists():
                with alone_in(directory):
                    left = status_over(directory, [], part.fleet.generated, part.forgotten, self._display.warning)
                    write_text(directory / STATUS, left)
            if not part.fleet.runners and not (directory / DOCUMENT).exists():
                return []
            directory.mkdir(parents=True, exist_ok=True)
            with alone_in(directory):
                contents = documents(part.over(known_in(directory, self._display.warning)))
                for name, content in contents.items():
                    write_text(directory / name, content)
        except OSError as error:
            self._display.rows(["", *lines, ""])
            raise AnsibleActionFail(
                f"Could not write the reports: {error}. Set gitpod_artifact_directory to a writable directory."
            ) from error
        return sorted(str(directory / name) for name in contents)
