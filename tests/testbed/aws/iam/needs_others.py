# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls of the smaller services take: ACM, IAM, load balancing, Route 53, S3, quotas, secrets, parameters, STS.

Source: Service Authorization Reference, one page a service; Route 53 developer guide, "Permissions required ... private
hosted zones" (ec2:DescribeVpcs); Service Quotas API reference, DependencyAccessDeniedException.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ministack.core.responses import request_scope
from ministack.services import acm, ec2, iam, secretsmanager

from .. import template_summary
from .need import Context, Need, Request, asked_tags, present_tags, tags_of

NEW_CERTIFICATE = "00000000-0000-0000-0000-000000000000"
# Services whose quotas Service Quotas asks with the caller's rights.
QUOTA_DEPENDENCIES = {
    "cloudformation": "cloudformation:DescribeAccountLimits",
    "elasticloadbalancing": "elasticloadbalancing:DescribeAccountLimits",
}
_S3_ACTIONS = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}
_KEY = re.compile(r"<Object>(.*?)</Object>", re.DOTALL)


def _acm(request: Request) -> list[Need]:
    operation = request.call.operation
    action, arn = f"acm:{operation}", request.text("CertificateArn")
    if operation == "ListCertificates":
        return [Need(action)]
    tags = tags_of(request.parameters.get("Tags") or [])
    if operation != "RequestCertificate":
        with request_scope(request.account, request.region):
            present = present_tags(tags_of((acm._certificates.get(arn) or {}).get("Tags") or []))
        return [Need(action, arn, {**present, **asked_tags(tags)})]
    names = [request.text("DomainName"), *(request.parameters.get("SubjectAlternativeNames") or [])]
    context: Context = {
        "acm:DomainNames": list(dict.fromkeys(names)),
        "acm:ValidationMethod": request.text("ValidationMethod") or "EMAIL",
        "acm:KeyAlgorithm": request.text("KeyAlgorithm") or "RSA_2048",
    }
    told = request.arn("acm", "certificate/*")
    found = [Need(action, context={**context, **asked_tags(tags)}, told=told)]
    if tags:
        certificate = request.arn("acm", f"certificate/{NEW_CERTIFICATE}")
        found.append(Need("acm:AddTagsToCertificate", certificate, asked_tags(tags), told))
    return found


def _elbv2(request: Request) -> list[Need] | None:
    operation = request.call.operation
    return [Need(f"elasticloadbalancing:{operation}")] if operation.startswith("Describe") else None


def _iam(request: Request) -> list[Need] | None:
    operation = request.call.operation
    if operation == "GetRole":
        name = request.text("RoleName")
        record = iam._roles.get_scoped(request.account, None, name) or {}
        arn = str(record.get("Arn") or request.arn("iam", f"role/{name}", ""))
        return [Need("iam:GetRole", arn, told=f"role {name}")]
    if operation == "GetInstanceProfile":
        name = request.text("InstanceProfileName")
        record = iam._instance_profiles.get_scoped(request.account, None, name) or {}
        arn = str(record.get("Arn") or request.arn("iam", f"instance-profile/{name}", ""))
        return [Need("iam:GetInstanceProfile", arn, told=f"instance profile {name}")]
    if operation == "SimulatePrincipalPolicy":
        return [Need("iam:SimulatePrincipalPolicy", request.text("PolicySourceArn"))]
    return None


def _changes(body: str) -> Context:
    """Condition keys of a change of record sets."""

    def found(tag: str) -> list[str]:
        return list(dict.fromkeys(re.findall(rf"<{tag}>([^<]*)</{tag}>", body)))

    names = [urllib.parse.unquote(name).lower().rstrip(".") for name in found("Name")]
    return {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": list(dict.fromkeys(names)),
        "route53:ChangeResourceRecordSetsRecordTypes": found("Type"),
        "route53:ChangeResourceRecordSetsActions": found("Action"),
    }


def _route53(request: Request) -> list[Need] | None:
    operation = request.call.operation
    action, parts = f"route53:{operation}", request.text("path").strip("/").split("/")
    if operation == "ListHostedZones":
        return [Need(action)]
    body = request.text("body")
    if operation == "ListHostedZonesByVPC":
        vpc = f"VPCId={request.text('vpcid')},VPCRegion={request.text('vpcregion')}"
        return [Need(action, context={"route53:VPCs": [vpc]}), Need("ec2:DescribeVpcs")]
    if operation == "GetChange":
        return [Need(action, request.arn("route53", f"change/{parts[2]}", "", ""))]
    zone = request.arn("route53", f"hostedzone/{parts[2]}", "", "") if len(parts) > 2 else ""
    if operation == "ChangeResourceRecordSets":
        return [Need(action, zone, _changes(body))]
    if operation in ("GetHostedZone", "ListResourceRecordSets"):
        return [Need(action, zone)]
    if operation == "AssociateVPCWithHostedZone":
        found = dict(re.findall(r"<(VPCId|VPCRegion)>([^<]*)<", body))
        value = f"VPCId={found.get('VPCId', '')},VPCRegion={found.get('VPCRegion', '')}"
        return [Need(action, zone, {"route53:VPCs": [value]}), Need("ec2:DescribeVpcs")]
    return None


