# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What two hosts cannot have in common, told at each of them, in whichever batches they are."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules, rules_dns
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.fleet import fleet_problems
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Inventory
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import door
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

ID = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02"
US, EU = {"gitpod_region": "us-east-1"}, {"gitpod_region": "eu-west-1"}
API = {"gitpod_api_token": "t"}
Host = dict[str, t.Any]


def told(**hosts: Host) -> dict[str, list[str]]:
    """The variables that are told at each host that has a problem."""
    found = {host: [problem.variable for problem in problems] for host, problems in fleet_problems(hosts).items()}
    assert set(found) == set(hosts)
    return {host: variables for host, variables in found.items() if variables}


def both(variable: str) -> dict[str, list[str]]:
    return {"a": [variable], "b": [variable]}


def test_a_fleet_of_different_runners_has_no_problem() -> None:
    assert told() == {}
    assert told(a={**US, "gitpod_runner_id": ID}) == {}
    assert (
        told(a={**US, "gitpod_domain_name": "us.example.com"}, b={**EU, "gitpod_domain_name": "eu.example.com"}) == {}
    )
    assert told(a={}, b={}) == {}


def test_one_runner_id_is_one_host() -> None:
    assert told(a={**US, "gitpod_runner_id": ID}, b={**EU, "gitpod_runner_id": ID.upper()}) == both("gitpod_runner_id")


def test_one_domain_is_one_host_in_whatever_case() -> None:
    one, other = {**US, "gitpod_domain_name": "x.example.com"}, {**EU, "gitpod_domain_name": "X.Example.com."}
    assert told(a=one, b=other) == both("gitpod_domain_name")


def test_what_the_template_is_given_by_its_label_counts_and_is_blamed() -> None:
    one, other = {**US, "gitpod_domain_name": "x.example.com"}, {**EU, "gitpod_domain_name": "y.example.com"}
    given = {**other, "gitpod_stack_parameters": {"domain name": "X.example.com."}}
    assert told(a=one, b=given) == {"a": ["gitpod_domain_name"], "b": ["gitpod_stack_parameters"]}
    assert told(a=other, b=given) == {}
    by_label = {**EU, "gitpod_stack_parameters": {"Runner ID": ID.upper()}}
    assert told(a={**US, "gitpod_runner_id": ID}, b=by_label) == {
        "a": ["gitpod_runner_id"],
        "b": ["gitpod_stack_parameters"],
    }
    # What is no text says nothing.
    assert told(a=one, b={**EU, "gitpod_stack_parameters": {"Domain Name": ["x.example.com"], "Runner ID": ""}}) == {}


@pytest.mark.parametrize(
    "spelled", ["https://APP.gitpod.io:443/api/", "https://app.ona.com", "https://app.gitpod.io./api"]
)
def test_one_management_plane_has_several_spellings(spelled: str) -> None:
    named = {**US, **API, "gitpod_runner_name": "runner"}
    one, other = {**named, "gitpod_stack_name": "a"}, {**named, "gitpod_stack_name": "b"}
    assert told(a=one, b={**other, "gitpod_api_endpoint": spelled}) == both("gitpod_runner_name")
    elsewhere = {**other, "gitpod_api_endpoint": "https://app.gitpod.io:8443/api"}
    assert told(a=one, b=elsewhere) == {}


def test_a_domain_under_anothers_wildcard_is_its_own() -> None:
    assert told(a={**US, "gitpod_domain_name": "example.com"}, b={**EU, "gitpod_domain_name": "eu.example.com"}) == {}


def test_one_stack_name_is_one_host_of_an_account_and_region() -> None:
    named = {"gitpod_stack_name": "runner"}
    assert told(a={**US, **named}, b={**US, **named}) == both("gitpod_stack_name")
    assert told(a={**US, **named}, b={**EU, **named}) == {}
    assert told(a={**US, **named}, b={**US, "gitpod_stack_name": "Runner"}) == {}, "CloudFormation heeds case"
    assert told(a={**US, **named}, b={**US, "gitpod_runner_name": "runner"}) == {
        "a": ["gitpod_stack_name"],
        "b": ["gitpod_runner_name"],
    }
    assert told(a={**US, "gitpod_stack_name": "b"}, b=US) == both("gitpod_stack_name"), "the other is named by its host"


