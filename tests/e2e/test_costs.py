# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run may cost: module processes whose number the fleet's size does not change, few tasks a host, few API calls.

Times are for tests/benchmark; these counts are what they come from.
"""

from __future__ import annotations

import pathlib

import pytest

from tests.benchmark.measuring import counts
from tests.benchmark.rollout import SITE, STATUS
from tests.e2e.harness import Controller, Run
from tests.fleet import Fleet
from tests.testbed.client import TestBed

RUNNERS = 4
# A look at the fleet, a fresh one at the batch, one verification.
MOST_PROCESSES = 3
MOST_RESULTS_A_HOST, MOST_RESULTS_OF_THE_FLEET = 4, 16
MOST_CALLS_A_RUNNER = 30


@pytest.fixture
def fleet(running_testbed: TestBed) -> Fleet:
    """Seeded on an empty test bed."""
    running_testbed.reset()
    running_testbed.settings(stack_seconds=1.5)
    fleet = Fleet.of(RUNNERS)
    fleet.seed(running_testbed)
    return fleet


def controller_of(testbed: TestBed, fleet: Fleet, directory: pathlib.Path) -> Controller:
    """A control node with the fleet's inventory."""
    inventory = fleet.write_inventory(directory / "fleet.yml", gitpod_stack_releases_url=testbed.releases_url)
    return Controller(testbed, directory, inventory)


def done(run: Run) -> dict[str, int]:
    """The counts of a run that did well."""
    assert run.code == 0, run.output
    return counts(run)


def test_a_rerun_takes_as_many_processes_for_four_runners_as_for_one(
    running_testbed: TestBed, fleet: Fleet, tmp_path: pathlib.Path
) -> None:
    controller = controller_of(running_testbed, fleet, tmp_path)
    assert controller.play(SITE).code == 0
    running_testbed.clear_calls()
    all_of_them = controller.play(SITE, "-vvv")
    calls = running_testbed.calls()
    found, of_one = done(all_of_them), done(controller.play(SITE, "-vvv", "--limit", fleet.names[0]))

    assert all_of_them.changed == 0
    assert found["module processes"] == of_one["module processes"] <= MOST_PROCESSES
    assert found["results of tasks"] <= RUNNERS * MOST_RESULTS_A_HOST + MOST_RESULTS_OF_THE_FLEET
    assert len(calls) <= RUNNERS * MOST_CALLS_A_RUNNER, sorted(
        f"{call['service']}:{call['operation']}" for call in calls
    )


def test_the_status_of_four_runners_takes_as_many_processes_as_that_of_one(
    running_testbed: TestBed, fleet: Fleet, tmp_path: pathlib.Path
) -> None:
    fleet.deploy(running_testbed)
    controller = controller_of(running_testbed, fleet, tmp_path)
    found = done(controller.play(STATUS, "-vvv"))
    of_one = done(controller.play(STATUS, "-vvv", "--limit", fleet.names[0]))

    assert found["module processes"] == of_one["module processes"]
    assert found["results of tasks"] <= RUNNERS * MOST_RESULTS_A_HOST + MOST_RESULTS_OF_THE_FLEET
