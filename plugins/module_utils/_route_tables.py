# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tables of a VPC: which one a subnet has, and where its routes lead."""

from __future__ import annotations

import dataclasses
import typing as t

Raw = t.Mapping[str, t.Any]
# Where a route can lead; a route has exactly one of them.
_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "NetworkInterfaceId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "InstanceId",
)


@dataclasses.dataclass(frozen=True)
class Route:
    """A route.

    :param destination: address range, or the ID of a prefix list.
    :param target: ID of the gateway, interface, endpoint, ...; C(local) inside the VPC.
    :param active: false when the target is gone (black hole).
    """

    destination: str
    target: str
    active: bool = True


@dataclasses.dataclass(frozen=True)
class RouteTable:
    """A route table; the main one also serves subnets that no table names."""

    id: str
    main: bool
    subnet_ids: tuple[str, ...]
    routes: tuple[Route, ...]


def read(ec2: t.Any, vpc_id: str) -> tuple[RouteTable, ...]:
    """The VPC's route tables."""
    pages = ec2.get_paginator("describe_route_tables").paginate(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
    return tuple(_route_table(raw) for page in pages for raw in page["RouteTables"])


def _route_table(raw: Raw) -> RouteTable:
    associations = raw.get("Associations", [])
    return RouteTable(
        id=raw["RouteTableId"],
        main=any(entry.get("Main") for entry in associations),
        subnet_ids=tuple(entry["SubnetId"] for entry in associations if entry.get("SubnetId")),
        routes=tuple(_route(entry) for entry in raw.get("Routes", [])),
    )


def _route(raw: Raw) -> Route:
    keys = ("DestinationCidrBlock", "DestinationPrefixListId", "DestinationIpv6CidrBlock")
    destination = next((raw[key] for key in keys if raw.get(key)), "")
    target = next((raw[key] for key in _TARGETS if raw.get(key)), "")
    return Route(destination, target, raw.get("State", "active") == "active")


def table_of(subnet_id: str, tables: t.Sequence[RouteTable]) -> RouteTable | None:
    """The subnet's own route table, or else the VPC's main one."""
    own = [table for table in tables if subnet_id in table.subnet_ids]
    return next(iter([*own, *(table for table in tables if table.main)]), None)
