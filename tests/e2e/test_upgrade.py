# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades: what they would change is read in one process, and one that was killed while it waited is attached to."""

from __future__ import annotations

import concurrent.futures
import pathlib
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import start
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._upgrade import look
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_stack import ARGUMENT_SPEC
from tests.e2e.in_process import InProcessModule
from tests.e2e.looking import FleetModule, Result, of_fleet
from tests.e2e.test_fleet import OFTEN, UPGRADE, extra, fleet_of, releases
from tests.fleet import Fleet, client, template_url

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

OLD, NEW, LATEST = "20251203.4", "20260105.12", "20260112.3"
LARGE = {"gitpod_stack_parameters": {"Runner Size": "large"}}


def inventory(testbed: TestBed, fleet: Fleet, **variables: t.Any) -> dict[str, Result]:
    """Each host's variables, as a person names a release with C(-e)."""
    more = {"gitpod_stack_releases_url": testbed.releases_url, "gitpod_stack_release_version": NEW, **variables}
    return {runner.name: {"gitpod_runner_name": runner.name, **runner.variables(), **more} for runner in fleet.runners}


def stack_module(testbed: TestBed, raw: Result, check: bool) -> InProcessModule:
    """The module runner_stack with the options with which a stack is started."""
    options = start(read("runner", "/", variables(), raw).everything(), Earlier())
    region = options.pop("region")
    return InProcessModule(testbed, ARGUMENT_SPEC, region, check, **options)


def begin(testbed: TestBed, raw: Result) -> None:
    """An update that a run began and did not wait for."""
    begun = result.run(stack_module(testbed, raw, check=False))
    assert (begun["operation"], begun["in_progress"]) == ("update", True)


def wait_until_updated(testbed: TestBed, fleet: Fleet, name: str) -> None:
    (runner,) = [runner for runner in fleet.runners if runner.name == name]
    client(testbed, "cloudformation", runner.region).get_waiter("stack_update_complete").wait(
        StackName=name, WaiterConfig=OFTEN
    )


def operations(testbed: TestBed, name: str) -> list[str]:
    """The regions of the calls of an operation that AWS accepted since the last clearing."""
    return sorted(call["region"] for call in testbed.calls() if call["operation"] == name and call["status"] < 300)


def test_one_process_foresees_all_upgrades_and_each_runner_fails_alone(
    running_testbed: TestBed, tmp_path: pathlib.Path
) -> None:
    testbed = running_testbed
    fleet, _controller = fleet_of(testbed, tmp_path, 6)
    behind, there, denied, going_on, resized, absent = fleet.names
    Fleet(fleet.runners[:5], fleet.tokens).deploy(testbed, template_url(OLD), OLD)
    raw = inventory(testbed, fleet)
    result.run(stack_module(testbed, raw[there], check=False))
    wait_until_updated(testbed, fleet, there)
    testbed.settings(stack_seconds=60)
    begin(testbed, raw[going_on])
    begin(testbed, {**raw[resized], "gitpod_stack_release_version": OLD, **LARGE})
    region = {runner.name: runner.region for runner in fleet.runners}
    testbed.add_fault(
        service="cloudformation",
        operation="CreateChangeSet",
        error="AccessDenied",
        message="not authorized",
        region=region[denied],
    )
    testbed.clear_calls()

    found = of_fleet(FleetModule(testbed, raw), look.run)
    testbed.control("DELETE", "faults")
    assert list(found) == fleet.names, "in the inventory's order"
    told = {name: entry.get("operation", "") for name, entry in found.items()}
    assert told == {
        behind: "update",
        there: "none",
        denied: "",
        going_on: "attach",
        resized: "attach",
        absent: "create",
    }
    assert found[denied]["failed"] is True
    assert "not authorized" in found[denied]["msg"]
    assert {entry["target_release_version"] for name, entry in found.items() if name != denied} == {NEW}
    assert (found[behind]["release_version"], found[there]["release_version"]) == (OLD, NEW)
    # Change sets do not stay, and are executed nowhere.
    created = operations(testbed, "CreateChangeSet")
    assert created == [region[behind]]
    assert operations(testbed, "DeleteChangeSet") == created
    assert operations(testbed, "ExecuteChangeSet") == []

    alone = result.run(stack_module(testbed, raw[behind], check=True))
    same = ("operation", "changed", "changes", "actions", "release_version", "target_release_version")
    assert {key: found[behind][key] for key in same} == {key: alone[key] for key in same}

    unnamed = {**raw[behind], "gitpod_stack_release_version": ""}
    own = {"gitpod_stack_template_url": template_url(OLD)}
    refused = foreseen(testbed, behind, {**unnamed, **own})
    assert "No release is named" in refused["msg"]
    assert "-e gitpod_stack_release_version=" in refused["msg"]
    # Where nothing is named, the newest of stable is meant.
    for more, target in ({}, NEW), ({**own, "gitpod_stack_release_channel": "latest"}, LATEST):
        assert foreseen(testbed, behind, {**unnamed, **more})["target_release_version"] == target
    # What is older than the stack's is no upgrade, and what nobody has published is no release.
    older = {**raw[there], "gitpod_stack_release_version": OLD}
    refused = foreseen(testbed, there, older)
    assert f"The release {OLD} would be a downgrade" in refused["msg"]
    assert foreseen(testbed, there, {**older, "gitpod_stack_allow_downgrade": True})["operation"] == "update"
    missing = foreseen(testbed, there, {**raw[there], "gitpod_stack_release_version": "20991231.1"})
    assert "There is no release 20991231.1" in missing["msg"]
    named = {**raw[there], "gitpod_stack_template_name": "gitpod-ec2-runner-enterprise.json"}
    assert (
        f"The release {NEW} has no template gitpod-ec2-runner-enterprise.json" in foreseen(testbed, there, named)["msg"]
    )


