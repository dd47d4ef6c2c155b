# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The estimate counts what the run creates, says what it leaves out, and can be left out itself."""

from __future__ import annotations

import typing as t
from decimal import Decimal

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.costs import (
    PRICES,
    Cost,
    cost_of,
    costs_of,
    notes,
    total_line,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.gate import gate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.model import Runner
from tests.gate_samples import FIRST, SUBNETS, host, look


def cost(zones: int = 3, **actions: t.Any) -> Cost:
    return cost_of(Runner.of(host("one", "eu-west-1", look(**actions), zones=zones)))


def test_an_endpoint_is_charged_for_each_zone_and_730_hours() -> None:
    assert PRICES["privatelink"].monthly == Decimal("7.30")
    assert cost(2, privatelink="create") == Cost(endpoints=1, zones=2, amount=Decimal("14.60"))
    assert cost(3, privatelink="create", stack="create").cell == "21.90 +"


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ({}, Cost()),
        ({"privatelink": "recreate", "stack": "update", "dns": "create", "certificate": "create"}, Cost()),
        ({"privatelink": "update"}, Cost(unforeseen=1)),
        ({"privatelink": "unknown", "stack": "create"}, Cost(unforeseen=1, stacks=1)),
    ],
)
def test_what_is_not_created_costs_nothing_more_and_what_is_not_known_is_said(
    actions: dict[str, t.Any], expected: Cost
) -> None:
    assert cost(**actions) == expected


def network(endpoints: int, zones: int, vpc_id: str, name: str = "one", letters: str = "") -> Runner:
    """A runner whose plan brings endpoints for services of AWS.

    :param letters: of its zones.
    """
    raw = host(name, "eu-west-1", look(network_endpoints="create"))
    stage = next(entry for entry in raw["look"]["plan"] if entry["stage"] == "network_endpoints")
    stage.update(billed_endpoints=endpoints, billed_zones=zones)
    return Runner.of({**raw, "values": {"gitpod_vpc_id": vpc_id, "gitpod_availability_zones": list(letters)}})


def test_endpoints_for_services_of_aws_are_charged_once_a_vpc() -> None:
    assert cost_of(network(16, 32, "vpc-1")) == Cost(endpoints=16, zones=32, amount=Decimal("233.60"))
    assert cost_of(network(0, 16, "vpc-1")) == Cost(zones=16, amount=Decimal("116.80"))
    fleet = [network(16, 32, vpc_id, name) for name, vpc_id in (("a", "vpc-1"), ("b", "vpc-1"), ("c", "vpc-2"))]
    assert {host_: found.endpoints for host_, found in costs_of(fleet).items()} == {"a": 16, "b": 0, "c": 16}
    assert cost(network_endpoints="unknown") == Cost(unforeseen=1)
    assert cost(network_endpoints="wait") == Cost()


def test_of_a_further_runner_only_the_zones_count_that_the_others_have_not() -> None:
    fleet = [network(16, 32, "vpc-1", name, letters) for name, letters in (("a", "ab"), ("b", "bc"), ("c", "ac"))]
    found = costs_of(fleet)
    assert [(found[name].endpoints, found[name].zones) for name in "abc"] == [(16, 32), (0, 16), (0, 0)]
    # Where it is not known which zones it has, the others' count.
    unknown = costs_of([network(16, 32, "vpc-1", "a"), network(16, 32, "vpc-1", "b")])
    assert unknown["b"] == Cost()


def test_the_endpoint_to_the_management_plane_is_charged_once_a_vpc() -> None:
    raws = [host(name, "eu-west-1", look(privatelink="create")) for name in "abc"]
    placed = (("vpc-1", ["a", "b"]), ("vpc-1", ["a", "b", "c"]), ("vpc-2", ["a", "b"]))
    values = [{"gitpod_vpc_id": vpc_id, "gitpod_availability_zones": zones} for vpc_id, zones in placed]
    found = costs_of([Runner.of({**raw, "values": own}) for raw, own in zip(raws, values)])
    assert [(one.endpoints, one.zones) for one in found.values()] == [(1, 2), (0, 1), (1, 2)]


