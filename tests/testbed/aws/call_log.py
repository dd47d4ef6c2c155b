# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every API call with its parameters, in order: the tests' evidence of what was asked and what was not."""

from __future__ import annotations

import threading
import time
import typing as t

from . import control
from .requests import Call

_lock = threading.Lock()
_calls: list[dict[str, t.Any]] = []
# Operations that the collection ever asked for; its modules and those of amazon.aws name themselves, tests do not.
_operations: set[str] = set()
_OURS = ("gitpod.enterprise_runner", "APN/1.0 Ansible")


def add(call: Call, status: int, error_code: str) -> None:
    """Note a call with its answer's status and error code."""
    with _lock:
        if any(name in call.user_agent for name in _OURS):
            _operations.add(f"{call.service}:{call.operation}")
        _calls.append(
            {
                "seq": len(_calls) + 1,
                "time": time.time(),
                "service": call.service,
                "operation": call.operation,
                "region": call.region,
                "account": call.account,
                "parameters": dict(call.parameters),
                "status": status,
                "error_code": error_code,
            }
        )


def clear() -> None:
    """Forget every call."""
    with _lock:
        _calls.clear()


def handle(method: str, _body: dict[str, t.Any], query: dict[str, t.Any]) -> dict[str, t.Any]:
    """GET returns the calls after C(since), DELETE forgets them."""
    if method == "DELETE":
        clear()
    with _lock:
        return {"calls": [call for call in _calls if call["seq"] > int(query.get("since", 0))]}


def handle_operations(_method: str, _body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """Every operation that the collection asked for since the start."""
    with _lock:
        return {"operations": sorted(_operations)}


def install(_settings: t.Any) -> None:
    """Offer the log."""
    control.register("/_testbed/calls", handle)
    control.register("/_testbed/operations", handle_operations)
