# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates of an inventory through Ansible's own engine: what fails names its variable, at any depth of the value."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_host
from tests.unit.contract.test_contract import GOOD
from tests.unit.values.world import typed_values

UNDEFINED = "{{ company_groups[gitpod_region] }}"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gitpod_load_balancer_security_group_id", UNDEFINED),
        ("gitpod_ec2_subnet_ids", [UNDEFINED, "subnet-0b2f3d5c7e9a12462"]),
        ("gitpod_tags", {"team": UNDEFINED}),
        ("gitpod_stack_parameters", {"Subnets": ["a", UNDEFINED]}),
        ("gitpod_privatelink_policy", {"Statement": [{"Resource": UNDEFINED}]}),
        ("gitpod_registration_metrics", {"url": UNDEFINED}),
        ("gitpod_runner_settings_scm_integrations", [{"scm_id": "github", "host": UNDEFINED}]),
        ("gitpod_dns_overwrite", "{{ company_groups }}"),
        ("gitpod_api_token", "{{ company_groups }}"),
    ],
)
def test_what_is_undefined_is_told_with_its_variable(tmp_path: pathlib.Path, name: str, said: t.Any) -> None:
    problems = of_host(typed_values(tmp_path, {**GOOD, name: said}, ""))
    (problem,) = [problem for problem in problems if problem.variable == name]
    assert "'company_groups' is undefined" in problem.summary


@pytest.mark.parametrize(
    "said",
    [
        "{{ gitpod_vpc_id | no_such_filter }}",
        "{{ lookup('no.such.lookup', 'x') }}",
        "{{ lookup('ansible.builtin.file', '/no/such/file') }}",
        "{{ 1 / 0 }}",
        "{{ gitpod_runner_name }}",
        "{{ ",
        "{% if %}",
        "{{ undef(hint='ask the network team') }}",
        "{{ ('x' * 200000) | from_json }}",
    ],
)
def test_a_template_that_fails_is_told_in_a_line(tmp_path: pathlib.Path, said: str) -> None:
    values = typed_values(tmp_path, {**GOOD, "gitpod_runner_name": said}, "")
    (problem,) = values.problems
    assert problem.variable == "gitpod_runner_name"
    assert len(problem.summary) < 400
    assert problem.summary.isprintable()


def test_a_filter_that_fails_over_a_secret_does_not_repeat_it(tmp_path: pathlib.Path) -> None:
    told = "{{ 'pl4nted-s3cret' | from_json }}"
    (problem,) = typed_values(tmp_path, {"gitpod_api_token": told}, "").problems
    assert "pl4nted" not in problem.summary + problem.remediation


def test_the_guides_braces_are_recognised(tmp_path: pathlib.Path) -> None:
    (problem,) = typed_values(tmp_path, {"gitpod_custom_ca": "{{resolve:ssm:/gitpod/ca-cert}}"}, "").problems
    assert "ssm:/gitpod/ca-cert" in problem.remediation


def test_what_is_omitted_is_unset(tmp_path: pathlib.Path) -> None:
    omitted = "{{ company_groups | default(omit) }}"
    values = typed_values(tmp_path, {"gitpod_vpc_id": omitted, "gitpod_tags": {"team": omitted, "cost": "1"}}, "")
    assert values.problems == ()
    assert values.given == {"gitpod_tags": {"cost": "1"}}
