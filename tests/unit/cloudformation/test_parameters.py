# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory values to template parameters: by label, never by luck."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import parameters
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.labels import (
    LABELS,
    SECRET_LABELS,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Parameter, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

TEMPLATE = Template(
    {"TemplateURL": "https://s3.amazonaws.com/b/t.json"},
    (
        Parameter("InstallationKey", "Runner ID"),
        Parameter("BootstrapSecret", "Exchange Token", no_echo=True),
        Parameter("PlacementZones", "Availability Zones", kind="List<AWS::EC2::AvailabilityZone::Name>"),
        Parameter("FrontDoorSegments", "Loadbalance Subnets", kind="List<AWS::EC2::Subnet::Id>"),
        Parameter("FrontDoorScheme", "Load Balancer Visibility", allowed=("internal", "internet-facing")),
        Parameter("WorkloadAddressing", "Assign Public IP", default="false", allowed=("true", "false")),
    ),
)
COMPLETE: dict[str, t.Any] = {
    "Runner ID": "0192",
    "Availability Zones": ["us-east-1a", "us-east-1b"],
    "Loadbalance Subnets": ["subnet-1", "subnet-2"],
    "Load Balancer Visibility": "internal",
}
TOKEN = {"Exchange Token": "s3cr3t"}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Runner ID", "InstallationKey"),
        ("runner-id", "InstallationKey"),
        ("InstallationKey", "InstallationKey"),
        ("installation_key", "InstallationKey"),
        ("Loadbalance Subnets", "FrontDoorSegments"),
    ],
)
def test_a_name_is_a_label_or_a_logical_id(name: str, key: str) -> None:
    assert [found.key for found in parameters.find(name, TEMPLATE.parameters)] == [key]


def test_a_corrected_label_still_matches() -> None:
    corrected = (Parameter("Subnets", "Load Balancer Subnets"),)
    assert parameters.find("Loadbalance Subnets", corrected) == list(corrected)


def test_the_exact_logical_id_wins_over_a_label() -> None:
    tricky = (Parameter("VPC", "Network"), Parameter("Other", "VPC"))
    assert [found.key for found in parameters.find("VPC", tricky)] == ["VPC"]


def test_values_are_spelled_as_cloudformation_spells_them() -> None:
    values, secrets = parameters.resolve(TEMPLATE, {**COMPLETE, "Assign Public IP": True}, TOKEN, ())
    assert values["PlacementZones"] == "us-east-1a,us-east-1b"
    assert values["WorkloadAddressing"] == "true"
    assert secrets == {"BootstrapSecret": "s3cr3t"}


@pytest.mark.parametrize("value", [1.1, {"a": "b"}, ["a", 1.1], [["a"]], [{"a": "b"}]])
def test_what_has_no_text_that_was_surely_meant_is_refused(value: t.Any) -> None:
    with pytest.raises(InputError) as refused:
        parameters.resolve(TEMPLATE, {**COMPLETE, "Runner ID": value}, TOKEN, ())
    assert "gitpod_runner_id (Runner ID)" in refused.value.message


def test_a_fraction_is_a_number_where_the_template_takes_numbers_and_null_is_an_empty_text() -> None:
    template = Template({}, (Parameter("Share", "Share", kind="Number"), Parameter("Note", "Note", default="x")))
    assert parameters.resolve(template, {"Share": 1.5, "Note": None}, {}, ()) == ({"Share": "1.5", "Note": ""}, {})


def test_all_problems_are_told_at_once_and_no_secret() -> None:
    wanted = {"Runner Sze": "large", "Load Balancer Visibility": "public", "Exchange Token": "s3cr3t"}
    with pytest.raises(InputError) as caught:
        parameters.resolve(TEMPLATE, wanted, {}, ())
    problems = caught.value.details["problems"]
    assert len(problems) == 5
    for part in (
        "'Runner Sze'",
        "gitpod_load_balancer_visibility (Load Balancer Visibility) does not allow 'public'",
        "gitpod_runner_id is not set, which Runner ID (InstallationKey) needs",
        "gitpod_load_balancer_subnet_ids is not set",
    ):
        assert any(part in problem for problem in problems), part
    assert "s3cr3t" not in caught.value.message
    assert "Assign Public IP (WorkloadAddressing)" in str(caught.value.next_step), "a name that is none needs the list"


def test_an_exchange_token_from_an_unset_environment_variable_is_told_by_its_variable_alone() -> None:
    with pytest.raises(InputError) as caught:
        parameters.resolve(TEMPLATE, COMPLETE, {}, ())
    (problem,) = caught.value.details["problems"]
    assert problem.startswith("gitpod_exchange_token is not set")
    assert "an environment variable that is not set gives an empty text" in problem
    assert "InstallationKey" not in caught.value.message, "the template's other labels help nobody here"


def test_a_parameter_that_only_the_template_knows_is_given_among_further_parameters() -> None:
    template = Template({}, (Parameter("CacheEngine", "Cache Engine"),))
    with pytest.raises(InputError, match=r"Cache Engine \(CacheEngine\) needs a value in gitpod_stack_parameters"):
        parameters.resolve(template, {}, {}, ())


