# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's list, which endpoint serves a runner, and what the stage plans from that."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints import serving
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import (
    SERVICES,
    Listed,
    listed,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.foresee import (
    NetworkFacts,
    foresee,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.model import Asked, Ground
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.plan import (
    choose_group,
    plan,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.policy import lets_through
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.serving import (
    Verdict,
    judged,
    verdicts,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group, Rule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Endpoint,
    Service,
    Subnet,
)

REGION = "eu-central-1"
VPC = "vpc-1"
ASKED = Asked.of({"name": "one", "runner_id": "id-1", "vpc_id": VPC, "subnet_ids": ["subnet-a", "subnet-b"]})
SUBNETS = (
    Subnet("subnet-a", "eu-central-1a", VPC, "euc1-az2", "10.0.0.0/20"),
    Subnet("subnet-b", "eu-central-1b", VPC, "euc1-az3", "10.0.16.0/20"),
)
OPEN = Group("sg-open", "open", VPC, frozenset({Rule("10.0.0.0/16")}))
GROUND = Ground(
    REGION,
    SUBNETS,
    {"subnet-a": "rtb-a", "subnet-b": "rtb-b"},
    zones={subnet.id: subnet.zone for subnet in SUBNETS},
    groups={OPEN.id: OPEN},
)
BY_SHORT = {service.short: service for service in SERVICES}
LOGS, S3, IAM = BY_SHORT["logs"], BY_SHORT["s3"], BY_SHORT["iam"]


def endpoint(service: Listed = LOGS, **changes: t.Any) -> Endpoint:
    """One of somebody else that serves."""
    shared = {"id": f"vpce-{service.short}", "state": "available", "service_name": service.names(REGION)[0]}
    own: dict[str, t.Any] = (
        {"kind": "Gateway", "route_table_ids": ("rtb-a", "rtb-b")}
        if service.kind == "Gateway"
        else {"private_dns": True, "subnet_ids": ("subnet-a", "subnet-b"), "security_group_ids": ("sg-open",)}
    )
    return Endpoint(**{**shared, **own, **changes})


def ours(service: Listed = LOGS, user: str = "one", **changes: t.Any) -> Endpoint:
    """One that the stage has made for a runner."""
    tags = {
        "gitpod:managed-by": "gitpod.enterprise_runner",
        "gitpod:runner-name": user,
        "gitpod:purpose": "network-endpoints",
        f"gitpod:used-by/{user}": f"{user} = *",
    }
    return endpoint(service, id=f"vpce-ours-{service.short}", tags=tags, **changes)


def with_group(*rules: Rule, **changes: t.Any) -> Ground:
    return dataclasses.replace(GROUND, groups={"sg-open": Group("sg-open", "x", VPC, frozenset(rules))}, **changes)


def test_the_list_is_the_vendors() -> None:
    """facts/runner.md, "Network prerequisites"."""
    told = (
        "acm, cloudformation, ec2, ec2messages, ecr.api, ecr.dkr, ecs, ecs-agent, ecs-telemetry, elasticloadbalancing,"
        " iam, logs, secretsmanager, ssm, ssmmessages, sts"
    )
    assert ", ".join(service.short for service in SERVICES if service.kind == "Interface") == told
    assert [service.short for service in SERVICES if service.kind == "Gateway"] == ["s3", "dynamodb"]


@pytest.mark.parametrize(
    ("name", "region", "short"),
    [
        ("com.amazonaws.eu-central-1.ecr.api", REGION, "ecr.api"),
        ("com.amazonaws.us-gov-west-1.logs", "us-gov-west-1", "logs"),
        # China has both spellings.
        ("cn.com.amazonaws.cn-north-1.ecr.dkr", "cn-north-1", "ecr.dkr"),
        ("com.amazonaws.cn-north-1.ecs", "cn-north-1", "ecs"),
        ("cn.com.amazonaws.eu-central-1.ecs", REGION, ""),
        ("eu.amazonaws.eusc-de-east-1.ecr.api", "eusc-de-east-1", "ecr.api"),
        ("com.amazonaws.eusc-de-east-1.ec2", "eusc-de-east-1", "ec2"),
        ("gov.ic.c2s.us-iso-east-1.ecr.dkr", "us-iso-east-1", "ecr.dkr"),
        ("gov.sgov.sc2s.us-isob-east-1.logs", "us-isob-east-1", "logs"),
        ("gov.ic.hci.csp.us-isof-south-1.ecr.api", "us-isof-south-1", "ecr.api"),
        # Across regions, private DNS answers for the other region's name.
        ("com.amazonaws.us-east-1.s3", REGION, ""),
        ("com.amazonaws.eu-central-1.kms", REGION, ""),
        ("com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2", REGION, ""),
    ],
)
def test_a_service_is_told_by_the_name_that_aws_has_for_it(name: str, region: str, short: str) -> None:
    found = listed(name, region)
    assert (found.short if found else "") == short


@pytest.mark.parametrize(
    ("region", "place"),
    [
        (REGION, "us-east-1"),
        ("us-east-1", "us-east-1"),
        ("us-gov-east-1", "us-gov-west-1"),
        ("cn-northwest-1", "cn-north-1"),
    ],
)
def test_iams_endpoint_has_a_name_without_a_region(region: str, place: str) -> None:
    """Its service is where the control plane of the partition is, wherever the endpoint is."""
    assert (IAM.names(region)[0], IAM.region(region)) == ("com.amazonaws.iam", place)
    assert listed("com.amazonaws.iam", region) == IAM
    assert LOGS.region(region) == region


CLOSED = "its security groups do not admit 443 from 10.0.0.0/20, 10.0.16.0/20"
INTERFACES: list[tuple[dict[str, t.Any], Ground, str, str]] = [
    ({}, GROUND, serving.SERVED, ""),
    ({"state": "pending"}, GROUND, serving.COMING, "it is pending"),
    ({"state": "pending", "private_dns": False}, GROUND, serving.PARTLY, "it is pending; its private DNS is off"),
    ({"state": "failed"}, GROUND, serving.PARTLY, "it is failed"),
    ({"state": "deleting"}, GROUND, serving.MISSING, ""),
    ({"private_dns": False}, GROUND, serving.PARTLY, "its private DNS is off"),
    ({"security_group_ids": ()}, GROUND, serving.PARTLY, CLOSED),
    # AWS makes interface endpoints without subnets too.
    ({"subnet_ids": ()}, GROUND, serving.PARTLY, "it is in no subnet, so its private names have no address"),
    ({"policy": '{"Statement": []}'}, GROUND, serving.PARTLY, serving.SHUT),
    ({"policy": '{"Statement": [{"Effect": "Deny"}]}'}, GROUND, serving.PARTLY, serving.SHUT),
    ({}, with_group(Rule("10.0.0.0/16", first_port=80, last_port=80)), serving.PARTLY, CLOSED),
    ({}, with_group(Rule("10.0.0.0/16", "udp")), serving.PARTLY, CLOSED),
    ({}, with_group(Rule("10.0.0.0/17"), Rule("10.0.0.0/20")), serving.SERVED, ""),
    ({}, with_group(Rule("10.0.0.0/21"), Rule("10.0.8.0/21"), Rule("10.0.16.0/20")), serving.SERVED, ""),
    ({}, with_group(Rule("0.0.0.0/0", "-1", -1, -1)), serving.SERVED, ""),
    ({}, with_group(Rule("sg-1", kind="UserIdGroupPairs")), serving.SERVED, ""),
    ({}, with_group(Rule("::/0", kind="Ipv6Ranges")), serving.PARTLY, CLOSED),
]


@pytest.mark.parametrize(("changes", "ground", "state", "lacks"), INTERFACES)
def test_an_interface_endpoint_serves_or_it_is_said_what_it_lacks(
    changes: dict[str, t.Any], ground: Ground, state: str, lacks: str
) -> None:
    found = judged(LOGS, [endpoint(**changes)], ground)
    assert (found.state, "; ".join(found.lacks)) == (state, lacks)


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"subnet_ids": ("subnet-a",)}, "no subnet in the zone of subnet-b"),
        ({"policy": '{"Statement": [{"Effect": "Allow", "Action": "logs:Get*"}]}'}, "a policy of its own"),
        ({"policy": '{"Statement": "all"}'}, "a policy of its own"),
        ({"policy": "no JSON"}, "a policy of its own"),
    ],
)
def test_what_serves_all_the_same_is_remarked(changes: dict[str, t.Any], remark: str) -> None:
    found = judged(LOGS, [endpoint(**changes)], GROUND)
    assert found.serves
    assert remark in " ".join(found.remarks)


