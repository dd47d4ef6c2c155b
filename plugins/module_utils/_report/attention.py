# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person has to act on: causes, each once for all runners of which the same is true. Pure.

Texts of two runners are the same where they differ in nothing but the runner's own name, domain and region.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import FAIL, Finding
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import (
    DOMAIN,
    REGION,
    RUNNER,
    anyones,
    clean,
)

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Runner

FAILED, WAITING = "failed", "waiting"
ATTENTION = (FAILED, WAITING)
# What the verification finds is no consequence of a failure in one of these; before them, much is not there yet.
LATER = ("", "verify", "acceptance")
# Title, message, and the checks that failed.
Why = tuple[str, str, tuple[Finding, ...]]


@dataclasses.dataclass(frozen=True)
class Attention:
    """What a person has to act on, once for all runners of which the same is true.

    :param state: C(failed) or C(waiting).
    :param title: what failed, or what is waited for.
    :param message: why, whole; it may have several lines.
    :param problems: checks that failed and that the message has no more of.
    """

    state: str
    title: str
    message: str
    problems: tuple[Finding, ...]
    runners: tuple[Runner, ...]


def attention_of(runners: t.Iterable[Runner]) -> tuple[Attention, ...]:
    """What failed in a stage, then who others' failures hold back, then what waits; in the order of the runners."""
    found: dict[tuple[str, Why], list[Runner]] = {}
    for runner in sorted(runners, key=_urgency):
        if runner.state in ATTENTION:
            found.setdefault((runner.state, _anyones(_why(runner), runner)), []).append(runner)
    return tuple(
        Attention(state, *(_why(own[0]) if len(own) == 1 else shared), tuple(own))
        for (state, shared), own in found.items()
    )


def problems_of(runner: Runner) -> tuple[Finding, ...]:
    """The checks that failed, without those that only say that nothing was deployed where the deployment failed."""
    failure = runner.failure
    consequences = failure is not None and failure.stage not in LATER and not _stands(runner)
    seen = runner.prerequisites if consequences else (*runner.prerequisites, *runner.verification)
    return tuple(finding for finding in seen if finding.status == FAIL)


def _stands(runner: Runner) -> bool:
    """Whether there is a stack that was complete once."""
    status = str(runner.document["stack"].get("status") or "")
    return status == "CREATE_COMPLETE" or status.startswith(("UPDATE_", "IMPORT_"))


def _urgency(runner: Runner) -> tuple[bool, bool]:
    return runner.state != FAILED, bool(runner.failure and not runner.failure.stage)


def _why(runner: Runner) -> Why:
    problems = problems_of(runner)
    failure = runner.failure
    if failure:
        missing = set(runner.document["verification"].get("missing") or []) - {finding.id for finding in problems}
        message = failure.message if missing else _before(failure.message, problems)
        return f"{failure.task} failed", message, problems
    if runner.state == WAITING:
        waiting = ", ".join(stage.name for stage in runner.stages if stage.state == WAITING)
        return f"Waiting: {waiting}", _awaited(runner), problems
    broken = ", ".join(stage.name for stage in runner.stages if stage.state == FAILED)
    return f"Failed: {broken or 'verification'}", "", problems


def _awaited(runner: Runner) -> str:
    """The records that somebody is to add, or how the stack stands."""
    records = runner.document["dns"].get("awaited_records") or []
    told = [" ".join(clean(record.get(key) or "") for key in ("name", "type", "value")) for record in records]
    return "\n".join(["Add these records where the domain is kept:", *told]) if told else runner.stack


def _before(message: str, problems: t.Sequence[Finding]) -> str:
    """A message up to where it begins to list the problems, which are listed beside it, whole.

    They are written C([id] ...) by the verification and C(id: ...), perhaps with a variable, by the gate.
    """
    places = [
        message.find(form)
        for finding in problems
        for form in (f" [{finding.id}] ", f" {finding.id}: ", f" {finding.id} (")
    ]
    begins = [place for place in places if place > 0]
    return message[: min(begins)].rstrip(" :") if begins else message


def _anyones(why: Why, runner: Runner) -> Why:
    """The same without what is the runner's own."""
    title, message, problems = why
    return (
        _own(title, runner),
        _own(message, runner),
        tuple(
            dataclasses.replace(
                finding,
                summary=_own(finding.summary, runner),
                remediation=_own(finding.remediation, runner),
            )
            for finding in problems
        ),
    )


def _own(text: str, runner: Runner) -> str:
    stack = str(runner.document["stack"].get("name") or "")
    return anyones(text, {runner.region: REGION, stack: RUNNER, runner.name: RUNNER, runner.domain: DOMAIN})
