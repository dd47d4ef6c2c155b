# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls of EC2 take: each resource that a call touches is judged for itself.

Source: Service Authorization Reference, "Amazon EC2"; EC2 user guide, "Grant permission to tag resources during
creation"; PrivateLink guide, "Cross-Region" (vpce:AllowMultiRegion) and "Private DNS" (route53:Associate...).
"""

from __future__ import annotations

import typing as t

from ministack.core.responses import request_scope
from ministack.services import ec2

from .need import Context, Need, Request, asked_tags, present_tags, tags_of

KINDS = {
    "sg": "security-group",
    "vpce": "vpc-endpoint",
    "vpc": "vpc",
    "subnet": "subnet",
    "rtb": "route-table",
    "eni": "network-interface",
    "i": "instance",
}
NEW_ENDPOINT, NEW_GROUP, HIDDEN_ZONE = "vpce-0new0000000000000", "sg-0new0000000000000", "Z0HIDDEN0ENDPOINT"
_RULES = ("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "UpdateSecurityGroupRuleDescriptionsIngress")


def _arn(request: Request, identifier: str) -> str:
    return request.arn("ec2", f"{KINDS[identifier.partition('-')[0]]}/{identifier}")


def _present(request: Request, identifier: str) -> Context:
    """Condition keys of something that exists: its tags and where it is."""
    with request_scope(request.account, request.region):
        record = ec2._vpc_endpoints.get(identifier) or ec2._security_groups.get(identifier) or {}
        tags = tags_of(ec2._tags.get(identifier) or record.get("Tags") or [])
    found = present_tags(tags, "ec2")
    kind = identifier.partition("-")[0]
    if kind == "vpc":
        found["ec2:VpcID"] = identifier
    if kind == "subnet":
        found["ec2:SubnetID"] = identifier
    if kind == "sg":
        found["ec2:SecurityGroupID"] = identifier
    if kind == "vpce" and record:
        found["ec2:VpceServiceName"] = str(record.get("ServiceName", ""))
        found["ec2:VpceServiceRegion"] = str(record.get("ServiceRegion") or request.region)
    with request_scope(request.account, request.region):
        vpc = (ec2._security_groups.get(identifier) or ec2._subnets.get(identifier) or {}).get("VpcId")
    if vpc:
        found["ec2:Vpc"] = request.arn("ec2", f"vpc/{vpc}")
    return found


def _touched(request: Request, action: str, identifiers: t.Iterable[str], extra: Context | None = None) -> list[Need]:
    return [
        Need(action, _arn(request, identifier), {**_present(request, identifier), **(extra or {})})
        for identifier in identifiers
        if identifier.partition("-")[0] in KINDS
    ]


def _specified(request: Request) -> dict[str, str]:
    """The tags that a creation asks for."""
    return tags_of(
        {"Key": value, "Value": request.text(key.removesuffix(".Key") + ".Value")}
        for key, value in request.parameters.items()
        if key.startswith("TagSpecification") and key.endswith(".Key")
    )


def _created(request: Request, action: str, identifier: str, extra: Context | None = None) -> list[Need]:
    """The creation of something, and of its tags."""
    tags, kind = _specified(request), KINDS[identifier.partition("-")[0]]
    arn, told = _arn(request, identifier), request.arn("ec2", f"{kind}/*")
    found = [Need(action, arn, {**asked_tags(tags), **(extra or {})}, told)]
    if tags:
        with_action: Context = {"ec2:CreateAction": request.call.operation, **asked_tags(tags)}
        found.append(Need("ec2:CreateTags", arn, with_action, told))
    return found


def _private_dns(request: Request, vpc: str) -> list[Need]:
    """A private name takes a hidden hosted zone for the VPC."""
    context: Context = {"route53:VPCs": [f"VPCId={vpc},VPCRegion={request.region}"]}
    zone = request.arn("route53", f"hostedzone/{HIDDEN_ZONE}", "", "")
    told = request.arn("route53", "hostedzone/*", "", "")
    return [Need("route53:AssociateVPCWithHostedZone", zone, context, told), Need("ec2:DescribeVpcs")]


def _create_endpoint(request: Request) -> list[Need]:
    action, vpc = "ec2:CreateVpcEndpoint", request.text("VpcId")
    service_region = request.text("ServiceRegion") or request.region
    cross = service_region != request.region
    extra: Context = {
        "ec2:VpceServiceName": request.text("ServiceName"),
        "ec2:VpceServiceRegion": service_region,
        "ec2:VpceMultiRegion": str(cross).lower(),
    }
    others = [vpc, *request.texts("SubnetId"), *request.texts("SecurityGroupId"), *request.texts("RouteTableId")]
    found = [*_created(request, action, NEW_ENDPOINT, extra), *_touched(request, action, others)]
    if cross:
        told = request.arn("ec2", "vpc-endpoint/*")
        # aws/aws-cdk#36216 has such a refusal's words.
        found.append(Need("vpce:AllowMultiRegion", _arn(request, NEW_ENDPOINT), {}, told, action))
    interface = request.text("VpcEndpointType") == "Interface"
    if interface and request.text("PrivateDnsEnabled").lower() != "false":
        found += _private_dns(request, vpc)
    return found


def _modify_endpoint(request: Request) -> list[Need]:
    identifier = request.text("VpcEndpointId")
    kinds = ("SubnetId", "SecurityGroupId", "RouteTableId")
    lists = [f"{verb}{kind}" for verb in ("Add", "Remove") for kind in kinds]
    touched = [identifier, *(value for name in lists for value in request.texts(name))]
    found = _touched(request, "ec2:ModifyVpcEndpoint", touched)
    if request.text("PrivateDnsEnabled").lower() == "true":
        with request_scope(request.account, request.region):
            vpc = str((ec2._vpc_endpoints.get(identifier) or {}).get("VpcId", ""))
        found += _private_dns(request, vpc)
    return found


def _create_group(request: Request) -> list[Need]:
    action = "ec2:CreateSecurityGroup"
    return [*_created(request, action, NEW_GROUP), *_touched(request, action, [request.text("VpcId")])]


def _tags(request: Request) -> list[Need]:
    entries = request.structures("Tag")
    creating = request.call.operation == "CreateTags"
    named: Context = {"aws:TagKeys": [entry["Key"] for entry in entries]}
    extra = asked_tags(tags_of(entries)) if creating else named
    return _touched(request, f"ec2:{request.call.operation}", request.texts("ResourceId"), extra)


def needs(request: Request) -> list[Need] | None:
    """What the call takes, or None for one that is not written down here."""
    operation = request.call.operation
    action = f"ec2:{operation}"
    if operation in ("DescribeVpcAttribute", "ModifyVpcAttribute"):
        return _touched(request, action, [request.text("VpcId")])
    if operation.startswith("Describe"):
        return [Need(action)]
    if operation in _RULES or operation == "DeleteSecurityGroup":
        return _touched(request, action, [request.text("GroupId")])
    if operation == "DeleteVpcEndpoints":
        return _touched(request, action, request.texts("VpcEndpointId"))
    known = {
        "CreateVpcEndpoint": _create_endpoint,
        "ModifyVpcEndpoint": _modify_endpoint,
        "CreateSecurityGroup": _create_group,
        "CreateTags": _tags,
        "DeleteTags": _tags,
    }
    return known[operation](request) if operation in known else None