@pytest.mark.parametrize("version", ["", '"Version": "2008-10-17", '])
def test_the_policy_that_aws_gives_is_no_limit(version: str) -> None:
    full = '{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}'
    assert judged(LOGS, [endpoint(policy=f'{{{version}"Statement": [{full}]}}')], GROUND).remarks == ()


ALL = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
LIMITED = {**ALL, "Action": "ecr:Get*"}
INSIDE = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}


@pytest.mark.parametrize(
    ("statements", "through"),
    [
        (ALL, "full"),
        ([{**ALL, "Sid": "everybody", "Principal": {"AWS": ["*"]}, "Action": ["*"], "Resource": ["*"]}], "full"),
        ([{**ALL, "Action": "ecr:*"}], "full"),
        ([LIMITED, ALL], "full"),
        ([{**ALL, "Action": "s3:*"}], "part"),
        ([LIMITED], "part"),
        ([{**ALL, "Condition": INSIDE}], "part"),
        ([ALL, {**ALL, "Effect": "Deny", "Condition": INSIDE}], "part"),
        ([ALL, {**LIMITED, "Effect": "Deny"}], "part"),
        ([ALL, {**ALL, "Effect": "Deny"}], "nothing"),
        ([{**LIMITED, "Effect": "Deny"}], "nothing"),
        ([], "nothing"),
        (None, "part"),
        (["everything"], "part"),
    ],
)
def test_a_policy_lets_everything_nothing_or_a_part_through(statements: t.Any, through: str) -> None:
    assert lets_through(json.dumps({"Statement": statements}), "ecr.api") == through
    assert lets_through("", "ecr.api") == "full"


