# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done in each status, in check mode, and when AWS does not do as it was asked."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from fakes import OWN_TAGS, TEMPLATE, WANTED, FakeApi, mode, stack

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    RunnerError,
    TimeoutExceededError,
)

ABSENT = Stack("gitpod-eu")
EMPTY = {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
CHANGE = {
    "ResourceChange": {
        "Action": "Modify",
        "LogicalResourceId": "Cluster",
        "ResourceType": "AWS::ECS::Cluster",
        "Replacement": "False",
        "Details": [{"Target": {"Name": "Tags"}}, {"Target": {"Attribute": "Properties", "Name": "Size"}}],
    }
}
ONE_CHANGE = {"Status": "CREATE_COMPLETE", "Changes": [CHANGE]}


def present(api: FakeApi, how: operation.Mode, **changes: t.Any) -> operation.Outcome:
    wanted = dataclasses.replace(WANTED, **changes)
    return operation.present(t.cast("t.Any", api), wanted, TEMPLATE.location, how)


def join(api: FakeApi, token: str = "") -> operation.Outcome:
    return operation.join(t.cast("t.Any", api), "gitpod-eu", token, mode())


def test_a_missing_stack_is_created_and_waited_for() -> None:
    api = FakeApi(ABSENT, {"create": ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]})
    outcome = present(api, mode())
    assert (outcome.operation, outcome.changed, outcome.stack.status) == ("create", True, "CREATE_COMPLETE")
    assert api.done == ["create"]
    _wanted, parameters = api.requests[0]
    assert {entry["ParameterKey"]: entry.get("ParameterValue") for entry in parameters} == {
        "Key": "0192",
        "Secret": "s3cr3t",
    }


def test_check_mode_creates_nothing_and_shows_no_secret() -> None:
    api = FakeApi(ABSENT)
    outcome = present(api, mode(check=True))
    assert (outcome.operation, outcome.changed, api.done) == ("create", True, [])
    assert "Exchange Token: (hidden)" in outcome.after
    assert "s3cr3t" not in str(outcome)


def test_a_creation_needs_every_value_and_its_capabilities() -> None:
    with pytest.raises(RunnerError, match="Exchange Token"):
        present(FakeApi(ABSENT), mode(), secrets={})
    with pytest.raises(RunnerError, match="CAPABILITY_IAM"):
        present(FakeApi(ABSENT), mode(), capabilities=())


def test_nothing_to_change_is_no_change_and_leaves_no_change_set() -> None:
    api = FakeApi(stack("CREATE_COMPLETE"))
    api.change_sets = [{"Status": "CREATE_IN_PROGRESS"}, EMPTY]
    outcome = present(api, mode())
    assert (outcome.operation, outcome.changed) == ("none", False)
    assert api.done == ["compute UPDATE", "delete change set"]


def test_a_change_set_is_what_is_executed() -> None:
    api = FakeApi(stack("CREATE_COMPLETE"), {"execute": ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]})
    api.change_sets = [ONE_CHANGE]
    outcome = present(api, mode())
    assert (outcome.operation, outcome.stack.status) == ("update", "UPDATE_COMPLETE")
    assert outcome.changes[0]["properties"] == ["Size", "Tags"]
    assert api.done == ["compute UPDATE", "execute"]
    _wanted, parameters = api.requests[0]
    assert {"ParameterKey": "Secret", "UsePreviousValue": True} in parameters


def test_check_mode_of_an_update_removes_its_change_set() -> None:
    api = FakeApi(stack("UPDATE_COMPLETE"))
    api.change_sets = [ONE_CHANGE]
    outcome = present(api, mode(check=True))
    assert outcome.changed
    assert "Modify Cluster" in outcome.after
    assert api.done == ["compute UPDATE", "delete change set"]


