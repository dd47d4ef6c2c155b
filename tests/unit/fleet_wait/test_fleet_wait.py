# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch's wait: everything at once, none ends the others, few calls, and the lines that tell of it."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import sys
import threading
import types
import typing as t

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "cloudformation"))

from fakes import FakeApi, raw_event, stack

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.lane import (
    CALM_AFTER,
    LOOKS_PER_SECOND,
    USUAL_PAUSE,
    Lane,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import Snapshot
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teller import Teller
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

Observe = t.Callable[[t.Any], None]


class Time:
    """A clock of its own for each thread, so that no thread waits for another."""

    def __init__(self, jitter: float = 0.0) -> None:
        self._local, self._jitter = threading.local(), jitter
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self._local.now = self.now() + seconds
        self.slept.append(seconds)

    def now(self) -> float:
        return float(getattr(self._local, "now", 0.0))

    def clock(self) -> Clock:
        return Clock(now=self.now, sleep=self.sleep, jitter=lambda: self._jitter)


def joining(api: FakeApi, monkeypatch: pytest.MonkeyPatch, **more: t.Any) -> t.Callable[[Clock, Observe], t.Any]:
    """What the module does for a stack, on a fake CloudFormation."""
    options = {"name": "gitpod-eu", "timeout": 3600, "fail_fast": True, "operation_token": None, **more}

    def join(clock: Clock, observe: Observe) -> dict[str, t.Any]:
        monkeypatch.setattr(result, "Api", lambda client, _elbv2: client)
        return result.joined(options, lambda _service: t.cast("t.Any", api), False, clock, observe)

    return join


def work(host: str, kind: str, join: t.Callable[[Clock, Observe], t.Any]) -> operation.Work:
    return operation.Work((host, kind), (kind, host), join)


def wait(works: list[operation.Work], path: pathlib.Path) -> tuple[dict[t.Any, t.Any], list[str]]:
    found = operation.wait(works, Teller(str(path), 0.0), Time().clock())
    first, *lines = path.read_text("utf-8").splitlines()
    assert first.startswith("waiting for ")
    return found, lines


class Stacks(FakeApi):
    """With a load balancer, and resources among the events."""

    def load_balancer(self, _stack: t.Any, _name: str = "") -> None:
        return None

    def describe_stack_events(self, **arguments: t.Any) -> dict[str, t.Any]:
        found = super().describe_stack_events(**arguments)
        resource = [raw_event(9, "Cluster", "CREATE_COMPLETE", token=self.token)]
        return {"StackEvents": [*found["StackEvents"][:1], *resource, *found["StackEvents"][1:]]}


def test_one_that_fails_ends_no_other_and_each_has_its_own_result(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = Stacks(stack("CREATE_IN_PROGRESS"), {"wait": ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]})
    failing = FakeApi(stack("CREATE_IN_PROGRESS"), {"wait": ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"]})
    failing.failing = "No room"
    ready = Stacks(stack("CREATE_COMPLETE"))

    def refused(_clock: Clock, _observe: Observe) -> dict[str, t.Any]:
        raise RunnerError("The endpoint vpce-1 is rejected", "ask them", details={"endpoint": {"id": "vpce-1"}})

    def faulty(_clock: Clock, _observe: Observe) -> dict[str, t.Any]:
        raise KeyError("nobody thought of this")

    found, lines = wait(
        [
            work("a", "stack", joining(going, monkeypatch)),
            work("b", "stack", joining(failing, monkeypatch)),
            work("c", "stack", joining(ready, monkeypatch)),
            work("c", "endpoint", refused),
            work("d", "certificate", faulty),
        ],
        tmp_path / "progress",
    )
    assert found["a", "stack"]["stack"]["status"] == "CREATE_COMPLETE"
    assert [entry["resource"] for entry in found["a", "stack"]["timeline"]] == ["Cluster"]
    assert found["b", "stack"]["failed"] is True
    assert found["b", "stack"]["root_cause"]["reason"] == "No room"
    assert {"other_failures", "stack", "timeline", "in_progress", "msg"} <= set(found["b", "stack"])
    # It ended before anybody waited for it; its timeline is there all the same.
    assert [entry["resource"] for entry in found["c", "stack"]["timeline"]] == ["Cluster"]
    assert found["c", "endpoint"]["endpoint"] == {"id": "vpce-1"}
    assert "fault of the collection: KeyError" in found["d", "certificate"]["msg"]
    assert "nobody thought of this" in found["d", "certificate"]["exception"]
    # The fake's events are of 1970, so that the time since is left out here.
    assert [re.sub("after [0-9]+h[0-9]+m", "after 1h00m", line) for line in sorted(lines[:-1])] == [
        "a: stack complete after 9s",
        "b: stack failed after 1h00m: Cluster CREATE_FAILED: No room",
        "c: endpoint failed after 0s: The endpoint vpce-1 is rejected. ask them.",
        "c: stack complete after 9s",
        f"d: certificate failed after 0s: {found['d', 'certificate']['msg']}",
    ]
    counts = "stacks: 2 of 3 done, 1 failed; endpoints: 0 of 1 done, 1 failed; certificates: 0 of 1 done, 1 failed"
    assert lines[-1] == counts


def test_a_rollback_that_is_waited_for_is_told_when_it_begins(tmp_path: pathlib.Path) -> None:
    def join(_clock: Clock, observe: Observe) -> dict[str, t.Any]:
        observe(Snapshot("CREATE_IN_PROGRESS", 1, 5, elapsed=60))
        for elapsed in (180, 200):
            observe(Snapshot("ROLLBACK_IN_PROGRESS", 1, 5, elapsed=elapsed, rolling_back=True))
        raise RunnerError("The stack gitpod-eu failed")

    _found, lines = wait([work("eu", "stack", join)], tmp_path / "progress")
    assert lines == [
        "eu: stack begins to roll back after 3m00s",
        "eu: stack failed after 3m20s: The stack gitpod-eu failed.",
    ]


def test_a_good_end_beside_a_stack_is_counted_and_has_no_line(tmp_path: pathlib.Path) -> None:
    def good(_clock: Clock, observe: Observe) -> dict[str, t.Any]:
        observe("available")
        return {"changed": False}

    def created(_clock: Clock, _observe: Observe) -> dict[str, t.Any]:
        return {"changed": False, "stack": {"status": "CREATE_COMPLETE"}, "timeline": []}

    works = [work("a", "stack", created), work("a", "endpoint", good), work("b", "endpoint", good)]
    _found, lines = wait(works, tmp_path / "progress")
    assert sorted(lines[:-1]) == ["a: stack complete after 0s", "b: endpoint available after 0s"]
    assert lines[-1] == "stacks: 1 of 1 done; endpoints: 2 of 2 done"


def test_the_fleets_line_comes_on_change_and_not_too_often(tmp_path: pathlib.Path) -> None:
    path, now = tmp_path / "progress", [0.0]

    def join(_clock: Clock, observe: Observe) -> dict[str, t.Any]:
        for moment, done in ((0, 1), (5, 2), (11, 2), (22, 2), (33, 3)):
            now[0] = moment
            observe(Snapshot("CREATE_IN_PROGRESS", done, 5, "Cluster", "CREATE_IN_PROGRESS", elapsed=moment))
        return {"changed": False, "stack": {"status": "CREATE_COMPLETE"}, "timeline": []}

    operation.wait([work("eu", "stack", join)], Teller(str(path), 10, lambda: now[0]), Time().clock())
    assert path.read_text("utf-8").splitlines()[1:] == [
        "stacks: 0 of 1 done, eu (1/5 Cluster)",
        "stacks: 0 of 1 done, eu (2/5 Cluster)",
        "stacks: 0 of 1 done, eu (3/5 Cluster)",
        "eu: stack complete after 33s",
    ]


def looks_of(crowd: int, seconds: float, jitter: float) -> list[float]:
    """When those who wait in one place look, in seconds since the beginning."""
    looks: list[float] = []
    lock = threading.Lock()

    def join(clock: Clock, _observe: Observe) -> dict[str, t.Any]:
        for _elapsed in poll(clock, seconds, Pace(first=2.0, longest=8.0, growth=1.4)):
            with lock:
                looks.append(clock.now())
        return {"stack": {"status": "CREATE_COMPLETE"}}

    # Each thread has its own clock, and all take part until the last has begun.
    barrier = threading.Barrier(crowd)

    def joined(clock: Clock, observe: Observe) -> dict[str, t.Any]:
        barrier.wait(timeout=10)
        found = join(clock, observe)
        barrier.wait(timeout=10)
        return found

    works = [operation.Work((str(number), "stack"), ("one", "place"), joined) for number in range(crowd)]
    operation.wait(works, Teller(None), Time(jitter).clock())
    return looks


def test_fifty_in_one_place_make_few_calls_and_one_alone_waits_for_nobody() -> None:
    assert looks_of(1, 60, 0.5)[0] == 0
    minutes = 10
    crowded = looks_of(50, 60 * minutes, 0.5)
    assert len(crowded) / (60 * minutes) < 3.5
    alone = looks_of(1, 60 * minutes, 0.5)
    assert len(alone) > 60 * minutes / 8


def test_a_hurry_leaves_the_lane_its_limit() -> None:
    alone, ten = Lane(1, Clock()), Lane(10, Clock())
    for lane, crowd in ((alone, 1), (ten, 10)):
        assert crowd / (lane.least() * USUAL_PAUSE) == pytest.approx(LOOKS_PER_SECOND)
    for _one in range(9):
        ten.left()
    assert ten.least() == alone.least()


def test_first_looks_are_spread() -> None:
    lane = Lane(50, Time().clock())
    assert 15 < lane.spread < 25
    assert Lane(1, Time().clock()).spread == 0


def answered(status: int, parsed: dict[str, t.Any]) -> tuple[t.Any, dict[str, t.Any]]:
    return types.SimpleNamespace(status_code=status), parsed


def test_all_of_a_place_go_slower_while_aws_throttles() -> None:
    now = [0.0]
    lane = Lane(3, Clock(now=lambda: now[0]))
    assert lane.stretch() == 1
    lane.heed(response=answered(400, {"Error": {"Code": "AccessDenied"}}))
    lane.heed(response=answered(200, {"Stacks": []}))
    lane.heed(response=None, caught_exception=OSError())
    assert lane.stretch() == 1
    for slowness in (2, 4, 4):
        lane.heed(response=answered(400, {"Error": {"Code": "Throttling"}}), attempts=1)
        assert lane.stretch() == slowness
    now[0] = CALM_AFTER + 1
    assert lane.stretch() == 1


def test_a_host_named_twice_is_refused_before_anything_is_asked() -> None:
    @dataclasses.dataclass
    class Module:
        params: dict[str, t.Any]
        check_mode: bool = False

    runner = {"host": "eu", "region": "eu-central-1"}
    with pytest.raises(InputError, match="runners has eu more than once"):
        operation.run(Module({"runners": [runner, runner], "progress_path": None, "progress_interval": 10}))
