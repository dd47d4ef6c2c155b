# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VPC and its subnets: whether they are there, large enough, and connected as each purpose needs."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules import ZONE_COUNTS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import paths
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import closed_subnets
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    AclEntry,
    Facts,
    RouteTable,
    Subnet,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

# Shared address space of RFC 6598, which carriers and AWS networks use, and which no corporate network routes.
CGNAT = "100.64.0.0/10"
NO_VPC = "The VPC does not exist."
NO_SUBNETS = "The inventory names no subnets."


def named_subnets(wanted: Wanted, facts: Facts) -> tuple[list[Subnet], list[Subnet]]:
    """Those of the EC2 subnets and of the load balancer's subnets that exist."""
    there = {subnet.id: subnet for subnet in known(facts.subnets) or ()}
    return (
        [there[name] for name in wanted.ec2_subnet_ids if name in there],
        [there[name] for name in wanted.load_balancer_subnet_ids if name in there],
    )


@check(
    "network.vpc",
    asks="Does the VPC exist in the region?",
    why="The template refers to it; a VPC of another region or account makes the stack fail at its first resource.",
    fix="Correct `gitpod_vpc_id`, `gitpod_region` or the credentials: the three belong together.",
)
def vpc(wanted: Wanted, facts: Facts) -> Finding:
    """By its ID, with these credentials, in this region."""
    if not wanted.vpc_id:
        return skipped("The inventory names no VPC (gitpod_vpc_id).")
    found = known(facts.vpc)
    if found is None:
        return failed(
            f"{wanted.vpc_id} does not exist in {wanted.region}.",
            "Correct gitpod_vpc_id, or the region or account, to which it has to belong.",
        )
    return passed(f"{found.id} exists, with {', '.join(found.cidrs)}.")


@check(
    "network.vpc_dns",
    asks="Has the VPC DNS support and DNS hostnames?",
    why="Without DNS support nothing in the VPC resolves a name; PrivateLink's private DNS needs both (vendor's guide,"
    " Private VPC Endpoints). Without PrivateLink, missing hostnames only make diagnosis harder.",
    fix="Switch both on (console: Actions, Edit VPC settings), or let the endpoint's stage do it with"
    " `gitpod_privatelink_enable_vpc_dns: true`.",
)
def vpc_dns(wanted: Wanted, facts: Facts) -> Finding:
    """Both attributes."""
    attributes = known(facts.vpc_dns)
    if attributes is None:
        return skipped("There is no VPC to look at.")
    states = (("DNS support", attributes.support), ("DNS hostnames", attributes.hostnames))
    off = [name for name, on in states if not on]
    if not off:
        return passed("DNS support and DNS hostnames are on.")
    summary = f"{' and '.join(off)} {'are' if len(off) > 1 else 'is'} off in {wanted.vpc_id}."
    needed = wanted.privatelink_enabled and wanted.privatelink_private_dns_enabled
    if needed and not wanted.privatelink_enable_vpc_dns:
        return failed(
            f"{summary[:-1]}, and PrivateLink's private DNS needs both.",
            "Switch them on (console: Actions, Edit VPC settings) or set gitpod_privatelink_enable_vpc_dns: true.",
        )
    if needed:
        return passed(f"{summary[:-1]}; the endpoint's stage switches it on (gitpod_privatelink_enable_vpc_dns).")
    return warned(summary, "Switch them on (console: Actions, Edit VPC settings).")


