# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan hands on to the next node of a controller's workflow: small, and complete for who approves it. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import FAIL, WARN, Finding
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.gate import Gate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.model import (
    HELD,
    IDLE,
    REFUSED,
    TO_DO,
    Runner,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.wrapping import shortened

SCHEMA_VERSION = 1
# Of one runner; a fleet of fifty, each with as much, stays below 200 kB.
MOST_REASONS, MOST_PROBLEMS, MOST_BYTES = 12, 8, 240


def plan_artifact(found: Gate, sliced: bool = False) -> dict[str, t.Any]:
    """The artifact C(gitpod_plan_result).

    :param sliced: whether this job saw a part of the fleet only. A workflow keeps the artifacts of one slice, which
        cannot know what the others found, so something counts as needed.
    """
    states = {runner.host: found.state(runner) for runner in found.runners}
    to_do = [host for host, state in states.items() if state == TO_DO]
    return {
        "schema_version": SCHEMA_VERSION,
        "needed": bool(sliced or to_do),
        "headline": headline(list(states.values())),
        "states": {state: list(states.values()).count(state) for state in dict.fromkeys(states.values())},
        "message": shortened(found.decision.message, 2 * MOST_BYTES),
        "runners": [_row(runner, states[runner.host]) for runner in found.runners],
    }


def headline(states: t.Sequence[str]) -> str:
    """How many runners are in which state.

    :param states: of each runner.
    """
    told = [f"{states.count(state)} {state}" for state in (TO_DO, IDLE, REFUSED, HELD) if state in states]
    return f"{len(states)} runner{'' if len(states) == 1 else 's'}: {', '.join(told)}" if told else "no runners"


def _row(runner: Runner, state: str) -> dict[str, t.Any]:
    """One runner: what will be done and why, and what is wrong with what to do; what there is none of is left out."""
    row: dict[str, t.Any] = {"host": runner.host, "runner": runner.name, "region": runner.region, "state": state}
    if runner.release:
        row["release"] = shortened(runner.release, MOST_BYTES)
    if state == TO_DO:
        row["actions"] = {stage.stage: stage.action for stage in runner.needed}
        reasons = [shortened(f"{stage.stage}: {text}", MOST_BYTES) for stage in runner.needed for text in stage.reasons]
        row["changes"] = most(reasons, MOST_REASONS)
    problems = [_problem(entry) for status in (FAIL, WARN) for entry in runner.findings if entry.status == status]
    if problems:
        row["problems"] = problems[:MOST_PROBLEMS]
        row["further_problems"] = max(0, len(problems) - MOST_PROBLEMS)
    return row


def most(texts: list[str], limit: int) -> list[str]:
    """The texts, or the first of them and how many more there are."""
    return texts if len(texts) <= limit else [*texts[: limit - 1], f"and {len(texts) - limit + 1} more"]


def _problem(finding: Finding) -> dict[str, str]:
    texts = {"summary": finding.summary, "remediation": finding.remediation}
    cut = {key: shortened(text, MOST_BYTES) for key, text in texts.items()}
    return {"id": finding.id, "status": finding.status, **cut}
