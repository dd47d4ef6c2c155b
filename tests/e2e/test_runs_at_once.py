# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs of the same runner at once: one makes it, the other attaches; nothing is doubled and neither fails."""

from __future__ import annotations

import concurrent.futures
import os
import threading
import time
import typing as t

import pytest

from tests.e2e.hurried import fresh, hurry
from tests.e2e.stories import LARGE, NAME, STORIES, Step, alias, landscape, stack, template_bucket

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

# The campaign has twenty pairs of each race; a few show in every change that nothing is broken.
PAIRS = int(os.environ.get("TESTS_RACES", "2"))
# How much later the second run begins at most; seconds.
LATEST = 0.12
Results = list[dict[str, t.Any]]

RACES: t.Mapping[str, tuple[Step, ...]] = {
    "certificate": STORIES["certificate"],
    "records": STORIES["records"],
    "private records": STORIES["private records"],
    "endpoint": STORIES["endpoint"],
    "stack": (
        Step("stack", stack(**LARGE), before=template_bucket),
        Step("stack", stack(days="14")),
        Step("stack", stack(days="14", termination_protection=False)),
        Step("stack", {"name": NAME, "runner_name": NAME, "state": "absent"}),
    ),
    "review": (
        Step("stack", stack()),
        Step("stack", stack(days="30", review=True), repeats=False),
        Step("stack", stack(days="30")),
    ),
    "plan": (Step("stack", stack()), Step("stack", stack(days="30"), check=True)),
    "buckets": STORIES["buckets"],
}


@pytest.fixture
def testbed(running_testbed: TestBed, monkeypatch: pytest.MonkeyPatch) -> TestBed:
    return hurry(running_testbed, monkeypatch)


def at_once(testbed: TestBed, step: Step, later: float) -> Results:
    """Two runs, of which the second begins a little later."""
    barrier = threading.Barrier(2)

    def run(number: int) -> dict[str, t.Any]:
        barrier.wait()
        time.sleep(number * later)
        return step.run(testbed)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(2)))


@pytest.mark.parametrize("race", RACES)
def test_two_runs_at_once_make_it_once(testbed: TestBed, race: str) -> None:
    steps, usual = RACES[race], []
    for step in steps:
        step.before(testbed)
        assert not step.run(testbed).get("failed")
        usual.append(landscape(testbed))
    problems = []
    for pair in range(PAIRS):
        fresh(testbed)
        for number, (step, expected) in enumerate(zip(steps, usual, strict=True), 1):
            step.before(testbed)
            later = (37 * pair + 61 * number) % 100 / 100 * LATEST
            found = at_once(testbed, step, later)
            where = f"{race}, pair {pair + 1}, step {number}, {later * 1000:.0f} ms later"
            problems += [f"{where}: {result['msg']}" for result in found if result.get("failed")]
            there = landscape(testbed)
            problems += [
                f"{where}: {key} {there[key]}, not {expected[key]}" for key in there if there[key] != expected[key]
            ]
            again = step.run(testbed)
            if step.repeats and not step.check and again.get("changed", True):
                problems.append(f"{where}, and once more: {again.get('msg') or again.get('actions')}")
    assert problems == []


def test_a_creation_and_a_removal_at_once_end_in_one_of_both(testbed: TestBed) -> None:
    """Records: whoever comes last decides, and nobody fails because the other was quicker."""
    for pair in range(PAIRS):
        fresh(testbed)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(Step("dns", alias(1, state=state)).run, testbed) for state in ("present", "absent")]
            found = [run.result() for run in runs]
        assert [result.get("msg") for result in found if result.get("failed")] == [], pair
