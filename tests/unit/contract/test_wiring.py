# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what inventories say, through the door, to what is told at each host."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import contract
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Problem
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import door
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from tests.unit.contract.test_contract import GOOD


def told(**hosts: dict[str, t.Any]) -> dict[str, list[Problem]]:
    """By host; every host has a good inventory with these changes."""
    fleet = {host: door.read(host, "/start", variables(), {**GOOD, **said}) for host, said in hosts.items()}
    return contract.of_fleet(fleet)


def test_a_good_inventory_has_no_problem() -> None:
    assert told(runner={}) == {"runner": []}


def test_a_hosts_name_is_judged_where_it_names_the_stack() -> None:
    (problem,) = told(**{"ap.runner.example.com": {}})["ap.runner.example.com"]
    assert problem.variable == "gitpod_stack_name"
    assert "Set gitpod_stack_name or gitpod_runner_name" in problem.remediation


def test_two_hosts_with_one_runner_are_told_at_both_with_what_else_is_wrong() -> None:
    found = told(a={"gitpod_domain_name": "a.example.com", "gitpod_tags": {"aws:x": "y"}}, b={})
    assert [problem.variable for problem in found["a"]] == ["gitpod_tags", "gitpod_runner_id"]
    assert [problem.variable for problem in found["b"]] == ["gitpod_runner_id"]


def test_an_empty_exchange_token_is_told_by_its_variable_and_an_existing_stack_makes_it_good() -> None:
    found = told(runner={"gitpod_exchange_token": ""})["runner"]
    (problem,) = found
    assert (problem.kind, problem.variable) == ("missing", "gitpod_exchange_token")
    assert "an environment variable that is not set gives an empty text" in problem.remediation
    assert contract.needs_a_stack(found, variables())
    assert told(runner={"gitpod_exchange_token": "", "gitpod_api_token": "t"})["runner"] == []


def test_a_zone_that_is_none_is_told_by_what_it_is() -> None:
    zones = ["eu-central-1a", "eu-central-1b", "eu-central-1-ham-1a"]
    (problem,) = told(runner={"gitpod_availability_zones": zones})["runner"]
    assert "'eu-central-1-ham-1a' is a Local Zone" in problem.summary