@pytest.mark.parametrize(("action", "replacement"), [("Remove", "False"), ("Modify", "True")])
def test_stateful_resources_are_not_lost_without_consent(action: str, replacement: str) -> None:
    risky = {"ResourceChange": {**CHANGE["ResourceChange"], "ResourceType": "AWS::S3::Bucket", "Action": action}}
    risky["ResourceChange"]["Replacement"] = replacement
    api = FakeApi(stack("CREATE_COMPLETE"), {"execute": ["UPDATE_COMPLETE"]})
    api.change_sets = [{"Status": "CREATE_COMPLETE", "Changes": [risky]}] * 2
    with pytest.raises(RunnerError, match="allow_replacement"):
        present(api, mode())
    assert api.done == ["compute UPDATE", "delete change set"]
    assert present(api, mode(), allow_replacement=True).operation == "update"


def test_a_refused_change_set_changes_nothing() -> None:
    api = FakeApi(stack("CREATE_COMPLETE"))
    api.change_sets = [{"Status": "FAILED", "StatusReason": "Parameter validation failed"}]
    with pytest.raises(
        RunnerError, match="Parameter validation failed; /Resources/Cluster/Properties/Name is too long"
    ):
        present(api, mode())
    assert api.done == ["compute UPDATE", "delete change set"]


def test_termination_protection_alone_is_a_change() -> None:
    api = FakeApi(stack("CREATE_COMPLETE", protected=False))
    api.change_sets = [EMPTY, EMPTY]
    assert present(api, mode()).actions == ("switch termination protection on",)
    assert not present(api, mode()).changed


def test_a_running_operation_is_attached_to_and_nothing_is_started() -> None:
    api = FakeApi(stack("CREATE_IN_PROGRESS"), {"wait": ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]})
    outcome = present(api, mode())
    assert (outcome.operation, outcome.changed, api.done) == ("attach", False, [])


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_a_failed_creation_is_deleted_and_done_again_with_what_it_had(status: str) -> None:
    api = FakeApi(
        stack(status, parameters={"Key": "0192", "Secret": "****", "Size": "large"}),
        {"delete": ["DELETE_COMPLETE"], "create": ["CREATE_COMPLETE"]},
    )
    outcome = present(api, mode())
    assert (outcome.operation, outcome.stack.status) == ("recreate", "CREATE_COMPLETE")
    assert api.done == ["protect False", "delete", "create"]
    values = {entry["ParameterKey"]: entry["ParameterValue"] for entry in api.requests[0][1]}
    assert values == {"Key": "0192", "Secret": "s3cr3t", "Size": "large"}


def test_recreating_needs_a_fresh_token_before_the_old_stack_goes() -> None:
    api = FakeApi(stack("ROLLBACK_COMPLETE"))
    with pytest.raises(RunnerError, match="Exchange Token"):
        present(api, mode(), secrets={})
    with pytest.raises(RunnerError, match="recreate_failed"):
        present(api, mode(), recreate_failed=False)
    assert api.done == []


def test_a_rollback_in_the_way_is_waited_for_and_the_stack_made_anew() -> None:
    scripts = {"wait": ["ROLLBACK_COMPLETE"], "delete": ["DELETE_COMPLETE"], "create": ["CREATE_COMPLETE"]}
    assert present(FakeApi(stack("ROLLBACK_IN_PROGRESS"), scripts), mode()).operation == "recreate"


def test_a_deletion_in_the_way_is_waited_for() -> None:
    scripts = {"wait": ["DELETE_COMPLETE"], "create": ["CREATE_COMPLETE"]}
    assert present(FakeApi(stack("DELETE_IN_PROGRESS"), scripts), mode()).operation == "create"


def test_a_failed_update_rollback_is_continued_only_on_request() -> None:
    scripts = {"continue": ["UPDATE_ROLLBACK_COMPLETE"]}
    api = FakeApi(stack("UPDATE_ROLLBACK_FAILED"), scripts)
    with pytest.raises(RunnerError, match="continue_rollback"):
        present(api, mode())
    api.change_sets = [EMPTY]
    present(api, mode(), continue_rollback=True, skip_resources=("Cluster",))
    assert api.done[0] == "continue skip ['Cluster']"


