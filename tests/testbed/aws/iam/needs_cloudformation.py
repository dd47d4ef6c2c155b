# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls of CloudFormation take, beside the stack: the template's object, the service role, parameters' types.

What CloudFormation then does for the stack's resources is not judged here; only the caller's own calls are.

Source: Service Authorization Reference, "AWS CloudFormation"; CloudFormation user guide, "Control CloudFormation access
with IAM" and "Detect unmanaged configuration changes"; API reference, DescribeStacks (without a name it takes
ListStacks). Refusals name a stack that is there by its ID and one that is not by C(stack/NAME/*)
(runs-on/runs-on#27, aws-samples/aws-hpc-tutorials#271), all of them by C(stack/*/*) (jogold/cloudstructs#215).
"""

from __future__ import annotations

import re
import typing as t

from ministack.core.responses import request_scope
from ministack.services.cloudformation import _change_sets, _stacks
from ministack.services.cloudformation.engine import _parse_template

from .. import template_summary
from .need import Context, Need, Request, asked_tags, present_tags, tags_of

PASSED_TO = "cloudformation.amazonaws.com"
ABSENT = "00000000-0000-0000-0000-000000000000"
# Calls that hand on a template, tags, a service role.
_CREATING = ("CreateStack", "UpdateStack", "CreateChangeSet")
_PASSING = (*_CREATING, "DeleteStack", "ContinueUpdateRollback", "RollbackStack")
_WITHOUT_RESOURCE = ("ListStacks", "DescribeStackDriftDetectionStatus")
# Values of these types are looked up with the caller's rights before anything begins.
PARAMETER_TYPES: t.Mapping[str, str] = {
    "AWS::EC2::AvailabilityZone::Name": "ec2:DescribeAvailabilityZones",
    "AWS::EC2::Image::Id": "ec2:DescribeImages",
    "AWS::EC2::Instance::Id": "ec2:DescribeInstances",
    "AWS::EC2::KeyPair::KeyName": "ec2:DescribeKeyPairs",
    "AWS::EC2::SecurityGroup::GroupName": "ec2:DescribeSecurityGroups",
    "AWS::EC2::SecurityGroup::Id": "ec2:DescribeSecurityGroups",
    "AWS::EC2::Subnet::Id": "ec2:DescribeSubnets",
    "AWS::EC2::VPC::Id": "ec2:DescribeVpcs",
    "AWS::EC2::Volume::Id": "ec2:DescribeVolumes",
}
_LIST = re.compile(r"List<(.+)>")


def _stack(request: Request) -> tuple[str, str, Context]:
    """The stack's concrete ARN, its spelling in refusals, its tags; for a change set named by its ARN, the set's."""
    name = request.text("StackName")
    with request_scope(request.account, request.region):
        change_set = _change_sets.get(request.text("ChangeSetName")) or {}
        if not name:
            name = str(change_set.get("StackId", ""))
        wanted = [name] if not name.startswith("arn:") else [name.split("/")[1], name]
        found = next((stack for key in wanted if (stack := _stacks.get(key))), None)
        tags = present_tags(tags_of((found or {}).get("Tags") or []))
    if name.startswith("arn:"):
        return name, name, tags
    if found and found["StackStatus"] != "DELETE_COMPLETE":
        return str(found["StackId"]), str(found["StackId"]), tags
    return request.arn("cloudformation", f"stack/{name}/{ABSENT}"), request.arn("cloudformation", f"stack/{name}/*"), {}


def _object(url: str) -> Need | None:
    """Reading a document at an S3 URL, with the caller's rights, also of buckets that everyone may read."""
    location = template_summary._bucket_and_key(url) if url else None
    if not location:
        return None
    action = "s3:GetObjectVersion" if "versionId=" in url else "s3:GetObject"
    return Need(action, f"arn:aws:s3:::{location[0]}/{location[1]}", refusal="template")


def _template(request: Request) -> dict[str, t.Any]:
    """The template that the call hands on, or that the stack has."""
    body, url = request.text("TemplateBody"), request.text("TemplateURL")
    with request_scope(request.account, request.region):
        if body or url:
            params = {"TemplateBody": [body], "TemplateURL": [url]}
            body = template_summary.resolve_document(params, "TemplateBody", "TemplateURL", "template")[0] or ""
            try:
                found: dict[str, t.Any] = _parse_template(body) if body else {}
            except Exception:  # A template that is none is the call's own error, told by the call.
                found = {}
            return found
        stack = _stacks.get(request.text("StackName")) or {}
        return dict(stack.get("_template") or {})


def _looked_up(request: Request) -> list[Need]:
    """What CloudFormation looks up with the caller's rights to check parameters' values."""
    given = {entry.get("ParameterKey"): entry.get("ParameterValue", "") for entry in request.structures("Parameters")}
    found: dict[str, Need] = {}
    for name, definition in (_template(request).get("Parameters") or {}).items():
        value = str(given.get(name, definition.get("Default", "")))
        kind = str(definition.get("Type", ""))
        listed = _LIST.fullmatch(kind)
        action = PARAMETER_TYPES.get(listed[1] if listed else kind)
        if kind.startswith("AWS::SSM::Parameter::Value<") and value:
            parameter = request.arn("ssm", f"parameter/{value.lstrip('/')}")
            found[parameter] = Need("ssm:GetParameters", parameter, refusal="parameter")
        elif action and value:
            found[action] = Need(action, refusal="parameter")
    return list(found.values())


def _context(request: Request) -> Context:
    found: Context = {}
    for parameter, key in (
        ("TemplateURL", "cloudformation:TemplateUrl"),
        ("RoleARN", "cloudformation:RoleArn"),
        ("StackPolicyURL", "cloudformation:StackPolicyUrl"),
    ):
        if request.text(parameter):
            found[key] = request.text(parameter)
    name = request.text("ChangeSetName")
    if name:
        found["cloudformation:ChangeSetName"] = name.split("/")[1] if name.startswith("arn:") else name
    return found


def _handed_on(request: Request, arn: str, told: str) -> list[Need]:
    """What a call takes for its role, its documents, its tags and its parameters."""
    operation = request.call.operation
    found: list[Need] = []
    role = request.text("RoleARN")
    if role and operation in _PASSING:
        found.append(Need("iam:PassRole", role, {"iam:PassedToService": PASSED_TO}))
    documents = ("TemplateURL", "StackPolicyURL", "StackPolicyDuringUpdateURL")
    found += [need for name in documents if (need := _object(request.text(name)))]
    if operation not in _CREATING:
        return found
    tags = tags_of(request.structures("Tags"))
    if tags:
        context: Context = {"cloudformation:CreateAction": operation, **asked_tags(tags)}
        found.append(Need("cloudformation:TagResource", arn, context, told))
        if operation == "CreateChangeSet":
            change_set = request.arn("cloudformation", f"changeSet/{request.text('ChangeSetName')}/{ABSENT}")
            found.append(Need("cloudformation:TagResource", change_set, context, change_set.replace(ABSENT, "*")))
    return found + _looked_up(request)


def needs(request: Request) -> list[Need]:
    """What the call takes."""
    operation = request.call.operation
    action = f"cloudformation:{operation}"
    every = request.arn("cloudformation", "stack/*/*")
    if operation == "DescribeStacks" and not request.text("StackName"):
        return [Need(action, told=every), Need("cloudformation:ListStacks", told=every)]
    if operation in _WITHOUT_RESOURCE:
        return [Need(action, told=every if operation == "ListStacks" else "")]
    if operation == "DescribeEvents" and request.text("ChangeSetName").startswith("arn:"):
        return [Need(action, request.text("ChangeSetName"))]
    if operation == "GetTemplateSummary" and not request.text("StackName"):
        document = _object(request.text("TemplateURL"))
        return [Need(action, context=_context(request)), *([document] if document else [])]
    arn, told, tags = _stack(request)
    context = {**_context(request), **tags}
    if operation in _CREATING:
        context |= asked_tags(tags_of(request.structures("Tags")))
    found = [Need(action, arn, context, told)]
    if operation == "DetectStackDrift":
        found.append(Need("cloudformation:DetectStackResourceDrift", arn, tags, told))
    return found + _handed_on(request, arn, told)