@check(
    "network.zones",
    asks="Are two or three Availability Zones named that the region has?",
    why="The vendor's guide asks for two or three; a name that does not exist makes the stack fail.",
    fix="Name zones of the region in `gitpod_availability_zones`; Local Zones and Wavelength Zones do not count.",
)
def zones(wanted: Wanted, facts: Facts) -> Finding:
    """By their names."""
    if not wanted.availability_zones:
        return skipped("The inventory names no zones (gitpod_availability_zones).")
    existing = known(facts.zones) or ()
    unknown = [zone for zone in wanted.availability_zones if zone not in existing]
    if unknown:
        return failed(
            f"{wanted.region} has no {', '.join(unknown)} for this account.", f"Choose among {', '.join(existing)}."
        )
    count = len(set(wanted.availability_zones))
    if count not in ZONE_COUNTS:
        return failed(
            f"{count} {'zone is' if count == 1 else 'zones are'} named.",
            "Name two or three (gitpod_availability_zones).",
        )
    return passed(f"{', '.join(wanted.availability_zones)}.")


@check(
    "network.subnets",
    asks="Does every subnet exist, in the VPC?",
    why="A wrong subnet is found by CloudFormation only when it creates the load balancer, minutes into it.",
    fix="Correct `gitpod_ec2_subnet_ids` and `gitpod_load_balancer_subnet_ids`.",
)
def subnets(wanted: Wanted, facts: Facts) -> Finding:
    """Every one that is named for any purpose."""
    if not wanted.subnet_ids:
        return skipped(NO_SUBNETS)
    found = {subnet.id: subnet for subnet in known(facts.subnets) or ()}
    problems = []
    absent = [name for name in wanted.subnet_ids if name not in found]
    if absent:
        problems.append(f"not in {wanted.region}: {', '.join(absent)}")
    foreign: dict[str, list[str]] = {}
    for subnet in found.values():
        if subnet.vpc_id != wanted.vpc_id:
            foreign.setdefault(subnet.vpc_id, []).append(subnet.id)
    if wanted.vpc_id:
        problems += [f"in {other} and not in {wanted.vpc_id}: {', '.join(ids)}" for other, ids in foreign.items()]
    if problems:
        return failed(f"{_capital('; '.join(problems))}.", f"Name subnets of {wanted.vpc_id or 'the VPC'}.")
    return passed(f"All {len(found)} exist in {wanted.vpc_id or 'one VPC'}.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@check(
    "network.placement",
    asks="Has each named zone exactly one EC2 subnet and one load balancer subnet?",
    why="The template takes as many subnets of each kind as zones, one in each (vendor's guide, Network Configuration);"
    " a load balancer takes one subnet a zone.",
    fix="Name one subnet of each kind for each zone of `gitpod_availability_zones`.",
)
def placement(wanted: Wanted, facts: Facts) -> Finding:
    """By the subnets' zones."""
    if not wanted.subnet_ids or not wanted.availability_zones:
        return skipped("The inventory names no zones or no subnets.")
    ec2, load_balancer = named_subnets(wanted, facts)
    problems = [
        *_misplaced("EC2 subnets", ec2, wanted.availability_zones),
        *_misplaced("load balancer subnets", load_balancer, wanted.availability_zones),
    ]
    if problems:
        return failed(f"{_capital('; '.join(problems))}.", "Name one subnet of each kind for each named zone.")
    return passed("One EC2 subnet and one load balancer subnet in each zone.")


def _misplaced(kind: str, found: t.Sequence[Subnet], wanted: t.Sequence[str]) -> list[str]:
    by_zone: dict[str, list[str]] = {zone: [] for zone in wanted}
    for subnet in found:
        by_zone.setdefault(subnet.zone, []).append(subnet.id)
    problems = [f"no {kind[:-1]} in {zone}" for zone in wanted if not by_zone[zone]]
    problems += [f"{' and '.join(ids)} are both in {zone}" for zone, ids in by_zone.items() if len(ids) > 1]
    return problems + [
        f"{', '.join(ids)} is in {zone}, which is not named"
        for zone, ids in by_zone.items()
        if zone not in wanted and ids
    ]