@pytest.mark.parametrize("status", ["DELETE_FAILED", "IMPORT_ROLLBACK_FAILED", "SOMETHING_NEW"])
def test_what_cannot_be_changed_is_explained(status: str) -> None:
    with pytest.raises(RunnerError, match=status):
        present(FakeApi(stack(status)), mode())


def test_another_ones_change_set_in_review_is_left_alone() -> None:
    api = FakeApi(stack("REVIEW_IN_PROGRESS", parameters={}), {"execute": ["CREATE_COMPLETE"]})
    api.change_sets = [ONE_CHANGE]
    assert present(api, mode(), policy='{"Statement": []}').operation == "create"
    assert api.done == ["compute CREATE", "execute", "protect True", "set policy"]


def test_the_first_real_failure_ends_the_wait_with_the_cause() -> None:
    api = FakeApi(ABSENT, {"create": ["CREATE_IN_PROGRESS"] * 3 + ["ROLLBACK_COMPLETE"]})
    api.failing = "Unable to assume the service linked role"
    with pytest.raises(RunnerError, match="Unable to assume") as caught:
        present(api, mode())
    assert api.looks == 1
    assert caught.value.details["root_cause"]["logical_id"] == "Cluster"
    assert caught.value.details["in_progress"] is True
    assert "fresh exchange token" in caught.value.message


def test_a_failure_about_the_exchange_token_is_recognised_and_a_new_one_is_said_to_help() -> None:
    api = FakeApi(ABSENT, {"create": ["CREATE_IN_PROGRESS"] * 3 + ["ROLLBACK_COMPLETE"]})
    api.failing = "Resource handler returned message: the exchange token has expired"
    with pytest.raises(RunnerError, match="exchange token has expired") as caught:
        present(api, mode())
    assert caught.value.details["exchange_token_problem"] == "expired"
    assert "a new exchange token is minted" in caught.value.message


def test_without_fail_fast_the_rollback_is_waited_for() -> None:
    api = FakeApi(ABSENT, {"create": ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]})
    api.failing = "no capacity"
    with pytest.raises(RunnerError, match="The stack is now ROLLBACK_COMPLETE") as caught:
        present(api, mode(fail_fast=False))
    assert caught.value.details["in_progress"] is False


def test_lost_looks_are_survived_and_too_many_are_told() -> None:
    lost = ApiError("Could not read", "connection reset", code="")
    api = FakeApi(ABSENT, {"create": ["CREATE_COMPLETE"]})
    api.errors = [lost] * 4
    assert present(api, mode()).stack.status == "CREATE_COMPLETE"
    api = FakeApi(ABSENT, {"create": ["CREATE_COMPLETE"]})
    api.errors = [lost] * 5
    with pytest.raises(RunnerError, match="run again to attach"):
        present(api, mode())


def test_expired_credentials_end_the_wait_and_not_the_operation() -> None:
    api = FakeApi(ABSENT, {"create": ["CREATE_COMPLETE"]})
    api.errors = [ApiError("Could not read", "expired", code="ExpiredToken")]
    with pytest.raises(RunnerError, match="AWS goes on") as caught:
        present(api, mode())
    assert caught.value.details["in_progress"] is True


def test_the_wait_has_an_end() -> None:
    api = FakeApi(ABSENT, {"create": []})
    with pytest.raises(TimeoutExceededError, match="still CREATE_IN_PROGRESS after 3600 s"):
        present(api, mode())


def test_start_returns_at_once_with_its_token() -> None:
    outcome = present(FakeApi(ABSENT), mode(wait=False))
    assert outcome.in_progress
    assert outcome.token.startswith("gitpod-")


