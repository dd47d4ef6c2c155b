# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint with the security group that is kept for it, and the runners of one VPC that share both.

Answers that are lost, runs at the same time and strangers' groups, on the test bed.
"""

from __future__ import annotations

import concurrent.futures
import json
import typing as t

import botocore.exceptions
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import operation, present, wait
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Pace
from ansible_collections.gitpod.enterprise_runner.plugins.modules import runner_endpoint
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.test_endpoint_cases import AP, OTHERS_IN_THE_SAME_ZONES, SUBNETS, VPCS, Bed, Result

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

ONE: dict[str, t.Any] = {
    "name": "one",
    "runner_id": "0193e7a1-0000-7000-8000-000000000001",
    "security_group_name": "one-group",
}
TWO: dict[str, t.Any] = {
    "name": "two",
    "runner_id": "0193e7a1-0000-7000-8000-000000000002",
    "security_group_name": "two-group",
}
RANGES = ["10.40.0.0/20", "10.40.16.0/20"]
GROUP_NAMES = {"one-group", "two-group"}


@pytest.fixture
def bed(running_testbed: TestBed, monkeypatch: pytest.MonkeyPatch) -> Bed:
    running_testbed.reset()
    running_testbed.settings(stack_seconds=0.5)
    running_testbed.clear_calls()
    monkeypatch.setattr(wait, "PACE", Pace(first=0.03, longest=0.1))
    monkeypatch.setattr(wait, "LONGEST_UNSEEN", 1.0)
    return Bed(running_testbed)


def groups(bed: Bed) -> dict[str, Result]:
    """The groups of the VPC that the modules could have made, by name."""
    found = bed.ec2().describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [VPCS[AP]]}])["SecurityGroups"]
    return {group["GroupName"]: group for group in found if group["GroupName"] in GROUP_NAMES}


def sources(group: Result) -> list[str]:
    return sorted(entry["CidrIp"] for rule in group["IpPermissions"] for entry in rule["IpRanges"])


def endpoints(bed: Bed) -> list[Result]:
    return list(bed.info()["endpoints"])


def test_the_group_comes_with_the_endpoint_and_goes_after_it(bed: Bed) -> None:
    predicted = bed.run(**ONE, check=True)
    assert (predicted["changed"], predicted["endpoint"], predicted["security_group"]) == (True, None, None)
    assert predicted["diff"]["after"]["security_group"]["rules"] == RANGES
    assert bed.writes() == []
    made = bed.run(**ONE)
    assert predicted["actions"] == made["actions"]
    group = made["security_group"]
    assert (group["created"], group["rules"], group["used_by"]) == (True, RANGES, ["one"])
    assert made["endpoint"]["security_group_ids"] == [group["id"]]
    assert made["owner"] == {"name": "one", "id": ONE["runner_id"]}
    assert group["tags"].items() >= {"Name": "one", "gitpod:managed-by": "gitpod.enterprise_runner"}.items()
    assert bed.writes() == ["CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "CreateVpcEndpoint"]
    bed.testbed.clear_calls()
    again = bed.run(**ONE)
    assert (again["changed"], again["security_group"]["created"], bed.writes()) == (False, False, [])
    bed.testbed.clear_calls()
    gone = bed.run(**ONE, state="absent")
    assert (gone["changed"], gone["security_group"], gone["endpoint"]) == (True, None, None)
    assert [write for write in bed.writes() if write != "DeleteSecurityGroup"] == ["DeleteVpcEndpoints"]
    assert (groups(bed), endpoints(bed)) == ({}, [])
    assert not bed.run(**ONE, state="absent")["changed"]


def test_the_rules_follow_the_subnets_and_what_was_put_in_by_hand_goes(bed: Bed) -> None:
    made = bed.run(**ONE)["security_group"]
    bed.ec2().authorize_security_group_ingress(
        GroupId=made["id"], IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    moved = bed.run(**ONE, source_subnet_ids=[SUBNETS[AP][0], OTHERS_IN_THE_SAME_ZONES[0]])
    assert moved["security_group"]["rules"] == ["10.40.0.0/20", "10.40.128.0/24"]
    assert sources(groups(bed)["one-group"]) == ["10.40.0.0/20", "10.40.128.0/24"]
    assert moved["diff"]["before"]["security_group"]["rules"] == ["0.0.0.0/0 (tcp 22-22)", *RANGES]


def test_given_groups_are_used_and_none_is_made(bed: Bed) -> None:
    given = bed.ec2().create_security_group(GroupName="given", Description="x", VpcId=VPCS[AP])["GroupId"]
    made = bed.run(**ONE, security_group_ids=[given])
    assert (made["security_group"], made["endpoint"]["security_group_ids"]) == (None, [given])
    assert groups(bed) == {}


def test_a_strangers_group_of_the_name_is_refused(bed: Bed) -> None:
    stranger = bed.ec2().create_security_group(GroupName="one-group", Description="x", VpcId=VPCS[AP])["GroupId"]
    bed.testbed.clear_calls()
    refused = bed.run(**ONE)
    assert stranger in refused["msg"]
    assert "is not ours" in refused["msg"]
    assert "gitpod_privatelink_security_group_ids" in refused["msg"]
    assert bed.writes() == []
    assert not bed.run(**ONE, state="absent")["changed"]
    assert list(groups(bed)) == ["one-group"]


def test_a_name_that_ec2_refuses_is_told_before_anything_is_made(bed: Bed) -> None:
    refused = bed.run(**{**ONE, "security_group_name": "sg-one"})
    assert "gitpod_runner_name" in refused["msg"]
    assert bed.testbed.calls() == []


def two_of_them(bed: Bed) -> str:
    """Two runners in one VPC, the second with a subnet in a third zone; the endpoint's ID."""
    first = bed.run(**ONE)["endpoint"]["id"]
    third = bed.subnet(AP, "10.40.32.0/20", "c")
    second = bed.run(**TWO, subnet_ids=[OTHERS_IN_THE_SAME_ZONES[0], third], tags={"team": "two"}, policy="{}")
    assert second["endpoint"]["id"] == first
    assert second["endpoint"]["subnet_ids"] == sorted([*SUBNETS[AP], third])
    return str(first)


