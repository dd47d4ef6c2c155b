# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every case of an endpoint that AWS's and the vendor's documents name, on the test bed."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import info, operation, wait
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import SERVICE_NAME
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Pace
from ansible_collections.gitpod.enterprise_runner.plugins.modules import runner_endpoint, runner_endpoint_info
from tests.e2e.harness import READING
from tests.e2e.in_process import InProcessModule, outcome

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

Result = dict[str, t.Any]
AP = "ap-southeast-2"
US = "us-east-1"
VPCS = {AP: "vpc-0c9f7e5a3b1d02468", US: "vpc-0a7d5c3e1f9b80246"}
SUBNETS = {
    AP: ["subnet-0c3a4e6d8f0b23571", "subnet-0c3a4e6d8f0b23572"],
    US: ["subnet-0a1e2c4b6d8f01351", "subnet-0a1e2c4b6d8f01352"],
}
OTHERS_IN_THE_SAME_ZONES = ["subnet-0c3d5f7b9a1e24681", "subnet-0c3d5f7b9a1e24682"]


class Bed:
    """The test bed, and the module against it."""

    def __init__(self, testbed: TestBed) -> None:
        self.testbed = testbed

    def run(self, region: str = AP, check: bool = False, **options: t.Any) -> Result:
        """The module's result; the options of a usual endpoint, with changes."""
        usual = {"name": f"gitpod-{region}", "vpc_id": VPCS[region], "subnet_ids": SUBNETS[region], "timeout": 20}
        spec = runner_endpoint.ARGUMENT_SPEC
        return outcome(InProcessModule(self.testbed, spec, region, check, **{**usual, **options}), operation.run)

    def info(self, region: str = AP) -> Result:
        """What runner_endpoint_info says."""
        spec = runner_endpoint_info.ARGUMENT_SPEC
        return outcome(InProcessModule(self.testbed, spec, region, vpc_id=VPCS[region]), info.run)

    def order(self, endpoint: str, **order: t.Any) -> None:
        """What AWS does to an endpoint."""
        self.testbed.control("POST", f"endpoints/{endpoint}", order)

    def offer(self, **service: t.Any) -> None:
        """Change what the management plane's service offers."""
        self.testbed.control("POST", "endpoint-services", {"service_name": SERVICE_NAME, **service})

    def ec2(self, region: str = AP) -> t.Any:
        """A client of someone else."""
        return InProcessModule(self.testbed, {}, region).client("ec2")

    def others(self, region: str = AP, subnets: list[str] | None = None, **more: t.Any) -> str:
        """The ID of an endpoint for the service that someone else makes."""
        made = self.ec2(region).create_vpc_endpoint(
            VpcEndpointType="Interface",
            VpcId=VPCS[region],
            ServiceName=SERVICE_NAME,
            SubnetIds=subnets or SUBNETS[region],
            PrivateDnsEnabled=more.pop("private_dns", True),
            TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "owner", "Value": "network"}]}],
            **({"ServiceRegion": US} if region != US else {}),
            **more,
        )["VpcEndpoint"]["VpcEndpointId"]
        self.order(made, state="available")
        return str(made)

    def subnet(self, region: str, cidr: str, zone: str) -> str:
        """A further subnet of the VPC."""
        made = self.ec2(region).create_subnet(VpcId=VPCS[region], CidrBlock=cidr, AvailabilityZone=f"{region}{zone}")
        return str(made["Subnet"]["SubnetId"])

    def calls(self, operation_name: str) -> list[Result]:
        """Parameters of the calls of one operation since the last clearing."""
        return [call["parameters"] for call in self.testbed.calls() if call["operation"] == operation_name]

    def writes(self) -> list[str]:
        """Operations that could have changed something, since the last clearing."""
        return [call["operation"] for call in self.testbed.calls() if not call["operation"].startswith(READING)]


@pytest.fixture
def bed(running_testbed: TestBed, monkeypatch: pytest.MonkeyPatch) -> Bed:
    running_testbed.reset()
    running_testbed.settings(stack_seconds=0.5)
    running_testbed.clear_calls()
    monkeypatch.setattr(wait, "PACE", Pace(first=0.03, longest=0.1))
    monkeypatch.setattr(wait, "LONGEST_UNSEEN", 1.0)
    return Bed(running_testbed)


def shows_a_difference(found: Result) -> bool:
    """What C(--diff) shows of a change."""
    return bool(found["changed"]) and found["diff"]["before"] != found["diff"]["after"]


