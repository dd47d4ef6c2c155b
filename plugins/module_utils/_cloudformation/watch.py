# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for an operation: few calls, every failure told at once, nothing lost when a look fails."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import advice
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.events import (
    DELETING,
    Event,
    History,
    failures,
    previous_duration,
    progress,
    stack_status,
    timeline,
    told_by_the_stack,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.status import (
    meaning,
    rolling_back,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._credentials import EXPIRED_CODES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    RunnerError,
    TimeoutExceededError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import Snapshot, remaining_seconds
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.tokens import (
    NEXT_STEP as NEW_TOKEN,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.tokens import token_problem
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api

# One call a look, and one more every sixth: 7 to 8 looks a minute stay under 20 calls.
PACE = Pace(first=2.0, longest=8.0, growth=1.4)
LOOKS_BETWEEN_DESCRIBES = 6
# When the end is expected within so many seconds, or within this share of what it took until now (a minute at most),
# pauses shrink, so that it is not seen seconds late: to a fifth for a number of looks, then to two fifths for as many,
# as the calls are limited, and the estimate is rough: it counts resources of the template whose condition is not met.
# Measured: with a fifth alone, the looks were used up before the end of a stack of 600 s, which was then seen 4 s late.
NEAR, NEAR_SHARE, MOST_NEAR, CLOSE_LOOKS, CLOSER = 20.0, 0.1, 60.0, 60, (0.2, 0.4)
LOST_LOOKS_IN_A_ROW = 5
# Reads lag behind writes by a few seconds: until an event of the operation is seen, the status of before says nothing.
STALE_LOOKS = 5


@dataclasses.dataclass(frozen=True)
class Watching:
    """How to wait.

    :param timeout: longest wait in seconds.
    :param expected: resources that the operation touches, as far as known.
    :param previous: seconds that the previous deployment took, or C(None).
    :param observe: is told how far the operation is, at every look.
    """

    timeout: float
    fail_fast: bool = True
    expected: int = 0
    previous: float | None = None
    clock: Clock = dataclasses.field(default_factory=Clock)
    pace: Pace = PACE
    observe: t.Callable[[Snapshot], None] = lambda _snapshot: None
    epoch: t.Callable[[], float] = time.time


class Haste:
    """Closer looks near the expected end, as far as whoever shares the limit of calls leaves room for them."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._near, self._looks = clock, False, 0

    def heed(self, remaining: float | None, elapsed: float) -> None:
        """How many seconds are left, as far as known, and how many have passed."""
        near = max(NEAR, min(MOST_NEAR, NEAR_SHARE * elapsed))
        self._near = remaining is not None and remaining <= near and self._looks < CLOSE_LOOKS * len(CLOSER)
        self._looks += self._near

    def stretch(self) -> float:
        """How many times longer the next pause is."""
        if not self._near:
            return self._clock.stretch()
        share = CLOSER[(self._looks - 1) // CLOSE_LOOKS]
        return max(self._clock.stretch() * share, self._clock.least())


class OperationFailedError(RunnerError):
    """The operation failed, or is failing while AWS still undoes it."""


def failed(stack: Stack, events: t.Sequence[Event], status: str, deleting: bool = False) -> OperationFailedError:
    """The error that tells the root cause, what else failed, what AWS does now, and what the next run does.

    :param events: of the operation, oldest first.
    """
    found = failures(events)
    cause = str(found[0]) if found else _cause(stack, events, status, deleting)
    others = [str(failure) for failure in found[1:]]
    why = cause + (f". Also failed: {'; '.join(others)}" if others else "")
    about_a_token = token_problem(why)
    after = advice.after_a_deletion([failure.resource for failure in found], status) if deleting else ""
    taken = "" if deleting or about_a_token else advice.about_a_name(cause)
    after = f"{taken}. {advice.after(status)}" if taken else after
    return OperationFailedError(
        f"The deletion of the stack {stack.name} failed" if deleting else f"The stack {stack.name} failed",
        why,
        f"{advice.now(status)}. {after or (NEW_TOKEN if about_a_token else advice.after(status))}",
        {
            "root_cause": found[0].as_result() if found else None,
            "other_failures": [failure.as_result() for failure in found[1:]],
            "in_progress": meaning(status).in_progress or not status.endswith(("_COMPLETE", "_FAILED")),
            "stack": stack.as_result(),
            "timeline": timeline(events),
            **({"exchange_token_problem": about_a_token} if about_a_token else {}),
        },
    )


def _cause(stack: Stack, events: t.Sequence[Event], status: str, deleting: bool) -> str:
    """Where no resource has failed, the stack itself tells, in an event of its own or in its status."""
    told = told_by_the_stack(events) or stack.status_reason
    if not told and status.startswith("DELETE") and not deleting:
        return "It was deleted meanwhile, by another run or by somebody"
    return told or "AWS gives no reason"


def wait(api: Api, stack: Stack, history: History, watching: Watching, before: str = "") -> Stack:
    """Wait until AWS is done; the stack as it is then.

    :param before: the status in which the operation was begun; seen again, it may be a read that lags behind.
    :raises OperationFailedError: at the first real failure with C(fail_fast), otherwise never: the caller judges.
    :raises TimeoutExceededError: AWS was not done in time; the operation goes on.
    :raises RunnerError: the credentials expired; the operation goes on.
    """
    lost = 0
    current = stack
    if watching.previous is None and stack.status.startswith("UPDATE"):
        watching = dataclasses.replace(watching, previous=_previous(api, stack))
    haste = Haste(watching.clock)
    clock = dataclasses.replace(watching.clock, stretch=haste.stretch)
    for looks, _elapsed in enumerate(poll(clock, watching.timeout, watching.pace)):
        try:
            history.read()
            status = stack_status(history.own)
            going_on = status.endswith("_IN_PROGRESS")
            if looks % LOOKS_BETWEEN_DESCRIBES == 0 or not going_on or not meaning(current.status).in_progress:
                current = api.stack(stack.id)
            lost = 0
        except ApiError as error:
            lost = _count_lost(error, lost, stack)
            continue
        seen = _snapshot(history, current, watching)
        haste.heed(seen.remaining, seen.elapsed)
        watching.observe(seen)
        if watching.fail_fast and (failures(history.events) or _turned(stack, current.status, status)):
            told = current.status if rolling_back(current.status) else status or current.status
            raise failed(current, history.events, told)
        lagging = current.status == before and (going_on or (not history.own and looks < STALE_LOOKS))
        if not meaning(current.status).in_progress and not lagging:
            history.read()
            return current
    raise _late(current, history, watching)


def _late(stack: Stack, history: History, watching: Watching) -> TimeoutExceededError:
    return TimeoutExceededError(
        f"The stack {stack.name} is still {stack.status} after {watching.timeout:.0f} s",
        "AWS goes on with it",
        "Run again to go on waiting, or allow more time (gitpod_stack_timeout)",
        {"in_progress": True, "stack": stack.as_result(), "timeline": timeline(history.events)},
    )


def _turned(stack: Stack, current: str, told: str) -> bool:
    """Whether AWS undoes or deletes what was to come about, whatever the resources tell.

    A rollback's cause may be the stack's alone; a creation may be deleted instead (OnFailure, or somebody else).
    """
    deleted = current == DELETING and stack.status != DELETING
    return deleted or rolling_back(told)


def _previous(api: Api, stack: Stack) -> float | None:
    """For the estimate only; without it there is another."""
    try:
        return previous_duration(api.client, stack.id)
    except ApiError:
        return None


def _count_lost(error: ApiError, lost: int, stack: Stack) -> int:
    """Another lost look; too many, or expired credentials, end the wait and not the operation."""
    if error.code in EXPIRED_CODES:
        raise RunnerError(
            f"The credentials expired while waiting for the stack {stack.name}",
            "AWS goes on with the operation by itself",
            "Renew them and run again: the run attaches to what is going on, and starts nothing twice."
            " A profile with a role (gitpod_aws_profile) renews its credentials by itself",
            {"in_progress": True},
        ) from error
    if lost + 1 >= LOST_LOOKS_IN_A_ROW:
        raise RunnerError(
            f"The stack {stack.name} could not be watched any longer",
            error.message,
            "AWS goes on with the operation; run again to attach to it",
            {"in_progress": True},
        ) from error
    return lost + 1


def _snapshot(history: History, stack: Stack, watching: Watching) -> Snapshot:
    counted = progress(history.events, watching.expected)
    elapsed = max(0.0, watching.epoch() - counted.started) if counted.started else 0.0
    return Snapshot(
        status=stack.status,
        done=counted.done,
        # Resources whose condition is not met never come; at the end what came is all there is.
        total=counted.total if meaning(stack.status).in_progress else counted.done,
        resource=counted.last.resource if counted.last else "",
        resource_status=counted.last.status if counted.last else "",
        elapsed=elapsed,
        remaining=remaining_seconds(elapsed, counted.done, counted.total, watching.previous),
        rolling_back=counted.rolling_back,
    )
