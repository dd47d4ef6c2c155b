# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done to have the endpoint as it is wanted. Pure.

Rules: PrivateLink guide, "Access an AWS service using an interface VPC endpoint" and "Cross-Region enabled endpoint
services"; the vendor's guide, "Private VPC Endpoints".
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._documents import same_document
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.advice import broken_advice
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    ACCEPTANCE,
    BROKEN,
    LEAVING,
    Endpoint,
    Service,
    Subnet,
    Wanted,
    stage,
)


@dataclasses.dataclass(frozen=True)
class Placement:
    """The subnets that the endpoint gets, and those that the service's zones leave out."""

    subnet_ids: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do, in this order: delete, create, tag, modify, remove tags.

    Tags come first, so that what is added is never without the mark of who needs it.

    :param delete: ID of a broken endpoint to delete first, or empty.
    :param modify_first: what has to be modified before the rest, in a call of its own.
    :param modify: arguments of ModifyVpcEndpoint, without the ID; empty when there is nothing to modify.
    :param add_tags: all tags of an endpoint that is created.
    :param later: what has to wait until the connection is accepted.
    :param said: the steps in words, by C(delete), C(create), C(tag), C(modify), C(untag).
    :param takes: the steps that take something away from whoever uses the endpoint, in words.
    :param left_alone: what differs from what is wanted and stays, in words, because others need it as it is.
    """

    delete: str = ""
    create: bool = False
    modify_first: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    modify: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    add_tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    remove_tags: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    said: t.Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    takes: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.actions)

    @property
    def actions(self) -> tuple[str, ...]:
        """The steps in words, in their order."""
        return tuple(sentence for sentences in self.said.values() for sentence in sentences)


def cross_region(region: str, service_region: str) -> bool:
    """Whether the service is in another region, so that its zone names mean nothing here."""
    return bool(service_region) and service_region != region


def place(subnets: t.Sequence[Subnet], service: Service, vpc_id: str, region: str) -> Placement:
    """One subnet a zone, in zones that the service has.

    :raises InputError: a subnet of another VPC, two in one zone, or none left.
    """
    foreign = sorted(subnet.id for subnet in subnets if subnet.vpc_id != vpc_id)
    if foreign:
        raise InputError(
            f"Subnets of another VPC than {vpc_id}: {', '.join(foreign)}", next_step="Name subnets of this VPC"
        )
    by_zone: dict[str, list[str]] = {}
    for subnet in subnets:
        by_zone.setdefault(subnet.zone, []).append(subnet.id)
    doubled = {zone: ids for zone, ids in by_zone.items() if len(ids) > 1}
    if doubled:
        listed = "; ".join(f"{zone}: {', '.join(sorted(ids))}" for zone, ids in sorted(doubled.items()))
        raise InputError("An endpoint takes one subnet of each zone", listed, "Name one subnet a zone")
    if cross_region(region, service.region) or not (service.zones or service.zone_ids):
        return Placement(tuple(sorted(subnet.id for subnet in subnets)))
    fitting = [subnet.id for subnet in subnets if _is_offered_in(service, subnet)]
    if not fitting:
        raise InputError(
            "None of the subnets lies in a zone of the endpoint service",
            f"The service is in {', '.join(service.zones or service.zone_ids)}, "
            f"the subnets are in {', '.join(sorted(_zone(subnet) for subnet in subnets))}",
            "Name subnets in these zones (gitpod_privatelink_subnet_ids)",
        )
    return Placement(tuple(sorted(fitting)), tuple(sorted(subnet.id for subnet in subnets if subnet.id not in fitting)))


def _is_offered_in(service: Service, subnet: Subnet) -> bool:
    """By the zone's ID where both are known, because it means the same in every account; else by its name."""
    if service.zone_ids and subnet.zone_id:
        return subnet.zone_id in service.zone_ids
    return subnet.zone in service.zones


def _zone(subnet: Subnet) -> str:
    return f"{subnet.zone} ({subnet.zone_id})" if subnet.zone_id else subnet.zone