def _s3(request: Request) -> list[Need]:
    operation = request.call.operation
    bucket, _slash, key = urllib.parse.unquote(request.text("path")).lstrip("/").partition("/")
    arn = request.arn("s3", bucket, "", "")
    if operation == "DeleteObjects":
        found = [_deleted(arn, entry) for entry in _KEY.findall(request.text("body"))]
        return list({(need.action, need.resource): need for need in found}.values())
    action = f"s3:{_S3_ACTIONS.get(operation, operation)}"
    listing = [] if operation not in ("GetObject", "HeadObject") or _is_there(request, bucket, key) else [_listing(arn)]
    if action in ("s3:GetObject", "s3:DeleteObject") and request.text("versionId"):
        action += "Version"
    resource = f"{arn}/{key}" if key else arn
    return [Need(action, resource, told=f'"{resource}"'), *listing]


def _is_there(request: Request, bucket: str, key: str) -> bool:
    public = template_summary.template_bodies.get(f"https://{bucket}.s3.amazonaws.com/{key}")
    with request_scope(request.account, request.region):
        return public is not None or template_summary._object(bucket, key) is not None


def _listing(arn: str) -> Need:
    """Only who may list a bucket is told that an object is not there; others are refused (API reference, GetObject)."""
    return Need("s3:ListBucket", arn, told=f'"{arn}"')


def _deleted(arn: str, entry: str) -> Need:
    key = re.search(r"<Key>(.*?)</Key>", entry, re.DOTALL)
    versioned = "<VersionId>" in entry
    resource = f"{arn}/{key[1] if key else ''}"
    return Need("s3:DeleteObjectVersion" if versioned else "s3:DeleteObject", resource, told=f'"{resource}"')


def _secretsmanager(request: Request) -> list[Need]:
    name = request.text("SecretId")
    with request_scope(request.account, request.region):
        stored: list[dict[str, t.Any]] = list(secretsmanager._secrets.values())
    record = next((entry for entry in stored if name in (entry.get("Name"), entry.get("ARN"))), {})
    guessed = name if name.startswith("arn:") else request.arn("secretsmanager", f"secret:{name}")
    arn, tags = str(record.get("ARN") or guessed), tags_of(record.get("Tags") or [])
    return [Need(f"secretsmanager:{request.call.operation}", arn, present_tags(tags))]


def _quotas(request: Request) -> list[Need]:
    action, service = f"servicequotas:{request.call.operation}", request.text("ServiceCode")
    if request.call.operation != "GetServiceQuota":
        return [Need(action)]
    quota = request.arn("servicequotas", f"{service}/{request.text('QuotaCode')}")
    found = [Need(action, quota, {"servicequotas:service": service})]
    if service in QUOTA_DEPENDENCIES:
        found.append(Need(QUOTA_DEPENDENCIES[service], refusal="dependency"))
    return found


def _command(request: Request) -> list[Need]:
    """Sending a command takes its document, which is AWS's own, and each instance."""
    action, document = "ssm:SendCommand", request.text("DocumentName")
    owner = "" if document.startswith("AWS-") else request.account
    found = [Need(action, request.arn("ssm", f"document/{document}", account=owner))]
    for instance in request.parameters.get("InstanceIds") or []:
        with request_scope(request.account, request.region):
            tags = tags_of(ec2._tags.get(instance) or [])
        managed = instance.startswith("mi-")
        arn = (
            request.arn("ssm", f"managed-instance/{instance}")
            if managed
            else request.arn("ec2", f"instance/{instance}")
        )
        context = {**present_tags(tags), **{f"ssm:resourceTag/{key}": value for key, value in tags.items()}}
        found.append(Need(action, arn, context))
    return found


def _ssm(request: Request) -> list[Need] | None:
    if request.call.operation == "SendCommand":
        return _command(request)
    if request.call.operation in ("DescribeInstanceInformation", "GetCommandInvocation", "CancelCommand"):
        return [Need(f"ssm:{request.call.operation}")]
    if request.call.operation not in ("GetParameter", "PutParameter"):
        return None
    name = request.text("Name").split(":")[0] if not request.text("Name").startswith("arn:") else request.text("Name")
    arn = name if name.startswith("arn:") else request.arn("ssm", f"parameter/{name.lstrip('/')}")
    return [Need(f"ssm:{request.call.operation}", arn)]


def _sts(request: Request) -> list[Need] | None:
    if request.call.operation == "GetCallerIdentity":
        return []
    if request.call.operation != "AssumeRole":
        return None
    context: Context = {"sts:RoleSessionName": request.text("RoleSessionName")}
    if request.text("ExternalId"):
        context["sts:ExternalId"] = request.text("ExternalId")
    return [Need("sts:AssumeRole", request.text("RoleArn"), context)]


def _cloudwatch(request: Request) -> list[Need]:
    """Statistics of metrics have no resource."""
    return [Need(f"cloudwatch:{request.call.operation}")]


SERVICES: t.Mapping[str, t.Callable[[Request], list[Need] | None]] = {
    "acm": _acm,
    "cloudwatch": _cloudwatch,
    "elbv2": _elbv2,
    "iam": _iam,
    "route53": _route53,
    "s3": _s3,
    "secretsmanager": _secretsmanager,
    "service-quotas": _quotas,
    "ssm": _ssm,
    "sts": _sts,
}
