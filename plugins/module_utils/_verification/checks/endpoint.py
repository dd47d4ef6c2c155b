# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint to the management plane (AWS PrivateLink).

Seen at AWS.
"""

from __future__ import annotations

import ipaddress

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    unverifiable,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.checks.private_dns import (
    resolution as private_dns_of_the_network,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    ACCEPTANCE,
    AVAILABLE,
    stage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.check import (
    check,
    has_endpoint,
    unread,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import Facts, Wanted


@check(
    "endpoint.state",
    asks="Is the endpoint to the management plane available?",
    why='The runner reaches the management plane through it (the guide, "Check endpoint status"). Made where the runner'
    " is to have PrivateLink.",
    fix="While it is pendingAcceptance, ask Gitpod to accept the connection; otherwise run the role gitpod_privatelink,"
    " which says more.",
    only_if=has_endpoint,
)
def state(wanted: Wanted, facts: Facts) -> Finding:
    """As EC2 has it."""
    found = facts.endpoint
    if found is None:
        if "endpoint" in facts.problems:
            return unread(facts, ["endpoint"], "")
        if not wanted.vpc_id:
            return unverifiable("no VPC is named.", "Name the runner's VPC (gitpod_vpc_id).")
        advice = "Create it (role gitpod_privatelink)."
        return failed(f"{wanted.vpc_id} has no endpoint for {wanted.service_name}.", advice)
    evidence = {"id": found.id, "state": found.state, "service_name": found.service_name}
    if stage(found.state) != AVAILABLE:
        told = f"The endpoint {found.id} is {found.state}. {found.reason}".strip()
        asks = stage(found.state) == ACCEPTANCE
        advice = "Ask Gitpod to accept the connection." if asks else "Run the role gitpod_privatelink, which says more."
        return failed(told, advice, evidence)
    return passed(f"The endpoint {found.id} is available.", evidence)


def _no_endpoint(facts: Facts) -> Finding:
    """What leads to the endpoint is told once, by endpoint.state."""
    told = "The endpoint could not be read." if "endpoint" in facts.problems else "There is no endpoint to look at."
    return skipped(told, "See endpoint.state.")


@check(
    "endpoint.private_dns",
    asks="Is private DNS of the endpoint on?",
    why="Without it, the management plane's name leads to the internet.",
    fix="Run the role gitpod_privatelink with `gitpod_privatelink_private_dns_enabled`, its default.",
    only_if=has_endpoint,
)
def private_dns(_wanted: Wanted, facts: Facts) -> Finding:
    """As EC2 has it."""
    found = facts.endpoint
    if found is None:
        return _no_endpoint(facts)
    evidence = {"private_dns_enabled": found.private_dns, "dns_entries": list(found.dns_names)}
    if not found.private_dns:
        advice = "Run the role gitpod_privatelink with gitpod_privatelink_private_dns_enabled, its default."
        return failed(f"Private DNS of {found.id} is off.", advice, evidence)
    return passed(f"Private DNS of {found.id} is on.", evidence)


@check(
    "endpoint.addresses",
    asks="Has the endpoint an address in each of its subnets?",
    why="A zone without one has no way to the management plane.",
    fix="Look at the endpoint's network interfaces.",
    only_if=has_endpoint,
)
def addresses(_wanted: Wanted, facts: Facts) -> Finding:
    """Its network interfaces, against the subnets' ranges."""
    if facts.endpoint is None:
        return _no_endpoint(facts)
    if "addresses" in facts.problems:
        return unread(facts, ["addresses"], "")
    evidence = {
        subnet: {"range": facts.ranges.get(subnet, ""), "addresses": list(own)}
        for subnet, own in sorted(facts.addresses.items())
    }
    empty = [subnet for subnet in facts.endpoint.subnet_ids if not facts.addresses.get(subnet)]
    outside = [
        f"{address} in {subnet}"
        for subnet, own in facts.addresses.items()
        for address in own
        if not _inside(address, facts.ranges.get(subnet, ""))
    ]
    if empty or outside or not facts.addresses:
        what = [f"no address in {', '.join(empty)}"] if empty else []
        what += [f"outside the subnets: {', '.join(outside)}"] if outside else []
        told = "; ".join(what) or "it has no address"
        advice = "Look at the endpoint's network interfaces."
        return failed(f"The endpoint's addresses: {told}.", advice, evidence)
    listed = ", ".join(address for own in facts.addresses.values() for address in own)
    return passed(f"The endpoint's addresses lie in its subnets: {listed}.", evidence)


def _inside(address: str, cidr: str) -> bool:
    parsed = ipaddress.ip_address(address)
    # The subnets' IPv6 ranges are not read.
    return parsed.version != 4 or (bool(cidr) and parsed in ipaddress.ip_network(cidr))  # noqa: PLR2004


def _nameless(_wanted: Wanted, facts: Facts) -> Finding:
    """Nobody can be asked to resolve a name that is not known."""
    problem = facts.problems.get("endpoint") or facts.problems.get("private_dns_name")
    why = problem.told if problem else "there is no endpoint."
    told = f"the name that private DNS answers for is not known: {why}"
    return unverifiable(told, "See endpoint.state and endpoint.private_dns.")


# Hosts in the VPC make this check where the name is known.
resolution = private_dns_of_the_network.over(
    _nameless, lambda wanted, facts: wanted.privatelink and not facts.private_dns_name
)

CHECKS = (state, private_dns, addresses, resolution)