@check(
    "network.load_balancer_ranges",
    asks="Are the load balancer's subnets outside the shared address space 100.64.0.0/10?",
    why="Users reach the load balancer through corporate networks, which do not route that range (RFC 6598; vendor's"
    " guide, Load balancer subnets).",
    fix="Name subnets with ranges that are routed from the users' network in `gitpod_load_balancer_subnet_ids`.",
)
def load_balancer_ranges(wanted: Wanted, facts: Facts) -> Finding:
    """EC2 subnets may be non-routable, these may not."""
    if not wanted.load_balancer_subnet_ids:
        return skipped(NO_SUBNETS)
    _ec2, found = named_subnets(wanted, facts)
    hidden = [f"{subnet.id} ({subnet.cidr})" for subnet in found if paths.overlaps(subnet.cidr, CGNAT)]
    if hidden:
        return failed(
            f"Not routable for users: {', '.join(hidden)}.",
            "Name subnets with ranges that the users' network routes; are the two lists of subnets swapped?",
        )
    return passed(f"{', '.join(subnet.cidr for subnet in found) or 'None of them exists'}.")


def _way(table: RouteTable | None) -> str:
    """What leads out of a subnet with this route table; a prefix list counts, whatever its ranges are."""
    return paths.kinds_of(paths.ways_out(table) or paths.listed_ways(table))


@check(
    "network.internet_facing",
    asks="Has an internet-facing load balancer public subnets?",
    why="Without a route to an internet gateway AWS refuses to create it, or nobody reaches it.",
    fix="Name public subnets, or set `gitpod_load_balancer_visibility: internal`.",
)
def internet_facing(wanted: Wanted, facts: Facts) -> Finding:
    """A public subnet has a default route to an internet gateway."""
    if wanted.load_balancer_visibility != "internet-facing":
        return skipped("The load balancer is internal.")
    if known(facts.vpc) is None:
        return skipped(NO_VPC)
    tables = known(facts.route_tables) or ()
    _ec2, found = named_subnets(wanted, facts)
    ways = {subnet.id: _way(paths.table_of(subnet.id, tables)) for subnet in found}
    private = [f"{name} ({way or 'no default route'})" for name, way in ways.items() if way != "internet gateway"]
    if private:
        return failed(
            f"Without a route to an internet gateway: {', '.join(private)}.",
            "Name public subnets (gitpod_load_balancer_subnet_ids), or make the load balancer internal.",
        )
    return passed("Its subnets have a route to an internet gateway.")


@check(
    "network.egress",
    asks="Have the EC2 subnets a way out?",
    why="Environments and the runner reach AWS's APIs, the management plane, source control and registries over 443; a"
    " runner without a way out never registers, and the stack waits for it until it times out.",
    fix="Add a route through a NAT gateway, transit gateway, firewall or proxy appliance, or endpoints for all of"
    f" {', '.join((*paths.REQUIRED_SERVICES, *paths.FURTHER_SERVICES))} and PrivateLink to the management plane.",
)
def egress(wanted: Wanted, facts: Facts) -> Finding:
    """The default route's target, or the full set of endpoints."""
    ec2, _load_balancer = named_subnets(wanted, facts)
    if not ec2 or known(facts.vpc) is None:
        return skipped("There are no EC2 subnets to look at." if not ec2 else NO_VPC)
    tables = known(facts.route_tables) or ()
    ways = {subnet.id: paths.ways_out(paths.table_of(subnet.id, tables)) for subnet in ec2}
    closed = [name for name, routes_out in ways.items() if not routes_out]
    if closed:
        return closed_subnets.judged(wanted, facts, closed)
    kinds = sorted({paths.kinds_of(routes_out) for routes_out in ways.values()})
    public = {subnet.id: subnet.public_addresses for subnet in ec2}
    unreachable = [
        name
        for name, routes_out in ways.items()
        if "internet gateway" in paths.kinds_of(routes_out) and not public[name]
    ]
    if unreachable:
        return warned(
            f"Behind an internet gateway, but instances get no public address: {', '.join(unreachable)}.",
            "Use private subnets behind a NAT gateway, or let the template assign public addresses.",
        )
    return passed(f"Through {' and '.join(kinds)}.")