def test_a_gateway_whose_policy_lets_nothing_through_holds_its_route_tables() -> None:
    shut = endpoint(S3, policy=json.dumps({"Statement": [{**ALL, "Effect": "Deny"}]}))
    found = judged(S3, [shut], GROUND)
    assert (found.state, found.lacks) == (serving.PARTLY, (serving.SHUT,))
    with pytest.raises(RunnerError, match=r"s3 \(vpce-s3\): its policy lets nothing through"):
        planned(shut)
    # On tables of others it closes nothing.
    assert planned(dataclasses.replace(shut, route_table_ids=("rtb-x",)))["s3"] == "create"
    part = endpoint(S3, policy=json.dumps({"Statement": [{**ALL, "Resource": "arn:aws:s3:::ours/*"}]}))
    assert judged(S3, [part], GROUND).unweighed == ("vpce-s3 has a policy of its own, which was not weighed",)


@pytest.mark.parametrize(
    ("found", "state", "lacks"),
    [
        ([endpoint(S3)], serving.SERVED, ""),
        ([endpoint(S3, route_table_ids=("rtb-a",))], serving.PARTLY, "not on the route table rtb-b"),
        (
            [endpoint(S3, route_table_ids=("rtb-a",)), endpoint(S3, id="vpce-2", route_table_ids=("rtb-b",))],
            serving.SERVED,
            "",
        ),
        ([endpoint(S3, route_table_ids=("rtb-other",))], serving.PARTLY, "not on the route table rtb-a, rtb-b"),
        ([endpoint(S3, state="pending")], serving.COMING, "not on the route table rtb-a, rtb-b"),
        ([], serving.MISSING, ""),
        # An interface endpoint of S3 serves with private DNS, unless that is for inbound resolver endpoints alone.
        ([endpoint(LOGS, service_name=S3.names(REGION)[0])], serving.SERVED, ""),
        ([endpoint(LOGS, service_name=S3.names(REGION)[0], inbound_only=True)], serving.MISSING, ""),
    ],
)
def test_a_gateway_counts_for_its_route_tables_only(found: list[Endpoint], state: str, lacks: str) -> None:
    verdict = judged(S3, found, GROUND)
    assert (verdict.state, "; ".join(verdict.lacks)) == (state, lacks)


