# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every declared variable, in every form in which it arrives, through every step and every read of the playbooks.

Behind the door there is no raw value: a step's options are the same whether the inventory is typed, or all of it is
text from a survey; unset is unset whichever way it is said; and what cannot be meant is an error that names it.
"""

from __future__ import annotations

import datetime
import json
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import door, registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.fleet import Fleet, module_arguments
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.steps import STEPS, Situation

DECLARED = registry.variables()
# Values that a pattern or a rule asks for.
PARTICULAR: dict[str, t.Any] = {
    "gitpod_account_id": "012345678901",
    "gitpod_availability_zones": ["eu-west-1a", "eu-west-1b"],
    "gitpod_domain_name": "eu.example.com",
    "gitpod_ec2_subnet_ids": ["subnet-0a1e2c4b6d8f01351", "subnet-0a1e2c4b6d8f01352"],
    "gitpod_load_balancer_security_group_id": "sg-0b3d5f7a9c1e24681",
    "gitpod_load_balancer_subnet_ids": ["subnet-0a1b3d5f7e9c02461", "subnet-0a1b3d5f7e9c02462"],
    "gitpod_network_endpoints_further_ranges": ["10.0.0.0/16", "10.1.0.0/16"],
    "gitpod_privatelink_source_subnet_ids": ["subnet-0a1e2c4b6d8f01351"],
    "gitpod_privatelink_subnet_ids": ["subnet-0a1e2c4b6d8f01352"],
    "gitpod_verify_probe_instances": ["i-0123456789abcdef0", "i-0123456789abcdef1"],
    "gitpod_region": "eu-west-1",
    "gitpod_adopt_regions": ["eu-west-1", "us-east-1"],
    "gitpod_api_endpoint": "https://app.gitpod.io/api",
    "gitpod_certificate_arn": "arn:aws:acm:eu-west-1:012345678901:certificate/5d1c3a52",
    "gitpod_certificate_hosted_zone_id": "Z0123456789ABC",
    "gitpod_custom_ca": "ssm:/gitpod/ca",
    "gitpod_dns_further_hosted_zone_ids": ["Z0123456789ABD"],
    "gitpod_dns_hosted_zone_id": "Z0123456789ABC",
    "gitpod_dns_vpc_id": "vpc-0a7d5c3e1f9b80246",
    "gitpod_privatelink_security_group_ids": ["sg-0b3d5f7a9c1e24681"],
    "gitpod_privatelink_service_name": "com.amazonaws.vpce.eu-west-1.vpce-svc-08de744d433e60ff3",
    "gitpod_privatelink_service_region": "eu-west-1",
    "gitpod_report_upload": "s3://example-reports/gitpod",
    "gitpod_report_upload_region": "eu-west-1",
    "gitpod_report_upload_kms_key_id": "alias/reports",
    "gitpod_registration_metrics": {"enabled": True, "url": "https://metrics.example.com"},
    "gitpod_registration_update_window": {"start_hour": 2, "end_hour": 6},
    "gitpod_rollout_batches": ["1", "25%", "100%"],
    "gitpod_runner_settings_scm_integrations": [{"scm_id": "github", "host": "github.com"}],
    "gitpod_runner_settings_sharing": [{"group": "Developers", "role": "admin"}],
    "gitpod_runner_settings_llm_integrations": [{"endpoint": "https://models.example.com", "models": ["opus_4_5"]}],
    "gitpod_runner_settings_warm_pools": [{"project": "api", "environment_class": "Large", "max_size": 3}],
    "gitpod_stack_capabilities": ["CAPABILITY_IAM"],
    "gitpod_stack_release_channel": "latest",
    "gitpod_stack_skip_resources": ["Database", "Queue"],
    "gitpod_stack_template_sha256": "0f" * 32,
    "gitpod_status_release_channel": "latest",
    "gitpod_teardown_retain_resources": ["Database"],
    "gitpod_runner_id": "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c01",
    "gitpod_vpc_id": "vpc-0a7d5c3e1f9b80246",
}
BALANCER = {"dns_name": "lb.elb.amazonaws.com", "canonical_hosted_zone_id": "Z1", "ports": [80, 443]}
EARLIER = Earlier(stack={"load_balancer": BALANCER, "stack": {"name": "eu"}})
STACK = {"name": "eu", "exists": True, "ours": True, "empty": False, "was_here": True}
REGISTERED = {
    "inventory_hostname": "eu",
    "__gitpod_verification": {"runners": {"eu": {"seen": {"load_balancer": BALANCER}}}, "looked_at": 0},
    "__gitpod_privatelink_look": {"stack": {"relation": "ours"}, "endpoints": [], "security_groups": []},
    "__gitpod_teardown_look": {
        "domain": "eu.example.com",
        "load_balancer": BALANCER,
        "targets": ["lb.elb.amazonaws.com"],
        "stack": STACK,
    },
}


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


def example(variable: Variable) -> t.Any:
    """A value of the kind, other than the default."""
    if variable.name in PARTICULAR:
        return PARTICULAR[variable.name]
    if variable.kind == "list":
        items = ["a", "b"] if _texts(variable) else [{"display_name": "small"}]
        return list(variable.choices[:2]) or items
    if variable.choices:
        return variable.choices[-1]
    return {
        "bool": not variable.default,
        "int": int(variable.minimum or 0) + 7,
        "dict": {"a": "b"},
        "json": {"Statement": []},
        "mapping": {"team": "x"},
        "path": f"/srv/{variable.name}",
    }.get(variable.kind, f"text-of-{variable.name}".replace("_", "-"))


def _texts(variable: Variable) -> bool:
    return variable.elements in ("str", "raw")


def as_text(variable: Variable, value: t.Any) -> str:
    """As a survey or C(-e name=value) hands it over, with blanks and an end of line."""
    if isinstance(value, bool):
        return f" {str(value).lower()}\n"
    if isinstance(value, list) and _texts(variable):
        return "\r\n".join(f" {item} " for item in value) + "\r\n"
    if isinstance(value, (list, dict)):
        return f"\n{json.dumps(value)} \n"
    return f" {value} \n"


TYPED = {name: example(variable) for name, variable in DECLARED.items()}
TEXTS = {name: as_text(variable, TYPED[name]) for name, variable in DECLARED.items()}


def read(raw: dict[str, t.Any]) -> door.Values:
    return door.read("eu", "/start", DECLARED, raw)


def situation(raw: dict[str, t.Any]) -> Situation:
    """What the steps' options are made of."""
    return Situation(read(raw).everything(), EARLIER, REGISTERED)


