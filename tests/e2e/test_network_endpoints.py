# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints for services of AWS that the runners of a VPC share, on the test bed, in this process."""

from __future__ import annotations

import concurrent.futures
import re
import typing as t

import botocore.endpoint
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints import operation, plan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import SERVICES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import operation as single
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import wait
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Pace
from ansible_collections.gitpod.enterprise_runner.plugins.modules import runner_endpoint, runner_network_endpoints
from tests.e2e.harness import READING, Controller
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.test_endpoint_cases import AP, SUBNETS, US, VPCS
from tests.e2e.test_endpoint_sharing import Losing, by_hand

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

Result = dict[str, t.Any]
SITE = "gitpod.enterprise_runner.site"
EU = "eu-central-1"
PLACES: dict[str, t.Any] = {
    EU: ("vpc-0b8e6d4f2a0c91357", ["subnet-0b2f3d5c7e9a12461", "subnet-0b2f3d5c7e9a12462"]),
    US: (VPCS[US], SUBNETS[US]),
    AP: (VPCS[AP], SUBNETS[AP]),
}
THIRD = "subnet-0b2f3d5c7e9a12463"
ONE: dict[str, t.Any] = {"name": "one", "runner_id": "0193e7a1-0000-7000-8000-000000000001"}
TWO: dict[str, t.Any] = {"name": "two", "runner_id": "0193e7a1-0000-7000-8000-000000000002"}
ALL = sorted(service.short for service in SERVICES)
INTERFACES = sorted(service.short for service in SERVICES if service.kind == "Interface")
FEW = ["dynamodb", "iam", "logs", "s3", "sts"]
RANGES = ["100.64.0.0/18", "100.64.64.0/18"]


