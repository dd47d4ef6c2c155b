# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is enough for each runner may not be enough for all that share it."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from samples import ACCOUNT, FACTS, REGION, SUBNETS, WANTED, network, refused

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import quotas
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    Caller,
    Instances,
    Quota,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.needs import Needs, needs_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.operation import added_up
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.together import together

THERE = Stack("gitpod-eu", "CREATE_COMPLETE", "id")
STACKS, VCPUS, FARGATE = "stack.quota_stacks", "stack.quota_vcpus", "stack.quota_fargate"
ADDRESSES = "network.addresses"


def needs(limits: t.Mapping[str, Quota] | None = None, warn_only: tuple[str, ...] = (), **facts: t.Any) -> Needs:
    """Of a runner like that of the samples, with these quotas, and a stack and a token of its own."""
    return dataclasses.replace(copied(limits, warn_only, **facts), alone=())


def copied(limits: t.Mapping[str, Quota] | None = None, warn_only: tuple[str, ...] = (), **facts: t.Any) -> Needs:
    """Of the runner of the samples itself."""
    quoted = {**FACTS.quotas, **(limits or {})}
    wanted = dataclasses.replace(WANTED, **facts.pop("wanted", {}))
    return needs_of(wanted, dataclasses.replace(FACTS, quotas=quoted, **facts), warn_only)


def found(**fleet: Needs) -> dict[str, dict[str, str]]:
    """The status of what is worse because of the others, by check, of each runner."""
    return {name: {check: one.status for check, one in told.items()} for name, told in together(fleet).items()}


def test_each_alone_has_room_and_all_together_have_not() -> None:
    tight = needs({"fargate": Quota(4.0, 0.0)})
    assert quotas.quota_fargate.run(WANTED, dataclasses.replace(FACTS, quotas={"fargate": Quota(4.0, 0.0)})).status == (
        "pass"
    )
    assert found(one=tight, two=tight) == {"one": {}, "two": {}}
    assert found(one=tight, two=tight, three=tight) == {name: {FARGATE: "fail"} for name in ("one", "two", "three")}
    told = together({"one": tight, "two": tight, "three": tight})["one"][FARGATE]
    assert told.summary == "0 of 4 Fargate vCPUs in use, 4.5 more needed by one, three and two together."
    assert "deploy fewer runners" in told.remediation


def test_two_profiles_of_one_account_are_not_given_one_stack() -> None:
    """The inventory alone cannot tell that both profiles lead to one account."""
    one, other = copied(), copied(wanted={"region": "us-west-2"})
    owner = "stack.owner"
    assert found(one=one, two=one, three=other) == {"one": {owner: "fail"}, "two": {owner: "fail"}, "three": {}}
    assert found(one=one, two=copied(wanted={"stack_name": "another"})) == {"one": {}, "two": {}}
    assert found(one=one, two=copied(warn_only=("stack",))) == {"one": {owner: "fail"}, "two": {owner: "warn"}}
    assert found(one=one, two=copied(caller=Caller("210987654321", "arn"))) == {"one": {}, "two": {}}
    told = together({"one": one, "two": one})["two"][owner]
    assert f"{ACCOUNT} is that of one and two" in told.summary
    assert "gitpod_stack_name" in told.remediation


def test_a_token_makes_one_runner() -> None:
    """It works once: the second runner's stack would stand for minutes before anybody knew."""
    own = {"secret_parameters": {"Exchange Token": "t0ken"}}
    one, two = copied(wanted=own), copied(wanted={**own, "stack_name": "two"})
    parameters = "stack.parameters"
    assert found(one=one, two=two) == {"one": {parameters: "fail"}, "two": {parameters: "fail"}}
    told = together({"one": one, "two": two})["one"][parameters]
    assert "t0ken" not in repr((one, told))
    assert "gitpod_exchange_token" in told.remediation
    # Given to all with -e for the one that is new, it harms nobody.
    assert found(one=one, two=copied(wanted={**own, "stack_name": "two"}, stack=THERE)) == {"one": {}, "two": {}}


def test_a_runner_that_is_there_needs_no_stack_and_no_services_any_more() -> None:
    tight = {"fargate": Quota(2.0, 0.0), "stacks": Quota(1.0, 0.0)}
    assert found(one=needs(tight), two=needs(tight, stack=THERE)) == {"one": {}, "two": {}}


@pytest.mark.parametrize(
    "other",
    [
        {"wanted": {"region": "us-west-2"}},
        {"caller": Caller("210987654321", "arn")},
        {"caller": refused("sts:GetCallerIdentity")},
        {"stack": refused("cloudformation:DescribeStacks")},
    ],
)
def test_other_accounts_and_regions_and_what_is_not_known_are_not_added(other: dict[str, t.Any]) -> None:
    tight = {"stacks": Quota(1.0, 0.0)}
    told = found(one=needs(tight), two=needs(tight, **other))
    assert {name: STACKS in checks for name, checks in told.items()} == {"one": False, "two": False}


