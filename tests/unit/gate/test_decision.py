# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who goes on: in one batch nobody stops another, in several a mistake in the last keeps the first from beginning."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.decision import Decision
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.gate import gate
from tests.gate_samples import SUBNETS, ZONES, host, look

FLEET = (
    host("one", "eu-west-1", look()),
    host("two", "eu-west-2", look(stack="create")),
    host("wrong", "eu-west-3", look(SUBNETS, stack="create")),
)
BATCHES = [["one"], ["two", "wrong"]]


def decide(batches: t.Sequence[t.Sequence[str]] = (), most: int = 0, fleet: t.Any = FLEET) -> Decision:
    return gate(fleet, batches, most).decision


@pytest.mark.parametrize("batches", [[], [["one", "two", "wrong"]]])
def test_in_one_batch_a_mistake_stops_its_own_runner_only(batches: list[list[str]]) -> None:
    found = decide(batches)
    assert found.begins
    assert found.go == ("one", "two")
    assert list(found.refused) == ["wrong"]
    assert found.message == "2 runners go on; 1 of 3 runners is refused (wrong)."


def test_a_mistake_in_the_last_batch_keeps_the_first_from_beginning() -> None:
    found = decide(BATCHES)
    assert not found.begins
    assert found.go == ()
    assert list(found.refused) == ["wrong"]
    assert list(found.held) == ["one", "two"]
    assert found.held["one"] == (
        "Nothing is wrong with this runner. No batch begins: 1 of 3 runners is refused (wrong), and"
        " gitpod_rollout_max_failures is 0."
        " Correct what failed, or leave these runners out with --limit, and run again."
    )
    assert found.message in found.held["one"]


def test_as_many_failures_as_are_allowed_let_it_begin() -> None:
    found = decide(BATCHES, 1)
    assert found.begins
    assert found.go == ("one", "two")
    assert found.held == {}


def test_where_nobody_may_go_on_nothing_begins() -> None:
    found = decide(fleet=FLEET[2:])
    assert not found.begins
    assert found.message == "Nothing begins: no runner may go on."


def test_a_refusal_says_what_is_wrong_and_what_to_do_in_one_line() -> None:
    found = decide(fleet=[host("wrong", "us-west-2", look(SUBNETS), ZONES)])
    assert found.refused["wrong"] == (
        "wrong is refused at the gate, nothing was changed; 2 problems:"
        " contract.gitpod_availability_zones: Zones of another region than us-west-2: us-east-1a, us-east-1b"
        " -> Name zones of us-west-2, such as us-west-2a."
        " network.subnets: Not in vpc-0b8e6d4f2a0c91357: subnet-0b2f3d5c7e9a12461, subnet-0b2f3d5c7e9a12462"
        " -> Name subnets of the VPC in gitpod_ec2_subnet_ids and gitpod_load_balancer_subnet_ids."
    )


def test_a_problem_across_hosts_names_its_variable() -> None:
    twice = {
        "id": "contract.runner_twice",
        "variable": "gitpod_runner_id",
        "summary": "one and two have the same.",
        "remediation": "Give each its own.",
    }
    found = gate([host("one", "eu-west-1", look(), twice), host("two", "eu-west-1", look(), twice)])
    assert "contract.runner_twice (gitpod_runner_id): one and two have the same" in found.decision.refused["two"]
    assert "FAIL  contract.runner_twice (gitpod_runner_id)" in found.lines(80)
