# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the verification reads: health of targets, interfaces of endpoints, and DNS as it is inside a VPC."""

from __future__ import annotations

import typing as t

import dns.message
import dns.query

from tests.testbed.tests.test_servers import (
    AP_SUBNETS,
    AP_VPC,
    SERVICE,
    client,
    deploy,
    process,
    testbed,
    until,
    values,
)

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

__all__ = ["process", "testbed"]
REGION, NAME = "ap-southeast-2", "app.gitpod.io"


def create(testbed: TestBed) -> dict[str, t.Any]:
    """An endpoint of the management plane's service that is available."""
    ec2 = client(testbed, "ec2", REGION)
    made = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface",
        VpcId=AP_VPC,
        ServiceName=SERVICE,
        ServiceRegion="us-east-1",
        SubnetIds=AP_SUBNETS,
        PrivateDnsEnabled=True,
    )["VpcEndpoint"]["VpcEndpointId"]

    def there() -> dict[str, t.Any] | None:
        found = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [AP_VPC]}])["VpcEndpoints"]
        return next((one for one in found if (one["VpcEndpointId"], one["State"]) == (made, "available")), None)

    available: dict[str, t.Any] = until(there)
    return available


def interfaces(testbed: TestBed, endpoint: dict[str, t.Any]) -> dict[str, str]:
    """Addresses by subnet."""
    ec2 = client(testbed, "ec2", REGION)
    found = ec2.describe_network_interfaces(NetworkInterfaceIds=endpoint["NetworkInterfaceIds"])["NetworkInterfaces"]
    assert {entry["InterfaceType"] for entry in found} == {"vpc_endpoint"}
    return {entry["SubnetId"]: entry["PrivateIpAddress"] for entry in found}


def ask(where: str, name: str) -> list[str]:
    """What a resolver answers."""
    address, _colon, port = where.rpartition(":")
    return sorted(values(dns.query.udp(dns.message.make_query(name, "A"), address, port=int(port), timeout=5)))


def test_an_endpoint_has_an_interface_with_an_address_of_each_subnet(testbed: TestBed) -> None:
    endpoint = create(testbed)
    found = interfaces(testbed, endpoint)
    assert sorted(found) == AP_SUBNETS
    assert all(address.startswith("10.40.") for address in found.values())
    order = {"addresses": {AP_SUBNETS[0]: "10.99.0.7"}}
    testbed.control("POST", f"endpoints/{endpoint['VpcEndpointId']}", order)
    assert interfaces(testbed, endpoint) == {**found, AP_SUBNETS[0]: "10.99.0.7"}


def test_private_dns_answers_inside_the_vpc_of_the_endpoint_only(testbed: TestBed) -> None:
    inside, other = (
        testbed.control("POST", "dns/views", {"vpc_id": vpc})["dns"] for vpc in (AP_VPC, "vpc-0a7d5c3e1f9b80246")
    )
    outside = ask(testbed.dns, NAME)
    assert ask(inside, NAME) == outside
    endpoint = create(testbed)
    addresses = sorted(interfaces(testbed, endpoint).values())
    assert ask(inside, NAME) == addresses
    assert ask(other, NAME) == ask(testbed.dns, NAME) == outside
    own = next(entry["DnsName"] for entry in endpoint["DnsEntries"] if entry["DnsName"] != NAME)
    assert ask(testbed.dns, own) == addresses, "the endpoint's own names are public"
    ec2 = client(testbed, "ec2", REGION)
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PrivateDnsEnabled=False)
    assert ask(inside, NAME) == outside


def test_targets_start_then_are_healthy_or_what_is_ordered(testbed: TestBed) -> None:
    balancer = deploy(testbed, testbed.exchange_tokens["us-east-1"])
    elbv2 = client(testbed, "elbv2")
    groups = elbv2.describe_target_groups(LoadBalancerArn=balancer["LoadBalancerArn"])["TargetGroups"]
    (group,) = groups
    assert (group["Port"], group["Protocol"], group["TargetType"]) == (8443, "TLS", "ip")
    checked = ("HealthCheckProtocol", "HealthCheckPort", "HealthCheckPath", "HealthyThresholdCount")
    assert [group[name] for name in checked] == ["HTTP", "5000", "/_health", 5]
    assert (group["UnhealthyThresholdCount"], group["HealthCheckIntervalSeconds"]) == (2, 30)
    front = group["TargetGroupArn"]

    def health() -> list[dict[str, str]]:
        found = elbv2.describe_target_health(TargetGroupArn=front)["TargetHealthDescriptions"]
        return [entry["TargetHealth"] for entry in found]

    # A slow AWS: their service registered them seconds ago.
    testbed.settings(stack_seconds=2000)
    assert health()[0] == {
        "State": "initial",
        "Reason": "Elb.RegistrationInProgress",
        "Description": "Target registration is in progress",
    }
    testbed.settings(stack_seconds=2)
    until(lambda: [entry["State"] for entry in health()] == ["healthy", "healthy"])
    order = {"region": "us-east-1", "port": 8443, "state": "unhealthy", "description": "Health checks failed"}
    testbed.control("POST", "targets", order)
    assert {(entry["State"], entry["Reason"]) for entry in health()} == {("unhealthy", "Target.FailedHealthChecks")}
    testbed.control("POST", "targets", {**order, "state": "none"})
    assert health() == []
    testbed.control("DELETE", "targets")
    until(lambda: {entry["State"] for entry in health()} == {"healthy"})
