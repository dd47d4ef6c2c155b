# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking runners down: only what is confirmed and ours, interrupted ones finished, buckets on request.

Of one runner a real BIND 9 keeps the names; what providers do with records is in test_providers.py.
"""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown import buckets, look
from ansible_collections.gitpod.enterprise_runner.plugins.modules import (
    runner_retained_buckets,
    runner_teardown_info,
)
from tests.e2e.bind9 import ADDRESS, NAMED, Bind9
from tests.e2e.harness import COLLECTION, Controller, Run
from tests.e2e.in_process import InProcessModule, outcome
from tests.fleet import ZONE_ID, ZONE_NAME, Fleet, Runner, client

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator

    from tests.testbed.client import TestBed

TEARDOWN = f"{COLLECTION}.teardown"
BUCKETS = 3


@pytest.fixture
def server(tmp_path: pathlib.Path) -> Iterator[Bind9]:
    if not NAMED:
        pytest.skip("BIND 9 (named) is not installed; make debian-packages installs it as root")
    with Bind9(tmp_path, [ZONE_NAME]) as running:
        yield running


def deployed(testbed: TestBed, count: int) -> Fleet:
    fleet = Fleet.of(count)
    fleet.seed(testbed)
    fleet.deploy(testbed)
    return fleet


def stack_exists(testbed: TestBed, runner: Runner) -> bool:
    found = client(testbed, "cloudformation", runner.region).list_stacks()["StackSummaries"]
    return any(entry["StackName"] == runner.name and entry["StackStatus"] != "DELETE_COMPLETE" for entry in found)


def names_of(testbed: TestBed, runner: Runner) -> list[str]:
    """Names of the runner's address records."""
    found = client(testbed, "route53", "us-east-1").list_resource_record_sets(HostedZoneId=ZONE_ID)
    ends = (runner.domain + ".",)
    return sorted(
        entry["Name"].replace("\\052", "*") for entry in found["ResourceRecordSets"] if entry["Name"].endswith(ends)
    )


def buckets_of(testbed: TestBed, runner: Runner) -> list[str]:
    found = client(testbed, "s3", runner.region).list_buckets()["Buckets"]
    return [entry["Name"] for entry in found if entry["Name"].startswith(f"{runner.name}-")]


def fill(testbed: TestBed, runner: Runner) -> str:
    """Versions, a delete marker and an unfinished upload in the versioned bucket."""
    s3 = client(testbed, "s3", runner.region)
    bucket = next(name for name in buckets_of(testbed, runner) if "archive" in name)
    for size in (10, 20, 30):
        s3.put_object(Bucket=bucket, Key="environments/one", Body=b"x" * size)
    s3.delete_object(Bucket=bucket, Key="environments/one")
    s3.create_multipart_upload(Bucket=bucket, Key="unfinished")
    return bucket


def add_endpoint(testbed: TestBed, runner: Runner, name: str, tags: dict[str, str]) -> tuple[str, str]:
    """An endpoint for the management plane, and a security group, with these tags."""
    ec2 = client(testbed, "ec2", runner.region)
    listed = [{"Key": key, "Value": value} for key, value in {"Name": name, **tags}.items()]

    def specification(kind: str) -> list[dict[str, t.Any]]:
        return [{"ResourceType": kind, "Tags": listed}]

    group = ec2.create_security_group(
        GroupName=f"{name}-management-plane",
        Description="x",
        VpcId=runner.vpc_id,
        TagSpecifications=specification("security-group"),
    )["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="10.0.0.0/8")
    endpoint = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface",
        VpcId=runner.vpc_id,
        ServiceName="com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2",
        SubnetIds=runner.subnet_ids("environments")[:1],
        SecurityGroupIds=[group],
        TagSpecifications=specification("vpc-endpoint"),
        **({} if runner.region == "us-east-1" else {"ServiceRegion": "us-east-1"}),
    )["VpcEndpoint"]["VpcEndpointId"]
    return endpoint, group


def there(testbed: TestBed, runner: Runner) -> tuple[list[str], list[str]]:
    """IDs of endpoints and security groups of the runner's VPC, but the default group."""
    ec2 = client(testbed, "ec2", runner.region)
    filters = [{"Name": "vpc-id", "Values": [runner.vpc_id]}]
    endpoints = ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
    groups = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    return (
        [entry["VpcEndpointId"] for entry in endpoints if entry["State"].lower() not in ("deleting", "deleted")],
        [entry["GroupId"] for entry in groups if entry["GroupName"] != "default"],
    )


def add_certificate(testbed: TestBed, runner: Runner, tags: dict[str, str]) -> str:
    """A certificate for the runner's names with these tags."""
    return str(
        client(testbed, "acm", runner.region).request_certificate(
            DomainName=runner.domain,
            SubjectAlternativeNames=[runner.domain, f"*.{runner.domain}"],
            ValidationMethod="DNS",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )["CertificateArn"]
    )