class Bed:
    """The test bed, and the module against it."""

    def __init__(self, testbed: TestBed) -> None:
        self.testbed = testbed

    def run(self, region: str = EU, check: bool = False, **options: t.Any) -> Result:
        """The module's result for a runner of the region, with changes."""
        vpc_id, subnet_ids = PLACES[region]
        usual = {**ONE, "vpc_id": vpc_id, "subnet_ids": subnet_ids, "timeout": 20}
        spec = runner_network_endpoints.ARGUMENT_SPEC
        return outcome(InProcessModule(self.testbed, spec, region, check, **{**usual, **options}), operation.run)

    def ec2(self, region: str = EU) -> t.Any:
        """A client of someone else."""
        return InProcessModule(self.testbed, {}, region).client("ec2")

    def there(self, region: str = EU) -> dict[str, list[Result]]:
        """The endpoints of the region by service."""
        found: dict[str, list[Result]] = {}
        for entry in self.ec2(region).describe_vpc_endpoints()["VpcEndpoints"]:
            found.setdefault(entry["ServiceName"].removeprefix("com.amazonaws.").removeprefix(f"{region}."), []).append(
                entry
            )
        return found

    def others(self, service: str, **changes: t.Any) -> str:
        """The ID of an interface endpoint that somebody else has long had."""
        vpc_id, subnet_ids = PLACES[EU]
        made = self.ec2().create_vpc_endpoint(
            **{
                "VpcEndpointType": "Interface",
                "VpcId": vpc_id,
                "ServiceName": f"com.amazonaws.{EU}.{service}",
                "SubnetIds": subnet_ids,
                "PrivateDnsEnabled": True,
                **changes,
            }
        )["VpcEndpoint"]["VpcEndpointId"]
        self.testbed.control("POST", f"endpoints/{made}", {"state": "available"})
        return str(made)

    def open_group(self, cidr: str) -> str:
        """A group of somebody else that admits 443."""
        ec2 = self.ec2()
        made = ec2.create_security_group(GroupName="theirs", Description="theirs", VpcId=PLACES[EU][0])["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=made, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=cidr)
        return str(made)

    def writes(self) -> list[str]:
        """Operations that could have changed something, since the last clearing."""
        return [call["operation"] for call in self.testbed.calls() if not call["operation"].startswith(READING)]


@pytest.fixture
def whole(running_testbed: TestBed, monkeypatch: pytest.MonkeyPatch) -> Bed:
    """With the whole list, which takes its time."""
    running_testbed.reset()
    running_testbed.settings(stack_seconds=0.5)
    running_testbed.clear_calls()
    monkeypatch.setattr(wait, "PACE", Pace(first=0.03, longest=0.1))
    monkeypatch.setattr(wait, "LONGEST_UNSEEN", 1.0)
    return Bed(running_testbed)


@pytest.fixture
def bed(whole: Bed, monkeypatch: pytest.MonkeyPatch) -> Bed:
    """With some of each kind."""
    monkeypatch.setattr(plan, "SERVICES", [service for service in SERVICES if service.short in FEW])
    return whole


def users_of(entry: Result) -> list[str]:
    return sorted(tag["Value"].split(" = ")[0] for tag in entry["Tags"] if tag["Key"].startswith("gitpod:used-by/"))


def test_the_whole_list_is_made_once_and_goes_again(whole: Bed) -> None:
    bed = whole
    predicted = bed.run(check=True)
    assert (predicted["changed"], predicted["endpoints"], bed.writes()) == (True, [], [])
    made = bed.run()
    assert made["actions"] == predicted["actions"]
    assert predicted["diff"]["after"].keys() == {*ALL, "security_group"}
    there = bed.there()
    assert sorted(there) == ALL
    assert {len(entries) for entries in there.values()} == {1}
    for short in INTERFACES:
        entry = there[short][0]
        assert (entry["State"], entry["PrivateDnsEnabled"], sorted(entry["SubnetIds"])) == (
            "available",
            True,
            PLACES[EU][1],
        )
        assert [group["GroupName"] for group in entry["Groups"]] == ["gitpod-network-endpoints"]
    (iam,) = there["iam"]
    assert (iam["ServiceName"], iam["ServiceRegion"]) == ("com.amazonaws.iam", "us-east-1")
    (main,) = bed.ec2().describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [PLACES[EU][0]]}])["RouteTables"]
    assert there["s3"][0]["RouteTableIds"] == there["dynamodb"][0]["RouteTableIds"] == [main["RouteTableId"]]
    assert made["security_group"]["rules"] == RANGES
    bed.testbed.clear_calls()
    again = bed.run()
    assert (again["changed"], bed.writes(), [entry["service"] for entry in again["endpoints"]]) == (False, [], ALL)
    foreseen = bed.run(state="absent", check=True)
    assert (foreseen["changed"], len(foreseen["diff"]["before"]), foreseen["diff"]["after"]) == (True, 19, {})
    gone = bed.run(state="absent")
    assert (gone["changed"], gone["actions"]) == (True, foreseen["actions"])
    assert bed.there() == {}
    assert (
        bed.ec2().describe_security_groups(Filters=[{"Name": "group-name", "Values": ["gitpod-network-endpoints"]}])[
            "SecurityGroups"
        ]
        == []
    )
    assert not bed.run(state="absent")["changed"]


def test_two_runners_share_and_only_the_last_one_removes(bed: Bed) -> None:
    bed.run()
    second = bed.run(**TWO, subnet_ids=[PLACES[EU][1][0], THIRD])
    assert second["changed"]
    assert not [action for action in second["actions"] if action.startswith("create")]
    assert {tuple(entry["shared_with"]) for entry in second["endpoints"]} == {("one",)}
    there = bed.there()
    assert {len(entries) for entries in there.values()} == {1}
    assert {tuple(users_of(entries[0])) for entries in there.values()} == {("one", "two")}
    assert sorted(there["logs"][0]["SubnetIds"]) == [*PLACES[EU][1], THIRD]
    assert second["security_group"]["rules"] == ["100.64.0.0/18", "100.64.128.0/18", "100.64.64.0/18"]
    assert [bed.run()["changed"], bed.run(**TWO, subnet_ids=[PLACES[EU][1][0], THIRD])["changed"]] == [False, False]
    left = bed.run(state="absent")
    assert not [action for action in left["actions"] if action.startswith("delete")]
    there = bed.there()
    assert {tuple(users_of(entries[0])) for entries in there.values()} == {("two",)}
    assert (sorted(there), sorted(there["logs"][0]["SubnetIds"])) == (FEW, [PLACES[EU][1][0], THIRD])
    assert bed.run(**TWO, state="absent")["changed"]
    assert bed.there() == {}


