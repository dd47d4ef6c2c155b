# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How AWS tells failures, in the shapes that were recorded: what is one, whose it is, and what is told of it."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest
from fakes import ID, TEMPLATE, WANTED, FakeApi, mode, raw_event, stack

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import advice, operation, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.events import (
    Event,
    History,
    failures,
    left_over,
    told_by_the_stack,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.watch import failed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError

NESTED = ID.replace("gitpod-eu", "gitpod-eu-cache")
OWN = "gitpod-eu"
CLEANUP = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
FOLLOWS = "The following resource(s) failed to create: [Repo]. . Delete requested by user."
NOT_EMPTY = "The bucket you tried to delete is not empty (Service: S3, Status Code: 409). "


def events(*told: tuple[str, str, str]) -> list[Event]:
    """Events of the stack, by resource, status and reason, a second apart."""
    return [Event.from_api(raw_event(number, *entry)) for number, entry in enumerate(told)]


@pytest.mark.parametrize(
    ("reason", "consequence"),
    [
        ("Resource creation cancelled", True),
        ("Resource creation cancelled. ", True),
        ("Resource update cancelled", True),
        ("Resource creation canceled", True),
        ("The request was cancelled by the service. Try again", False),
        ("Resource creation cancelled because the quota is used up", False),
        ("Spot request cancelled", False),
    ],
)
def test_only_the_whole_phrase_is_a_consequence(reason: str, consequence: bool) -> None:
    found = failures(events((OWN, "CREATE_IN_PROGRESS", "User Initiated"), ("Table", "CREATE_FAILED", reason)))
    assert bool(found) is not consequence


def test_what_an_update_could_not_delete_is_left_over_and_no_failure() -> None:
    told = events(
        (OWN, "UPDATE_IN_PROGRESS", "User Initiated"),
        ("Bucket", "UPDATE_COMPLETE", ""),
        (OWN, CLEANUP, ""),
        # AWS tries three times.
        ("Bucket", "DELETE_FAILED", NOT_EMPTY),
        ("Bucket", "DELETE_FAILED", NOT_EMPTY),
        ("Bucket", "DELETE_FAILED", NOT_EMPTY),
        (OWN, "UPDATE_COMPLETE", "Update successful. One or more resources could not be deleted."),
    )
    assert failures(told) == []
    assert [(entry.resource, entry.reason) for entry in left_over(told)] == [("Bucket", NOT_EMPTY.rstrip(". "))]


def test_an_update_that_leaves_something_behind_succeeds_with_a_warning() -> None:
    api = FakeApi(stack("UPDATE_IN_PROGRESS"), {"wait": [CLEANUP, "UPDATE_COMPLETE"]})
    told = [
        raw_event(0, OWN, "UPDATE_IN_PROGRESS", "User Initiated"),
        raw_event(1, OWN, CLEANUP),
        raw_event(2, "Old", "DELETE_FAILED", NOT_EMPTY),
    ]
    ended = raw_event(3, OWN, "UPDATE_COMPLETE", "Update successful. One or more resources could not be deleted.")
    _replay(api, told, ended)
    outcome = operation.join(t.cast("t.Any", api), OWN, "", mode())
    assert outcome.stack.status == "UPDATE_COMPLETE"
    (warning,) = outcome.warnings
    assert "Old (AWS::ECS::Cluster): The bucket you tried to delete is not empty" in warning
    assert "delete it by hand" in warning


def _replay(api: FakeApi, told: list[dict[str, t.Any]], ended: dict[str, t.Any]) -> None:
    """The events of an operation, and once AWS is done the last of them."""
    original = api.describe_stack_events

    def describe(**arguments: t.Any) -> dict[str, t.Any]:
        original(**arguments)
        done = api.current.status == ended["ResourceStatus"]
        return {"StackEvents": list(reversed([*told, ended] if done else told))}

    api.describe_stack_events = describe  # type: ignore[method-assign]


def test_a_failed_deletion_of_a_creation_s_rollback_is_a_failure_all_the_same() -> None:
    told = events(
        (OWN, "CREATE_IN_PROGRESS", "User Initiated"),
        ("Policy", "CREATE_FAILED", "Resource handler returned message: no"),
        (
            OWN,
            "ROLLBACK_IN_PROGRESS",
            "The following resource(s) failed to create: [Policy]. Rollback requested by user.",
        ),
        ("Policy", "DELETE_FAILED", "x"),
        ("Role", "DELETE_FAILED", "in use"),
    )
    assert [(entry.resource, entry.status) for entry in failures(told)] == [
        ("Policy", "CREATE_FAILED"),
        ("Role", "DELETE_FAILED"),
    ]
    assert left_over(told) == []


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            "[Error] /Outputs/X/Value/Fn::GetAtt: Resource type AWS::SSM::Parameter does not support attribute {X}."
            " Rollback requested by user.",
            "[Error] /Outputs/X/Value/Fn::GetAtt: Resource type AWS::SSM::Parameter does not support attribute {X}",
        ),
        (
            "Transform 1::Y failed without an error message.. Rollback requested by user.",
            "Transform 1::Y failed without an error message",
        ),
        ("The following resource(s) failed to create: [A]. . Rollback requested by user.",
         "The following resource(s) failed to create: [A]"),
    ],
)  # fmt: skip
def test_the_cause_may_stand_in_the_stacks_own_event_alone(reason: str, told: str) -> None:
    """ROLLBACK_COMPLETE then has no reason, and no resource has failed."""
    found = events(
        (OWN, "CREATE_IN_PROGRESS", "User Initiated"),
        (OWN, "ROLLBACK_IN_PROGRESS", reason),
        (OWN, "ROLLBACK_COMPLETE", ""),
    )
    assert told_by_the_stack(found) == told
    error = failed(stack("ROLLBACK_COMPLETE"), found, "ROLLBACK_COMPLETE")
    assert told in error.message
    assert "AWS gives no reason" not in error.message


