# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security group that the inventory gives the load balancer."""

from __future__ import annotations

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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import paths
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks.network import named_subnets
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    Facts,
    Permission,
    SecurityGroup,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

PORTS = (80, 443)
TARGETS = f"TCP {paths.TARGET_PORTS[0]} and {paths.TARGET_PORTS[1]}"
ANYWHERE = ("0.0.0.0/0", "::/0")


def group_of(wanted: Wanted, facts: Facts) -> SecurityGroup | None:
    """The load balancer's group, if it exists."""
    groups = known(facts.security_groups) or ()
    return next((group for group in groups if group.id == wanted.load_balancer_security_group_id), None)


def admitted(rules: tuple[Permission, ...], port: int) -> list[str]:
    """Who may connect to the port."""
    return sorted({source for rule in rules if rule.admits(port) for source in rule.sources})


def _anywhere(sources: t.Iterable[str]) -> bool:
    """Whether they are everybody, also in halves."""
    told = tuple(sources)
    return any(address_ranges.covered(everybody, told) for everybody in ANYWHERE)


@check(
    "security_group.exists",
    asks="Does the load balancer's security group exist, in the VPC?",
    why="AWS refuses a load balancer whose security group belongs to another VPC.",
    fix="Correct `gitpod_load_balancer_security_group_id`, or leave it out: the template then makes one.",
)
def exists(wanted: Wanted, facts: Facts) -> Finding:
    """By its ID."""
    if not wanted.load_balancer_security_group_id:
        return skipped("None is given; the template creates one that is open to 0.0.0.0/0 on ports 80 and 443.")
    group = group_of(wanted, facts)
    if group is None:
        return failed(
            f"{wanted.load_balancer_security_group_id} does not exist in {wanted.region}.",
            "Correct gitpod_load_balancer_security_group_id, or leave it out.",
        )
    if wanted.vpc_id and group.vpc_id != wanted.vpc_id:
        return failed(
            f"{group.id} belongs to {group.vpc_id}, the runner to {wanted.vpc_id}.", "Name a group of the runner's VPC."
        )
    return passed(f"{group.id} ({group.name}) exists in {group.vpc_id}.")


@check(
    "security_group.inbound",
    asks="Does it admit ports 80 and 443?",
    why="Users, and the source control provider's webhooks, come through both (vendor's guide).",
    fix="Add inbound rules for TCP 80 and 443 from the users' networks and from the source control provider.",
)
def inbound(wanted: Wanted, facts: Facts) -> Finding:
    """From anyone; who they are is the owner's decision."""
    group = group_of(wanted, facts) if wanted.load_balancer_security_group_id else None
    if group is None:
        return skipped("There is no group to look at.")
    closed = [str(port) for port in PORTS if not admitted(group.inbound, port)]
    if closed:
        return failed(
            f"{group.id} admits nobody to port {' and '.join(closed)}.",
            "Add inbound rules for TCP 80 and 443 from the users and the source control provider.",
        )
    sources = admitted(group.inbound, 443)
    if wanted.load_balancer_visibility == "internal" and _anywhere(sources):
        return warned(
            f"{group.id} admits {', '.join(sources)} to an internal load balancer.",
            "Narrow it down to the ranges of the users' networks, which is what a group of one's own is for.",
        )
    return passed(f"{group.id} admits {', '.join(sources)}.")


@check(
    "security_group.outbound",
    asks="Does it let the load balancer reach its targets?",
    why="A load balancer's security group also holds for its connections to the targets"
    f" ({TARGETS}) and its health checks; closed, every target is unhealthy and the stack fails at its services.",
    fix=f"Keep the default outbound rule (all traffic to 0.0.0.0/0), or allow {TARGETS} to the ranges of the EC2"
    " subnets.",
)
def outbound(wanted: Wanted, facts: Facts) -> Finding:
    """The targets' ports, in the EC2 subnets' ranges; whom a group or a prefix list stands for is not known."""
    group = group_of(wanted, facts) if wanted.load_balancer_security_group_id else None
    if group is None:
        return skipped("There is no group to look at.")
    if any(rule.protocol == "-1" and _anywhere(rule.sources) for rule in group.outbound):
        return passed(f"{group.id} allows all outbound traffic.")
    targets, _load_balancer = named_subnets(wanted, facts)
    if not targets:
        return skipped("There are no EC2 subnets, in which the targets would be.")
    reached = {port: admitted(group.outbound, port) for port in paths.TARGET_PORTS}
    closed = {
        port: [subnet.cidr for subnet in targets if not address_ranges.covered(subnet.cidr, reached[port])]
        for port in reached
    }
    missing = [f"TCP {port} to {', '.join(ranges)}" for port, ranges in closed.items() if ranges]
    if not missing:
        return passed(f"{group.id} allows {TARGETS} to the EC2 subnets.")
    summary, advice = f"{group.id} does not allow {' and '.join(missing)}", f"Allow {TARGETS} to these ranges"
    unseen = {port: [name for name in reached[port] if name.startswith(("sg-", "pl-"))] for port in reached}
    if all(unseen[port] for port, ranges in closed.items() if ranges):
        named = ", ".join(sorted({name for names in unseen.values() for name in names}))
        return warned(
            f"{summary}, only to {named}.",
            f"{advice}, because the template makes the group of the runner's tasks, or make sure that {named} hold"
            " the tasks.",
        )
    return failed(f"{summary}.", f"{advice}, or keep the default outbound rule: all traffic to 0.0.0.0/0.")


CHECKS = (exists, inbound, outbound)