def test_join_waits_and_says_when_there_is_nothing() -> None:
    api = FakeApi(stack("CREATE_IN_PROGRESS"), {"wait": ["CREATE_COMPLETE"]})
    assert join(api).stack.status == "CREATE_COMPLETE"
    assert not join(FakeApi(stack("CREATE_COMPLETE"))).changed
    with pytest.raises(RunnerError, match="There is no stack"):
        join(FakeApi(ABSENT))


def test_join_judges_what_failed_meanwhile_and_not_last_months_failure() -> None:
    with pytest.raises(RunnerError, match="failed"):
        join(FakeApi(stack("ROLLBACK_COMPLETE")))
    with pytest.raises(RunnerError, match="failed"):
        join(FakeApi(stack("UPDATE_ROLLBACK_COMPLETE")), token="gitpod-1")
    assert join(FakeApi(stack("UPDATE_ROLLBACK_COMPLETE"))).stack.status == "UPDATE_ROLLBACK_COMPLETE"


REVIEWED = {
    "ChangeSetId": "arn:reviewed",
    "ExecutionStatus": "AVAILABLE",
    "Parameters": [
        {"ParameterKey": "Key", "ParameterValue": "0192"},
        {"ParameterKey": "Secret", "ParameterValue": "****"},
    ],
    "Tags": [{"Key": key, "Value": value} for key, value in OWN_TAGS.items()],
    "Changes": [CHANGE],
}


def test_a_review_computes_and_stops() -> None:
    api = FakeApi(stack("CREATE_COMPLETE"))
    api.change_sets = [ONE_CHANGE]
    outcome = present(api, mode(), review=True)
    assert (outcome.operation, len(outcome.changes)) == ("review", 1)
    assert api.done == ["compute UPDATE for review"]


def test_the_reviewed_change_set_is_what_a_later_run_executes() -> None:
    api = FakeApi(stack("CREATE_COMPLETE"), {"execute": ["UPDATE_COMPLETE"]})
    api.reviewed = REVIEWED
    assert present(api, mode()).operation == "update"
    assert api.done == ["execute"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ExecutionStatus": "OBSOLETE"}, "OBSOLETE"),
        ({"Tags": []}, "tags"),
        ({"Parameters": [{"ParameterKey": "Key", "ParameterValue": "other"}]}, "Runner ID is another value"),
    ],
)
def test_a_stale_review_is_refused_and_left(changes: dict[str, t.Any], reason: str) -> None:
    api = FakeApi(stack("CREATE_COMPLETE"))
    api.reviewed = {**REVIEWED, **changes}
    with pytest.raises(RunnerError, match=reason):
        present(api, mode())
    assert api.done == []


def test_a_new_review_replaces_the_old_one() -> None:
    api = FakeApi(stack("CREATE_COMPLETE"))
    api.reviewed, api.change_sets = {**REVIEWED, "ExecutionStatus": "OBSOLETE"}, [ONE_CHANGE]
    assert present(api, mode(), review=True).operation == "review"
    assert api.done == ["delete change set", "compute UPDATE for review"]


def test_a_creation_can_be_reviewed_too() -> None:
    api = FakeApi(ABSENT)
    api.change_sets = [ONE_CHANGE]
    assert present(api, mode(), review=True).operation == "review"
    assert api.done == ["compute CREATE for review"]
    later = FakeApi(stack("REVIEW_IN_PROGRESS", parameters={}), {"execute": ["CREATE_COMPLETE"]})
    later.reviewed = REVIEWED
    assert present(later, mode()).operation == "create"
    assert later.done == ["execute", "protect True"]


def test_the_stack_policy_is_set_once() -> None:
    api = FakeApi(stack("CREATE_COMPLETE"))
    api.change_sets = [EMPTY, EMPTY]
    policy = '{"Statement": []}'
    assert present(api, mode(), policy=policy).changed
    assert not present(api, mode(), policy='{"Statement":[]}').changed
    assert api.done.count("set policy") == 1


