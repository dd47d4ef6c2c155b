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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import MANAGED_BY, MANAGED_BY_TAG


@dataclasses.dataclass(frozen=True)
class Placement:
    """The subnets that the endpoint gets, and those that the service's zones leave out."""

    subnet_ids: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do, in this order: delete, create, modify, tag.

    :param delete: ID of a broken endpoint to delete first, or empty.
    :param modify_first: what has to be modified before the rest, in a call of its own.
    :param modify: arguments of ModifyVpcEndpoint, without the ID; empty when there is nothing to modify.
    :param later: what has to wait until the connection is accepted.
    """

    delete: str = ""
    create: bool = False
    modify_first: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    modify: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    add_tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    remove_tags: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.delete or self.create or self.modify_first or self.modify or self.add_tags or self.remove_tags)


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
    """The endpoint for the service in the VPC: ours before another's, a working one before a broken one.

    :raises RunnerError: only another's is there, and adoption is not allowed.
    """
    there = [endpoint for endpoint in endpoints if stage(endpoint.state) != LEAVING]
    there.sort(key=lambda endpoint: (not is_ours(endpoint), stage(endpoint.state) == BROKEN, endpoint.id))
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
    return endpoint.tags.get(MANAGED_BY_TAG) == MANAGED_BY


def leaving(endpoints: t.Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    """Those of ours that are being deleted: until they are gone, a new one cannot have their private DNS name."""
    return tuple(endpoint for endpoint in endpoints if is_ours(endpoint) and stage(endpoint.state) == LEAVING)


def has_wanted_dns(current: Endpoint, wanted: Wanted) -> bool:
    """Whether private DNS is as wanted; another's is never switched off."""
    return current.private_dns == wanted.private_dns or (current.private_dns and not is_ours(current))


def plan(
    current: Endpoint | None, wanted: Wanted, placement: Placement, zones: t.Mapping[str, str] | None = None
) -> Plan:
    """What to do.

    :param zones: zones of the subnets that are wanted and of those that the endpoint has, by subnet.
    :raises RunnerError: the endpoint is broken, and replacing it is not allowed or not ours to do.
    """
    if current is None:
        return Plan(create=True, actions=(f"create an endpoint for {wanted.service_name} in {wanted.vpc_id}",))
    if stage(current.state) == BROKEN:
        return _replace(current, wanted)
    modify, later = _modifications(current, wanted, placement, zones or {})
    first = _make_room(modify, zones or {})
    add = {key: value for key, value in wanted.tags.items() if current.tags.get(key) != value}
    remove = tuple(sorted(set(current.tags) - set(wanted.tags))) if wanted.purge_tags and is_ours(current) else ()
    if not is_ours(current):
        # Another's endpoint is used, not taken: its own tags stay as they are.
        add = {}
    actions = [_action(key, value, current) for key, value in {**first, **modify}.items()]
    actions += [f"tag {current.id} with {', '.join(sorted(add))}"] if add else []
    actions += [f"remove the tags {', '.join(remove)} of {current.id}"] if remove else []
    return Plan(
        modify_first=first,
        modify=modify,
        add_tags=add,
        remove_tags=remove,
        later=later,
        actions=tuple(actions),
    )


def planned(current: Endpoint | None, wanted: Wanted, placement: Placement, todo: Plan) -> Endpoint | None:
    """The endpoint as it will be; C(None) where it does not exist yet and so has no ID."""
    if current is None or todo.delete:
        return None
    arguments = {**todo.modify, **todo.modify_first}

    def combined(kind: str, present: tuple[str, ...]) -> tuple[str, ...]:
        kept = set(present) - set(arguments.get(f"Remove{kind}", ()))
        return tuple(sorted(kept | set(arguments.get(f"Add{kind}", ()))))

    tags = {key: value for key, value in current.tags.items() if key not in todo.remove_tags}
    return dataclasses.replace(
        current,
        subnet_ids=combined("SubnetIds", current.subnet_ids),
        security_group_ids=combined("SecurityGroupIds", current.security_group_ids),
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
    "IpAddressType": "set the address type {} on {}",
    "PolicyDocument": "replace the policy of {1}",
}


def _action(key: str, value: t.Any, current: Endpoint) -> str:
    if key == "PrivateDnsEnabled":
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


def _replace(current: Endpoint, wanted: Wanted) -> Plan:
    if not wanted.replace_failed or not is_ours(current):
        raise RunnerError(
            f"The endpoint {current.id} is {current.state}",
            current.reason or "AWS gives no reason",
            broken_advice(current),
            {"endpoint": current.as_result()},
        )
    return Plan(
        delete=current.id,
        create=True,
        actions=(f"delete the endpoint {current.id}, which is {current.state}", "create it anew"),
    )


_CAUSES = {
    "rejected": "Gitpod, the owner of the service, has rejected the connection: ask them to admit this account",
    "expired": "Nobody accepted the connection in time: ask Gitpod to accept the next one",
}


def broken_advice(endpoint: Endpoint) -> str:
    """What to do about an endpoint that will never work."""
    cause = _CAUSES.get(endpoint.state.lower(), "Remove the cause")
    if is_ours(endpoint):
        return f"{cause}; then have it replaced with replace_failed (gitpod_privatelink_replace_failed: true)"
    return f"{cause}; then delete it, which only its maker should do, because this collection did not make it"


def _modifications(
    current: Endpoint, wanted: Wanted, placement: Placement, zones: t.Mapping[str, str]
) -> tuple[dict[str, t.Any], tuple[str, ...]]:
    modify: dict[str, t.Any] = {}
    subnet_ids = placement.subnet_ids
    if not is_ours(current):
        # A zone in which another's endpoint has a subnet of its own is served already.
        served = {zones.get(subnet) for subnet in current.subnet_ids} - {None}
        subnet_ids = tuple(subnet for subnet in subnet_ids if zones.get(subnet) not in served)
    pairs = (
        ("SubnetIds", current.subnet_ids, subnet_ids),
        ("SecurityGroupIds", current.security_group_ids, wanted.security_group_ids),
    )
    for kind, present, goal in pairs:
        if goal and set(goal) - set(present):
            modify[f"Add{kind}"] = sorted(set(goal) - set(present))
        # What others gave their endpoint may serve others, so nothing of it is removed.
        if goal and set(present) - set(goal) and is_ours(current):
            modify[f"Remove{kind}"] = sorted(set(present) - set(goal))
    if wanted.ip_address_type and wanted.ip_address_type != current.ip_address_type:
        modify["IpAddressType"] = wanted.ip_address_type
    if wanted.policy and not same_document(wanted.policy, current.policy):
        modify["PolicyDocument"] = wanted.policy
    if not has_wanted_dns(current, wanted):
        # AWS refuses private DNS until the service's owner has accepted the connection.
        if wanted.private_dns and stage(current.state) == ACCEPTANCE:
            return modify, ("private DNS",)
        modify["PrivateDnsEnabled"] = wanted.private_dns
    return modify, ()
