# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that CloudFormation, EC2, tags or the management plane refuse, and which variable has to change."""

from __future__ import annotations

import re
import typing as t

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules_names
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Inventory, Problem

API: dict[str, t.Any] = {"gitpod_api_token": "t"}
ENDPOINT: dict[str, t.Any] = {"gitpod_privatelink_enabled": True}


def stack(host: str = "runner-1", **values: t.Any) -> list[Problem]:
    return rules_names.stack_name(Inventory.of(values, host))


def runner(host: str = "runner-1", **values: t.Any) -> list[Problem]:
    return rules_names.runner_name(Inventory.of(values, host))


@pytest.mark.parametrize(
    "name", ["ap.runner.example.com", "my_runner", "1runner", "-runner", "läufer", "r" * 129, "a b"]
)
def test_a_name_that_cloudformation_refuses_is_told_wherever_it_comes_from(name: str) -> None:
    for values, host, blamed in (
        ({}, name, "gitpod_stack_name"),
        ({"gitpod_runner_name": name}, "runner-1", "gitpod_runner_name"),
        ({"gitpod_runner_name": "fine", "gitpod_stack_name": name}, "runner-1", "gitpod_stack_name"),
    ):
        (problem,) = stack(host, **values)
        assert problem.variable == blamed
        assert "CloudFormation" in problem.summary


@pytest.mark.parametrize("name", ["runner-1", "R", "r" * 128, "a1-b2"])
def test_a_name_that_cloudformation_takes_is_no_problem(name: str) -> None:
    assert stack(name) == stack(gitpod_stack_name=name) == stack("1", gitpod_runner_name=name) == []


def test_a_hosts_own_name_can_stay_because_variables_take_its_place() -> None:
    (problem,) = stack("ap.runner.example.com")
    assert "gitpod_stack_name or gitpod_runner_name" in problem.remediation
    assert problem.remediation.endswith("gitpod_stack_name: ap-runner-example-com")
    assert stack("ap.runner.example.com", gitpod_stack_name="ap-runner") == []
    assert stack("ap.runner.example.com", gitpod_runner_name="ap-runner") == []


def test_without_any_name_there_is_nothing_to_say() -> None:
    assert rules_names.stack_name(Inventory.of({})) == rules_names.runner_name(Inventory.of({})) == []


@given(name=st.text(max_size=300))
def test_the_example_is_always_a_name_that_cloudformation_takes(name: str) -> None:
    for problem in stack(name or "x"):
        assert re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", problem.remediation.rpartition(": ")[2])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"gitpod_runner_name": "a(b)"}, "tags do not take '(', ')'"),
        ({"gitpod_runner_name": "a\x1b[2J"}, "tags do not take"),
        ({"gitpod_runner_name": "r" * 257}, "a tag takes 256"),
        ({"gitpod_runner_name": "sg-runner", **ENDPOINT}, "begins with sg-"),
        ({"gitpod_runner_name": "SG-runner", **ENDPOINT}, "begins with sg-"),
        ({"gitpod_runner_name": "läufer", **ENDPOINT}, "only ASCII"),
        ({"gitpod_runner_name": "r" * 200, **ENDPOINT}, "has room for"),
        ({"gitpod_runner_name": "eu", **API}, "cannot be registered"),
        ({"gitpod_runner_name": "r" * 128, **API}, "cannot be registered"),
    ],
)
def test_a_runners_name_that_somebody_refuses_is_told(values: dict[str, t.Any], said: str) -> None:
    (problem,) = runner(**values)
    assert problem.variable == "gitpod_runner_name"
    assert said in problem.summary


@pytest.mark.parametrize(
    "values",
    [
        {"gitpod_runner_name": "sg-runner"},
        {
            "gitpod_runner_name": "sg-runner",
            **ENDPOINT,
            "gitpod_privatelink_security_group_ids": ["sg-0b3d5f7a9c1e24681"],
        },
        {"gitpod_runner_name": "läufer"},
        {"gitpod_runner_name": "eu"},
        {"gitpod_runner_name": "eu", **API, "gitpod_runner_id": "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02"},
    ],
)
def test_what_is_not_made_refuses_no_name(values: dict[str, t.Any]) -> None:
    assert runner(**values) == []


def test_a_hosts_name_is_registered_too() -> None:
    (problem,) = runner("eu", **API)
    assert "the host's name" in problem.summary
    assert problem.remediation.startswith("Set gitpod_runner_name")


def test_the_longest_name_fits_the_group_and_its_description() -> None:
    (problem,) = runner(gitpod_runner_name="r" * 250, **ENDPOINT)
    longest = int(problem.summary.rpartition(" ")[2].rstrip("."))
    assert runner(gitpod_runner_name="r" * longest, **ENDPOINT) == []
    for text in (rules_names.GROUP_NAME, rules_names.GROUP_DESCRIPTION):
        assert len(text.format("r" * longest)) <= 255
    told = botocore.session.get_session().get_service_model("ec2").shape_for("CreateSecurityGroupRequest")
    for member in ("GroupName", "Description"):
        assert "Up to 255 characters" in told.members[member].documentation


def test_a_long_name_is_cut() -> None:
    for problem in [*stack("x_" * 100_000), *runner("(" * 200_000)]:
        assert len(problem.summary) + len(problem.remediation) < 600
