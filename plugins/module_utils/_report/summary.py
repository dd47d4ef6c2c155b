# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has found and done on one runner, as the document that its JSON file holds. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import Counts, Finding
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.changes import (
    summary as changes_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.stages import (
    FAILED,
    failed_stage,
    findings,
    stages_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_next import undeclared

# Within a version keys and values are only added (docs/report.md).
SCHEMA_VERSION = 1
STACK_KEYS = ("name", "id", "status", "status_reason", "creation_time")
# From where a check was made, and what was measured.
CHECK_KEYS = ("vantage", "evidence")
CERTIFICATE_KEYS = ("arn", "status", "not_after", "requested")
# What of an acceptance a report has; of each step all.
ACCEPTANCE_KEYS, ACCEPTANCE_STEP_KEYS = ("accepted", "seconds", "warnings"), ("step", "state", "seconds", "detail")
REGISTRATION_KEYS = ("id", "runner_id", "name", "phase", "version")
STATES = ("failed", "waiting", "unverified", "verified")


def _certificate(found: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the stage handed on; empty when it had nothing to find or to request."""
    if not found.get("certificate_arn"):
        return {}
    return _chosen({**found, "arn": found["certificate_arn"]}, CERTIFICATE_KEYS)


def _chosen(source: t.Mapping[str, t.Any] | None, keys: t.Sequence[str]) -> dict[str, t.Any]:
    return {key: source[key] for key in keys if source and source.get(key) is not None}


def _dns(found: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The records, and among them those that somebody was asked to add."""
    records = found.get("records") or []
    awaited = list(found.get("awaited_records") or [])
    told = {"names": [str(record["name"]) for record in records], "records": list(records)}
    return {**told, **({"awaited_records": awaited} if awaited else {})} if records else {}


def _acceptance(found: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The proof with its steps and their times; empty where none was asked for."""
    if not found.get("steps"):
        return {}
    steps = [_chosen(step, ACCEPTANCE_STEP_KEYS) for step in found["steps"]]
    environment = _chosen(found.get("environment"), ("name", "class", "repository"))
    return {**_chosen(found, ACCEPTANCE_KEYS), "environment": environment, "steps": steps}


def _registration(stages: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The runner as the management plane knows it; an acceptance asks it too, and nobody for the stack."""
    found = (stages.get(stage) or {} for stage in ("registration", "acceptance"))
    return _chosen(next((result["runner"] for result in found if result.get("runner")), None), REGISTRATION_KEYS)


def _verification(verification: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The verdict, and the checks by their documented keys."""
    found = findings("verify", verification)
    checks = {"checks": _verified(verification["checks"], found)} if found else {}
    return {**_chosen(verification, ("healthy", "missing", "certificate")), **checks}


def runner_summary(
    stages: t.Mapping[str, t.Any], runner: str, region: str, declared: t.Container[str] | None = None
) -> dict[str, t.Any]:
    """What the stages' results say about one runner, as plain data that holds no secrets.

    :param stages: results by the values of `STAGES`, what was started by C(stack_started) and C(endpoint_started), and
        C(failure); C(verified) is what the verification has seen of the stack. Each may be empty. Keys are picked by
        name, so that nothing unexpected reaches a report.
    :param declared: kinds of settings that the inventory lists; C(None) says nothing of next steps.
    """
    stack = stages.get("stack") or _verified_stack(stages.get("verified") or {})
    endpoint, verification = stages.get("endpoint") or {}, stages.get("verification") or {}
    failure = stages.get("failure") or {}
    prerequisites = stages.get("prerequisites") or {}
    summary: dict[str, t.Any] = {
        "schema_version": SCHEMA_VERSION,
        "region": region,
        "runner": runner,
        "stages": stages_of(stages),
        "prerequisites": {"checks": [finding.as_result() for finding in findings("prerequisites", prerequisites)]},
        "stack": _stack(stack, stages.get("stack_started") or {}, failure.get("stack") or {}),
        "release": _release(stack, prerequisites.get("release") or {}),
        "load_balancer": _chosen(
            stack.get("load_balancer"), ("arn", "dns_name", "canonical_hosted_zone_id", "scheme", "state")
        ),
        "dns": _dns(stages.get("dns") or {}),
        "endpoint": _chosen(endpoint.get("endpoint"), ("id", "state", "service_name", "dns_entries")),
        "certificate": _certificate(stages.get("certificate") or {}),
        "registration": _registration(stages),
        "verification": _verification(verification),
    }
    acceptance = _acceptance(stages.get("acceptance") or {})
    if acceptance:
        summary["acceptance"] = acceptance
    if failure:
        summary["failure"] = {**_chosen(failure, ("task", "message")), "stage": failed_stage(failure, stages)}
    summary["state"] = state_of(summary)
    summary["checks"] = check_counts(summary)
    steps = [] if declared is None else undeclared(declared, summary["state"] == "failed")
    return {**summary, "next_steps": steps} if steps else summary


def _verified_stack(seen: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The stack as the verification has seen it, where no stage of this run had to do with it."""
    stack = seen.get("stack")
    if not stack:
        return {}
    kept = {key: seen[key] for key in ("outputs", "load_balancer") if seen.get(key)}
    return {"stack": stack, "release_version": stack.get("release_version") or "", **kept}


def state_of(runner: t.Mapping[str, t.Any]) -> str:
    """One word for a runner: C(failed), C(waiting) for an approval or for AWS, C(verified), C(unverified)."""
    healthy = (runner.get("verification") or {}).get("healthy")
    stages = [stage.get("state") for stage in runner.get("stages") or []]
    if runner.get("failure") or healthy is False or FAILED in stages:
        return "failed"
    if "waiting" in stages:
        return "waiting"
    accepted = (runner.get("acceptance") or {}).get("accepted")
    return "verified" if healthy is True or (healthy is None and accepted is True) else "unverified"


def check_counts(runner: t.Mapping[str, t.Any]) -> dict[str, dict[str, int]]:
    """How many checks of a runner's document there are of each kind, by the stage that made them."""
    found = {stage: (runner.get(stage) or {}).get("checks") or [] for stage in ("prerequisites", "verification")}
    return {stage: Counts.of(map(Finding.of, checks)).as_result() for stage, checks in found.items()}


def _verified(checks: t.Sequence[t.Mapping[str, t.Any]], found: t.Sequence[Finding]) -> list[dict[str, t.Any]]:
    """The verification's checks by their documented keys."""
    return [{**finding.as_result(), **_chosen(check, CHECK_KEYS)} for check, finding in zip(checks, found)]


def _release(stack: t.Mapping[str, t.Any], seen: t.Mapping[str, t.Any]) -> str:
    """The release that the stack has: as it was told last, or as the look before has found it; empty is not known."""
    return str(stack.get("release_version") or seen.get("deployed") or "")


def _stack(
    stack: t.Mapping[str, t.Any], started: t.Mapping[str, t.Any], seen: t.Mapping[str, t.Any]
) -> dict[str, t.Any]:
    """The stack as it was seen last; a wait that failed saw it later than the task that started it."""
    found = {
        **_chosen(stack, ("operation", "release_version", "outputs", "timeline")),
        # The wait attaches to what the start began.
        **_chosen(started, ("operation",)),
        **_chosen(stack.get("stack"), STACK_KEYS),
        **_chosen(seen, STACK_KEYS),
    }
    if stack.get("operation") == "review":
        found["changes"] = changes_of(stack.get("changes") or [])
    timeline = found.get("timeline") or []
    if timeline:
        found["duration"] = max(float(entry["end"]) for entry in timeline)
    return found
