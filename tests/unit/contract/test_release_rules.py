# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is deployed: releases that YAML read as numbers, what excludes each other, and ARNs."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules_release
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Inventory, Problem
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import manifest_url

ROLE = "arn:aws:iam::123456789012:role/path/deployer"
TOPIC = "arn:aws:sns:us-east-1:123456789012:stacks"


def problems(**values: t.Any) -> list[Problem]:
    return [problem for rule in rules_release.RULES for problem in rule(Inventory.of(values))]


@pytest.mark.parametrize("name", ["gitpod_stack_release_version", "gitpod_verify_version"])
def test_a_release_that_yaml_took_for_a_number_is_refused_with_how_to_write_it(name: str) -> None:
    (problem,) = problems(**yaml.safe_load(f"{name}: 20270101.10"))
    assert (problem.kind, problem.variable) == ("malformed", name)
    assert "20270101.1 is a number" in problem.summary
    assert problem.remediation == "Write it in quotes, or as v20260115.10"
    assert problems(**yaml.safe_load(f"{name}: v20270101.10")) == problems(**{name: "20270101.10"}) == []


@pytest.mark.parametrize("version", ["latest", "20270101", "20270101.", "2027.1", "vv20270101.1", "20270101.1\n2"])
def test_what_is_no_release_is_told(version: str) -> None:
    (problem,) = problems(gitpod_stack_release_version=version)
    assert problem.variable == "gitpod_stack_release_version"


def test_both_spellings_of_a_release_have_one_manifest() -> None:
    expected = "https://releases.gitpod.io/ec2/releases/20270101.10/manifest.json"
    for version in ("20270101.10", "v20270101.10"):
        assert manifest_url("https://releases.gitpod.io", "", version) == expected


def test_one_thing_names_the_template() -> None:
    version, channel = {"gitpod_stack_release_version": "20270101.1"}, {"gitpod_stack_release_channel": "latest"}
    assert problems(**version) == problems(**channel) == []
    (problem,) = problems(**version, **channel)
    assert (problem.kind, problem.variable) == ("contradictory", "gitpod_stack_release_channel")
    assert "gitpod_stack_release_version" in problem.summary
    assert len(problems(**version, **channel, gitpod_stack_template_file="/t.json")) == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"gitpod_stack_service_role_arn": ROLE, "gitpod_stack_notification_arns": [TOPIC]}, []),
        ({"gitpod_dns_role_arn": ROLE}, []),
        ({"gitpod_dns_role_arn": "deployer"}, [("malformed", "gitpod_dns_role_arn")]),
        ({"gitpod_dns_role_arn": ROLE.replace("role", "user")}, [("malformed", "gitpod_dns_role_arn")]),
        ({"gitpod_stack_service_role_arn": f"{ROLE} x"}, [("malformed", "gitpod_stack_service_role_arn")]),
        (
            {"gitpod_stack_service_role_arn": ROLE, "gitpod_region": "us-gov-west-1"},
            [("contradictory", "gitpod_stack_service_role_arn")],
        ),
        ({"gitpod_stack_notification_arns": [TOPIC, ROLE]}, [("malformed", "gitpod_stack_notification_arns")]),
        (
            {"gitpod_stack_notification_arns": [f"{TOPIC}{index}" for index in range(6)]},
            [("contradictory", "gitpod_stack_notification_arns")],
        ),
    ],
)
def test_roles_and_topics_are_arns_of_the_regions_partition(
    values: dict[str, t.Any], expected: list[tuple[str, str]]
) -> None:
    found = problems(**{"gitpod_region": "us-east-1", **values})
    assert [(problem.kind, problem.variable) for problem in found] == expected
