# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A template's parameters: what AWS refuses, in AWS's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_region
from ministack.services import ec2, ssm
from ministack.services.cloudformation.engine import _resolve_parameters

_LIST_TYPES = ("CommaDelimitedList", "List<")


def _members(parameter_type: str, value: str) -> list[str]:
    if parameter_type.startswith(_LIST_TYPES):
        return [member.strip() for member in value.split(",")]
    return [value]


def _length_problem(definition: Mapping[str, Any], value: str) -> str:
    if len(value) < int(definition.get("MinLength", 0)):
        return f"must contain at least {definition['MinLength']} characters"
    if len(value) > int(definition.get("MaxLength", 4096)):
        return f"must contain at most {definition.get('MaxLength', 4096)} characters"
    return ""


def _constraint_problem(definition: Mapping[str, Any], value: str) -> str:
    """What the value violates, or an empty string."""
    parameter_type = str(definition.get("Type", "String"))
    members = _members(parameter_type, value)
    allowed = [str(item) for item in definition.get("AllowedValues", [])]
    if allowed and any(member not in allowed for member in members):
        return "must be one of AllowedValues"
    pattern = definition.get("AllowedPattern")
    if pattern is not None and any(not re.fullmatch(str(pattern), member) for member in members):
        return f"must match pattern {pattern}"
    return _length_problem(definition, value) if parameter_type == "String" else ""


def _check_value(name: str, definition: Mapping[str, Any], value: str) -> None:
    problem = _constraint_problem(definition, value)
    if not problem:
        return
    if description := definition.get("ConstraintDescription"):
        raise ValueError(f"Parameter {name} failed to satisfy constraint: {description}")
    raise ValueError(f"Parameter '{name}' {problem}")


def _not_in_the_store(
    definitions: Mapping[str, Any], given: Mapping[str, Any], previous: Mapping[str, Any]
) -> list[str]:
    """Names that parameters of SSM's types have as values, and that Parameter Store does not have."""
    names = []
    for name, definition in definitions.items():
        if str(definition.get("Type", "")).startswith("AWS::SSM::Parameter::Value<"):
            item = given.get(name, {})
            kept = previous.get(name, {}).get("SsmName") if item.get("UsePreviousValue") else None
            names.append(str(kept or item.get("Value") or definition.get("Default", "")))
    return [name for name in names if name not in ssm._parameters]


def resolve_parameters(
    template: Mapping[str, Any], provided: list[dict[str, Any]], previous: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The parameters' values; takes the place of ministack's function of the same task.

    Raises ValueError with AWS's sentence for undeclared, missing or disallowed parameters. A previous value that the
    stack does not have counts as missing.
    """
    definitions: dict[str, Any] = dict(template.get("Parameters") or {})
    given = {item["Key"]: item for item in provided}
    if undeclared := [name for name in given if name not in definitions]:
        raise ValueError(f"Parameters: [{', '.join(undeclared)}] do not exist in the template")
    missing = [
        name
        for name, definition in definitions.items()
        if "Default" not in definition
        and (name not in given or (given[name].get("UsePreviousValue") and name not in (previous or {})))
    ]
    if missing:
        raise ValueError(f"Parameters: [{', '.join(missing)}] must have values")
    for name, item in given.items():
        if not item.get("UsePreviousValue"):
            _check_value(name, definitions[name], str(item.get("Value", "")))
    if absent := _not_in_the_store(definitions, given, previous or {}):
        # In these words in awslabs/aws-deployment-framework#339, refused by CreateChangeSet and CreateStack themselves.
        raise ValueError(f"Unable to fetch parameters [{','.join(absent)}] from parameter store for this account.")
    resolved: dict[str, Any] = _resolve_parameters(template, provided, previous)
    return resolved


def _known(parameter_type: str) -> set[str] | None:
    """The IDs in the region that a parameter of this AWS-specific type may have, or None for any value."""
    stores = {
        "AWS::EC2::VPC::Id": ec2._vpcs,
        "AWS::EC2::Subnet::Id": ec2._subnets,
        "AWS::EC2::SecurityGroup::Id": ec2._security_groups,
        "AWS::EC2::KeyPair::KeyName": ec2._key_pairs,
    }
    inner = parameter_type.removeprefix("List<").removesuffix(">")
    return set(stores[inner]) if inner in stores else None


def unknown_resource(template: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    """AWS's reason when a parameter of an AWS-specific type names what does not exist, or an empty string.

    AWS finds out when the operation has begun, so this ends in a rollback and not in a refused call.
    """
    for name, definition in (template.get("Parameters") or {}).items():
        parameter_type = str(definition.get("Type", "String"))
        value = str(parameters.get(name, {}).get("Value", ""))
        known = _known(parameter_type)
        zone_pattern = re.compile(re.escape(get_region()) + "[a-z]")
        for member in _members(parameter_type, value):
            unknown_zone = "AvailabilityZone::Name" in parameter_type and not zone_pattern.fullmatch(member)
            if unknown_zone or (known is not None and member not in known):
                problem = f"parameter value {member} for parameter name {name} does not exist."
                return f"Parameter validation failed: {problem}"
    return ""


def shown(parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parameters as a description shows them: **** for NoEcho."""
    result = []
    for name, entry in parameters.items():
        value = "****" if entry.get("NoEcho") else str(entry.get("Value", ""))
        item = {"ParameterKey": name, "ParameterValue": value}
        if "SsmName" in entry:
            item = {"ParameterKey": name, "ParameterValue": entry["SsmName"], "ResolvedValue": value}
        result.append(item)
    return result