def test_accounts_are_told_apart_by_their_ids_or_profiles() -> None:
    one, other = {"gitpod_account_id": "111111111111"}, {"gitpod_account_id": "222222222222"}
    named = {**US, "gitpod_stack_name": "runner"}
    work, play = {"gitpod_aws_profile": "work"}, {"gitpod_aws_profile": "play"}
    assert told(a={**named, **one}, b={**named, **other}) == {}
    assert told(a={**named, **one, **work}, b={**named, **one, **play}) == both("gitpod_stack_name")
    assert told(a={**named, **work}, b={**named, **play}) == {}
    assert told(a={**named, **work}, b={**named, **work}) == both("gitpod_stack_name")
    assert told(a={**named, **work, **one}, b={**named, **work}) == both("gitpod_stack_name"), (
        "one profile, one account"
    )


def test_one_name_is_registered_once_in_a_region() -> None:
    named = {"gitpod_runner_name": "runner"}
    a, b = {**US, **named, **API, "gitpod_stack_name": "x"}, {**US, **named, **API, "gitpod_stack_name": "y"}
    assert told(a=a, b=b) == both("gitpod_runner_name")
    assert told(a=a, b={**b, **EU}) == {}
    assert told(a=a, b={**b, "gitpod_runner_id": ID}) == both("gitpod_runner_name"), "the other's would be found"
    assert told(a={**a, "gitpod_runner_id": ID}, b={**b, "gitpod_runner_id": ID[:-1] + "3"}) == {}
    assert told(a=a, b={**b, "gitpod_api_endpoint": "https://other.example.com/api"}) == {}
    assert told(a=a, b={**b, "gitpod_api_endpoint": "https://app.gitpod.io/api/"}) == both("gitpod_runner_name")


def test_each_host_is_told_who_the_others_are() -> None:
    hosts = {f"h{index}": {**US, "gitpod_runner_id": ID} for index in range(3)}
    found = fleet_problems(hosts)
    assert "the runner ID of h1, h2," in found["h0"][0].summary
    assert "the runner ID of h0, h2," in found["h1"][0].summary
    many = fleet_problems({f"h{index:03}": {**US, "gitpod_runner_id": ID} for index in range(500)})
    assert "h000, h001, h002, h003, h004 and 494 more" in many["h499"][0].summary
    assert "h001, h002, h003, h004, h005 and 494 more" in many["h000"][0].summary


def test_a_copy_of_a_host_that_the_run_leaves_out_is_told() -> None:
    """With C(--limit) the original is not in the run, and the copy alone takes its runner."""

    def told(own: dict[str, t.Any], host: str, beyond: dict[str, dict[str, t.Any]]) -> list[str]:
        return [problem.summary for problem in fleet_problems({host: own}, beyond)[host]]

    original, copy = {"gitpod_runner_id": ID}, {"gitpod_runner_id": ID.upper()}
    assert "runner ID of a, which this run leaves out" in told(copy, "b", {"a": original})[0]
    named = {**copy, "gitpod_runner_name": "a"}
    assert told(named, "b", {"a": original}), "the name was copied too, so no tag could tell"
    assert told(original, "a", {"b": named}) == [], "the original goes on"
    assert told(original, "a", {"b": {"gitpod_runner_id": ID[:-1] + "0"}, "c": {}}) == []
    assert told({}, "a", {"b": {}}) == []
    # A host of the run is told of as one of the run, once.
    assert len(fleet_problems({"a": original, "b": copy}, {"a": original})["b"]) == 1


def test_the_examples_have_no_problem() -> None:
    groups = yaml.safe_load((pathlib.Path(__file__).parents[3] / "examples/inventory.yml").read_text("utf-8"))
    (group,) = groups.values()
    shared = group.get("vars", {})
    # A lookup's text is no token of the form that the contract asks for.
    fleet = {
        host: {name: said for name, said in {**shared, **values}.items() if "{{" not in str(said)}
        for host, values in group["hosts"].items()
    }
    assert len(fleet) > 1
    assert told(**fleet) == {}
    for host, values in fleet.items():
        read = door.read(host, "/start", variables(), values)
        assert read.problems == ()
        inventory = Inventory.of(read.given, host)
        assert [problem for rule in (*rules.RULES, *rules_dns.RULES) for problem in rule(inventory)] == []
