# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a VPC's endpoints serves the runner, and what the others lack. Pure.

Rules: AWS PrivateLink guide, "Access an AWS service using an interface VPC endpoint" (private DNS answers in the whole
VPC, and one endpoint of a service can have it; the security group must admit 443) and "Gateway endpoints" (one a
service and route table); EC2 API reference, DnsOptionsSpecification.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._address_ranges import covered
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import (
    GATEWAY,
    INTERFACE,
    SERVICES,
    Listed,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.model import (
    Ground,
    is_for_the_network,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.policy import (
    NOTHING,
    PART,
    lets_through,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import HTTPS, Group
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    AVAILABLE,
    BROKEN,
    LEAVING,
    Endpoint,
    stage,
)

# It serves; it is there and does not, or not everything; there is none; AWS is at work on it; another VPC's serves by a
# private hosted zone; AWS has none here.
SERVED, PARTLY, MISSING, COMING, ELSEWHERE, NOT_OFFERED = (
    "served",
    "partly",
    "missing",
    "coming",
    "elsewhere",
    "not offered",
)
SHUT = "its policy lets nothing through"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """How one service of the list stands.

    :param state: one of the words of this module.
    :param endpoints: those that it was judged by, the best of an interface service.
    :param lacks: what keeps them from serving, in words; empty while they serve.
    :param remarks: what serves all the same, or could not be judged, in words.
    :param unweighed: those of the remarks that tell of policies.
    """

    service: Listed
    state: str
    endpoints: tuple[Endpoint, ...] = ()
    lacks: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    unweighed: tuple[str, ...] = ()

    @property
    def serves(self) -> bool:
        """Whether nothing has to be done for it."""
        return self.state in (SERVED, ELSEWHERE, NOT_OFFERED)

    @property
    def ours(self) -> bool:
        """Whether the stage made what it was judged by, so that the stage may change it."""
        return any(is_ours(endpoint) for endpoint in self.endpoints)

    @property
    def told(self) -> str:
        """What is wrong, as a part of a sentence."""
        if self.state == MISSING:
            return f"{self.service.short} has no endpoint"
        which = ", ".join(endpoint.id for endpoint in self.endpoints)
        return f"{self.service.short} ({which}): {'; '.join(self.lacks)}"


def is_ours(endpoint: Endpoint) -> bool:
    """Whether this stage made it, for some runner."""
    return is_for_the_network(endpoint.tags) and users.is_ours(endpoint.tags)


def of_service(service: Listed, endpoints: t.Iterable[Endpoint], region: str, kind: str = "") -> list[Endpoint]:
    """The VPC's endpoints for a service of the list, without those that go.

    :param kind: only of this kind; by default of every kind.
    """
    names = service.names(region)
    return [
        endpoint
        for endpoint in endpoints
        if endpoint.service_name in names and (not kind or endpoint.kind == kind) and stage(endpoint.state) != LEAVING
    ]


def verdicts(endpoints: t.Sequence[Endpoint], ground: Ground) -> list[Verdict]:
    """Every service of the list."""
    return [judged(service, endpoints, ground) for service in SERVICES]


def judged(service: Listed, endpoints: t.Sequence[Endpoint], ground: Ground) -> Verdict:
    """One service of the list."""
    found = of_service(service, endpoints, ground.region)
    interface = _of_interfaces(service, [entry for entry in found if entry.kind == INTERFACE], ground)
    if service.kind == INTERFACE or interface.state in (SERVED, ELSEWHERE):
        return interface
    return _of_gateways(service, [entry for entry in found if entry.kind == GATEWAY], ground)


def _of_interfaces(service: Listed, found: t.Sequence[Endpoint], ground: Ground) -> Verdict:
    judgements = sorted(
        (_of_interface(service, entry, ground) for entry in found),
        key=lambda verdict: (
            verdict.state != SERVED,
            verdict.state != COMING,
            len(verdict.lacks),
            not verdict.ours,
            verdict.endpoints[0].id,
        ),
    )
    if judgements and judgements[0].serves:
        return judgements[0]
    offer = (ground.offered or {}).get((service.short, INTERFACE))
    if offer and offer.private_dns_name.removeprefix("*.") in ground.claimed:
        name = offer.private_dns_name.removeprefix("*.")
        return Verdict(service, ELSEWHERE, remarks=(f"the private hosted zone {name} answers for {service.short}",))
    if judgements:
        return judgements[0]
    if ground.offered is not None and (service.short, service.kind) not in ground.offered:
        return _not_offered(service)
    return Verdict(service, MISSING)


def _of_interface(service: Listed, endpoint: Endpoint, ground: Ground) -> Verdict:
    meant = stage(endpoint.state)
    lacks = [] if meant == AVAILABLE else [f"it is {endpoint.state}"]
    if meant == AVAILABLE and not endpoint.subnet_ids:
        lacks.append("it is in no subnet, so its private names have no address")
    if not endpoint.private_dns:
        lacks.append("its private DNS is off")
    elif endpoint.inbound_only:
        lacks.append("its private DNS answers only inbound resolver endpoints")
    closed, groups = closed_ranges(
        [ground.groups[one] for one in endpoint.security_group_ids if one in ground.groups], ground
    )
    if closed and not groups:
        lacks.append(f"its security groups do not admit 443 from {', '.join(closed)}")
    far = far_subnets(endpoint, ground) if endpoint.subnet_ids else []
    remarks = (
        [f"{endpoint.id} has no subnet in the zone of {', '.join(far)}, whose traffic crosses zones"] if far else []
    )
    if closed and groups:
        remarks.append(
            f"{endpoint.id} admits 443 from {', '.join(groups)} and not from {', '.join(closed)}: whether the runner's"
            " instances and tasks are meant is not known"
        )
    unweighed = _weigh(service, endpoint, lacks)
    coming = meant not in (AVAILABLE, BROKEN) and len(lacks) == 1
    state = COMING if coming else PARTLY if lacks else SERVED
    return Verdict(service, state, (endpoint,), tuple(lacks), (*remarks, *unweighed), unweighed)


def closed_ranges(groups: t.Sequence[Group], ground: Ground) -> tuple[list[str], list[str]]:
    """Ranges of the runner's subnets that groups do not admit on 443, and the groups and lists that they do admit."""
    sources = {
        rule.source
        for group in groups
        for rule in group.rules
        if _admits(rule.protocol, rule.first_port, rule.last_port)
    }
    return (
        [cidr for cidr in ground.ranges if not covered(cidr, sources)],
        sorted(source for source in sources if source.startswith(("sg-", "pl-"))),
    )


def _admits(protocol: str, first: int, last: int) -> bool:
    return protocol == "-1" or (protocol in ("tcp", "6") and first <= HTTPS <= last)


def far_subnets(endpoint: Endpoint, ground: Ground) -> list[str]:
    """The runner's subnets in zones in which the endpoint has none; empty where the zones are not known."""
    if not all(subnet in ground.zones for subnet in endpoint.subnet_ids):
        return []
    there = {ground.zones[subnet] for subnet in endpoint.subnet_ids}
    return sorted(subnet.id for subnet in ground.subnets if subnet.zone not in there)


def _weigh(service: Listed, endpoint: Endpoint, lacks: list[str]) -> tuple[str, ...]:
    """Add what a policy closes for everybody to what an endpoint lacks; one that lets a part through is a remark."""
    through = lets_through(endpoint.policy, service.short)
    if through == NOTHING:
        lacks.append(SHUT)
    return (f"{endpoint.id} has a policy of its own, which was not weighed",) if through == PART else ()


def _of_gateways(service: Listed, found: t.Sequence[Endpoint], ground: Ground) -> Verdict:
    lacks: list[str] = []
    working = [endpoint for endpoint in found if stage(endpoint.state) == AVAILABLE]
    tables = {table for endpoint in working for table in endpoint.route_table_ids}
    open_tables = [table for table in ground.table_ids if table not in tables]
    if not found:
        offered = ground.offered is None or (service.short, GATEWAY) in ground.offered
        return Verdict(service, MISSING) if offered else _not_offered(service)
    used = [endpoint for endpoint in working if set(endpoint.route_table_ids) & set(ground.table_ids)]
    remarks = tuple(remark for endpoint in used for remark in _weigh(service, endpoint, lacks))
    if not open_tables:
        state = PARTLY if lacks else SERVED
        return Verdict(service, state, tuple(used), tuple(dict.fromkeys(lacks)), remarks, remarks)
    coming = [endpoint for endpoint in found if stage(endpoint.state) not in (AVAILABLE, BROKEN)]
    reached = {table for endpoint in coming for table in endpoint.route_table_ids}
    state = COMING if reached.issuperset(open_tables) and not lacks else PARTLY
    lacks.insert(0, f"not on the route table {', '.join(open_tables)}")
    return Verdict(service, state, tuple(found), tuple(dict.fromkeys(lacks)), remarks, remarks)


def _not_offered(service: Listed) -> Verdict:
    return Verdict(service, NOT_OFFERED, remarks=(f"AWS offers no endpoint for {service.short} here",))