def certificates(testbed: TestBed, runner: Runner) -> list[str]:
    found = client(testbed, "acm", runner.region).list_certificates()["CertificateSummaryList"]
    return [entry["CertificateArn"] for entry in found]


def point_elsewhere(testbed: TestBed, name: str) -> None:
    """Somebody has given the name another address."""
    route53 = client(testbed, "route53", "us-east-1")
    records = route53.list_resource_record_sets(HostedZoneId=ZONE_ID)["ResourceRecordSets"]
    present = next(entry for entry in records if entry["Name"].replace("\\052", "*") == f"{name}.")
    other = {"Name": f"{name}.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    changes = [
        {"Action": "DELETE", "ResourceRecordSet": present},
        {"Action": "CREATE", "ResourceRecordSet": other},
    ]
    route53.change_resource_record_sets(HostedZoneId=ZONE_ID, ChangeBatch={"Changes": changes})


def kept_by(server: Bind9, testbed: TestBed, runner: Runner) -> dict[str, t.Any]:
    """Variables of a runner whose names this server has, as the collection writes them."""
    balancers = client(testbed, "elbv2", runner.region).describe_load_balancers()["LoadBalancers"]
    for record in (runner.domain, f"*.{runner.domain}"):
        server.put(ZONE_NAME, record, "CNAME", f"{balancers[0]['DNSName']}.")
    return {
        "gitpod_dns_provider": "nsupdate",
        "gitpod_dns_zone": ZONE_NAME,
        "gitpod_dns_server": ADDRESS,
        "gitpod_dns_server_port": server.port,
        "gitpod_dns_key_name": server.key_name,
        "gitpod_dns_key_secret": server.secret,
    }


def test_three_runners_go_as_far_as_they_were_confirmed(controller: Controller, server: Bind9) -> None:
    testbed = controller.testbed
    fleet = deployed(testbed, 3)
    one, two, three = fleet.runners
    filled, emptied = fill(testbed, one), fill(testbed, two)
    ours = add_endpoint(testbed, one, one.name, one.tags())
    others = add_endpoint(testbed, two, "somebody-elses", {"team": "network"})
    requested = add_certificate(testbed, one, one.tags())
    point_elsewhere(testbed, f"*.{two.domain}")
    environments(testbed, one)
    path = str(fleet.write_inventory(controller.directory / "fleet.yml"))
    plane = {"gitpod_api_endpoint": testbed.management_plane_url, "gitpod_api_token": testbed.api_token}
    hosts: dict[str, dict[str, t.Any]] = {
        one.name: {**plane, "gitpod_teardown_delete_environments": True, **kept_by(server, testbed, one)},
        # Without a token its registration stays.
        two.name: {"gitpod_teardown_delete_buckets": True},
        three.name: plane,
    }
    testbed.clear_calls()

    def play(confirmed: str, *arguments: str) -> Run:
        more = ("-i", path, "--limit", ",".join(fleet.names), "-e", f"gitpod_teardown_confirm={confirmed}", *arguments)
        return controller.play(TEARDOWN, *more, hosts=hosts)

    predicted = play(one.name, "--check", "--limit", one.name)
    assert predicted.code == 0, predicted.output
    assert controller.writes() == []
    assert one.id in registered(testbed)
    assert len(server.values(one.domain, "CNAME")) == 1
    assert predicted.recap[one.name]["changed"] == len(
        ["records", "endpoint and group", "stack", "certificate", "registration"]
    )

    # The second runner's stack cannot go at first; of the third a part of the name confirms nothing.
    testbed.fail_resource(
        region=two.region,
        stack_name=two.name,
        resource_type="AWS::ECS::Cluster",
        operation="DELETE",
        reason="The cluster is in use",
    )
    first = play(f"{one.name},{two.name},{three.name}0,x{three.name}")
    assert {name: count["failed"] for name, count in first.recap.items()} == {one.name: 0, two.name: 1, three.name: 1}
    for runner in fleet.runners:
        assert f"the stack {runner.name} (CREATE_COMPLETE), whose termination protection" in first.output
    for told in (
        f"1. the records of {one.domain} and *.{one.domain} on the server that takes dynamic updates that point to ",
        f"1. the records of {three.domain} and *.{three.domain} in Route 53 that point to ",
        *ours,
        requested,
        f"the runner {one.name} ({one.id}) by force",
        "its environments are deleted with it",
        f"{filled} (4 object versions, 60 bytes)",
        f"{emptied} of the stack, with everything in it",
        "points to 192.0.2.1",
        "because without gitpod_api_token nobody looked for environments",
        "The cluster is in use",
        f"gitpod_teardown_confirm={three.name}",
    ):
        assert told in first.output, told
    assert others[0] not in first.output
    assert [secret for secret in (testbed.api_token, server.secret) if secret in first.output] == []
    assert not stack_exists(testbed, one)
    assert [server.values(name, "CNAME") for name in (one.domain, f"*.{one.domain}")] == [[], []]
    # Those in Route 53 are not of the provider that this runner names.
    assert len(names_of(testbed, one)) == len(["domain", "wildcard"])
    assert there(testbed, one) == ([], [])
    assert requested not in certificates(testbed, one)
    assert one.certificate_arn in certificates(testbed, one)
    assert len(buckets_of(testbed, one)) == BUCKETS
    assert names_of(testbed, two) == [f"*.{two.domain}."]
    assert_untouched(testbed, three)
    assert {one.id, two.id, three.id} & registered(testbed) == {two.id, three.id}

    # A rerun finishes what was interrupted; nothing happens to what is gone, or in use.
    environments(testbed, three)
    again = play(",".join(fleet.names))
    assert {name: count["failed"] for name, count in again.recap.items()} == {
        one.name: 0,
        two.name: 0,
        three.name: 1,
    }, again.output
    assert again.recap[one.name]["changed"] == 0
    assert f"{one.name}: nothing is left to go" in again.output
    assert not stack_exists(testbed, two)
    assert buckets_of(testbed, two) == []
    assert there(testbed, two) == ([others[0]], [others[1]])
    assert names_of(testbed, two) == [f"*.{two.domain}."]
    assert "2 environments on it, archived ones included" in again.output
    assert "gitpod_teardown_delete_environments" in again.output
    assert_untouched(testbed, three)