def choose(endpoints: t.Sequence[Endpoint], wanted: Wanted) -> Endpoint | None:
    """The endpoint for the service in the VPC: ours before another's, a working one before a broken one, this runner's
    before other runners'.

    :raises RunnerError: only another's is there, and adoption is not allowed.
    """
    there = [endpoint for endpoint in endpoints if stage(endpoint.state) != LEAVING]
    there.sort(
        key=lambda endpoint: (
            not is_ours(endpoint),
            stage(endpoint.state) == BROKEN,
            not any(user.is_same(wanted.user) for user in users.users(endpoint.tags)),
            endpoint.id,
        )
    )
    if not there:
        return None
    if not is_ours(there[0]) and not wanted.adopt:
        raise RunnerError(
            f"The VPC {wanted.vpc_id} has an endpoint for this service that is not ours: {there[0].id}",
            "A second one could not have private DNS",
            "Allow adopt to use it, or remove it",
        )
    return there[0]


def is_ours(endpoint: Endpoint) -> bool:
    """Whether this collection made the endpoint."""
    return users.is_ours(endpoint.tags)


def is_alone(endpoint: Endpoint, wanted: Wanted) -> bool:
    """Whether this runner is the only one that uses the endpoint, so that it may also take away from it."""
    return is_ours(endpoint) and not users.others(endpoint.tags, wanted.user) and not wanted.beside


