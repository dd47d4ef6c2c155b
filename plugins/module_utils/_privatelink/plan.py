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
    :param modify: arguments of ModifyVpcEndpoint, without the ID; empty when there is nothing to modify.
    :param later: what has to wait until the connection is accepted.
    """

    delete: str = ""
    create: bool = False
    modify: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    add_tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    remove_tags: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.delete or self.create or self.modify or self.add_tags or self.remove_tags)


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
    if cross_region(region, service.region) or not service.zones:
        return Placement(tuple(sorted(subnet.id for subnet in subnets)))
    fitting = [subnet.id for subnet in subnets if subnet.zone in service.zones]
    if not fitting:
        raise InputError(
            "None of the subnets lies in a zone of the endpoint service",
            f"The service is in {', '.join(service.zones)}, the subnets are in {', '.join(sorted(by_zone))}",
            "Name subnets in these zones (gitpod_privatelink_subnet_ids)",
        )
    return Placement(tuple(sorted(fitting)), tuple(sorted(subnet.id for subnet in subnets if subnet.id not in fitting)))


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


def plan(current: Endpoint | None, wanted: Wanted, placement: Placement) -> Plan:
    """What to do.

    :raises RunnerError: the endpoint is broken, and replacing it is not allowed or not ours to do.
    """
    if current is None:
        return Plan(create=True, actions=(f"create an endpoint for {wanted.service_name} in {wanted.vpc_id}",))
    if stage(current.state) == BROKEN:
        return _replace(current, wanted)
    modify, later = _modifications(current, wanted, placement)
    add = {key: value for key, value in wanted.tags.items() if current.tags.get(key) != value}
    remove = tuple(sorted(set(current.tags) - set(wanted.tags))) if wanted.purge_tags and is_ours(current) else ()
    if not is_ours(current):
        # Another's endpoint is used, not taken: its own tags stay as they are.
        add = {}
    actions = [f"modify {key} of {current.id}" for key in modify]
    actions += [f"tag {current.id} with {', '.join(sorted(add))}"] if add else []
    actions += [f"remove the tags {', '.join(remove)} of {current.id}"] if remove else []
    return Plan(modify=modify, add_tags=add, remove_tags=remove, later=later, actions=tuple(actions))


def _replace(current: Endpoint, wanted: Wanted) -> Plan:
    if not wanted.replace_failed or not is_ours(current):
        raise RunnerError(
            f"The endpoint {current.id} is {current.state}",
            current.reason or "AWS gives no reason",
            "Remove the cause, then delete it"
            + ("" if is_ours(current) else "; this collection did not make it")
            + " or allow replace_failed",
        )
    return Plan(
        delete=current.id,
        create=True,
        actions=(f"delete the endpoint {current.id}, which is {current.state}", "create it anew"),
    )


def _modifications(current: Endpoint, wanted: Wanted, placement: Placement) -> tuple[dict[str, t.Any], tuple[str, ...]]:
    modify: dict[str, t.Any] = {}
    pairs = (
        ("SubnetIds", current.subnet_ids, placement.subnet_ids),
        ("SecurityGroupIds", current.security_group_ids, wanted.security_group_ids),
    )
    for kind, present, goal in pairs:
        if goal and set(goal) - set(present):
            modify[f"Add{kind}"] = sorted(set(goal) - set(present))
        if goal and set(present) - set(goal):
            modify[f"Remove{kind}"] = sorted(set(present) - set(goal))
    if wanted.ip_address_type and wanted.ip_address_type != current.ip_address_type:
        modify["IpAddressType"] = wanted.ip_address_type
    if wanted.policy and not same_document(wanted.policy, current.policy):
        modify["PolicyDocument"] = wanted.policy
    if wanted.private_dns != current.private_dns:
        # AWS refuses private DNS until the service's owner has accepted the connection.
        if stage(current.state) == ACCEPTANCE:
            return modify, ("private DNS",)
        modify["PrivateDnsEnabled"] = wanted.private_dns
    return modify, ()
