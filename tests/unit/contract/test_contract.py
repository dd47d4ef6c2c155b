# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory contract: every kind of problem, told at once, and nothing told about a good inventory."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import (
    describe,
    needs_a_stack,
    of_host,
    of_what_is_set,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Problem
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

ARN = "arn:aws:acm:eu-central-1:123456789012:certificate/8e2f6b91-3c47-4d0e-b6a8-2d9c5f7e4b02"
GOOD: dict[str, t.Any] = {
    "gitpod_region": "eu-central-1",
    "gitpod_runner_id": "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02",
    "gitpod_exchange_token": "one-time-token",
    "gitpod_vpc_id": "vpc-0b8e6d4f2a0c91357",
    "gitpod_availability_zones": ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
    "gitpod_ec2_subnet_ids": ["subnet-0b2f3d5c7e9a12461", "subnet-0b2f3d5c7e9a12462", "subnet-0b2f3d5c7e9a12463"],
    "gitpod_load_balancer_subnet_ids": [
        "subnet-0b2c4e6a8f0d13571",
        "subnet-0b2c4e6a8f0d13572",
        "subnet-0b2c4e6a8f0d13573",
    ],
    "gitpod_load_balancer_visibility": "internal",
    "gitpod_domain_name": "eu.gitpod.example.com",
    "gitpod_certificate_arn": ARN,
}
NO_PROXY = [".internal", "169.254.0.0/16", "app.gitpod.io", ".amazonaws.com"]


def problems_in(inventory: dict[str, t.Any]) -> list[Problem]:
    given = {name: value for name, value in inventory.items() if not name.endswith(("_result", "_started"))}
    return of_host(
        read("gitpod-eu", "/start", variables(), {n: v for n, v in given.items() if n.startswith("gitpod_")})
    )


def problems_of(**changes: t.Any) -> list[tuple[str, str]]:
    return [(problem.kind, problem.variable) for problem in problems_in({**GOOD, **changes})]


def test_a_good_inventory_has_no_problem() -> None:
    assert problems_of() == []


def test_everything_optional_is_accepted() -> None:
    assert (
        problems_of(
            gitpod_account_id="123456789012",
            gitpod_http_proxy="http://proxy.example.com:3128",
            gitpod_https_proxy="http://proxy.example.com:3128",
            gitpod_no_proxy=NO_PROXY,
            gitpod_custom_ca="ssm:/gitpod/ca-certificate",
            gitpod_load_balancer_security_group_id="sg-0b3d5f7a9c1e24681",
            gitpod_api_endpoint="https://app.gitpod.io/api",
            gitpod_stack_parameters={"Runner Size": "large"},
            gitpod_tags={"team": "platform"},
            gitpod_dns_provider="external",
        )
        == []
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"gitpod_vpc_id": ""}, ("missing", "gitpod_vpc_id")),
        ({"gitpod_domain": "eu.gitpod.example.com"}, ("unknown", "gitpod_domain")),
        ({"gitpod_availability_zones": {"a": 1}}, ("malformed", "gitpod_availability_zones")),
        ({"gitpod_stack_timeout": "an hour"}, ("malformed", "gitpod_stack_timeout")),
        ({"gitpod_privatelink_enabled": "perhaps"}, ("malformed", "gitpod_privatelink_enabled")),
        ({"gitpod_load_balancer_visibility": "public"}, ("malformed", "gitpod_load_balancer_visibility")),
        ({"gitpod_region": "Frankfurt"}, ("malformed", "gitpod_region")),
        ({"gitpod_account_id": 12345}, ("malformed", "gitpod_account_id")),
        ({"gitpod_runner_id": "runner-1"}, ("malformed", "gitpod_runner_id")),
        ({"gitpod_vpc_id": "my-vpc"}, ("malformed", "gitpod_vpc_id")),
        ({"gitpod_ec2_subnet_ids": ["a", "b", "c"]}, ("malformed", "gitpod_ec2_subnet_ids")),
        ({"gitpod_ec2_subnet_ids": GOOD["gitpod_ec2_subnet_ids"][:2]}, ("contradictory", "gitpod_ec2_subnet_ids")),
        (
            {"gitpod_availability_zones": ["us-east-1a", "eu-central-1b", "eu-central-1c"]},
            ("contradictory", "gitpod_availability_zones"),
        ),
        (
            {"gitpod_load_balancer_subnet_ids": ["subnet-0b2c4e6a8f0d13571"] * 3},
            ("contradictory", "gitpod_load_balancer_subnet_ids"),
        ),
        ({"gitpod_domain_name": "https://eu.gitpod.example.com/"}, ("malformed", "gitpod_domain_name")),
        ({"gitpod_domain_name": "*.eu.gitpod.example.com"}, ("malformed", "gitpod_domain_name")),
        ({"gitpod_domain_name": "gitpod"}, ("malformed", "gitpod_domain_name")),
        ({"gitpod_domain_name": "under_score.example.com"}, ("malformed", "gitpod_domain_name")),
        (
            {"gitpod_certificate_arn": ARN.replace("eu-central-1", "us-east-1")},
            ("contradictory", "gitpod_certificate_arn"),
        ),
        (
            {"gitpod_certificate_arn": ARN.replace("arn:aws:", "arn:aws-cn:")},
            ("contradictory", "gitpod_certificate_arn"),
        ),
        ({"gitpod_certificate_arn": ARN.replace("acm", "iam")}, ("malformed", "gitpod_certificate_arn")),
        ({"gitpod_account_id": "210987654321"}, ("contradictory", "gitpod_certificate_arn")),
        ({"gitpod_http_proxy": "http://proxy.example.com:3128"}, ("contradictory", "gitpod_no_proxy")),
        ({"gitpod_no_proxy": NO_PROXY}, ("contradictory", "gitpod_no_proxy")),
        (
            {"gitpod_https_proxy": "http://me:secret@proxy.example.com", "gitpod_no_proxy": NO_PROXY},
            ("malformed", "gitpod_https_proxy"),
        ),
        (
            {"gitpod_https_proxy": "http://proxy.example.com:port", "gitpod_no_proxy": NO_PROXY},
            ("malformed", "gitpod_https_proxy"),
        ),
        ({"gitpod_custom_ca": "{{resolve:ssm:/gitpod/ca}}"}, ("malformed", "gitpod_custom_ca")),
        ({"gitpod_custom_ca": "/gitpod/ca"}, ("malformed", "gitpod_custom_ca")),
        ({"gitpod_api_endpoint": "http://app.gitpod.io/api"}, ("malformed", "gitpod_api_endpoint")),
    ],
)
def test_one_mistake_is_one_problem(changes: dict[str, t.Any], expected: tuple[str, str]) -> None:
    assert problems_of(**changes) == [expected]


