# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What exists before the first run, put into the simulated AWS with the IDs that the example inventory names."""

from __future__ import annotations

import functools
import json
import pathlib
import typing as t
from unittest import mock

import yaml
from ministack.core.responses import request_scope
from ministack.services import acm, ec2, iam, route53, ssm

from .aws import certificates, endpoints, gateway_endpoints, roles
from .management_plane import ManagementPlane
from .settings import Settings

FILE = pathlib.Path(__file__).with_name("landscape.yml")


@functools.cache
def described() -> str:
    """landscape.yml as JSON, read once: a test bed is emptied and seeded before each test."""
    return json.dumps(yaml.safe_load(FILE.read_text("utf-8")))


def seed(settings: Settings, plane: ManagementPlane, ca_pem: str) -> dict[str, str]:
    """Create everything; exchange tokens by region."""
    account = settings.account_id
    landscape = json.loads(described())
    tokens = {region: add(account, plane, region, wanted, ca_pem) for region, wanted in landscape["regions"].items()}
    with request_scope(account, "us-east-1"):
        for zone in landscape["hosted_zones"]:
            _hosted_zone(zone["id"], zone["name"])
        _ecs_role()
    trusted = [f"arn:aws:iam::{number}:root" for number in (account, settings.other_account_id)]
    for name in landscape["other_account"]["roles"]:
        roles.add(settings.other_account_id, name, {"AWS": trusted})
    return tokens


def add(account: str, plane: ManagementPlane, region: str, wanted: dict[str, t.Any], ca_pem: str) -> str:
    """What one runner finds in its region, described as in landscape.yml; its exchange token."""
    with request_scope(account, region):
        _network(region, wanted)
        _certificate(account, region, wanted["certificate"])
        if "ca_parameter" in wanted:
            _checked(ssm._put_parameter({"Name": wanted["ca_parameter"], "Type": "String", "Value": ca_pem}))
    runner = wanted["runner"]
    plane.add(runner["name"], region, runner["id"])
    return plane.mint(runner["id"])


def _checked(answer: t.Any) -> t.Any:
    """ministack's answer; the landscape is wrong when one is an error."""
    if answer[0] >= 300:
        raise RuntimeError(f"the landscape cannot be created: {answer}")
    return answer


def _params(**values: t.Any) -> dict[str, list[str]]:
    """Form fields as ministack's EC2 reads them."""
    return {key.replace("__", "."): [str(value)] for key, value in values.items()}


def _network(region: str, wanted: dict[str, t.Any]) -> None:
    vpc = wanted["vpc"]["id"]
    with mock.patch.object(ec2, "_new_vpc_id", return_value=vpc):
        _checked(ec2._create_vpc(_params(CidrBlock=wanted["vpc"]["cidr"])))
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        _checked(ec2._modify_vpc_attribute({"VpcId": [vpc], f"{attribute}.Value": ["true"]}))
    for subnet_id, subnet in wanted["subnets"].items():
        zone = f"{region}{subnet['zone']}"
        with mock.patch.object(ec2, "_new_subnet_id", return_value=subnet_id):
            _checked(ec2._create_subnet(_params(VpcId=vpc, CidrBlock=subnet["cidr"], AvailabilityZone=zone)))
    _routes(region, wanted)
    group = wanted.get("security_group")
    if group:
        with mock.patch.object(ec2, "_new_sg_id", return_value=group["id"]):
            _checked(
                ec2._create_security_group(_params(GroupName=group["name"], GroupDescription=group["name"], VpcId=vpc))
            )
        ec2._security_groups[group["id"]]["IpPermissions"] = [
            {
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "IpRanges": [{"CidrIp": group["cidr"]}],
                "Ipv6Ranges": [],
                "PrefixListIds": [],
                "UserIdGroupPairs": [],
            }
            for port in group["ports"]
        ]


def _routes(region: str, wanted: dict[str, t.Any]) -> None:
    """A public route table for the public subnets; the way out of the others is the VPC's main table.

    C(egress) is C(nat) unless it says C(tgw), or C(endpoints) for a VPC that has nothing but endpoints.
    """
    vpc = wanted["vpc"]["id"]
    public, egress = wanted.get("public_subnets", []), wanted.get("egress", "nat")
    main = ec2._vpcs[vpc]["MainRouteTableId"]
    if public:
        gateway = f"igw-{vpc[4:]}"
        ec2._internet_gateways[gateway] = {
            "InternetGatewayId": gateway,
            "OwnerId": ec2.get_account_id(),
            "Attachments": [{"VpcId": vpc, "State": "available"}],
        }
        before = set(ec2._route_tables)
        _checked(ec2._create_route_table(_params(VpcId=vpc)))
        table = next(iter(set(ec2._route_tables) - before))
        _checked(ec2._create_route(_params(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)))
        for subnet in public:
            _checked(ec2._associate_route_table(_params(RouteTableId=table, SubnetId=subnet)))
    if egress == "endpoints":
        group = _endpoint_group(wanted["vpc"])
        for service in wanted["endpoint_services"]:
            name = "com.amazonaws.iam" if service == "iam" else f"com.amazonaws.{region}.{service}"
            endpoints.add_for_aws_service(vpc, name, list(wanted["subnets"])[:2], group)
        for service in wanted["gateway_services"]:
            gateway_endpoints.added(vpc, f"com.amazonaws.{region}.{service}", [main])
        return
    target = {"nat": "NatGatewayId", "tgw": "TransitGatewayId"}[egress]
    value = {target: f"{egress}-{vpc[4:]}"}
    _checked(ec2._create_route(_params(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", **value)))


def _endpoint_group(vpc: dict[str, t.Any]) -> str:
    """A group of the network's team, which lets the whole VPC in."""
    described = {"GroupName": "vpc-endpoints", "GroupDescription": "Endpoints", "VpcId": vpc["id"]}
    before = set(ec2._security_groups)
    _checked(ec2._create_security_group(_params(**described)))
    group = next(iter(set(ec2._security_groups) - before))
    open_to_the_vpc = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": vpc["cidr"]}]}
    empty: dict[str, t.Any] = {"Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
    ec2._security_groups[group]["IpPermissions"] = [{**open_to_the_vpc, **empty}]
    return group


def _ecs_role() -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    path = "/aws-service-role/ecs.amazonaws.com/"
    role = _params(RoleName="AWSServiceRoleForECS", Path=path, AssumeRolePolicyDocument=document)
    _checked(iam._create_role(role))


def _certificate(account: str, region: str, certificate: dict[str, t.Any]) -> None:
    arn = f"arn:aws:acm:{region}:{account}:certificate/{certificate['id']}"
    certificates.issued(arn, certificate["domain"])
    if "days_left" in certificate:
        # Half a day more, so that the number of whole days stays the same during a test.
        acm._certificates[arn]["NotAfter"] = acm._future_iso(int((certificate["days_left"] + 0.5) * 86_400))


def _hosted_zone(zone_id: str, name: str) -> None:
    body = (
        '<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
        f"<Name>{name}</Name><CallerReference>{zone_id}</CallerReference></CreateHostedZoneRequest>"
    )
    with mock.patch.object(route53, "_zone_id", return_value=zone_id):
        _checked(route53._create_hosted_zone(body.encode(), {}))
