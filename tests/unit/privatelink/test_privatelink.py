# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint: placed rightly, changed in place, never doubled, waited for with an end."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._documents import same_document
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    RunnerError,
    TimeoutExceededError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.absent import absent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Endpoint,
    Service,
    Subnet,
    Wanted,
    stage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.neighbours import Neighbours
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.outcome import Mode, Outcome
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import (
    Placement,
    choose,
    cross_region,
    place,
    plan,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.present import present as have
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

VPC = "vpc-1"
OURS = {"gitpod:managed-by": "gitpod.enterprise_runner", "Name": "gitpod-us"}
SERVICE = Service("svc", "us-east-1", ("us-east-1a", "us-east-1b"), "app.gitpod.io")
SUBNETS = [Subnet("subnet-a", "us-east-1a", VPC), Subnet("subnet-b", "us-east-1b", VPC)]
WANTED = Wanted("gitpod-us", VPC, "svc", "us-east-1", ("subnet-a", "subnet-b"), ("sg-1",), tags=OURS)
PLACED = Placement(("subnet-a", "subnet-b"))
USED = {**OURS, "gitpod:used-by/gitpod-us": "gitpod-us = subnet-a subnet-b"}
CURRENT = Endpoint("vpce-1", "available", VPC, "svc", ("subnet-a", "subnet-b"), ("sg-1",), True, tags=USED)


def changed(**changes: t.Any) -> Endpoint:
    return dataclasses.replace(CURRENT, **changes)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("available", "available"),
        ("Available", "available"),
        ("pendingAcceptance", "acceptance"),
        ("PendingAcceptance", "acceptance"),
        ("pending", "waiting"),
        ("failed", "broken"),
        ("Rejected", "broken"),
        ("expired", "broken"),
        ("deleting", "leaving"),
        ("somethingNew", "waiting"),
    ],
)
def test_states_compare_without_case(state: str, expected: str) -> None:
    assert stage(state) == expected


def test_in_the_services_region_subnets_in_other_zones_are_left_out() -> None:
    subnets = [*SUBNETS, Subnet("subnet-f", "us-east-1f", VPC)]
    assert place(subnets, SERVICE, VPC, "us-east-1") == Placement(("subnet-a", "subnet-b"), ("subnet-f",))
    with pytest.raises(RunnerError, match="us-east-1a, us-east-1b"):
        place(subnets[2:], SERVICE, VPC, "us-east-1")


def test_a_zones_id_counts_before_its_name_which_differs_between_accounts() -> None:
    told = dataclasses.replace(SERVICE, zones=("us-east-1a", "us-east-1b"), zone_ids=("use1-az4", "use1-az6"))
    here = [
        Subnet("subnet-a", "us-east-1a", VPC, "use1-az2"),
        Subnet("subnet-c", "us-east-1c", VPC, "use1-az4"),
        # An older answer about subnets has names alone.
        Subnet("subnet-b", "us-east-1b", VPC),
    ]
    assert place(here, told, VPC, "us-east-1") == Placement(("subnet-b", "subnet-c"), ("subnet-a",))
    # A service that is told by the IDs of its zones alone.
    by_id = dataclasses.replace(told, zones=())
    assert place(here[:2], by_id, VPC, "us-east-1") == Placement(("subnet-c",), ("subnet-a",))
    with pytest.raises(RunnerError, match=r"use1-az4, use1-az6, the subnets are in us-east-1a \(use1-az2\)"):
        place(here[:1], by_id, VPC, "us-east-1")


def test_in_another_region_zone_names_mean_nothing() -> None:
    subnets = [Subnet("subnet-x", "eu-central-1a", VPC)]
    assert place(subnets, SERVICE, VPC, "eu-central-1").subnet_ids == ("subnet-x",)
    assert cross_region("eu-central-1", "us-east-1")
    assert not cross_region("us-east-1", "us-east-1")
    assert not cross_region("us-east-1", "")


def test_a_service_that_lists_no_zones_leaves_none_out() -> None:
    assert place(SUBNETS, dataclasses.replace(SERVICE, zones=()), VPC, "us-east-1") == PLACED


