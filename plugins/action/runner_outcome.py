# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the run ended for the task's host: its results together, and a failure where something failed."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
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

OUTCOMES = ("run", "wait", "verification", "acceptance", "status", "gate", "batch", "failure", "needed")
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
        result.update(runner_summary(stages, values["gitpod_runner_name"], values["gitpod_region"] or ""))
        failure = stages["failure"]
        if failure:
            result.update(failed=True, msg=printable(f"{failure['task']}: {failure['message']}"))
        return result

    def _part(self, of: str, variables: t.Mapping[str, t.Any], host: str) -> Result:
        """What one read of the fleet, or one decision, means for the host."""
        if of == "wait":
            return _waited(results.of_fleet(variables, results.WAIT, host))
        if of == "status":
            return _status(plain(results.of_fleet(variables, "gitpod_status_result", host)))
        if of == "verification":
            return self._verdict(variables, host)
        if of == "acceptance":
            return dict(plain(results.of_fleet(variables, results.ACCEPTANCE, host)))
        if of == "failure":
            return _remembered(variables)
        if of == "needed":
            return _failed(nothing_needed(variables))
        seen = plain(results.look(variables, host)) if of == "gate" else {}
        return {**seen, **_failed(results.refused(variables, host))}

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


def _waited(parts: t.Mapping[str, t.Any]) -> Result:
    """The parts that were waited for; the first that failed is the failure. What they warn of is the host's."""
    found: Result = dict(plain(parts))
    warnings = [told for part in found.values() if isinstance(part, dict) for told in part.get("warnings") or []]
    if warnings:
        found["warnings"] = warnings
    failed = next((part for part in found.values() if isinstance(part, dict) and part.get("failed")), None)
    if failed:
        found.update(failed=True, msg=printable(str(failed.get("msg") or "")), stack=failed.get("stack") or {})
    return found


def _remembered(variables: t.Mapping[str, t.Any]) -> Result:
    """What brought the host into a rescue; Ansible says so only where it was a task of its own."""
    task, found = variables.get("ansible_failed_task") or {}, variables.get("ansible_failed_result") or {}
    if not task:
        return {"task": "The run", "action": "", "register": "", "message": GIVEN_UP, "stack": {}}
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
    told = [check["summary"] for check in found.get("checks") or [] if check["id"] in alerts]
    return {**found, **_failed(" ".join(told) if alerts else "")}
