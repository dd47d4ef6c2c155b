# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose each kind of thing is, in each relation."""

from __future__ import annotations

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _ownership as ownership
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import (
    ANOTHERS,
    BY_HAND,
    OURS,
    SHARED,
    STRANGERS,
    UNKNOWN,
    Runner,
    Verdict,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags

ID, OTHER = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02", "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c03"
EU, NAMELESS, UNREGISTERED = Runner("eu", ID), Runner("", ID), Runner("eu")
MANAGED = {"gitpod:managed-by": "gitpod.enterprise_runner"}

TAGS = [
    (EU, ownership_tags("eu", ID), OURS, f"gitpod:runner-id is {ID}"),
    (EU, ownership_tags("eu", ID.upper()), OURS, "gitpod:runner-id"),
    (EU, ownership_tags("eu", None), OURS, "gitpod:runner-name is eu"),
    (UNREGISTERED, ownership_tags("eu", ID), OURS, "gitpod:runner-name is eu"),
    (EU, ownership_tags("eu", OTHER), ANOTHERS, f"gitpod:runner-id is {OTHER}"),
    (EU, ownership_tags("us", ID), ANOTHERS, "gitpod:runner-name is us"),
    (EU, ownership_tags("us", None), ANOTHERS, "gitpod:runner-name is us"),
    (EU, {"gitpod:runner-name": "us"}, ANOTHERS, "gitpod:runner-name is us"),
    (EU, MANAGED, STRANGERS, "none of its tags"),
    (EU, {}, STRANGERS, "none of its tags"),
    (EU, {"Name": "eu"}, STRANGERS, "none of its tags"),
    (EU, {"gitpod:runner-name": "eu"}, STRANGERS, "gitpod:managed-by"),
    (EU, {"gitpod:runner-id": ID}, STRANGERS, "gitpod:managed-by"),
    (NAMELESS, ownership_tags("eu", None), UNKNOWN, "not known"),
    (UNREGISTERED, {**MANAGED, "gitpod:runner-id": ID}, UNKNOWN, "not known"),
    (EU, None, UNKNOWN, "could not be read"),
]


@pytest.mark.parametrize(("runner", "tags", "relation", "reason"), TAGS)
def test_certificates_buckets_and_whatever_has_only_tags(
    runner: Runner, tags: dict[str, str] | None, relation: str, reason: str
) -> None:
    found = ownership.by_tags(tags, runner)
    assert (found.relation, reason in found.reason) == (relation, True), found
    assert found.goes is (relation == OURS)
    if relation == ANOTHERS:
        assert found.whose.startswith("the runner ")


STACKS = [
    (EU, ownership_tags("eu", ID), {"Key": ID}, False, OURS, "its tag gitpod:runner-id"),
    (EU, ownership_tags("eu", None), {"Key": ID}, False, OURS, "its tag gitpod:runner-name"),
    (EU, ownership_tags("eu", None), {}, False, OURS, "its tag gitpod:runner-name"),
    # Two inventories call their runners alike: the other's ID among the parameters tells.
    (EU, ownership_tags("eu", None), {"Key": OTHER}, False, ANOTHERS, f"its parameter Key is {OTHER}"),
    (EU, ownership_tags("eu", OTHER), {"Key": OTHER}, True, ANOTHERS, f"gitpod:runner-id is {OTHER}"),
    # A copied host_vars file: the same ID under another name is still the first's, also with its take-over.
    (EU, ownership_tags("us", ID), {"Key": ID}, False, ANOTHERS, "gitpod:runner-name is us"),
    (EU, ownership_tags("us", ID), {"Key": ID}, True, ANOTHERS, "gitpod:runner-name is us"),
    # Somebody has taken tags away.
    (EU, {"gitpod:runner-name": "eu"}, {"Key": ID}, False, BY_HAND, "do not say that this collection has it"),
    (EU, {**MANAGED, "gitpod:runner-id": ID}, {"Key": ID}, False, OURS, "its tag gitpod:runner-id"),
    # Two runners' IDs: which of them the stack is of, its name for it does not tell.
    (EU, {}, {"Key": ID, "Other": OTHER}, False, BY_HAND, f"the runner's ID {ID} is among its parameters"),
    (EU, {}, {"Key": ID}, False, BY_HAND, f"the runner's ID {ID} is among its parameters"),
    (EU, MANAGED, {"Key": ID.upper()}, False, BY_HAND, "among its parameters"),
    (EU, {}, {"Key": ID}, True, OURS, "among its parameters"),
    (EU, {}, {"Key": OTHER}, False, ANOTHERS, f"its parameter Key is {OTHER}"),
    (EU, {}, {"Key": OTHER}, True, ANOTHERS, f"its parameter Key is {OTHER}"),
    (EU, {}, {"RunnerId": "r-2"}, False, ANOTHERS, "its parameter RunnerId is r-2"),
    (EU, {"team": "pay"}, {"Topic": "x"}, True, STRANGERS, "its tags are team=pay"),
    (EU, MANAGED, {}, False, STRANGERS, "neither its tags nor its parameters"),
    (UNREGISTERED, {}, {"Key": ID}, True, UNKNOWN, "ID is not known"),
    (EU, None, {}, False, UNKNOWN, "could not be read"),
]


@pytest.mark.parametrize(("runner", "tags", "parameters", "named", "relation", "reason"), STACKS)
def test_stacks(
    runner: Runner,
    tags: dict[str, str] | None,
    parameters: dict[str, str],
    named: bool,
    relation: str,
    reason: str,
) -> None:
    found = ownership.of_stack(runner, tags, parameters, named=named)
    assert (found.relation, reason in found.reason) == (relation, True), found


def test_a_stranger_s_stack_says_whose_it_seems_to_be() -> None:
    found = ownership.of_stack(EU, {"team": "pay\nments"}, {}, "Invoices of\x1b[31m everybody")
    assert "team=pay ments" in found.reason
    assert found.reason.isprintable()
    assert "Invoices of" in found.reason


@pytest.mark.parametrize(
    ("tags", "uses", "others", "relation"),
    [
        (ownership_tags("eu", ID), True, [], OURS),
        (ownership_tags("eu", ID), True, ["us"], SHARED),
        (ownership_tags("us", OTHER), True, ["us"], SHARED),
        (ownership_tags("us", OTHER), False, ["us"], ANOTHERS),
        (MANAGED, False, [], STRANGERS),
        ({}, False, [], STRANGERS),
        (None, False, [], UNKNOWN),
    ],
)
def test_endpoints_and_security_groups(
    tags: dict[str, str] | None, uses: bool, others: list[str], relation: str
) -> None:
    found = ownership.of_shared(EU, tags, uses, others, "us")
    assert found.relation == relation
    assert found.shared_with == (tuple(others) if relation == SHARED else ())
    assert found.goes is (relation in (OURS, SHARED))


MINE = Verdict(OURS, "its tag says so")


@pytest.mark.parametrize(
    ("target", "balancer", "stack", "relation"),
    [
        ("lb.example.com.", "LB.example.com", MINE, OURS),
        ("dualstack.lb.example.com", "lb.example.com", MINE, OURS),
        ("other.example.com", "lb.example.com", MINE, STRANGERS),
        ("lb.example.com", "lb.example.com", Verdict(ANOTHERS, "x", "the runner us"), ANOTHERS),
        ("lb.example.com", "lb.example.com", Verdict(BY_HAND, "x"), BY_HAND),
        ("", "lb.example.com", MINE, UNKNOWN),
        ("lb.example.com", "", MINE, UNKNOWN),
    ],
)
def test_records(target: str, balancer: str, stack: Verdict, relation: str) -> None:
    assert ownership.of_records(target, balancer, stack=stack).relation == relation


def test_a_record_is_asked_about_with_the_load_balancer_of_the_own_stack() -> None:
    assert ownership.of_records("dualstack.lb.example.com.", "LB.example.com").relation == OURS
    assert ownership.of_records("other.example.com", "lb.example.com").relation == STRANGERS
    assert ownership.of_records("", "").relation == UNKNOWN


def test_a_record_that_points_to_a_former_load_balancer_is_the_runner_s_too() -> None:
    assert ownership.of_records("dualstack.old.example.com", "lb.example.com", "old.example.com").relation == OURS
    # There is none any more.
    assert ownership.of_records("old.example.com", "", "old.example.com").relation == OURS
    assert ownership.of_records("other.example.com", "", "old.example.com").relation == STRANGERS
    assert ownership.of_records("old.example.com", "", "").relation == UNKNOWN


@pytest.mark.parametrize(
    ("left_by", "tags", "relation"),
    [
        (MINE, {"aws:cloudformation:stack-id": "arn:1"}, OURS),
        (MINE, {"aws:cloudformation:stack-id": "arn:2"}, STRANGERS),
        (MINE, {"gitpod:runner-name": "eu", **MANAGED}, STRANGERS),
        (MINE, {}, STRANGERS),
        (MINE, None, UNKNOWN),
        (Verdict(ANOTHERS, "x", "the runner us"), {"aws:cloudformation:stack-id": "arn:1"}, ANOTHERS),
        (Verdict(BY_HAND, "x"), {"aws:cloudformation:stack-id": "arn:1"}, BY_HAND),
    ],
)
def test_buckets_that_a_deleted_stack_left(left_by: Verdict, tags: dict[str, str] | None, relation: str) -> None:
    found = ownership.of_bucket("arn:1", left_by, tags)
    assert found.relation == relation
    assert found.goes is (relation == OURS)


@pytest.mark.parametrize(
    ("runner", "found", "relation"),
    [
        (EU, {"id": ID, "name": "renamed", "region": "r"}, OURS),
        (EU, {"id": OTHER, "name": "eu", "region": "r"}, ANOTHERS),
        (EU, {"id": ID, "name": "eu", "region": "elsewhere"}, ANOTHERS),
        (EU, {"id": ID, "name": "eu", "region": ""}, OURS),
        (UNREGISTERED, {"id": OTHER, "name": "eu", "region": "r"}, OURS),
        (UNREGISTERED, {"id": OTHER, "name": "eu", "region": "elsewhere"}, ANOTHERS),
        (EU, None, UNKNOWN),
    ],
)
def test_registrations(runner: Runner, found: dict[str, str] | None, relation: str) -> None:
    assert ownership.of_registration(runner, "r", found).relation == relation


def test_a_runner_in_words() -> None:
    assert [str(runner) for runner in (EU, NAMELESS, UNREGISTERED)] == [f"eu ({ID})", ID, "eu"]
    assert not Runner().known


@pytest.mark.parametrize(
    ("annotations", "relation"),
    [
        ({ownership.ACCEPTANCE: ID.upper()}, OURS),
        ({ownership.ACCEPTANCE: OTHER}, ANOTHERS),
        ({ownership.ACCEPTANCE: ""}, STRANGERS),
        (ownership_tags("eu", ID), STRANGERS),
        ({}, STRANGERS),
    ],
)
def test_an_environment_is_an_acceptances_own_by_its_annotation(annotations: dict[str, str], relation: str) -> None:
    assert ownership.of_environment(EU, annotations).relation == relation
    assert ownership.of_environment(UNREGISTERED, annotations).relation != OURS