def test_created_again_and_gone(bed: Bed) -> None:
    first = bed.run()
    assert (first["changed"], first["endpoint"]["state"], first["in_progress"]) == (True, "available", False)
    assert "app.gitpod.io" in first["endpoint"]["dns_entries"]
    assert first["endpoint"]["tags"]["gitpod:managed-by"] == "gitpod.enterprise_runner"
    assert shows_a_difference(first)
    assert not bed.run()["changed"]
    gone = bed.run(state="absent")
    assert gone["changed"]
    assert shows_a_difference(gone)
    assert not bed.run(state="absent")["changed"]
    assert bed.info()["endpoints"] == []


@pytest.mark.parametrize(
    ("state", "words"),
    [("pendingAcceptance", "Ask Gitpod to accept it"), ("pending", "AWS is at work"), ("PendingAcceptance", "accept")],
)
def test_what_is_not_ready_is_said_and_not_touched(bed: Bed, state: str, words: str) -> None:
    there = bed.run()["endpoint"]["id"]
    bed.testbed.settings(stack_seconds=60)
    bed.order(there, state=state)
    bed.testbed.clear_calls()
    found = bed.run(wait=False)
    assert (found["changed"], found["in_progress"]) == (False, True)
    assert words in found["waiting_for"]
    assert there in found["waiting_for"]
    assert bed.writes() == []


@pytest.mark.parametrize("state", ["rejected", "failed", "expired", "Failed"])
def test_what_is_broken_is_explained_and_replaced_on_request(bed: Bed, state: str) -> None:
    there = bed.run()["endpoint"]["id"]
    bed.order(there, state=state, last_error=["ServiceError", "no capacity"], failure_reason="subnet is full")
    bed.testbed.clear_calls()
    found = bed.run()
    assert found["failed"]
    for words in (there, state, "ServiceError: no capacity", "subnet is full", "replace_failed"):
        assert words in found["msg"]
    assert bed.writes() == []
    predicted = bed.run(check=True, replace_failed=True)
    assert (predicted["changed"], bed.writes()) == (True, [])
    replaced = bed.run(replace_failed=True)
    assert replaced["endpoint"]["state"] == "available"
    assert replaced["endpoint"]["id"] != there
    assert bed.writes() == ["DeleteVpcEndpoints", "CreateVpcEndpoint"]


def test_one_that_is_being_deleted_is_waited_for_before_another_is_made(bed: Bed) -> None:
    there = bed.run()["endpoint"]["id"]
    bed.testbed.settings(stack_seconds=4)
    bed.order(there, state="deleting")
    found = bed.run()
    assert found["endpoint"]["id"] != there
    assert found["endpoint"]["private_dns_enabled"]


def test_one_that_is_deleted_is_made_anew(bed: Bed) -> None:
    there = bed.run()["endpoint"]["id"]
    bed.order(there, state="deleted")
    assert bed.run()["endpoint"]["id"] != there


def test_not_found_just_after_the_creation_is_looked_for_again(bed: Bed) -> None:
    bed.testbed.settings(stack_seconds=2)
    started = bed.run(wait=False)
    bed.order(started["endpoint"]["id"], state="pending", unseen=4)
    joined = bed.run(join=True)
    assert joined["endpoint"]["state"] == "available"
    assert {call["error_code"] for call in bed.testbed.calls()} == {"", "InvalidVpcEndpointId.NotFound"}


