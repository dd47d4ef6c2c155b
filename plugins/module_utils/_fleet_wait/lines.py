# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch's wait as one line, and one line for what a runner has to say. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.estimate import time_left
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.model import (
    CERTIFICATE,
    DONE,
    ENDPOINT,
    FAILED,
    GOING,
    KINDS,
    NETWORK,
    NOUNS,
    STACK,
    Course,
    Part,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import duration

WIDTH = 100
WELL = {STACK: "complete", NETWORK: "available", ENDPOINT: "available", CERTIFICATE: "issued"}
Parts = t.Sequence[Part]
MINUTES, EXACT = 60, 600


def fleet_line(parts: Parts, courses: t.Sequence[Course] = (), width: int = WIDTH) -> str:
    """How far all are: of each kind that still goes on, or at the end of all.

    The least important goes first until the line fits: states of endpoints, the stack's resource, other kinds.

    :param courses: of stacks that are complete.
    :param width: columns there are.
    """
    kinds = [kind for kind in KINDS if _of(parts, kind, GOING)] or [kind for kind in KINDS if _of(parts, kind)]
    lines = [
        "; ".join(_told(parts, kind, courses, detail) for kind in (kinds if others else kinds[:1]))
        for detail, others in ((2, True), (1, True), (1, False), (0, False))
    ]
    return next((line for line in lines if len(line) <= width), lines[-1])


def first_line(parts: Parts) -> str:
    """What is waited for. Said before anybody breaks it off: Ansible then shows nothing of its tasks any more."""
    counts = [(kind, len(_of(parts, kind))) for kind in KINDS]
    told = [f"{count} {NOUNS[kind][count > 1]}" for kind, count in counts if count]
    return f"waiting for {', '.join(told)}; if this is broken off, AWS goes on and the next run attaches"


def essence(parts: Parts) -> t.Hashable:
    """What has to change for a new line; time alone is none."""
    return tuple((part.outcome, part.state, part.snapshot.essence if part.snapshot else None) for part in parts)


def _of(parts: Parts, kind: str, *outcomes: str) -> list[Part]:
    return [part for part in parts if part.kind == kind and (not outcomes or part.outcome in outcomes)]


def _told(parts: Parts, kind: str, courses: t.Sequence[Course], detail: int) -> str:
    """One kind: how many of how many, and what the slowest is at."""
    told = [f"{NOUNS[kind][1]}: {len(_of(parts, kind, DONE))} of {len(_of(parts, kind))} done"]
    failed, going = len(_of(parts, kind, FAILED)), _of(parts, kind, GOING)
    told += [f"{failed} failed"] if failed else []
    return ", ".join(told + (_stacks(going, courses, detail) if kind == STACK else _states(going, detail)))


def _states(going: Parts, detail: int) -> list[str]:
    """What others than stacks are at; the state that most are in."""
    states = [part.state for part in going if part.state]
    if not states or detail < 2:  # noqa: PLR2004 - full detail
        return []
    most = max(sorted(set(states)), key=states.count)
    first = next(part for part in going if part.state == most)
    more = f" and {states.count(most) - 1} more" if states.count(most) > 1 else ""
    return [f"{first.host}{more} {most}"]


def _stacks(going: Parts, courses: t.Sequence[Course], detail: int) -> list[str]:
    backwards = [part for part in going if part.snapshot and part.snapshot.rolling_back]
    forwards = [part for part in going if part not in backwards]
    told = [f"{len(backwards)} rolling back"] if backwards else []
    slowest = _slowest(forwards, courses) or _slowest(backwards, courses)
    if slowest is None or slowest.snapshot is None:
        return told
    snapshot = slowest.snapshot
    resource = f" {snapshot.resource}" if snapshot.resource and detail else ""
    adjective = " slowest" if len(going) > 1 and slowest in forwards else ""
    told.append(f"{slowest.host}{adjective} ({snapshot.done}/{snapshot.total}{resource})")
    left = time_left(slowest, courses)
    return [*told, f"about {_rounded(left)} left"] if left else told


def _slowest(going: Parts, courses: t.Sequence[Course]) -> Part | None:
    """The one that will end last: first those of which nobody can say when."""
    ranked = [(_rank(part, courses), part) for part in going if part.snapshot]
    return max(ranked, key=lambda entry: entry[0])[1] if ranked else None


def _rank(part: Part, courses: t.Sequence[Course]) -> tuple[bool, float, float]:
    left = time_left(part, courses)
    snapshot = part.snapshot
    share = snapshot.done / snapshot.total if snapshot and snapshot.total else 0.0
    return (left is None, left or 0.0, -share)


def _rounded(seconds: float) -> str:
    """An estimate, no more exact than it is: tens of seconds, and from ten minutes on minutes."""
    if seconds >= EXACT:
        return f"{round(seconds / MINUTES)}m"
    return duration(max(10, round(seconds / 10) * 10))


def rollback_line(part: Part) -> str:
    """A stack begins to roll back."""
    after = duration(part.snapshot.elapsed) if part.snapshot else ""
    return f"{part.host}: stack begins to roll back" + (f" after {after}" if after else "")


def end_line(part: Part, result: t.Mapping[str, t.Any], waited: float) -> str:
    """A runner's stack, endpoint or certificate ended, or is not waited for any longer.

    :param waited: seconds that it was waited for.
    """
    after = f"after {duration(_seconds(part, result, waited))}"
    if not result.get("failed"):
        return f"{part.host}: {NOUNS[part.kind][0]} {WELL[part.kind]} {after}"
    return f"{part.host}: {NOUNS[part.kind][0]} failed {after}: {cause(result)}"


def _seconds(part: Part, result: t.Mapping[str, t.Any], waited: float) -> float:
    """How long the operation took, where that is known."""
    ends = [entry["end"] for entry in result.get("timeline") or []]
    if ends and not result.get("in_progress"):
        return float(max(ends))
    return part.snapshot.elapsed if part.snapshot else waited


def cause(result: t.Mapping[str, t.Any]) -> str:
    """Why a part failed, in AWS's words where there are some."""
    root = result.get("root_cause")
    if root:
        return f"{root['logical_id']} {root['status']}: {root['reason'] or 'no reason given'}"
    return str(result.get("msg", ""))
