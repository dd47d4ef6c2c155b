# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VPC's endpoints for services of AWS with what they stand on, read only where something depends on them."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import (
    INTERFACE,
    listed,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.foresee import NetworkFacts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.ground import complete
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.model import GROUP_NAME, Asked
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.plan import choose_group, plan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.serving import (
    is_ours,
    verdicts,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import paths
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import VpcDns
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint, Subnet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route_tables import table_of

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.gathering import Gathering
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import VpcEndpoint
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route_tables import RouteTable


def asked(wanted: Wanted, tags: t.Mapping[str, str] | None = None) -> Asked:
    """What the runner asks of the endpoints.

    :param tags: of what is made.
    """
    options = {
        "name": wanted.name,
        "vpc_id": wanted.vpc_id,
        "runner_id": wanted.runner_id,
        "subnet_ids": wanted.ec2_subnet_ids,
        "further_ranges": wanted.network_endpoints_further_ranges,
        "tags": dict(tags or {}),
    }
    return Asked.of(options)


def whole(entry: VpcEndpoint) -> Endpoint:
    """An endpoint with its kind and its route tables."""
    return dataclasses.replace(entry.endpoint, kind=entry.kind, route_table_ids=entry.route_table_ids)


def closed_subnets(subnet_ids: t.Iterable[str], tables: t.Sequence[RouteTable]) -> list[str]:
    """Those of the subnets that have no way out."""
    return [name for name in subnet_ids if not paths.ways_out(table_of(name, tables))]


def read(look: Gathering, wanted: Wanted) -> NetworkFacts | None:
    """The facts, or C(None) where the subnets have a way out, no endpoint is there and none is asked for.

    :raises UnreadError: what they depend on could not be read.
    """
    tables, found = look.known("route_tables") or (), look.known("endpoints") or ()
    subnets = [
        Subnet(entry.id, entry.zone, entry.vpc_id, entry.zone_id, entry.cidr)
        for entry in look.known("subnets") or ()
        if entry.id in wanted.ec2_subnet_ids
    ]
    endpoints = tuple(map(whole, found))
    closed = closed_subnets([subnet.id for subnet in subnets], tables)
    there = any(listed(entry.service_name, wanted.region) for entry in endpoints)
    if not (wanted.network_endpoints or closed or there):
        return None
    api = Api(look.clients("ec2"), wanted.region)
    zones, unread = look.get("vpc_zones"), []
    if isinstance(zones, Unread):
        unread.append(f"the VPC's private hosted zones ({zones.message})")
    claimed = frozenset(zone.name for zone in look.found("vpc_zones") or ())
    ground = complete(api, wanted.region, subnets, tables, endpoints, None, claimed)
    if wanted.network_endpoints or (closed and not all(verdict.serves for verdict in verdicts(endpoints, ground))):
        try:
            ground = dataclasses.replace(ground, offered=api.offered())
        except ApiError as error:
            # Then all of the list counts.
            unread.append(f"what AWS offers endpoints for here ({error.why or error.what})")
    group = _group(api, wanted, endpoints, ground.groups) if wanted.network_endpoints else None
    return NetworkFacts(ground, endpoints, group, _off(look.found("vpc_dns")), tuple(unread))


def coming(wanted: Wanted, facts: t.Any, kind: str = INTERFACE) -> int:
    """How many endpoints of a kind the stage is going to make; none where it refuses, or that is not known."""
    if not (wanted.network_endpoints and isinstance(facts, NetworkFacts)):
        return 0
    try:
        steps = plan(asked(wanted), facts.ground, facts.endpoints, facts.group).steps
    except RunnerError:
        return 0
    return sum(step.todo.create and step.service.kind == kind for step in steps)


def _group(api: Api, wanted: Wanted, endpoints: t.Iterable[Endpoint], groups: t.Mapping[str, Group]) -> Group | None:
    carried = {group for entry in endpoints if is_ours(entry) for group in entry.security_group_ids}
    own = [group for identifier, group in groups.items() if identifier in carried]
    return choose_group(api.groups.named(wanted.vpc_id, GROUP_NAME), own, asked(wanted))


def _off(dns: VpcDns | None) -> tuple[str, ...]:
    if dns is None:
        return ()
    attributes = (("enableDnsSupport", dns.support), ("enableDnsHostnames", dns.hostnames))
    return tuple(attribute for attribute, on in attributes if not on)