def test_joining_what_no_list_has_yet(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    started = bed.run(wait=False)["endpoint"]["id"]
    bed.order(started, state="pending", unlisted=True)
    monkeypatch.setattr(wait, "LONGEST_UNSEEN", 0.2)
    assert "has no endpoint" in bed.run(join=True)["msg"]
    bed.order(started, state="pending")
    assert bed.run(join=True)["endpoint"]["id"] == started


def test_one_that_breaks_while_it_is_waited_for(bed: Bed) -> None:
    bed.testbed.settings(stack_seconds=60)
    started = bed.run(wait=False)
    bed.order(started["endpoint"]["id"], state="failed", failure_reason="no addresses left")
    found = bed.run(join=True)
    assert "no addresses left" in found["msg"]
    assert found["endpoint"]["failure_reason"] == "no addresses left"


def test_time_that_runs_out_tells_whom_to_ask(bed: Bed) -> None:
    bed.offer(acceptance_required=True)
    found = bed.run(timeout=0.3)
    assert found["failed"]
    assert "still pendingAcceptance" in found["msg"]
    assert f"Ask Gitpod to accept it, naming the endpoint's ID {found['endpoint']['id']}" in found["msg"]


def test_private_dns_that_was_refused_is_switched_on_after_the_acceptance(bed: Bed) -> None:
    bed.offer(acceptance_required=True)
    started = bed.run(wait=False)
    assert [call["PrivateDnsEnabled"] for call in bed.calls("CreateVpcEndpoint")] == ["true", "false"]
    assert not started["endpoint"]["private_dns_enabled"]
    assert not bed.run(wait=False)["changed"]
    bed.order(started["endpoint"]["id"], state="available")
    joined = bed.run(join=True)
    assert (joined["changed"], joined["endpoint"]["private_dns_enabled"]) == (True, True)
    assert not bed.run()["changed"]


@pytest.mark.parametrize(
    ("before", "after", "key", "expected"),
    [
        ({"subnet_ids": SUBNETS[AP][:1]}, {}, "subnet_ids", SUBNETS[AP]),
        ({}, {"subnet_ids": SUBNETS[AP][1:]}, "subnet_ids", SUBNETS[AP][1:]),
        ({}, {"subnet_ids": OTHERS_IN_THE_SAME_ZONES}, "subnet_ids", OTHERS_IN_THE_SAME_ZONES),
        ({}, {"private_dns_enabled": False}, "private_dns_enabled", False),
        ({"private_dns_enabled": False}, {}, "private_dns_enabled", True),
        ({}, {"ip_address_type": "dualstack"}, "ip_address_type", "dualstack"),
    ],
    ids=["add subnet", "remove subnet", "swap in the zones", "private DNS off", "private DNS on", "address type"],
)
def test_differences_are_made_in_place(bed: Bed, before: Result, after: Result, key: str, expected: t.Any) -> None:
    there = bed.run(**before)["endpoint"]["id"]
    bed.testbed.clear_calls()
    predicted = bed.run(check=True, **after)
    assert (predicted["changed"], bed.writes()) == (True, [])
    assert predicted["diff"]["after"][key] == expected
    changed = bed.run(**after)
    assert changed["changed"]
    assert (changed["endpoint"]["id"], changed["endpoint"][key]) == (there, expected)
    # Which subnets serve the runner stands in its tag.
    tagged = {"CreateTags"} if key == "subnet_ids" else set()
    assert set(bed.writes()) == {"ModifyVpcEndpoint"} | tagged
    assert not bed.run(**after)["changed"]


def test_security_groups_are_exchanged_in_place(bed: Bed) -> None:
    groups = [
        bed.ec2().create_security_group(GroupName=name, Description=name, VpcId=VPCS[AP])["GroupId"]
        for name in ("one", "two")
    ]
    bed.run(security_group_ids=groups[:1])
    changed = bed.run(security_group_ids=groups[1:])
    assert changed["endpoint"]["security_group_ids"] == groups[1:]
    assert not bed.run()["changed"], "without groups the endpoint keeps its own"


def test_policies_compare_by_meaning(bed: Bed) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    bed.run()
    assert bed.run(policy=json.dumps(policy))["changed"]
    again = json.dumps(dict(reversed(list(policy.items()))), indent=2)
    assert not bed.run(policy=again)["changed"]
    assert not bed.run()["changed"]


def test_tags_are_added_and_purged_only_on_request(bed: Bed) -> None:
    there = bed.run(tags={"team": "a"})["endpoint"]["id"]
    bed.ec2().create_tags(Resources=[there], Tags=[{"Key": "cost", "Value": "7"}])
    kept = bed.run(tags={"team": "b"})
    assert kept["changed"]
    assert bed.info()["endpoints"][0]["tags"].items() >= {"team": "b", "cost": "7"}.items()
    bed.run(tags={"team": "b"}, purge_tags=True)
    assert "cost" not in bed.info()["endpoints"][0]["tags"]


def test_in_the_services_region_a_zone_that_it_lacks_is_left_out_by_name(bed: Bed) -> None:
    bed.offer(zones=["us-east-1a"], zone_ids=[])
    found = bed.run(US)
    assert found["endpoint"]["subnet_ids"] == SUBNETS[US][:1]
    assert found["left_out_subnet_ids"] == SUBNETS[US][1:]


def test_in_the_services_region_a_zone_that_it_lacks_is_left_out_by_id(bed: Bed) -> None:
    bed.offer(zones=[], zone_ids=["use1-az2"])
    assert bed.run(US)["endpoint"]["subnet_ids"] == SUBNETS[US][1:]


def test_no_zone_in_common_is_told_with_both_sides(bed: Bed) -> None:
    bed.offer(zones=["us-east-1f"], zone_ids=["use1-az6"])
    found = bed.run(US)
    for words in ("us-east-1f", "us-east-1a (use1-az1)", "us-east-1b (use1-az2)"):
        assert words in found["msg"]
    assert bed.writes() == []


def test_another_region_is_named_and_its_zones_mean_nothing(bed: Bed) -> None:
    bed.offer(zones=["us-east-1f"])
    assert bed.run(AP)["endpoint"]["state"] == "available"
    assert [call.get("ServiceRegion") for call in bed.calls("CreateVpcEndpoint")] == [US]
    assert bed.calls("DescribeVpcEndpointServices")[0]["ServiceRegion.1"] == US


def test_the_services_own_region_is_not_named(bed: Bed) -> None:
    bed.run(US)
    assert "ServiceRegion" not in bed.calls("CreateVpcEndpoint")[0]
    assert "ServiceRegion.1" not in bed.calls("DescribeVpcEndpointServices")[0]


def test_a_service_that_does_not_admit_the_region_is_told_before_anything_is_created(bed: Bed) -> None:
    bed.offer(supported_regions=["eu-central-1"])
    found = bed.run()
    assert f"cannot be seen from {AP}" in found["msg"]
    assert "ask Gitpod to admit" in found["msg"]
    assert bed.writes() == []
    assert bed.info()["service_problem"]


def test_two_subnets_of_a_zone_are_refused(bed: Bed) -> None:
    found = bed.run(subnet_ids=[SUBNETS[AP][0], OTHERS_IN_THE_SAME_ZONES[0]])
    assert "one subnet of each zone" in found["msg"]
    assert f"{AP}a" in found["msg"]
    assert bed.writes() == []


def test_subnets_that_are_elsewhere_are_refused(bed: Bed) -> None:
    other = bed.ec2().create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    foreign = bed.ec2().create_subnet(VpcId=other, CidrBlock="10.99.0.0/24")["Subnet"]["SubnetId"]
    assert f"{foreign}" in bed.run(subnet_ids=[foreign])["msg"]
    assert "subnets" in bed.run(subnet_ids=[])["msg"]


def test_anothers_endpoint_is_adopted_and_nothing_of_it_is_taken_away(bed: Bed) -> None:
    third = bed.subnet(AP, "10.40.32.0/20", "c")
    there = bed.others(subnets=[OTHERS_IN_THE_SAME_ZONES[0], third], private_dns=False)
    found = bed.run()
    assert found["endpoint"]["id"] == there
    assert found["endpoint"]["subnet_ids"] == sorted([OTHERS_IN_THE_SAME_ZONES[0], third, SUBNETS[AP][1]])
    assert found["endpoint"]["private_dns_enabled"]
    assert found["endpoint"]["tags"] == {"owner": "network"}
    assert not bed.run()["changed"]
    assert not bed.run(state="absent")["changed"]
    assert [entry["id"] for entry in bed.info()["endpoints"]] == [there]


def test_anothers_endpoint_is_refused_by_option_and_never_doubled(bed: Bed) -> None:
    there = bed.others()
    bed.testbed.clear_calls()
    found = bed.run(adopt=False)
    assert there in found["msg"]
    assert bed.writes() == []
    bed.order(there, state="failed")
    assert "did not make it" in bed.run(replace_failed=True)["msg"]


def test_the_vpcs_dns_is_switched_on_only_on_request(bed: Bed) -> None:
    bed.ec2().modify_vpc_attribute(VpcId=VPCS[AP], EnableDnsHostnames={"Value": False})
    bed.testbed.clear_calls()
    assert "enableDnsHostnames off" in bed.run()["msg"]
    assert bed.run(private_dns_enabled=False, check=True)["changed"]
    assert bed.run(enable_vpc_dns=True, check=True)["actions"][0] == f"switch on enableDnsHostnames of {VPCS[AP]}"
    assert bed.writes() == []
    assert bed.run(enable_vpc_dns=True)["endpoint"]["private_dns_enabled"]
    assert bed.info()["vpc_dns"] == {"enableDnsSupport": True, "enableDnsHostnames": True}


def test_an_interrupted_deletion_is_waited_for(bed: Bed) -> None:
    bed.run()
    bed.testbed.settings(stack_seconds=4)
    assert bed.run(state="absent", wait=False)["in_progress"]
    again = bed.run(state="absent")
    assert not again["changed"]
    assert bed.info()["endpoints"] == []


def test_check_mode_writes_nothing(bed: Bed) -> None:
    assert shows_a_difference(bed.run(check=True))
    assert bed.writes() == []
    bed.run()
    bed.testbed.clear_calls()
    assert shows_a_difference(bed.run(check=True, state="absent"))
    assert bed.writes() == []


def test_info_has_the_addresses_inside_the_subnets(bed: Bed) -> None:
    bed.run()
    found = bed.info()
    (endpoint,) = found["endpoints"]
    assert endpoint["managed_by_collection"]
    assert sorted(endpoint["addresses"]) == SUBNETS[AP]
    assert all(address.startswith("10.40.") for own in endpoint["addresses"].values() for address in own)
    assert found["service"]["private_dns_name"] == "app.gitpod.io"


def test_throttling_delays_and_does_not_fail(bed: Bed) -> None:
    bed.testbed.add_fault(service="ec2", error="RequestLimitExceeded", times=1)
    assert bed.run()["endpoint"]["state"] == "available"