def test_what_aws_does_not_offer_is_not_asked_for() -> None:
    offered = {("logs", "Interface"): Service(LOGS.names(REGION)[0], REGION)}
    found = {
        verdict.service.short: verdict.state for verdict in verdicts([], dataclasses.replace(GROUND, offered=offered))
    }
    assert (found.pop("logs"), set(found.values())) == (serving.MISSING, {serving.NOT_OFFERED})
    nothing = dataclasses.replace(GROUND, offered={})
    assert all("AWS offers no endpoint" in verdict.remarks[0] for verdict in verdicts([], nothing)), "gateways too"
    assert {verdict.state for verdict in verdicts([], GROUND)} == {serving.MISSING}, "nobody has asked"


def test_a_name_that_a_private_hosted_zone_answers_for_leads_elsewhere() -> None:
    """Endpoints of a hub, whose names the VPC's private hosted zones have."""
    dkr = BY_SHORT["ecr.dkr"]
    offered = {
        ("ecr.dkr", "Interface"): Service(dkr.names(REGION)[0], REGION, (), "*.dkr.ecr.eu-central-1.amazonaws.com")
    }
    ground = dataclasses.replace(GROUND, offered=offered, claimed=frozenset({"dkr.ecr.eu-central-1.amazonaws.com"}))
    assert judged(dkr, [], ground).state == serving.ELSEWHERE
    assert judged(dkr, [], dataclasses.replace(ground, claimed=frozenset({"amazonaws.com"}))).state == serving.MISSING


def planned(*endpoints: Endpoint, ground: Ground = GROUND, asked: Asked = ASKED) -> dict[str, str]:
    """What is done, by service."""
    todo = plan(asked, ground, endpoints, None)
    return {step.service.short: " ".join(step.todo.said) for step in todo.steps}


def test_in_an_empty_vpc_everything_is_made_and_interface_endpoints_are_billed() -> None:
    todo = plan(ASKED, GROUND, [], None)
    assert {step.service.short for step in todo.steps if step.todo.create} == set(BY_SHORT)
    assert todo.billed == (16, 32)
    assert todo.group is not None
    assert [rule.source for rule in todo.group.admit] == ["10.0.0.0/20", "10.0.16.0/20"]
    further = plan(dataclasses.replace(ASKED, ranges=("10.9.0.0/16",)), GROUND, [], None).group
    assert further is not None
    assert "10.9.0.0/16" in {rule.source for rule in further.admit}


def test_what_others_have_and_serves_is_used_and_nothing_of_it_planned() -> None:
    assert not {"logs", "s3"} & set(planned(endpoint(), endpoint(S3)))
    todo = plan(ASKED, GROUND, [endpoint(service) for service in SERVICES], None)
    assert (todo.steps, todo.group, todo.actions, todo.billed) == ((), None, (), (0, 0))


def test_what_holds_a_name_and_does_not_serve_is_refused_with_what_it_lacks() -> None:
    with pytest.raises(RunnerError) as refused:
        planned(
            endpoint(security_group_ids=()),
            endpoint(BY_SHORT["sts"], inbound_only=True, security_group_ids=("sg-open",)),
        )
    for words in ("logs (vpce-logs)", "do not admit 443", "sts (vpce-sts)", "nothing was changed"):
        assert words in refused.value.message


@pytest.mark.parametrize("changes", [{"private_dns": False}, {"state": "failed"}, {"state": "rejected"}])
def test_beside_others_that_hold_no_name_an_own_one_is_made(changes: dict[str, t.Any]) -> None:
    assert planned(endpoint(**changes))["logs"] == "create"


def test_of_others_gateways_only_the_tables_without_one_are_had() -> None:
    todo = plan(ASKED, GROUND, [endpoint(S3, route_table_ids=("rtb-b", "rtb-x"))], None)
    (step,) = [step for step in todo.steps if step.service == S3]
    assert (step.todo.create, step.table_ids) == (True, ("rtb-a",))


