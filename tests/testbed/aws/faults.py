# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors by rule: throttling and whatever else AWS answers, for a service, an operation, a region, at a rate.

With C(after) the call is carried out first, and the error stands in its answer's place: an answer that was lost.
"""

from __future__ import annotations

import dataclasses
import random
import threading
import typing as t

from . import control
from .requests import Call, refusal

_lock = threading.Lock()
_rules: list[Rule] = []
_random = random.Random(20261124)


@dataclasses.dataclass
class Rule:
    """Refuse calls that match.

    :param operation: name, or empty for all of the service.
    :param rate: share of the calls that are refused, 0 to 1.
    :param times: how often, or None for always.
    :param skip: how many calls that match go through before.
    :param after: whether the call is carried out all the same.
    """

    service: str
    operation: str = ""
    error: str = "Throttling"
    message: str = "Rate exceeded"
    status: int = 400
    rate: float = 1.0
    times: int | None = None
    region: str = ""
    skip: int = 0
    after: bool = False

    def matches(self, call: Call) -> bool:
        """Whether the rule is about this call."""
        return (
            self.service == call.service
            and self.operation in ("", call.operation)
            and self.region in ("", call.region)
            and self.times != 0
            and _random.random() < self.rate
        )


def rule_for(call: Call) -> Rule | None:
    """The first rule that matches, which counts it."""
    with _lock:
        for rule in _rules:
            if rule.matches(call):
                if rule.skip:
                    rule.skip -= 1
                    continue
                if rule.times is not None:
                    rule.times -= 1
                return rule
    return None


def answer(call: Call, rule: Rule) -> tuple[int, str, bytes]:
    """The refusal."""
    return refusal(call.service, rule.error, rule.message, rule.status)


def clear() -> None:
    """Forget every rule."""
    with _lock:
        _rules.clear()


def handle(method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST adds a rule, DELETE forgets all, GET lists them."""
    if method == "DELETE":
        clear()
    with _lock:
        if method == "POST":
            _rules.append(Rule(**body))
        return {"faults": [dataclasses.asdict(rule) for rule in _rules]}


def install(_settings: t.Any) -> None:
    """Offer the rules."""
    control.register("/_testbed/faults", handle)