def foreseen(testbed: TestBed, name: str, raw: Result) -> Result:
    """What the upgrade of one runner would do."""
    found: Result = of_fleet(FleetModule(testbed, {name: raw}), look.run)[name]
    return found


def test_an_upgrade_that_was_killed_while_it_waited_is_attached_to(
    running_testbed: TestBed, tmp_path: pathlib.Path
) -> None:
    testbed = running_testbed
    fleet, controller = fleet_of(testbed, tmp_path, 3, gitpod_stack_releases_url=testbed.releases_url)
    killed, resized, absent = fleet.names
    Fleet(fleet.runners[:2], fleet.tokens).deploy(testbed, template_url(OLD), OLD)
    raw = inventory(testbed, fleet)
    # However slow this machine is, the updates go on until the run waits for them.
    testbed.settings(stack_seconds=3000)
    begin(testbed, raw[killed])
    begin(testbed, {**raw[resized], "gitpod_stack_release_version": OLD, **LARGE})
    testbed.clear_calls()

    arguments = extra(gitpod_stack_release_version=NEW, gitpod_rollout_batches="100%")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        playing = pool.submit(controller.play, UPGRADE, *arguments)
        while len(set(operations(testbed, "DescribeStackEvents"))) < len([killed, resized]) and not playing.done():
            time.sleep(0.2)
        while not playing.done():
            testbed.settings(stack_seconds=1.5, hurry=True)
            time.sleep(0.5)
    run = playing.result()
    assert f"{killed} (UPDATE_IN_PROGRESS), {resized} (UPDATE_IN_PROGRESS): an update goes on" in run.output
    assert {name: counters["failed"] for name, counters in run.recap.items()} == {killed: 0, resized: 0, absent: 1}
    assert f"There is no finished stack {absent} to upgrade" in run.report(absent)["failure"]["message"]
    deployed = Fleet(fleet.runners[:2], fleet.tokens)
    assert releases(testbed, deployed) == {killed: NEW, resized: NEW}
    # What the killed run began is not begun again; after the other update the upgrade is.
    region = {runner.name: runner.region for runner in fleet.runners}
    assert operations(testbed, "ExecuteChangeSet") == [region[resized]]
    assert {run.report(name)["verification"]["healthy"] for name in (killed, resized)} == {True}
    assert f"{killed}: an earlier run began this upgrade" in run.output


def test_an_upgrade_that_could_not_be_accepted_is_refused_before_it_begins(
    running_testbed: TestBed, tmp_path: pathlib.Path
) -> None:
    testbed = running_testbed
    fleet, _controller = fleet_of(testbed, tmp_path, 5)
    good, bare, disabled, not_asked, by_name = fleet.names
    fleet.deploy(testbed, template_url(OLD), OLD)
    ids = {runner.name: runner.id for runner in fleet.runners}
    classes = [{"runner_id": ids[name], "name": "Small"} for name in (good, by_name)]
    testbed.control(
        "POST",
        "management",
        {"add_classes": [*classes, {"runner_id": ids[disabled], "name": "Small", "enabled": False}]},
    )
    plane = {
        "gitpod_acceptance": True,
        "gitpod_acceptance_environment_class": "Small",
        "gitpod_api_token": testbed.api_token,
        "gitpod_api_endpoint": testbed.management_plane_url,
    }
    raw = inventory(testbed, fleet, **plane)
    raw[not_asked]["gitpod_acceptance"] = False
    raw[by_name].update(gitpod_runner_id="", gitpod_exchange_token="")
    testbed.clear_calls()

    found = of_fleet(FleetModule(testbed, raw), look.run)
    assert [name for name in fleet.names if not found[name].get("failed")] == [good, not_asked, by_name]
    for name, why in ((bare, f"{bare} has no environment class Small"), (disabled, f"{disabled} is disabled")):
        assert "gitpod_acceptance" in found[name]["msg"]
        assert "nothing was changed" in found[name]["msg"]
        assert why in found[name]["msg"]

    testbed.control("POST", "management", {"runner_id": ids[good], "phase": "deleting"})
    (alone,) = of_fleet(FleetModule(testbed, {good: raw[good]}), look.run).values()
    assert "is deleting, so no environment can run on it" in alone["msg"]
    raw = {good: {**raw[good], "gitpod_api_token": "another"}}
    (alone,) = of_fleet(FleetModule(testbed, raw), look.run).values()
    assert alone["failed"], "whether it could be accepted, nobody can tell"
    assert "gitpod_api_token" in alone["msg"]
