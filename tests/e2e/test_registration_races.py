# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runners registered by two runs at once, and under faults, against a management plane of many servers.

In this process, in real time: what two runs do to each other depends on it.
"""

from __future__ import annotations

import concurrent.futures
import threading
import typing as t

import pytest

from tests.e2e.test_registration import GITHUB, LARGE, US_RUNNER, Plane

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

PAIRS = 20
SEVERE = {"list_lag": 0.6, "clock_skew": 0.4, "create_delay": 0.5}


@pytest.fixture
def plane(running_testbed: TestBed) -> Plane:
    running_testbed.reset()
    return Plane(running_testbed)


def at_once(*calls: t.Callable[[], dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The results of calls that all begin at the same moment."""
    barrier = threading.Barrier(len(calls))

    def call(work: t.Callable[[], dict[str, t.Any]]) -> dict[str, t.Any]:
        barrier.wait()
        return work()

    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


@pytest.mark.parametrize("seed", [1, 2])
def test_of_two_runs_at_once_each_has_the_same_one_runner(plane: Plane, seed: int) -> None:
    plane.control(severity={**SEVERE, "seed": seed})
    names = [f"pair-{number:02}" for number in range(PAIRS)]

    def run(name: str) -> t.Callable[[], dict[str, t.Any]]:
        # The tests' object is no more shared between threads than a module would be.
        return lambda: Plane(plane.testbed)("registration", name=name, region="eu-west-1", exchange_token=True)

    results = at_once(*[run(name) for name in names for _run in range(2)])
    assert [result["msg"] for result in results if result.get("failed")] == []
    left = list(plane.control()["runners"].items())
    for number, name in enumerate(names):
        pair = results[2 * number : 2 * number + 2]
        (kept,) = [identifier for identifier, called in left if called == name]
        assert {result["runner"]["id"] for result in pair} == {kept}
        assert sum(result["created"] for result in pair) <= 1
        assert all(result["exchange_token"] for result in pair)


def test_three_runs_at_once(plane: Plane) -> None:
    plane.control(severity={**SEVERE, "seed": 3})

    def run() -> dict[str, t.Any]:
        return Plane(plane.testbed)("registration", name="three", region="eu-west-1")

    results = at_once(run, run, run)
    assert [result["msg"] for result in results if result.get("failed")] == []
    assert list(plane.control()["runners"].values()).count("three") == 1
    assert len({result["runner"]["id"] for result in results}) == 1


def test_a_run_that_comes_while_two_take_their_double_back_waits_for_it(plane: Plane) -> None:
    twins = [{"name": "brief", "region": "eu-west-1", "id": f"0192f3c8-5b6e-7a10-8c4d-00000000000{n}"} for n in (1, 2)]
    plane.control(add_runners=twins)
    taken = threading.Timer(
        1.5, lambda: plane.testbed.control("POST", "management", {"remove_runners": [twins[1]["id"]]})
    )
    taken.start()
    result = Plane(plane.testbed)("registration", name="brief", region="eu-west-1")
    taken.join()
    assert not result.get("failed"), result["msg"]
    assert result["runner"]["id"] == twins[0]["id"]


def test_two_runs_at_once_make_one_class_and_one_integration(plane: Plane) -> None:
    def make(what: str, options: dict[str, t.Any]) -> t.Callable[[], dict[str, t.Any]]:
        return lambda: Plane(plane.testbed)(what, **options)

    classes = at_once(*[make("environment_class", LARGE)] * 2)
    assert [result["msg"] for result in classes if result.get("failed")] == []
    assert len({result["environment_class"]["id"] for result in classes}) == 1
    assert not plane("environment_class", **LARGE)["changed"], "no second one is enabled"
    integrations = at_once(*[make("scm_integration", GITHUB)] * 2)
    assert [result["msg"] for result in integrations if result.get("failed")] == []
    assert len({result["integration"]["id"] for result in integrations}) == 1


FAULTS = [
    {
        "rate": 0.35,
        "status": 429,
        "headers": {"Retry-After": "0", "Content-Type": "text/html"},
        "body": "<h1>Slow</h1>",
    },
    {"rate": 0.04, "status": 503, "headers": {"Content-Type": "text/html"}, "body": "<h1>Nobody</h1>"},
    {"rate": 0.04, "status": 502, "headers": {"Content-Type": "text/html"}, "body": "<h1>Lost</h1>", "after": True},
    {"rate": 0.04, "kind": "reset"},
    {"rate": 0.04, "kind": "cut"},
]


def test_at_thirty_five_percent_of_limits_and_sixteen_of_faults_runs_converge_and_nothing_doubles(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane import client

    # The pauses between tries are a tenth; the looks for doubles keep theirs.
    monkeypatch.setattr(client, "FIRST_DELAY", 0.05)
    monkeypatch.setattr(client, "LONGEST_DELAY", 2.0)
    plane.control(strange=FAULTS)
    names = [f"run-{number:02}" for number in range(20)]

    def run(name: str) -> t.Callable[[], dict[str, t.Any]]:
        return lambda: Plane(plane.testbed)("registration", name=name, region="eu-west-1", exchange_token=True)

    results = at_once(*[run(name) for name in names])
    plane.control(strange=[])
    failed = [result["msg"] for result in results if result.get("failed")]
    assert len(failed) <= 1, failed
    made = list(plane.control()["runners"].values())
    assert {name: made.count(name) for name in names if made.count(name) > 1} == {}
    again = [plane("registration", name=name, region="eu-west-1") for name in names]
    # A run may have failed after it had registered its runner.
    assert sum(result["changed"] for result in again) <= len(failed)
    assert {name: list(plane.control()["runners"].values()).count(name) for name in names} == dict.fromkeys(names, 1)


def test_a_creation_that_was_carried_out_late_and_twice_leaves_the_first(plane: Plane) -> None:
    """The answer is lost, and the list does not have the runner yet when it is looked for."""
    plane.control(
        severity={"list_lag": 1.0, "seed": 7},
        strange=[{"method": "CreateRunner", "times": 1, "after": True, "status": 502, "body": "<h1>Lost</h1>"}],
    )
    result = plane("registration", name="late", region="eu-west-1", exchange_token=True)
    assert not result.get("failed"), result.get("msg")
    (kept,) = [key for key, name in plane.control()["runners"].items() if name == "late"]
    assert result["runner"]["id"] == kept


def test_a_creation_whose_answer_holds_nothing_is_looked_up(plane: Plane) -> None:
    empty = {"method": "CreateRunner", "times": 1, "after": True, "headers": {"Content-Type": "application/proto"}}
    plane.control(strange=[empty])
    result = plane("registration", name="empty", region="eu-west-1", exchange_token=True)
    assert result["created"]
    assert list(plane.control()["runners"].values()).count("empty") == 1
    assert result["exchange_token"]
    assert US_RUNNER in plane.control()["runners"]
