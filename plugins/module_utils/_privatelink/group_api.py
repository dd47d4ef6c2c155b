# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 calls about the endpoint's security group, each with its intent. What is there or gone already is no error."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import boto3_tags, intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._paging import every
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import (
    KINDS,
    Group,
    Rule,
    choose_group,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint, Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.users import is_ours

# What AWS says of a group that is gone, by the operation that asks.
GONE_CODES = frozenset({"InvalidGroup.NotFound", "InvalidGroupId.NotFound", "InvalidSecurityGroupID.NotFound"})
HELD = "DependencyViolation"


class GroupApi:
    """The calls that the group's operations need, in one region."""

    def __init__(self, ec2: t.Any) -> None:
        self._ec2 = ec2

    def named(self, vpc_id: str, name: str) -> Group | None:
        """The group of this name in the VPC; names are unique there."""
        found = self._list(f"look for the security group {name}", {"group-name": name, "vpc-id": vpc_id})
        return found[0] if found else None

    def ours(self, vpc_id: str, tag: tuple[str, str]) -> list[Group]:
        """The groups of the VPC with this tag."""
        return self._list(f"list the security groups of {vpc_id}", {f"tag:{tag[0]}": tag[1], "vpc-id": vpc_id})

    def of_ids(self, ids: t.Sequence[str]) -> list[Group]:
        """Those of the groups that are there."""
        return self._list(f"read the security groups {', '.join(ids)}", {"group-id": list(ids)}) if ids else []

    def _list(self, what: str, filters: t.Mapping[str, str | list[str]]) -> list[Group]:
        listed = [
            {"Name": name, "Values": [value] if isinstance(value, str) else value} for name, value in filters.items()
        ]
        with intent(what):
            raw = every(self._ec2.describe_security_groups, "SecurityGroups", Filters=listed)
        return [Group.from_api(entry) for entry in raw]

    def kept(self, wanted: Wanted, endpoint: Endpoint | None) -> Group | None:
        """The group that is kept for the endpoint.

        :raises RunnerError: its name is a stranger's.
        """
        named = self.named(wanted.vpc_id, wanted.security_group_name)
        ids = endpoint.security_group_ids if endpoint else ()
        if named and named.id in ids and is_ours(named.tags):
            return named
        return choose_group(named, self.of_ids(ids), wanted)

    def create(self, wanted: Wanted, tags: t.Mapping[str, str], description: str = "") -> str:
        """Create a group with its tags, which AWS makes with everything allowed out; its ID.

        :param description: by default that of a group of the management plane's endpoint.
        """
        description = description or f"HTTPS from the subnets of {wanted.name} to the management plane endpoint"
        with intent(f"create the security group {wanted.security_group_name}"):
            answer = self._ec2.create_security_group(
                GroupName=wanted.security_group_name,
                Description=description[:255],
                VpcId=wanted.vpc_id,
                TagSpecifications=[{"ResourceType": "security-group", "Tags": boto3_tags(tags)}],
                aws_retry=True,
            )
        return str(answer["GroupId"])

    def admit(self, group_id: str, rules: t.Sequence[Rule]) -> None:
        """Add inbound rules; AWS refuses all of them when it has one already, so they are then added one by one."""
        try:
            self._authorize(group_id, rules)
        except ApiError as error:
            if error.code != "InvalidPermission.Duplicate":
                raise
            for rule in rules if len(rules) > 1 else ():
                self.admit(group_id, [rule])

    def _authorize(self, group_id: str, rules: t.Sequence[Rule]) -> None:
        with intent(f"admit HTTPS to the security group {group_id}"):
            self._ec2.authorize_security_group_ingress(
                GroupId=group_id, IpPermissions=_permissions(rules, "HTTPS from the runner"), aws_retry=True
            )

    def revoke(self, group_id: str, rules: t.Sequence[Rule]) -> None:
        """Remove inbound rules; AWS refuses all of them when it lacks one, so they are then removed one by one."""
        try:
            with _gone_is_well(f"remove rules of the security group {group_id}", *GONE_CODES):
                self._ec2.revoke_security_group_ingress(
                    GroupId=group_id, IpPermissions=_permissions(rules), aws_retry=True
                )
        except ApiError as error:
            if error.code != "InvalidPermission.NotFound":
                raise
            for rule in rules if len(rules) > 1 else ():
                self.revoke(group_id, [rule])

    def tag(self, group_id: str, add: t.Mapping[str, str], remove: t.Sequence[str]) -> None:
        """Add and remove tags."""
        with intent(f"tag the security group {group_id}"):
            if add:
                self._ec2.create_tags(Resources=[group_id], Tags=boto3_tags(add), aws_retry=True)
            if remove:
                self._ec2.delete_tags(Resources=[group_id], Tags=[{"Key": key} for key in remove], aws_retry=True)

    def delete(self, group_id: str) -> bool:
        """Delete a group; C(False) while something holds it, such as a network interface that is being detached."""
        try:
            with _gone_is_well(f"delete the security group {group_id}", *GONE_CODES):
                self._ec2.delete_security_group(GroupId=group_id, aws_retry=True)
        except ApiError as error:
            if error.code != HELD:
                raise
            return False
        return True


@contextlib.contextmanager
def _gone_is_well(what: str, *codes: str) -> t.Iterator[None]:
    """What is gone already is what was asked for."""
    try:
        with intent(what):
            yield
    except ApiError as error:
        if error.code not in codes:
            raise


def _permissions(rules: t.Sequence[Rule], description: str = "") -> list[dict[str, t.Any]]:
    """Rules as EC2 takes them, one permission a rule."""
    return [_permission(rule, description) for rule in rules]


def _permission(rule: Rule, description: str) -> dict[str, t.Any]:
    key = dict(KINDS)[rule.kind]
    ports = {"FromPort": rule.first_port, "ToPort": rule.last_port} if rule.protocol != "-1" else {}
    source = {key: rule.source, **({"Description": description} if description else {})}
    return {"IpProtocol": rule.protocol, **ports, rule.kind: [source]}