def test_what_environments_of_the_others_use_already_is_not_counted_twice() -> None:
    """One runner's own are among what the other's look takes for use by others."""
    both = {name: {VCPUS: "warn"} for name in ("one", "two")}

    def runners(limit: float) -> dict[str, dict[str, str]]:
        # Of 20 environments with 8 processors each, one runs 10 and two runs 5; 24 processors are a stranger's.
        one = needs({"vcpus": Quota(limit, 24.0 + 40, 80.0)}, stack=THERE)
        two = needs({"vcpus": Quota(limit, 24.0 + 80, 40.0)}, stack=THERE)
        return found(one=one, two=two)

    assert runners(24 + 2 * 160 - 1) == both
    assert runners((24 + 2 * 160) / 0.9 + 1) == {"one": {}, "two": {}}


def test_a_check_that_only_warns_warns_here_too() -> None:
    tight = {"fargate": Quota(2.0, 0.0)}
    told = found(one=needs(tight), two=needs(tight, ("stack",)))
    assert (told["one"][FARGATE], told["two"][FARGATE]) == ("fail", "warn")


def crowded(**fleet: Needs) -> set[str]:
    """The runners whose subnets are too small for all that are in them."""
    return {name for name, told in found(**fleet).items() if told.get(ADDRESSES) == "warn"}


def test_subnets_of_several_runners_hold_the_environments_of_all() -> None:
    both = {"wanted": {"expected_environments": 5000}}
    assert crowded(one=needs(**both), other=needs(**both)) == {"one", "other"}
    told = together({"one": needs(**both), "other": needs(**both)})["one"][ADDRESSES]
    assert told.summary == (
        "8000 free addresses in the EC2 subnets of one and other, which they share, and 10020 wanted for them together"
        " (gitpod_expected_environments)."
    )
    assert "Name 2 EC2 subnets of /19" in told.remediation
    # Those that are there have their addresses.
    there = Instances(own=frozenset(map(str, range(3000))))
    assert crowded(one=needs(**both), other=needs(**both, stack=THERE, instances=there)) == set()


def placed(*names: str, environments: int) -> Needs:
    subnets = tuple(dataclasses.replace(SUBNETS[0], id=name, free=1000) for name in names)
    return needs(wanted={"expected_environments": environments, "ec2_subnet_ids": names}, subnets=subnets)


def test_who_has_no_other_subnets_is_added_up_apart_from_who_has() -> None:
    """A chain has room in all, and not where two of it are."""
    chain = {"a": placed("s1", environments=600), "b": placed("s1", environments=600)}
    assert crowded(**chain, c=placed("s1", "s2", environments=100)) == {"a", "b"}
    apart = {"a": placed("s1", environments=900), "b": placed("s2", environments=900)}
    assert crowded(**apart) == set()
    # Through a third, which both share something with.
    assert crowded(**apart, c=placed("s1", "s2", environments=900)) == {"a", "b", "c"}


def test_gateways_are_made_once_a_vpc() -> None:
    def runner(vpc_id: str, limit: float) -> Needs:
        seen = {"network_endpoints": network(without=("s3", "dynamodb"))}
        return needs(
            {"gateway_endpoints": Quota(limit, 16.0)}, wanted={"network_endpoints": True, "vpc_id": vpc_id}, **seen
        )

    def statuses(limit: float, *vpcs: str) -> set[str]:
        told = found(**{str(number): runner(vpc_id, limit) for number, vpc_id in enumerate(vpcs)})
        return {checks.get("stack.quota_gateway_endpoints", "") for checks in told.values()}

    assert statuses(18.0, "vpc-1", "vpc-1") == {""}, "as each alone"
    assert statuses(19.0, "vpc-1", "vpc-2") == {"fail"}
    assert statuses(20.0, "vpc-1", "vpc-2", "vpc-1") == {"warn"}


@pytest.mark.parametrize(
    ("alone", "status", "ready"), [("pass", "fail", False), ("warn", "fail", False), ("skip", "skip", True)]
)
def test_a_runners_result_has_what_is_worse(alone: str, status: str, ready: bool) -> None:
    tight = needs({"stacks": Quota(1.0, 0.0)})
    worse = together({"one": tight, "two": tight})["one"]
    before = {"id": STACKS, "status": alone, "summary": "alone", "unverifiable": False}
    result = added_up({"ready": True, "checks": [before], "region": REGION, "account_id": ACCOUNT}, worse)
    assert (result["checks"][0]["status"], result["ready"]) == (status, ready)
    assert result["checks"][0]["id"] == STACKS
    assert ("together" in result["checks"][0]["summary"]) is (status == "fail")


def test_many_runners_are_named_in_part() -> None:
    tight = needs({"stacks": Quota(1.0, 0.0)})
    told = together({f"r{number}": tight for number in range(8)})["r0"][STACKS].summary
    assert told.endswith("by r0, r1, r2, r3, r4 and 3 more together.")
