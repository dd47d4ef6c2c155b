# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resources that fail on demand in the simulated CloudFormation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

_OPERATIONS = ("CREATE", "UPDATE", "DELETE")


@dataclass(frozen=True)
class ResourceFailure:
    """One order to fail. An empty field matches everything; ``times`` of None never runs out."""

    operation: str
    reason: str
    region: str = ""
    stack_name: str = ""
    logical_id: str = ""
    resource_type: str = ""
    times: int | None = 1

    def matches(self, region: str, stack_name: str, logical_id: str, resource_type: str, operation: str) -> bool:
        """Whether this order applies to an operation on a resource."""
        pairs = (
            (self.region, region),
            (self.stack_name, stack_name),
            (self.logical_id, logical_id),
            (self.resource_type, resource_type),
        )
        return self.operation == operation and all(wanted in ("", actual) for wanted, actual in pairs)


_orders: list[ResourceFailure] = []


def order(failure: ResourceFailure) -> None:
    """Make matching resources fail from now on."""
    _orders.append(failure)


def clear() -> None:
    """Forget every order."""
    _orders.clear()


def take(region: str, stack_name: str, logical_id: str, resource_type: str, operation: str) -> str | None:
    """The reason with which this operation shall fail, or None; uses up one of the order's times."""
    for index, failure in enumerate(_orders):
        if not failure.matches(region, stack_name, logical_id, resource_type, operation):
            continue
        if failure.times is not None:
            if failure.times <= 1:
                del _orders[index]
            else:
                _orders[index] = replace(failure, times=failure.times - 1)
        return failure.reason
    return None


def _from_body(body: dict[str, Any]) -> ResourceFailure:
    operation = str(body.get("operation") or "CREATE").upper()
    if operation not in _OPERATIONS:
        raise ValueError(f"operation must be one of {', '.join(_OPERATIONS)}, not {operation}")
    if not body.get("logical_id") and not body.get("resource_type"):
        raise ValueError("logical_id or resource_type is required")
    times = body.get("times", 1)
    return ResourceFailure(
        operation=operation,
        reason=str(body.get("reason") or 'Resource handler returned message: "Simulated failure"'),
        region=str(body.get("region") or ""),
        stack_name=str(body.get("stack_name") or ""),
        logical_id=str(body.get("logical_id") or ""),
        resource_type=str(body.get("resource_type") or ""),
        times=None if times is None else int(times),
    )


def handle_control(method: str, body: dict[str, Any], query: dict[str, Any]) -> dict[str, Any]:
    """Answer /_testbed/resource-failures: POST orders, GET lists, DELETE clears. Raises ValueError for a bad body."""
    del query
    if method == "POST":
        order(_from_body(body))
    elif method == "DELETE":
        clear()
    return {"resource_failures": [vars(failure) for failure in _orders]}
