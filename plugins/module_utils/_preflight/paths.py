# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way packets go: the route table and the network ACL of a subnet, and where they let traffic out."""

from __future__ import annotations

import dataclasses
import ipaddress
import itertools
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    AclEntry,
    NetworkAcl,
    Route,
    RouteTable,
    VpcEndpoint,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import AVAILABLE, stage

ANYWHERE = "0.0.0.0/0"
TCP, ALL = "6", "-1"
LAST_RULE = 32767
# Replies reach the sender's ephemeral ports (VPC user guide, "Ephemeral ports"): Linux's and Windows's lowest, and the
# highest.
EPHEMERAL = (49152, 65535)
# "Requests originating from Elastic Load Balancing use ports 1024-65535" (VPC user guide, "Ephemeral ports").
LOAD_BALANCER_EPHEMERAL = (1024, 65535)
# Where the load balancer reaches its targets (vendor's template of 2026): TLS, and the health check's HTTP.
TARGET_PORTS = (8443, 5000)

# The beginning of a route's target says what it is.
KINDS: t.Mapping[str, str] = {
    "igw": "internet gateway",
    "nat": "NAT gateway",
    "tgw": "transit gateway",
    "vpce": "firewall endpoint",
    "vgw": "virtual private gateway",
    "eni": "network appliance",
    "i": "NAT instance",
    "pcx": "peering connection",
    "lgw": "local gateway",
    "cagw": "carrier gateway",
    "arn:aws:networkmanager": "Cloud WAN",
}

# What the runner calls (facts/runner.md, from the vendor's documentation); S3 and DynamoDB also as gateway endpoints.
REQUIRED_SERVICES = ("secretsmanager", "logs", "ecr.api", "ecr.dkr", "s3")
FURTHER_SERVICES = ("ec2", "ssm", "sts", "dynamodb", "cloudformation", "elasticloadbalancing", "acm", "ecs", "iam")


def table_of(subnet_id: str, tables: t.Sequence[RouteTable]) -> RouteTable | None:
    """The subnet's own route table, or else the VPC's main one."""
    own = [table for table in tables if subnet_id in table.subnet_ids]
    return next(iter([*own, *(table for table in tables if table.main)]), None)


def ways_out(table: RouteTable | None) -> tuple[Route, ...]:
    """The working routes for everything that no other route is for, the widest first.

    Firewalls and VPNs often have halves in the place of one, 0.0.0.0/1 and 128.0.0.0/1, and AWS takes them so.
    """
    found = [(net, route) for route in _leaving(table) if (net := network(route.destination)) and net.version == 4]  # noqa: PLR2004
    found.sort(key=lambda entry: entry[0].prefixlen)
    for count in range(1, len(found) + 1):
        if covered(ANYWHERE, [route.destination for _net, route in found[:count]]):
            return tuple(route for _net, route in found[:count])
    return ()


def listed_ways(table: RouteTable | None) -> tuple[Route, ...]:
    """Working routes for prefix lists, whose ranges nobody has looked at; not those of gateway endpoints."""
    return tuple(route for route in _leaving(table) if route.destination.startswith("pl-") and not _to_endpoint(route))


def _to_endpoint(route: Route) -> bool:
    return route.target.startswith("vpce-")


def _leaving(table: RouteTable | None) -> list[Route]:
    return [route for route in (table.routes if table else ()) if route.active and route.target != "local"]


def kinds_of(routes: t.Iterable[Route]) -> str:
    """What the routes' targets are, or empty without a route."""
    return " and ".join(sorted({_kind_of(route) for route in routes}))


def _kind_of(route: Route) -> str:
    matching = [kind for kind in KINDS if route.target.startswith(f"{kind}-") or route.target.startswith(f"{kind}:")]
    return KINDS[max(matching, key=len)] if matching else f"target {route.target}"


def missing_endpoints(
    endpoints: t.Sequence[VpcEndpoint], region: str, table: RouteTable | None
) -> tuple[list[str], list[str]]:
    """Services that the runner needs and that have no endpoint for this route table: required ones, further ones."""
    present = set()
    for entry in endpoints:
        if stage(entry.endpoint.state) != AVAILABLE:
            continue
        if entry.kind == "Gateway" and (table is None or table.id not in entry.route_table_ids):
            continue
        # com.amazonaws.<region>.<service>, in China with cn. before it; IAM's has no region.
        name = entry.endpoint.service_name
        present.add(name.partition(f".{region}.")[2] or name.rsplit(".", 1)[-1])
    return (
        [service for service in REQUIRED_SERVICES if service not in present],
        [service for service in FURTHER_SERVICES if service not in present],
    )


