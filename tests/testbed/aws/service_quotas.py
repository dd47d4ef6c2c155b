# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service Quotas, which ministack lacks: the quotas that a runner's deployment can meet.

Source: Service Quotas API reference; public answers of C(aws service-quotas list-service-quotas) for codes, names,
defaults and usage metrics (gruntwork-io/terraform-aws-utilities, docs/quotas.md). An answer of success may have no
value and say why in C(ErrorReason).
"""

from __future__ import annotations

import json
import typing as t

from . import control
from .requests import Call

SERVICE = "service-quotas"
# Default by service code and quota code. That of virtual processors is a new account's.
DEFAULTS: t.Mapping[tuple[str, str], float] = {
    ("cloudformation", "L-0485CB21"): 2000.0,
    ("elasticloadbalancing", "L-69A177A2"): 50.0,
    ("ec2", "L-1216C47A"): 5.0,
    ("ec2", "L-6E869C2A"): 0.0,
    ("ec2", "L-74FC7D96"): 0.0,
    ("ec2", "L-DB2E81BA"): 0.0,
    ("ec2", "L-F7808C92"): 0.0,
    ("ec2", "L-1945791B"): 0.0,
    ("ec2", "L-417A185B"): 0.0,
    ("ec2", "L-2C3B7624"): 0.0,
    ("ec2", "L-43DA4232"): 0.0,
    ("ec2", "L-7295265B"): 0.0,
    ("vpc", "L-29B6F2EB"): 50.0,
    ("vpc", "L-1B52E74A"): 20.0,
    ("ec2", "L-0263D0A3"): 5.0,
    ("fargate", "L-3032A538"): 6.0,
    ("ebs", "L-7A658B76"): 50.0,
}
# What the account of the landscape was given.
GRANTED: t.Mapping[tuple[str, str], float] = {("ec2", "L-1216C47A"): 640.0}
# What has no applied value until one is requested.
_WITHOUT_APPLIED_VALUE = {("vpc", "L-29B6F2EB")}
_USAGE = {
    ("ec2", "L-1216C47A"): ("EC2", "Standard/OnDemand"),
    ("fargate", "L-3032A538"): ("Fargate", "Standard/OnDemand"),
}
_SERVICES = frozenset(service for service, _code in DEFAULTS)
# Applied values by region, service code and quota code; C(None) for one that its service does not tell.
_applied: dict[tuple[str, str, str], float | None] = {}


def answer(call: Call) -> tuple[int, str, bytes]:
    """Status, content type and body."""
    code = str(call.parameters.get("ServiceCode", "")), str(call.parameters.get("QuotaCode", ""))
    key = (call.region, *code)
    there = key in _applied or code not in _WITHOUT_APPLIED_VALUE
    if call.operation == "GetServiceQuota" and code in DEFAULTS and there:
        return _quota(call.region, code, _applied.get(key, GRANTED.get(code, DEFAULTS[code])))
    if call.operation == "GetAWSDefaultServiceQuota" and code in DEFAULTS:
        return _quota(call.region, code, DEFAULTS[code])
    unknown = "specified quota is unknown" if code[0] in _SERVICES else "specified service does not exist."
    body = {"__type": "NoSuchResourceException", "Message": f"The request failed because the {unknown}"}
    return 400, "application/x-amz-json-1.1", json.dumps(body).encode()


def _quota(region: str, code: tuple[str, str], value: float | None) -> tuple[int, str, bytes]:
    quota: dict[str, t.Any] = {
        "ServiceCode": code[0],
        "QuotaArn": f"arn:aws:servicequotas:{region}::{code[0]}/{code[1]}",
        "QuotaCode": code[1],
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
    if value is None:
        message = "The service did not answer for this account."
        quota["ErrorReason"] = {"ErrorCode": "DEPENDENCY_SERVICE_ERROR", "ErrorMessage": message}
    else:
        quota["Value"] = value
    if code in _USAGE:
        service, kind = _USAGE[code]
        quota["UsageMetric"] = {
            "MetricNamespace": "AWS/Usage",
            "MetricName": "ResourceCount",
            "MetricDimensions": {"Class": kind, "Resource": "vCPU", "Service": service, "Type": "Resource"},
            "MetricStatisticRecommendation": "Maximum",
        }
    return 200, "application/x-amz-json-1.1", json.dumps({"Quota": quota}).encode()


def clear() -> None:
    """Back to the defaults."""
    _applied.clear()


def handle(method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST applies C(value) to C(service) and C(quota) in C(region), null for one that the service does not tell;
    DELETE goes back to the defaults."""
    if method == "DELETE":
        clear()
    if method == "POST":
        value = body["value"]
        _applied[body["region"], body["service"], body["quota"]] = None if value is None else float(value)
    return {"applied": len(_applied)}


def install(_settings: t.Any) -> None:
    """Offer the control interface."""
    control.register("/_testbed/quotas", handle)
