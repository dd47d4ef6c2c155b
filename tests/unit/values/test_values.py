# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door: what surveys, extra variables, vaults and inventories hand over, and the typed value that comes of it."""

from __future__ import annotations

import datetime
import json
import typing as t

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import door, registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.reading import UnusableError, typed

DECLARED = registry.variables()


def read(**raw: t.Any) -> door.Values:
    """The values of a host whose inventory says this."""
    return door.read("runner-1", "/start", DECLARED, raw)


@pytest.mark.parametrize(
    ("name", "said", "meant"),
    [
        ("gitpod_teardown_delete_buckets", "false", False),
        ("gitpod_dns_overwrite", "no", False),
        ("gitpod_privatelink_enabled", "True", True),
        ("gitpod_privatelink_enabled", 1, True),
        ("gitpod_privatelink_enabled", "off \n", False),
        ("gitpod_dns_ttl", "60", 60),
        ("gitpod_dns_ttl", 60.0, 60),
        ("gitpod_availability_zones", "us-east-1a, us-east-1b", ["us-east-1a", "us-east-1b"]),
        ("gitpod_availability_zones", "us-east-1a\r\nus-east-1b\r\n", ["us-east-1a", "us-east-1b"]),
        ("gitpod_availability_zones", '["us-east-1a", "us-east-1b"]', ["us-east-1a", "us-east-1b"]),
        ("gitpod_availability_zones", "- us-east-1a\n- us-east-1b", ["us-east-1a", "us-east-1b"]),
        ("gitpod_availability_zones", "\n  - us-east-1a\r\n  - us-east-1b\n", ["us-east-1a", "us-east-1b"]),
        ("gitpod_availability_zones", "- us-east-1a\n  - us-east-1b", ["us-east-1a", "us-east-1b"]),
        ("gitpod_teardown_confirm", "  - one\n  - two", ["one", "two"]),
        ("gitpod_tags", "\n    team: x\r\n    cost: 1\n", {"team": "x", "cost": "1"}),
        (
            "gitpod_stack_parameters",
            {"Certificate ARN": "arn\n", "L": [" a", "b\n"]},
            {"Certificate ARN": "arn", "L": ["a", "b"]},
        ),
        ("gitpod_availability_zones", [" us-east-1a", "", "us-east-1b\n"], ["us-east-1a", "us-east-1b"]),
        ("gitpod_tags", '{"team": "x"}', {"team": "x"}),
        ("gitpod_tags", "team: x\ncost: 1", {"team": "x", "cost": "1"}),
        ("gitpod_tags", "team=x,cost=a=b", {"team": "x", "cost": "a=b"}),
        ("gitpod_tags", {"team": 7, "on": True}, {"team": "7", "on": "true"}),
        ("gitpod_certificate_arn", "arn:aws:acm:eu-west-1:1:certificate/x\n", "arn:aws:acm:eu-west-1:1:certificate/x"),
        ("gitpod_exchange_token", " token \n", "token"),
        ("gitpod_domain_name", "US.Gitpod.Example.com.", "us.gitpod.example.com"),
        ("gitpod_account_id", 123456789012, "123456789012"),
        ("gitpod_account_id", "012345670123", "012345670123"),
        ("gitpod_region", "eusc-de-east-1", "eusc-de-east-1"),
        ("gitpod_stack_parameters", '{"Runner Size": "large"}', {"Runner Size": "large"}),
        ("gitpod_stack_capabilities", [], []),
        ("gitpod_status_fail_on", "stack\nhealth", ["stack", "health"]),
        ("gitpod_rollout_batches", "1\n25%\n100%", ["1", "25%", "100%"]),
        ("gitpod_rollout_batches", [1, "25%"], [1, "25%"]),
        ("gitpod_runner_settings_environment_classes", '[{"display_name": "small"}]', [{"display_name": "small"}]),
    ],
)
def test_a_value_is_what_was_meant(name: str, said: t.Any, meant: t.Any) -> None:
    found = read(**{name: said})
    assert not found.problems
    assert found[name] == meant
    assert type(found[name]) is type(meant)


@pytest.mark.parametrize("name", sorted(DECLARED))
@pytest.mark.parametrize("said", ["", "  \n", None])
def test_nothing_is_unset_for_every_variable(name: str, said: t.Any) -> None:
    found, without = read(**{name: said}), read()
    assert not found.problems
    assert found[name] == without[name]


