# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interface endpoints and PrivateLink services as AWS has them: discovery, states that take time, refusals, DNS names.

Source: EC2 API reference (CreateVpcEndpoint, ModifyVpcEndpoint, DescribeVpcEndpointServices); PrivateLink guide.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import time
import typing as t

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2

from ..settings import Settings
from . import aws_services, client_tokens, control, endpoint_answers, gateway_endpoints
from .cloudformation_pace import pace
from .endpoint_answers import items
from .endpoint_interfaces import interface_id

MANAGEMENT_PLANE = "com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2"
# Share of the whole stack's time until an endpoint is available, and until it is gone.
_PENDING_SHARE = 0.1
DELETING_SHARE = 0.05
# DescribeVpcEndpoints says NotFound this often right after the creation (eventual consistency).
_UNSEEN_LOOKS = 1


@dataclasses.dataclass
class Service:
    """A PrivateLink service that someone offers.

    :param supported_regions: from where it can be reached; empty means everywhere.
    """

    service_name: str
    service_region: str
    zones: list[str]
    zone_ids: list[str]
    private_dns_name: str = ""
    acceptance_required: bool = False
    supported_regions: list[str] = dataclasses.field(default_factory=list)

    def seen_from(self, region: str, asked_regions: t.Collection[str]) -> bool:
        """Whether a discovery in this region finds it; elsewhere its own region has to be asked for."""
        if region == self.service_region:
            return True
        admitted = not self.supported_regions or region in self.supported_regions
        return self.service_region in asked_regions and admitted


_services: dict[str, Service] = {}


def reset() -> None:
    """Only the management plane's service."""
    _services.clear()
    zones = [f"us-east-1{letter}" for letter in "abcd"]
    ids = [f"use1-az{number}" for number in (1, 2, 3, 4)]
    _services[MANAGEMENT_PLANE] = Service(MANAGEMENT_PLANE, "us-east-1", zones, ids, "app.gitpod.io")


def _service(name: str) -> Service | None:
    """Somebody's service, or one of AWS's own."""
    if name in _services:
        return _services[name]
    region = aws_services.IAM_REGION if name == aws_services.IAM else get_region()
    if name not in aws_services.interface_names(region):
        return None
    zones = [f"{region}{letter}" for letter in "abcd"]
    ids = [ec2._az_id_for_zone_name(zone) for zone in zones]
    return Service(name, region, zones, ids, aws_services.host(name, region))


def _flag(params: t.Mapping[str, t.Any], key: str, default: bool) -> bool:
    return str(ec2._p(params, key) or default).lower() == "true"


def _zone(subnet: str) -> str:
    return str(ec2._subnets.get(subnet, {}).get("AvailabilityZone", ""))


def _refusal(params: dict[str, t.Any], vpc: str, subnets: list[str], service: Service | None) -> t.Any:
    """AWS's answer to a request that it does not accept, or None."""
    region = get_region()
    name = ec2._p(params, "ServiceName")
    asked = [ec2._p(params, "ServiceRegion")] if ec2._p(params, "ServiceRegion") else []
    if vpc not in ec2._vpcs:
        return ec2._error("InvalidVpcId.NotFound", f"The vpc ID '{vpc}' does not exist", 400)
    missing = [subnet for subnet in subnets if subnet not in ec2._subnets]
    if missing:
        return ec2._error("InvalidSubnetID.NotFound", f"The subnet ID '{missing[0]}' does not exist", 400)
    if service is None or not service.seen_from(region, asked):
        return ec2._error("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist", 400)
    zones = [_zone(subnet) for subnet in subnets]
    if len(set(zones)) < len(zones):
        return ec2._error("DuplicateSubnetsInSameZone", "Found another endpoint subnet in the availability zone", 400)
    foreign = [subnet for subnet in subnets if not _offered(service, subnet)]
    if region == service.service_region and foreign:
        message = f"The VPC endpoint service {name} does not support the availability zone of the subnet"
        return ec2._error("InvalidParameter", f"{message}: {foreign[0]}.", 400)
    if _flag(params, "PrivateDnsEnabled", True):
        if service.acceptance_required:
            return ec2._error("InvalidParameter", _NOT_ACCEPTED.format(name), 400)
        return _private_dns_refusal(vpc, service, "")
    return None


