# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the run ended for the task's host: its results together, and a failure where something failed."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import outcome
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean, printable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.report import (
    unseen_lines,
    verdict_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.controller_job import nothing_needed
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Result, plain

OUTCOMES = ("run", "wait", "verification", "acceptance", "status", "gate", "batch", "failure", "needed", "upgrade")
GIVEN_UP = (
    "Ansible gave up on this runner, though no task of its own failed: any_errors_fatal, max_fail_percentage, or a task"
    " that is run once for all failed. Look at what failed for the others, and run again"
)


class ActionModule(ControlNodeAction):
    """Nothing is run anywhere."""

    _VALID_ARGS = frozenset({"of"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Fail with the message of what failed, after everything was told."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={"of": {"type": "str", "choices": list(OUTCOMES), "default": "run"}}
        )
        variables = task_vars or {}
        host = str(variables["inventory_hostname"])
        result.update(changed=False)
        if arguments["of"] != "run":
            return {**result, **self._part(arguments["of"], variables, host)}
        stages = plain(results.stages(variables, host))
        values = host_values(self, variables)
        summary = runner_summary(stages, values["gitpod_runner_name"], values["gitpod_region"] or "")
        if not stages["failure"]:
            return {**result, **summary}
        return {**result, **printable(outcome.failed_run(summary, _page(variables)))}

    def _part(self, of: str, variables: t.Mapping[str, t.Any], host: str) -> Result:
        """What one read of the fleet, or one decision, means for the host."""
        if of == "wait":
            batch = results.registered(variables, results.BATCH).get("id") or ""
            return {**_waited(results.of_fleet(variables, results.WAIT, host)), "batch": batch}
        if of == "status":
            return _status(plain(results.of_fleet(variables, "gitpod_status_result", host)))
        if of == "verification":
            return self._verdict(variables, host)
        if of == "acceptance":
            return dict(plain(results.of_fleet(variables, results.ACCEPTANCE, host)))
        if of == "failure":
            return _remembered(variables)
        if of in ("needed", "upgrade"):
            return _failed(nothing_needed(variables)) if of == "needed" else _foreseen(variables, host)
        seen = plain(results.look(variables, host)) if of == "gate" else {}
        message = results.refused(variables, host)
        if of == "gate" and message:
            known = plain(results.of_fleet(variables, results.LOOK, host)).get("problems") or []
            return printable(outcome.refused([*known, *(seen.get("checks") or [])], message))
        return {**seen, **_failed(message)}

    def _verdict(self, variables: t.Mapping[str, t.Any], host: str) -> Result:
        """The fleet's verdict, or one that the probes' looks count in."""
        found = plain(results.of_fleet(variables, results.VERIFICATION, host))
        if not found.get("probe_hosts"):
            return dict(found)
        probes = plain((variables.get("__gitpod_verify_probes") or {}).get("results") or [])
        values = host_values(self, variables)
        verdict = verdict_of(found["seen"], values["gitpod_verify_required"], self._task.check_mode, probes)
        for line in unseen_lines(verdict):
            self._display.display(clean(f"{values['gitpod_runner_name']}: {line}"))
        return verdict


def _foreseen(variables: t.Mapping[str, t.Any], host: str) -> Result:
    """A failure where a look has found that the host cannot be upgraded, or must not be."""
    failure = results.of_fleet(variables, results.UPGRADE, host).get("failure")
    return printable(outcome.not_upgraded(str(failure))) if failure else {}


def _waited(parts: t.Mapping[str, t.Any]) -> Result:
    """The parts that were waited for; the first that failed is the failure. What they warn of is the host's."""
    found: Result = dict(plain(parts))
    warnings = [told for part in found.values() if isinstance(part, dict) for told in part.get("warnings") or []]
    if warnings:
        found["warnings"] = warnings
    failed = _failed_part(parts)
    return {**({"warnings": warnings} if warnings else {}), **outcome.failed_wait(failed)} if failed else found


def _failed_part(parts: t.Mapping[str, t.Any]) -> str:
    """The first part that failed while it was waited for, or empty."""
    found = [name for name, part in parts.items() if isinstance(part, dict) and part.get("failed")]
    return str(found[0]) if found else ""


def _page(variables: t.Mapping[str, t.Any]) -> str:
    """Where the report's page is, when one was written."""
    files = (variables.get("gitpod_report_result") or {}).get("files") or []
    return next((str(file) for file in files if str(file).endswith("fleet.html")), "")


def _remembered(variables: t.Mapping[str, t.Any]) -> Result:
    """What brought the host into a rescue; Ansible says so only where it was a task of its own."""
    task, found = variables.get("ansible_failed_task") or {}, variables.get("ansible_failed_result") or {}
    if not task:
        return {"task": "The run", "action": "", "register": "", "message": GIVEN_UP, "stack": {}}
    part = str(found.get("part") or "")
    if part in outcome.REGISTERS:
        # The task has said nothing but that it failed.
        host = str(variables.get("inventory_hostname") or "")
        waited = results.of_fleet(variables, results.WAIT, host).get(part) or {}
        found = {"msg": waited.get("msg"), "stack": waited.get("stack")}
        task = {**task, "register": outcome.REGISTERS[part], "name": f"Wait for the {part}"}
    return {
        "task": str(task.get("name") or task.get("action") or "A task"),
        "action": str(task.get("action") or ""),
        "register": str(task.get("register") or ""),
        "message": str(found.get("msg") or "The task failed without a message"),
        "stack": plain(found.get("stack") or {}),
    }


def _failed(message: str) -> Result:
    return {"failed": True, "msg": printable(message)} if message else {}


def _status(found: t.Mapping[str, t.Any]) -> Result:
    """A failure where an area is not as it should be that the inventory lists, or where nobody could look."""
    if found.get("failed"):
        return {"failed": True, "msg": printable(str(found.get("msg") or ""))}
    alerts = found.get("alerts") or []
    return outcome.needs_attention(alerts) if alerts else dict(found)
