# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on what AWS and the management plane say. Pure.

Rules: the vendor's guide, "Important Stack Outputs" and "Private VPC Endpoints, Verification"; facts/runner.md.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import Check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import Facts, Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.runner import (
    DASHBOARD,
    NOT_FROM_HERE,
)

LOAD_BALANCER, ROLE, PROFILE = "LoadBalancerDNS", "EnvironmentRoleArn", "InstanceProfileNameOutput"
OUTPUTS = (LOAD_BALANCER, ROLE, PROFILE)


def judge(wanted: Wanted, facts: Facts) -> list[Check]:
    """Every check in a fixed order; those of PrivateLink only where the runner is to have it."""
    checks = [_outputs(facts), *_named(facts), _balancer(facts), _targets(facts)]
    if wanted.privatelink:
        checks += [_endpoint_state(wanted, facts), _private_dns(facts), _addresses(facts)]
        checks += [] if facts.private_dns_name else [_nameless(facts)]
    checks += runner.judge(wanted, facts)
    if wanted.privatelink:
        checks.append(
            Check(
                "runner.connection_type",
                "skip",
                f"{NOT_FROM_HERE}the management plane's API has no field for the connection type.",
                f"{DASHBOARD}: Connection type has to be Private. The checks endpoint.* and private_dns.* prove "
                "the same from AWS's side and from inside the VPC.",
            )
        )
    return checks


def _unread(identifier: str, facts: Facts, subjects: t.Sequence[str], missing: str) -> Check:
    """A subject that could not be read, or one that leads to it, proves nothing; one that is not there is a failure."""
    problem = next((facts.problems[subject] for subject in subjects if subject in facts.problems), "")
    if problem:
        return Check(identifier, "skip", f"{NOT_FROM_HERE}{problem}", "Allow reading it (docs/permissions.md).")
    return Check(identifier, "fail", missing, "Deploy the stack first, or name it (gitpod_stack_name).")


def _outputs(facts: Facts) -> Check:
    identifier = "stack.outputs"
    if facts.outputs is None:
        return _unread(identifier, facts, ["stack"], "There is no stack.")
    missing = [name for name in OUTPUTS if not facts.outputs.get(name)]
    evidence = {"status": facts.stack_status, "outputs": {name: facts.outputs.get(name, "") for name in OUTPUTS}}
    if missing:
        advice = "Wait until the stack is complete; check that it is the runner's and its template the enterprise one."
        return Check(identifier, "fail", f"The stack has no output {', '.join(missing)}.", advice, evidence)
    return Check(identifier, "pass", f"The stack has the outputs {', '.join(OUTPUTS)}.", "", evidence)


def _named(facts: Facts) -> list[Check]:
    found = []
    for identifier, output, kind in (
        ("stack.environment_role", ROLE, "role"),
        ("stack.instance_profile", PROFILE, "instance profile"),
    ):
        name = (facts.outputs or {}).get(output, "")
        evidence = {"output": output, "name": name}
        if not name:
            found.append(Check(identifier, "skip", f"The stack names no {kind}.", "See stack.outputs.", evidence))
        elif output not in facts.named:
            found.append(_unread(identifier, facts, [output], f"The {kind} {name} was not looked for."))
        elif facts.named[output]:
            found.append(Check(identifier, "pass", f"The {kind} {name} exists.", "", evidence))
        else:
            advice = "It was removed beside the stack: repair the stack's drift (docs/watching.md)."
            found.append(Check(identifier, "fail", f"The {kind} {name} does not exist.", advice, evidence))
    return found


def _balancer(facts: Facts) -> Check:
    identifier, found = "load_balancer.state", facts.balancer
    if found is None:
        return _unread(identifier, facts, ["stack", "balancer"], "The stack has no network load balancer.")
    evidence = {"dns_name": found.dns_name, "scheme": found.scheme, "state": found.state, "ports": list(found.ports)}
    if found.state != "active":
        return Check(
            identifier, "fail", f"The load balancer is {found.state}.", "Wait, or look at the stack's events.", evidence
        )
    if "listeners" in facts.problems:
        told = f"The load balancer is active; its listeners could not be read: {facts.problems['listeners']}"
        return Check(identifier, "pass", told, "", evidence)
    if not found.ports:
        advice = "Repair the stack's drift (docs/watching.md): its listeners were removed beside it."
        return Check(identifier, "fail", "The load balancer is active and has no listener.", advice, evidence)
    ports = ", ".join(map(str, found.ports))
    return Check(identifier, "pass", f"The load balancer is active and listens on {ports}.", "", evidence)