def test_the_second_runner_uses_what_the_first_has_and_says_so(bed: Bed) -> None:
    there = two_of_them(bed)
    (endpoint,) = endpoints(bed)
    third = next(name for name in endpoint["subnet_ids"] if name not in SUBNETS[AP])
    second = bed.run(**TWO, subnet_ids=[OTHERS_IN_THE_SAME_ZONES[0], third], tags={"team": "two"})
    assert second["changed"] is False
    assert (second["owner"]["name"], second["shared_with"]) == ("one", ["one"])
    assert second["security_group"]["name"] == "one-group"
    assert second["security_group"]["rules"] == sorted([*RANGES, "10.40.128.0/24", "10.40.32.0/20"])
    assert endpoint["tags"]["gitpod:runner-name"] == "one"
    assert "team" not in endpoint["tags"]
    assert list(groups(bed)) == ["one-group"]
    first = bed.run(**ONE)
    assert (first["changed"], first["endpoint"]["id"], first["shared_with"]) == (False, there, ["two"])


def test_what_the_second_would_change_for_the_first_stays_and_is_told(bed: Bed) -> None:
    bed.run(**ONE)
    second = bed.run(**TWO, private_dns_enabled=False, ip_address_type="dualstack")
    assert second["endpoint"]["private_dns_enabled"]
    assert [words.split(" of ")[0] for words in second["left_alone"]] == [
        "the address type ipv4",
        "private DNS, which is on",
    ]


def test_the_first_is_taken_down_while_the_second_uses_it(bed: Bed) -> None:
    there = two_of_them(bed)
    predicted = bed.run(**ONE, state="absent", check=True)
    gone = bed.run(**ONE, state="absent")
    assert predicted["actions"] == gone["actions"]
    assert predicted["diff"] == gone["diff"]
    assert (gone["changed"], gone["endpoint"]["id"], gone["shared_with"]) == (True, there, ["two"])
    (endpoint,) = endpoints(bed)
    # The first's subnet of zone a serves the second too; that of zone b served the first alone.
    assert SUBNETS[AP][0] in endpoint["subnet_ids"]
    assert SUBNETS[AP][1] not in endpoint["subnet_ids"]
    assert sources(groups(bed)["one-group"]) == ["10.40.128.0/24", "10.40.32.0/20"]
    assert endpoint["tags"]["gitpod:runner-name"] == "two"
    assert not bed.run(**ONE, state="absent")["changed"]
    last = bed.run(**TWO, state="absent")
    assert (last["changed"], endpoints(bed), groups(bed)) == (True, [], {})


