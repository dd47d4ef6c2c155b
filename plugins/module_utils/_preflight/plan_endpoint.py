# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stage privatelink has to do, from the facts that the checks are made of. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _stage_plan as stages
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    Facts,
    SecurityGroup,
    VpcDns,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import foresee as privatelink
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.foresee import EndpointFacts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Endpoint,
    Service,
    Subnet,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Wanted as WantedEndpoint,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import choose
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import StagePlan

Options = t.Mapping[str, t.Any]


def foresee(options: Options, wanted: Wanted, facts: Facts) -> StagePlan:
    """The endpoint, and the security group that the role keeps when none is given.

    :param options: of runner_endpoint, as the stage has them.
    """
    if not wanted.privatelink_enabled:
        return privatelink.foresee(None, _facts(wanted, facts))
    found = privatelink.foresee(
        _wanted(options, wanted, facts), _facts(wanted, facts), wanted.privatelink_enable_vpc_dns
    )
    group, tags = _group(facts), _tags(options)
    missing = {key for key, value in tags.items() if group and group.tags.get(key) != value}
    if keeps_group(wanted) and missing and not found.needed:
        return StagePlan(
            found.stage, stages.UPDATE, (f"the security group lacks the tags {', '.join(sorted(missing))}",)
        )
    return found


def seen(options: Options, wanted: Wanted, facts: Facts) -> dict[str, t.Any] | None:
    """What runner_endpoint would return for an endpoint that is as it is wanted; C(None) when none is asked for."""
    endpoint = choose(_endpoints(wanted, facts) or (), _wanted(options, wanted, facts))
    if not wanted.privatelink_enabled or endpoint is None:
        return None
    return {
        "changed": False,
        "in_progress": False,
        "endpoint": endpoint.as_result(),
        "service": facts.service.as_result() if isinstance(facts.service, Service) else None,
        "actions": [],
        "waiting_for": "",
    }


def keeps_group(wanted: Wanted) -> bool:
    """Whether the role keeps a security group of its own for the endpoint."""
    return wanted.privatelink_enabled and not wanted.privatelink_security_group_ids


def _group(facts: Facts) -> SecurityGroup | None:
    return facts.endpoint_group if isinstance(facts.endpoint_group, SecurityGroup) else None


def _tags(options: Options) -> dict[str, str]:
    return {key: str(value) for key, value in options["tags"].items()}


def _wanted(options: Options, wanted: Wanted, facts: Facts) -> WantedEndpoint:
    group = _group(facts)
    own = (group.id,) if group else ()
    found = WantedEndpoint.of({**options, "vpc_id": wanted.vpc_id, "subnet_ids": wanted.privatelink_subnet_ids})
    return dataclasses.replace(found, security_group_ids=own) if keeps_group(wanted) else found


def _endpoints(wanted: Wanted, facts: Facts) -> tuple[Endpoint, ...] | None:
    if not isinstance(facts.endpoints, tuple):
        return None
    every = (entry.endpoint for entry in facts.endpoints)
    return tuple(endpoint for endpoint in every if endpoint.service_name == wanted.privatelink_service_name)


def _facts(wanted: Wanted, facts: Facts) -> EndpointFacts:
    subnets = facts.subnets if isinstance(facts.subnets, tuple) else None
    dns = None
    if isinstance(facts.vpc_dns, VpcDns):
        dns = {"enableDnsSupport": facts.vpc_dns.support, "enableDnsHostnames": facts.vpc_dns.hostnames}
    # The role looks at a group that could not be read for itself.
    unreadable = keeps_group(wanted) and facts.endpoint_group is not None and _group(facts) is None
    return EndpointFacts(
        region=wanted.region,
        service=facts.service if isinstance(facts.service, Service) else None,
        subnets=tuple(Subnet(entry.id, entry.zone, entry.vpc_id, entry.zone_id, entry.cidr) for entry in subnets)
        if subnets is not None
        else None,
        vpc_dns=dns,
        endpoints=None if unreadable else _endpoints(wanted, facts),
        sources=tuple(entry.cidr for entry in subnets or () if entry.id in wanted.privatelink_source_subnet_ids),
        admitted=_admitted(_group(facts)),
        keeps_group=keeps_group(wanted),
    )


def _admitted(group: SecurityGroup | None) -> tuple[str, ...] | None:
    """The ranges that the group admits on port 443; a rule for anything else stands by its protocol and ports."""
    if group is None:
        return None
    found: list[str] = []
    for rule in group.inbound:
        https = (rule.protocol, rule.first_port, rule.last_port) == ("tcp", 443, 443)
        found += rule.sources if https else [f"{rule.protocol} {rule.first_port}-{rule.last_port}"]
    return tuple(found)
