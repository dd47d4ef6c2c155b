# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch's metrics of the namespace AWS/Usage: today's use of quotas, a value a minute while there is any.

Source: CloudWatch API reference, GetMetricStatistics (periods, number of data points); CloudWatch user guide,
"CloudWatch usage metrics". A metric is one set of dimensions; another set is another metric, which has no data.
"""

from __future__ import annotations

import json
import typing as t

from . import control
from .requests import Call, refusal

OPERATION = ("cloudwatch", "GetMetricStatistics")
MOST_POINTS = 1440
MINUTE = 60
# Use by region and by the dimensions' values.
_use: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}


def answer(call: Call) -> tuple[int, str, bytes]:
    """Status, content type and body."""
    given = call.parameters
    start, end, period = _seconds(given.get("StartTime")), _seconds(given.get("EndTime")), int(given.get("Period", 0))
    if start >= end:
        return _refused("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.")
    if period < MINUTE or period % MINUTE:
        return _refused("InvalidParameterValue", "The parameter Period must be a multiple of 60.")
    if (end - start) / period > MOST_POINTS:
        return _refused("InvalidParameterCombination", "You have requested too many datapoints.")
    named = frozenset((str(one["Name"]), str(one["Value"])) for one in given.get("Dimensions", []))
    use = _use.get((call.region, named)) if given.get("Namespace") == "AWS/Usage" else None
    moments = range(int(start // period * period), int(end), period)
    points = [
        {"Timestamp": moment, "Unit": "None", **dict.fromkeys(given.get("Statistics", []), use)}
        for moment in (moments if use is not None else ())
    ]
    body = {"Label": str(given.get("MetricName", "")), "Datapoints": points}
    return 200, "application/x-amz-json-1.0", json.dumps(body).encode()


def _seconds(value: t.Any) -> float:
    """A moment, which the JSON protocol writes as a number; the older ones as text."""
    return float(value) if isinstance(value, (int, float)) else 0.0


def _refused(code: str, message: str) -> tuple[int, str, bytes]:
    return refusal(OPERATION[0], code, message, 400)


def clear() -> None:
    """Nothing is in use."""
    _use.clear()


def handle(_method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST sets the C(value) of the metric with these C(dimensions) in a C(region)."""
    named = frozenset((str(name), str(value)) for name, value in body["dimensions"].items())
    _use[body["region"], named] = float(body["value"])
    return {"metrics": len(_use)}


def install(_settings: t.Any) -> None:
    """Offer the control interface."""
    control.register("/_testbed/usage", handle)
