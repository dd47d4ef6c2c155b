# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks that others have a hand in: two runs at once, a stack under another name, deletions at a bad moment."""

from __future__ import annotations

import concurrent.futures
import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import info, result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown import look
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_stack import ARGUMENT_SPEC
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_stack_info import ARGUMENT_SPEC as INFO_SPEC
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_teardown_info import (
    ARGUMENT_SPEC as TEARDOWN_SPEC,
)
from tests.e2e.harness import ROOT
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.test_modules import STACK

if t.TYPE_CHECKING:
    from tests.e2e.harness import Controller

TEMPLATE = ROOT / "tests/testbed/template/gitpod-ec2-runner-enterprise-fargate-private-ecr.json"
REGION = STACK["region"]
OPTIONS = {key: value for key, value in STACK.items() if key != "region"}


def run(controller: Controller, **changes: t.Any) -> dict[str, t.Any]:
    """One run of runner_stack against the test bed."""
    module = InProcessModule(controller.testbed, ARGUMENT_SPEC, REGION, **{**OPTIONS, **changes})
    return outcome(module, result.run)


def client(controller: Controller, service: str) -> t.Any:
    """A client of the test bed in the stack's region."""
    return InProcessModule(controller.testbed, ARGUMENT_SPEC, REGION, **OPTIONS).client(service)


