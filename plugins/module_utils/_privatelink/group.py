# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security group that the endpoint has when none is given: which one, what has to be done to it. Pure.

It admits HTTPS from the runner's subnets (vendor's guide, "Security Group Configuration") and lets everything out, as
AWS makes each group.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Wanted

# What a source of a rule is, and where EC2 has it.
KINDS = (
    ("IpRanges", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6"),
    ("PrefixListIds", "PrefixListId"),
    ("UserIdGroupPairs", "GroupId"),
)
HTTPS = 443
# CreateSecurityGroup, GroupName: at most 255 characters of these, and not sg- at the beginning.
_NAME = re.compile(r"(?!sg-)[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, order=True)
class Rule:
    """An inbound rule with one source.

    :param protocol: C(tcp), C(-1) for all, ...
    :param first_port: C(-1) where the protocol has no ports.
    :param kind: one of C(KINDS).
    """

    source: str
    protocol: str = "tcp"
    first_port: int = HTTPS
    last_port: int = HTTPS
    kind: str = "IpRanges"

    @property
    def words(self) -> str:
        """For a sentence."""
        if (self.protocol, self.first_port, self.last_port) == ("tcp", HTTPS, HTTPS):
            return self.source
        return f"{self.source} ({self.protocol} {self.first_port}-{self.last_port})"


@dataclasses.dataclass(frozen=True)
class Group:
    """A security group as DescribeSecurityGroups has it."""

    id: str
    name: str
    vpc_id: str
    rules: frozenset[Rule] = frozenset()
    tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_api(cls, raw: t.Mapping[str, t.Any]) -> Group:
        """The group from an element of DescribeSecurityGroups."""
        return cls(
            raw["GroupId"],
            raw.get("GroupName", ""),
            raw.get("VpcId", ""),
            frozenset(rule for permission in raw.get("IpPermissions", []) for rule in _rules(permission)),
            {entry["Key"]: entry["Value"] for entry in raw.get("Tags", [])},
        )

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        first = users.owner(self.tags)
        return {
            "id": self.id,
            "name": self.name,
            "rules": [rule.words for rule in sorted(self.rules)],
            "tags": dict(sorted(self.tags.items())),
            "owner": first.as_result() if first else None,
            "used_by": users.names(users.users(self.tags)),
        }


def _rules(permission: t.Mapping[str, t.Any]) -> t.Iterator[Rule]:
    for kind, key in KINDS:
        for entry in permission.get(kind, []):
            yield Rule(
                entry.get(key, ""),
                str(permission.get("IpProtocol", "-1")),
                int(permission.get("FromPort", -1)),
                int(permission.get("ToPort", -1)),
                kind,
            )


@dataclasses.dataclass(frozen=True)
class GroupPlan:
    """What to do, in this order: create, tag, admit, no longer admit, remove tags.

    :param add_tags: all tags of a new group.
    :param said: the steps in words, by C(create), C(tag), C(admit), C(revoke), C(untag).
    """

    create: bool = False
    admit: tuple[Rule, ...] = ()
    revoke: tuple[Rule, ...] = ()
    add_tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    remove_tags: tuple[str, ...] = ()
    said: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.said)

    @property
    def actions(self) -> tuple[str, ...]:
        """The steps in words, in their order."""
        return tuple(self.said.values())


def keeps_group(wanted: Wanted) -> bool:
    """Whether the endpoint has a group that this collection keeps: one is named, and none is given."""
    return bool(wanted.security_group_name) and not wanted.security_group_ids


def check_name(name: str) -> None:
    """Refuse what EC2 would refuse, before anything is made.

    :raises InputError: the name cannot be a group's.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"A security group cannot be called {name[:80]!r}",
            "EC2 takes at most 255 letters, digits, blanks and ._-:/()#,@[]+=&;{}!$*, and no sg- at the beginning",
            "Choose another gitpod_runner_name, or name groups in gitpod_privatelink_security_group_ids",
        )


def choose_group(named: Group | None, carried: t.Sequence[Group], wanted: Wanted) -> Group | None:
    """The group to keep: one of ours that the endpoint has, also another runner's; else the one with our name.

    :param named: the group of the wanted name in the VPC.
    :param carried: the groups that the endpoint has.
    :raises RunnerError: the name is a stranger's.
    """
    ours = [group for group in carried if users.is_ours(group.tags)]
    ours.sort(key=lambda group: (group.name != wanted.security_group_name, group.id))
    if ours:
        return ours[0]
    if named is None or users.is_ours(named.tags):
        return named
    raise RunnerError(
        f"The security group {named.name} ({named.id}) of {wanted.vpc_id} is not ours: it lacks this collection's tags",
        "A name alone makes nothing ours; nothing was changed",
        "Remove or rename it, or name the endpoint's groups in gitpod_privatelink_security_group_ids",
    )


def plan_group(current: Group | None, wanted: Wanted, ranges: t.Collection[str]) -> GroupPlan:
    """What to do to have the group.

    :param ranges: address ranges from which the runner reaches the endpoint.
    """
    goal = frozenset(map(Rule, ranges))
    me = dataclasses.replace(wanted.user, needs=frozenset(ranges))
    if current is None:
        key, value = me.tag
        name = wanted.security_group_name
        said = {"create": f"create the security group {name} in {wanted.vpc_id}", "admit": _admitting(goal, name)}
        return GroupPlan(True, tuple(sorted(goal)), add_tags={**wanted.tags, key: value}, said=said)
    if wanted.beside:
        revoke: frozenset[Rule] = frozenset()
    elif users.others(current.tags, me):
        revoke = current.rules & frozenset(map(Rule, users.surplus(current.tags, me, ranges)))
    else:
        revoke = current.rules - goal
    add, remove = users.tag_changes(current.tags, wanted.tags, me, wanted.purge_tags)
    return _planned(current, goal - current.rules, revoke, add, remove)


def _planned(
    current: Group,
    admit: t.Collection[Rule],
    revoke: t.Collection[Rule],
    add: t.Mapping[str, str],
    remove: tuple[str, ...],
) -> GroupPlan:
    said = {}
    if add:
        said["tag"] = f"tag the security group {current.name} with {', '.join(sorted(add))}"
    if admit:
        said["admit"] = _admitting(admit, current.name)
    if revoke:
        listed = ", ".join(rule.words for rule in sorted(revoke))
        said["revoke"] = f"no longer admit {listed} to the security group {current.name}"
    if remove:
        said["untag"] = f"remove the tags {', '.join(remove)} of the security group {current.name}"
    return GroupPlan(False, tuple(sorted(admit)), tuple(sorted(revoke)), add, remove, said)


def _admitting(rules: t.Collection[Rule], name: str) -> str:
    return f"admit HTTPS from {', '.join(rule.words for rule in sorted(rules))} to the security group {name}"


def planned_group(current: Group | None, wanted: Wanted, todo: GroupPlan) -> Group:
    """The group as it will be; without an ID where it does not exist yet."""
    base = current or Group("", wanted.security_group_name, wanted.vpc_id)
    tags = {key: value for key, value in base.tags.items() if key not in todo.remove_tags}
    rules = (base.rules - frozenset(todo.revoke)) | frozenset(todo.admit)
    return dataclasses.replace(base, rules=rules, tags={**tags, **todo.add_tags})


def release_group(current: Group, me: users.User, also_used_by: t.Iterable[users.User] = ()) -> GroupPlan:
    """What to do to a group that others go on using: this runner's own ranges and tag go.

    :param also_used_by: users that the tags do not name yet.
    """
    tags, added = users.with_users(current.tags, also_used_by, me)
    gone = frozenset(map(Rule, users.surplus(tags, me, ())))
    add, remove = users.without(tags, me)
    return _planned(current, (), current.rules & gone, {**added, **add}, remove)
