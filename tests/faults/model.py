# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which request gets which fault. Pure, but for the counting."""

from __future__ import annotations

import collections
import dataclasses
import random
import re
import threading
import typing as t
import urllib.parse

PASSED, THROTTLED, FAILED, RESET, LOST, CUT, PAGE = "passed", "throttled", "failed", "reset", "lost", "cut", "page"
_CREDENTIAL = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request")


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a request asks for.

    :param service: as its signature names it, such as C(ec2); empty for a request that is not signed.
    :param action: operation of AWS, or the last part of the path.
    """

    service: str
    action: str
    region: str = ""
    method: str = "POST"
    path: str = "/"
    target: bool = False

    @classmethod
    def of(cls, method: str, path: str, headers: t.Mapping[str, str], body: bytes) -> Asked:
        """From the wire."""
        plain, _mark, query = path.partition("?")
        found = _CREDENTIAL.search(headers.get("Authorization", ""))
        region, service = found.groups() if found else ("", "")
        target = headers.get("X-Amz-Target", "")
        form = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace"))) if found and not target else {}
        given = dict(urllib.parse.parse_qsl(query)).get("Action", "")
        action = target.rsplit(".", 1)[-1] or form.get("Action") or given or plain.rstrip("/").rsplit("/", 1)[-1]
        return cls(service, action, region, method, plain, bool(target))


@dataclasses.dataclass(frozen=True)
class Rates:
    """Shares of the requests, from 0 to 1, together at most 1."""

    throttled: float = 0.0
    failed: float = 0.0
    reset: float = 0.0
    lost: float = 0.0
    cut: float = 0.0

    def __post_init__(self) -> None:
        shares = dataclasses.astuple(self)
        if min(shares) < 0 or sum(shares) > 1:
            raise ValueError(f"shares are from 0 to 1, together at most 1: {self}")

    def fault(self, number: float) -> str:
        """The fault of a request.

        :param number: from 0 to 1, drawn for it.
        """
        for kind in (THROTTLED, FAILED, RESET, LOST, CUT):
            number -= getattr(self, kind)
            if number < 0:
                return kind
        return PASSED


@dataclasses.dataclass(frozen=True)
class Page:
    """An answer in the server's place."""

    status: int = 403
    body: bytes = b"<html><head><title>Blocked</title></head><body>This page is blocked.</body></html>"
    content_type: str = "text/html"


@dataclasses.dataclass(frozen=True)
class Order:
    """A fault for the requests that match.

    :param action: empty for every one of the service.
    :param service: empty for every one.
    :param after: matching requests that pass first.
    :param times: how often; C(None) for always.
    """

    fault: str
    service: str = ""
    action: str = ""
    region: str = ""
    after: int = 0
    times: int | None = None
    page: Page = dataclasses.field(default_factory=Page)

    def matches(self, asked: Asked) -> bool:
        """Whether it is about this request."""
        own = (self.service, self.action, self.region)
        return all(wanted in ("", given) for wanted, given in zip(own, (asked.service, asked.action, asked.region)))


class Decisions:
    """Decides for each request, and counts; safe to use from several threads."""

    def __init__(self, rates: Rates, seed: int, orders: t.Iterable[Order] = ()) -> None:
        self.rates, self._seed = rates, seed
        self._lock = threading.Lock()
        self._orders: list[list[t.Any]] = [[order, 0] for order in orders]
        self._asked: collections.Counter[Asked] = collections.Counter()
        self.counted: collections.Counter[str] = collections.Counter()
        self.log: list[tuple[Asked, str]] = []

    def add(self, order: Order) -> None:
        """One more order, behind those there are."""
        with self._lock:
            self._orders.append([order, 0])

    def clear(self) -> None:
        """Forget the orders."""
        with self._lock:
            self._orders.clear()

    def decide(self, asked: Asked) -> tuple[str, Order | None, random.Random]:
        """Its fault, the order that asks for it, and what else is drawn for it."""
        with self._lock:
            self._asked[asked] += 1
            drawn = random.Random(f"{self._seed}:{asked}:{self._asked[asked]}")
            order = next((entry[0] for entry in self._orders if self._due(entry, asked)), None)
            fault = order.fault if order else self.rates.fault(drawn.random())
            self.counted[fault] += 1
            self.log.append((asked, fault))
            return fault, order, drawn

    @staticmethod
    def _due(entry: list[t.Any], asked: Asked) -> bool:
        order: Order = entry[0]
        if not order.matches(asked):
            return False
        entry[1] += 1
        seen: int = entry[1]
        return seen > order.after and (order.times is None or seen <= order.after + order.times)
