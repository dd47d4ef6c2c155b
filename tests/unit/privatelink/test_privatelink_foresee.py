# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stage privatelink foresees is what its module then does."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.foresee import (
    EndpointFacts,
    foresee,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group, Rule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Endpoint,
    Service,
    Subnet,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.neighbours import Neighbours
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import (
    leaving,
    place,
    plan,
    planned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.users import User

VPC = "vpc-1"
OURS = {"gitpod:managed-by": "gitpod.enterprise_runner", "Name": "gitpod-us"}
USED = {**OURS, "gitpod:used-by/gitpod-us": "gitpod-us = subnet-a subnet-b"}
SUBNETS = (
    Subnet("subnet-a", "us-east-1a", VPC, "use1-az1"),
    Subnet("subnet-b", "us-east-1b", VPC, "use1-az2"),
    Subnet("subnet-c", "us-east-1b", VPC, "use1-az2"),
)
SERVICE = Service("svc", "us-east-1", ("us-east-1a", "us-east-1b"), zone_ids=("use1-az1", "use1-az2"))
WANTED = Wanted("gitpod-us", VPC, "svc", "us-east-1", ("subnet-a", "subnet-b"), ("sg-1",), tags=OURS)
CURRENT = Endpoint("vpce-1", "available", VPC, "svc", ("subnet-a", "subnet-b"), ("sg-1",), True, tags=USED)
GROUP_TAGS = {**OURS, "gitpod:used-by/gitpod-us": "gitpod-us = 10.0.0.0/24"}
GROUP = Group("sg-1", "gitpod-us-management-plane", VPC, frozenset({Rule("10.0.0.0/24")}), GROUP_TAGS)
KEEPING = dataclasses.replace(WANTED, security_group_ids=(), security_group_name="gitpod-us-management-plane")
DNS = {"enableDnsSupport": True, "enableDnsHostnames": True}
FACTS = EndpointFacts("us-east-1", SERVICE, SUBNETS, DNS, (CURRENT,), neighbours=Neighbours())


def facts(**changes: t.Any) -> EndpointFacts:
    return dataclasses.replace(FACTS, **changes)


def endpoint(**changes: t.Any) -> tuple[Endpoint, ...]:
    return (dataclasses.replace(CURRENT, **changes),)


@pytest.mark.parametrize(
    ("seen", "action", "words"),
    [
        (FACTS, "nothing", "available and as it is wanted"),
        (facts(endpoints=()), "create", "create an endpoint"),
        (facts(endpoints=endpoint(state="deleting")), "create", "create an endpoint"),
        (facts(endpoints=endpoint(state="pending")), "attach", "pending"),
        (facts(endpoints=endpoint(state="pendingAcceptance", private_dns=False)), "wait", "accepts the connection"),
        (facts(endpoints=endpoint(state="failed", reason="no capacity")), "wait", "no capacity"),
        (facts(endpoints=endpoint(security_group_ids=("sg-2",))), "update", "add the security groups sg-1"),
        (facts(endpoints=endpoint(private_dns=False)), "update", "switch private DNS on"),
        (facts(service=None), "unknown", "could not be looked at"),
        (facts(endpoints=None), "unknown", "could not be looked at"),
        (facts(vpc_dns={**DNS, "enableDnsHostnames": False}), "wait", "enableDnsHostnames off"),
    ],
)
def test_the_stage_is_foreseen(seen: EndpointFacts, action: str, words: str) -> None:
    found = foresee(WANTED, seen)
    assert (found.stage, found.action) == ("privatelink", action)
    assert words in " ".join(found.reasons)


@pytest.mark.parametrize(
    ("group", "action", "words"),
    [
        (GROUP, "nothing", "as it is wanted"),
        (None, "update", "create the security group gitpod-us-management-plane in vpc-1"),
        (dataclasses.replace(GROUP, rules=frozenset()), "update", "admit HTTPS from 10.0.0.0/24"),
        (
            dataclasses.replace(GROUP, rules=frozenset({Rule("10.0.0.0/24"), Rule("0.0.0.0/0", "-1", -1, -1)})),
            "update",
            "no longer admit 0.0.0.0/0 (-1 -1--1)",
        ),
        (dataclasses.replace(GROUP, tags=OURS), "update", "tag the security group"),
    ],
)
def test_the_group_that_is_kept_is_foreseen(group: Group | None, action: str, words: str) -> None:
    found = foresee(KEEPING, facts(group=group, sources=("10.0.0.0/24",)))
    assert found.action == action
    assert words in " ".join(found.reasons)


def test_a_name_that_no_group_can_have_is_told_before() -> None:
    found = foresee(dataclasses.replace(KEEPING, security_group_name="sg-eu-management-plane"), FACTS)
    assert "cannot be called" in found.reasons[0]


def test_without_privatelink_there_is_nothing_to_do() -> None:
    assert not foresee(None, FACTS).needed


def test_options_make_a_refusal_a_plan() -> None:
    broken = facts(endpoints=endpoint(state="rejected"))
    assert foresee(dataclasses.replace(WANTED, replace_failed=True), broken).action == "recreate"
    off = facts(vpc_dns={**DNS, "enableDnsSupport": False})
    assert foresee(WANTED, off, enable_vpc_dns=True).action == "update"


def test_a_subnet_is_removed_before_another_of_its_zone_is_added() -> None:
    wanted = dataclasses.replace(WANTED, subnet_ids=("subnet-a", "subnet-c"))
    placement = place([SUBNETS[0], SUBNETS[2]], SERVICE, VPC, "us-east-1")
    todo = plan(CURRENT, wanted, placement, {subnet.id: subnet.zone for subnet in SUBNETS})
    assert dict(todo.modify_first) == {"RemoveSubnetIds": ["subnet-b"]}
    assert dict(todo.modify) == {"AddSubnetIds": ["subnet-c"]}
    assert planned(CURRENT, wanted, placement, todo).subnet_ids == ("subnet-a", "subnet-c")


def test_a_zones_id_counts_more_than_its_name() -> None:
    elsewhere = Subnet("subnet-a", "us-east-1a", VPC, "use1-az5")
    assert place([elsewhere, SUBNETS[1]], SERVICE, VPC, "us-east-1").left_out == ("subnet-a",)


def test_only_ours_that_leave_are_waited_for() -> None:
    there = endpoint(state="deleting") + endpoint(id="vpce-2", state="deleting", tags={}) + endpoint(id="vpce-3")
    assert [one.id for one in leaving(there)] == ["vpce-1"]


def test_nothing_of_anothers_is_taken_away_or_switched_off() -> None:
    (others,) = endpoint(tags={"owner": "x"}, subnet_ids=("subnet-b", "subnet-z"), security_group_ids=("sg-9",))
    wanted = dataclasses.replace(WANTED, private_dns=False)
    placement = place(SUBNETS[:2], SERVICE, VPC, "us-east-1")
    todo = plan(others, wanted, placement, {**{subnet.id: subnet.zone for subnet in SUBNETS}, "subnet-z": "us-east-1z"})
    assert dict(todo.modify) == {"AddSubnetIds": ["subnet-a"], "AddSecurityGroupIds": ["sg-1"]}
    assert (dict(todo.add_tags), todo.remove_tags) == ({}, ())


@pytest.mark.parametrize("neighbours", [Neighbours((User("by-hand"),)), Neighbours(unread="no permission")])
def test_nothing_is_to_be_taken_away_where_others_may_need_it(neighbours: Neighbours) -> None:
    more = dataclasses.replace(GROUP, rules=GROUP.rules | {Rule("10.9.0.0/16")})
    told = facts(group=more, sources=("10.0.0.0/24",), neighbours=neighbours)
    kept = foresee(KEEPING, told)
    assert kept.action == "nothing"
    assert "no longer admit 10.9.0.0/16 to the security group" in kept.reasons[1]
    assert kept.reasons[1].endswith(("because by-hand in vpc-1 may need it", "who else needs it (no permission)"))
    alone = dataclasses.replace(told, neighbours=Neighbours())
    assert foresee(KEEPING, alone).reasons == (
        "no longer admit 10.9.0.0/16 to the security group gitpod-us-management-plane",
    )
