# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch's wait says: one line for all that fits, with an estimate that the finished regions support."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.estimate import time_left
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.lines import (
    end_line,
    essence,
    first_line,
    fleet_line,
    rollback_line,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.model import (
    DONE,
    ENDPOINT,
    FAILED,
    STACK,
    Course,
    Part,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import Snapshot
from tests.fleet import REGIONS

RESOURCES = 42
# Forty quick resources in the first two minutes, a cache cluster after ten, the service after twenty.
COURSE = Course("CREATE", (*(3.0 * number for number in range(1, 41)), 600.0, 1200.0))


def name(number: int) -> str:
    return f"gitpod-{REGIONS[number % len(REGIONS)]}" + (f"-{number // len(REGIONS)}" if number >= len(REGIONS) else "")


def stack(number: int, done: int, elapsed: float, reached_at: float, **more: t.Any) -> Part:
    resource = "RunnerService" if done < 41 else "ProxyService"
    snapshot = Snapshot("CREATE_IN_PROGRESS", done, RESOURCES, resource, "CREATE_IN_PROGRESS", elapsed, **more)
    return Part(name(number), STACK, snapshot=snapshot, reached_at=reached_at)


def fleet(count: int, done: int) -> list[Part]:
    """So many stacks of which some are complete; of the others, the last is furthest behind."""
    going = [stack(number, 41, 700, 620) for number in range(done, count - 1)]
    return [*(Part(name(number), STACK, DONE) for number in range(done)), *going, stack(count - 1, 31, 700, 93)]


@pytest.mark.parametrize(
    ("count", "done", "expected"),
    [
        (3, 1, "stacks: 1 of 3 done, gitpod-us-west-1 slowest (31/42 RunnerService), about 18m left"),
        (16, 11, "stacks: 11 of 16 done, gitpod-sa-east-1 slowest (31/42 RunnerService), about 18m left"),
        (50, 30, "stacks: 30 of 50 done, gitpod-us-east-2-3 slowest (31/42 RunnerService), about 18m left"),
    ],
)
def test_one_line_tells_how_far_all_are_who_is_slowest_and_how_long_it_takes(
    count: int, done: int, expected: str
) -> None:
    line = fleet_line(fleet(count, done), [COURSE])
    assert line == expected
    assert len(line) <= 100


@pytest.mark.parametrize("count", [3, 16, 50])
@pytest.mark.parametrize("width", [80, 100])
def test_the_line_fits_and_keeps_the_counts_and_the_slowest(count: int, width: int) -> None:
    parts = [*fleet(count, 1), *(Part(name(number), ENDPOINT, state="pendingAcceptance") for number in range(count))]
    line = fleet_line(parts, [COURSE], width)
    assert len(line) <= width
    assert line.startswith(f"stacks: 1 of {count} done, {name(count - 1)} slowest (31/42")
    assert line.endswith("left") or "endpoints: 0 of" in line


def test_names_that_never_fit_cost_the_details_and_nothing_else() -> None:
    long = dataclasses.replace(stack(0, 31, 700, 93), host="r" * 63)
    line = fleet_line([long, stack(1, 41, 700, 620)], [COURSE], 80)
    assert line == f"stacks: 0 of 2 done, {'r' * 63} slowest (31/42), about 18m left"
    assert len(line) <= 160


def test_before_the_first_look_there_are_counts_and_nothing_else() -> None:
    assert fleet_line([Part(name(0), STACK), Part(name(1), STACK)]) == "stacks: 0 of 2 done"


def test_the_first_line_says_what_is_waited_for_and_what_happens_when_it_is_broken_off() -> None:
    parts = [Part(name(0), STACK), Part(name(1), STACK), Part(name(0), ENDPOINT)]
    line = first_line(parts)
    assert line == "waiting for 2 stacks, 1 endpoint; if this is broken off, AWS goes on and the next run attaches"
    assert len(line) <= 100


def test_the_last_one_is_not_called_the_slowest() -> None:
    line = fleet_line([Part(name(0), STACK, DONE), stack(1, 31, 200, 93)], [COURSE])
    assert line == "stacks: 1 of 2 done, gitpod-us-east-2 (31/42 RunnerService), about 18m left"


def test_failures_and_rollbacks_are_counted_and_a_rollback_promises_no_time() -> None:
    rolling_back = Snapshot("ROLLBACK_IN_PROGRESS", 3, 10, rolling_back=True)
    back = dataclasses.replace(stack(1, 3, 900, 900), snapshot=rolling_back)
    parts = [Part(name(0), STACK, FAILED), back, stack(2, 31, 93, 93)]
    assert fleet_line(parts, [COURSE], 120) == (
        "stacks: 0 of 3 done, 1 failed, 1 rolling back, gitpod-us-west-1 slowest (31/42 RunnerService), about 18m left"
    )
    assert fleet_line(parts[:2], [COURSE]) == "stacks: 0 of 2 done, 1 failed, 1 rolling back, gitpod-us-east-2 (3/10)"


def test_other_kinds_are_told_while_they_go_on() -> None:
    done = Part(name(0), STACK, DONE)
    waiting = [Part(name(number), ENDPOINT, state="pendingAcceptance") for number in (1, 2)]
    parts = [done, Part(name(0), ENDPOINT, DONE), *waiting, Part(name(3), ENDPOINT, state="pending")]
    assert fleet_line(parts) == "endpoints: 1 of 4 done, gitpod-us-east-2 and 1 more pendingAcceptance"
    ended = [dataclasses.replace(part, outcome=DONE) for part in parts]
    assert fleet_line(ended) == "stacks: 1 of 1 done; endpoints: 4 of 4 done"


def test_finished_regions_tell_how_long_the_others_take() -> None:
    assert time_left(stack(0, 40, 120, 120), [COURSE]) == 1080
    # As time passes without another resource, what is left gets less, but what comes after that resource does not.
    assert time_left(stack(0, 40, 420, 120), [COURSE]) == 780
    assert time_left(stack(0, 40, 4000, 120), [COURSE]) == 600
    # Half as fast so far: twice as long from here on; never more than that.
    assert time_left(stack(0, 40, 240, 240), [COURSE]) == 2160
    assert time_left(stack(0, 40, 2400, 2400), [COURSE]) == 2160
    # Between a fast and a slow region.
    slower = Course("CREATE", tuple(2 * end for end in COURSE.ends))
    assert time_left(stack(0, 0, 0, 0), [COURSE, slower]) == 1800


def test_no_estimate_without_a_reason() -> None:
    assert time_left(Part("eu", STACK), [COURSE]) is None
    # Slower than all others were.
    assert time_left(stack(0, 41, 2000, 600), [COURSE]) is None
    # Other work took other times: the stack's own progress has to do.
    updated = dataclasses.replace(COURSE, operation="UPDATE")
    assert time_left(stack(0, 31, 100, 93, remaining=35.0), [updated]) == 35
    assert time_left(stack(0, 31, 93, 93), []) is None


def test_a_course_comes_from_the_timeline() -> None:
    timeline = [
        {"resource": "B", "start": 1, "end": 20.5, "status": "CREATE_COMPLETE"},
        {"resource": "A", "start": 1, "end": 10, "status": "CREATE_COMPLETE"},
        {"resource": "C", "start": 1, "end": 30, "status": "CREATE_IN_PROGRESS"},
    ]
    assert Course.of({"stack": {"status": "CREATE_COMPLETE"}, "timeline": timeline}) == Course("CREATE", (10, 20.5))
    assert Course.of({"stack": {"status": "CREATE_COMPLETE"}, "timeline": []}) is None
    assert (COURSE.reached(0), COURSE.reached(1), COURSE.reached(99), COURSE.seconds) == (0.0, 3.0, 1200.0, 1200.0)


def test_time_alone_is_no_news() -> None:
    earlier, later, further = stack(0, 31, 100, 93), stack(0, 31, 200, 93), stack(0, 32, 200, 200)
    assert essence([earlier]) == essence([later]) != essence([further])


def test_an_end_is_one_line() -> None:
    part = stack(0, 42, 1262, 1262)
    timeline = [{"resource": "A", "type": "T", "start": 0, "end": 1264.4, "status": "CREATE_COMPLETE"}]
    assert end_line(part, {"timeline": timeline}, 5) == "gitpod-us-east-1: stack complete after 21m04s"
    assert end_line(Part("eu", ENDPOINT), {}, 62) == "eu: endpoint available after 1m02s"
    root = {"logical_id": "LoadBalancer", "status": "CREATE_FAILED", "reason": "No room"}
    failed = {"failed": True, "root_cause": root, "msg": "long", "in_progress": True, "timeline": timeline}
    assert end_line(stack(0, 5, 182, 180), failed, 5) == (
        "gitpod-us-east-1: stack failed after 3m02s: LoadBalancer CREATE_FAILED: No room"
    )
    assert end_line(Part("eu", ENDPOINT), {"failed": True, "msg": "Could not."}, 2) == (
        "eu: endpoint failed after 2s: Could not."
    )
    assert rollback_line(part) == "gitpod-us-east-1: stack begins to roll back after 21m02s"