def _targets(facts: Facts) -> Check:
    identifier, found = "targets.health", facts.balancer
    if found is None:
        return _unread(identifier, facts, ["stack", "balancer"], "The stack has no network load balancer.")
    if "targets" in facts.problems:
        return _unread(identifier, facts, ["targets"], "")
    evidence: dict[str, t.Any] = {
        group.name: [dict(zip(("target", "state", "reason"), target)) for target in group.targets]
        for group in found.groups
    }
    bad = [
        f"{group.name} (port {group.port}): {_told(group.targets)}" for group in found.groups if _sick(group.targets)
    ]
    if not found.groups or bad:
        return Check(
            identifier,
            "fail",
            f"No healthy targets in {'; '.join(bad)}." if bad else "The load balancer has no target group.",
            "Look at the events and logs of the stack's ECS services, and at the security group between load balancer "
            "and services; new services need a few minutes.",
            evidence,
        )
    partly = [f"{group.name}: {_told(group.targets)}" for group in found.groups if _partly(group.targets)]
    if partly:
        return Check(identifier, "warn", f"Not every target is healthy: {'; '.join(partly)}.", "Look again.", evidence)
    count = sum(state == "healthy" for group in found.groups for _target, state, _reason in group.targets)
    return Check(identifier, "pass", f"All {count} targets are healthy.", "", evidence)


def _sick(targets: t.Sequence[tuple[str, str, str]]) -> bool:
    return not any(state == "healthy" for _target, state, _reason in targets)


def _partly(targets: t.Sequence[tuple[str, str, str]]) -> bool:
    return any(state not in ("healthy", "draining") for _target, state, _reason in targets)


def _told(targets: t.Sequence[tuple[str, str, str]]) -> str:
    return (
        ", ".join(" ".join(filter(None, target)) for target in targets if target[1] != "healthy") or "none registered"
    )


def _endpoint_state(wanted: Wanted, facts: Facts) -> Check:
    identifier, found = "endpoint.state", facts.endpoint
    if found is None:
        if "endpoint" in facts.problems:
            return _unread(identifier, facts, ["endpoint"], "")
        if not wanted.vpc_id:
            told = f"{NOT_FROM_HERE}no VPC is named."
            return Check(identifier, "skip", told, "Name the runner's VPC (gitpod_vpc_id).")
        advice = "Create it (role gitpod_privatelink)."
        return Check(identifier, "fail", f"{wanted.vpc_id} has no endpoint for {wanted.service_name}.", advice)
    evidence = {"id": found.id, "state": found.state, "service_name": found.service_name}
    if found.state.lower() != "available":
        told = f"The endpoint {found.id} is {found.state}. {found.reason}".strip()
        asks = found.state.lower() == "pendingacceptance"
        advice = "Ask Gitpod to accept the connection." if asks else "Run the role gitpod_privatelink, which says more."
        return Check(identifier, "fail", told, advice, evidence)
    return Check(identifier, "pass", f"The endpoint {found.id} is available.", "", evidence)


def _private_dns(facts: Facts) -> Check:
    identifier, found = "endpoint.private_dns", facts.endpoint
    if found is None:
        return Check(identifier, "skip", "There is no endpoint to look at.", "See endpoint.state.")
    evidence = {"private_dns_enabled": found.private_dns, "dns_entries": list(found.dns_names)}
    if not found.private_dns:
        advice = "Run the role gitpod_privatelink with gitpod_privatelink_private_dns_enabled, its default."
        return Check(identifier, "fail", f"Private DNS of {found.id} is off.", advice, evidence)
    return Check(identifier, "pass", f"Private DNS of {found.id} is on.", "", evidence)


def _addresses(facts: Facts) -> Check:
    identifier = "endpoint.addresses"
    if facts.endpoint is None:
        return Check(identifier, "skip", "There is no endpoint to look at.", "See endpoint.state.")
    if "addresses" in facts.problems:
        return _unread(identifier, facts, ["addresses"], "")
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
        return Check(identifier, "fail", f"The endpoint's addresses: {told}.", advice, evidence)
    listed = ", ".join(address for own in facts.addresses.values() for address in own)
    return Check(identifier, "pass", f"The endpoint's addresses lie in its subnets: {listed}.", "", evidence)


def _nameless(facts: Facts) -> Check:
    """Nobody can be asked to resolve a name that is not known."""
    why = facts.problems.get("endpoint") or facts.problems.get("private_dns_name") or "there is no endpoint."
    told = f"{NOT_FROM_HERE}the name that private DNS answers for is not known: {why}"
    return Check("private_dns.resolution", "skip", told, "See endpoint.state and endpoint.private_dns.")


def _inside(address: str, cidr: str) -> bool:
    parsed = ipaddress.ip_address(address)
    # The subnets' IPv6 ranges are not read.
    return parsed.version != 4 or (bool(cidr) and parsed in ipaddress.ip_network(cidr))  # noqa: PLR2004
