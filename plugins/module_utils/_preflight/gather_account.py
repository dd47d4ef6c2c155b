# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of the account: quotas and today's use, images, roles, what the caller may do."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.gathering import Gathering
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import account, naming, simulating
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.capacity import STANDARD, quota_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    Decision,
    Instances,
    Limit,
    Quota,
    Volumes,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import PROFILE

T = t.TypeVar("T")


def ask(look: Gathering, wanted: Wanted) -> None:
    """Have the look read them."""

    def clients(service: str) -> t.Any:
        return look.clients(service)

    def simulate() -> dict[str, Decision] | None:
        caller, zones = look.known("caller"), look.found("hosted_zones") or ()
        held = naming.holding(zones, wanted.domain_name, wanted.dns_zone_ids) if wanted.domain_name else ()
        zone = next((zone.id for zone in held if zone.private == wanted.dns_private_zone), "")
        return simulating.simulation(clients("iam"), caller, wanted, zone) if caller else None

    _limits(look, wanted)
    _use(look, wanted)
    look.ask("images", "ec2:DescribeImages", lambda: account.images(clients("ec2")))
    look.ask("ecs_role", "iam:GetRole", _of_new(look, lambda: account.ecs_role(clients("iam"))))
    look.ask("simulation", "iam:SimulatePrincipalPolicy", simulate)


def _limits(look: Gathering, wanted: Wanted) -> None:
    """The quotas that this run can meet."""
    families = {quota_of(entry.instance_type) for entry in wanted.environment_classes} | {STANDARD}
    created = wanted.privatelink_enabled or wanted.network_endpoints
    lasting = {
        account.ENDPOINTS: created,
        account.GATEWAYS: wanted.network_endpoints,
        account.VOLUMES: wanted.declares_disks,
    }
    for name in account.QUOTAS:
        read = _limit_reader(look, name)
        needed = name in families if name.startswith(STANDARD) else lasting.get(name, True)
        stays = name.startswith(STANDARD) or name in lasting
        look.ask(f"limit {name}", "servicequotas:GetServiceQuota", read if stays else _of_new(look, read), needed)


def _use(look: Gathering, wanted: Wanted) -> None:
    """What there is today, each only where its quota is judged."""

    def clients(service: str) -> t.Any:
        return look.clients(service)

    def fargate() -> float | None:
        limit = look.known(f"limit {account.FARGATE}")
        now = datetime.datetime.now(datetime.timezone.utc)
        return account.recorded_use(clients("cloudwatch"), limit, now) if limit else None

    def volumes() -> Volumes:
        there: Instances = look.known("instances") or Instances()
        return account.volume_use(clients("ec2"), there.own)

    def of_new(name: str, action: str, read: t.Callable[[], t.Any]) -> None:
        look.ask(f"use {name}", action, _of_new(look, read))

    of_new("stacks", "cloudformation:ListStacks", lambda: account.stack_count(clients("cloudformation")))
    balancers = "elasticloadbalancing:DescribeLoadBalancers"
    of_new("load_balancers", balancers, lambda: account.load_balancer_count(clients("elbv2")))
    of_new("addresses", "ec2:DescribeAddresses", lambda: account.address_count(clients("ec2")))
    of_new(account.FARGATE, "cloudwatch:GetMetricStatistics", fargate)
    look.ask("instances", "ec2:DescribeInstances", lambda: account.instances(clients("ec2"), _own_profile(look)))
    look.ask(f"use {account.VOLUMES}", "ec2:DescribeVolumes", volumes, wanted.declares_disks)
    look.ask(
        f"use {account.GATEWAYS}",
        "ec2:DescribeVpcEndpoints",
        lambda: account.gateway_count(clients("ec2")),
        wanted.network_endpoints,
    )
    types = wanted.instance_types
    look.ask(
        "instance_types", "ec2:DescribeInstanceTypes", lambda: account.instance_types(clients("ec2"), types), types
    )


def _own_profile(look: Gathering) -> str:
    """The instance profile of the runner's environments, which its stack names; empty where there is no stack."""
    stack = look.known("stack")
    named = stack.outputs.get(PROFILE, "") if isinstance(stack, Stack) else ""
    return named.rpartition("/")[2]


def _of_new(look: Gathering, read: t.Callable[[], T]) -> t.Callable[[], T | None]:
    """What matters only to a stack that is going to be made."""

    def unless_there() -> T | None:
        stack = look.found("stack")
        return None if stack is not None and status.exists(stack.status) else read()

    return unless_there


def _limit_reader(look: Gathering, name: str) -> t.Callable[[], Limit]:
    return lambda: account.limit(look.clients("service-quotas"), name)


def quotas(found: t.Mapping[str, t.Any]) -> dict[str, Quota]:
    """Limit and use by the quota's name."""
    return {name: Quota(_value(found.get(f"limit {name}")), *_used(found, name)) for name in account.QUOTAS}


def _value(limit: t.Any) -> t.Any:
    return limit.value if isinstance(limit, Limit) else limit


def _used(found: t.Mapping[str, t.Any], name: str) -> tuple[t.Any, float]:
    """What others use, or why that is not known, and what the runner's own environments do."""
    there = found.get("instances") if name.startswith(STANDARD) else found.get(f"use {name}")
    if isinstance(there, Instances):
        return float(there.vcpus.get(name, 0)), float(there.own_vcpus.get(name, 0))
    if isinstance(there, Volumes):
        return there.others, there.own
    return there, 0.0