@check(
    "network.routes",
    asks="Has every subnet a route table, without black holes and without detours inside the VPC?",
    why="A route to something that was deleted drops packets; a route for a part of the VPC takes traffic between the"
    " load balancer and its targets elsewhere; different ways out a zone fail one zone at a time.",
    fix="Correct the route tables that are named.",
)
def routes(wanted: Wanted, facts: Facts) -> Finding:
    """Each named subnet's table, once."""
    tables, vpc_found = known(facts.route_tables), known(facts.vpc)
    if not tables or not wanted.subnet_ids:
        return skipped("There are no route tables or subnets to look at.")
    mine = {name: paths.table_of(name, tables) for name in wanted.subnet_ids}
    without = [name for name, table in mine.items() if table is None]
    if without:
        return failed(f"No route table serves {', '.join(without)}.", "Associate one, or mark one as the main one.")
    used = {table.id: table for table in mine.values() if table}
    holes = [
        f"{table.id} ({route.destination})" for table in used.values() for route in table.routes if not route.active
    ]
    ranges = vpc_found.cidrs if vpc_found else ()
    detours = [
        f"{table.id} ({route.destination} to {route.target})"
        for table in used.values()
        for route in table.routes
        if route.target != "local" and any(paths.contains(cidr, route.destination) for cidr in ranges)
    ]
    ec2 = {_way(mine[name]) for name in wanted.ec2_subnet_ids}
    problems = [f"routes into nothing: {', '.join(holes)}"] if holes else []
    problems += [f"routes that overlap the VPC's own: {', '.join(detours)}"] if detours else []
    problems += ["the EC2 subnets have different ways out"] if len(ec2) > 1 else []
    if problems:
        return warned(f"{_capital('; '.join(problems))}.", "Correct these route tables.")
    return passed(f"{', '.join(used)}.")


@check(
    "network.acls",
    asks="Do the network ACLs let HTTPS through?",
    why="Network ACLs have no state: requests on 443 and their answers on ephemeral ports both have to be allowed, for"
    " users to the load balancer and for the EC2 subnets to everything they call.",
    fix="Allow TCP 443 and 1024-65535 in the direction that is named.",
)
def acls(wanted: Wanted, facts: Facts) -> Finding:
    """EC2 subnets call out, load balancer subnets are called."""
    found = known(facts.network_acls)
    if not found or not wanted.subnet_ids:
        return skipped("There are no network ACLs or subnets to look at.")
    problems: dict[str, None] = {}
    https, answers = (443, 443), paths.EPHEMERAL
    for kind, calls_out in ((wanted.ec2_subnet_ids, True), (wanted.load_balancer_subnet_ids, False)):
        for name in kind:
            acl = paths.acl_of(name, found)
            if acl is None:
                continue
            for egress_rule, ports in ((calls_out, https), (not calls_out, answers)):
                rule = paths.blocked(acl, egress_rule, ports)
                if rule:
                    direction = "outbound" if egress_rule else "inbound"
                    problems[f"{acl.id} rule {rule_name(rule)} denies {direction} {port_range(ports)}"] = None
    if problems:
        return failed(
            f"{'; '.join(problems)}.", "Allow TCP 443, and 1024-65535 for the answers, in these network ACLs."
        )
    return passed("TCP 443 and its answers are allowed.")


def rule_name(rule: AclEntry) -> str:
    """The rule's number as the console shows it."""
    return "*" if rule.number == paths.LAST_RULE else str(rule.number)


def port_range(ports: tuple[int, int]) -> str:
    """Ports in words, such as C(TCP 1024-65535)."""
    return f"TCP {ports[0]}" if ports[0] == ports[1] else f"TCP {ports[0]}-{ports[1]}"


CHECKS = (
    vpc,
    vpc_dns,
    zones,
    subnets,
    placement,
    load_balancer_ranges,
    internet_facing,
    egress,
    routes,
    acls,
)