def test_the_second_is_taken_down_first(bed: Bed) -> None:
    there = two_of_them(bed)
    bed.run(**TWO, state="absent")
    (endpoint,) = endpoints(bed)
    assert (endpoint["id"], endpoint["subnet_ids"]) == (there, SUBNETS[AP])
    assert sources(groups(bed)["one-group"]) == RANGES
    assert not bed.run(**ONE)["changed"]


def test_our_group_on_a_strangers_endpoint_goes_and_the_endpoint_stays(bed: Bed) -> None:
    there = bed.others()
    used = bed.run(**ONE)
    assert (used["endpoint"]["id"], used["owner"]) == (there, None)
    assert used["security_group"]["id"] in used["endpoint"]["security_group_ids"]
    assert not bed.run(**ONE)["changed"]
    assert bed.run(**ONE, state="absent")["changed"]
    (endpoint,) = endpoints(bed)
    assert (endpoint["id"], groups(bed)) == (there, {})
    assert used["security_group"]["id"] not in endpoint["security_group_ids"]


def test_two_that_start_at_once_share_what_one_of_them_makes(bed: Bed) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        both = [pool.submit(bed.run, **options) for options in (ONE, TWO)]
        found = [one.result() for one in both]
    assert [one.get("msg") for one in found] == [None, None]
    (endpoint,) = endpoints(bed)
    (group,) = groups(bed).values()
    assert {one["endpoint"]["id"] for one in found} == {endpoint["id"]}
    assert endpoint["security_group_ids"] == [group["GroupId"]]
    keys = {key for key in endpoint["tags"] if key.startswith("gitpod:used-by/")}
    assert keys == {f"gitpod:used-by/{options['runner_id']}" for options in (ONE, TWO)}
    assert [bed.run(**options)["changed"] for options in (ONE, TWO)] == [False, False]