def test_two_subnets_of_a_zone_and_foreign_ones_are_refused() -> None:
    with pytest.raises(RunnerError, match="us-east-1a: subnet-a, subnet-c"):
        place([*SUBNETS, Subnet("subnet-c", "us-east-1a", VPC)], SERVICE, VPC, "us-east-1")
    with pytest.raises(RunnerError, match="another VPC"):
        place([Subnet("subnet-z", "us-east-1a", "vpc-2")], SERVICE, VPC, "us-east-1")


def test_nothing_to_do_is_nothing_done() -> None:
    assert not plan(CURRENT, WANTED, PLACED).changes
    assert plan(None, WANTED, PLACED).create


@pytest.mark.parametrize(
    ("current", "modify"),
    [
        (changed(subnet_ids=("subnet-a", "subnet-x")), {"AddSubnetIds": ["subnet-b"], "RemoveSubnetIds": ["subnet-x"]}),
        (changed(security_group_ids=("sg-2",)), {"AddSecurityGroupIds": ["sg-1"], "RemoveSecurityGroupIds": ["sg-2"]}),
        (changed(private_dns=False), {"PrivateDnsEnabled": True}),
        (changed(private_dns=False, state="PendingAcceptance"), {}),
    ],
)
def test_differences_are_made_in_place(current: Endpoint, modify: dict[str, t.Any]) -> None:
    assert dict(plan(current, WANTED, PLACED).modify) == modify


def test_policies_compare_by_meaning() -> None:
    assert same_document('{"a": 1, "b": 2}', '{"b":2,"a":1}')
    wanted = dataclasses.replace(WANTED, policy='{"Statement": []}')
    assert "PolicyDocument" in plan(CURRENT, wanted, PLACED).modify


def test_tags_are_added_and_purged_on_ours_and_never_on_anothers() -> None:
    current = changed(tags={**USED, "old": "x"})
    wanted = dataclasses.replace(WANTED, tags={**OURS, "team": "y"}, purge_tags=True)
    todo = plan(current, wanted, PLACED)
    assert (dict(todo.add_tags), todo.remove_tags) == ({"team": "y"}, ("old",))
    assert not plan(changed(tags={"owner": "others"}), wanted, PLACED).changes


def test_a_broken_endpoint_is_replaced_when_it_is_ours() -> None:
    replacing = dataclasses.replace(WANTED, replace_failed=True)
    todo = plan(changed(state="Failed", reason="no capacity"), replacing, PLACED)
    assert (todo.delete, todo.create) == ("vpce-1", True)
    for current, wanted in (
        (changed(state="rejected", tags={}), replacing),
        (changed(state="rejected"), WANTED),
    ):
        with pytest.raises(RunnerError, match="rejected"):
            plan(current, wanted, PLACED)


def test_ours_is_chosen_before_anothers_and_never_doubled() -> None:
    foreign = changed(id="vpce-0", tags={})
    assert choose([foreign, CURRENT], WANTED) == CURRENT
    assert choose([foreign], WANTED) == foreign
    assert choose([changed(state="deleting")], WANTED) is None
    with pytest.raises(RunnerError, match="vpce-0"):
        choose([foreign], dataclasses.replace(WANTED, adopt=False))


