# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release a run deploys, keeps or refuses, where the vendor goes on publishing and a runner updates itself."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import result
from tests.e2e import looking
from tests.e2e.test_upgrade import foreseen, stack_module, wait_until_updated
from tests.fleet import Fleet, client, template_url

if t.TYPE_CHECKING:
    from tests.fleet import Runner
    from tests.testbed.client import TestBed

OLD, STABLE, LATEST, NEXT = "20251203.4", "20260105.12", "20260112.3", "20260301.1"


@pytest.fixture
def fleet(running_testbed: TestBed) -> Fleet:
    """Two runners without stacks."""
    running_testbed.reset()
    running_testbed.settings(stack_seconds=1.5)
    found = Fleet.of(2)
    found.seed(running_testbed)
    return found


def inventory(testbed: TestBed, fleet: Fleet, runner: Runner, **more: t.Any) -> dict[str, t.Any]:
    """Of a person who names no release."""
    return {
        "gitpod_runner_name": runner.name,
        **runner.variables(),
        "gitpod_exchange_token": fleet.tokens[runner.id],
        "gitpod_stack_releases_url": testbed.releases_url,
        "gitpod_api_endpoint": testbed.management_plane_url,
        "gitpod_api_token": testbed.api_token,
        **more,
    }


def looked(testbed: TestBed, runner: Runner, raw: dict[str, t.Any]) -> dict[str, t.Any]:
    """What the prerequisites say of the release."""
    found = looking.prerequisites(testbed, {runner.name: raw})
    checks = {check["id"]: check for check in found["checks"]}
    (plan,) = [entry for entry in found["plan"] if entry["stage"] == "stack"]
    return {**found["release"], "plan": plan, **{key: checks[f"stack.{key}"] for key in ("release", "template")}}


def deployed(testbed: TestBed, runner: Runner) -> tuple[str, str]:
    """The release that the stack records, and the file of its template, as AWS was told."""
    (stack,) = client(testbed, "cloudformation", runner.region).describe_stacks(StackName=runner.name)["Stacks"]
    tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
    urls = [call["parameters"].get("TemplateURL") for call in testbed.calls() if call["operation"] == "CreateStack"]
    return tags.get("gitpod:release-version", ""), str(urls[-1] if urls else "").rpartition("/")[2]


def test_a_new_stack_has_the_stable_channels_newest_and_keeps_it(running_testbed: TestBed, fleet: Fleet) -> None:
    testbed, runner = running_testbed, fleet.runners[0]
    raw = inventory(testbed, fleet, runner)
    found = looked(testbed, runner, raw)
    assert (found["exists"], found["target"], found["channel"]) == (False, STABLE, "stable")
    assert found["release"]["summary"] == f"A new stack has {STABLE}, the newest in stable."
    assert f"the release {STABLE} is deployed" in found["plan"]["reasons"]
    testbed.clear_calls()
    result.run(stack_module(testbed, raw, check=False))
    client(testbed, "cloudformation", runner.region).get_waiter("stack_create_complete").wait(
        StackName=runner.name, WaiterConfig={"Delay": 1}
    )
    assert deployed(testbed, runner) == (STABLE, "gitpod-ec2-runner-enterprise-fargate-private-ecr.json")
    # What is published afterwards is what upgrades are for, whatever channel the inventory names.
    testbed.publish_release(NEXT, "stable", "latest")
    for more in ({}, {"gitpod_stack_release_channel": "latest"}):
        again = looked(testbed, runner, {**raw, **more})
        assert (again["plan"]["action"], again["target"]) == ("nothing", STABLE)
        assert result.run(stack_module(testbed, {**raw, **more}, check=True))["changed"] is False
    assert foreseen(testbed, runner.name, raw)["target_release_version"] == NEXT
    # What the inventory names counts, and the way back is told before it is gone.
    older = {**raw, "gitpod_stack_release_version": OLD, "gitpod_api_token": ""}
    assert f"{OLD} is older: the stack has {STABLE}" in looked(testbed, runner, older)["release"]["summary"]
    allowed = looked(testbed, runner, {**older, "gitpod_stack_allow_downgrade": True})
    assert any(f"{STABLE} becomes {OLD}" in reason for reason in allowed["plan"]["reasons"])
    # What nobody has published is called that, before anything is done.
    missing = looked(testbed, runner, {**raw, "gitpod_stack_release_version": "20991231.1"})["template"]
    assert missing["status"] == "fail"
    assert missing["summary"].startswith("There is no release 20991231.1")


def test_a_runner_that_updated_itself_is_not_taken_back(running_testbed: TestBed, fleet: Fleet) -> None:
    testbed, runner = running_testbed, fleet.runners[0]
    # A stack that nobody has recorded a release of.
    Fleet((runner,), fleet.tokens).deploy(testbed, template_url(OLD))
    raw = inventory(testbed, fleet, runner)
    testbed.control("POST", "management", {"update_themselves": {runner.id: LATEST}})
    found = looked(testbed, runner, raw)
    assert (found["deployed"], found["running"], found["target"]) == ("", LATEST, "")
    # Only the endpoint of the management plane differs, which is another one here.
    assert [reason.partition(":")[0] for reason in found["plan"]["reasons"]] == ["API Endpoint"]
    # The newest of stable is older than what runs.
    pinned = looked(testbed, runner, {**raw, "gitpod_stack_release_version": STABLE})
    assert pinned["release"]["status"] == "fail"
    assert f"{STABLE} is older: the runner runs {LATEST}" in pinned["release"]["summary"]
    assert pinned["plan"]["action"] == "wait"
    refused = foreseen(testbed, runner.name, raw)
    assert f"The release {STABLE} would be a downgrade" in refused["msg"]
    allowed = foreseen(testbed, runner.name, {**raw, "gitpod_stack_allow_downgrade": True})
    assert (allowed["operation"], allowed["running_version"]) == ("update", LATEST)
    up = foreseen(testbed, runner.name, {**raw, "gitpod_stack_release_channel": "latest"})
    assert (up["operation"], up["target_release_version"]) == ("update", LATEST)

    status = looking.status(testbed, {**raw, "gitpod_status_release_channel": "latest"})
    told = {check["id"]: check for check in status["checks"]}
    assert (told["version"]["status"], told["drift"]["status"]) == ("pass", "pass"), told
    assert "nothing to undo" in told["drift"]["summary"]

    # Another proxy is deployed with the stack's own template, and the run says when it holds.
    proxies = {"gitpod_https_proxy": "http://proxy.example.com:8080"}
    proxies["gitpod_no_proxy"] = ".internal,169.254.0.0/16,app.gitpod.io,.amazonaws.com"
    changed = result.run(stack_module(testbed, {**raw, **proxies}, check=False))
    assert changed["operation"] == "update"
    assert any("Docker in Docker" in line and "HTTPS Proxy" in line for line in changed["effects"])
    wait_until_updated(testbed, fleet, runner.name)
    assert deployed(testbed, runner)[0] == ""
