# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many runners: batches with a canary, upgrades and the way back, status that reads only."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t

from tests.e2e.harness import Controller
from tests.fleet import RELEASE_TAG, ZONE_ID, Fleet, Runner, client, template_url

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

SITE = "gitpod.enterprise_runner.site"
OFTEN = {"Delay": 1, "MaxAttempts": 30}
STATUS = "gitpod.enterprise_runner.status"
UPGRADE = "gitpod.enterprise_runner.upgrade"


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


def test_a_mistake_in_the_last_batch_is_told_before_the_first_begins(
    running_testbed: TestBed, tmp_path: pathlib.Path
) -> None:
    fleet, controller = fleet_of(running_testbed, tmp_path, 3)
    *good, wrong = fleet.names
    misplaced = {wrong: {"gitpod_vpc_id": "vpc-00000000000000000"}}
    batches = extra(gitpod_rollout_batches="1,100%")
    held = controller.play(SITE, *batches, hosts=misplaced)
    assert held.code != 0
    assert controller.writes() == []
    assert "The gate: 3 runners, 2 with something to do, 1 refused" in held.output
    assert {name: held.recap[name]["failed"] for name in fleet.names} == dict.fromkeys(fleet.names, 1)
    for name in good:
        assert wrong in held.report(name)["failure"]["message"], "it says on whose account it was not begun"

    # In one batch it stops its own runner only.
    together = controller.play(SITE, hosts=misplaced)
    assert together.code != 0
    assert {name: together.recap[name]["failed"] for name in fleet.names} == {good[0]: 0, good[1]: 0, wrong: 1}
    assert set(created(controller)) == set(good)
    for name in fleet.names:
        assert ("failure" in together.report(name)) == (name == wrong)
        assert together.report(name)["verification"].get("healthy", False) is (name != wrong)


def test_more_regions_than_forks_are_created_side_by_side_and_one_failure_stops_no_other(
    running_testbed: TestBed, tmp_path: pathlib.Path
) -> None:
    """How long it takes, tests/benchmark measures."""
    fleet, controller = fleet_of(running_testbed, tmp_path, 5)
    running_testbed.settings(stack_seconds=10)
    unlucky = fleet.runners[3]
    order = {"region": unlucky.region, "stack_name": unlucky.name, "resource_type": "AWS::ECS::Cluster"}
    running_testbed.fail_resource(**order, operation="CREATE", reason="No capacity", times=1)
    run = controller.play(SITE, "--forks", "2", "--tags", "prerequisites,stack")
    assert run.code != 0
    assert {name for name, counters in run.recap.items() if counters["failed"]} == {unlucky.name}
    statuses = {runner.name: stack_status(running_testbed, runner) for runner in fleet.runners}
    assert {name for name, status in statuses.items() if status == "CREATE_COMPLETE"} == {*fleet.names} - {unlucky.name}
    assert "No capacity" in run.report(unlucky.name)["failure"]["message"]
    # All were begun before the first was waited for, so all take the time of one, not of three.
    operations = [call["operation"] for call in running_testbed.calls() if call["service"] == "cloudformation"]
    last_start = len(operations) - operations[::-1].index("CreateStack")
    assert operations[:last_start].count("CreateStack") == 5
    assert "DescribeStackEvents" not in operations[:last_start]

    running_testbed.settings(stack_seconds=1.5)
    running_testbed.clear_calls()
    repaired = controller.play(SITE, "--limit", unlucky.name, "--tags", "prerequisites,stack")
    assert repaired.code == 0, repaired.output
    assert stack_status(running_testbed, unlucky) == "CREATE_COMPLETE"
    assert created(controller) == [unlucky.name]


def stack_status(testbed: TestBed, runner: Runner) -> str:
    """What CloudFormation says of the runner's stack."""
    (stack,) = client(testbed, "cloudformation", runner.region).describe_stacks(StackName=runner.name)["Stacks"]
    return str(stack["StackStatus"])


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


def trouble(testbed: TestBed, fleet: Fleet) -> dict[str, tuple[str, str]]:
    """Something wrong with eight runners; for each what its line says, by area."""
    unhealthy, drifted, misled, ending, gone, unlinked, degraded, behind = fleet.runners[:8]
    testbed.control("POST", "https", {"domain": unhealthy.domain, "mode": "unhealthy"})
    logs = client(testbed, "logs", drifted.region)
    logs.put_retention_policy(logGroupName=f"/gitpod/{drifted.name}/runner", retentionInDays=1)
    records = [
        {"Name": f"{name}.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "127.9.9.9"}]}
        for name in (misled.domain, f"*.{misled.domain}")
    ]
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record} for record in records]
    client(testbed, "route53", "us-east-1").change_resource_record_sets(
        HostedZoneId=ZONE_ID, ChangeBatch={"Changes": changes}
    )
    cloudformation = client(testbed, "cloudformation", gone.region)
    cloudformation.update_termination_protection(StackName=gone.name, EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName=gone.name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=gone.name, WaiterConfig=OFTEN)
    testbed.control(
        "POST", "management", {"runner_id": degraded.id, "phase": "degraded", "message": "cannot pull images"}
    )
    return {
        unhealthy.name: ("health", "503"),
        drifted.name: ("drift", "RetentionInDays"),
        misled.name: ("dns", "127.9.9.9"),
        ending.name: ("certificate", "5 days left"),
        gone.name: ("stack", "There is no stack"),
        unlinked.name: ("endpoint", "no endpoint"),
        degraded.name: ("phase", "cannot pull images"),
        behind.name: ("version", "20260105.12"),
    }


