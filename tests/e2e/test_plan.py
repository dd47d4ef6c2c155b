# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan and the run see the same: what differs by hand is foreseen, a run repairs it, and then there is nothing."""

from __future__ import annotations

import json
import re
import time
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _aws
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import (
    foresee,
    leftovers,
    result,
    source,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.outcome import new_token
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import StagePlan
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_stack import ARGUMENT_SPEC
from tests.e2e.harness import Controller
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.test_modules import STACK

REGION, NAME = STACK["region"], STACK["name"]
OPTIONS = {key: value for key, value in STACK.items() if key != "region"}
POLICY = json.dumps({"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]})
OTHER_POLICY = POLICY.replace("Update:*", "Update:Modify")
TAGS = {"team": "platform"}
# A channel's own copy, which no release's record tells apart.
MOVING = (
    "https://gitpod-flex-releases.s3.amazonaws.com/ec2/stable/gitpod-ec2-runner-enterprise-fargate-private-ecr.json"
)
TOPIC = "arn:aws:sns:us-east-1:123456789012:stacks"


class Stack:
    """One stack on the test bed, its plan, and what someone does to it by hand."""

    def __init__(self, controller: Controller, **options: t.Any) -> None:
        self.controller = controller
        usual = {**OPTIONS, "template_url": MOVING, "tags": TAGS, "take_over": NAME}
        self.options: dict[str, t.Any] = {**usual, **options}

    def module(self, check: bool = False) -> InProcessModule:
        return InProcessModule(self.controller.testbed, ARGUMENT_SPEC, REGION, check, **self.options)

    @property
    def client(self) -> t.Any:
        return self.module().client("cloudformation")

    def run(self, check: bool = False) -> dict[str, t.Any]:
        found = outcome(self.module(check), result.run)
        assert "failed" not in found, found
        return found

    def plan(self) -> StagePlan:
        """As runner_preflight_info makes it: looking only."""
        module = self.module()
        where = source.resolve(module.params, lambda: _aws.client(module, "s3"))
        api, wanted = result.api_of(module), result.wanted(module.params, where)
        stack = api.stack(NAME)
        present = foresee.look(api, wanted, stack) if stack.id else foresee.Present(stack)
        return foresee.foresee(wanted, api.template(where.location), present)

    def by_hand(self, **changes: t.Any) -> None:
        """An update in the console, which keeps what it does not name."""
        before = self.client.describe_stacks(StackName=NAME)["Stacks"][0]
        changed = changes.pop("parameters", {})
        parameters = [
            {"ParameterKey": key, "ParameterValue": changed[key]}
            if (key := entry["ParameterKey"]) in changed
            else {"ParameterKey": key, "UsePreviousValue": True}
            for entry in before["Parameters"]
        ]
        template = {} if "TemplateBody" in changes else {"UsePreviousTemplate": True}
        capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
        self.client.update_stack(
            StackName=NAME, Parameters=parameters, Capabilities=capabilities, **template, **changes
        )
        deadline = time.monotonic() + 30
        while not self.status().endswith("_COMPLETE") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert self.status() == "UPDATE_COMPLETE"

    def status(self) -> str:
        return str(self.client.describe_stacks(StackName=NAME)["Stacks"][0]["StackStatus"])

    def template(self) -> dict[str, t.Any]:
        body: dict[str, t.Any] = self.client.get_template(StackName=NAME, TemplateStage="Original")["TemplateBody"]
        return body


def key_of(stack: Stack, label: str) -> str:
    labels = stack.template()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterLabels"]
    return next(key for key, value in labels.items() if value["default"] == label)


def parameter(stack: Stack) -> None:
    stack.by_hand(parameters={key_of(stack, "Domain Name"): "elsewhere.example.com"})


def tag_changed(stack: Stack) -> None:
    stack.by_hand(Tags=[{"Key": "team", "Value": "other"}])


def tags_removed(stack: Stack) -> None:
    stack.by_hand(Tags=[])


def template(stack: Stack) -> None:
    """The tags, and with them the record of what the collection deployed, stay as they were."""
    body = json.dumps(stack.template())
    stack.by_hand(TemplateBody=re.sub(r"(/runner:)\d+\.\d+", r"\g<1>20200101.1", body))


def protection(stack: Stack) -> None:
    stack.client.update_termination_protection(StackName=NAME, EnableTerminationProtection=False)


def policy(stack: Stack) -> None:
    stack.client.set_stack_policy(StackName=NAME, StackPolicyBody=OTHER_POLICY)


def release(stack: Stack) -> None:
    stack.controller.testbed.publish_release("20260201.1", "stable")


def another_parameter(stack: Stack) -> None:
    stack.options["parameters"] = {**stack.options["parameters"], "Runner Size": "large"}


def another_tag(stack: Stack) -> None:
    stack.options["tags"] = {**TAGS, "owner": "me"}


def topics(stack: Stack) -> None:
    stack.options["notification_arns"] = [TOPIC]
    # With nothing else in it, the simulated AWS calls the change set empty.
    stack.options["tags"] = {**TAGS, "watched": "true"}


BY_HAND: list[tuple[t.Callable[[Stack], None], str]] = [
    (parameter, "Domain Name: elsewhere.example.com becomes us.gitpod.example.com"),
    (tag_changed, "tag team: other becomes platform"),
    (tags_removed, "tag team: (none) becomes platform"),
    (template, "the template is another one"),
    (protection, "the termination protection differs"),
    (policy, "the stack policy differs"),
    (release, "the template is another one"),
    (another_parameter, "Runner Size: small becomes large"),
    (another_tag, "tag owner: (none) becomes me"),
    (topics, "the notification topics are others"),
]


def test_every_difference_is_foreseen_repaired_and_then_gone(controller: Controller) -> None:
    controller.testbed.settings(stack_seconds=0.2)
    stack = Stack(controller, stack_policy=POLICY)
    assert stack.plan().action == "create"
    stack.run()
    for differ, reason in BY_HAND:
        case = differ.__name__
        assert stack.plan() == StagePlan("stack", "nothing"), f"before {case}"
        differ(stack)
        foreseen = stack.plan()
        assert foreseen.action == "update", case
        assert reason in foreseen.reasons, (case, foreseen.reasons)
        assert stack.run(check=True)["changed"] is True, case
        repaired = stack.run()
        assert repaired["changed"] is True, case
        assert stack.plan() == StagePlan("stack", "nothing"), f"after {case}"
        controller.testbed.clear_calls()
        assert stack.run()["changed"] is False, case
        assert stack.run(check=True)["changed"] is False, case
        assert controller.writes() == [], f"no change set is made after {case}"


@pytest.mark.parametrize("missing", ["GetObject", "GetTemplate"])
def test_without_permission_to_read_the_templates_the_record_or_a_change_set_decides(
    controller: Controller, missing: str
) -> None:
    controller.testbed.settings(stack_seconds=0.2)
    stack = Stack(controller)
    stack.run()
    service = "s3" if missing == "GetObject" else "cloudformation"
    controller.testbed.add_fault(service=service, operation=missing, error="AccessDenied", status=403)
    controller.testbed.clear_calls()
    # The vendor's bucket is public, so an unsigned request still reads it; the stack's template has its hash recorded.
    assert stack.plan() == StagePlan("stack", "nothing")
    assert stack.run()["changed"] is False
    assert controller.writes() == []
    controller.testbed.control("DELETE", "faults")


def test_a_template_that_cannot_be_read_from_here_needs_a_change_set(controller: Controller) -> None:
    controller.testbed.settings(stack_seconds=0.2)
    stack = Stack(controller)
    stack.run()
    controller.testbed.add_fault(service="s3", operation="GetObject", error="NoSuchKey", status=404)
    controller.testbed.clear_calls()
    assert stack.plan().action == "unknown"
    assert stack.run()["changed"] is False
    assert "cloudformation:CreateChangeSet" in controller.writes()
    controller.testbed.control("DELETE", "faults")


def test_a_change_set_that_a_broken_off_run_left_goes_and_no_other(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller.testbed.settings(stack_seconds=0.2)
    stack = Stack(controller)
    stack.run()
    names = {
        leftovers.name_of(new_token()): leftovers.DESCRIPTION,
        leftovers.name_of(new_token()): "somebody's",
        "somebodys": leftovers.DESCRIPTION,
    }
    for name, description in names.items():
        stack.client.create_change_set(
            StackName=NAME,
            ChangeSetName=name,
            Description=description,
            UsePreviousTemplate=True,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": entry["ParameterKey"], "UsePreviousValue": True}
                for entry in stack.client.describe_stacks(StackName=NAME)["Stacks"][0]["Parameters"]
            ],
            Tags=[{"Key": "team", "Value": "other"}],
        )
        stack.client.get_waiter("change_set_create_complete").wait(
            StackName=NAME, ChangeSetName=name, WaiterConfig={"Delay": 1}
        )
    assert stack.plan() == StagePlan("stack", "nothing"), "whoever computed them may live"
    monkeypatch.setattr(leftovers, "OLD", -60.0)
    assert stack.plan().reasons == ("left behind: 1 change set of a run that was broken off",)
    assert stack.run(check=True)["changed"] is True
    assert stack.run()["changed"] is True
    assert {raw["ChangeSetName"] for raw in stack.client.list_change_sets(StackName=NAME)["Summaries"]} == set(
        list(names)[1:]
    )
    assert stack.run()["changed"] is False
    controller.testbed.add_fault(service="cloudformation", operation="ListChangeSets", error="AccessDenied", status=403)
    assert stack.plan() == StagePlan("stack", "nothing")
    controller.testbed.control("DELETE", "faults")


def test_drift_of_a_resource_is_no_difference_of_the_stack(controller: Controller) -> None:
    controller.testbed.settings(stack_seconds=0.2)
    stack = Stack(controller)
    stack.run()
    logs = stack.module().client("logs")
    logs.delete_log_group(logGroupName=logs.describe_log_groups()["logGroups"][0]["logGroupName"])
    assert stack.plan() == StagePlan("stack", "nothing")
    assert stack.run()["changed"] is False


def test_a_stack_in_trouble_is_planned_for(controller: Controller) -> None:
    controller.testbed.settings(stack_seconds=0.2)
    controller.testbed.fail_resource(
        region=REGION, stack_name=NAME, resource_type="AWS::ECS::Cluster", operation="CREATE", reason="No", times=1
    )
    stack = Stack(controller, fail_fast=False)
    assert "failed" in outcome(stack.module(), result.run)
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert stack.plan().action == "recreate"
    assert stack.run()["operation"] == "recreate"
    assert stack.plan() == StagePlan("stack", "nothing")