def leaving(endpoints: t.Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    """Those of ours that are being deleted: until they are gone, a new one cannot have their private DNS name."""
    return tuple(endpoint for endpoint in endpoints if is_ours(endpoint) and stage(endpoint.state) == LEAVING)


def has_wanted_dns(current: Endpoint, wanted: Wanted) -> bool:
    """Whether private DNS is as wanted; where others use the endpoint, it is never switched off."""
    return current.private_dns == wanted.private_dns or (current.private_dns and not is_alone(current, wanted))


def plan(
    current: Endpoint | None, wanted: Wanted, placement: Placement, zones: t.Mapping[str, str] | None = None
) -> Plan:
    """What to do.

    :param zones: zones of the subnets that are wanted and of those that the endpoint has, by subnet.
    :raises RunnerError: the endpoint is broken, and replacing it is not allowed or not ours to do.
    """
    if current is None:
        action = f"create an endpoint for {wanted.service_name} in {wanted.vpc_id}"
        return Plan(create=True, add_tags=_new_tags(wanted, placement), said={"create": (action,)})
    if stage(current.state) == BROKEN:
        return _replace(current, wanted, placement)
    zones = zones or {}
    needs = _serving(current, wanted, placement, zones)
    modify, later = _modifications(current, wanted, needs)
    first = _make_room(modify, zones)
    add, remove = _tag_changes(current, wanted, needs)
    said: dict[str, tuple[str, ...]] = {
        "tag": (f"tag {current.id} with {', '.join(sorted(add))}",) if add else (),
        "modify": tuple(_action(key, value, current) for key, value in {**first, **modify}.items()),
        "untag": (f"remove the tags {', '.join(remove)} of {current.id}",) if remove else (),
    }
    return Plan(
        modify_first=first,
        modify=modify,
        add_tags=add,
        remove_tags=remove,
        later=later,
        said=said,
        takes=tuple(_action(key, value, current) for key, value in {**first, **modify}.items() if _takes(key, value)),
        left_alone=_left_alone(current, wanted),
    )


def _takes(key: str, value: t.Any) -> bool:
    """Whether a change of the endpoint may cut somebody off."""
    return key.startswith("Remove") or key in ("PolicyDocument", "IpAddressType") or (key, value) == (_DNS, False)


def _new_tags(wanted: Wanted, placement: Placement) -> dict[str, str]:
    key, value = dataclasses.replace(wanted.user, needs=frozenset(placement.subnet_ids)).tag
    return {**wanted.tags, key: value}


def _tag_changes(current: Endpoint, wanted: Wanted, needs: t.Collection[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Another's endpoint is used, not taken: its tags stay as they are."""
    if not is_ours(current):
        return {}, ()
    me = dataclasses.replace(wanted.user, needs=frozenset(needs))
    return users.tag_changes(current.tags, wanted.tags, me, wanted.purge_tags)


def _serving(current: Endpoint, wanted: Wanted, placement: Placement, zones: t.Mapping[str, str]) -> tuple[str, ...]:
    """The endpoint's subnets that serve this runner: its own, but where others have one in the zone already, theirs."""
    if is_alone(current, wanted):
        return placement.subnet_ids
    by_zone = {zones[subnet]: subnet for subnet in current.subnet_ids if subnet in zones}
    serving = {
        subnet if subnet in current.subnet_ids else by_zone.get(zones.get(subnet, ""), subnet)
        for subnet in placement.subnet_ids
    }
    return tuple(sorted(serving))


def _left_alone(current: Endpoint, wanted: Wanted) -> tuple[str, ...]:
    """What differs and stays, because others need the endpoint as it is."""
    if is_alone(current, wanted):
        return ()
    found = []
    if wanted.policy and not same_document(wanted.policy, current.policy):
        found.append("the policy")
    if wanted.ip_address_type and wanted.ip_address_type != current.ip_address_type:
        found.append(f"the address type {current.ip_address_type}")
    if current.private_dns and not wanted.private_dns:
        found.append("private DNS, which is on")
    return tuple(f"{what} of {current.id}, which is not this runner's alone" for what in found)


def release(current: Endpoint, wanted: Wanted, groups: t.Collection[str] = ()) -> Plan:
    """What a runner does to an endpoint that others go on using: what it alone needed goes, and its tag.

    :param groups: IDs of security groups that go too; the last one stays, because an endpoint has at least one.
    """
    mine = any(user.is_same(wanted.user) for user in users.users(current.tags))
    tags, added = users.with_users(current.tags, wanted.also_used_by if mine else (), wanted.user)
    gone = users.surplus(tags, wanted.user, ()) if is_ours(current) else ()
    modify: dict[str, t.Any] = {}
    for kind, present, leave in (
        ("SubnetIds", current.subnet_ids, gone),
        ("SecurityGroupIds", current.security_group_ids, groups),
        ("RouteTableIds", current.route_table_ids, gone),
    ):
        if set(present) & set(leave) and set(present) - set(leave):
            modify[f"Remove{kind}"] = sorted(set(present) & set(leave))
    add, remove = users.without(tags, wanted.user) if is_ours(current) else ({}, ())
    add = {**added, **add} if is_ours(current) else add
    said: dict[str, tuple[str, ...]] = {
        "tag": (f"tag {current.id} with {', '.join(sorted(add))}",) if add else (),
        "modify": tuple(_action(key, value, current) for key, value in modify.items()),
        "untag": (f"remove the tags {', '.join(remove)} of {current.id}",) if remove else (),
    }
    return Plan(modify=modify, add_tags=add, remove_tags=remove, said=said)


def planned(current: Endpoint | None, wanted: Wanted, placement: Placement, todo: Plan) -> Endpoint:
    """The endpoint as it will be; without an ID where it does not exist yet."""
    if current is None or todo.create:
        return Endpoint(
            id="",
            state="",
            vpc_id=wanted.vpc_id,
            service_name=wanted.service_name,
            service_region=wanted.service_region,
            subnet_ids=placement.subnet_ids,
            security_group_ids=wanted.security_group_ids,
            private_dns=wanted.private_dns,
            ip_address_type=wanted.ip_address_type,
            policy=wanted.policy,
            tags=todo.add_tags,
        )
    arguments = {**todo.modify, **todo.modify_first}

    def combined(kind: str, present: tuple[str, ...]) -> tuple[str, ...]:
        kept = set(present) - set(arguments.get(f"Remove{kind}", ()))
        return tuple(sorted(kept | set(arguments.get(f"Add{kind}", ()))))

    tags = {key: value for key, value in current.tags.items() if key not in todo.remove_tags}
    return dataclasses.replace(
        current,
        subnet_ids=combined("SubnetIds", current.subnet_ids),
        security_group_ids=combined("SecurityGroupIds", current.security_group_ids),
        route_table_ids=combined("RouteTableIds", current.route_table_ids),
        ip_address_type=arguments.get("IpAddressType", current.ip_address_type),
        policy=arguments.get("PolicyDocument", current.policy),
        private_dns=arguments.get("PrivateDnsEnabled", current.private_dns),
        tags={**tags, **todo.add_tags},
    )


_CHANGES = {
    "AddSubnetIds": "add the subnets {} to {}",
    "RemoveSubnetIds": "remove the subnets {} from {}",
    "AddSecurityGroupIds": "add the security groups {} to {}",
    "RemoveSecurityGroupIds": "remove the security groups {} from {}",
    "AddRouteTableIds": "add the route tables {} to {}",
    "RemoveRouteTableIds": "remove the route tables {} from {}",
    "IpAddressType": "set the address type {} on {}",
    "PolicyDocument": "replace the policy of {1}",
}
_DNS = "PrivateDnsEnabled"


def _action(key: str, value: t.Any, current: Endpoint) -> str:
    if key == _DNS:
        return f"switch private DNS {'on' if value else 'off'} on {current.id}"
    return _CHANGES[key].format(", ".join(value) if isinstance(value, list) else value, current.id)


def _make_room(modify: dict[str, t.Any], zones: t.Mapping[str, str]) -> dict[str, t.Any]:
    """Take the removal of subnets out of `modify` when one that is added lies in the same zone.

    AWS refuses a subnet in a zone in which the endpoint has one (DuplicateSubnetsInSameZone).
    """
    taken = {zones.get(subnet) for subnet in modify.get("RemoveSubnetIds", ())} - {None}
    if taken & {zones.get(subnet) for subnet in modify.get("AddSubnetIds", ())}:
        return {"RemoveSubnetIds": modify.pop("RemoveSubnetIds")}
    return {}


def _replace(current: Endpoint, wanted: Wanted, placement: Placement) -> Plan:
    if not wanted.replace_failed or not users.belongs_to(current.tags, wanted.user):
        raise RunnerError(
            f"The endpoint {current.id} is {current.state}",
            current.reason or "AWS gives no reason",
            broken_advice(current, wanted),
            {"endpoint": current.as_result()},
        )
    return Plan(
        delete=current.id,
        create=True,
        # Who uses it beside this runner goes on using the new one.
        add_tags={**users.kept(current.tags), **_new_tags(wanted, placement)},
        said={
            "delete": (f"delete the endpoint {current.id}, which is {current.state}",),
            "create": ("create it anew",),
        },
    )


def _modifications(
    current: Endpoint, wanted: Wanted, needs: t.Sequence[str]
) -> tuple[dict[str, t.Any], tuple[str, ...]]:
    modify: dict[str, t.Any] = {}
    alone = is_alone(current, wanted)
    # What those need whom no tag names is not known.
    gone = users.surplus(current.tags, wanted.user, needs) if is_ours(current) and not wanted.beside else frozenset()
    for kind, present, goal in (
        ("SubnetIds", current.subnet_ids, needs),
        ("SecurityGroupIds", current.security_group_ids, wanted.security_group_ids),
    ):
        if goal and set(goal) - set(present):
            modify[f"Add{kind}"] = sorted(set(goal) - set(present))
        # What others need, and what strangers gave their endpoint, is never removed.
        leave = set(present) - set(goal) if alone else set(present) & gone
        if goal and leave:
            modify[f"Remove{kind}"] = sorted(leave)
    if alone and wanted.ip_address_type and wanted.ip_address_type != current.ip_address_type:
        modify["IpAddressType"] = wanted.ip_address_type
    if alone and wanted.policy and not same_document(wanted.policy, current.policy):
        modify["PolicyDocument"] = wanted.policy
    if not has_wanted_dns(current, wanted):
        # AWS refuses private DNS until the service's owner has accepted the connection.
        if wanted.private_dns and stage(current.state) == ACCEPTANCE:
            return modify, ("private DNS",)
        modify[_DNS] = wanted.private_dns
    return modify, ()