def test_a_rollback_without_a_failed_resource_is_told_at_once() -> None:
    api = FakeApi(
        stack("CREATE_IN_PROGRESS"), {"wait": ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"]}
    )
    with pytest.raises(RunnerError, match=r"AWS is undoing the operation \(ROLLBACK_IN_PROGRESS\)"):
        operation.join(t.cast("t.Any", api), OWN, "", mode())


@pytest.mark.parametrize("fail_fast", [True, False])
def test_a_creation_that_ends_in_a_deletion_has_failed(fail_fast: bool) -> None:
    """OnFailure=DELETE, or somebody deletes it meanwhile."""
    api = FakeApi(stack("CREATE_IN_PROGRESS"), {"wait": ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]})
    told = [
        raw_event(0, OWN, "CREATE_IN_PROGRESS", "User Initiated"),
        raw_event(1, "Repo", "CREATE_FAILED", "Invalid parameter"),
        raw_event(2, OWN, "DELETE_IN_PROGRESS", FOLLOWS),
        raw_event(3, "Repo", "DELETE_COMPLETE"),
    ]  # fmt: skip
    _replay(api, told, raw_event(4, OWN, "DELETE_COMPLETE"))
    with pytest.raises(RunnerError, match=r"Repo \(AWS::ECS::Cluster\) CREATE_FAILED: Invalid parameter") as caught:
        operation.join(t.cast("t.Any", api), OWN, "", mode(fail_fast=fail_fast))
    assert "creates the stack anew, for which it needs a fresh exchange token" in caught.value.message
    assert "retain" not in caught.value.message


def test_a_creation_that_somebody_deletes_says_so() -> None:
    api = FakeApi(stack("CREATE_IN_PROGRESS"), {"wait": ["DELETE_COMPLETE"]})
    _replay(api, [raw_event(0, OWN, "CREATE_IN_PROGRESS")], raw_event(1, OWN, "DELETE_COMPLETE", token="another"))
    with pytest.raises(RunnerError, match="It was deleted meanwhile"):
        operation.join(t.cast("t.Any", api), OWN, "", mode())


def test_who_joins_a_deletion_waits_for_the_stack_to_go() -> None:
    api = FakeApi(stack("DELETE_IN_PROGRESS"), {"wait": ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]})
    assert operation.join(t.cast("t.Any", api), OWN, "", mode()).stack.status == "DELETE_COMPLETE"


def test_a_deletion_that_follows_by_itself_belongs_to_the_creation() -> None:
    told = [
        raw_event(0, OWN, "CREATE_IN_PROGRESS", "User Initiated"),
        raw_event(1, "Repo", "CREATE_FAILED", "Invalid parameter"),
        raw_event(2, OWN, "DELETE_IN_PROGRESS", FOLLOWS),
    ]  # fmt: skip
    history = History(_Client(told), ID)
    history.read()
    assert [failure.resource for failure in failures(history.events)] == ["Repo"]
    by_a_person = [*told[:2], raw_event(2, OWN, "DELETE_IN_PROGRESS", "User Initiated")]
    history = History(_Client(by_a_person), ID)
    history.read()
    assert failures(history.events) == []


class _Client:
    """DescribeStackEvents in one page."""

    def __init__(self, told: list[dict[str, t.Any]]) -> None:
        self.told = told

    def describe_stack_events(self, StackName: str, **_more: t.Any) -> dict[str, t.Any]:  # noqa: N803
        return {"StackEvents": [entry for entry in reversed(self.told) if entry["StackId"] == StackName]}