def environments(testbed: TestBed, runner: Runner) -> None:
    """Two environments run on it."""
    testbed.control("POST", "management", {"add_environments": [{"runner_id": runner.id, "count": 2}]})


def registered(testbed: TestBed) -> set[str]:
    """IDs of the runners that the management plane knows."""
    return set(testbed.control("POST", "management", {})["runners"])


def assert_untouched(testbed: TestBed, runner: Runner) -> None:
    assert stack_exists(testbed, runner)
    assert len(names_of(testbed, runner)) == len(["domain", "wildcard"])
    assert len(buckets_of(testbed, runner)) == BUCKETS
    assert runner.id in registered(testbed)


def test_what_is_not_ours_is_told_and_kept(controller: Controller) -> None:
    """A stack made by hand, and buckets that a stack of the same name but of nobody's runner left."""
    testbed = controller.testbed
    fleet = deployed(testbed, 1)
    (runner,) = fleet.runners
    cloudformation = client(testbed, "cloudformation", runner.region)
    info = InProcessModule(testbed, runner_teardown_info.ARGUMENT_SPEC, runner.region, name=runner.name)
    found = outcome(info, look.run)
    assert found["stack"]["ours"] is True
    assert found["domain_name"] == runner.domain
    assert len(found["stack"]["buckets"]) == BUCKETS
    assert found["retained_buckets"] == []

    other = InProcessModule(
        testbed, runner_teardown_info.ARGUMENT_SPEC, runner.region, name=runner.name, runner_name="another"
    )
    assert outcome(other, look.run)["stack"]["ours"] is False
    copied = InProcessModule(
        testbed,
        runner_teardown_info.ARGUMENT_SPEC,
        runner.region,
        name="copied",
        runner_id=runner.id,
    )
    seen = outcome(copied, look.run)["stack"]
    assert (seen["ours"], seen["name"], seen["relation"]) == (False, runner.name, "anothers")
    elsewhere = InProcessModule(
        testbed, runner_teardown_info.ARGUMENT_SPEC, runner.region, name="another-name", runner_name=runner.name
    )
    assert outcome(elsewhere, look.run)["stack"]["name"] == runner.name, "its tags tell, whatever name is asked for"

    cloudformation.update_termination_protection(StackName=runner.name, EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName=runner.name)
    while stack_exists(testbed, runner):
        pass
    fill(testbed, runner)

    def cleaning(name: str, check: bool = False, state: str = "absent") -> dict[str, t.Any]:
        module = InProcessModule(
            testbed,
            runner_retained_buckets.ARGUMENT_SPEC,
            runner.region,
            check,
            name=runner.name,
            runner_name=name,
            state=state,
        )
        return outcome(module, buckets.run)

    assert cleaning("another") == {"changed": False, "buckets": [], "actions": []}
    assert len(cleaning(runner.name, state="listed")["buckets"]) == BUCKETS
    testbed.clear_calls()
    predicted = cleaning(runner.name, check=True)
    assert (predicted["changed"], len(predicted["actions"])) == (True, BUCKETS)
    assert controller.writes() == []
    assert cleaning(runner.name)["changed"] is True
    assert buckets_of(testbed, runner) == []
    assert cleaning(runner.name)["changed"] is False
