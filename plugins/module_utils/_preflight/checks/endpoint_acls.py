# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether network ACLs let the EC2 subnets reach the endpoints that are there, and those that will be."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _address_ranges as address_ranges
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import (
    INTERFACE,
    listed,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.foresee import NetworkFacts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import paths
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks.network import (
    named_subnets,
    port_range,
    rule_name,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    Facts,
    NetworkAcl,
    Subnet,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import AVAILABLE, stage

HTTPS = (443, 443)
# Where answers go: the runner's tasks and its environments are Linux (VPC user guide, "Ephemeral ports").
ANSWERS = (32768, 60999)
FIX = f"TCP 443 from the EC2 subnets to the subnets of the endpoints, and {port_range(ANSWERS)} back"


@dataclasses.dataclass(frozen=True)
class Place:
    """A subnet in which endpoints are, or will be.

    :param cidr: empty where it is not known, and then only what the EC2 subnets' side closes is not seen.
    """

    id: str
    cidr: str = ""


@check(
    "network.endpoint_acls",
    asks="Do the network ACLs let the EC2 subnets reach the endpoints, in whichever subnets they are?",
    why="An endpoint's private names have an address in each of its subnets, and network ACLs hold between subnets of"
    " one VPC too, without state (AWS PrivateLink guide, Interface endpoints; VPC user guide, Network ACLs): a subnet"
    " that is closed to 443 loses the connections that go there, with or without another way out.",
    fix=f"Allow {FIX}.",
)
def endpoint_acls(wanted: Wanted, facts: Facts) -> Finding:
    """Each EC2 subnet with each subnet of an endpoint; traffic within one subnet passes no network ACL."""
    acls, (sources, _balancers) = known(facts.network_acls), named_subnets(wanted, facts)
    groups = _places(wanted, facts)
    if not acls or not sources or not groups:
        return skipped("There are no network ACLs, EC2 subnets or endpoints to look at.")
    problems: dict[str, None] = {}
    cut_off: dict[str, None] = {}
    for places, what in groups.items():
        for source in sources:
            walls = {place.id: _walls(source, place, acls) for place in places}
            problems.update(dict.fromkeys(text for texts in walls.values() for text in texts))
            if all(walls.values()):
                cut_off[f"{source.id} reaches none of {what}"] = None
    if not problems:
        return passed("TCP 443 and its answers are allowed between the EC2 subnets and the endpoints' subnets.")
    told, remediation = "; ".join(problems), f"Allow {FIX}, in these network ACLs."
    if cut_off:
        return failed(f"{'; '.join(cut_off)}: {told}.", remediation)
    return warned(f"{told}.", remediation)


def _places(wanted: Wanted, facts: Facts) -> dict[tuple[Place, ...], str]:
    """The subnets of endpoints, with what is there in words; those that have the same are one."""
    found = known(facts.network_endpoints)
    cidrs = {subnet.id: subnet.cidr for subnet in known(facts.subnets) or ()}
    groups: dict[tuple[str, ...], list[str]] = {}
    if isinstance(found, NetworkFacts):
        cidrs = {**found.ground.cidrs, **cidrs}
        for entry in found.endpoints:
            service = listed(entry.service_name, wanted.region)
            if service and entry.kind == INTERFACE and entry.private_dns and stage(entry.state) == AVAILABLE:
                groups.setdefault(tuple(sorted(entry.subnet_ids)), []).append(entry.id)
    coming = {
        "the endpoints for services of AWS that will be made": wanted.network_endpoints and wanted.ec2_subnet_ids,
        "the endpoint to the management plane": wanted.privatelink_enabled and wanted.privatelink_subnet_ids,
    }
    for what, subnet_ids in coming.items():
        if subnet_ids:
            groups.setdefault(tuple(sorted(subnet_ids)), []).append(what)
    return {
        tuple(Place(name, cidrs.get(name, "")) for name in names): ", ".join(what)
        for names, what in groups.items()
        if names
    }


def _walls(source: Subnet, place: Place, acls: t.Sequence[NetworkAcl]) -> list[str]:
    """What is denied on the way there and back, with the rule that denies it."""
    if source.id == place.id:
        return []
    legs = (
        (source.id, True, HTTPS, place.id, place.cidr),
        (place.id, False, HTTPS, source.id, source.cidr),
        (place.id, True, ANSWERS, source.id, source.cidr),
        (source.id, False, ANSWERS, place.id, place.cidr),
    )
    told = []
    for own, egress, ports, other, cidr in legs:
        acl = paths.acl_of(own, acls)
        if acl is None or address_ranges.network(cidr) is None:
            continue
        for gap in paths.gaps(acl, egress, ports, cidr):
            direction, way = ("outbound", "to") if egress else ("inbound", "from")
            shown = port_range((gap.first_port, gap.last_port))
            told.append(f"{acl.id} rule {rule_name(gap.rule)} denies {direction} {shown} {way} {other}")
    return told


CHECKS = (endpoint_acls,)