@pytest.mark.parametrize(("kind", "refuses"), [("FAIL", True), ("WARN", False)])
def test_a_hook_refuses_in_words_of_its_own(kind: str, refuses: bool) -> None:
    hook = {
        "HookType": "Company::Policy::Hook",
        "HookStatus": "HOOK_COMPLETE_FAILED",
        "HookStatusReason": "Hook failed with message: buckets need encryption.",
        "HookFailureMode": kind,
    }
    told = [
        raw_event(0, OWN, "CREATE_IN_PROGRESS"),
        {**raw_event(1, "Bucket", "CREATE_IN_PROGRESS"), **hook},
    ]
    if refuses:
        told.append(raw_event(2, "Bucket", "CREATE_FAILED", "The following hook(s) failed: [Company::Policy::Hook]"))
    found = failures([Event.from_api(entry) for entry in told])
    assert [failure.reason for failure in found] == (
        ["the hook Company::Policy::Hook refused it: Hook failed with message: buckets need encryption"]
        if refuses
        else []
    )


def test_a_nested_stacks_former_operations_are_not_todays() -> None:
    """It has existed for a year; its events of last month are before the parent's beginning."""

    def nested(number: float, resource: str, name: str, reason: str = "") -> dict[str, t.Any]:
        kind = "AWS::CloudFormation::Stack" if resource == "cache" else "AWS::ElastiCache::CacheCluster"
        own = {"StackId": NESTED, "ResourceType": kind, "PhysicalResourceId": NESTED if resource == "cache" else ""}
        return {**raw_event(number, resource, name, reason), **own}

    parent = {
        **raw_event(11, "Cache", "UPDATE_IN_PROGRESS"),
        "ResourceType": "AWS::CloudFormation::Stack",
        "PhysicalResourceId": NESTED,
    }
    told = [
        # Nothing began an operation since: the nested stack has no change today.
        nested(1, "Node", "UPDATE_FAILED", "last month"),
        nested(2, "cache", "UPDATE_ROLLBACK_COMPLETE"),
        raw_event(10, OWN, "UPDATE_IN_PROGRESS"),
        parent,
    ]
    history = History(_Client(told), ID)
    history.read()
    assert failures(history.events) == []
    assert {event.time for event in history.events} == {_at(10), _at(11)}


def _at(number: float) -> float:
    moment: datetime.datetime = raw_event(number, "x", "y")["Timestamp"]
    return moment.timestamp()


UNDONE_BY_ITSELF = {
    "ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "IMPORT_ROLLBACK_IN_PROGRESS",
}


@pytest.mark.parametrize("name", sorted(status.TABLE))
def test_every_status_has_words_that_are_true(name: str) -> None:
    assert name in advice.AFTER
    told = failed(stack(name), [], name).message
    assert "by itself" not in told
    row = status.meaning(name)
    if row.present == status.RECREATE or name == "ROLLBACK_IN_PROGRESS":
        assert "deletes the stack and creates it anew" in told
    if name in UNDONE_BY_ITSELF:
        assert "AWS is undoing the operation" in told
        assert "waits" in told
    if row.present in (status.REPAIR, status.STOP) or name == "UPDATE_FAILED":
        assert not row.in_progress
        assert "the next run waits" not in told
        assert any(word in told for word in ("stays so", "leaves it there"))
    if row.present == status.REPAIR:
        assert "gitpod_stack_continue_rollback" in told


def test_a_status_that_aws_added_since_promises_nothing() -> None:
    assert "Bring it to an end in the console" in failed(stack("SHRUNK_COMPLETE"), [], "SHRUNK_COMPLETE").message


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("DELETE_FAILED", "gitpod_teardown_retain_resources"),
        ("CREATE_COMPLETE", "AWS left the stack as it was"),
        ("UPDATE_COMPLETE", "AWS left the stack as it was"),
    ],
)
def test_a_deletion_that_aws_refused_is_not_one_that_failed(name: str, told: str) -> None:
    message = failed(stack(name), [], name, deleting=True).message
    assert told in message
    assert ("retain" in message) is (name == "DELETE_FAILED")


def test_an_update_that_failed_and_stayed_so_is_never_taken_for_done() -> None:
    """Its recorded values are those that were wanted, so nothing seems to differ."""
    api = FakeApi(stack("UPDATE_FAILED"), {"execute": ["UPDATE_COMPLETE"]})
    api.template_fingerprint = "same"
    api.change_sets = [{"Status": "CREATE_COMPLETE", "Changes": []}]
    wanted = dataclasses.replace(WANTED, fingerprint="same")
    outcome = operation.present(t.cast("t.Any", api), wanted, TEMPLATE.location, mode())
    assert (outcome.operation, outcome.stack.status) == ("update", "UPDATE_COMPLETE")
    stuck = FakeApi(stack("UPDATE_FAILED"))
    stuck.template_fingerprint = "same"
    stuck.change_sets = [{"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}]
    with pytest.raises(RunnerError, match="UPDATE_FAILED and cannot be changed"):
        operation.present(t.cast("t.Any", stuck), wanted, TEMPLATE.location, mode())
