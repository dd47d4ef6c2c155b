# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a management plane of many servers does, and what stands in its place.

Lists that lag behind, clocks that differ, faults by chance, and answers of proxies, gateways and login pages. Evidence:
the API answers through a load balancer (its 429, 502, 503 and 504 are pages, RFC 9110 and RFC 6585), Connect's errors
are JSON (connectrpc.com, "Connect Protocol"), and proxies answer with pages of their own.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
import typing as t

CUT, RESET = "cut", "reset"


@dataclasses.dataclass
class Severity:
    """How the servers behind the API differ.

    :param list_lag: seconds until a list has a new runner or environment, at most; each has its own delay.
    :param clock_skew: seconds by which the clocks of two servers differ, at most.
    :param create_delay: seconds until a creation is carried out, at most.
    :param seed: of the chances.
    """

    list_lag: float = 0.0
    clock_skew: float = 0.0
    create_delay: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._listed: dict[str, float] = {}

    async def before_creating(self) -> None:
        """Wait as long as the creation takes."""
        if self.create_delay:
            await asyncio.sleep(self.chance.uniform(0, self.create_delay))

    def made(self, runner: t.Any) -> None:
        """A server's clock stamps it, and lists have it later."""
        if self.clock_skew:
            seconds = time.time() + self.chance.uniform(-self.clock_skew / 2, self.clock_skew / 2)
            runner.created_at.FromNanoseconds(int(seconds * 1e9))
        self.lags(runner.runner_id)

    def lags(self, identifier: str) -> None:
        """Lists have it later."""
        if self.list_lag:
            self._listed[identifier] = time.monotonic() + self.chance.uniform(0, self.list_lag)

    def listed(self, identifier: str) -> bool:
        """Whether lists have it by now."""
        return self._listed.get(identifier, 0.0) <= time.monotonic()


@dataclasses.dataclass
class Strange:
    """An answer in the API's place.

    :param rate: share of the calls that get it.
    :param times: how often, or None for always.
    :param after: whether the call is carried out first, and only its answer is lost.
    :param kind: C(cut) ends the real answer after half of it, C(reset) before it; empty sends what is below.
    """

    method: str = ""
    rate: float = 1.0
    times: int | None = None
    after: bool = False
    kind: str = ""
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: str = ""


class Stranger:
    """Stands before the application, as a proxy would."""

    def __init__(self, application: t.Any) -> None:
        self._application = application
        self.rules: list[Strange] = []
        self.chance = random.Random(0)

    async def __call__(self, scope: dict[str, t.Any], receive: t.Any, send: t.Any) -> None:
        rule = self._rule(scope) if scope["type"] == "http" else None
        if rule is None:
            await self._application(scope, receive, send)
            return
        answer: list[dict[str, t.Any]] = []

        async def keep(message: dict[str, t.Any]) -> None:
            answer.append(message)

        if rule.after or rule.kind == CUT:
            await self._application(scope, receive, keep)
        else:
            await _taken(receive)
        await _sent(rule, answer, send)

    def _rule(self, scope: dict[str, t.Any]) -> Strange | None:
        method = scope["path"].rpartition("/")[2]
        number = self.chance.random()
        for rule in self.rules:
            if rule.method in ("", method) and rule.times != 0:
                if number < rule.rate:
                    rule.times = None if rule.times is None else rule.times - 1
                    return rule
                number -= rule.rate
        return None


async def _taken(receive: t.Any) -> None:
    while (await receive()).get("more_body"):
        pass


async def _sent(rule: Strange, answer: list[dict[str, t.Any]], send: t.Any) -> None:
    body = b"".join(message.get("body", b"") for message in answer) if rule.kind else rule.body.encode()
    status = answer[0]["status"] if answer and rule.kind else rule.status
    given = answer[0]["headers"] if answer and rule.kind else []
    headers = [(key, value) for key, value in given if key.lower() != b"content-length"]
    headers += [(key.lower().encode(), value.encode()) for key, value in rule.headers.items()]
    # A length that is not kept makes uvicorn cut the connection.
    length = len(body) or 1 if rule.kind else len(body)
    headers.append((b"content-length", str(length).encode()))
    part = {CUT: body[: len(body) // 2], RESET: b""}.get(rule.kind, body)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": part, "more_body": False})
