# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the run ended for the task's host: its results together, and a failure where something failed."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.report import (
    unseen_lines,
    verdict_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Result, plain

OUTCOMES = ("run", "wait", "verification", "status", "gate", "batch")


class ActionModule(ActionBase):
    """Nothing is run anywhere."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
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
            result.update(failed=True, msg=f"{failure['task']}: {failure['message']}")
        return result

    def _part(self, of: str, variables: t.Mapping[str, t.Any], host: str) -> Result:
        """What one read of the fleet, or one decision, means for the host."""
        if of == "wait":
            return _waited(results.of_fleet(variables, results.WAIT, host))
        if of == "status":
            return _status(plain(results.of_fleet(variables, "gitpod_status_result", host)))
        if of == "verification":
            return self._verdict(variables, host)
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
            self._display.display(f"{values['gitpod_runner_name']}: {line}")
        return verdict


def _waited(parts: t.Mapping[str, t.Any]) -> Result:
    """The parts that were waited for; the first that failed is the failure. What they warn of is the host's."""
    found: Result = dict(plain(parts))
    warnings = [told for part in found.values() if isinstance(part, dict) for told in part.get("warnings") or []]
    if warnings:
        found["warnings"] = warnings
    failed = next((part for part in found.values() if isinstance(part, dict) and part.get("failed")), None)
    if failed:
        found.update(failed=True, msg=str(failed.get("msg") or ""), stack=failed.get("stack") or {})
    return found


def _failed(message: str) -> Result:
    return {"failed": True, "msg": message} if message else {}


def _status(found: t.Mapping[str, t.Any]) -> Result:
    """A failure where an area is not as it should be that the inventory lists, or where nobody could look."""
    if found.get("failed"):
        return {"failed": True, "msg": str(found.get("msg") or "")}
    alerts = found.get("alerts") or []
    told = [check["summary"] for check in found.get("checks") or [] if check["id"] in alerts]
    return {**found, **_failed(" ".join(told) if alerts else "")}