def test_fifty_runners_in_one_run_that_only_reads(running_testbed: TestBed, tmp_path: pathlib.Path) -> None:
    running_testbed.reset()
    running_testbed.settings(stack_seconds=1.5)
    fleet = Fleet.of(50)
    runners = list(fleet.runners)
    runners[3] = dataclasses.replace(runners[3], certificate_days=5)
    fleet = Fleet(tuple(runners))
    fleet.seed(running_testbed)
    newest = "20260105.12"
    # One is behind; another had the same template, and has updated itself.
    behind, itself = fleet.runners[7:9]
    Fleet((behind, itself), fleet.tokens).deploy(running_testbed, template_url("20251203.4"), "20251203.4")
    others = tuple(runner for runner in fleet.runners if runner not in (behind, itself))
    Fleet(others, fleet.tokens).deploy(running_testbed, release=newest)
    running_testbed.control("POST", "management", {"update_themselves": {itself.id: newest}})
    expected = trouble(running_testbed, fleet)
    inventory = fleet.write_inventory(
        tmp_path / "fleet.yml",
        gitpod_stack_releases_url=running_testbed.releases_url,
        gitpod_api_endpoint=running_testbed.management_plane_url,
        gitpod_api_token=running_testbed.api_token,
    )
    controller = Controller(running_testbed, tmp_path, inventory)
    running_testbed.clear_calls()
    # Drift and releases are shown, and fail nothing unless they are listed.
    run = controller.play(STATUS, hosts={fleet.names[5]: {"gitpod_privatelink_enabled": True}})
    assert run.code != 0
    assert "50 runners: " in run.output
    failed = {name for name, counters in run.recap.items() if counters["failed"]}
    assert failed == {name for name, (area, _text) in expected.items() if area not in ("drift", "version")}
    told = {line["runner"]: line["status"]["checks"] for line in run.status()}
    assert set(told) == set(fleet.names)
    by_area = {check["id"]: check["summary"] for check in told[itself.name]}
    assert by_area["version"].startswith(f"The runner has updated itself to {newest}, its stack's template is of 2025")
    assert "RunnerService (AWS::ECS::Service) /TaskDefinition" in by_area["drift"]
    assert "nothing to undo" in by_area["drift"]
    for name, checks in told.items():
        bad = {check["id"]: check["summary"] for check in checks if check["status"] in ("warn", "fail")}
        if name in expected:
            area, text = expected[name]
            assert text in bad[area], (name, bad)
        else:
            assert bad == {}
    assert run.changed == 0
    assert set(controller.writes()) == {"cloudformation:DetectStackDrift"}
    assert running_testbed.api_token not in run.output + json.dumps(run.status())


def releases(testbed: TestBed, fleet: Fleet) -> dict[str, str]:
    """The release that each stack's tags record."""
    found = {}
    for runner in fleet.runners:
        (stack,) = client(testbed, "cloudformation", runner.region).describe_stacks(StackName=runner.name)["Stacks"]
        found[runner.name] = next(tag["Value"] for tag in stack["Tags"] if tag["Key"] == RELEASE_TAG)
    return found


def test_upgrades_are_foreseen_go_in_batches_stop_at_a_failure_and_go_back(
    running_testbed: TestBed, tmp_path: pathlib.Path
) -> None:
    old, new = "20250110.1", "20260105.12"
    fleet, controller = fleet_of(running_testbed, tmp_path, 3, gitpod_stack_releases_url=running_testbed.releases_url)
    fleet.deploy(running_testbed, template_url(old), old)
    canary, *others = fleet.names
    running_testbed.control("POST", "https", {"domain": fleet.runners[0].domain, "mode": "unhealthy"})

    stopped = controller.play(
        UPGRADE, *extra(gitpod_stack_release_channel="stable", gitpod_rollout_batches="1,100%", gitpod_verify_wait=1)
    )
    assert stopped.code != 0
    assert releases(running_testbed, fleet) == {canary: new, others[0]: old, others[1]: old}
    assert "Not begun" in stopped.report(others[0])["failure"]["message"]
    assert "checks" not in stopped.report(others[0])["verification"], "what is not begun is not looked at"
    table = stopped.output.split("Show what would change]")[1].split("TASK [")[0]
    for name in fleet.names:
        assert [row.split()[2:5] for row in table.splitlines() if f" {name} " in row] == [[old, "-", new]]
    assert "RunnerTask (AWS::ECS::TaskDefinition)" in table
    assert "WARNING " + ", ".join(fleet.names) in table
    assert "SSH on port 29222 instead of 22" in table
    assert "stop and discard them; or, after it, add TCP 22" in table
    assert f"To go back to {old}:\n" in stopped.output
    back = f"-e gitpod_stack_release_version=v{old} -e gitpod_stack_allow_downgrade=true --limit {canary}"
    assert back in " ".join(stopped.output.replace("\\", "").split())

    running_testbed.control("POST", "https", {"domain": fleet.runners[0].domain, "mode": "healthy"})
    running_testbed.clear_calls()
    went_on = controller.play(UPGRADE, *extra(gitpod_stack_release_version=new))
    assert went_on.code == 0, went_on.output
    assert set(releases(running_testbed, fleet).values()) == {new}
    assert "already there" in went_on.output
    executed = [call for call in running_testbed.calls() if call["operation"] == "ExecuteChangeSet"]
    assert {call["region"] for call in executed} == {runner.region for runner in fleet.runners[1:]}

    wanted = {"gitpod_stack_release_version": old, "gitpod_rollout_batches": "100%"}
    gone_back = controller.play(UPGRADE, *extra(**wanted, gitpod_stack_allow_downgrade=True))
    assert gone_back.code == 0, gone_back.output
    assert set(releases(running_testbed, fleet).values()) == {old}
