# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until records are answered: by the zone's own servers first, then by the resolvers that clients use.

A resolver that is asked too early remembers that a name was missing, for as long as the zone's SOA record says; so none
is asked before the zone's own servers have the records.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import secrets
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.model import (
    RIGHT,
    SILENT,
    Answer,
    Expected,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

WORKERS = 16
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 2.0, 15.0, 1.5
# Resolvers may drop an entry before its time; asking again does not renew it.
LONGEST_CACHE_PAUSE = 60.0


class Observer(t.Protocol):
    """Everything that touches the network."""

    def ask(self, server: Server, expected: Expected, label: str) -> Answer:
        """Ask one server for one record."""


@dataclasses.dataclass(frozen=True)
class Look:
    """One look at everybody who had to be asked.

    :param asked_resolvers: whether the zone's own servers were all right, so that resolvers were asked too.
    """

    answers: tuple[Answer, ...]
    asked_resolvers: bool

    @property
    def wrong(self) -> tuple[Answer, ...]:
        """What is not right yet; servers of the zone that say nothing are left out while others answer."""
        own = [answer for answer in self.answers if answer.server.authoritative]
        spoken = {answer.server for answer in own if answer.outcome != SILENT}
        return tuple(
            answer
            for answer in self.answers
            if answer.outcome != RIGHT and not (answer.server.authoritative and answer.server not in spoken)
        )

    @property
    def complete(self) -> bool:
        """Whether everybody answers rightly."""
        return self.asked_resolvers and bool(self.answers) and not self.wrong

    def pause(self, paced: float) -> float:
        """Seconds until the next look: while only caches are wrong, until the first of them forgets."""
        if all(answer.ttl and not answer.server.authoritative for answer in self.wrong):
            soonest = min((answer.ttl + 1 for answer in self.wrong), default=0)
            return max(paced, min(soonest, LONGEST_CACHE_PAUSE))
        return paced


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The last look; `waited` in seconds."""

    look: Look
    waited: float


def look(
    observer: Observer, expected: t.Sequence[Expected], own: t.Sequence[Server], resolvers: t.Sequence[Server]
) -> Look:
    """Ask the zone's servers, and when they are all right the resolvers; in parallel, in a stable order."""
    label = f"gitpod-{secrets.token_hex(4)}"

    def ask(servers: t.Sequence[Server]) -> tuple[Answer, ...]:
        pairs = [(server, record) for server in servers for record in expected]
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            return tuple(pool.map(lambda pair: observer.ask(pair[0], pair[1], label), pairs))

    first = Look(ask(own), False)
    if first.wrong:
        return first
    return Look(first.answers + ask(resolvers), True)


def watch(
    take: t.Callable[[], Look], timeout: float, tell: t.Callable[[Look, float], None], clock: Clock | None = None
) -> Verdict:
    """Look until everybody answers rightly, or `timeout` seconds have passed; at least once.

    :param take: one look.
    :param tell: is given each look and the elapsed seconds.
    """
    clock = clock or Clock()
    start, paced = clock.now(), FIRST_PAUSE
    while True:
        seen = take()
        elapsed = clock.now() - start
        tell(seen, elapsed)
        if seen.complete or elapsed >= timeout:
            return Verdict(seen, elapsed)
        pause = seen.pause(paced * (1 - 0.2 * clock.jitter()))
        clock.sleep(min(pause, timeout - elapsed))
        paced = min(paced * GROWTH, LONGEST_PAUSE)


def progress(seen: Look, elapsed: float, timeout: float) -> str:
    """Who still answers what, as one line."""
    who = "resolvers" if seen.asked_resolvers else "the zone's own servers"
    listed = "; ".join(answer.as_line() for answer in seen.wrong) or "nobody could be asked"
    return f"waiting for {who}: {listed} ({_minutes(elapsed)} of at most {_minutes(timeout)})"


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
