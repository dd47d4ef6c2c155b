# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Acceptances as plays: what they show and leave, one that is broken off, and an upgrade whose canary has to pass."""

from __future__ import annotations

import json
import pathlib
import signal
import subprocess
import time
import typing as t

import jsonschema

from tests.e2e.test_acceptance_in_process import QUICK
from tests.e2e.test_fleet import SITE, UPGRADE, extra, fleet_of
from tests.fleet import template_url

if t.TYPE_CHECKING:
    from tests.e2e.harness import Controller
    from tests.testbed.client import TestBed

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACCEPTANCE = "gitpod.enterprise_runner.acceptance"
OLD, NEW = "20251203.4", "20260105.12"
SHORT = {"gitpod_acceptance_timeout": 60, "gitpod_acceptance_url_timeout": 10, "gitpod_acceptance_cleanup_timeout": 10}


def plane(testbed: TestBed, **body: t.Any) -> dict[str, t.Any]:
    return testbed.control("POST", "management", body)


def broken_off(controller: Controller, testbed: TestBed) -> str:
    """What a run says that is asked for an acceptance by its tag, and interrupted while the environment starts."""
    controller.warm = False
    process = subprocess.Popen(
        controller.command(SITE, "--tags", "acceptance", "--limit", "gitpod_runners[0]"),
        cwd=controller.directory,
        env=controller.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        end = time.monotonic() + 60
        while not plane(testbed)["environments"] and time.monotonic() < end and process.poll() is None:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        return process.communicate(timeout=30)[0]
    finally:
        process.kill()
        process.communicate()


def test_each_runner_is_accepted_or_not_and_nothing_is_left_of_it(
    running_testbed: TestBed, tmp_path: pathlib.Path
) -> None:
    testbed = running_testbed
    fleet, controller = fleet_of(
        testbed, tmp_path, 3, gitpod_api_token=testbed.api_token, gitpod_api_endpoint=testbed.management_plane_url
    )
    good, failing, wrong = fleet.runners
    fleet.deploy(testbed)
    lives = {
        good.id: {"seconds": QUICK},
        failing.id: {"seconds": QUICK, "outcome": "fails", "messages": ["no capacity"]},
    }
    classes = [{"runner_id": runner.id, "name": "Small"} for runner in fleet.runners]
    plane(testbed, add_classes=classes, environments=lives)
    testbed.clear_calls()
    run = controller.play(
        ACCEPTANCE, *extra(**SHORT), hosts={wrong.name: {"gitpod_acceptance_repository": "git@example.com:a/b"}}
    )
    assert run.code != 0
    assert {name: run.recap[name]["failed"] for name in fleet.names} == {good.name: 0, failing.name: 1, wrong.name: 1}
    assert run.changed == 0
    assert controller.writes() == []
    assert f"{good.name}: accepted in " in run.output
    assert " of 2 through the acceptance, waiting for " in run.output, "the live line of the fleet"
    assert "no capacity" in run.report(failing.name)["failure"]["message"]
    assert run.report(failing.name)["failure"]["stage"] == "acceptance"
    assert "gitpod_acceptance_repository" in run.report(wrong.name)["failure"]["message"]
    report = run.report(good.name)
    assert (report["state"], report["acceptance"]["accepted"]) == ("verified", True)
    steps = {step["step"]: step for step in report["acceptance"]["steps"]}
    assert [*steps] == ["class", "leftovers", "create", "run", "url", "stop", "delete"]
    assert {step["state"] for step in steps.values()} == {"passed"}
    assert "answers 401" in steps["url"]["detail"]
    assert steps["run"]["seconds"] > 0
    schema = json.loads((ROOT / "docs/report.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads((run.artifacts / "fleet.json").read_text("utf-8")), schema)
    assert "answers 401" in (run.artifacts / "fleet.html").read_text("utf-8")
    assert [entry["phase"] for entry in plane(testbed)["environments"]] == ["deleted", "deleted"]
    assert testbed.api_token not in run.output

    plane(testbed, forget_environments=True, environments={good.id: {"seconds": {**QUICK, "starting": 600.0}}})
    output = broken_off(controller, testbed)
    assert "an acceptance's environment is removed" in output
    end, phases = time.monotonic() + 20, ["starting"]
    # Where the signal does not reach the module, it notices within a second that its run is gone.
    while phases != ["deleted"] and time.monotonic() < end:
        time.sleep(0.2)
        phases = [entry["phase"] for entry in plane(testbed)["environments"]]
    assert phases == ["deleted"], output


def test_an_upgrades_canary_has_to_pass_an_acceptance(running_testbed: TestBed, tmp_path: pathlib.Path) -> None:
    testbed = running_testbed
    fleet, controller = fleet_of(
        testbed, tmp_path, 2, gitpod_api_token=testbed.api_token, gitpod_api_endpoint=testbed.management_plane_url
    )
    canary, other = fleet.runners
    fleet.deploy(testbed, template_url(OLD), OLD)
    classes = [{"runner_id": runner.id, "name": "Small"} for runner in fleet.runners]
    plane(testbed, add_classes=classes, environments={"": {"seconds": QUICK, "outcome": "fails"}})
    wanted = extra(gitpod_stack_release_version=NEW, gitpod_acceptance=True, gitpod_verify_wait=20, **SHORT)
    run = controller.play(UPGRADE, *wanted)
    assert run.code != 0
    report = run.report(canary.name)
    assert report["stack"]["release_version"] == NEW
    assert report["verification"]["healthy"] is True
    assert (report["failure"]["stage"], report["acceptance"]["accepted"]) == ("acceptance", False)
    assert "Not begun" in run.report(other.name)["failure"]["message"]
    assert "acceptance" not in run.report(other.name)
    assert [entry["runner_id"] for entry in plane(testbed)["environments"]] == [canary.id]