def test_the_slower_of_two_runs_attaches_to_what_the_faster_began() -> None:
    api = FakeApi(ABSENT, {"wait": ["CREATE_COMPLETE"]})
    api.faster = stack("CREATE_IN_PROGRESS")
    outcome = present(api, mode())
    assert (outcome.operation, outcome.stack.status, api.done) == ("attach", "CREATE_COMPLETE", [])


def test_the_slower_of_two_updates_attaches_to_what_the_faster_began() -> None:
    api = FakeApi(stack("CREATE_COMPLETE"), {"wait": ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]})
    api.change_sets = [ONE_CHANGE]
    api.faster = stack("UPDATE_IN_PROGRESS")
    outcome = present(api, mode())
    assert (outcome.operation, outcome.changed, outcome.stack.status) == ("attach", False, "UPDATE_COMPLETE")
    assert "another run began" in outcome.actions[0]


def test_a_refused_execution_without_another_run_is_an_error() -> None:
    api = FakeApi(stack("CREATE_COMPLETE"))
    api.change_sets = [ONE_CHANGE]
    api.faster = stack("CREATE_COMPLETE")
    with pytest.raises(RunnerError, match="Could not execute"):
        present(api, mode())


def test_a_running_update_is_cancelled_only_on_request() -> None:
    api = FakeApi(stack("UPDATE_IN_PROGRESS"), {"cancel": ["UPDATE_ROLLBACK_COMPLETE"]})
    api.change_sets = [EMPTY]
    assert present(api, mode(), cancel_update=True).stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert api.done == ["cancel", "compute UPDATE", "delete change set"]
    predicted = FakeApi(stack("UPDATE_IN_PROGRESS"))
    assert present(predicted, mode(check=True), cancel_update=True).changed
    assert predicted.done == []


@pytest.mark.parametrize("before", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_read_that_lags_behind_is_not_taken_for_the_end(before: str) -> None:
    api = FakeApi(stack(before), {"execute": [before, before, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]})
    api.change_sets = [ONE_CHANGE]
    api.lag = 2
    outcome = present(api, mode())
    assert outcome.stack.status == "UPDATE_COMPLETE"
    assert api.looks >= 4


def test_a_stack_of_the_runner_under_another_name_is_taken_over() -> None:
    api = FakeApi(ABSENT)
    api.others = [dataclasses.replace(stack("CREATE_COMPLETE"), name="made-by-hand")]
    api.change_sets = [EMPTY]
    outcome = present(api, mode(), runner_id="0192")
    assert (outcome.operation, outcome.stack.name) == ("none", "made-by-hand")
    assert "create" not in api.done
    unknown = FakeApi(ABSENT, {"create": ["CREATE_COMPLETE"]})
    unknown.others = api.others
    assert present(unknown, mode(), runner_id="0193").operation == "create"


def test_parameters_that_a_new_template_adds_or_drops_are_explained() -> None:
    api = FakeApi(stack("CREATE_COMPLETE", parameters={"Key": "0192", "Secret": "****", "Old": "x"}))
    api.change_sets = [ONE_CHANGE]
    actions = present(api, mode(check=True)).actions
    assert "the template adds the parameter Size, which gets its default 's'" in actions
    assert "the template no longer has the parameter Old" in actions


@pytest.mark.parametrize(
    ("status", "predicted"),
    [
        ("CREATE_IN_PROGRESS", "attach"),
        ("UPDATE_IN_PROGRESS", "attach"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "attach"),
        ("ROLLBACK_IN_PROGRESS", "recreate"),
        ("DELETE_IN_PROGRESS", "create"),
    ],
)
def test_check_mode_predicts_without_waiting_for_what_goes_on(status: str, predicted: str) -> None:
    api = FakeApi(stack(status))
    assert present(api, mode(check=True)).operation == predicted
    assert (api.done, api.looks) == ([], 0)