def options(step: tuple[str, str], raw: dict[str, t.Any]) -> dict[str, t.Any]:
    """The options of the module that takes the step."""
    return STEPS[step].options(situation(raw))


def test_the_examples_are_good() -> None:
    assert read(TYPED).problems == ()
    assert read(TEXTS).problems == ()
    assert read(TEXTS).given == TYPED


@pytest.mark.parametrize("step", sorted(STEPS))
def test_a_step_has_the_same_options_of_texts_as_of_typed_values(step: tuple[str, str]) -> None:
    assert options(step, TEXTS) == options(step, TYPED)


@pytest.mark.parametrize("name", sorted(DECLARED))
@pytest.mark.parametrize("said", ["", " \r\n", None])
def test_what_is_said_empty_is_left_out_of_every_step(name: str, said: str | None) -> None:
    raw = {other: value for other, value in TYPED.items() if other != name}
    if name in ("gitpod_region", "gitpod_certificate_request"):
        # Without a region nothing begins, and without the switch its stage does not.
        assert read({**raw, name: said})[name] == read(raw)[name]
        return
    empty, left_out = situation({**raw, name: said}), situation(raw)
    for name_of_step, step in STEPS.items():
        assert step.options(empty) == step.options(left_out), name_of_step


@pytest.mark.parametrize("form", ["typed", "text"])
def test_the_reads_of_the_fleet_take_typed_values_and_secrets_apart(form: str) -> None:
    values = read(TYPED if form == "typed" else TEXTS)
    arguments = module_arguments(Fleet({"eu": values}, {"eu": []}), ["eu"])
    (runner,) = arguments["runners"]
    assert {name: runner["values"][name] for name in TYPED if name in runner["values"]} == {
        name: value for name, value in TYPED.items() if not DECLARED[name].secret
    }
    assert arguments["secrets"] == {"eu": {name: value for name, value in TYPED.items() if DECLARED[name].secret}}
    shown = json.dumps(arguments["runners"])
    assert [
        name for name, value in arguments["secrets"]["eu"].items() if isinstance(value, str) and value in shown
    ] == []


WRONG: dict[str, tuple[t.Any, ...]] = {
    "str": ({"a": 1}, ["a", "b"], True, 1.5),
    "path": ({"a": 1}, ["a", "b"], True),
    "bool": ("maybe", 7, ["true"], {"a": 1}),
    "int": ("ten", "1.5", ["1"], {"a": 1}, True, float("inf"), -1),
    "list": (True, 1.5, datetime.date(2026, 1, 15)),
    "dict": ("words", 7, ["a"], True),
    "json": ("words", 7, ["a"], True),
    "mapping": ("words", 7, ["a"], {"a": None}, {"a": {"b": "c"}}, {"a": 1.1}),
}


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_the_wrong_shape_is_an_error_that_names_the_variable(name: str) -> None:
    for said in WRONG[DECLARED[name].kind]:
        problems = of_host(read({**TYPED, name: said}))
        told = [problem for problem in problems if problem.variable == name]
        assert told, said
        assert told[0].summary
        assert told[0].remediation