def test_two_that_begin_at_once_make_no_doubles(bed: Bed) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = [one.result() for one in [pool.submit(bed.run, **options) for options in (ONE, TWO)]]
    assert [one.get("msg") for one in found] == [None, None]
    there = bed.there()
    assert {short: len(entries) for short, entries in there.items()} == dict.fromkeys(FEW, 1)
    assert {tuple(users_of(entries[0])) for entries in there.values()} == {("one", "two")}
    assert [bed.run(**options)["changed"] for options in (ONE, TWO)] == [False, False]


def test_what_others_have_that_serves_is_used_and_left(bed: Bed) -> None:
    theirs = bed.others("logs", SecurityGroupIds=[bed.open_group("100.64.0.0/10")])
    bed.testbed.clear_calls()
    made = bed.run()
    assert (made.get("msg"), [entry["VpcEndpointId"] for entry in bed.there()["logs"]]) == (None, [theirs])
    (told,) = [entry for entry in made["endpoints"] if entry["service"] == "logs"]
    assert (told["id"], told["ours"], told["owner"]) == (theirs, False, None)
    assert not bed.run()["changed"]
    bed.run(state="absent")
    assert list(bed.there()) == ["logs"]
    assert bed.there()["logs"][0].get("Tags") in (None, [])


def test_what_others_have_that_does_not_serve_is_named_and_nothing_is_changed(bed: Bed) -> None:
    closed = bed.others("logs", SecurityGroupIds=[bed.open_group("10.0.0.0/8")])
    bed.testbed.clear_calls()
    refused = bed.run()
    assert refused["failed"]
    for words in ("logs", closed, "do not admit 443 from 100.64.0.0/18, 100.64.64.0/18", "nothing was changed"):
        assert words in refused["msg"]
    assert bed.writes() == []


def test_beside_others_without_private_dns_an_own_one_is_made(bed: Bed) -> None:
    theirs = bed.others("logs", PrivateDnsEnabled=False)
    made = bed.run()
    assert made.get("msg") is None
    own = {entry["VpcEndpointId"]: entry["PrivateDnsEnabled"] for entry in bed.there()["logs"]}
    assert (own.pop(theirs), list(own.values())) == (False, [True])
    assert not bed.run()["changed"]


def test_a_gateway_is_had_on_the_tables_that_others_have_not(bed: Bed) -> None:
    ec2, (vpc_id, subnets) = bed.ec2(), PLACES[EU]
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])
    theirs = ec2.create_vpc_endpoint(
        VpcEndpointType="Gateway", VpcId=vpc_id, ServiceName=f"com.amazonaws.{EU}.s3", RouteTableIds=[table]
    )["VpcEndpoint"]["VpcEndpointId"]
    bed.run()
    (main,) = [
        entry["RouteTableId"]
        for entry in ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"]
        if entry["RouteTableId"] != table
    ]
    tables = {entry["VpcEndpointId"]: entry["RouteTableIds"] for entry in bed.there()["s3"]}
    assert (tables.pop(theirs), list(tables.values())) == ([table], [[main]])
    assert not bed.run()["changed"]
    assert sorted(bed.there()["dynamodb"][0]["RouteTableIds"]) == sorted([table, main])


def losing(bed: Bed, lost: str, **options: t.Any) -> Result:
    vpc_id, subnet_ids = PLACES[EU]
    usual = {**ONE, "vpc_id": vpc_id, "subnet_ids": subnet_ids, "timeout": 20}
    module = Losing(bed.testbed, runner_network_endpoints.ARGUMENT_SPEC, EU, **{**usual, **options})
    module.lost = lost
    return outcome(module, operation.run)


@pytest.mark.parametrize("lost", ["create_security_group", "authorize_security_group_ingress", "create_vpc_endpoint"])
def test_a_creation_whose_answer_was_lost_converges(bed: Bed, lost: str) -> None:
    made = losing(bed, lost)
    assert (made.get("msg"), made["changed"]) == (None, True)
    assert {short: len(entries) for short, entries in bed.there().items()} == dict.fromkeys(FEW, 1)
    assert not bed.run()["changed"]