def test_independent_problems_are_told_together() -> None:
    found = problems_of(gitpod_vpc_id=None, gitpod_domain="x", gitpod_custom_ca="{{ x }}", gitpod_no_proxy=NO_PROXY)
    assert {kind for kind, _variable in found} == {"missing", "unknown", "malformed", "contradictory"}


def test_unknown_names_come_with_a_suggestion() -> None:
    problem = problems_in({**GOOD, "gitpod_domian_name": "x.example.com"})[0]
    assert problem.remediation == "Did you mean gitpod_domain_name?"


def test_results_of_stages_and_other_names_are_no_inventory() -> None:
    assert problems_of(gitpod_stack_result={"x": 1}, gitpod_stack_started={}, my_gitpod_note="x") == []


def test_what_an_existing_stack_makes_good_is_told_apart() -> None:
    assert needs_a_stack(problems_in({**GOOD, "gitpod_vpc_id": ""}), variables())
    assert not needs_a_stack(problems_in({**GOOD, "gitpod_vpc_id": "", "gitpod_domain": "x"}), variables())
    assert not needs_a_stack(problems_in({**GOOD, "gitpod_region": ""}), variables())


def test_empty_survey_answers_count_as_unset() -> None:
    assert problems_of(gitpod_http_proxy="", gitpod_no_proxy="", gitpod_custom_ca="") == []


def test_the_description_never_holds_a_secret() -> None:
    problems = problems_in({**GOOD, "gitpod_exchange_token": ["s3cr3t-token"], "gitpod_domain": "x"})
    text = describe("eu", problems) + str([problem.as_check() for problem in problems])
    assert "gitpod_exchange_token" in text
    assert "s3cr3t-token" not in text


def test_a_stage_alone_is_told_of_what_is_wrong_and_not_of_what_tasks_give_it_or_leave_out() -> None:
    said = {**GOOD, "gitpod_vpc_id": "", "gitpod_dns_records": [{"name": "x"}], "gitpod_resolvers": "a;b"}
    found = of_what_is_set(read("eu", "/start", variables(), said))
    assert [problem.variable for problem in found] == ["gitpod_resolvers"]


def test_the_description_is_grouped_and_counts() -> None:
    text = describe("gitpod-eu", problems_in({**GOOD, "gitpod_vpc_id": "", "gitpod_domain": "x"}))
    assert text.splitlines()[0] == "The inventory of gitpod-eu has 2 problems; nothing was changed."
    assert text.index("Missing") < text.index("gitpod_vpc_id") < text.index("Unknown") < text.index("gitpod_domain:")


def test_an_api_token_stands_for_the_runners_id_its_token_and_the_endpoint() -> None:
    nothing = {"gitpod_runner_id": "", "gitpod_exchange_token": "", "gitpod_api_endpoint": ""}
    missing = [("missing", "gitpod_exchange_token"), ("missing", "gitpod_runner_id")]
    assert sorted(problems_of(**nothing)) == missing
    assert problems_of(**nothing, gitpod_api_token="ona_token") == []
    both = {**nothing, "gitpod_api_token": "ona_token", "gitpod_exchange_token": "token"}
    assert problems_of(**both) == [("contradictory", "gitpod_exchange_token")]
    assert problems_of(**nothing, gitpod_api_token="two words") == [("malformed", "gitpod_api_token")]
    short = {**nothing, "gitpod_api_token": "ona_token", "gitpod_runner_name": "eu"}
    assert problems_of(**short) == [("malformed", "gitpod_runner_name")]
    assert problems_of(gitpod_api_token="ona_token") == []
