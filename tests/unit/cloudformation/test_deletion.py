# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having no stack, in every status that a stack can have."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from fakes import OWN_TAGS, FakeApi, mode, stack

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import deletion
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.outcome import Mode, Outcome
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner

ABSENT = Stack("gitpod-eu")


def absent(api: FakeApi, how: Mode, **wanted: t.Any) -> Outcome:
    return deletion.absent(t.cast("t.Any", api), deletion.Deletion("gitpod-eu", **wanted), how)


def test_deletion_needs_force_against_protection() -> None:
    api = FakeApi(stack("CREATE_COMPLETE"), {"delete": ["DELETE_COMPLETE"]})
    with pytest.raises(RunnerError, match="force=true"):
        absent(api, mode())
    assert absent(api, mode(check=True), force=True).changed
    assert api.done == []
    assert absent(api, mode(), force=True).stack.status == "DELETE_COMPLETE"
    assert api.done == ["protect False", "delete"]
    assert not absent(FakeApi(ABSENT), mode()).changed


@pytest.mark.parametrize("end", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_FAILED"])
def test_a_refused_deletion_is_a_failure(end: str) -> None:
    api = FakeApi(stack("CREATE_COMPLETE", protected=False), {"delete": ["DELETE_IN_PROGRESS", end]})
    with pytest.raises(RunnerError, match="failed"):
        absent(api, mode())


def test_a_failed_deletion_retains_what_is_named_and_a_running_one_is_attached_to() -> None:
    api = FakeApi(stack("DELETE_FAILED", protected=False), {"delete": ["DELETE_COMPLETE"]})
    api.listed = resources(Bucket="DELETE_FAILED", Cluster="DELETE_COMPLETE", Service="DELETE_SKIPPED")
    # AWS refuses a call that names what is gone: by the cause's removal, or by somebody's hand.
    absent(api, mode(), retain=("Bucket", "Cluster", "Service"))
    assert api.done == ["delete retain ['Bucket', 'Service']"]
    running = FakeApi(stack("DELETE_IN_PROGRESS", protected=False), {"wait": ["DELETE_COMPLETE"]})
    assert absent(running, mode()).stack.status == "DELETE_COMPLETE"
    assert running.done == []


def resources(**states: str) -> list[dict[str, str]]:
    return [
        {"logical_id": name, "status": state, "type": "AWS::S3::Bucket", "physical_id": name}
        for name, state in states.items()
    ]


@pytest.mark.parametrize("check", [True, False])
def test_what_the_stack_does_not_have_cannot_be_left_behind(check: bool) -> None:
    api = FakeApi(stack("DELETE_FAILED", protected=False))
    api.listed = resources(Bucket="DELETE_FAILED", Cluster="DELETE_COMPLETE")
    with pytest.raises(RunnerError) as error:
        absent(api, mode(check=check), retain=("Bucket", "bucket"))
    assert "has no resource bucket; nothing was changed" in error.value.message
    assert "could not delete Bucket" in error.value.message
    assert "gitpod_teardown_retain_resources" in error.value.message
    assert api.done == []


def test_a_stack_that_was_taken_over_goes_under_its_own_name_in_every_sentence() -> None:
    api = FakeApi(ABSENT)
    own = stack("CREATE_COMPLETE", tags=OWN_TAGS, protected=True)
    api.others = [dataclasses.replace(own, name="made-by-hand", id="arn:by-hand")]
    eu = Runner("gitpod-eu", "0192")
    with pytest.raises(RunnerError, match="The stack made-by-hand is protected"):
        absent(api, mode(), runner=eu)
    predicted = absent(api, mode(check=True), runner=eu, force=True)
    assert predicted.actions == ("delete the stack made-by-hand",)
    assert predicted.before == "made-by-hand: CREATE_COMPLETE\n"


@pytest.mark.parametrize(
    ("status", "settled"),
    [
        ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"),
        ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        ("IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"),
    ],
)
def test_what_aws_is_doing_is_waited_for_because_it_would_refuse(status: str, settled: str) -> None:
    api = FakeApi(stack(status, protected=False), {"wait": [status, settled], "delete": ["DELETE_COMPLETE"]})
    assert absent(api, mode()).stack.status == "DELETE_COMPLETE"
    assert api.done == ["delete"]
    assert api.deleted_in == settled


@pytest.mark.parametrize(
    "status",
    ["CREATE_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"],
)
def test_other_statuses_are_deleted_at_once(status: str) -> None:
    api = FakeApi(stack(status, protected=False), {"delete": ["DELETE_COMPLETE"]})
    if status == "REVIEW_IN_PROGRESS":
        tags = [{"Key": key, "Value": value} for key, value in OWN_TAGS.items()]
        api.reviewed = {"ChangeSetId": "arn:reviewed", "Tags": tags}
    assert absent(api, mode()).stack.status == "DELETE_COMPLETE"
    assert api.deleted_in == status


def test_a_running_update_is_cancelled_on_request() -> None:
    api = FakeApi(
        stack("UPDATE_IN_PROGRESS", protected=False),
        {"cancel": ["UPDATE_ROLLBACK_COMPLETE"], "delete": ["DELETE_COMPLETE"]},
    )
    assert absent(api, mode(), cancel_update=True).stack.status == "DELETE_COMPLETE"
    assert api.done == ["cancel", "delete"]


def test_a_read_that_lags_behind_is_not_taken_for_a_refusal() -> None:
    script = {"delete": ["CREATE_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"]}
    api = FakeApi(stack("CREATE_COMPLETE", protected=False), script)
    api.lag = 1
    assert absent(api, mode()).stack.status == "DELETE_COMPLETE"
