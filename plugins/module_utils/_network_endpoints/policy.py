# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an endpoint's policy lets through, as far as it says so for everybody. Pure.

Rules: AWS PrivateLink guide, "Control access to VPC endpoints using endpoint policies" (without a policy, and with
AWS's own, everything is allowed; what no statement allows is denied), and IAM user guide, "Policy evaluation logic".
"""

from __future__ import annotations

import json
import typing as t

FULL, PART, NOTHING = "full", "part", "nothing"
Statement = t.Mapping[str, t.Any]


def lets_through(policy: str, service: str) -> str:
    """C(FULL), C(NOTHING), or C(PART) for everything in between, which is not weighed.

    :param policy: JSON as DescribeVpcEndpoints has it; empty without one.
    :param service: short name, such as C(ecr.api).
    """
    if not policy:
        return FULL
    try:
        found = json.loads(policy).get("Statement")
    except (AttributeError, ValueError, RecursionError):
        return PART
    statements = found if isinstance(found, list) else [found]
    if not all(isinstance(entry, dict) for entry in statements):
        return PART
    allowing = [entry for entry in statements if entry.get("Effect") == "Allow"]
    denying = [entry for entry in statements if entry.get("Effect") == "Deny"]
    if not allowing or any(_for_everything(entry, service) for entry in denying):
        return NOTHING
    return FULL if not denying and any(_for_everything(entry, service) for entry in allowing) else PART


def _for_everything(statement: Statement, service: str) -> bool:
    """Whether a statement is for every caller, action and resource of the service, on no condition."""
    principal = statement.get("Principal")
    caller = principal.get("AWS") if isinstance(principal, dict) else principal
    return (
        not statement.get("Condition")
        and "*" in _listed(caller)
        and bool({"*", f"{_namespace(service)}:*"} & set(_listed(statement.get("Action"))))
        and "*" in _listed(statement.get("Resource"))
    )


def _listed(value: t.Any) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, list) else [str(value)] if value else []


def _namespace(service: str) -> str:
    """What the service's actions begin with (service authorization reference)."""
    first = service.partition(".")[0]
    return "ecs" if first.startswith("ecs-") else first