_NOT_ACCEPTED = "Private DNS can only be enabled after the endpoint connection is accepted by the owner of {}."


def _offered(service: Service, subnet: str) -> bool:
    return _zone(subnet) in service.zones or ec2._subnets[subnet]["AvailabilityZoneId"] in service.zone_ids


def _private_dns_refusal(vpc: str, service: Service, own_id: str) -> t.Any:
    record = ec2._vpcs[vpc]
    if not (record.get("EnableDnsSupport", True) and record.get("EnableDnsHostnames", False)):
        message = (
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true"
        )
        return ec2._error("InvalidParameter", f"{message} for {vpc}", 400)
    for other in ec2._vpc_endpoints.values():
        same = other["VpcId"] == vpc and other["ServiceName"] == service.service_name
        has_name = other.get("PrivateDnsEnabled") and state_now(other) != "deleted"
        if same and other["VpcEndpointId"] != own_id and has_name:
            message = (
                f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for"
                f" {service.private_dns_name} in the VPC {vpc}"
            )
            return ec2._error("InvalidParameter", message, 400)
    return None


def _create(params: dict[str, t.Any]) -> t.Any:
    if (ec2._p(params, "VpcEndpointType") or "Gateway") != "Interface":
        return gateway_endpoints.create(params, _created)
    answered = client_tokens.answer(params, ec2._vpc_endpoints.values())
    if answered:
        return answered if not isinstance(answered, dict) else _created(answered)
    vpc, subnets = ec2._p(params, "VpcId"), ec2._parse_member_list(params, "SubnetId")
    service = _service(ec2._p(params, "ServiceName"))
    refusal = _refusal(params, vpc, subnets, service)
    if refusal:
        return refusal
    endpoint_id = f"vpce-0{secrets.token_hex(8)}"
    groups = ec2._parse_member_list(params, "SecurityGroupId")
    record = {
        "VpcEndpointId": endpoint_id,
        "VpcEndpointType": "Interface",
        "VpcId": vpc,
        "ServiceName": ec2._p(params, "ServiceName"),
        "ServiceRegion": service.service_region if service else "",
        "State": "pendingAcceptance" if service and service.acceptance_required else "pending",
        "SubnetIds": subnets,
        "Groups": groups or [_default_group(vpc)],
        "PrivateDnsEnabled": _flag(params, "PrivateDnsEnabled", True),
        "IpAddressType": ec2._p(params, "IpAddressType") or "ipv4",
        "PolicyDocument": ec2._p(params, "PolicyDocument") or _FULL_ACCESS,
        "OwnerId": get_account_id(),
        "_request": client_tokens.asked(params),
        "CreationTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "_since": time.monotonic(),
        "_unseen": _UNSEEN_LOOKS,
        "_region": get_region(),
    }
    ec2._vpc_endpoints[endpoint_id] = record
    ec2._parse_tag_specs(params, "vpc-endpoint", endpoint_id)
    return _created(record)


def _created(record: dict[str, t.Any]) -> t.Any:
    return ec2._xml(200, "CreateVpcEndpointResponse", _xml(record, "vpcEndpoint"))


def add_for_aws_service(vpc: str, service: str, subnets: list[str], group: str = "") -> None:
    """An interface endpoint for one of AWS's own services, which has long been there."""
    endpoint_id = f"vpce-0{secrets.token_hex(8)}"
    ec2._vpc_endpoints[endpoint_id] = {
        "VpcEndpointId": endpoint_id,
        "VpcEndpointType": "Interface",
        "VpcId": vpc,
        "ServiceName": service,
        "ServiceRegion": aws_services.IAM_REGION if service == aws_services.IAM else get_region(),
        "State": "available",
        "SubnetIds": subnets,
        "Groups": [group or _default_group(vpc)],
        "PrivateDnsEnabled": True,
        "IpAddressType": "ipv4",
        "PolicyDocument": _FULL_ACCESS,
        "OwnerId": get_account_id(),
        "CreationTimestamp": "2026-01-15T08:00:00Z",
        "_region": get_region(),
    }


