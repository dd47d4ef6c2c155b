# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For which hosts a batch takes a step in one process: for those of which it is sure that nothing failed before."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_batch_step import of_all
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import BEFORE_THE_STACK, DEPLOYING
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.batch_steps import STEPS, Standing

INVENTORY = {
    "gitpod_region": "eu-central-1",
    "gitpod_runner_name": "eu",
    "gitpod_runner_id": "0197ea8a-5b4d-7ac6-9a3b-2f1e0d9c8b7a",
    "gitpod_domain_name": "eu.runner.example.com",
    "gitpod_exchange_token": "a-token-of-the-bootstrap",
}
BALANCER = {"dns_name": "internal-eu.elb.amazonaws.com", "canonical_hosted_zone_id": "Z1"}
COMPLETE = Earlier(stack={"load_balancer": BALANCER})
# As the tasks of this batch have registered it.
HERE = {results.BATCH: {"id": "this"}, results.WAITED: {"batch": "this"}}


def standing(**more: t.Any) -> Standing:
    """A host with nothing but its stack and its records to do."""
    inventory = {**INVENTORY, **more.pop("inventory", {})}
    values = read("eu", "/", variables(), {name: value for name, value in inventory.items() if value is not None})
    given = {"earlier": COMPLETE, "variables": HERE, "idle": frozenset(BEFORE_THE_STACK), **more}
    return Standing(values, **given)


def test_what_comes_before_the_stack_is_what_is_deployed_before_it() -> None:
    assert set(DEPLOYING[: DEPLOYING.index("stack")]) == BEFORE_THE_STACK


def test_a_stack_is_started_with_the_options_that_its_own_task_would_have() -> None:
    options = STEPS["stack"].options(standing())
    assert (options["region"], options["name"], options["wait"]) == ("eu-central-1", "eu", False)
    assert options["secret_parameters"] == {"Exchange Token": "a-token-of-the-bootstrap"}


@pytest.mark.parametrize("stage", sorted(BEFORE_THE_STACK))
def test_a_host_with_a_stage_of_its_own_before_starts_its_stack_itself(stage: str) -> None:
    assert STEPS["stack"].options(standing(idle=frozenset(BEFORE_THE_STACK - {stage}))) == {}


@pytest.mark.parametrize(
    ("action", "together"),
    [("create", True), ("update", True), ("recreate", False), ("attach", False), ("wait", False), ("unknown", False)],
)
def test_a_stack_that_something_has_to_end_for_holds_no_other_up(action: str, together: bool) -> None:
    look = {"plan": [{"stage": "dns", "action": "unknown"}, {"stage": "stack", "action": action}]}
    planned = {**HERE, results.BATCH: {"id": "this", "runners": {"eu": {"look": look}}}}
    assert bool(STEPS["stack"].options(standing(variables=planned))) is together


def test_without_a_plan_nothing_is_known_of_what_came_before() -> None:
    assert STEPS["stack"].options(standing(idle=frozenset())) == {}


def test_a_template_of_the_control_node_and_a_wrong_inventory_are_the_own_tasks() -> None:
    assert STEPS["stack"].options(standing(inventory={"gitpod_stack_template_file": "/t.json"})) == {}
    wrong = {"gitpod_runner_name": "eu.runner.example.com"}
    assert STEPS["stack"].options(standing(inventory=wrong)) == {}
    assert STEPS["dns"].options(standing(inventory=wrong)) == {}


def test_records_are_those_that_the_own_task_would_write_and_the_verification_waits() -> None:
    options = STEPS["dns"].options(standing())
    assert options["load_balancer_dns_name"] == BALANCER["dns_name"]
    assert (options["domain_name"], options["wait"]) == ("eu.runner.example.com", False)


@pytest.mark.parametrize(
    "more",
    [
        {"variables": {}},
        {"variables": {**HERE, results.WAITED: {"batch": "this", "skipped": True}}},
        # Of the same playbook, imported before in the same run.
        {"variables": {**HERE, results.WAITED: {"batch": "that"}}},
        {"variables": {**HERE, results.WAITED: {"batch": "this", "failed": True, "msg": "The stack failed"}}},
        {"check_mode": True},
        {"earlier": Earlier()},
        {"inventory": {"gitpod_domain_name": None}},
        {"inventory": {"gitpod_dns_provider": "external"}},
    ],
)
def test_records_are_left_to_the_own_task_where_anything_is_not_sure(more: dict[str, t.Any]) -> None:
    assert STEPS["dns"].options(standing(**more)) == {}


def test_a_provider_that_there_is_not_is_an_error_of_the_host() -> None:
    host = standing()
    given = {**host.values.given, "gitpod_dns_provider": "nowhere"}
    host = dataclasses.replace(host, values=dataclasses.replace(host.values, given=given))
    with pytest.raises(RunnerError, match="nowhere"):
        STEPS["dns"].options(host)


def test_where_the_module_fails_the_own_tasks_find_nothing_and_somebody_is_told() -> None:
    died = of_all({"failed": True, "msg": "MODULE FAILURE\nKilled", "warnings": ["an old Python"], "rc": 137})
    assert died["runners"] == {}
    assert died["warnings"] == [
        "an old Python",
        "The step was not taken for all hosts together, each takes it by itself: MODULE FAILURE Killed",
    ]
    one = {"changed": True}
    assert of_all({"changed": True, "failed": False, "runners": {"eu": one}}) == {"runners": {"eu": one}}


def test_who_leaves_the_own_task_out_still_has_what_was_started() -> None:
    started = {"in_progress": True, "operation_token": "t"}
    did = {"batch": "this", "runners": {"eu": started}}
    now = {results.BATCH: {"id": "this"}, results.TOGETHER["stack"]: did}
    assert results.stages(now, "eu")["stack_started"] == started
    own = {"in_progress": True, "operation_token": "own"}
    assert results.stages({**now, "gitpod_stack_started": own}, "eu")["stack_started"] == own


def test_a_result_counts_in_its_own_batch_alone() -> None:
    did = {"batch": "this", "runners": {"eu": {"changed": True}}}
    now = {results.BATCH: {"id": "this"}, results.TOGETHER["stack"]: did}
    assert results.together(now, "stack", "eu") == {"changed": True}
    assert results.together(now, "stack", "us") == {}
    assert results.together({**now, results.BATCH: {"id": "next"}}, "stack", "eu") == {}
    assert results.together({**now, results.BATCH: {}}, "stack", "eu") == {}
    assert results.together({**now, results.TOGETHER["stack"]: {**did, "skipped": True}}, "stack", "eu") == {}