def at_once(controller: Controller, count: int, **changes: t.Any) -> list[dict[str, t.Any]]:
    """Several runs at the same time."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _number: run(controller, **changes), range(count)))


def operations(controller: Controller, name: str) -> int:
    """How many calls of an operation AWS accepted since the last clearing."""
    return sum(call["operation"] == name and call["status"] < 300 for call in controller.testbed.calls())


def test_runs_at_once_create_one_stack_and_update_it_once(controller: Controller) -> None:
    created = at_once(controller, 3)
    assert [found.get("msg") for found in created if found.get("failed")] == []
    assert {found["stack"]["status"] for found in created} == {"CREATE_COMPLETE"}
    assert sorted(found["operation"] for found in created) == ["attach", "attach", "create"]

    controller.testbed.clear_calls()
    parameters = {**OPTIONS["parameters"], "Runner Size": "large"}
    updated = at_once(controller, 2, parameters=parameters)
    assert [found.get("msg") for found in updated if found.get("failed")] == []
    assert sorted(found["operation"] for found in updated) == ["attach", "update"]
    assert operations(controller, "ExecuteChangeSet") == 1
    assert run(controller, parameters=parameters)["changed"] is False


def test_a_template_with_characters_beyond_ascii_converges(controller: Controller) -> None:
    """GetTemplate has a question mark for each, after the template was given as a body."""
    template = json.loads(TEMPLATE.read_text())
    template["Description"] = "Läufer für Zürich"
    body = json.dumps(template, ensure_ascii=False, separators=(",", ":"))
    given = {"template_url": None, "template_body": body}
    assert run(controller, **given)["changed"] is True
    client_ = client(controller, "cloudformation")
    assert "L?ufer" in json.dumps(client_.get_template(StackName=OPTIONS["name"])["TemplateBody"])
    controller.testbed.clear_calls()
    again = run(controller, **given)
    assert (again["changed"], again["operation"]) == (False, "none")
    assert operations(controller, "CreateChangeSet") == 0
    other = run(controller, template_url=None, template_body=body.replace("Läufer", "Löufer"))
    assert (other.get("failed"), other["changed"]) == (None, True)


def test_the_runners_stack_is_found_under_another_name(controller: Controller) -> None:
    assert run(controller, name="made-by-hand")["changed"] is True
    runner_id = OPTIONS["parameters"]["Runner ID"]
    taken_over = run(controller, runner_id=runner_id)
    assert (taken_over["changed"], taken_over["stack"]["name"]) == (False, "made-by-hand")
    assert operations(controller, "CreateStack") == 1


def test_a_deletion_waits_for_an_update_or_cancels_it(controller: Controller) -> None:
    assert run(controller)["stack"]["status"] == "CREATE_COMPLETE"
    parameters = {**OPTIONS["parameters"], "Runner Size": "large"}
    assert run(controller, parameters=parameters, wait=False)["in_progress"] is True
    gone = run(controller, state="absent", force=True, cancel_update=True)
    assert gone["stack"]["status"] == "DELETE_COMPLETE", gone
    assert operations(controller, "CancelUpdateStack") == 1
    assert run(controller, state="absent")["changed"] is False


def test_what_a_person_deleted_is_told_as_drift_by_resource(controller: Controller) -> None:
    run(controller)
    logs = client(controller, "logs")
    logs.delete_log_group(logGroupName=logs.describe_log_groups()["logGroups"][0]["logGroupName"])
    options = {"name": OPTIONS["name"], "include_drift": True}
    found = outcome(InProcessModule(controller.testbed, INFO_SPEC, REGION, **options), info.run)
    assert found["drift"]["status"] == "DRIFTED"
    assert {entry["type"] for entry in found["drift"]["resources"]} == {"AWS::Logs::LogGroup"}


def test_a_rolled_back_stack_without_a_token_is_left_alone(controller: Controller) -> None:
    controller.testbed.fail_resource(
        region=REGION, stack_name=OPTIONS["name"], resource_type="AWS::ECS::Cluster", operation="CREATE", reason="No"
    )
    assert run(controller, fail_fast=False)["failed"] is True
    controller.testbed.clear_calls()
    refused = run(controller, secret_parameters={})
    assert "Exchange Token" in refused["msg"]
    assert controller.writes() == []


def test_throttling_is_survived(controller: Controller) -> None:
    controller.testbed.add_fault(service="cloudformation", error="Throttling", message="Rate exceeded", rate=0.3)
    assert run(controller)["stack"]["status"] == "CREATE_COMPLETE"
    controller.testbed.control("DELETE", "faults")


def test_a_replacement_of_the_load_balancer_needs_consent(controller: Controller) -> None:
    run(controller)
    internal = {**OPTIONS["parameters"], "Load Balancer Visibility": "internal"}
    refused = run(controller, parameters=internal)
    assert "allow_replacement" in refused["msg"]
    assert run(controller)["changed"] is False
    replaced = run(controller, parameters=internal, allow_replacement=True)
    assert replaced["stack"]["status"] == "UPDATE_COMPLETE", replaced


def test_a_review_goes_stale_when_something_else_is_wanted(controller: Controller) -> None:
    run(controller)
    large = {**OPTIONS["parameters"], "Runner Size": "large"}
    reviewed = run(controller, parameters=large, review=True)
    assert "RunnerTask" in {entry["logical_id"] for entry in reviewed["changes"]}
    assert "went stale" in run(controller)["msg"]
    controller.testbed.clear_calls()
    approved = run(controller, parameters=large)
    assert approved["stack"]["status"] == "UPDATE_COMPLETE"
    assert operations(controller, "CreateChangeSet") == 0


def test_a_stack_made_by_hand_is_adopted_as_it_is(controller: Controller) -> None:
    run(controller)
    by_hand = client(controller, "cloudformation")
    before = by_hand.describe_stacks(StackName=OPTIONS["name"])["Stacks"][0]
    by_hand.update_stack(
        StackName=OPTIONS["name"],
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": entry["ParameterKey"], "UsePreviousValue": True} for entry in before["Parameters"]
        ],
        Tags=[],
    )
    by_hand.get_waiter("stack_update_complete").wait(StackName=OPTIONS["name"], WaiterConfig={"Delay": 1})
    few = {name: OPTIONS["parameters"][name] for name in ("Runner ID", "Domain Name")}
    tags = {"gitpod:runner-name": "gitpod-us-east-1"}
    refused = run(controller, parameters=few, secret_parameters={}, tags=tags)
    assert f"gitpod_stack_take_over: {OPTIONS['name']}" in refused["msg"], "the name alone does not make it ours"
    adopted = run(controller, parameters=few, secret_parameters={}, tags=tags, take_over=OPTIONS["name"])
    assert adopted["changed"] is True, adopted
    assert "tag gitpod:runner-name: gitpod-us-east-1" in str(adopted["diff"]["after"])
    after = by_hand.describe_stacks(StackName=OPTIONS["name"])["Stacks"][0]
    assert after["Parameters"] == before["Parameters"]
    assert run(controller, parameters=few, secret_parameters={}, tags=tags)["changed"] is False


def test_a_rollback_that_failed_is_continued_only_on_request(controller: Controller) -> None:
    run(controller)
    controller.testbed.fail_resource(
        region=REGION,
        stack_name=OPTIONS["name"],
        logical_id="RunnerTask",
        operation="UPDATE",
        reason="No",
        times=2,
    )
    large = {**OPTIONS["parameters"], "Runner Size": "large"}
    assert run(controller, parameters=large, fail_fast=False)["failed"] is True
    stuck = client(controller, "cloudformation").describe_stacks(StackName=OPTIONS["name"])["Stacks"][0]
    assert stuck["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert "continue_rollback" in run(controller)["msg"]
    continued = run(controller, continue_rollback=True)
    assert continued["stack"]["status"] == "UPDATE_ROLLBACK_COMPLETE", continued
    assert operations(controller, "ContinueUpdateRollback") == 1


def test_a_large_template_goes_through_a_bucket(controller: Controller) -> None:
    template = json.dumps(json.loads(TEMPLATE.read_text("utf-8")), indent=8)
    assert len(template) > 51_200
    assert "the name of a bucket to upload it to" in run(controller, template_url=None, template_body=template)["msg"]
    client(controller, "s3").create_bucket(Bucket="templates-of-the-team")
    bucket = {"template_url": None, "template_body": template, "template_bucket": "templates-of-the-team"}
    created = run(controller, **bucket)
    assert created["stack"]["status"] == "CREATE_COMPLETE", created
    assert operations(controller, "PutObject") == 1
    assert run(controller, **bucket)["changed"] is False


UNRELATED = {
    "Description": "Invoices of the payments team",
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}, "Queue": {"Type": "AWS::SQS::Queue"}},
}


def test_an_unrelated_stack_of_the_runner_s_name_stays_as_it_is(controller: Controller) -> None:
    aws = client(controller, "cloudformation")
    aws.create_stack(
        StackName=OPTIONS["name"], TemplateBody=json.dumps(UNRELATED), Tags=[{"Key": "team", "Value": "payments"}]
    )
    aws.get_waiter("stack_create_complete").wait(StackName=OPTIONS["name"], WaiterConfig={"Delay": 1})
    controller.testbed.clear_calls()
    for changes in ({}, {"take_over": OPTIONS["name"]}, {"state": "absent", "force": True}):
        refused = run(controller, **changes)
        assert "is not a runner's that is known; nothing was changed" in refused["msg"]
        assert "team=payments" in refused["msg"]
    nobody = run(controller, state="absent", force=True, parameters={}, tags={})
    assert "nothing was changed" in nobody["msg"], "a task that names no runner means a runner's stack all the same"
    assert controller.writes() == []


def test_what_an_update_leaves_behind_is_a_warning_and_the_update_succeeds(controller: Controller) -> None:
    assert run(controller)["stack"]["status"] == "CREATE_COMPLETE"
    controller.testbed.fail_resource(
        region=REGION,
        stack_name=OPTIONS["name"],
        resource_type="AWS::ECS::TaskDefinition",
        operation="DELETE",
        reason="The task definition is in use. ",
    )
    found = run(controller, parameters={**OPTIONS["parameters"], "Runner Size": "large"})
    assert (found.get("failed"), found["stack"]["status"]) == (None, "UPDATE_COMPLETE")
    assert "could not be deleted" in found["stack"]["status_reason"]
    (warning,) = found["warnings"]
    # Of the two that a larger runner replaces, the one that AWS came to first.
    assert "Task (AWS::ECS::TaskDefinition): The task definition is in use. It is no longer part" in warning


def test_a_reviewed_change_set_that_was_executed_waits_no_more(controller: Controller) -> None:
    """AWS keeps it under its name."""
    assert run(controller)["stack"]["status"] == "CREATE_COMPLETE"
    large = {"parameters": {**OPTIONS["parameters"], "Runner Size": "large"}}
    assert run(controller, review=True, **large)["operation"] == "review"
    assert run(controller, **large)["operation"] == "update"
    again = run(controller, **large)
    assert (again.get("msg"), again["operation"], again["changed"]) == (None, "none", False)
    small = {"parameters": {**OPTIONS["parameters"], "Runner Size": "small"}}
    assert run(controller, review=True, **small)["operation"] == "review"
    assert run(controller, **small)["operation"] == "update"


def test_a_shell_goes_once_nobodys_change_set_waits_in_it(controller: Controller) -> None:
    """CreateChangeSet makes a stack without resources; what was killed, or refused, leaves it so."""
    cloudformation = client(controller, "cloudformation")
    name, runner = OPTIONS["name"], {"runner_name": OPTIONS["name"], "state": "absent"}
    cloudformation.create_change_set(
        StackName=name,
        ChangeSetName="somebody-elses",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}),
    )

    def seen() -> dict[str, t.Any]:
        module = InProcessModule(controller.testbed, TEARDOWN_SPEC, REGION, name=name)
        return dict(outcome(module, look.run)["stack"])

    others = seen()
    assert (others["status"], others["empty"], others["ours"]) == ("REVIEW_IN_PROGRESS", False, False)
    assert "of the change set somebody-elses, neither its tags nor its parameters name a runner" in others["told"]
    for refused in (run(controller, **runner), run(controller, runner_name=name)):
        assert refused["failed"]
        assert "nothing was changed" in refused["msg"]
        assert "what waits in it (somebody-elses)" in refused["msg"]

    cloudformation.delete_change_set(StackName=name, ChangeSetName="somebody-elses")
    assert seen()["empty"] is True
    gone = run(controller, **runner)
    assert (gone.get("msg"), gone["operation"]) == (None, "delete")
    assert seen()["exists"] is False

    # A creation that was to be reviewed, and is this runner's.
    assert run(controller, review=True, tags={}, runner_name=name)["operation"] == "review"
    assert (seen()["ours"], seen()["status"]) == (True, "REVIEW_IN_PROGRESS")
    assert run(controller, **runner)["operation"] == "delete"
    assert seen()["exists"] is False
