# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a stack is, as every look says it: prerequisites, status, verification and teardown agree."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown import look
from ansible_collections.gitpod.enterprise_runner.plugins.modules import runner_stack, runner_teardown_info
from tests.e2e import looking
from tests.e2e.in_process import InProcessModule, outcome
from tests.fleet import Fleet, Runner, client

if t.TYPE_CHECKING:
    from tests.e2e.harness import Controller
    from tests.testbed.client import TestBed

UNRELATED = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}, "Queue": {"Type": "AWS::SQS::Queue"}}}
BY_HAND = "made-in-the-console"


def one(testbed: TestBed) -> tuple[Fleet, Runner]:
    fleet = Fleet.of(1)
    fleet.seed(testbed)
    return fleet, fleet.runners[0]


def variables(testbed: TestBed, runner: Runner, **changes: t.Any) -> dict[str, t.Any]:
    return {
        **runner.variables(),
        "gitpod_runner_name": runner.name,
        "gitpod_stack_template_url": testbed.template_url,
        "gitpod_stack_releases_url": testbed.releases_url,
        "gitpod_status_drift": "skip",
        "gitpod_verify_from_control_node": False,
        "gitpod_verify_wait": 0,
        "gitpod_verify_phase_wait": 0,
        **changes,
    }


def owner(testbed: TestBed, raw: dict[str, t.Any]) -> dict[str, t.Any]:
    """The check of the prerequisites, and the plan of the stack."""
    found = looking.prerequisites(testbed, {"runner": raw})
    (check,) = (entry for entry in found["checks"] if entry["id"] == "stack.owner")
    (plan,) = (entry for entry in found["plan"] if entry["stage"] == "stack")
    return {**check, "action": plan["action"]}


def status(testbed: TestBed, raw: dict[str, t.Any]) -> dict[str, t.Any]:
    found = looking.status(testbed, raw)
    assert not found.get("failed"), found
    return {**next(entry for entry in found["checks"] if entry["id"] == "stack"), "name": found["stack"]["name"]}


def teardown(testbed: TestBed, runner: Runner) -> dict[str, t.Any]:
    options: dict[str, t.Any] = {"name": runner.name, "runner_id": runner.id}
    module = InProcessModule(testbed, runner_teardown_info.ARGUMENT_SPEC, runner.region, **options)
    return dict(outcome(module, look.run)["stack"])


def test_an_unrelated_stack_of_the_runners_name_is_nobodys_to_look_at(controller: Controller) -> None:
    testbed = controller.testbed
    _fleet, runner = one(testbed)
    aws = client(testbed, "cloudformation", runner.region)
    tags = [{"Key": "team", "Value": "payments"}]
    aws.create_stack(StackName=runner.name, TemplateBody=json.dumps(UNRELATED), Tags=tags)
    aws.get_waiter("stack_create_complete").wait(StackName=runner.name, WaiterConfig={"Delay": 1})
    raw = variables(testbed, runner)
    for take_over in (None, runner.name):
        found = owner(testbed, {**raw, **({"gitpod_stack_take_over": take_over} if take_over else {})})
        assert (found["status"], found["action"]) == ("fail", "wait")
        assert "team=payments" in found["summary"]
    assert "is not a runner's" in status(testbed, raw)["summary"]
    verified = looking.verification(testbed, raw)
    assert not verified["exists"]
    assert "is not a runner's" in next(e["summary"] for e in verified["checks"] if e["id"] == "stack.outputs")
    assert teardown(testbed, runner)["ours"] is False


def test_a_stack_made_by_hand_is_read_and_once_it_is_taken_over_it_is_found_everywhere(controller: Controller) -> None:
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    fleet, runner = one(testbed)
    aws = client(testbed, "cloudformation", runner.region)
    aws.create_stack(
        StackName=BY_HAND,
        TemplateURL=testbed.template_url,
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in runner.parameters(fleet.tokens[runner.id]).items()
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )
    aws.get_waiter("stack_create_complete").wait(StackName=BY_HAND, WaiterConfig={"Delay": 1})
    raw = variables(testbed, runner)
    refused = owner(testbed, raw)
    assert refused["status"] == "fail"
    assert f"gitpod_stack_take_over: {BY_HAND}" in refused["remediation"]
    assert status(testbed, raw)["name"] == BY_HAND
    assert teardown(testbed, runner)["relation"] == "by_hand"
    named = {**raw, "gitpod_stack_take_over": BY_HAND}
    assert (owner(testbed, named)["status"], owner(testbed, named)["action"]) == ("pass", "update")

    options: dict[str, t.Any] = {
        "name": runner.name,
        "runner_name": runner.name,
        "runner_id": runner.id,
        "take_over": BY_HAND,
    }
    spec = runner_stack.ARGUMENT_SPEC
    taken = outcome(
        InProcessModule(testbed, spec, runner.region, template_url=testbed.template_url, **options), result.run
    )
    assert (taken["operation"], taken["stack"]["name"]) == ("update", BY_HAND), taken

    # From now on its tags tell, without the variable.
    assert owner(testbed, raw)["status"] == "pass"
    assert (status(testbed, raw)["status"], status(testbed, raw)["name"]) == ("pass", BY_HAND)
    # An inventory that leaves out what the stack keeps is verified all the same.
    without = {name: value for name, value in raw.items() if name not in ("gitpod_domain_name", "gitpod_vpc_id")}
    verified = looking.verification(testbed, {**without, "gitpod_verify_from_control_node": True})
    assert not verified.get("failed"), verified
    assert (verified["exists"], verified["deployed"]["gitpod_domain_name"]) == (True, raw["gitpod_domain_name"])
    assert any(raw["gitpod_domain_name"] in check["summary"] for check in verified["network"]["checks"])
    seen = teardown(testbed, runner)
    assert (seen["ours"], seen["name"]) == (True, BY_HAND)
    # A copied host_vars file: the same ID under another name takes nothing.
    copied = owner(testbed, {**raw, "gitpod_runner_name": "copied", "gitpod_stack_name": "copied"})
    assert copied["status"] == "fail"
    assert f"belongs to the runner {runner.name}" in copied["summary"]
