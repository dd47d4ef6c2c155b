# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Free addresses: for the load balancer, and for every environment that there shall be."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.capacity import (
    RUNNER_ADDRESSES,
    subnets_for,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks.network import (
    NO_SUBNETS,
    named_subnets,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks.stack import exists
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts, Instances
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

# Addresses that a load balancer's subnet must have free (ELB user guide).
LOAD_BALANCER_ADDRESSES = 8


@check(
    "network.addresses",
    asks="Have the subnets enough free addresses for `gitpod_expected_environments`?",
    why="Each environment takes an address of an EC2 subnet and keeps it while it is stopped, so all of them count"
    " (vendor's documentation, Capacity planning); the runner's own tasks take some, and a load balancer needs"
    f" {LOAD_BALANCER_ADDRESSES} free ones in each of its subnets (ELB user guide). An existing runner's environments"
    " have theirs already.",
    fix="Name larger subnets; a secondary range such as 100.64.0.0/16 is enough for EC2 subnets, which need not be"
    " routable.",
)
def addresses(wanted: Wanted, facts: Facts) -> Finding:
    """What is free now, against what comes on top."""
    if not wanted.subnet_ids:
        return skipped(NO_SUBNETS)
    ec2, load_balancer = named_subnets(wanted, facts)
    least = ((ec2, RUNNER_ADDRESSES), (load_balancer, LOAD_BALANCER_ADDRESSES))
    small = [f"{subnet.id} ({subnet.free} free)" for found, most in least for subnet in found if subnet.free < most]
    if small:
        # A runner that is there has its addresses; full subnets keep only new environments from starting.
        finds = warned if exists(facts) else failed
        return finds(
            f"Too few free addresses in {', '.join(small)}.",
            f"An EC2 subnet needs {RUNNER_ADDRESSES} at the very least, one of a load balancer"
            f" {LOAD_BALANCER_ADDRESSES}. {subnets_for(wanted.expected_environments, len(wanted.ec2_subnet_ids))}",
        )
    return _for_environments(wanted, facts, sum(subnet.free for subnet in ec2), bool(ec2))


def _for_environments(wanted: Wanted, facts: Facts, free: int, named: bool) -> Finding:
    expected, there = wanted.expected_environments, exists(facts)
    needed, own = expected + (0 if there else RUNNER_ADDRESSES), 0
    if there and free < needed:
        # Which of them are there already decides only now.
        needed, own = coming(wanted, facts)
    have = f", of which {own} are there already" if own else ""
    what = f"{expected} environments{have}" + ("" if there else ", and the runner")
    if named and free < needed:
        return warned(
            f"{free} free addresses in the EC2 subnets, {needed} wanted for {what} (gitpod_expected_environments).",
            subnets_for(expected, len(wanted.ec2_subnet_ids)),
        )
    return passed(f"{free} free in the EC2 subnets, {needed} wanted for {what}.")


def coming(wanted: Wanted, facts: Facts) -> tuple[int, int]:
    """Addresses of EC2 subnets that are still to be taken, and how many environments have theirs already."""
    if not exists(facts):
        return wanted.expected_environments + RUNNER_ADDRESSES, 0
    own = len((known(facts.instances) or Instances()).own)
    return max(wanted.expected_environments - own, 0), own


CHECKS = (addresses,)