def test_the_loser_attaches_and_removes_its_spare_group(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The winner is ready just between the loser's look and its creation."""
    created = present._created
    won: list[t.Any] = []

    def after_the_winner(*arguments: t.Any) -> t.Any:
        if not won:
            won.append(True)
            won.append(bed.run(**ONE)["endpoint"]["id"])
        return created(*arguments)

    monkeypatch.setattr(present, "_created", after_the_winner)
    lost = bed.run(**TWO)
    assert (lost["endpoint"]["id"], lost["owner"]["name"]) == (won[1], "one")
    assert (lost["security_group"]["name"], lost["security_group"]["created"]) == ("one-group", False)
    assert list(groups(bed)) == ["one-group"]


class LosesAnswers:
    """A client whose calls of one operation are carried out, while the first answers never arrive."""

    def __init__(self, client: t.Any, operation_name: str, times: int = 1) -> None:
        self._client = client
        self._operation = operation_name
        self._left = times

    def __getattr__(self, name: str) -> t.Any:
        found = getattr(self._client, name)
        if name != self._operation or not self._left:
            return found

        def carried_out(*arguments: t.Any, **more: t.Any) -> t.Any:
            answer = found(*arguments, **more)
            if not self._left:
                return answer
            self._left -= 1
            raise botocore.exceptions.ConnectionClosedError(endpoint_url="https://ec2")

        return carried_out


class Losing(InProcessModule):
    """The module with such a client."""

    lost = ""

    def client(self, service: str, retry_decorator: t.Any = None, **arguments: t.Any) -> t.Any:
        return LosesAnswers(super().client(service, retry_decorator, **arguments), self.lost)


def losing(bed: Bed, lost: str, **options: t.Any) -> Result:
    usual = {"vpc_id": VPCS[AP], "subnet_ids": SUBNETS[AP], "timeout": 20}
    module = Losing(bed.testbed, runner_endpoint.ARGUMENT_SPEC, AP, **{**usual, **options})
    module.lost = lost
    return outcome(module, operation.run)


@pytest.mark.parametrize("lost", ["create_security_group", "authorize_security_group_ingress", "create_vpc_endpoint"])
def test_a_creation_whose_answer_was_lost_converges(bed: Bed, lost: str) -> None:
    made = losing(bed, lost, **ONE)
    assert (made.get("msg"), made["changed"]) == (None, True)
    assert len(endpoints(bed)) == 1
    assert sources(groups(bed)["one-group"]) == RANGES
    assert not bed.run(**ONE)["changed"]


@pytest.mark.parametrize("lost", ["create_tags", "modify_vpc_endpoint", "authorize_security_group_ingress"])
def test_a_change_whose_answer_was_lost_converges(bed: Bed, lost: str) -> None:
    bed.run(**ONE, subnet_ids=SUBNETS[AP][:1])
    changed = losing(bed, lost, **ONE, tags={"team": "a"})
    assert (changed.get("msg"), changed["changed"]) == (None, True)
    assert not bed.run(**ONE, tags={"team": "a"})["changed"]


@pytest.mark.parametrize(
    "lost",
    ["delete_vpc_endpoints", "delete_security_group", "delete_tags", "revoke_security_group_ingress", "create_tags"],
)
def test_a_removal_whose_answer_was_lost_converges(bed: Bed, lost: str) -> None:
    two_of_them(bed)
    for options in (ONE, TWO):
        gone = losing(bed, lost, **options, state="absent")
        assert (gone.get("msg"), gone["changed"]) == (None, True)
    assert (endpoints(bed), groups(bed)) == ([], {})


def test_a_lost_answer_makes_no_second_endpoint_where_lists_are_late(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without private DNS nothing but the token keeps AWS from making another."""
    listed = Api.endpoints
    looks = iter([False, False])
    monkeypatch.setattr(Api, "endpoints", lambda api, *arguments: listed(api, *arguments) if next(looks, True) else [])
    made = losing(bed, "create_vpc_endpoint", **ONE, private_dns_enabled=False)
    assert (made.get("msg"), len(endpoints(bed))) == (None, 1)


def test_what_was_deleted_is_made_again_although_aws_remembers_the_request(bed: Bed) -> None:
    """With given groups the request is the same to the last character."""
    given = bed.ec2().create_security_group(GroupName="given", Description="x", VpcId=VPCS[AP])["GroupId"]
    options = {**ONE, "security_group_ids": [given]}
    first = bed.run(**options)["endpoint"]["id"]
    bed.run(**options, state="absent")
    again = bed.run(**options)
    assert again["endpoint"]["id"] != first
    assert again["endpoint"]["state"] == "available"


def test_a_group_that_something_holds_is_told(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    group = bed.run(**ONE)["security_group"]
    bed.testbed.add_fault(
        service="ec2", operation="DeleteSecurityGroup", error="DependencyViolation", message="has a dependent object"
    )
    told = bed.run(**ONE, state="absent", timeout=0.5)
    assert group["id"] in told["msg"]
    assert "still refers to it" in told["msg"]
    bed.testbed.control("DELETE", "faults")
    assert bed.run(**ONE, state="absent")["actions"] == [f"delete the security group one-group ({group['id']})"]


def test_an_acceptance_that_is_due_is_a_field_of_its_own(bed: Bed) -> None:
    bed.offer(acceptance_required=True)
    started = bed.run(**ONE, wait=False)
    assert (started["in_progress"], started["waiting_for_acceptance"]) == (True, True)
    bed.order(started["endpoint"]["id"], state="available")
    joined = bed.run(**ONE, join=True)
    assert (joined["in_progress"], joined["waiting_for_acceptance"]) == (False, False)


def test_a_copied_id_takes_nothing_of_the_first_runner_s(bed: Bed) -> None:
    """The module itself, without the prerequisites: one ID under two names is not one runner."""
    made = bed.run(**ONE)
    bed.testbed.clear_calls()
    copied = bed.run(**{**TWO, "runner_id": ONE["runner_id"]}, tags={"team": "two"})
    assert "is that of the runner one" in copied["msg"]
    assert "gitpod_runner_name: one" in copied["msg"]
    assert not bed.run(**{**TWO, "runner_id": ONE["runner_id"]}, state="absent")["changed"]
    assert bed.writes() == []
    (endpoint,) = endpoints(bed)
    assert endpoint["tags"] == made["endpoint"]["tags"]


def test_what_lost_its_tags_is_used_and_not_taken(bed: Bed) -> None:
    """Somebody took the tags away that name a runner; whose it is, nobody knows then."""
    made = bed.run(**ONE)["endpoint"]
    kept = {"Key": "gitpod:managed-by", "Value": "gitpod.enterprise_runner"}
    stray = [{"Key": key} for key in made["tags"] if key not in (kept["Key"], "Name")]
    bed.ec2().delete_tags(Resources=[made["id"]], Tags=stray)
    used = bed.run(**ONE)
    assert (used["endpoint"]["id"], used["owner"]) == (made["id"], None)
    assert set(used["endpoint"]["tags"]) == {kept["Key"], "Name"}
    bed.run(**ONE, state="absent")
    assert [entry["id"] for entry in endpoints(bed)] == [made["id"]]


BY_HAND = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Parameters": {"RunnerID": {"Type": "String"}, "VPC": {"Type": "String"}},
}
LET_IN = "10.99.0.0/16"


def by_hand(bed: t.Any, runner_id: str, vpc_id: str = VPCS[AP], region: str = AP) -> None:
    """A runner's stack that was made in the console, in a VPC."""
    aws = InProcessModule(bed.testbed, {}, region).client("cloudformation")
    values = {"RunnerID": runner_id, "VPC": vpc_id}
    aws.create_stack(
        StackName="by-hand",
        TemplateBody=json.dumps(BY_HAND),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
    )
    aws.get_waiter("stack_create_complete").wait(StackName="by-hand", WaiterConfig={"Delay": 0.1, "MaxAttempts": 50})


def let_in(bed: Bed) -> str:
    """The endpoint of a runner, to which somebody has added a subnet and a rule for another; the added subnet."""
    made = bed.run(**ONE)
    bed.ec2().authorize_security_group_ingress(
        GroupId=made["security_group"]["id"], IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=LET_IN
    )
    third = bed.subnet(AP, "10.40.32.0/20", "c")
    bed.ec2().modify_vpc_endpoint(VpcEndpointId=made["endpoint"]["id"], AddSubnetIds=[third])
    bed.testbed.clear_calls()
    return third


def test_what_a_runner_deployed_by_hand_was_let_in_by_is_kept_and_told(bed: Bed) -> None:
    third = let_in(bed)
    by_hand(bed, "0193e7a1-0000-7000-8000-00000000beef")
    bed.testbed.clear_calls()
    predicted, found = bed.run(**ONE, check=True), bed.run(**ONE)
    assert (found["changed"], bed.writes()) == (False, [])
    assert third in found["endpoint"]["subnet_ids"]
    assert LET_IN in sources(groups(bed)["one-group"])
    why = f"not done, because by-hand in {VPCS[AP]} may need it"
    assert found["left_alone"] == [
        f"no longer admit {LET_IN} to the security group one-group: {why}",
        f"remove the subnets {third} from {found['endpoint']['id']}: {why}",
    ]
    assert predicted["left_alone"] == found["left_alone"]


def test_what_is_added_for_this_runner_is_added_beside_it(bed: Bed) -> None:
    let_in(bed)
    by_hand(bed, "0193e7a1-0000-7000-8000-00000000beef")
    moved = bed.run(**ONE, source_subnet_ids=[SUBNETS[AP][0], OTHERS_IN_THE_SAME_ZONES[0]])
    assert moved["security_group"]["rules"] == ["10.40.0.0/20", "10.40.128.0/24", "10.40.16.0/20", LET_IN]


@pytest.mark.parametrize("vpc_id", ["vpc-0000000000000000e", ""])
def test_who_is_elsewhere_keeps_nothing_here(bed: Bed, vpc_id: str) -> None:
    third = let_in(bed)
    if vpc_id:
        by_hand(bed, "0193e7a1-0000-7000-8000-00000000beef", vpc_id)
    found = bed.run(**ONE)
    assert third not in found["endpoint"]["subnet_ids"]
    assert sources(groups(bed)["one-group"]) == RANGES


def test_where_the_stacks_cannot_be_read_nothing_is_taken_away(bed: Bed) -> None:
    third = let_in(bed)
    bed.testbed.add_fault(service="cloudformation", operation="DescribeStacks", error="AccessDenied", message="no")
    found = bed.run(**ONE)
    assert (found["changed"], third in found["endpoint"]["subnet_ids"]) == (False, True)
    told = "not done, because it is not known who else needs it (the stacks could not be listed"
    assert f"{told}, cloudformation:DescribeStacks: no)" in found["left_alone"][0]


def test_stacks_are_looked_at_only_before_something_is_taken_away(bed: Bed) -> None:
    bed.run(**ONE)
    bed.run(**ONE)
    bed.run(**ONE, state="absent")
    assert {call["service"] for call in bed.testbed.calls()} == {"ec2"}
