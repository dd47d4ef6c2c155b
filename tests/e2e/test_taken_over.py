# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack under another name than its runner's through every playbook, and a copy of its host that takes nothing."""

from __future__ import annotations

import typing as t

import yaml

from tests.e2e.harness import COLLECTION, Controller, Run
from tests.e2e.test_teardown import BUCKETS, buckets_of, names_of, registered
from tests.fleet import Fleet, Runner, client

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

BY_HAND = "made-in-the-console"


def made(testbed: TestBed, fleet: Fleet) -> Runner:
    """A stack from the console under a name of its own."""
    (runner,) = fleet.runners
    values = runner.parameters(fleet.tokens[runner.id])
    aws = client(testbed, "cloudformation", runner.region)
    aws.create_stack(
        StackName=BY_HAND,
        TemplateURL=testbed.template_url,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )
    aws.get_waiter("stack_create_complete").wait(StackName=BY_HAND, WaiterConfig={"Delay": 1})
    return runner


def stack_of(testbed: TestBed, runner: Runner) -> dict[str, t.Any]:
    found: dict[str, t.Any] = client(testbed, "cloudformation", runner.region).describe_stacks(StackName=BY_HAND)[
        "Stacks"
    ][0]
    return found


def test_every_playbook_finds_a_stack_under_another_name_and_a_copy_of_its_host_takes_nothing(
    controller: Controller,
) -> None:
    testbed = controller.testbed
    fleet = Fleet.of(1)
    fleet.seed(testbed)
    runner = made(testbed, fleet)
    path = fleet.write_inventory(controller.directory / "fleet.yml")
    plane = {"gitpod_api_endpoint": testbed.management_plane_url, "gitpod_api_token": testbed.api_token}

    def play(name: str, *arguments: str, **variables: t.Any) -> Run:
        limit = ("-i", str(path), "--limit", runner.name)
        return controller.play(f"{COLLECTION}.{name}", *limit, *arguments, hosts={runner.name: variables})

    deployed = play("site", gitpod_stack_take_over=BY_HAND)
    assert deployed.code == 0, deployed.output
    assert {"Key": "gitpod:runner-name", "Value": runner.name} in stack_of(testbed, runner)["Tags"]
    # From then on its tags tell, without the variable.
    testbed.clear_calls()
    again = play("site")
    assert (again.code, again.changed) == (0, 0), again.output
    assert controller.writes() == []
    status = play("status")
    assert status.code == 0, status.output
    assert status.status()[0]["status"]["stack"]["name"] == BY_HAND

    # Everything of its file was copied, the runner's name too, and only the copy is run.
    inventory = yaml.safe_load(path.read_text("utf-8"))
    own = inventory["gitpod_runners"]["hosts"][runner.name]
    copy = {**own, "gitpod_domain_name": "copy.gitpod.example.com", "gitpod_stack_take_over": BY_HAND}
    before = stack_of(testbed, runner)
    testbed.clear_calls()
    # With the runner's name no tag could tell; the inventory does.
    for playbook, name in (("site", {}), ("teardown", {"gitpod_runner_name": runner.name})):
        inventory["gitpod_runners"]["hosts"]["copy"] = {**copy, **name}
        other = controller.directory / "copied.yml"
        other.write_text(yaml.safe_dump(inventory, sort_keys=False), "utf-8")
        confirm = ("-e", f"gitpod_teardown_confirm=copy,{runner.name}")
        refused = controller.play(f"{COLLECTION}.{playbook}", "-i", str(other), "--limit", "copy", *confirm)
        assert refused.code != 0, refused.output
        assert f"It is also the runner ID of {runner.name}, which this run leaves out" in refused.output
    # Alone in an inventory of its own, the stack tells.
    alone = {"gitpod_runners": {"hosts": {"copy": copy}}}
    other.write_text(yaml.safe_dump(alone, sort_keys=False), "utf-8")
    refused = controller.play(f"{COLLECTION}.site", "-i", str(other), "--limit", "copy")
    assert refused.code != 0, refused.output
    assert f"belongs to the runner {runner.name} ({runner.id})" in refused.output
    assert controller.writes() == []
    assert stack_of(testbed, runner) == before

    gone = play("teardown", "-e", f"gitpod_teardown_confirm={runner.name}", **plane)
    assert gone.code == 0, gone.output
    assert f"the stack {BY_HAND} (UPDATE_COMPLETE)" in gone.output
    stacks = client(testbed, "cloudformation", runner.region).describe_stacks()["Stacks"]
    assert BY_HAND not in {stack["StackName"] for stack in stacks}
    assert names_of(testbed, runner) == []
    assert runner.id not in registered(testbed)
    left = [name for name in client_buckets(testbed, runner) if name.startswith(BY_HAND)]
    assert len(left) == BUCKETS
    assert buckets_of(testbed, runner) == []
    assert all(name in gone.output for name in left)


def client_buckets(testbed: TestBed, runner: Runner) -> list[str]:
    """Names of the account's buckets."""
    return [entry["Name"] for entry in client(testbed, "s3", runner.region).list_buckets()["Buckets"]]