def test_zones_come_from_the_endpoints_subnets_then_the_runners_then_its_zones() -> None:
    raw = host("one", "eu-west-1", look(privatelink="create"))
    for values, zones in (
        ({"gitpod_privatelink_subnet_ids": ["a"], "gitpod_ec2_subnet_ids": ["a", "b"]}, 1),
        ({"gitpod_privatelink_subnet_ids": [], "gitpod_ec2_subnet_ids": ["a", "b"]}, 2),
        ({"gitpod_availability_zones": ["a", "b", "c"]}, 3),
        ({}, 0),
    ):
        found = cost_of(Runner.of({**raw, "values": values}))
        assert (found.zones, found.unforeseen) == (zones, int(not zones))


def test_a_runner_that_is_refused_adds_nothing() -> None:
    assert cost_of(Runner.of(host("one", "eu-west-1", look(SUBNETS, **FIRST)))) == Cost()


def test_the_total_is_the_sum_and_says_what_comes_on_top() -> None:
    total = cost(2, privatelink="create", stack="create") + cost(3, privatelink="create") + cost(privatelink="update")
    assert total.as_result() == {
        "amount": 36.5,
        "currency": "USD",
        "not_estimated": ["stack", "endpoint changes"],
    }
    assert total_line(total) == (
        "Cost: about 36.50 USD a month more, for 2 interface endpoints in 5 zones; on top comes what 1 new stack runs"
        " and 1 endpoint that may change"
    )
    assert total_line(Cost()) == "Cost: nothing more"
    assert total_line(cost(stack="create")) == "Cost: nothing that is estimated; on top comes what 1 new stack runs"


def with_pools(*reasons: str, **values: t.Any) -> Cost:
    """Of a runner whose plan changes warm pools."""
    raw = host("one", "eu-west-1", look())
    raw["look"]["plan"].append(
        {"stage": "warm_pools", "action": "update" if reasons else "nothing", "reasons": list(reasons)}
    )
    return cost_of(Runner.of({**raw, "values": {**raw["values"], **values}}))


def test_environments_that_the_run_itself_brings_are_said_and_not_estimated() -> None:
    pools = with_pools("create the warm pool A", "set max_size to 3 of the warm pool B", "delete the warm pool C")
    assert pools == Cost(warm_pools=2)
    assert pools.cell.strip() == "+"
    assert total_line(pools) == "Cost: nothing that is estimated; on top comes what 2 warm pools keep ready"
    assert "while they wait" in notes(pools)[0]
    assert with_pools("delete the warm pool C") == Cost()
    proof = with_pools(gitpod_acceptance=True)
    assert proof == Cost(acceptances=1)
    # A column of what a month costs has nothing of what is paid once.
    assert proof.cell.strip() == "-"
    assert total_line(proof + proof) == (
        "Cost: nothing that is estimated; on top comes 2 environments for some minutes, once (acceptance)"
    )
    assert "gitpod_acceptance" in notes(proof)[0]
    everything = cost(stack="create") + cost(privatelink="update") + pools + proof
    assert everything.not_estimated == ["stack", "endpoint changes", "warm pools", "acceptance"]
    assert total_line(everything).endswith(
        "on top comes what 1 new stack runs, 1 endpoint that may change, what 2 warm pools keep ready and 1"
        " environment for some minutes, once (acceptance)"
    )
    assert cost_of(Runner.of(host("one", "eu-west-1", look(SUBNETS, **FIRST)))) == Cost()


def test_the_notes_say_that_it_is_an_estimate_and_of_what() -> None:
    told = " ".join(notes(cost(2, privatelink="create", stack="create")))
    for words in (
        "estimate",
        "list price of us-east-1",
        "730 hours",
        "Other regions differ",
        "data is extra",
        "not estimated",
    ):
        assert words in told
    assert notes(Cost()) == []
    assert "cannot be foreseen" in notes(cost(privatelink="update"))[0]


def test_costs_can_be_left_out() -> None:
    fleet = [host("one", "eu-west-1", look(**FIRST))]
    found = gate(fleet, show_costs=False)
    assert "USD" not in "\n".join(found.lines(100))
    assert found.as_result()["monthly_cost"] is None
    assert found.as_result()["runners"]["one"]["monthly_cost"] is None
