# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network interfaces of endpoints: one a subnet, with an address of its range.

Source: EC2 API reference (DescribeNetworkInterfaces).
"""

from __future__ import annotations

import hashlib
import ipaddress
import typing as t

from ministack.services import ec2

from ..settings import Settings


def interface_id(endpoint_id: str, subnet_id: str) -> str:
    """The interface's ID, stable."""
    digest = hashlib.sha256(f"{endpoint_id} {subnet_id}".encode()).hexdigest()
    return f"eni-0{digest[:16]}"


def private_address(endpoint_id: str, subnet_id: str, cidr: str) -> str:
    """An address of the subnet's range; AWS keeps the first four for itself."""
    network = ipaddress.ip_network(cidr)
    digest = hashlib.sha256(f"address {endpoint_id} {subnet_id}".encode()).digest()
    return str(network[4 + int.from_bytes(digest[:2], "big") % (min(network.num_addresses, 4096) - 5)])


def addresses(record: t.Mapping[str, t.Any], subnets: t.Mapping[str, t.Any]) -> list[str]:
    """Private addresses of an endpoint's record, in the order of its subnets."""
    return [
        _address(record, subnet, subnets[subnet]["CidrBlock"]) for subnet in record["SubnetIds"] if subnet in subnets
    ]


def _address(record: t.Mapping[str, t.Any], subnet: str, cidr: str) -> str:
    """The address in a subnet; tests may order another."""
    ordered = record.get("_addresses", {}).get(subnet)
    return str(ordered or private_address(record["VpcEndpointId"], subnet, cidr))


def _describe(params: dict[str, t.Any]) -> t.Any:
    asked = ec2._parse_member_list(params, "NetworkInterfaceId")
    found = {}
    for record in ec2._vpc_endpoints.values():
        for subnet in record["SubnetIds"] if record.get("VpcEndpointType") == "Interface" else ():
            found[interface_id(record["VpcEndpointId"], subnet)] = (record, subnet)
    ours = [identifier for identifier in asked if identifier in found]
    if not ours:
        return _ministack_describe(params)
    items = "".join(_xml(identifier, *found[identifier]) for identifier in ours)
    body = f"<networkInterfaceSet>{items}</networkInterfaceSet>"
    return ec2._xml(200, "DescribeNetworkInterfacesResponse", body)


def _xml(identifier: str, record: t.Mapping[str, t.Any], subnet: str) -> str:
    place = ec2._subnets[subnet]
    address = _address(record, subnet, place["CidrBlock"])
    return (
        f"<item><networkInterfaceId>{identifier}</networkInterfaceId><subnetId>{subnet}</subnetId>"
        f"<vpcId>{place['VpcId']}</vpcId><availabilityZone>{place['AvailabilityZone']}</availabilityZone>"
        f"<description>VPC Endpoint Interface {record['VpcEndpointId']}</description><status>in-use</status>"
        f"<interfaceType>vpc_endpoint</interfaceType><privateIpAddress>{address}</privateIpAddress>"
        f"<privateIpAddressesSet><item><privateIpAddress>{address}</privateIpAddress><primary>true</primary></item>"
        "</privateIpAddressesSet></item>"
    )


_ministack_describe = ec2._describe_network_interfaces


def install(_settings: Settings) -> None:
    """Change ministack's network interfaces in place."""
    ec2._ACTION_MAP.update({"DescribeNetworkInterfaces": _describe})
