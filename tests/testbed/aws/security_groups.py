# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups as AWS has them: names that it refuses, rules that are there already, groups that something holds.

Source: EC2 API reference (CreateSecurityGroup, AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress,
DeleteSecurityGroup, "Error codes"); VPC guide, "Delete security groups".
"""

from __future__ import annotations

import re
import time
import typing as t

from ministack.services import ec2

from ..settings import Settings
from . import endpoints
from .cloudformation_pace import pace

Params = dict[str, t.Any]
SOURCES = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
# Share of the whole stack's time that an interface holds its groups after its endpoint is gone.
HOLDING_SHARE = 0.02
# CreateSecurityGroup, GroupDescription: at most 255 of these.
_DESCRIPTION = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")


def _create(params: Params) -> t.Any:
    name = ec2._p(params, "GroupName")
    if name.lower().startswith("sg-"):
        message = f"invalid value for parameter groupName: {name}. Group names may not be in the format sg-*."
        return ec2._error("InvalidParameterValue", message, 400)
    description = ec2._p(params, "GroupDescription")
    if not _DESCRIPTION.fullmatch(description):
        message = (
            f"Value ({description}) for parameter GroupDescription is invalid. Character sets beyond ASCII are not"
        )
        return ec2._error("InvalidParameterValue", f"{message} supported.", 400)
    return _ministack["CreateSecurityGroup"](params)


def _describe(params: Params) -> t.Any:
    """With the filter group-id, which ministack does not know; as on AWS, one that is not there is left out."""
    ids = ec2._parse_filters(params).get("group-id")
    if ids is None:
        return _ministack["DescribeSecurityGroups"](params)
    there = [identifier for identifier in ids if identifier in ec2._security_groups]
    if not there:
        return ec2._xml(200, "DescribeSecurityGroupsResponse", "<securityGroupInfo></securityGroupInfo>")
    asked = {f"GroupId.{index}": [identifier] for index, identifier in enumerate(there, 1)}
    return _ministack["DescribeSecurityGroups"]({**params, **asked})


def _single(rules: t.Iterable[Params]) -> list[Params]:
    """One rule for each source, as AWS keeps them."""
    return [
        {**rule, **{kind: [source] if kind == own else [] for kind in SOURCES}}
        for rule in rules
        for own in SOURCES
        for source in rule.get(own, [])
    ]


def _asked(params: Params) -> list[Params]:
    return _single([*ec2._parse_ip_permissions(params, "IpPermissions"), *ec2._parse_legacy_ip_permission(params)])


def _words(rule: Params) -> str:
    source = next(iter(next(rule[kind][0] for kind in SOURCES if rule[kind]).values()))
    ports = f"from port: {rule.get('FromPort')}, to port: {rule.get('ToPort')}"
    return f'"peer: {source}, {str(rule["IpProtocol"]).upper()}, {ports}, ALLOW"'


def _authorize(params: Params) -> t.Any:
    """All rules, or none when one is there already."""
    group = ec2._security_groups.get(ec2._p(params, "GroupId"))
    if group is None:
        return _ministack["AuthorizeSecurityGroupIngress"](params)
    rules, present = _asked(params), _single(group["IpPermissions"])
    doubled = [rule for rule in rules if any(ec2._rules_match(rule, entry) for entry in present)]
    if doubled:
        message = f"the specified rule {_words(doubled[0])} already exists"
        return ec2._error("InvalidPermission.Duplicate", message, 400)
    group["IpPermissions"] = [*present, *rules]
    return ec2._xml(200, "AuthorizeSecurityGroupIngressResponse", "<return>true</return>")


def _revoke(params: Params) -> t.Any:
    """All rules, or none when one is not there."""
    group = ec2._security_groups.get(ec2._p(params, "GroupId"))
    if group is None or ec2._parse_member_list(params, "SecurityGroupRuleId"):
        return _ministack["RevokeSecurityGroupIngress"](params)
    rules, present = _asked(params), _single(group["IpPermissions"])
    missing = [rule for rule in rules if not any(ec2._rules_match(rule, entry) for entry in present)]
    if missing:
        message = f"The specified rule {_words(missing[0])} does not exist in this security group."
        return ec2._error("InvalidPermission.NotFound", message, 400)
    group["IpPermissions"] = [entry for entry in present if not any(ec2._rules_match(rule, entry) for rule in rules)]
    return ec2._xml(200, "RevokeSecurityGroupIngressResponse", "<return>true</return>")


def _delete(params: Params) -> t.Any:
    """A group that an endpoint's interfaces carry cannot be deleted, a moment longer than the endpoint is there."""
    group = ec2._p(params, "GroupId")
    for record in ec2._vpc_endpoints.values():
        if group in record.get("Groups", ()) and _holds(record):
            return ec2._error("DependencyViolation", f"resource {group} has a dependent object", 400)
    return _ministack["DeleteSecurityGroup"](params)


def _holds(record: t.Mapping[str, t.Any]) -> bool:
    if endpoints.state_now(dict(record)) != "deleted":
        return True
    share = endpoints.DELETING_SHARE + HOLDING_SHARE
    return bool(time.monotonic() - record.get("_since", 0.0) < pace.stack_seconds * share)


_HANDLERS = {
    "CreateSecurityGroup": _create,
    "DescribeSecurityGroups": _describe,
    "AuthorizeSecurityGroupIngress": _authorize,
    "RevokeSecurityGroupIngress": _revoke,
    "DeleteSecurityGroup": _delete,
}
_ministack: dict[str, t.Any] = {name: ec2._ACTION_MAP[name] for name in _HANDLERS}


def install(_settings: Settings) -> None:
    """Change ministack's security groups in place."""
    ec2._ACTION_MAP.update(_HANDLERS)
