# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service Quotas, which ministack lacks: the quotas that a runner's deployment can meet, with AWS's defaults."""

from __future__ import annotations

import json
import typing as t

from . import control
from .requests import Call

SERVICE = "service-quotas"
# Default by service code and quota code (Service Quotas console).
DEFAULTS: t.Mapping[tuple[str, str], float] = {
    ("cloudformation", "L-0485CB21"): 2000.0,
    ("elasticloadbalancing", "L-69A177A2"): 50.0,
    ("ec2", "L-1216C47A"): 640.0,
    ("vpc", "L-29B6F2EB"): 50.0,
    ("ec2", "L-0263D0A3"): 5.0,
}
# Applied values by region, service code and quota code; those of VPC endpoints have none until one is requested.
_applied: dict[tuple[str, str, str], float] = {}
_WITHOUT_APPLIED_VALUE = {("vpc", "L-29B6F2EB")}


def answer(call: Call) -> tuple[int, str, bytes]:
    """Status, content type and body."""
    code = str(call.parameters.get("ServiceCode", "")), str(call.parameters.get("QuotaCode", ""))
    applied = _applied.get((call.region, *code))
    if call.operation == "GetServiceQuota" and code in DEFAULTS and (applied or code not in _WITHOUT_APPLIED_VALUE):
        return _quota(code, DEFAULTS[code] if applied is None else applied)
    if call.operation == "GetAWSDefaultServiceQuota" and code in DEFAULTS:
        return _quota(code, DEFAULTS[code])
    body = {"__type": "NoSuchResourceException", "Message": "The request failed because the specified quota is unknown"}
    return 400, "application/x-amz-json-1.1", json.dumps(body).encode()


def _quota(code: tuple[str, str], value: float) -> tuple[int, str, bytes]:
    body = {"Quota": {"ServiceCode": code[0], "QuotaCode": code[1], "Value": value, "Adjustable": True}}
    return 200, "application/x-amz-json-1.1", json.dumps(body).encode()


def clear() -> None:
    """Back to the defaults."""
    _applied.clear()


def handle(method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST applies C(value) to C(service) and C(quota) in C(region); DELETE goes back to the defaults."""
    if method == "DELETE":
        clear()
    if method == "POST":
        _applied[body["region"], body["service"], body["quota"]] = float(body["value"])
    return {"applied": len(_applied)}


def install(_settings: t.Any) -> None:
    """Offer the control interface."""
    control.register("/_testbed/quotas", handle)
