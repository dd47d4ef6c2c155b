# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many runners: batches with a canary, upgrades and the way back, status that reads only."""

from __future__ import annotations

import json
import typing as t

from tests.e2e.harness import Controller
from tests.fleet import Fleet

if t.TYPE_CHECKING:
    import pathlib

    from tests.testbed.client import TestBed

SITE = "gitpod.enterprise_runner.site"


def fleet_of(testbed: TestBed, directory: pathlib.Path, count: int, **variables: t.Any) -> tuple[Fleet, Controller]:
    """A seeded fleet, and a control node with its inventory."""
    testbed.reset()
    testbed.settings(stack_seconds=1.5)
    fleet = Fleet.of(count)
    fleet.seed(testbed)
    inventory = fleet.write_inventory(directory / "fleet.yml", **variables)
    testbed.clear_calls()
    return fleet, Controller(testbed, directory, inventory)


def extra(**variables: t.Any) -> tuple[str, str]:
    """Extra variables with their types."""
    return "-e", json.dumps(variables)


def created(controller: Controller) -> list[str]:
    """Names of the stacks whose creation was asked for, in order."""
    return [
        call["parameters"]["StackName"] for call in controller.testbed.calls() if call["operation"] == "CreateStack"
    ]


def test_a_canary_is_verified_first_and_its_failure_leaves_the_others_untouched(
    running_testbed: TestBed, tmp_path: pathlib.Path
) -> None:
    fleet, controller = fleet_of(running_testbed, tmp_path, 3)
    canary, *others = fleet.names
    running_testbed.control("POST", "https", {"domain": fleet.runners[0].domain, "mode": "unhealthy"})
    batches = extra(gitpod_rollout_batches="1,100%", gitpod_verify_wait=1)
    stopped = controller.play(SITE, *batches)
    assert stopped.code != 0
    assert "Batch 1 of 2: " + canary in stopped.output
    assert created(controller) == [canary], "no other runner was begun"
    assert "503" in stopped.report(canary)["failure"]["message"]
    for name in others:
        assert "Not begun" in stopped.report(name)["failure"]["message"]
        assert canary in stopped.report(name)["failure"]["message"]
        assert stopped.recap[name]["failed"] == 1

    # One failure is tolerated: the others are deployed, and the run still fails.
    tolerated = controller.play(SITE, *batches, *extra(gitpod_rollout_max_failures=1))
    assert tolerated.code != 0
    assert set(created(controller)) == set(fleet.names)
    assert tolerated.report(others[0])["verification"]["healthy"] is True
    assert {name: tolerated.recap[name]["failed"] for name in fleet.names} == {canary: 1, others[0]: 0, others[1]: 0}
    reported = json.loads((tolerated.artifacts / "fleet.json").read_text("utf-8"))["runners"]
    assert {runner["runner"] for runner in reported} == set(fleet.names), "the report covers all batches"

    # Repaired, the rerun picks up: nothing is left to change.
    running_testbed.control("POST", "https", {"domain": fleet.runners[0].domain, "mode": "healthy"})
    repaired = controller.play(SITE, *batches)
    assert repaired.code == 0, repaired.output
    assert repaired.changed == 0


def test_batches_that_only_the_inventory_names_are_refused(running_testbed: TestBed, tmp_path: pathlib.Path) -> None:
    _fleet, controller = fleet_of(running_testbed, tmp_path, 3, gitpod_rollout_batches=[1, "100%"])
    run = controller.play(SITE)
    assert run.code != 0
    assert "as an extra variable" in run.output
    assert controller.writes() == []


def test_too_few_forks_are_said_at_the_start(running_testbed: TestBed, tmp_path: pathlib.Path) -> None:
    _fleet, controller = fleet_of(running_testbed, tmp_path, 3)
    run = controller.play(SITE, "--forks", "2", "--check", "--tags", "prerequisites")
    assert run.code == 0, run.output
    assert "2 of these 3 runners at a time" in run.output
    assert run.output.index("of these 3 runners") < run.output.index("Validate the inventory")
