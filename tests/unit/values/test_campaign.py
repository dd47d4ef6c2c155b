# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated inventories, most of them bad: every value is typed, unset, or named; nothing raises, nothing begins on a
bad one, and what a good one becomes is taken by the modules and by AWS's own description of its calls.

A short cut, the same every time, is part of the unit tests. The campaign is C(CAMPAIGN_VALUES=12000 pytest
tests/unit/values/test_campaign.py): as many values, other ones each time; what fails is printed with its values.
"""

from __future__ import annotations

import functools
import json
import os
import time
import typing as t

import botocore.session
import botocore.validate
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.parameters import text_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_host, of_what_is_set
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import MISSING
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._rollout import serial
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import (
    desired as runner_settings,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import door
from ansible_collections.gitpod.enterprise_runner.plugins.modules import (
    runner_certificate,
    runner_dns,
    runner_endpoint,
    runner_health_info,
    runner_network_endpoints,
    runner_propagation_info,
    runner_registration,
    runner_retained_buckets,
    runner_stack,
    runner_stack_info,
    runner_teardown_info,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.fleet import Fleet, module_arguments
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.steps import STEPS, Situation
from tests.unit.contract.test_contract import GOOD
from tests.unit.values.hostile import DECLARED, PLANTED, TELLING, bad, holds, is_data
from tests.unit.values.test_through_the_stages import EARLIER, REGISTERED, SHAPES, TYPED

CAMPAIGN = int(os.environ.get("CAMPAIGN_VALUES", "0"))
SHORT = 300
SLOWEST = 2.0
run = settings(
    max_examples=CAMPAIGN or SHORT,
    # The short cut is the same every time: a gate that fails now and then is none.
    derandomize=not CAMPAIGN,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate) if not CAMPAIGN else (Phase.explicit, Phase.generate, Phase.shrink),
)
MODULES: dict[str, t.Any] = {
    "runner_certificate": runner_certificate,
    "runner_dns": runner_dns,
    "runner_endpoint": runner_endpoint,
    "runner_network_endpoints": runner_network_endpoints,
    "runner_health_info": runner_health_info,
    "runner_propagation_info": runner_propagation_info,
    "runner_registration": runner_registration,
    "runner_retained_buckets": runner_retained_buckets,
    "runner_stack": runner_stack,
    "runner_stack_info": runner_stack_info,
    "runner_teardown_info": runner_teardown_info,
}
VALIDATORS = {name: ArgumentSpecValidator(module.ARGUMENT_SPEC) for name, module in MODULES.items()}
CREATE_STACK = botocore.session.get_session().get_service_model("cloudformation").operation_model("CreateStack")
_UNREGISTERED = {
    name: value for name, value in GOOD.items() if name not in ("gitpod_runner_id", "gitpod_exchange_token")
}
BASES = (
    GOOD,
    {**GOOD, "gitpod_privatelink_enabled": True, "gitpod_certificate_request": True},
    {**_UNREGISTERED, "gitpod_api_token": "token-1"},
)
# What the module's own connection adds to its specification.
CONNECTION = frozenset({"region", "profile"})


@functools.cache
def values_for(name: str, base: int) -> st.SearchStrategy[t.Any]:
    """Bad values of a variable; made once, because making strategies costs more than drawing from them."""
    return bad(DECLARED[name], BASES[base].get(name, TYPED[name]))


@st.composite
def inventories(draw: st.DrawFn) -> tuple[dict[str, t.Any], list[str]]:
    """A good inventory in which one to three variables say something else; which ones."""
    number = draw(st.integers(0, len(BASES) - 1))
    base = BASES[number]
    names = draw(st.lists(st.sampled_from(sorted(DECLARED)), min_size=1, max_size=3, unique=True))
    said = {name: draw(values_for(name, number)) for name in names}
    return {**base, **said}, names


def told(problems: t.Iterable[t.Any]) -> str:
    return "\n".join(f"{problem.variable}: {problem.summary} {problem.remediation}" for problem in problems)


def sound(problems: t.Sequence[t.Any]) -> None:
    """Each names a variable, says what to write, is short, and moves nobody's cursor."""
    for problem in problems:
        assert problem.variable in DECLARED
        assert problem.summary
        assert problem.remediation
        assert len(problem.summary) + len(problem.remediation) < 2_000
        assert (problem.summary + problem.remediation).isprintable(), problem
        told([problem]).encode("utf-8")


