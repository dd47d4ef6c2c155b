# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gateway endpoints as AWS has them: a route in each of their route tables, one a service and table, tokens, refusals.

Source: EC2 API reference (CreateVpcEndpoint, ModifyVpcEndpoint, "Error codes": RouteAlreadyExists); PrivateLink guide,
"Gateway endpoints". The words of the refusal: hashicorp/terraform-provider-aws, issues about aws_vpc_endpoint.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
import typing as t

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2

from . import client_tokens

Record = dict[str, t.Any]
FULL_ACCESS = json.dumps(
    {"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
)


def prefix_list(service: str) -> str:
    """The list of a service's addresses, stable."""
    return "pl-" + hashlib.sha256(service.encode()).hexdigest()[:8]


def offered(service: str) -> bool:
    """Whether it is a gateway service of this region."""
    return service in {f"com.amazonaws.{get_region()}.{short}" for short in ec2._VPCE_GATEWAY_SERVICES}


def _route_refusal(service: str, vpc: str, tables: t.Iterable[str]) -> t.Any:
    for table in tables:
        record = ec2._route_tables.get(table)
        if record is None:
            return ec2._error("InvalidRouteTableID.NotFound", f"The routeTable ID '{table}' does not exist", 400)
        if record["VpcId"] != vpc:
            return ec2._error("InvalidParameter", f"Route table {table} does not belong to {vpc}", 400)
        listed = prefix_list(service)
        if any(route.get("DestinationPrefixListId") == listed for route in record["Routes"]):
            message = f"route table {table} already has a route with destination-prefix-list-id {listed}"
            return ec2._error("RouteAlreadyExists", message, 400)
    return None


def _route(record: Record, tables: t.Iterable[str]) -> None:
    for table in tables:
        ec2._route_tables[table]["Routes"].append(
            {
                "DestinationPrefixListId": prefix_list(record["ServiceName"]),
                "GatewayId": record["VpcEndpointId"],
                "State": "active",
                "Origin": "CreateRoute",
            }
        )


def unroute(record: Record, tables: t.Iterable[str] | None = None) -> None:
    """Take the endpoint's routes away, from these tables or from all."""
    for identifier, table in ec2._route_tables.items():
        if tables is None or identifier in tables:
            table["Routes"] = [route for route in table["Routes"] if route.get("GatewayId") != record["VpcEndpointId"]]


def create(params: dict[str, t.Any], told: t.Callable[[Record], t.Any]) -> t.Any:
    """The answer to CreateVpcEndpoint for a gateway.

    :param told: the answer that describes a record.
    """
    answered = client_tokens.answer(params, ec2._vpc_endpoints.values())
    if answered:
        return answered if not isinstance(answered, dict) else told(answered)
    vpc, service = ec2._p(params, "VpcId"), ec2._p(params, "ServiceName")
    tables = ec2._parse_member_list(params, "RouteTableId")
    if vpc not in ec2._vpcs:
        return ec2._error("InvalidVpcId.NotFound", f"The vpc ID '{vpc}' does not exist", 400)
    if not offered(service):
        return ec2._error("InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist", 400)
    refusal = _route_refusal(service, vpc, tables)
    if refusal:
        return refusal
    record = added(vpc, service, tables)
    record["_request"] = client_tokens.asked(params)
    ec2._parse_tag_specs(params, "vpc-endpoint", record["VpcEndpointId"])
    return told(record)


def added(vpc: str, service: str, tables: list[str]) -> Record:
    """A gateway endpoint, which is available at once."""
    endpoint_id = f"vpce-0{secrets.token_hex(8)}"
    record: Record = {
        "VpcEndpointId": endpoint_id,
        "VpcEndpointType": "Gateway",
        "VpcId": vpc,
        "ServiceName": service,
        "ServiceRegion": get_region(),
        "State": "available",
        "RouteTableIds": list(tables),
        "SubnetIds": [],
        "PolicyDocument": FULL_ACCESS,
        "OwnerId": get_account_id(),
        "CreationTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "_since": time.monotonic(),
    }
    ec2._vpc_endpoints[endpoint_id] = record
    _route(record, tables)
    return record


def modify(record: Record, params: dict[str, t.Any]) -> t.Any:
    """The answer to ModifyVpcEndpoint for a gateway."""
    adds, removes = (ec2._parse_member_list(params, f"{verb}RouteTableId") for verb in ("Add", "Remove"))
    unknown = [table for table in removes if table not in record["RouteTableIds"]]
    if unknown:
        return ec2._error("InvalidParameter", f"{unknown[0]} is not associated with the endpoint", 400)
    refusal = _route_refusal(record["ServiceName"], record["VpcId"], adds)
    if refusal:
        return refusal
    unroute(record, removes)
    _route(record, adds)
    kept = [table for table in record["RouteTableIds"] if table not in removes]
    record["RouteTableIds"] = [*kept, *(table for table in adds if table not in kept)]
    record["PolicyDocument"] = ec2._p(params, "PolicyDocument") or record["PolicyDocument"]
    return ec2._xml(200, "ModifyVpcEndpointResponse", "<return>true</return>")


def more(record: Record) -> str:
    """What ministack leaves out of the description."""
    return (
        f"<policyDocument>{ec2._esc(record.get('PolicyDocument', ''))}</policyDocument>"
        f"<creationTimestamp>{record.get('CreationTimestamp', '2026-01-15T08:00:00Z')}</creationTimestamp>"
        "<privateDnsEnabled>false</privateDnsEnabled><requesterManaged>false</requesterManaged>"
    )
