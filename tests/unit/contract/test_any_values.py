# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a value is, a rule returns problems that name a variable, can be read, and hold no secret."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules, rules_dns
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.fleet import fleet_problems
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    MISSING,
    Inventory,
    Problem,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from tests.unit.contract.test_contract import GOOD

DECLARED = variables()
RULES = (rules.identifiers, *rules.RULES, *rules_dns.RULES)
TELLING = [
    "{{resolve:ssm:/x}}",
    "http://[",
    "https://u:p@h:0/",
    "[::1",
    "127.0.0.1",
    "arn:aws:acm:x:1:certificate/x",
    "sg-x",
    "xn--",
    "ä.ö",
    "*.a.b",
    "us-west-2-lax-1a",
    "a" * 300,
    "\x1b[2J",
    "\ud800",
    "route53",
    "nsupdate",
    "manual",
    "true",
]
TEXTS = st.text(max_size=40) | st.sampled_from(TELLING)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.dates() | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXTS | st.integers() | st.none(), inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=6,
)
HOSTS = st.dictionaries(st.sampled_from(sorted(DECLARED)), VALUES, max_size=12)
# Other text around a placeholder that no rule could make up by itself.
SECRET = "s3cr3t-pl4ceholder"
LONG = "x;" * 5_000


def sound(problems: list[Problem]) -> None:
    assert isinstance(problems, list)
    for problem in problems:
        assert isinstance(problem, Problem)
        assert problem.kind in (MISSING, MALFORMED, CONTRADICTORY)
        assert problem.variable in DECLARED
        text = problem.summary + problem.remediation
        assert problem.summary
        assert problem.remediation
        assert len(text) < 2000
        assert text.isprintable(), "nothing moves the reader's cursor"
        text.encode("utf-8")


@given(values=HOSTS, host=TEXTS)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_rule_raises_whatever_the_values_are(values: dict[str, t.Any], host: str) -> None:
    inventory = Inventory.of(values, host)
    for rule in RULES:
        sound(rule(inventory))


@given(name=st.sampled_from(sorted(DECLARED)), said=VALUES)
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_one_variable_of_a_good_inventory_may_be_anything(name: str, said: t.Any) -> None:
    inventory = Inventory.of({**GOOD, "gitpod_privatelink_enabled": True, name: said}, "runner-1")
    for rule in RULES:
        sound(rule(inventory))


@given(fleet=st.dictionaries(TEXTS, HOSTS, max_size=4))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_rule_across_hosts_raises(fleet: dict[str, dict[str, t.Any]]) -> None:
    found = fleet_problems(fleet)
    assert set(found) == set(fleet)
    for problems in found.values():
        assert all(isinstance(problem, Problem) and problem.variable in DECLARED for problem in problems)


@pytest.mark.parametrize("name", sorted(name for name, variable in DECLARED.items() if variable.secret))
@pytest.mark.parametrize("around", ["{}", "{} {}", "http://{}/", "https://{}:0/", "{}\n{}", "ssm:{}"])
def test_no_secret_is_ever_told(name: str, around: str) -> None:
    said = around.replace("{}", SECRET)
    for value in (said, [said], {"a": said}):
        inventory = Inventory.of({**GOOD, name: value, "gitpod_api_token": value}, "runner-1")
        for rule in RULES:
            assert SECRET not in str(rule(inventory))


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_over_long_values_are_cut(name: str) -> None:
    for value in (LONG, [LONG] * 30, {LONG: LONG}):
        inventory = Inventory.of({**GOOD, "gitpod_certificate_request": True, name: value}, "runner-1")
        for rule in RULES:
            sound(rule(inventory))


def test_a_good_inventory_has_no_problem() -> None:
    inventory = Inventory.of(GOOD, "runner-1")
    assert [problem for rule in RULES for problem in rule(inventory)] == []