@pytest.mark.parametrize(
    ("name", "said", "told"),
    [
        ("gitpod_stack_release_version", 20270101.1, "quotes"),
        ("gitpod_account_id", 1402433619, "quotes"),
        ("gitpod_exchange_token", 12345, "quotes"),
        ("gitpod_stack_release_version", datetime.date(2026, 1, 15), "quotes"),
        ("gitpod_runner_name", True, "quotes"),
        ("gitpod_tags", {"a": {"b": "c"}}, "one text"),
        ("gitpod_tags", {"a": None}, "one text"),
        ("gitpod_tags", {"a": 1.1}, "one text"),
        ("gitpod_tags", "just words", "dictionary"),
        ("gitpod_tags", {1: "x"}, "key"),
        ("gitpod_tags", {" team": "x", "team": "y"}, "Keep one"),
        ("gitpod_tags", '{"team": "x", "team": "y"}', "Keep one"),
        ("gitpod_tags", "team: x\nteam: y", "Keep one"),
        ("gitpod_tags", "team=x,team=y", "Keep one"),
        ("gitpod_stack_parameters", "Runner Size: small\nRunner Size: large", "Keep one"),
        ("gitpod_runner_settings_sharing", "- group: a\n  group: b", "Keep one"),
        ("gitpod_stack_timeout", 0, "from 1 to 604800"),
        ("gitpod_stack_timeout", -5, "from 1 to 604800"),
        ("gitpod_rollout_max_failures", -1, "at least 0"),
        ("gitpod_stack_timeout", float("inf"), "whole number"),
        ("gitpod_stack_timeout", "10m", "whole number"),
        ("gitpod_verify_port", 70000, "from 1 to 65535"),
        ("gitpod_privatelink_enabled", "maybe", "true or false"),
        ("gitpod_privatelink_enabled", [], "true or false"),
        ("gitpod_dns_record_type", "alais", "Did you mean alias?"),
        ("gitpod_status_fail_on", "stack, helth", "Did you mean health?"),
        ("gitpod_ec2_subnet_ids", "subnet-0a1e2c4b6d8f01351 subnet-0a1e2c4b6d8f01352", "subnet IDs such as"),
        ("gitpod_availability_zones", {"a": 1}, "a list"),
    ],
)
def test_what_cannot_be_meant_is_told_with_what_to_write(name: str, said: t.Any, told: str) -> None:
    problems = read(**{name: said}).problems
    assert [problem.variable for problem in problems] == [name]
    assert told in problems[0].remediation


def test_a_long_value_is_not_repeated_in_full() -> None:
    problem = read(gitpod_dns_record_type="x" * 200_000).problems[0]
    assert len(problem.summary) + len(problem.remediation) < 300


def test_a_secret_is_never_in_a_problem() -> None:
    for name, variable in DECLARED.items():
        if variable.secret:
            for said in ("s3cr3t-value", ["s3cr3t-value"], {"s3cr3t-value": 1}, 3.25):
                told = " ".join(f"{entry.summary} {entry.remediation}" for entry in read(**{name: said}).problems)
                assert not {"s3cr3t-value", "3.25"} & set(told.replace("'", " ").split())


def test_fallbacks_and_computed_defaults() -> None:
    assert read()["gitpod_stack_name"] == "runner-1"
    assert read(gitpod_runner_name="eu")["gitpod_stack_name"] == "eu"
    assert read(gitpod_vpc_id="vpc-12345678")["gitpod_dns_vpc_id"] == "vpc-12345678"
    assert read()["gitpod_status_port"] == 443
    assert read(gitpod_verify_port=8443)["gitpod_status_port"] == 8443
    assert read()["gitpod_status_release_channel"] == "stable"
    assert read(gitpod_stack_release_channel="latest")["gitpod_status_release_channel"] == "latest"
    assert read()["gitpod_artifact_directory"] == "/start/gitpod-artifacts"


def test_a_template_that_fails_names_the_variable_and_what_is_undefined() -> None:
    text = "{{ company_groups[gitpod_region] }}"
    problem = read(
        gitpod_load_balancer_security_group_id=door.Untemplated(text, "'company_groups' is undefined")
    ).problems[0]
    assert problem.variable == "gitpod_load_balancer_security_group_id"
    assert "'company_groups' is undefined" in problem.summary


def test_the_guides_dynamic_reference_is_recognised() -> None:
    problem = read(gitpod_custom_ca=door.Untemplated("{{resolve:ssm:/gitpod/ca-cert}}", "syntax error")).problems[0]
    assert "ssm:/gitpod/ca-cert" in problem.remediation
    assert "without braces" in problem.remediation


def test_secrets_are_apart() -> None:
    found = read(gitpod_exchange_token="t0ken", gitpod_region="us-east-1")
    assert "t0ken" not in json.dumps(found.public(), default=str)
    assert found.secrets() == {"gitpod_exchange_token": "t0ken"}
    assert "t0ken" not in repr(found)


def test_unknown_names_are_kept_apart() -> None:
    assert read(gitpod_regoin="us-east-1").unknown == ("gitpod_regoin",)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.dates()
    | st.sampled_from(["- a\n- b", "a: 1\nb: 2", "{", "[", "{a}", "a=b", "true", "0x10", "1_0", "~", "&a *a", "!x y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
SHAPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "path": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (float,),
    "list": (list,),
    "dict": (dict,),
    "json": (dict,),
    "mapping": (dict,),
}


def outcome(variable: Variable, said: t.Any) -> tuple[t.Any, str]:
    """The typed value, or what is told instead."""
    try:
        return typed(variable, said), ""
    except UnusableError as error:
        return None, f"{error.summary} {error.remediation}"


@given(said=VALUES)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_anything_is_a_typed_value_or_a_problem(said: t.Any) -> None:
    for name, variable in DECLARED.items():
        found, told = outcome(variable, said)
        assert bool(told) or found is None or type(found) in SHAPES[variable.kind], (name, said, found)
        assert found is None or not told


@given(said=VALUES)
@settings(max_examples=200, deadline=None)
def test_what_was_read_reads_as_itself(said: t.Any) -> None:
    for variable in DECLARED.values():
        try:
            found = typed(variable, said)
        except UnusableError:
            continue
        again = found if variable.kind == "raw" or found is None else typed(variable, found)
        assert again == found or (again is None and found in ("", [], {})), variable.name


def test_declarations_hold_what_they_promise() -> None:
    for variable in DECLARED.values():
        assert isinstance(variable, Variable)
        assert bool(variable.pattern) == bool(variable.form) or not variable.pattern
        if variable.default is not None:
            assert typed(variable, variable.default) == variable.default, variable.name
        assert yaml.safe_load(yaml.safe_dump(variable.specification())) == variable.specification()
