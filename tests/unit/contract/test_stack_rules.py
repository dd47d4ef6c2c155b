# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of template parameters, policies and batches, of a registration's settings, and of checks that are named."""

from __future__ import annotations

import datetime
import json
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules_stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Inventory
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from tests.unit.contract.test_contract import GOOD


def told(**said: t.Any) -> list[tuple[str, str]]:
    """The variables with what is told of them, in an inventory that is good but for these."""
    problems = of_host(read("runner-1", "/start", variables(), {**GOOD, **said}))
    return [(problem.variable, f"{problem.summary} {problem.remediation}") for problem in problems]


@pytest.mark.parametrize(
    "parameters",
    [
        {"Runner Size": "large", "Count": 3, "On": True, "Subnets": ["subnet-1", "subnet-2"], "Emptied": ""},
        {"Exchange Token": "one-word"},
        "Runner Size: 1.10\nOther: x",
    ],
)
def test_parameters_that_are_texts_are_taken(parameters: t.Any) -> None:
    assert told(gitpod_stack_parameters=parameters) == []


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"Size": 1.1}, "'Size' is a number with a fraction"),
        ({"Size": None}, "'Size' has no value"),
        ({"Size": {"b": "c"}}, "'Size' is a dictionary"),
        ({"Subnets": ["a", ["b"]]}, "'Subnets' is a list in which not everything is text"),
        ({"Subnets": ["a", 1.1]}, "'Subnets' is a list in which not everything is text"),
        ({"Exchange Token": 12345}, "'Exchange Token' is a number"),
        ({"Exchange Token": "two words"}, "'Exchange Token' has blanks"),
        ({"RunnerExchangeToken": "a\nb"}, "'RunnerExchangeToken' has blanks"),
        ({" ": "x"}, "is no name of a parameter"),
        ({"Size": "x" * 4097}, "more than 4,096 bytes"),
        ({f"P{number}": "x" for number in range(201)}, "201 parameters are given"),
    ],
)
def test_parameters_that_are_none_are_named_by_their_label(parameters: dict[str, t.Any], words: str) -> None:
    ((variable, text),) = told(gitpod_stack_parameters=parameters)
    assert variable == "gitpod_stack_parameters"
    assert words in text
    assert "two words" not in text, "the template may hide the value"


@pytest.mark.parametrize(
    "parameters", [{"a": float("nan")}, {"a": b"x"}, {"a": {1: "x"}}, {"a": "\ud800"}, {"a": 10**30}]
)
def test_what_no_request_can_carry_is_refused(parameters: dict[str, t.Any]) -> None:
    assert [variable for variable, _text in told(gitpod_stack_parameters=parameters)] == ["gitpod_stack_parameters"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"Exchange Token": "pl4nted\x00"},
        {"Exchange Token": "pl4nted", 1: "x"},
        {"Exchange Token": ["pl4nted", b"x"]},
        "Exchange Token pl4nted",
        "Exchange Token: pl4nted\n- x",
        ["pl4nted"],
        {"Exchange Token": {"a": "pl4nted"}},
        {"Exchange Token": "pl4nted and more"},
        {"Exchange Token": "pl4nted" * 1_000},
    ],
)
def test_no_parameters_value_is_told(parameters: t.Any) -> None:
    """The template may hide it, and who gives a token so has not said that it is one."""
    ((variable, text),) = told(gitpod_stack_parameters=parameters)
    assert variable == "gitpod_stack_parameters"
    assert "pl4nted" not in text


def test_a_date_in_a_policy_is_as_it_was_written() -> None:
    policy = {"Version": datetime.date(2012, 10, 17), "Statement": []}
    values = read("eu", "/", variables(), {"gitpod_privatelink_policy": policy})
    assert values["gitpod_privatelink_policy"] == {"Version": "2012-10-17", "Statement": []}
    timed = {**policy, "Statement": [{"Condition": datetime.datetime(2026, 1, 15, 10)}]}
    (problem,) = read("eu", "/", variables(), {"gitpod_privatelink_policy": timed}).problems
    assert problem.variable == "gitpod_privatelink_policy"


@pytest.mark.parametrize("name", ["gitpod_stack_policy", "gitpod_privatelink_policy"])
def test_a_policy_has_its_statement(name: str) -> None:
    assert told(**{name: {"Statement": {"Effect": "Allow"}}}) == []
    assert [variable for variable, _text in told(**{name: {"statement": []}})] == [name]
    assert [variable for variable, _text in told(**{name: {"Statement": ["x" * 30_000]}})] == [name]


# The management plane keeps nothing without one.
TOKEN = {"gitpod_api_token": "t0ken"}


