# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: the inventory's and the collection's own, by AWS's limits."""

from __future__ import annotations

import typing as t

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Inventory, Problem
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import release_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags

ALL = {"gitpod_privatelink_enabled": True, "gitpod_certificate_request": True}


def problems(**values: t.Any) -> list[Problem]:
    inventory = Inventory.of(values, "runner-1")
    return [problem for rule in rules_tags.RULES for problem in rule(inventory)]


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"a": {"b": "c"}}, "is a dictionary"),
        ({"a": ["b"]}, "is a list"),
        ({"a": None}, "has no value"),
        ({"a": ""}, "empty value"),
        ({"a": 1.1}, "YAML may have shortened"),
        ({"": "x"}, "a key is empty"),
        ({7: "x"}, "not text"),
        ({"k" * 129: "x"}, "has 129 characters"),
        ({"a": "v" * 257}, "has 257 characters"),
        ({"aws:team": "x"}, "reserved to AWS"),
        ({"AWS:team": "x"}, "reserved to AWS"),
        ({"a": "aws:x"}, "reserved to AWS"),
        ({"gitpod:runner-id": "x"}, "the collection's own"),
        ({"gitpod:release-version": "x"}, "the collection's own"),
        ({"a": "x;y"}, "';'"),
        ({"a#": "x"}, "'#'"),
        ({"a": "two\nlines"}, "'\\n'"),
    ],
)
@pytest.mark.parametrize("name", ["gitpod_tags", "gitpod_stack_tags"])
def test_a_tag_that_aws_refuses_is_told_before_anything_is_made(name: str, tags: dict[t.Any, t.Any], said: str) -> None:
    (problem,) = problems(**{name: tags})
    assert problem.variable == name
    assert said in problem.summary


@pytest.mark.parametrize(
    "tags",
    [
        {
            "team": "platform",
            "cost-center": "4711",
            "e.mail": "a+b@example.com",
            "Größe": "übergroß",
            "path": "a/b:c=d_e",
        },
        {"number": 7, "truth": True},
        {"gitpod:team": "x"},
        {"k" * 128: "v" * 256},
        {"awsteam": "x"},
    ],
)
def test_a_tag_that_aws_takes_is_no_problem(tags: dict[str, t.Any]) -> None:
    for name in rules_tags.VARIABLES:
        assert problems(**{name: tags}, **ALL) == []


def test_the_mark_of_what_the_runners_of_a_vpc_share_is_nobodys_to_set() -> None:
    for name in rules_tags.VARIABLES:
        (problem,) = problems(**{name: {"gitpod:purpose": "network-endpoints"}}, **ALL)
        assert "the collection's own" in problem.summary


def test_only_cloudformation_refuses_an_empty_value() -> None:
    assert problems(gitpod_certificate_tags={"a": ""}, gitpod_privatelink_tags={"a": ""}, **ALL) == []
    session = botocore.session.get_session()
    request = {"StackName": "a", "Tags": [{"Key": "a", "Value": ""}]}
    shape = session.get_service_model("cloudformation").operation_model("CreateStack").input_shape
    assert "valid min length: 1" in ParamValidator().validate(request, shape).generate_report()
    request = {"DomainName": "a.example.com", "Tags": [{"Key": "a", "Value": ""}]}
    shape = session.get_service_model("acm").operation_model("RequestCertificate").input_shape
    assert not ParamValidator().validate(request, shape).has_errors()


def test_an_endpoints_tags_take_any_character() -> None:
    assert problems(gitpod_privatelink_tags={"a;b": "c#d"}, **ALL) == []
    assert problems(gitpod_certificate_tags={"a;b": "c#d"}, **ALL)


def test_fifty_tags_with_the_collections_own_are_the_most() -> None:
    assert len(rules_tags.OWN) == len({**ownership_tags("r", "id"), **release_tags("1", "2")}) == 5
    fitting = {f"k{index}": "v" for index in range(45)}
    assert problems(gitpod_tags=fitting) == []
    (problem,) = problems(gitpod_tags={**fitting, "one": "more"})
    assert (problem.kind, problem.variable) == ("contradictory", "gitpod_tags")
    assert "46 tags with gitpod_tags, and 5 of the collection's own, are more than 50" in problem.summary
    (problem,) = problems(gitpod_tags=fitting, gitpod_stack_tags={"one": "more"})
    assert problem.variable == "gitpod_stack_tags"


def test_a_stage_that_is_not_wanted_has_no_tags() -> None:
    many = {f"k{index}": "v" for index in range(60)}
    assert problems(gitpod_certificate_tags=many, gitpod_privatelink_tags=many) == []
    told = problems(gitpod_certificate_tags=many, gitpod_privatelink_tags=many, **ALL)
    assert [problem.variable for problem in told] == ["gitpod_privatelink_tags", "gitpod_certificate_tags"]


def test_keys_that_differ_in_case_only_fail_the_stacks_roles() -> None:
    (problem,) = problems(gitpod_tags={"Team": "a"}, gitpod_stack_tags={"team": "b"})
    assert problem.variable == "gitpod_stack_tags"
    assert "'Team', 'team'" in problem.summary
    (problem,) = problems(gitpod_tags={"Gitpod:Runner-ID": "a"})
    assert problem.variable == "gitpod_tags"


def test_many_bad_tags_are_one_problem_that_can_be_read() -> None:
    (problem,) = problems(gitpod_tags={f"k{index}": "#" * 200_000 for index in range(40)})
    assert "and 35 more" in problem.summary
    assert len(problem.summary) < 1200


@given(text=st.text())
def test_what_acm_takes_is_what_is_taken(text: str) -> None:
    allowed = all(c.isalpha() or c in "_.:/=+-@" or c.isdecimal() or c == " " for c in text)
    if allowed:
        assert rules_tags.strange_characters(text) == []
    assert set(rules_tags.strange_characters(text)) <= set(text) - set("_.:/=+-@ azAZ09")
