# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health of the targets that ECS registers: one a load balancer's subnet, initial for a while, then healthy.

Source: Elastic Load Balancing API reference, DescribeTargetHealth (states and reason codes).
"""

from __future__ import annotations

import datetime
import time
import typing as t

from ministack.core.responses import get_region
from ministack.services import alb, ec2, ecs

from ..settings import Settings
from . import control
from .cloudformation_pace import pace
from .endpoint_interfaces import private_address

# Share of the whole stack's time that targets are "initial" after their service registered them.
_INITIAL_SHARE = 0.05
# As ordered state: the group has no target.
NOT_REGISTERED = "none"
# State and reason by region and port, "" for every port.
_orders: dict[tuple[str, str], tuple[str, str]] = {}
_REASONS = {"unhealthy": "Target.FailedHealthChecks", "initial": "Elb.RegistrationInProgress"}


def reset() -> None:
    """Everything healthy again."""
    _orders.clear()


def _load_balancer_of(target_group: str) -> t.Any:
    """The load balancer that forwards to the target group."""
    for listener in alb._listeners.values():
        for action in listener.get("DefaultActions") or []:
            if action.get("TargetGroupArn") == target_group:
                return alb._lbs.get(listener["LoadBalancerArn"])
    return None


def _describe(params: dict[str, t.Any]) -> t.Any:
    arn = alb._p(params, "TargetGroupArn")
    group, balancer = alb._tgs.get(arn), _load_balancer_of(arn)
    if group is None or balancer is None or balancer.get("Type") != "network" or alb._targets.get(arn):
        return _ministack_describe(params)
    port = str(group.get("Port", 80))
    state, description = _state(arn, port)
    reason = f"<Reason>{_REASONS[state]}</Reason>" if state in _REASONS else ""
    text = f"<Description>{description}</Description>" if description else ""
    items = ""
    for subnet in balancer.get("Subnets", []) if state != NOT_REGISTERED else ():
        place = ec2._subnets[subnet]
        address = private_address(arn, subnet, place["CidrBlock"])
        items += (
            f"<member><Target><Id>{address}</Id><Port>{port}</Port>"
            f"<AvailabilityZone>{place['AvailabilityZone']}</AvailabilityZone></Target>"
            f"<HealthCheckPort>{port}</HealthCheckPort>"
            f"<TargetHealth><State>{state}</State>{reason}{text}</TargetHealth></member>"
        )
    body = f"<TargetHealthDescriptions>{items}</TargetHealthDescriptions>"
    return alb._xml(200, "DescribeTargetHealth", body)


def _registered(arn: str) -> float:
    """When the service of the target group came to be, in seconds since the epoch; long ago without one."""
    for service in ecs._services.values():
        if any(balancer.get("targetGroupArn") == arn for balancer in service["loadBalancers"]):
            return datetime.datetime.fromisoformat(str(service["createdAt"])).timestamp()
    return 0.0


def _state(arn: str, port: str) -> tuple[str, str]:
    order = _orders.get((get_region(), port)) or _orders.get((get_region(), ""))
    if order:
        return order
    if time.time() - _registered(arn) < pace.stack_seconds * _INITIAL_SHARE:
        return "initial", "Target registration is in progress"
    return "healthy", ""


def handle(method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST C(region), C(state), and if wanted C(port) and C(description), orders a state; DELETE forgets all.

    The state C(none) leaves the group without targets.
    """
    if method == "DELETE":
        reset()
    if method == "POST":
        _orders[body["region"], str(body.get("port", ""))] = (body["state"], body.get("description", ""))
    return {"orders": {" ".join(key): value for key, value in _orders.items()}}


_ministack_describe = alb._describe_target_health


def install(_settings: Settings) -> None:
    """Change ministack's target health in place."""
    alb._ACTION_MAP["DescribeTargetHealth"] = _describe
    alb._describe_target_health = _describe
    control.register("/_testbed/targets", handle)
