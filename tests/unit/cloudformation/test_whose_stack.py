# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose stack is changed, replaced and deleted: never one that is not this runner's, in whichever status it is."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from fakes import OWN_TAGS, TEMPLATE, WANTED, FakeApi, mode, stack

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import (
    deletion,
    finding,
    operation,
    result,
    status,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags

ABSENT = Stack("gitpod-eu")
EU = Runner("gitpod-eu", "0192")
STRANGERS = {"parameters": {"Topic": "x"}, "tags": {"team": "payments"}}
ANOTHERS = {"parameters": {"RunnerId": "0200"}, "tags": {}}
BY_HAND = {"parameters": {"Key": "0192", "Secret": "****"}, "tags": {}}
COPIED = {"parameters": {"Key": "0192", "Secret": "****"}, "tags": ownership_tags("gitpod-us", "0192")}
EMPTY = {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
EXISTING = sorted(name for name in status.TABLE if status.exists(name))


def present(api: FakeApi, **changes: t.Any) -> operation.Outcome:
    return operation.present(t.cast("t.Any", api), dataclasses.replace(WANTED, **changes), TEMPLATE.location, mode())


def absent(api: FakeApi, runner: Runner = EU, **changes: t.Any) -> operation.Outcome:
    wanted = deletion.Deletion("gitpod-eu", force=True, runner=runner, **changes)
    return deletion.absent(t.cast("t.Any", api), wanted, mode())


def found(api: FakeApi, runner: Runner = EU, take_over: str = "") -> finding.Found:
    return finding.find(t.cast("t.Any", api), runner, "gitpod-eu", take_over)


@pytest.mark.parametrize("name", EXISTING)
@pytest.mark.parametrize("whose", [STRANGERS, ANOTHERS, BY_HAND, COPIED], ids=["no one", "another", "hand", "copied"])
def test_nothing_is_done_to_a_stack_that_is_not_ours_in_any_status(name: str, whose: dict[str, t.Any]) -> None:
    api = FakeApi(stack(name, **whose))
    with pytest.raises(RunnerError, match="nothing was changed"):
        present(api)
    with pytest.raises(RunnerError, match="nothing was changed"):
        absent(api)
    assert api.done == []
    assert api.requests == []


def test_it_is_told_whose_the_stack_is_and_what_to_do() -> None:
    told = {}
    for whose, values in (("no one", STRANGERS), ("another", ANOTHERS), ("hand", BY_HAND), ("copied", COPIED)):
        with pytest.raises(RunnerError) as error:
            present(FakeApi(stack("CREATE_COMPLETE", **values)))
        told[whose] = error.value.message
    assert "team=payments" in told["no one"]
    assert "its parameter RunnerId is 0200" in told["another"]
    assert "gitpod_stack_take_over: gitpod-eu" in told["hand"]
    assert "belongs to the runner gitpod-us (0192)" in told["copied"]


def test_a_stack_is_taken_over_only_when_it_is_named_and_has_the_runner_s_id() -> None:
    for values in (BY_HAND, COPIED):
        api = FakeApi(stack("CREATE_COMPLETE", **values))
        api.change_sets = [EMPTY]
        assert present(api, take_over="gitpod-eu").operation == "update"
    for values in (STRANGERS, ANOTHERS):
        api = FakeApi(stack("CREATE_COMPLETE", **values))
        with pytest.raises(RunnerError, match="only with this runner's ID among its parameters"):
            present(api, take_over="gitpod-eu")
        assert api.done == []


def test_one_of_another_name_is_refused_until_it_is_named() -> None:
    api = FakeApi(ABSENT)
    api.others = [dataclasses.replace(stack("CREATE_COMPLETE", **BY_HAND), name="made-by-hand", id="arn:by-hand")]
    with pytest.raises(RunnerError, match="gitpod_stack_take_over: made-by-hand"):
        present(api)
    api.change_sets = [EMPTY]
    assert present(api, take_over="made-by-hand").stack.name == "made-by-hand"
    # A copied host_vars file: the first one's stack has the same ID and its own name.
    api.others = [dataclasses.replace(stack("CREATE_COMPLETE", **COPIED), name="gitpod-us", id="arn:us")]
    with pytest.raises(RunnerError, match="belongs to the runner gitpod-us"):
        present(api)
    assert found(api).seen == ABSENT


def test_a_stack_of_another_name_that_was_taken_over_is_the_runner_s_whoever_has_the_name_now() -> None:
    own = dataclasses.replace(stack("CREATE_COMPLETE"), name="made-by-hand", id="arn:by-hand")
    for current in (ABSENT, stack("CREATE_COMPLETE", **STRANGERS)):
        api = FakeApi(current)
        api.others = [own]
        for runner in (EU, Runner("gitpod-eu"), Runner(id="0192")):
            assert found(api, runner).stack == own
    api.others = [own, dataclasses.replace(own, name="a-second")]
    with pytest.raises(RunnerError, match="2 stacks belong to the runner"):
        found(api)


def test_whoever_was_faster_to_create_a_stack_of_the_name_is_not_joined_when_it_is_another() -> None:
    api = FakeApi(ABSENT)
    api.faster = stack("CREATE_IN_PROGRESS", **STRANGERS)
    with pytest.raises(RunnerError, match="is not a runner's that is known"):
        present(api)


def test_a_shell_is_whose_change_set_waits_in_it() -> None:
    shell = FakeApi(stack("REVIEW_IN_PROGRESS", parameters={}, tags={}))
    for tags, relation in ((OWN_TAGS, "ours"), (ownership_tags("us", "0200"), "anothers")):
        shell.reviewed = {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        assert found(shell).verdict.relation == relation


def test_a_run_that_was_killed_leaves_a_shell_that_is_its_runners() -> None:
    """Its change set has another name than one that waits for a review."""
    left = FakeApi(stack("REVIEW_IN_PROGRESS", parameters={}, tags={}), {"delete": ["DELETE_COMPLETE"]})
    others = {"ChangeSetName": "by-hand", "Tags": []}
    ours = {"ChangeSetName": "c1", "Tags": [{"Key": key, "Value": value} for key, value in OWN_TAGS.items()]}
    left.waiting = [others]
    assert found(left).free
    assert not found(left).empty
    assert "the change sets that wait in it are others': by-hand" in found(left).told
    assert absent(left).operation == "none"
    assert left.done == []
    left.waiting = [others, ours]
    assert found(left).verdict.relation == "ours"
    assert absent(left).operation == "delete"


def test_a_shell_without_a_change_set_is_nobodys_and_goes() -> None:
    empty = FakeApi(stack("REVIEW_IN_PROGRESS", parameters={}, tags={}), {"delete": ["DELETE_COMPLETE"]})
    assert found(empty).empty
    assert absent(empty).operation == "delete"

    def denied(_stack: str) -> list[dict[str, t.Any]]:
        raise ApiError("Could not list the change sets", code="AccessDenied")

    unknown = FakeApi(stack("REVIEW_IN_PROGRESS", parameters={}, tags={}))
    unknown.waiting_change_sets = denied  # type: ignore[method-assign]
    assert found(unknown).free
    assert absent(unknown).operation == "none", "what nobody could list may be somebody's"
    assert unknown.done == []


def test_a_task_that_names_no_runner_means_a_runner_s_stack_all_the_same() -> None:
    nobody = Runner()
    api = FakeApi(stack("CREATE_COMPLETE", **BY_HAND))
    assert found(api, nobody).usable, "its template has a Runner ID"
    api.template = lambda _location: dataclasses.replace(TEMPLATE, parameters=())  # type: ignore[method-assign]
    assert not found(api, nobody).usable
    assert found(api, nobody, "gitpod-eu").usable
    assert found(FakeApi(stack("CREATE_COMPLETE")), nobody).usable
    assert found(FakeApi(ABSENT), nobody).free


@pytest.mark.parametrize("value", ["false", "no", "true", 1, None, [], [False]])
def test_only_a_real_true_deletes_or_replaces(value: t.Any) -> None:
    options = {"name": "gitpod-eu", "allow_replacement": value, "recreate_failed": value, "force": value}
    wanted = Wanted.of(options)
    assert (wanted.allow_replacement, wanted.recreate_failed) == (False, False)
    assert result.unwanted({**options, "retain_resources": []}).force is False