@pytest.mark.parametrize("sizes", ["1\n25%\n100%", [1, "25%", "100%"], "2", 3, ["1, 25%"], ""])
def test_sizes_of_batches_are_taken(sizes: t.Any) -> None:
    assert told(gitpod_rollout_batches=sizes) == []


@pytest.mark.parametrize(
    "sizes", ["some", "0", "-1", [0.25], ["1.5"], "101%", "0%", ["1", True], [{"a": 1}], [10**400]]
)
def test_what_is_no_size_of_a_batch_is_named(sizes: t.Any) -> None:
    ((variable, text),) = told(gitpod_rollout_batches=sizes)
    assert variable == "gitpod_rollout_batches"
    assert len(text) < 400


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("gitpod_registration_update_window", {"start_hour": "two"}, "start_hour: Must be a whole number"),
        ("gitpod_registration_update_window", {"start_hour": 24}, "hours from 0 to 23"),
        ("gitpod_registration_update_window", {"end_hour": 3}, "needs a start_hour"),
        ("gitpod_registration_update_window", {"start_hour": 2, "end_hour": 3}, "at least two hours"),
        ("gitpod_registration_update_window", {"enabled": True}, "needs a start_hour"),
        ("gitpod_registration_update_window", {"enabled": False, "end_hour": 3}, "takes the window away"),
        ("gitpod_registration_update_window", {"begin": 2}, "'begin' in it is read by nothing"),
        ("gitpod_registration_metrics", {"enabled": True}, "need a url"),
        ("gitpod_registration_metrics", {"enabled": "perhaps"}, "enabled: Must be true or false"),
        ("gitpod_registration_metrics", {"url": "metrics.example.com\n/x"}, "url: The value has a line break"),
        ("gitpod_registration_metrics", {"url": "ftp://metrics.example.com"}, "its url is not an http or https URL"),
        ("gitpod_verify_required", "helth.*", "There is no such check: 'helth.*'"),
        ("gitpod_verify_required", ["health.*", "stack.ouputs"], "Did you mean stack.outputs?"),
    ],
)
def test_a_slip_is_told_before_anything_begins(name: str, said: t.Any, words: str) -> None:
    ((variable, text),) = told(**{name: said, **TOKEN})
    assert variable == name
    assert words in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gitpod_registration_update_window", {"start_hour": "22", "end_hour": 2}),
        ("gitpod_registration_update_window", {"start_hour": 2}),
        ("gitpod_registration_update_window", {"enabled": "no"}),
        ("gitpod_registration_update_window", '{"enabled": false}'),
        ("gitpod_registration_update_window", "enabled: false"),
        ("gitpod_registration_metrics", {"enabled": "yes", "url": "https://metrics.example.com", "password": "x y"}),
        ("gitpod_verify_required", "health.*,stack.outputs"),
        ("gitpod_prerequisites_skip", ["permissions", "stack.ecs_role"]),
    ],
)
def test_what_is_right_is_taken(name: str, said: t.Any) -> None:
    assert told(**{name: said, **TOKEN}) == []