def another_table(bed: Bed) -> None:
    """One of the runner's subnets gets a route table of its own."""
    ec2, (vpc_id, subnets) = bed.ec2(), PLACES[EU]
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])


WIDER = {**TWO, "subnet_ids": [*PLACES[EU][1], THIRD], "further_ranges": ["10.9.0.0/16"], "tags": {"team": "x"}}
STEPS: list[tuple[t.Callable[[Bed], None], Result]] = [
    (lambda _bed: None, ONE),
    (another_table, ONE),
    (lambda _bed: None, WIDER),
    (lambda _bed: None, {**WIDER, "state": "absent"}),
    (lambda _bed: None, {**ONE, "state": "absent"}),
]


def landscape(bed: Bed) -> str:
    """What there is of the stage, without IDs."""
    endpoints = {
        short: [
            (len(one.get("SubnetIds", [])), len(one.get("RouteTableIds", [])), sorted(map(str, one["Tags"])))
            for one in entries
        ]
        for short, entries in bed.there().items()
    }
    vpc = [{"Name": "vpc-id", "Values": [PLACES[EU][0]]}]
    groups = bed.ec2().describe_security_groups(Filters=vpc)["SecurityGroups"]
    rules = [sorted(str(rule) for rule in group["IpPermissions"]) for group in groups]
    told = str((endpoints, sorted(zip([group["GroupName"] for group in groups], rules))))
    return re.sub(r"\b(rtb|sg|vpce|sgr)-[0-9a-f]+", r"\1", told)


@pytest.mark.parametrize("again", [True, False], ids=["sent again", "never sent again"])
def test_every_write_may_lose_its_answer(bed: Bed, monkeypatch: pytest.MonkeyPatch, again: bool) -> None:
    """In each step, the first call of each operation is carried out and not answered."""
    usual = []
    for before, options in STEPS:
        before(bed)
        bed.testbed.clear_calls()
        found = bed.run(**options)
        usual.append((found.get("msg"), found["changed"], sorted(set(bed.writes())), landscape(bed)))
    assert {"ModifyVpcEndpoint", "CreateTags", "DeleteTags", "DeleteVpcEndpoints", "DeleteSecurityGroup"} <= {
        write for *_found, writes, _there in usual for write in writes
    }
    bed.testbed.reset()
    bed.testbed.settings(stack_seconds=0.5)
    if not again:
        monkeypatch.setattr(botocore.endpoint.Endpoint, "_needs_retry", lambda *_arguments, **_named: False)
    for (before, options), (msg, changed, writes, there) in zip(STEPS, usual):
        before(bed)
        for write in writes:
            bed.testbed.add_fault(
                service="ec2",
                operation=write,
                error="InternalError",
                message="An internal error has occurred",
                status=500,
                times=1,
                after=True,
            )
        found = bed.run(**options)
        bed.testbed.control("DELETE", "faults")
        assert (found.get("msg"), found.get("changed")) == (msg, changed), options
        assert landscape(bed) == there, options
        if options.get("state") != "absent":
            assert not bed.run(**options)["changed"], options


def test_one_that_failed_is_made_anew_for_all_who_use_it(bed: Bed) -> None:
    bed.run()
    bed.run(**TWO)
    broken = bed.there()["sts"][0]["VpcEndpointId"]
    bed.testbed.control("POST", f"endpoints/{broken}", {"state": "failed", "failure_reason": "no addresses"})
    again = bed.run(**TWO)
    assert again["changed"]
    (sts,) = bed.there()["sts"]
    assert sts["VpcEndpointId"] != broken
    assert users_of(sts) == ["one", "two"]


def test_while_another_runners_stack_is_in_the_vpc_everything_stays(bed: Bed) -> None:
    """Private DNS serves everybody in the VPC; who was deployed by hand has no tag that says so."""
    bed.run()
    by_hand(bed, "0193e7a1-0000-7000-8000-00000000beef", PLACES[EU][0], EU)
    left = bed.run(state="absent")
    assert not [action for action in left["actions"] if action.startswith("delete")]
    assert (sorted(bed.there()), users_of(bed.there()["logs"][0])) == (FEW, ["by-hand"])
    assert bed.there()["logs"][0]["Groups"][0]["GroupName"] == "gitpod-network-endpoints"