def begins(values: door.Values) -> None:
    """What would be called of a sound inventory: no step raises, and every module takes its options."""
    situation = Situation(values.everything(), EARLIER, REGISTERED)
    for name, step in STEPS.items():
        options = json.loads(json.dumps(step.options(situation), allow_nan=False))
        json.dumps(options, ensure_ascii=False).encode("utf-8")
        checked = VALIDATORS[step.module].validate(
            {key: item for key, item in options.items() if key not in CONNECTION}
        )
        assert not checked.error_messages, (name, checked.error_messages)
    json.dumps(module_arguments(Fleet({values.host: values}, {values.host: []}), [values.host]))
    for sizes in serial(values["gitpod_rollout_batches"]):
        assert sizes
    runner_settings.items(values.everything())
    registering = STEPS["registration", "start"]
    if not registering.idle(situation):
        Wanted.of({"runner_id": "", **registering.options(situation)})
    aws_takes(STEPS["stack", "start"].options(situation))


def aws_takes(options: dict[str, t.Any]) -> None:
    """The request, against AWS's own description of the call: types, lengths, what is required."""
    listed = {"NotificationARNs": options.get("notification_arns"), "Capabilities": options.get("capabilities")}
    request: dict[str, t.Any] = {
        "StackName": options["name"],
        "Tags": [{"Key": key, "Value": value} for key, value in options["tags"].items()],
        "Parameters": [
            {"ParameterKey": "Key", "ParameterValue": text_of(value)} for value in options["parameters"].values()
        ],
        **{key: value for key, value in listed.items() if value},
    }
    if options.get("service_role_arn"):
        request["RoleARN"] = options["service_role_arn"]
    if options.get("stack_policy"):
        request["StackPolicyBody"] = json.dumps(options["stack_policy"], allow_nan=False)
    report = botocore.validate.ParamValidator().validate(request, CREATE_STACK.input_shape)
    assert not report.has_errors(), report.generate_report()


@given(drawn=inventories())
@run
def test_a_bad_value_is_typed_unset_or_named_and_nothing_begins_on_it(
    drawn: tuple[dict[str, t.Any], list[str]],
) -> None:
    raw, names = drawn
    began = time.monotonic()
    values = door.read("runner-1", "/start", DECLARED, raw)
    problems = of_host(values)
    assert time.monotonic() - began < SLOWEST
    sound(problems)
    for name in names:
        found, kind = values.given.get(name), DECLARED[name].kind
        assert found is None or kind == "raw" or type(found) in SHAPES[kind], (name, found)
        assert found != "", "an empty text is unset, and stands for nothing else"
        assert is_data(found), (name, found)
    # A role that is used alone refuses what the gate refuses.
    assert of_what_is_set(values) == [problem for problem in problems if problem.kind != MISSING]
    refused = {problem.variable for problem in problems}
    assert {problem.variable for problem in values.problems} <= refused
    if not problems:
        begins(values)


@given(drawn=inventories(), around=st.sampled_from(("{}", "{} {}", "https://{}/", "{}\n{}", "1{}", "{}:{}@x")))
@settings(run, max_examples=max(50, (CAMPAIGN or SHORT) // 10))
def test_no_secret_is_told_whatever_else_is_wrong(drawn: tuple[dict[str, t.Any], list[str]], around: str) -> None:
    raw, _names = drawn
    planted = around.replace("{}", PLANTED)
    secrets = {name for name, variable in DECLARED.items() if variable.secret}
    for shape in (planted, [planted], {planted: planted}):
        values = door.read("runner-1", "/start", DECLARED, {**raw, **dict.fromkeys(secrets, shape)})
        assert PLANTED not in told(of_host(values))
        assert PLANTED not in repr(values)
        assert not holds(values.public(), PLANTED)


@pytest.mark.parametrize("said", TELLING, ids=lambda said: ascii(said)[:30])
def test_a_telling_value_in_every_variable_at_once_is_taken_or_named(said: str) -> None:
    began = time.process_time()
    values = door.read("runner-1", "/start", DECLARED, dict.fromkeys(DECLARED, said))
    problems = of_host(values)
    assert time.process_time() - began < SLOWEST
    sound(problems)
    taken = set(values.given) | {problem.variable for problem in problems}
    assert taken == set(DECLARED) or not said.strip(), "blanks are unset; nothing else is passed over"


def test_a_good_inventory_begins() -> None:
    values = door.read("runner-1", "/start", DECLARED, GOOD)
    assert of_host(values) == []
    begins(values)