class Fake:
    """EC2 as far as the operations see it; endpoints become available after some looks."""

    def __init__(self, endpoints: list[Endpoint], looks: int = 2, dns: bool = True) -> None:
        self.there = {endpoint.id: endpoint for endpoint in endpoints}
        self.looks = looks
        self.dns = {"enableDnsSupport": True, "enableDnsHostnames": dns}
        self.done: list[str] = []
        self.refuse_private_dns = False

    def service(self, _name: str, _region: str) -> Service:
        return SERVICE

    def subnets(self, _ids: t.Sequence[str]) -> list[Subnet]:
        return SUBNETS

    def vpc_dns(self, _vpc_id: str) -> dict[str, bool]:
        return self.dns

    def switch_on_vpc_dns(self, _vpc_id: str, attribute: str) -> None:
        self.done.append(f"on {attribute}")

    def endpoints(self, _vpc_id: str, _service: str) -> list[Endpoint]:
        return list(self.there.values())

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        self.looks -= 1
        found = self.there.get(endpoint_id)
        if found is None or self.looks == 1:
            return None
        if self.looks <= 0 and found.state == "pending":
            self.there[endpoint_id] = dataclasses.replace(found, state="available")
        if self.looks <= 0 and found.state == "deleting":
            del self.there[endpoint_id]
        return self.there.get(endpoint_id)

    def create(self, wanted: Wanted, subnet_ids: t.Sequence[str], private_dns: bool, _token: str) -> Endpoint:
        if private_dns and self.refuse_private_dns:
            raise ApiError("refused", "Private DNS can only be enabled once it is accepted", code="InvalidParameter")
        self.done.append(f"create {private_dns}")
        endpoint = Endpoint(
            "vpce-9",
            "pending",
            VPC,
            wanted.service_name,
            tuple(subnet_ids),
            wanted.security_group_ids,
            private_dns,
            tags=wanted.tags,
        )
        self.there[endpoint.id] = endpoint
        return endpoint

    def modify(self, endpoint_id: str, arguments: t.Mapping[str, t.Any]) -> None:
        self.done.append(f"modify {sorted(arguments)}")
        if "PrivateDnsEnabled" in arguments:
            self.there[endpoint_id] = dataclasses.replace(self.there[endpoint_id], private_dns=True)

    def tag(self, _endpoint_id: str, add: t.Mapping[str, str], remove: t.Sequence[str]) -> None:
        self.done.append(f"tag {sorted(add)} {sorted(remove)}")

    def delete(self, endpoint_id: str) -> None:
        self.done.append(f"delete {endpoint_id}")
        self.there[endpoint_id] = dataclasses.replace(self.there[endpoint_id], state="deleting")


def mode(check: bool = False, wait: bool = True) -> Mode:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return Mode(check, wait, 600, Clock(now=lambda: now[0], sleep=sleep, jitter=lambda: 0.0))


def present(fake: Fake, how: Mode, enable: bool = False) -> Outcome:
    return have(t.cast("t.Any", fake), WANTED, "us-east-1", enable, how, Neighbours)


def test_create_check_repeat_delete() -> None:
    fake = Fake([])
    predicted = present(fake, mode(check=True))
    assert predicted.changed
    assert fake.done == []
    created = present(fake, mode())
    assert created.changed
    assert created.now.endpoint is not None
    assert created.now.endpoint.state == "available"
    assert fake.done == ["create True"]
    again = present(fake, mode())
    assert (again.changed, again.in_progress) == (False, False)
    assert absent(t.cast("t.Any", fake), WANTED, mode()).changed
    assert fake.there == {}
    assert not absent(t.cast("t.Any", fake), WANTED, mode()).changed


def test_start_returns_at_once_and_join_finishes() -> None:
    fake = Fake([])
    started = present(fake, mode(wait=False))
    assert started.in_progress
    joined = operation.join(t.cast("t.Any", fake), WANTED, mode())
    assert joined.now.endpoint is not None
    assert joined.now.endpoint.state == "available"
    assert not joined.changed


def test_private_dns_that_is_refused_before_acceptance_is_switched_on_after() -> None:
    fake = Fake([])
    fake.refuse_private_dns = True
    outcome = present(fake, mode())
    assert fake.done == ["create False", "modify ['PrivateDnsEnabled']"]
    assert outcome.now.endpoint is not None
    assert outcome.now.endpoint.private_dns


def test_vpc_dns_is_switched_on_only_on_request() -> None:
    with pytest.raises(RunnerError, match="enableDnsHostnames off"):
        present(Fake([], dns=False), mode())
    fake = Fake([], dns=False)
    assert present(fake, mode(), enable=True).changed
    assert fake.done[0] == "on enableDnsHostnames"


def test_who_has_to_accept_is_said_when_time_is_up() -> None:
    fake = Fake([changed(state="pendingAcceptance")])
    with pytest.raises(TimeoutExceededError, match="Ask Gitpod to accept it"):
        present(fake, mode())


def test_an_endpoint_that_breaks_while_it_is_waited_for_tells_why() -> None:
    fake = Fake([changed(state="failed", reason="no capacity")])
    with pytest.raises(RunnerError, match="no capacity"):
        operation.join(t.cast("t.Any", fake), WANTED, mode())