def test_while_the_stacks_cannot_be_listed_everything_stays(bed: Bed) -> None:
    bed.run()
    bed.testbed.add_fault(service="cloudformation", operation="DescribeStacks", error="AccessDenied", message="no")
    bed.testbed.clear_calls()
    left = bed.run(state="absent")
    assert (left["changed"], bed.writes()) == (False, [])
    assert "it is not known who else needs them" in left["left_alone"][0]


def test_the_endpoint_to_the_management_plane_goes_without_them(bed: Bed) -> None:
    """Both are this collection's, and each goes with its own stage."""
    vpc_id, subnet_ids = PLACES[EU]
    bed.run()
    options: dict[str, t.Any] = {
        **ONE,
        "vpc_id": vpc_id,
        "subnet_ids": subnet_ids,
        "security_group_name": "one-group",
        "timeout": 20,
    }
    spec = runner_endpoint.ARGUMENT_SPEC
    removal: dict[str, t.Any] = {"state": "absent"}
    for more in ({}, removal):
        done = outcome(InProcessModule(bed.testbed, spec, EU, **options, **more), single.run)
        assert (done.get("msg"), done["changed"]) == (None, True)
    assert sorted(bed.there()) == FEW
    assert not bed.run()["changed"]


@pytest.mark.parametrize(("attribute", "region"), [("EnableDnsHostnames", US), ("EnableDnsSupport", EU)])
def test_without_the_vpcs_dns_nothing_is_made(bed: Bed, attribute: str, region: str) -> None:
    bed.ec2(region).modify_vpc_attribute(VpcId=PLACES[region][0], **{attribute: {"Value": False}})
    bed.testbed.clear_calls()
    refused = bed.run(region)
    assert f"{attribute[0].lower()}{attribute[1:]} off" in refused["msg"]
    assert bed.writes() == []


def test_in_iams_own_region_its_endpoint_is_none_across_regions(bed: Bed) -> None:
    assert bed.run(US).get("msg") is None
    made = [call["parameters"] for call in bed.testbed.calls() if call["operation"] == "CreateVpcEndpoint"]
    assert {parameters["ServiceName"] for parameters in made} >= {"com.amazonaws.iam"}
    assert not [parameters for parameters in made if "ServiceRegion" in parameters]


def test_the_main_job_has_them_and_a_teardown_leaves_them_to_another_runner_of_the_vpc(controller: Controller) -> None:
    bed, host = Bed(controller.testbed), "gitpod-eu-central-1"
    controller.testbed.settings(stack_seconds=3)
    asked = {host: {"gitpod_network_endpoints": True, "gitpod_network_endpoints_tags": {"team": "net"}}}
    first = controller.play(SITE, "--limit", host, "--diff", hosts=asked)
    assert first.code == 0, first.output
    assert "create network_endpoints" in first.output
    assert "for 16 interface endpoints in 48 zones" in first.output
    there = bed.there()
    assert (sorted(there), {entry["State"] for entries in there.values() for entry in entries}) == (ALL, {"available"})
    report = first.report(host)
    (stage,) = [entry for entry in report["stages"] if entry["stage"] == "network_endpoints"]
    assert (stage["state"], stage["detail"]) == ("changed", "18 endpoints, 18 of the collection's")
    (check,) = [entry for entry in report["verification"]["checks"] if entry["id"] == "endpoint.network"]
    assert check["status"] == "pass"
    for more in ((), ("--check",)):
        again = controller.play(SITE, "--limit", host, *more, hosts=asked)
        assert (again.code, again.changed) == (0, 0), again.output
    assert bed.run(**TWO)["changed"]
    confirmed = ("-e", f"gitpod_teardown_confirm={host}")
    down = controller.play("gitpod.enterprise_runner.teardown", "--limit", host, *confirmed, hosts=asked)
    assert down.code == 0, down.output
    assert "the endpoints for services of AWS in" in down.output
    assert "only this runner's part; it stays for two" in down.output
    there = bed.there()
    assert {tuple(users_of(entries[0])) for entries in there.values()} == {("two",)}
    assert sorted(there) == ALL
    assert bed.run(**TWO, state="absent")["changed"]
    assert bed.there() == {}