def test_a_further_runner_adds_what_it_lacks_and_takes_nothing_away() -> None:
    third = Subnet("subnet-c", "eu-central-1c", VPC, "", "10.0.32.0/20")
    tables = {"subnet-b": "rtb-b", "subnet-c": "rtb-c"}
    ground = dataclasses.replace(
        GROUND, subnets=(SUBNETS[1], third), tables=tables, zones={**GROUND.zones, third.id: third.zone}
    )
    asked = dataclasses.replace(ASKED, name="two", runner_id="id-2", subnet_ids=("subnet-b", "subnet-c"))
    there = [ours(service) for service in SERVICES]
    todo = plan(asked, ground, there, None)
    changes = {step.service.short: dict(step.todo.modify) for step in todo.steps}
    assert changes["logs"]["AddSubnetIds"] == ["subnet-c"]
    assert changes["s3"] == {"AddRouteTableIds": ["rtb-c"]}
    assert not [key for one in changes.values() for key in one if key.startswith("Remove")]
    assert {key for step in todo.steps for key in step.todo.add_tags} == {"gitpod:used-by/id-2"}
    assert todo.billed == (0, 16)


def test_one_of_ours_that_failed_is_made_anew_for_all_who_use_it() -> None:
    todo = plan(ASKED, GROUND, [ours(user="two", state="failed")], None)
    (step,) = [step for step in todo.steps if step.service == LOGS]
    assert (step.todo.delete, step.todo.create) == ("vpce-ours-logs", True)
    assert {"gitpod:used-by/two", "gitpod:used-by/id-1"} <= set(step.todo.add_tags)


def test_two_subnets_of_one_zone_are_one_subnet_of_an_endpoint() -> None:
    twin = Subnet("subnet-a2", "eu-central-1a", VPC, "", "10.0.48.0/20")
    todo = plan(ASKED, dataclasses.replace(GROUND, subnets=(*SUBNETS, twin)), [], None)
    assert {step.placement.subnet_ids for step in todo.steps if step.service.kind == "Interface"} == {
        ("subnet-a", "subnet-b")
    }


def test_a_group_of_the_name_that_is_a_strangers_is_refused() -> None:
    stranger = Group("sg-1", "gitpod-network-endpoints", VPC)
    with pytest.raises(RunnerError, match="not this stage's"):
        choose_group(stranger, [], ASKED)
    # That of the management plane's endpoint is this collection's, and not this stage's.
    managed = {"gitpod:managed-by": "gitpod.enterprise_runner", "gitpod:runner-name": "one"}
    with pytest.raises(RunnerError, match="not this stage's"):
        choose_group(dataclasses.replace(stranger, tags=managed), [], ASKED)


def facts(*endpoints: Endpoint, **changes: t.Any) -> NetworkFacts:
    return NetworkFacts(GROUND, endpoints, **changes)


@pytest.mark.parametrize(
    ("found", "action", "words"),
    [
        (facts(), "create", "create an endpoint for com.amazonaws.eu-central-1.logs"),
        (facts(*map(endpoint, SERVICES)), "nothing", "all 18 services"),
        (facts(*map(endpoint, SERVICES[:-2])), "create", "on rtb-a, rtb-b"),
        (
            facts(*(endpoint(one) for one in SERVICES if one != S3), ours(S3, route_table_ids=("rtb-a",))),
            "update",
            "rtb-b",
        ),
        (facts(endpoint(security_group_ids=())), "wait", "do not admit 443"),
        (facts(dns_off=("enableDnsHostnames",)), "wait", "enableDnsHostnames"),
        (None, "unknown", "could not be looked at"),
    ],
)
def test_the_plan_says_what_the_stage_will_do(found: NetworkFacts | None, action: str, words: str) -> None:
    told = foresee(ASKED, found)
    assert told.action == action
    assert words in " ".join(told.reasons)


def test_what_is_not_asked_for_is_nothing_to_do() -> None:
    assert not foresee(None, facts()).needed


def test_what_a_verdict_says_names_service_and_endpoint() -> None:
    assert Verdict(S3, serving.MISSING).told == "s3 has no endpoint"
    assert judged(LOGS, [endpoint(private_dns=False)], GROUND).told == "logs (vpce-logs): its private DNS is off"
