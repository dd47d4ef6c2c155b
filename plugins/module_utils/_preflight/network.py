# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network facts from EC2: one call a kind, filtered, so that what does not exist is simply not in the answer."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._paging import every
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    AclEntry,
    NetworkAcl,
    Permission,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcDns,
    VpcEndpoint,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint

Raw = t.Mapping[str, t.Any]


def _filter(name: str, *values: str) -> list[dict[str, t.Any]]:
    return [{"Name": name, "Values": list(values)}]


def zones(ec2: t.Any) -> tuple[str, ...]:
    """Names of the Availability Zones that the account can use; Local Zones are not among them."""
    found = ec2.describe_availability_zones(aws_retry=True)["AvailabilityZones"]
    return tuple(
        sorted(raw["ZoneName"] for raw in found if raw.get("ZoneType", "availability-zone") == "availability-zone")
    )


def vpc(ec2: t.Any, vpc_id: str) -> Vpc | None:
    """The VPC, or C(None)."""
    found = every(ec2.describe_vpcs, "Vpcs", Filters=_filter("vpc-id", vpc_id))
    if not found:
        return None
    ranges = [entry["CidrBlock"] for entry in found[0].get("CidrBlockAssociationSet", [])]
    return Vpc(vpc_id, tuple(ranges or [found[0]["CidrBlock"]]))


def vpc_dns(ec2: t.Any, vpc_id: str) -> VpcDns:
    """Both DNS attributes; AWS gives one a call."""
    answers = [
        ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=attribute, aws_retry=True)[key]["Value"]
        for attribute, key in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames"))
    ]
    return VpcDns(*map(bool, answers))


def subnets(ec2: t.Any, ids: t.Sequence[str]) -> tuple[Subnet, ...]:
    """Those of the subnets that exist."""
    found = every(ec2.describe_subnets, "Subnets", Filters=_filter("subnet-id", *ids))
    return tuple(
        Subnet(
            id=raw["SubnetId"],
            vpc_id=raw["VpcId"],
            zone=raw["AvailabilityZone"],
            cidr=raw.get("CidrBlock", ""),
            free=int(raw.get("AvailableIpAddressCount", 0)),
            public_addresses=bool(raw.get("MapPublicIpOnLaunch", False)),
            zone_id=raw.get("AvailabilityZoneId", ""),
        )
        for raw in found
    )


def network_acls(ec2: t.Any, vpc_id: str) -> tuple[NetworkAcl, ...]:
    """The VPC's network ACLs, rules in the order in which they count."""
    pages = ec2.get_paginator("describe_network_acls").paginate(Filters=_filter("vpc-id", vpc_id))
    return tuple(
        NetworkAcl(
            id=raw["NetworkAclId"],
            subnet_ids=tuple(entry["SubnetId"] for entry in raw.get("Associations", [])),
            entries=tuple(sorted(map(_entry, raw.get("Entries", [])), key=lambda entry: entry.number)),
        )
        for page in pages
        for raw in page["NetworkAcls"]
    )


def _entry(raw: Raw) -> AclEntry:
    ports = raw.get("PortRange") or {}
    return AclEntry(
        number=int(raw["RuleNumber"]),
        egress=bool(raw.get("Egress")),
        allow=raw.get("RuleAction") == "allow",
        protocol=str(raw.get("Protocol", "-1")),
        cidr=raw.get("CidrBlock") or raw.get("Ipv6CidrBlock", ""),
        first_port=int(ports.get("From", 0)),
        last_port=int(ports.get("To", 65535)),
    )


def endpoints(ec2: t.Any, vpc_id: str) -> tuple[VpcEndpoint, ...]:
    """The VPC's endpoints, those being deleted too."""
    pages = ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=_filter("vpc-id", vpc_id))
    return tuple(
        VpcEndpoint(
            Endpoint.from_api(raw), raw.get("VpcEndpointType", "Interface"), tuple(raw.get("RouteTableIds", []))
        )
        for page in pages
        for raw in page["VpcEndpoints"]
    )


def security_groups(ec2: t.Any, ids: t.Sequence[str]) -> tuple[SecurityGroup, ...]:
    """Those of the security groups that exist."""
    return _security_groups(ec2, _filter("group-id", *ids))


def _security_groups(ec2: t.Any, filters: list[dict[str, t.Any]]) -> tuple[SecurityGroup, ...]:
    found = every(ec2.describe_security_groups, "SecurityGroups", Filters=filters)
    return tuple(
        SecurityGroup(
            id=raw["GroupId"],
            name=raw.get("GroupName", ""),
            vpc_id=raw.get("VpcId", ""),
            inbound=tuple(map(_permission, raw.get("IpPermissions", []))),
            outbound=tuple(map(_permission, raw.get("IpPermissionsEgress", []))),
            tags={entry["Key"]: entry["Value"] for entry in raw.get("Tags", [])},
        )
        for raw in found
    )


def _permission(raw: Raw) -> Permission:
    keys = (
        ("IpRanges", "CidrIp"),
        ("Ipv6Ranges", "CidrIpv6"),
        ("PrefixListIds", "PrefixListId"),
        ("UserIdGroupPairs", "GroupId"),
    )
    sources = tuple(entry[key] for kind, key in keys for entry in raw.get(kind, []) if entry.get(key))
    return Permission(
        str(raw.get("IpProtocol", "-1")), int(raw.get("FromPort", 0)), int(raw.get("ToPort", 65535)), sources
    )