_FULL_ACCESS = json.dumps({"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]})


def _default_group(vpc: str) -> str:
    groups = ec2._security_groups.values()
    return next((g["GroupId"] for g in groups if g.get("VpcId") == vpc and g.get("GroupName") == "default"), "")


def state_now(record: dict[str, t.Any]) -> str:
    """The state now: pending becomes available, deleting becomes gone."""
    age = time.monotonic() - record.get("_since", 0.0)
    if record["State"] == "pending" and age >= pace.stack_seconds * _PENDING_SHARE:
        record["State"] = "available"
    if record["State"] == "deleting" and age >= pace.stack_seconds * DELETING_SHARE:
        record["State"] = "deleted"
    return str(record["State"])


def dns_names(record: t.Mapping[str, t.Any]) -> list[str]:
    """The endpoint's names: regional, one a zone, and the service's own with private DNS."""
    endpoint, service = record["VpcEndpointId"], record["ServiceName"].rsplit(".", 1)[-1]
    region = record.get("ServiceRegion") or record.get("_region", "")
    tail = f"{service}.{region}.vpce.amazonaws.com"
    names = [f"{endpoint}-{endpoint[-8:]}.{tail}"]
    names += [f"{endpoint}-{endpoint[-8:]}-{_zone(subnet)}.{tail}" for subnet in record.get("SubnetIds", [])]
    offered = _service(record["ServiceName"])
    if record.get("PrivateDnsEnabled") and offered and offered.private_dns_name:
        names.append(offered.private_dns_name)
    return names


def _xml(record: dict[str, t.Any], tag: str = "item") -> str:
    state = state_now(record)
    text = str(_ministack_xml({**record, "State": state}, tag))
    if record["VpcEndpointType"] != "Interface":
        return text.replace(f"</{tag}>", f"{gateway_endpoints.more(record)}</{tag}>")
    interfaces = [interface_id(record["VpcEndpointId"], subnet) for subnet in record["SubnetIds"]]
    ready = state == "available"
    error = record.get("_error")
    extra = (
        endpoint_answers.groups(record["Groups"])
        + items("networkInterfaceIdSet", interfaces if ready else [])
        + endpoint_answers.dns_entries(record["VpcEndpointId"], dns_names(record) if ready else [])
        + "<requesterManaged>false</requesterManaged>"
        + "<dnsOptions><dnsRecordIpType>ipv4</dnsRecordIpType></dnsOptions>"
        + f"<privateDnsEnabled>{str(record['PrivateDnsEnabled']).lower()}</privateDnsEnabled>"
        + f"<ipAddressType>{record['IpAddressType']}</ipAddressType>"
        + f"<policyDocument>{ec2._esc(record['PolicyDocument'])}</policyDocument>"
        + f"<serviceRegion>{record['ServiceRegion']}</serviceRegion>"
        + f"<creationTimestamp>{record['CreationTimestamp']}</creationTimestamp>"
        + (f"<lastError><code>{error[0]}</code><message>{error[1]}</message></lastError>" if error else "")
        + (f"<failureReason>{record['_failure']}</failureReason>" if record.get("_failure") else "")
    )
    return text.replace(f"</{tag}>", f"{extra}</{tag}>")


def _matches(record: dict[str, t.Any], filters: t.Mapping[str, list[str]]) -> bool:
    tags = {entry["Key"]: entry["Value"] for entry in ec2._tags.get(record["VpcEndpointId"], [])}
    values = {
        "vpc-id": record["VpcId"],
        "vpc-endpoint-id": record["VpcEndpointId"],
        "service-name": record["ServiceName"],
        "service-region": record.get("ServiceRegion", ""),
        "vpc-endpoint-state": state_now(record),
        "vpc-endpoint-type": record["VpcEndpointType"],
        **{f"tag:{key}": value for key, value in tags.items()},
    }
    return all(values.get(name) in wanted for name, wanted in filters.items())


def _describe(params: dict[str, t.Any]) -> t.Any:
    wanted = ec2._parse_member_list(params, "VpcEndpointId")
    filters = ec2._parse_filters(params)
    for endpoint_id in wanted:
        record = ec2._vpc_endpoints.get(endpoint_id)
        unseen = record is not None and record.get("_unseen", 0) > 0
        if record is not None and unseen:
            record["_unseen"] -= 1
        if record is None or unseen or state_now(record) == "deleted":
            message = f"The Vpc Endpoint Id '{endpoint_id}' does not exist"
            return ec2._error("InvalidVpcEndpointId.NotFound", message, 400)
    found = [
        record
        for record in ec2._vpc_endpoints.values()
        if (not wanted or record["VpcEndpointId"] in wanted)
        and _matches(record, filters)
        and state_now(record) != "deleted"
        and (wanted or not record.get("_unlisted"))
    ]
    described = "".join(_xml(record) for record in found)
    return ec2._xml(200, "DescribeVpcEndpointsResponse", f"<vpcEndpointSet>{described}</vpcEndpointSet>")


def _modify(params: dict[str, t.Any]) -> t.Any:
    record = ec2._vpc_endpoints.get(ec2._p(params, "VpcEndpointId"))
    if record is None:
        return _ministack_modify(params)
    if record["VpcEndpointType"] != "Interface":
        return gateway_endpoints.modify(record, params)
    state = state_now(record)
    if state not in ("available", "pendingAcceptance", "pending"):
        return ec2._error("IncorrectState", f"The endpoint is {state}", 400)
    taken = {_zone(subnet) for subnet in record["SubnetIds"]}
    doubled = [subnet for subnet in ec2._parse_member_list(params, "AddSubnetId") if _zone(subnet) in taken]
    if doubled:
        message = f"Found another VPC endpoint subnet in the availability zone of {doubled[0]}"
        return ec2._error("DuplicateSubnetsInSameZone", message, 400)
    unknown = _not_there(record, params)
    if unknown:
        return ec2._error("InvalidParameter", f"{unknown} is not associated with the endpoint", 400)
    dns = ec2._p(params, "PrivateDnsEnabled").lower()
    if dns == "true":
        if state == "pendingAcceptance":
            return ec2._error("InvalidParameter", _NOT_ACCEPTED.format(record["ServiceName"]), 400)
        service = _service(record["ServiceName"])
        refusal = _private_dns_refusal(record["VpcId"], service, record["VpcEndpointId"]) if service else None
        if refusal:
            return refusal
    _apply(record, params, dns)
    return ec2._xml(200, "ModifyVpcEndpointResponse", "<return>true</return>")


def _not_there(record: dict[str, t.Any], params: dict[str, t.Any]) -> str:
    """What a call takes away that the endpoint has not; that AWS refuses it is assumed, because nobody recorded it."""
    for key, name in (("SubnetIds", "SubnetId"), ("Groups", "SecurityGroupId")):
        for entry in ec2._parse_member_list(params, f"Remove{name}"):
            if entry not in record[key]:
                return str(entry)
    return ""


def _apply(record: dict[str, t.Any], params: dict[str, t.Any], dns: str) -> None:
    for key, name in (("SubnetIds", "SubnetId"), ("Groups", "SecurityGroupId")):
        removed = ec2._parse_member_list(params, f"Remove{name}")
        kept = [entry for entry in record[key] if entry not in removed]
        record[key] = kept + [entry for entry in ec2._parse_member_list(params, f"Add{name}") if entry not in kept]
    if dns:
        record["PrivateDnsEnabled"] = dns == "true"
    for key in ("PolicyDocument", "IpAddressType"):
        record[key] = ec2._p(params, key) or record[key]


def _delete(params: dict[str, t.Any]) -> t.Any:
    unsuccessful = ""
    for endpoint_id in ec2._parse_member_list(params, "VpcEndpointId"):
        record = ec2._vpc_endpoints.get(endpoint_id)
        if record is None or state_now(record) == "deleted":
            error = "<code>InvalidVpcEndpoint.NotFound</code><message>The endpoint does not exist</message>"
            unsuccessful += f"<item><resourceId>{endpoint_id}</resourceId><error>{error}</error></item>"
        else:
            record.update(State="deleting", _since=time.monotonic())
            gateway_endpoints.unroute(record)
    return ec2._xml(200, "DeleteVpcEndpointsResponse", f"<unsuccessful>{unsuccessful}</unsuccessful>")


def _describe_services(params: dict[str, t.Any]) -> t.Any:
    asked = ec2._parse_member_list(params, "ServiceName")
    ours = [name for name in asked if "vpce-svc" in name]
    regions = ec2._parse_member_list(params, "ServiceRegion")
    if not ours:
        status, headers, body = _ministack_services(params)
        if regions and get_region() not in regions:
            # Of another region, what is offered across regions; the bed has IAM alone.
            nothing = "<serviceNameSet/><serviceDetailSet></serviceDetailSet>"
            body = ec2._xml(200, "DescribeVpcEndpointServicesResponse", nothing)[2]
        corrected = aws_services.corrected(body.decode())
        status, headers, body = endpoint_answers.of_aws((status, headers, corrected.encode()))
        told = aws_services.with_iam(body.decode(), ec2._parse_filters(params), asked, regions)
        return status, headers, told.encode()
    details = ""
    for name in ours:
        service = _services.get(name)
        if service is None or not service.seen_from(get_region(), regions):
            return ec2._error("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist", 400)
        here = get_region() == service.service_region
        details += endpoint_answers.of_others(service, here)
    names = items("serviceNameSet", ours)
    body = f"{names}<serviceDetailSet>{details}</serviceDetailSet>"
    return ec2._xml(200, "DescribeVpcEndpointServicesResponse", body)


def handle_services(method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST offers or changes a service, GET lists them."""
    if method == "POST":
        known = dataclasses.asdict(_services[body["service_name"]]) if body["service_name"] in _services else {}
        service = Service(**{**known, **body})
        _services[service.service_name] = service
    return {"services": [dataclasses.asdict(service) for service in _services.values()]}


def handle_endpoints(method: str, body: dict[str, t.Any], query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST /<id> sets C(state), C(last_error) (code and message), C(failure_reason), C(unlisted) (lists leave it out),
    C(unseen), the number of looks that do not find it, and C(addresses) by subnet, of an endpoint, whatever its region.
    """
    for (_account, _region, endpoint_id), record in list(ec2._vpc_endpoints._data.items()):
        if method == "POST" and endpoint_id == query["rest"]:
            record["State"] = body.get("state", record["State"])
            record["_since"] = time.monotonic()
            record["_error"], record["_failure"] = body.get("last_error"), body.get("failure_reason")
            record["_unlisted"] = body.get("unlisted", False)
            record["_unseen"] = body.get("unseen", record.get("_unseen", 0))
            record["_addresses"] = body.get("addresses", {})
            return {"id": endpoint_id, "state": record["State"]}
    raise ValueError(f"no endpoint {query['rest']}")


_ministack_modify = ec2._modify_vpc_endpoint
_ministack_services = ec2._describe_vpc_endpoint_services
_ministack_xml = ec2._vpce_fields_xml


def install(_settings: Settings) -> None:
    """Change ministack's endpoints in place."""
    reset()
    aws_services.install(_settings)
    ec2._vpce_fields_xml = _xml
    ec2._ACTION_MAP.update(
        {
            "CreateVpcEndpoint": _create,
            "DeleteVpcEndpoints": _delete,
            "DescribeVpcEndpoints": _describe,
            "DescribeVpcEndpointServices": _describe_services,
            "ModifyVpcEndpoint": _modify,
        }
    )
    control.register("/_testbed/endpoint-services", handle_services)
    control.register("/_testbed/endpoints", handle_endpoints)