def acl_of(subnet_id: str, acls: t.Sequence[NetworkAcl]) -> NetworkAcl | None:
    """The network ACL of a subnet; every subnet has exactly one."""
    return next((acl for acl in acls if subnet_id in acl.subnet_ids), None)


def blocked(acl: NetworkAcl, egress: bool, ports: tuple[int, int], cidr: str = ANYWHERE) -> AclEntry | None:
    """The rule by which TCP is denied for the ports and the whole range before one allows it; C(None) when allowed.

    Rules that deny a part of the range count once they deny all of it together: what matters is whether the path works
    at all.
    """
    entries = [entry for entry in acl.entries if entry.egress == egress and entry.protocol in (TCP, ALL)]
    denied: list[str] = []
    for entry in entries:
        if not _matches(entry, ports, cidr):
            continue
        if entry.allow:
            return None
        denied.append(entry.cidr)
        if covered(cidr, denied):
            return entry
    return _last_rule(egress, cidr)


@dataclasses.dataclass(frozen=True)
class Gap:
    """A part of a path that a network ACL does not allow.

    :param rule: that denies it.
    """

    rule: AclEntry
    first_port: int
    last_port: int


def gaps(acl: NetworkAcl, egress: bool, ports: tuple[int, int], cidr: str) -> tuple[Gap, ...]:
    """Every part of a TCP path that is denied, by ports: where a machine may use any of the ports and any address of
    the range, a part that is closed loses some of its connections.

    The first rule that matches a packet decides (VPC user guide, "Network ACL rules").
    """
    entries = [entry for entry in acl.entries if entry.egress == egress and entry.protocol in (TCP, ALL)]
    limits = {limit for entry in entries for limit in (entry.first_port, entry.last_port + 1)}
    edges = sorted({ports[0], ports[1] + 1, *(limit for limit in limits if ports[0] < limit <= ports[1])})
    found: list[Gap] = []
    for first, following in itertools.pairwise(edges):
        rule = _denying([entry for entry in entries if _holds(entry, first, following - 1)], egress, cidr)
        if rule is None:
            continue
        goes_on = found and (found[-1].rule, found[-1].last_port) == (rule, first - 1)
        begin = found.pop().first_port if goes_on else first
        found.append(Gap(rule, begin, following - 1))
    return tuple(found)


def _holds(entry: AclEntry, first: int, last: int) -> bool:
    return entry.protocol == ALL or (entry.first_port <= first and last <= entry.last_port)


def _denying(entries: t.Sequence[AclEntry], egress: bool, cidr: str) -> AclEntry | None:
    """The rule that denies any address of the range; C(None) where all of it is allowed."""
    left = [network(cidr)]
    for entry in entries:
        net = network(entry.cidr)
        hit = [part for part in left if net is not None and part.version == net.version and part.overlaps(net)]
        if hit and not entry.allow:
            return entry
        left = [part for part in left if part not in hit]
        left += [rest for part in hit if not part.subnet_of(net) for rest in part.address_exclude(net)]
    return _last_rule(egress, cidr) if left else None


def _last_rule(egress: bool, cidr: str) -> AclEntry:
    """The rule with the asterisk, which AWS has behind all others."""
    return AclEntry(LAST_RULE, egress, False, ALL, cidr)


def _matches(entry: AclEntry, ports: tuple[int, int], cidr: str) -> bool:
    if entry.protocol == TCP and not (entry.first_port <= ports[0] and ports[1] <= entry.last_port):
        return False
    return overlaps(entry.cidr, cidr)


def contains(outer: str, inner: str) -> bool:
    """Whether one address range lies in the other; false for ranges of different IP versions."""
    left, right = network(outer), network(inner)
    return left is not None and right is not None and left.version == right.version and right.subnet_of(left)


def covered(inner: str, ranges: t.Iterable[str]) -> bool:
    """Whether an address range lies in others together, as 0.0.0.0/0 does in its halves."""
    wanted = network(inner)
    same = [
        net for net in map(network, ranges) if net is not None and wanted is not None and net.version == wanted.version
    ]
    return any(wanted.subnet_of(net) for net in ipaddress.collapse_addresses(same))


def overlaps(left: str, right: str) -> bool:
    """Whether two address ranges share an address."""
    first, second = network(left), network(right)
    return first is not None and second is not None and first.version == second.version and first.overlaps(second)


def network(text: str) -> t.Any:
    """The address range, or C(None) for anything else, such as a prefix list."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
