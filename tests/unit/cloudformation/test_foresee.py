# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is foreseen in each status and for each difference; and that it is what a run then does."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest
from fakes import OWN_TAGS, TEMPLATE, WANTED, FakeApi, mode, stack
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import (
    leftovers,
    operation,
    status,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.foresee import (
    Present,
    difference,
    foresee,
    tags_after,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.leftovers import Leftover
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Parameter,
    Stack,
    Template,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.outcome import new_token
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import StagePlan

HASH, VERSION = "gitpod:template-sha256", "gitpod:release-version"
ROLE = "arn:aws:iam::123456789012:role/stacks"
TOPICS = ("arn:aws:sns:eu-central-1:123456789012:one", "arn:aws:sns:eu-central-1:123456789012:two")
POLICY = '{"Statement": []}'
SAME = dataclasses.replace(WANTED, fingerprint="f", tags={"team": "x"})
OWN = dataclasses.replace(WANTED, fingerprint="f")
EMPTY = {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
ONE_CHANGE = {"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": {"Action": "Modify"}}]}


def plan(wanted: Wanted = SAME, present: Present | None = None, template: Template = TEMPLATE) -> StagePlan:
    return foresee(wanted, template, present or Present(stack("CREATE_COMPLETE"), "f"))


EXPECTED: dict[str, str] = {
    "ABSENT": "create",
    "DELETE_COMPLETE": "create",
    "REVIEW_IN_PROGRESS": "create",
    "DELETE_IN_PROGRESS": "create",
    "CREATE_FAILED": "recreate",
    "ROLLBACK_IN_PROGRESS": "recreate",
    "ROLLBACK_COMPLETE": "recreate",
    "ROLLBACK_FAILED": "recreate",
    "CREATE_IN_PROGRESS": "attach",
    "UPDATE_IN_PROGRESS": "attach",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "attach",
    "UPDATE_ROLLBACK_IN_PROGRESS": "attach",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "attach",
    "IMPORT_IN_PROGRESS": "attach",
    "IMPORT_ROLLBACK_IN_PROGRESS": "attach",
    # It has the values that were wanted, and is not done.
    "UPDATE_FAILED": "update",
    "UPDATE_ROLLBACK_FAILED": "wait",
    "DELETE_FAILED": "wait",
    "IMPORT_ROLLBACK_FAILED": "wait",
    "A_STATUS_OF_TOMORROW": "wait",
}


@pytest.mark.parametrize("state", [*status.TABLE, "A_STATUS_OF_TOMORROW"])
def test_every_status_has_its_action(state: str) -> None:
    found = plan(present=Present(stack(state), "f"))
    assert (found.stage, found.action) == ("stack", EXPECTED.get(state, "nothing"))
    assert bool(found.reasons) == found.needed
    assert found.action == "create" or not found.needed or state in found.reasons[0]


def test_what_is_forbidden_or_allowed_decides_about_a_failed_stack() -> None:
    left = dataclasses.replace(SAME, recreate_failed=False)
    assert plan(left, Present(stack("ROLLBACK_COMPLETE"))).action == "wait"
    cancelling = dataclasses.replace(SAME, cancel_update=True)
    assert plan(cancelling, Present(stack("UPDATE_IN_PROGRESS"))).action == "update"
    going_on = dataclasses.replace(SAME, continue_rollback=True)
    assert plan(going_on, Present(stack("UPDATE_ROLLBACK_FAILED"), "f")) == StagePlan(
        "stack", "update", ("the rollback is continued (UPDATE_ROLLBACK_FAILED)",)
    )


DIFFERENCES: list[tuple[str, dict[str, t.Any], dict[str, t.Any], str]] = [
    ("parameter", {"parameters": {"Runner ID": "0193"}}, {}, "Runner ID: 0192 becomes 0193"),
    ("parameter by logical ID", {"parameters": {"Key": "0193"}}, {}, "Runner ID: 0192 becomes 0193"),
    ("parameter the stack has not", {"parameters": {"Size": "s"}}, {}, "Size: (none) becomes s"),
    ("parameter emptied", {"parameters": {"Runner ID": ""}}, {}, "Runner ID: 0192 becomes (none)"),
    ("tag changed", {"tags": {"team": "y"}}, {}, "tag team: x becomes y"),
    ("tag added", {"tags": {"owner": "me"}}, {}, "tag owner: (none) becomes me"),
    ("tag purged", {"tags": {}, "purge_tags": True}, {}, "tag team: x becomes (none)"),
    ("a secret renewed", {"renew_secrets": True}, {}, "Exchange Token: (hidden) becomes (a new one)"),
    ("template", {"fingerprint": "g"}, {}, "the template is another one"),
    (
        "template by hand, record kept",
        {"tags": {HASH: "h"}},
        {"fingerprint": "g", "tags": {HASH: "h", "team": "x"}},
        "the template is another one",
    ),
    (
        "hash by its record",
        {"tags": {HASH: "h"}},
        {"fingerprint": "", "tags": {HASH: "i"}},
        "the template is another one",
    ),
    (
        "release by its record",
        {"tags": {VERSION: "2"}},
        {"fingerprint": "", "tags": {VERSION: "1"}},
        f"tag {VERSION}: 1 becomes 2",
    ),
    ("no record", {"tags": {VERSION: "2"}}, {"fingerprint": ""}, "the template is another one"),
    ("protection on", {}, {"protected": False}, "the termination protection differs"),
    ("protection off", {"protected": False}, {}, "the termination protection differs"),
    ("policy", {"policy": POLICY}, {"policy": ""}, "the stack policy differs"),
    ("service role", {"role_arn": ROLE}, {}, "the service role is another one"),
    ("topics", {"notification_arns": TOPICS}, {}, "the notification topics are others"),
    (
        "left behind",
        {},
        {"leftovers": (Leftover("arn", "c1"),)},
        "left behind: 1 change set of a run that was broken off",
    ),
    ("a review waits", {}, {"reviewed": {"ChangeSetId": "arn"}}, "a change set that was computed for review waits"),
]
SAMENESS: list[tuple[str, dict[str, t.Any], dict[str, t.Any]]] = [
    ("as it is", {}, {}),
    ("what is left out", {"parameters": {}, "tags": {}}, {}),
    ("a secret", {"secrets": {"Exchange Token": "another"}}, {}),
    ("no secret to renew", {"renew_secrets": True, "secrets": {}}, {}),
    ("a secret among the parameters", {"parameters": {"Exchange Token": "another"}}, {}),
    ("template by its record", {"fingerprint": "", "tags": {HASH: "h"}}, {"tags": {HASH: "h"}}),
    ("the release that another run recorded", {}, {"tags": {"team": "x", VERSION: "1"}}),
    ("policy otherwise spaced", {"policy": POLICY}, {"policy": '{ "Statement":[] }'}),
    ("policy of someone else's", {}, {"policy": POLICY}),
    ("service role of someone else's", {}, {"role_arn": ROLE}),
    ("topics in another order", {"notification_arns": TOPICS}, {"notification_arns": TOPICS[::-1]}),
]


def existing(state: str = "CREATE_COMPLETE", **facts: t.Any) -> Present:
    own = {name: facts.pop(name) for name in ("fingerprint", "policy", "reviewed", "leftovers") if name in facts}
    return Present(stack(state, **facts), **{"fingerprint": "f", **own})


@pytest.mark.parametrize(
    ("wanted", "facts", "reason"), [row[1:] for row in DIFFERENCES], ids=[row[0] for row in DIFFERENCES]
)
@pytest.mark.parametrize("state", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED"])
def test_each_difference_is_an_update_with_its_reason(
    wanted: dict[str, t.Any], facts: dict[str, t.Any], reason: str, state: str
) -> None:
    found = plan(dataclasses.replace(SAME, **wanted), existing(state, **facts))
    assert found.action == "update"
    assert reason in found.reasons


@pytest.mark.parametrize(("wanted", "facts"), [row[1:] for row in SAMENESS], ids=[row[0] for row in SAMENESS])
def test_what_is_no_difference(wanted: dict[str, t.Any], facts: dict[str, t.Any]) -> None:
    assert plan(dataclasses.replace(SAME, **wanted), existing(**facts)) == StagePlan("stack", "nothing")


def test_a_list_is_the_same_with_spaces() -> None:
    template = dataclasses.replace(TEMPLATE, parameters=(Parameter("Key", "Zones", "CommaDelimitedList"),))
    present = existing(parameters={"Key": "a, b"})
    assert not plan(dataclasses.replace(SAME, parameters={"Zones": ["a", "b"]}, secrets={}), present, template).needed
    assert plan(dataclasses.replace(SAME, parameters={"Zones": ["b", "a"]}, secrets={}), present, template).needed


@pytest.mark.parametrize(("wanted", "facts"), [({"fingerprint": ""}, {}), ({}, {"fingerprint": ""})])
def test_a_template_that_nothing_is_known_of_needs_a_change_set(
    wanted: dict[str, t.Any], facts: dict[str, t.Any]
) -> None:
    found = plan(dataclasses.replace(SAME, **wanted), existing(**facts))
    assert found.action == "unknown"
    assert "only a change set can tell" in found.reasons[0]


def test_values_that_do_not_fit_are_said_and_no_secret_is() -> None:
    found = plan(dataclasses.replace(SAME, parameters={"Nonsense": "1"}, secrets={"Exchange Token": "s3cr3t"}))
    assert found.action == "unknown"
    assert "the template has no parameter 'Nonsense'" in found.reasons
    assert "s3cr3t" not in str(found)


def test_the_record_of_a_replaced_template_does_not_stay() -> None:
    recorded = existing(tags={"team": "x", VERSION: "1", HASH: "h"})
    assert tags_after(dataclasses.replace(SAME, fingerprint="g"), recorded) == {"team": "x"}
    assert tags_after(dataclasses.replace(SAME, fingerprint="f"), recorded) == recorded.stack.tags
    assert tags_after(dataclasses.replace(SAME, fingerprint=""), recorded) == recorded.stack.tags


class Faithful(FakeApi):
    """A CloudFormation whose change sets are empty exactly when the request changes nothing."""

    def __init__(self, present: Present, wanted: Wanted) -> None:
        super().__init__(
            present.stack,
            {"execute": ["UPDATE_COMPLETE"], "create": ["CREATE_COMPLETE"], "delete": ["DELETE_COMPLETE"]},
        )
        self.template_fingerprint, self.stack_policy = present.fingerprint, present.policy
        self.left = present.leftovers
        self._wanted = wanted

    def change_set(self, _arn: str) -> dict[str, t.Any]:
        full, parameters = self.requests[-1]
        before = self.current
        values = {entry["ParameterKey"]: entry.get("ParameterValue") for entry in parameters}
        # A parameter that the template adds has its default from then on.
        known = {key: before.parameters.get(key, "") for key in values}
        same = (
            self.template_fingerprint == self._wanted.fingerprint
            and all(value is None or value == known[key] for key, value in values.items())
            and dict(full.tags) == dict(before.tags)
            and full.role_arn == before.role_arn
            and (not full.notification_arns or set(full.notification_arns) == set(before.notification_arns))
        )
        return EMPTY if same else ONE_CHANGE


TAGS = st.dictionaries(st.sampled_from(["team", "owner"]), st.sampled_from(["x", "y"])).map(
    lambda tags: {**OWN_TAGS, **tags}
)
WANTS = st.builds(
    Wanted,
    name=st.just("gitpod-eu"),
    parameters=st.fixed_dictionaries(
        {}, optional={"Runner ID": st.just("0192"), "Size": st.sampled_from(["0192", "s"])}
    ),
    secrets=st.just({"Exchange Token": "s3cr3t"}),
    capabilities=st.just(("CAPABILITY_IAM",)),
    tags=TAGS,
    purge_tags=st.booleans(),
    role_arn=st.sampled_from(["", ROLE]),
    notification_arns=st.sampled_from([(), TOPICS]),
    protected=st.booleans(),
    policy=st.sampled_from(["", POLICY]),
    fingerprint=st.sampled_from(["f", "g"]),
)
PRESENTS = st.builds(
    Present,
    st.builds(
        Stack,
        name=st.just("gitpod-eu"),
        id=st.just("arn"),
        status=st.sampled_from(["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"]),
        parameters=st.just({"Key": "0192", "Secret": "****", "Size": "s"}),
        tags=TAGS,
        protected=st.booleans(),
        role_arn=st.sampled_from(["", ROLE]),
        notification_arns=st.sampled_from([(), TOPICS, TOPICS[::-1]]),
    ),
    fingerprint=st.sampled_from(["f", "g"]),
    policy=st.sampled_from(["", POLICY]),
    leftovers=st.sampled_from([(), (Leftover("arn", "c1"),)]),
)


@given(WANTS, PRESENTS)
def test_nothing_is_foreseen_exactly_when_a_run_changes_nothing(wanted: Wanted, present: Present) -> None:
    foreseen = foresee(wanted, TEMPLATE, present)
    api = Faithful(present, wanted)
    done = operation.present(t.cast("t.Any", api), wanted, TEMPLATE.location, mode())
    assert foreseen.needed == done.changed
    assert done.changed or api.done == [], "without a difference nothing is written, no change set either"
    predicted = operation.present(
        t.cast("t.Any", Faithful(present, wanted)), wanted, TEMPLATE.location, mode(check=True)
    )
    assert predicted.changed == foreseen.needed


@given(WANTS, PRESENTS)
def test_after_a_run_there_is_nothing_to_do(wanted: Wanted, present: Present) -> None:
    after = dataclasses.replace(
        present.stack,
        parameters={
            **present.stack.parameters,
            **({"Key": wanted.parameters["Runner ID"]} if "Runner ID" in wanted.parameters else {}),
            **({"Size": wanted.parameters["Size"]} if "Size" in wanted.parameters else {}),
        },
        tags=tags_after(wanted, present),
        role_arn=wanted.role_arn or present.stack.role_arn,
        notification_arns=wanted.notification_arns or present.stack.notification_arns,
        protected=wanted.protected,
    )
    assert not foresee(wanted, TEMPLATE, Present(after, wanted.fingerprint, wanted.policy or present.policy)).needed


@pytest.mark.parametrize("state", ["UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "IMPORT_ROLLBACK_FAILED"])
def test_where_a_run_refuses_to_go_on_the_plan_waits(state: str) -> None:
    present = Present(stack(state), "f")
    assert plan(present=present).action == "wait"
    with pytest.raises(RunnerError):
        operation.present(t.cast("t.Any", FakeApi(present.stack)), SAME, TEMPLATE.location, mode())


@pytest.mark.parametrize(
    ("state", "scripts"),
    [
        ("ABSENT", {"create": ["CREATE_COMPLETE"]}),
        ("ROLLBACK_COMPLETE", {"delete": ["DELETE_COMPLETE"], "create": ["CREATE_COMPLETE"]}),
        ("CREATE_IN_PROGRESS", {"wait": ["CREATE_COMPLETE"]}),
    ],
)
def test_the_operation_is_the_one_that_was_foreseen(state: str, scripts: dict[str, list[str]]) -> None:
    present = Present(Stack("gitpod-eu") if state == "ABSENT" else stack(state), "f")
    api = FakeApi(present.stack, scripts)
    assert (
        plan(present=present).action
        == operation.present(t.cast("t.Any", api), SAME, TEMPLATE.location, mode()).operation
    )


def test_a_difference_that_only_the_protection_makes_needs_no_change_set() -> None:
    found = difference(SAME, TEMPLATE, existing(protected=False))
    assert not found.needs_change_set
    assert found.certain


MADE = datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)
LEFT: dict[str, t.Any] = {
    "ChangeSetId": "arn:aws:cloudformation:eu-central-1:1:changeSet/x/1",
    "ChangeSetName": leftovers.name_of(new_token()),
    "Description": "gitpod.enterprise_runner",
    "Status": "CREATE_COMPLETE",
    "ExecutionStatus": "AVAILABLE",
    "CreationTime": MADE,
}


@pytest.mark.parametrize(
    ("own", "age", "goes"),
    [
        ({}, 3601, True),
        ({"Status": "FAILED", "ExecutionStatus": "UNAVAILABLE"}, 90_000, True),
        ({"ExecutionStatus": "OBSOLETE"}, 90_000, True),
        # A run that lives may have made it.
        ({}, 3599, False),
        ({}, -600, False),
        # AWS is at work on it, or it was executed.
        ({"Status": "CREATE_IN_PROGRESS", "ExecutionStatus": "UNAVAILABLE"}, 90_000, False),
        ({"ExecutionStatus": "EXECUTE_COMPLETE"}, 90_000, False),
        ({"ExecutionStatus": "EXECUTE_IN_PROGRESS"}, 90_000, False),
        # Somebody else's, and the one that waits for a review.
        ({"Description": ""}, 90_000, False),
        ({"Description": None}, 90_000, False),
        ({"ChangeSetName": "gitpod-enterprise-runner-review"}, 90_000, False),
        ({"ChangeSetName": "cgitpod-mine"}, 90_000, False),
        ({"ChangeSetName": f"{leftovers.name_of(new_token())}-2"}, 90_000, False),
        ({"CreationTime": None}, 90_000, False),
    ],
)
def test_a_change_set_that_a_run_left_behind_is_known(own: dict[str, t.Any], age: int, goes: bool) -> None:
    found = leftovers.left_behind([{**LEFT, **own}], MADE + datetime.timedelta(seconds=age))
    assert [leftover.arn for leftover in found] == ([LEFT["ChangeSetId"]] if goes else [])


def test_they_are_a_reason_that_touches_no_other_stage_and_go_without_a_change_set() -> None:
    left = (Leftover("arn:1", "c1"), Leftover("arn:2", "c2"))
    assert plan(present=existing(leftovers=left)) == StagePlan(
        "stack", "update", ("left behind: 2 change sets of runs that were broken off",), keeps=True
    )
    api = FakeApi(stack("CREATE_COMPLETE"))
    api.template_fingerprint, api.left = "f", left
    predicted = operation.present(t.cast("t.Any", api), OWN, TEMPLATE.location, mode(check=True))
    assert (predicted.changed, api.done) == (True, [])
    found = operation.present(t.cast("t.Any", api), OWN, TEMPLATE.location, mode())
    assert found.changed
    assert found.actions == ("remove 2 change sets of runs that were broken off",)
    assert api.done == ["delete change set", "delete change set"]


def test_one_that_cannot_be_removed_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeApi(stack("CREATE_COMPLETE"))
    api.template_fingerprint, api.left = "f", (Leftover("arn:1", "c1"),)

    def refuse(_arn: str) -> None:
        raise ApiError("Could not delete the change set arn:1", "no", code="AccessDenied")

    monkeypatch.setattr(api, "delete_change_set", refuse)
    found = operation.present(t.cast("t.Any", api), OWN, TEMPLATE.location, mode())
    assert "c1, a change set of a run that was broken off, stays" in found.warnings[0]