@pytest.mark.parametrize(("label", "variable"), [*LABELS.items(), *SECRET_LABELS.items()])
def test_each_of_the_guides_labels_has_a_variable_that_is_declared(label: str, variable: str) -> None:
    declared = variables()[variable]
    assert declared.secret == (label in SECRET_LABELS)
    assert parameters.variable_of(Parameter("Id", label)) == variable


@pytest.mark.parametrize(
    ("allowed", "wanted", "sent"),
    [
        (("True", "False"), True, "True"),
        (("yes", "no"), False, "no"),
        (("true", "false"), True, "true"),
        (("internal", "internet-facing"), "Internal", "internal"),
        ((), True, "true"),
    ],
)
def test_values_are_spelled_as_the_template_spells_them(allowed: tuple[str, ...], wanted: t.Any, sent: str) -> None:
    template = Template({}, (Parameter("Choice", "Choice", allowed=allowed),))
    assert parameters.resolve(template, {"Choice": wanted}, {}, ())[0] == {"Choice": sent}


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("AWS::EC2::VPC::Id", "vpc-1", True),
        ("AWS::EC2::VPC::Id", "subnet-1", False),
        ("List<AWS::EC2::Subnet::Id>", "subnet-1, subnet-2", True),
        ("List<AWS::EC2::Subnet::Id>", "subnet-1,vpc-2", False),
        ("AWS::EC2::SecurityGroup::Id", "", True),
        ("AWS::EC2::SecurityGroup::Id", "{{resolve:ssm:/sg}}", True),
        ("List<Number>", "1, 2.5", True),
        ("List<Number>", "1,two", False),
        ("Number", "two", False),
        ("CommaDelimitedList", "a,b", True),
    ],
)
def test_values_have_the_form_of_their_type(kind: str, value: str, fits: bool) -> None:
    template = Template({}, (Parameter("Value", "Value", kind=kind),))
    if fits:
        assert parameters.resolve(template, {"Value": value}, {}, ())[0] == {"Value": value}
    else:
        with pytest.raises(InputError, match="Value"):
            parameters.resolve(template, {"Value": value}, {}, ())


def test_an_ambiguous_name_is_an_error() -> None:
    twice = Template({}, (Parameter("A", "Subnet"), Parameter("B", "Subnet")))
    with pytest.raises(InputError, match="can mean A or B"):
        parameters.resolve(twice, {"Subnet": "x"}, {}, ("A", "B"))


def test_what_an_existing_stack_has_is_kept_and_its_secrets_too_unless_they_are_renewed() -> None:
    existing = {"InstallationKey", "BootstrapSecret", "PlacementZones", "FrontDoorSegments", "FrontDoorScheme"}
    values, secrets = parameters.resolve(TEMPLATE, {"Load Balancer Visibility": "internal"}, TOKEN, existing)
    request = {entry.pop("ParameterKey"): entry for entry in parameters.request(TEMPLATE, values, secrets, existing)}
    assert request["BootstrapSecret"] == {"UsePreviousValue": True}
    assert request["InstallationKey"] == {"UsePreviousValue": True}
    assert request["FrontDoorScheme"] == {"ParameterValue": "internal"}
    assert "WorkloadAddressing" not in request, "a parameter that the new template adds gets its default"
    renewed = parameters.request(TEMPLATE, values, secrets, existing, renew=True)
    (sent,) = [entry for entry in renewed if entry["ParameterKey"] == "BootstrapSecret"]
    assert sent["ParameterValue"] == TOKEN["Exchange Token"]
    others = [entry for entry in renewed if entry is not sent]
    assert {entry.pop("ParameterKey"): entry for entry in others} == {
        key: entry for key, entry in request.items() if key != "BootstrapSecret"
    }


def test_differences_are_told_by_label_and_spaces_in_lists_do_not_count() -> None:
    present = {"PlacementZones": "us-east-1a, us-east-1b", "FrontDoorScheme": "internal"}
    wanted = {"PlacementZones": "us-east-1a,us-east-1b", "FrontDoorScheme": "internet-facing"}
    assert parameters.differences(TEMPLATE, wanted, present) == {
        "Load Balancer Visibility": ("internal", "internet-facing")
    }


@given(st.lists(st.text(alphabet="abcXYZ019", min_size=1, max_size=12), min_size=1, max_size=12, unique_by=str.lower))
def test_every_label_finds_its_own_parameter_however_it_is_spelled(labels: list[str]) -> None:
    listed = tuple(Parameter(f"Key{number}zz", label) for number, label in enumerate(labels))
    for parameter in listed:
        for spelling in (parameter.label, parameter.label.upper(), f" {parameter.label.lower()}-", parameter.key):
            assert parameters.find(spelling, listed) == [parameter]


@given(st.recursive(st.booleans() | st.integers(), lambda inner: st.lists(inner, max_size=4)))
def test_no_value_becomes_python_text(value: t.Any) -> None:
    text = parameters.text_of(value)
    assert not set(text) & set("[] TF")
