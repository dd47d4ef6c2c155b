# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stage privatelink has to do, from the facts that the checks are made of. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    Facts,
    VpcDns,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import foresee as privatelink
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.foresee import EndpointFacts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group, Rule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Endpoint,
    Service,
    Subnet,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Wanted as WantedEndpoint,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.neighbours import Neighbours, unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import choose
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import StagePlan

Options = t.Mapping[str, t.Any]


def foresee(options: Options, wanted: Wanted, facts: Facts) -> StagePlan:
    """The endpoint, and the security group that is kept for it when none is given."""
    asked = _wanted(options, wanted) if wanted.privatelink_enabled else None
    return privatelink.foresee(asked, _facts(wanted, facts), wanted.privatelink_enable_vpc_dns)


def seen(options: Options, wanted: Wanted, facts: Facts) -> dict[str, t.Any] | None:
    """What runner_endpoint would return for an endpoint that is as it is wanted; C(None) when none is asked for."""
    asked = _wanted(options, wanted)
    endpoint = choose(_endpoints(wanted, facts) or (), asked)
    if not wanted.privatelink_enabled or endpoint is None:
        return None
    group, first = _group(facts), users.owner(endpoint.tags)
    return {
        "changed": False,
        "in_progress": False,
        "endpoint": endpoint.as_result(),
        "security_group": {**group.as_result(), "created": False} if group else None,
        "owner": first.as_result() if first else None,
        "shared_with": users.names(users.others(endpoint.tags, asked.user)),
        "service": facts.service.as_result() if isinstance(facts.service, Service) else None,
        "actions": [],
        "waiting_for": "",
        "waiting_for_acceptance": False,
    }


def wanted_group(wanted: Wanted) -> WantedEndpoint:
    """What decides which security group is kept for the endpoint."""
    return WantedEndpoint(wanted.name, wanted.vpc_id, security_group_name=wanted.privatelink_security_group_name)


def keeps_group(wanted: Wanted) -> bool:
    """Whether a security group is kept for the endpoint, because none is given."""
    return wanted.privatelink_enabled and not wanted.privatelink_security_group_ids


def more_than_wanted(
    wanted: Wanted, endpoint: Endpoint | None, group: Group | None, sources: t.Collection[str]
) -> bool:
    """Whether the endpoint, or its group, has what the stage would take away if nobody else needs it.

    :param sources: ranges of the subnets from which the runner reaches the endpoint.
    """
    if group and group.rules - frozenset(map(Rule, sources)):
        return True
    if endpoint is None:
        return False
    groups = wanted.privatelink_security_group_ids or ((group.id,) if group else ())
    return bool(
        set(endpoint.subnet_ids) - set(wanted.privatelink_subnet_ids)
        or set(endpoint.security_group_ids) - set(groups)
        or (endpoint.private_dns and not wanted.privatelink_private_dns_enabled)
        # Whether a policy is another one, the plan alone compares.
        or wanted.privatelink_policy
        or wanted.privatelink_ip_address_type not in ("", endpoint.ip_address_type)
    )


def _group(facts: Facts) -> Group | None:
    return facts.endpoint_group if isinstance(facts.endpoint_group, Group) else None


def _wanted(options: Options, wanted: Wanted) -> WantedEndpoint:
    """As the stage's options have it, with what the existing stack makes good."""
    return WantedEndpoint.of({**options, "vpc_id": wanted.vpc_id, "subnet_ids": wanted.privatelink_subnet_ids})


def _endpoints(wanted: Wanted, facts: Facts) -> tuple[Endpoint, ...] | None:
    if not isinstance(facts.endpoints, tuple):
        return None
    every = (entry.endpoint for entry in facts.endpoints)
    return tuple(endpoint for endpoint in every if endpoint.service_name == wanted.privatelink_service_name)


def _facts(wanted: Wanted, facts: Facts) -> EndpointFacts:
    subnets = facts.subnets if isinstance(facts.subnets, tuple) else None
    more = facts.endpoint_subnets if isinstance(facts.endpoint_subnets, tuple) else ()
    dns = None
    if isinstance(facts.vpc_dns, VpcDns):
        dns = {"enableDnsSupport": facts.vpc_dns.support, "enableDnsHostnames": facts.vpc_dns.hostnames}
    # The module looks at a group that could not be read for itself.
    unreadable = keeps_group(wanted) and facts.endpoint_group is not None and _group(facts) is None
    sources = wanted.privatelink_source_subnet_ids or wanted.privatelink_subnet_ids
    return EndpointFacts(
        region=wanted.region,
        service=facts.service if isinstance(facts.service, Service) else None,
        subnets=tuple(
            Subnet(entry.id, entry.zone, entry.vpc_id, entry.zone_id, entry.cidr) for entry in (*subnets, *more)
        )
        if subnets is not None
        else None,
        vpc_dns=dns,
        endpoints=None if unreadable else _endpoints(wanted, facts),
        sources=tuple(sorted({entry.cidr for entry in subnets or () if entry.id in sources})),
        group=_group(facts),
        neighbours=_neighbours(facts),
    )


def _neighbours(facts: Facts) -> Neighbours:
    found = facts.endpoint_neighbours
    if isinstance(found, Unread):
        return unread(found.message)
    return Neighbours(tuple(users.User(runner.name, runner.id) for runner in found or ()))
