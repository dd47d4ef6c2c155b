# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a runner came, stage by stage. Pure: the stages' results in, states out."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import (
    Counts,
    Finding,
    findings_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import duration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import NEXT_STEPS

# The stages in their order, and under which key each one's result comes.
STAGES: t.Mapping[str, str] = {
    "prerequisites": "prerequisites",
    "certificate": "certificate",
    "registration": "registration",
    "network_endpoints": "network_endpoints",
    "privatelink": "endpoint",
    "stack": "stack",
    "dns": "dns",
    "verify": "verification",
    "acceptance": "acceptance",
}
# Told only where it was asked for.
ON_REQUEST = frozenset({"acceptance"})
# Those that judge and change nothing.
JUDGING = ("prerequisites", "verify")
PASSED, WARNING, FAILED, LEFT_OUT = "passed", "warning", "failed", "left out"
_STAGE_OF_ACTION = {
    "runner_gate": "prerequisites",
    "runner_contract": "prerequisites",
    "runner_preflight_info": "prerequisites",
    "aws_caller_info": "prerequisites",
    "runner_certificate": "certificate",
    "runner_registration": "registration",
    "runner_network_endpoints": "network_endpoints",
    "runner_endpoint": "privatelink",
    "runner_stack": "stack",
    "runner_upgrade": "stack",
    "runner_propagation_info": "dns",
    **{action.rsplit(".", 1)[-1]: "dns" for provider in registry.ALL for action in provider.actions},
    "runner_health_info": "verify",
    "runner_verification_info": "verify",
    "runner_verdict": "verify",
    "runner_acceptance": "acceptance",
}


def failed_stage(failure: t.Mapping[str, t.Any], results: t.Mapping[str, t.Any] | None = None) -> str:
    """The stage that a failed task belongs to, or empty when nothing tells.

    A task's register names its role; without one, its action tells; what a batch was waited for is no stage's own task,
    so there the results tell.
    """
    named = str(failure.get("register") or "")
    step = next((stage for stage in NEXT_STEPS if named == f"gitpod_runner_settings_{stage}_result"), "")
    if step:
        return step
    match = re.match(rf"_*gitpod_({'|'.join(STAGES)})_", named)
    if match:
        return match[1]
    named = _STAGE_OF_ACTION.get(str(failure.get("action") or "").rsplit(".", 1)[-1], "")
    if named or not failure:
        return named
    own = {stage: (results or {}).get(key) or {} for stage, key in STAGES.items() if stage not in JUDGING}
    return next((stage for stage, result in own.items() if result.get("failed")), "")


def findings(stage: str, result: t.Mapping[str, t.Any]) -> tuple[Finding, ...]:
    """What a judging stage has found."""
    if stage == "prerequisites":
        return findings_of(result.get("problems") or [], result)
    return tuple(Finding.of(check) for check in result.get("checks") or [])


def stages_of(results: t.Mapping[str, t.Any]) -> list[dict[str, str]]:
    """Each stage with its state and a few words.

    States: C(unchanged), C(changed), C(failed), C(waiting) for AWS or an approval, C(left out), C(not reached); of a
    stage that judges, C(passed) and C(warning) in place of the first two.
    """
    failure = results.get("failure") or {}
    broken = failed_stage(failure, results)
    found, reached = [], True
    for stage, key in {**STAGES, **_next_steps(results, broken)}.items():
        result = results.get(key) or {}
        if stage in ON_REQUEST and not result:
            continue
        started = results.get(f"{key}_started") or {}
        state = "failed" if failure and stage == broken else _state(stage, result, started)
        if state == "left out" and not reached:
            state = "not reached"
        # What needs the stack is not begun while it waits; an endpoint that waits holds nothing up.
        if stage == broken or (stage == "stack" and state == "waiting"):
            reached = False
        # A wait that failed saw the stack later than the task that started it.
        seen = {"stack": failure["stack"]} if stage == broken == "stack" and failure.get("stack") else {}
        found.append({"stage": stage, "state": state, "detail": _detail(stage, {**result, **seen})})
    if failure and not broken:
        # What broke is unknown: everything without a result counts as not reached.
        found = [{**entry, "state": "not reached"} if entry["state"] == "left out" else entry for entry in found]
    return found


def _next_steps(results: t.Mapping[str, t.Any], broken: str) -> dict[str, str]:
    """Those that the inventory declares: in the plan, done, or failed."""
    planned = {entry.get("stage") for entry in (results.get("prerequisites") or {}).get("plan") or []}
    return {stage: stage for stage in NEXT_STEPS if stage in planned or results.get(stage) or stage == broken}


def _state(stage: str, result: t.Mapping[str, t.Any], started: t.Mapping[str, t.Any]) -> str:
    if not result or result.get("skipped"):
        return LEFT_OUT
    if stage in JUDGING:
        return _judged(findings(stage, result), result)
    if result.get("failed") or started.get("failed"):
        return FAILED
    if result.get("operation") == "review" or result.get("in_progress"):
        return "waiting"
    return "changed" if result.get("changed") or started.get("changed") else "unchanged"


def _judged(found: t.Sequence[Finding], result: t.Mapping[str, t.Any]) -> str:
    """A stage that found nothing good has passed nothing; what the verdict does not count is a warning."""
    counts, healthy = Counts.of(found), result.get("healthy")
    if healthy is False or (healthy is None and (counts.failed or result.get("failed"))):
        return FAILED
    if counts.failed or counts.warnings:
        return WARNING
    return PASSED if counts.passed else LEFT_OUT


def _detail(stage: str, result: t.Mapping[str, t.Any]) -> str:
    """A few words on what the stage found."""
    if stage == "stack":
        return str((result.get("stack") or {}).get("status") or "")
    if stage == "privatelink":
        return str((result.get("endpoint") or {}).get("state") or "")
    if stage == "network_endpoints" and result.get("endpoints"):
        ours = sum(bool(entry.get("ours")) for entry in result["endpoints"])
        return f"{len(result['endpoints'])} endpoints, {ours} of the collection's"
    if stage == "dns" and result.get("records"):
        return f"{len(result['records'])} record{'' if len(result['records']) == 1 else 's'}"
    if stage in NEXT_STEPS and result.get("actions"):
        count = len(result["actions"])
        return f"{count} change{'s' if count > 1 else ''}"
    if stage == "acceptance":
        last = next((step for step in result.get("steps") or [] if step.get("state") == "failed"), None)
        return str(last["step"]) if last else duration(float(result.get("seconds") or 0))
    found = findings(stage, result) if stage in JUDGING else ()
    return Counts.of(found).brief
