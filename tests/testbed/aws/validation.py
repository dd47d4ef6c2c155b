# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests beyond what the services take: lengths, counts, patterns, enumerations, and rules that no model has.

The SDK checks types, what is required and least lengths before it sends; services check the rest, by the same models
(botocore's). The words are those of the services' common check (recordings of sts/assume_role): "1 validation error
detected: Value '...' at 'name' failed to satisfy constraint: Member must ...". EC2's model has no such limits, and
Route 53 has checks of its own.
"""

from __future__ import annotations

import functools
import re
import typing as t
from xml.sax.saxutils import escape

from .requests import Call, model, protocol, refusal

Answer = tuple[int, str, bytes]
# AssumeRole has a check of its own (roles).
_OWN = frozenset({"s3", "ec2", "route53", "sts"})
# CloudFormation quotas; tags: CloudFormation user guide, EC2 user guide ("Tag restrictions"), ACM API reference.
LONGEST_BODY, MOST_TAGS, LONGEST_KEY, LONGEST_VALUE = 51_200, 50, 128, 256
# Octets of a certificate's first name, although the model allows 253 (ACM API reference, RequestCertificate); AWS's
# words for it are not known.
LONGEST_COMMON_NAME = 64
_STACK_NAME = r"[a-zA-Z][-a-zA-Z0-9]*"
_NAMED = ("CreateStack", "CreateChangeSet")
_RESERVED = "aws: prefixed tag key names are not allowed for external use."


class _Problems:
    """Constraints that a request does not satisfy, as the answer words them."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, value: t.Any, path: str, rule: str) -> None:
        """One more."""
        self.found.append(f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {rule}")

    def scalar(self, shape: t.Any, value: t.Any, path: str) -> None:
        """A value's length or size, and what it may say."""
        limits = shape.metadata
        size = int(value) if shape.type_name in ("integer", "long") else len(str(value))
        what = "value" if shape.type_name in ("integer", "long") else "length"
        if shape.type_name in ("boolean", "timestamp", "double", "float", "blob"):
            return
        if "min" in limits and size < limits["min"]:
            self.add(value, path, f"have {what} greater than or equal to {limits['min']}")
        if "max" in limits and size > limits["max"]:
            self.add(value, path, f"have {what} less than or equal to {limits['max']}")
        if limits.get("enum") and value not in limits["enum"]:
            self.add(value, path, f"satisfy enum value set: [{', '.join(limits['enum'])}]")
        pattern = _compiled(limits["pattern"]) if "pattern" in limits else None
        if pattern and not pattern.fullmatch(str(value)):
            self.add(value, path, f"satisfy regular expression pattern: {limits['pattern']}")

    def count(self, shape: t.Any, number: int, path: str) -> None:
        """How many entries a list has."""
        if number > shape.metadata.get("max", number):
            self.add("[...]", path, f"have length less than or equal to {shape.metadata['max']}")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """A model's pattern, or None for one that Python does not know, such as those of Unicode's classes."""
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _json(problems: _Problems, shape: t.Any, value: t.Any, path: str) -> None:
    if shape.type_name == "structure" and isinstance(value, t.Mapping):
        for name, inner in value.items():
            if name in shape.members:
                _json(problems, shape.members[name], inner, f"{path}.{_small(name)}".lstrip("."))
    elif shape.type_name == "list" and isinstance(value, list):
        problems.count(shape, len(value), path)
        for number, inner in enumerate(value, 1):
            _json(problems, shape.member, inner, f"{path}.{number}.member")
    elif shape.type_name in ("string", "integer", "long") and isinstance(value, (str, int)):
        problems.scalar(shape, value, path)


def _query(problems: _Problems, shape: t.Any, form: t.Mapping[str, t.Any]) -> None:
    """Form fields, such as C(Tags.member.1.Key)."""
    counted: dict[str, tuple[t.Any, set[str]]] = {}
    for field, value in form.items():
        here, path, parts = shape, "", field.split(".")
        while parts and here is not None:
            part = parts.pop(0)
            if here.type_name == "structure":
                here = here.members.get(part)
                path = f"{path}.{_small(part)}".lstrip(".")
            elif here.type_name == "list" and parts:
                counted.setdefault(path, (here, set()))[1].add(parts[0])
                path, here = f"{path}.{parts.pop(0)}.member", here.member
            else:
                here = None
        if here is not None and here.type_name in ("string", "integer", "long") and value != "":
            problems.scalar(here, value, path)
    for path, (listed, numbers) in counted.items():
        problems.count(listed, len(numbers), path)


def _by_model(call: Call) -> list[str]:
    described = model(call.service)
    if described is None or call.service in _OWN or call.operation not in described.operation_names:
        return []
    shape, problems = described.operation_model(call.operation).input_shape, _Problems()
    if shape is not None and protocol(call.service) == "query":
        _query(problems, shape, call.parameters)
    elif shape is not None:
        _json(problems, shape, call.parameters, "")
    if (call.service, call.operation) == ("acm", "RequestCertificate"):
        name = str(call.parameters.get("DomainName", ""))
        if len(name.encode()) > LONGEST_COMMON_NAME:
            problems.add(name, "domainName", f"have length less than or equal to {LONGEST_COMMON_NAME}")
    if call.service == "cloudformation":
        name, body = (str(call.parameters.get(key, "")) for key in ("StackName", "TemplateBody"))
        if call.operation in _NAMED and not re.fullmatch(rf"{_STACK_NAME}|arn:.+", name):
            problems.add(name, "stackName", f"satisfy regular expression pattern: {_STACK_NAME}")
        if call.operation == "CreateStack" and len(name) > 128:
            problems.add(name, "stackName", "have length less than or equal to 128")
        if len(body.encode()) > LONGEST_BODY:
            problems.add(f"{body[:40]}...", "templateBody", f"have length less than or equal to {LONGEST_BODY}")
    return problems.found


def tags_of(call: Call) -> list[tuple[str, str]]:
    """The tags that a request gives, in whichever protocol."""
    if protocol(call.service) == "json":
        given = call.parameters.get("Tags")
        listed = given if isinstance(given, list) else []
        return [(str(one.get("Key", "")), str(one.get("Value", ""))) for one in listed if isinstance(one, dict)]
    pattern = re.compile(r"(?:TagSpecification\.\d+\.)?Tags?\.(?:member\.)?\d+\.Key")
    keys = [key for key in call.parameters if pattern.fullmatch(key)]
    return [(str(call.parameters[key]), str(call.parameters.get(f"{key[:-3]}Value", ""))) for key in keys]


def _ec2_tags(tags: t.Sequence[tuple[str, str]]) -> tuple[str, str]:
    """EC2 user guide, "Tag restrictions"; the codes are those of its API reference, the words mostly ours."""
    if len(tags) > MOST_TAGS:
        return "TagLimitExceeded", f"The maximum number of Tags for a resource has been reached: {MOST_TAGS}"
    for key, value in tags:
        if key.startswith("aws:"):
            return "InvalidParameterValue", f"Tag keys starting with 'aws:' are reserved for internal use: {key}"
        if len(key) > LONGEST_KEY:
            return "InvalidParameterValue", f"Tag key exceeds the maximum length of {LONGEST_KEY} characters"
        if len(value) > LONGEST_VALUE:
            return "InvalidParameterValue", f"Tag value exceeds the maximum length of {LONGEST_VALUE} characters"
    return "", ""


# EC2 API reference, CreateSecurityGroup, for groups of a VPC; names that begin with sg- are security_groups' business.
_GROUP_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")


def _group(call: Call) -> str:
    """What EC2 says to a group's name and description, or nothing."""
    for key in ("GroupName", "GroupDescription") if call.operation == "CreateSecurityGroup" else ():
        value = str(call.parameters.get(key, ""))
        if len(value) > 255:
            return f"invalid value for parameter {_small(key)}: {value}. Character limit exceeded"
        if not _GROUP_TEXT.fullmatch(value):
            return f"Invalid security group {'name' if key == 'GroupName' else 'description'}: {value}"
    return ""


def refused(call: Call) -> Answer | None:
    """The service's answer to a request that it does not take, or None."""
    found = _by_model(call)
    if found:
        code = "ValidationException" if protocol(call.service) == "json" else "ValidationError"
        many = "error" if len(found) == 1 else "errors"
        sentence = f"{len(found)} validation {many} detected: {'; '.join(found)}"
        return refusal(call.service, code, _worded(call, sentence), 400)
    tags = tags_of(call)
    if call.service == "ec2" and call.operation != "DeleteTags":
        code, sentence = _ec2_tags(tags)
        if problem := _group(call):
            code, sentence = "InvalidParameterValue", problem
        return refusal("ec2", code, escape(sentence), 400) if code else None
    reserved = any(key.startswith("aws:") for key, _value in tags)
    if reserved and call.service in ("cloudformation", "acm"):
        code = "ValidationError" if call.service == "cloudformation" else "InvalidTagException"
        return refusal(call.service, code, _RESERVED, 400)
    return None


def _worded(call: Call, sentence: str) -> str:
    return sentence if protocol(call.service) == "json" else escape(sentence)
