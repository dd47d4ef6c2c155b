# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account's quotas: room for the stack, and for the environments that are expected."""

from __future__ import annotations

import dataclasses
import math
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    FAIL,
    PASS,
    SKIP,
    WARN,
    Finding,
    failed,
    passed,
    skipped,
    unverifiable,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import (
    GATEWAY,
    INTERFACE,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import (
    account,
    capacity,
    gather_network,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks.images import (
    CONTAINER_INSTANCES,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks.stack import (
    EXISTS,
    exists,
    known_template,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts, Quota
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

# Share of a quota from which on its use is worth a warning.
NEARLY = 0.9
_BILLED_KINDS = (INTERFACE, "GatewayLoadBalancer")
CLASSES = "gitpod_runner_settings_environment_classes"
_ORDER = (PASS, SKIP, WARN, FAIL)


def judged(name: str, quota: Quota | None, needed: float, what: str) -> Finding:
    """Whether today's use and what comes on top stay within the limit; what is not known is no room.

    :param name: of the quota.
    """
    limit = known(quota.limit) if quota else None
    used = known(quota.used) if quota else None
    code = account.QUOTAS[name]
    where = f"Service Quotas ({code})"
    if limit is None or used is None:
        missing = "the limit" if limit is None else "today's use"
        return unverifiable(f"{missing} of {what} is not known.", f"Look at {where} in the console.")
    shown = f"{used:g} of {limit:g} {what} in use, {needed:g} more needed."
    most = math.ceil(used + needed)
    if used + needed > limit:
        return failed(shown, f"Ask for {most:g} or more under {where}, or remove what is not used.")
    if used + needed > NEARLY * limit:
        wider = math.ceil((used + needed) / NEARLY)
        return warned(shown, f"It is nearly used up: ask for {wider:g} or more under {where}.")
    return passed(shown)


def room(name: str, facts: Facts, needed: float, what: str) -> Finding:
    """The same of a quota among the facts."""
    return judged(name, facts.quotas.get(name), needed, what)


def _never_worse_than_a_warning(found: Finding) -> Finding:
    """The runner is deployed without what environments take later."""
    return dataclasses.replace(found, status=WARN) if found.status == FAIL else found


@check(
    "stack.quota_stacks",
    asks="Is there room for another stack?",
    why="CloudFormation refuses further stacks at the quota.",
    fix="Ask for more under Service Quotas, or delete stacks that are not used.",
)
def quota_stacks(_wanted: Wanted, facts: Facts) -> Finding:
    """Only when a stack is going to be created."""
    if exists(facts):
        return skipped(EXISTS)
    return room(account.STACKS, facts, 1, "stacks")


@check(
    "stack.quota_load_balancers",
    asks="Is there room for another network load balancer?",
    why="The stack fails at its load balancer when the region's quota is used up.",
    fix="Ask for more under Service Quotas, or delete load balancers that are not used.",
)
def quota_load_balancers(_wanted: Wanted, facts: Facts) -> Finding:
    """Only when a stack is going to be created."""
    if exists(facts):
        return skipped(EXISTS)
    return room(account.LOAD_BALANCERS, facts, 1, "network load balancers")


@check(
    "stack.quota_vcpus",
    asks="Are there virtual processors for the environments that run at one time?",
    why="Environments are EC2 instances; at the quota of their family's on-demand instances they do not start. As many"
    " run as `gitpod_expected_running_environments` says, each counted as one of the largest class that is declared in"
    f" `{CLASSES}`, by EC2's own number of processors; without one, with {capacity.VCPUS_EACH} processors. What the"
    " runner's own environments use today is not counted twice.",
    fix="Ask for more under Service Quotas (EC2, Running On-Demand ... instances), or declare smaller classes.",
)
def quota_vcpus(wanted: Wanted, facts: Facts) -> Finding:
    """Family by family; the runner is deployed without them, so this is never more than a warning."""
    each = each_of(wanted, facts)
    if not each:
        return skipped("No declared class has an instance type that counts against these quotas: see capacity.classes.")
    running = wanted.running_environments
    found = []
    for name, one in sorted(each.items()):
        seen = _never_worse_than_a_warning(room(name, facts, one.vcpus * running, "vCPUs"))
        counted = f"({running} environments with {one.vcpus} each: {one.of})."
        found.append(dataclasses.replace(seen, summary=f"{seen.summary.rstrip('.')} {counted}"))
    return _together(found)


def each_of(wanted: Wanted, facts: Facts) -> dict[str, capacity.Each]:
    """What an environment takes at most, by the name of the quota it counts against."""
    types: t.Mapping[str, int] | None = known(facts.instance_types) if wanted.instance_types else None
    return capacity.each(wanted.environment_classes, types or {})


def _together(found: list[Finding]) -> Finding:
    """The worst of them, with all of its kind; one that is not known is no room."""
    worst = max((one.status for one in found), key=_ORDER.index)
    alike = [one for one in found if one.status == worst]
    summary, remediation = (
        " ".join(dict.fromkeys(texts)) for texts in zip(*((o.summary, o.remediation) for o in alike))
    )
    return Finding(worst, summary, remediation.strip(), unverifiable=any(one.unverifiable for one in alike))


@check(
    "stack.quota_fargate",
    asks="Are there Fargate processors for the runner's own services?",
    why=f"The runner's and the proxy's tasks of a small runner take {capacity.FARGATE_VCPUS:g} vCPUs (vendor's"
    " documentation, Capacity planning), a large one's more; new accounts have a quota of a few. Today's use is the"
    " metric that Service Quotas names, in CloudWatch.",
    fix="Ask for more under Service Quotas (AWS Fargate, Fargate On-Demand vCPU resource count).",
)
def quota_fargate(_wanted: Wanted, facts: Facts) -> Finding:
    """Only when a stack is going to be created, of a template whose services run on Fargate."""
    if exists(facts):
        return skipped(EXISTS)
    if not on_fargate(facts):
        return skipped("The template's services run on container instances.")
    return room(account.FARGATE, facts, capacity.FARGATE_VCPUS, "Fargate vCPUs")


def on_fargate(facts: Facts) -> bool:
    """Whether the template's services run on Fargate, or may."""
    seen = known_template(facts)
    return seen is None or not set(seen.resource_types) & CONTAINER_INSTANCES


def storage(wanted: Wanted) -> float:
    """TiB that the disks of all environments take; 0 where no class names a disk."""
    disk = max((entry.disk for entry in wanted.environment_classes), default=0)
    return round(disk * wanted.expected_environments / capacity.GIB_IN_TIB, 2)


@check(
    "stack.quota_volumes",
    asks="Is there storage for the disks of all environments?",
    why="A stopped environment keeps its disk, so all of `gitpod_expected_environments` count, each with the largest"
    f" disk that a class in `{CLASSES}` names, as gp3, which launch templates have by default today. What the runner's"
    " own environments have is not counted twice.",
    fix="Ask for more under Service Quotas (EBS, Storage for General Purpose SSD (gp3) volumes), or declare smaller"
    " disks.",
)
def quota_volumes(wanted: Wanted, facts: Facts) -> Finding:
    """In TiB, as the quota is; never more than a warning."""
    disk = max((entry.disk for entry in wanted.environment_classes), default=0)
    if not disk:
        return skipped(f"No class with a disk's size is declared ({CLASSES}).")
    found = _never_worse_than_a_warning(room(account.VOLUMES, facts, storage(wanted), "TiB of gp3 volumes"))
    counted = f"({wanted.expected_environments} environments with {disk} GiB each)."
    return dataclasses.replace(found, summary=f"{found.summary.rstrip('.')} {counted}")


@check(
    "stack.quota_endpoints",
    asks="Is there room for the interface endpoints in the VPC?",
    why="AWS refuses further interface endpoints in a VPC at the quota.",
    fix="Ask for more under Service Quotas (VPC, Interface VPC endpoints per VPC).",
)
def quota_endpoints(wanted: Wanted, facts: Facts) -> Finding:
    """Only when some are going to be created: that to the management plane, and those for services of AWS."""
    if not (wanted.privatelink_enabled or wanted.network_endpoints):
        return skipped("No endpoint is asked for (gitpod_privatelink_enabled, gitpod_network_endpoints).")
    there = [entry.endpoint for entry in known(facts.endpoints) or () if entry.kind in _BILLED_KINDS]
    found = any(entry.service_name == wanted.privatelink_service_name for entry in there)
    coming = int(wanted.privatelink_enabled and not found) + gather_network.coming(wanted, facts.network_endpoints)
    if not coming:
        return skipped("The endpoints exist.")
    quota = facts.quotas.get(account.ENDPOINTS)
    # AWS counts them together (AWS PrivateLink guide, "AWS PrivateLink quotas").
    counted = Quota(quota.limit if quota else None, float(len(there)))
    return judged(account.ENDPOINTS, counted, coming, "interface and load balancer endpoints of the VPC")


@check(
    "stack.quota_gateway_endpoints",
    asks="Is there room for the gateway endpoints in the region?",
    why="AWS refuses further gateway endpoints in a region at the quota, in whichever VPCs they are; unless it was"
    " raised, that is 20 (AWS PrivateLink guide, AWS PrivateLink quotas).",
    fix="Ask for more under Service Quotas (VPC, Gateway VPC endpoints per Region).",
)
def quota_gateway_endpoints(wanted: Wanted, facts: Facts) -> Finding:
    """Only when some are going to be created (gitpod_network_endpoints)."""
    if not wanted.network_endpoints:
        return skipped("No endpoint is asked for (gitpod_network_endpoints).")
    coming = gather_network.coming(wanted, facts.network_endpoints, GATEWAY)
    if not coming:
        return skipped("The endpoints exist.")
    return room(account.GATEWAYS, facts, coming, "gateway endpoints of the region")


@check(
    "stack.quota_addresses",
    asks="Are Elastic IP addresses left?",
    why="Templates that make a NAT gateway or a load balancer with fixed addresses need some; whether this one does is"
    " not known before it is deployed.",
    fix="Ask for more under Service Quotas (EC2, EC2-VPC Elastic IPs), or release addresses that are not used.",
)
def quota_addresses(_wanted: Wanted, facts: Facts) -> Finding:
    """Only for a template that has them among its resources."""
    if exists(facts):
        return skipped(EXISTS)
    if not allocates(facts):
        return skipped("The template allocates none.")
    return room(account.ADDRESSES, facts, 1, "Elastic IP addresses")


def allocates(facts: Facts) -> bool:
    """Whether the template allocates Elastic IP addresses, or may."""
    seen = known_template(facts)
    return seen is None or "AWS::EC2::EIP" in seen.resource_types


CHECKS = (
    quota_stacks,
    quota_load_balancers,
    quota_vcpus,
    quota_fargate,
    quota_volumes,
    quota_endpoints,
    quota_gateway_endpoints,
    quota_addresses,
)