LARGE = {"display_name": "Large"}
PAT = {"scm_id": "github", "host": "github.com", "personal_access_token": True}
HUB = {"scm_id": "github", "host": "github.com", "oauth_client_id": "client", "oauth_client_secret": "s3"}


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("environment_classes", [LARGE, {"display_name": "L"}], "Entry 2: display_name must have 3 to 127 characters"),
        ("llm_integrations", [{"endpoint": "not a url"}], "Entry 1: endpoint "),
        ("llm_integrations", [{"endpoint": "https://a.example", "max_tokens": -1}], "Entry 1: max_tokens is negative"),
        (
            "warm_pools",
            [{"project": "api", "environment_class": "Large", "min_size": 3, "max_size": 2}],
            "Entry 1: min_size is larger than max_size",
        ),
        ("sharing", [{"group": "Developers", "role": "owner"}], "Entry 1: role: 'owner' is not one of"),
        ("scm_integrations", [HUB, {"scm_id": "gitlab", "host": "gitlab.com"}], "Entry 2: neither OAuth (oauth_client"),
        ("scm_integrations", [{**PAT, "oauth_client_secret": "s3"}], "oauth_client_secret is set without oauth_client"),
        (
            "environment_classes",
            [LARGE, {"display_name": "Other"}, {"display_name": " Large "}],
            "Entries 1 and 3 are of",
        ),
        ("scm_integrations", [PAT, {**HUB, "host": "GitHub.com"}], "Entries 1 and 2 are of the same system and host"),
        ("sharing", [{"group": "A"}, {"group": "A", "state": "absent"}], "Entries 1 and 2 are of the same group"),
        (
            "llm_integrations",
            [{"endpoint": "https://a.example"}, {"endpoint": "https://a.example/"}],
            "Entries 1 and 2 are of the same endpoint",
        ),
        (
            "warm_pools",
            [{"project": "api", "environment_class": "Large", "max_size": size} for size in (1, 2)],
            "Entries 1 and 2 are of the same project and environment class",
        ),
    ],
)
def test_an_entry_that_can_never_be_so_is_told_before_anything_begins(name: str, said: t.Any, words: str) -> None:
    ((variable, text),) = told(**{f"gitpod_runner_settings_{name}": said, **TOKEN})
    assert variable == f"gitpod_runner_settings_{name}"
    assert words in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gitpod_registration_log_level", "debug"),
        ("gitpod_registration_auto_update", False),
        ("gitpod_runner_settings_environment_classes", [LARGE]),
        ("gitpod_runner_settings_sharing", [{"group": "Developers"}]),
    ],
)
def test_what_only_a_token_can_keep_is_never_passed_over(name: str, said: t.Any) -> None:
    ((variable, text),) = told(**{name: said})
    assert variable == "gitpod_api_token"
    assert name in text
    assert told(**{name: said, **TOKEN}) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gitpod_availability_zones", []),
        ("gitpod_availability_zones", ","),
        ("gitpod_ec2_subnet_ids", ["", " "]),
    ],
)
def test_an_empty_list_of_what_a_new_stack_needs_is_missing(name: str, said: t.Any) -> None:
    problems = of_host(read("runner-1", "/start", variables(), {**GOOD, name: said}))
    assert [(problem.kind, problem.variable) for problem in problems] == [("missing", name)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        # Taken for unset, these would deploy a default, or nothing.
        ("gitpod_stack_release_version", "v"),
        ("gitpod_domain_name", "."),
        ("gitpod_dns_zone", "."),
        ("gitpod_dns_hosted_zone_id", "/hostedzone/"),
        ("gitpod_runner_name", '""'),
        ("gitpod_no_proxy", [f"host-{number}.example.com" for number in range(300)]),
        ("gitpod_custom_ca", f"ssm:/{'x' * 5_000}"),
        ("gitpod_exchange_token", "x" * 5_000),
        ("gitpod_exchange_token", "$encrypted$"),
        ("gitpod_stack_take_over", "arn:aws:x"),
        ("gitpod_dns_zone", "ex ample.com"),
        ("gitpod_dns_key_name", "a key"),
        # Each of these was found only after something was made, or by nobody.
        ("gitpod_account_id", "\u0661" * 12),
        ("gitpod_stack_release_channel", "../../other"),
        ("gitpod_stack_template_sha256", "abc"),
        ("gitpod_stack_template_bucket", "s3://bucket/"),
        ("gitpod_stack_capabilities", ["CAPABILITY_ALL"]),
        ("gitpod_stack_skip_resources", ["a b"]),
        ("gitpod_privatelink_security_group_ids", ["default"]),
        ("gitpod_privatelink_service_name", "app.gitpod.io"),
        ("gitpod_privatelink_service_region", "us east 1"),
        ("gitpod_adopt_regions", "eu-central-1 us-east-1"),
        ("gitpod_dns_vpc_id", "subnet-0a1e2c4b6d8f01351"),
        ("gitpod_teardown_dns_provider", "route35"),
        ("gitpod_stack_timeout", 3_600_000),
        ("gitpod_aws_profile", "a\nb"),
        ("gitpod_stack_template_file", "a\x00b"),
        ("gitpod_artifact_directory", "~nobody-of-that-name/x"),
        ("gitpod_resolvers", "a;b"),
        ("gitpod_resolvers", ["192.0.2.53:0"]),
        ("gitpod_resolvers", ["192.0.2.53:70000"]),
        ("gitpod_api_endpoint", "https://app.gitpod.io/a\npi"),
        ("gitpod_api_endpoint", "https://user:word@app.gitpod.io/api"),
    ],
)
def test_one_mistake_is_named_by_its_variable(name: str, said: t.Any) -> None:
    assert {variable for variable, _text in told(**{name: said})} == {name}


@pytest.mark.parametrize("name", ["gitpod_stack_policy", "gitpod_privatelink_policy"])
def test_a_policy_is_as_long_as_it_is_sent(name: str) -> None:
    for letters, fits in (("\u00e4" * 2_000, True), ("\u00e4" * 6_000, False)):
        policy = {"Statement": [{"Sid": letters}]}
        found = rules_stack.policies(Inventory.of({name: policy}))
        assert (found == []) is fits, found
        assert len(json.dumps(policy)) > 10_000
