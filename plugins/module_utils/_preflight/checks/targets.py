# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from the load balancer to its targets, through the network ACLs of both kinds of subnets."""

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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.paths import (
    LOAD_BALANCER_EPHEMERAL,
    TARGET_PORTS,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

# What is denied, and the other ends of the paths that it closes.
Closed = dict[str, dict[str, None]]


@check(
    "network.target_acls",
    asks="Do the network ACLs let the load balancer reach its targets?",
    why=f"The load balancer connects from its subnets to the runner's tasks in the EC2 subnets, on"
    f" {TARGET_PORTS[0]} (TLS) and {TARGET_PORTS[1]} (health check). Network ACLs have no state, and a load balancer"
    f" uses the ports {port_range(LOAD_BALANCER_EPHEMERAL)} (VPC user guide): closed, every target is unhealthy and the"
    " stack fails at its services; closed in part, some connections are lost.",
    fix=f"Allow TCP {TARGET_PORTS[0]} and {TARGET_PORTS[1]} from the load balancer's subnets to the EC2 subnets, and"
    f" {port_range(LOAD_BALANCER_EPHEMERAL)} back.",
)
def target_acls(wanted: Wanted, facts: Facts) -> Finding:
    """Each load balancer subnet with each EC2 subnet; traffic within one subnet passes no network ACL."""
    acls = known(facts.network_acls)
    targets, balancers = named_subnets(wanted, facts)
    if not acls or not targets or not balancers:
        return skipped("There are no network ACLs or subnets to look at.")
    same_zone: Closed = {}
    across: Closed = {}
    for balancer in balancers:
        for target in targets:
            if balancer.id != target.id:
                _between(balancer, target, acls, same_zone if balancer.zone == target.zone else across)
    remediation = (
        f"Allow TCP {TARGET_PORTS[0]} and {TARGET_PORTS[1]} from the load balancer's subnets to the EC2 subnets, and"
        f" {port_range(LOAD_BALANCER_EPHEMERAL)} back, in these network ACLs."
    )
    if same_zone:
        return failed(f"{_told(same_zone)}.", remediation)
    if across:
        # Without cross-zone load balancing, which is off by default, each zone's node has its own zone's targets.
        return warned(f"Between zones, {_told(across)}.", remediation)
    ports = " and ".join(map(str, TARGET_PORTS))
    return passed(f"TCP {ports} and the answers are allowed between the load balancer and its targets.")


def _between(balancer: Subnet, target: Subnet, acls: t.Sequence[NetworkAcl], closed: Closed) -> None:
    """Add what is denied on the way there, and on the way back."""
    there = [(port, port) for port in TARGET_PORTS]
    legs = (
        (balancer, True, there, target),
        (target, False, there, balancer),
        (target, True, [LOAD_BALANCER_EPHEMERAL], balancer),
        (balancer, False, [LOAD_BALANCER_EPHEMERAL], target),
    )
    for own, egress, ranges, other in legs:
        acl = paths.acl_of(own.id, acls)
        if acl is None or paths.network(other.cidr) is None:
            continue
        for gap in (gap for ports in ranges for gap in paths.gaps(acl, egress, ports, other.cidr)):
            direction, way = ("outbound", "to") if egress else ("inbound", "from")
            ports = port_range((gap.first_port, gap.last_port))
            text = f"{acl.id} rule {rule_name(gap.rule)} denies {direction} {ports} {way}"
            closed.setdefault(text, {})[other.id] = None


def _told(closed: Closed) -> str:
    return "; ".join(f"{text} {', '.join(others)}" for text, others in closed.items())


CHECKS = (target_acls,)
