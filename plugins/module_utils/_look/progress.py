# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the fleet is, as one line."""

from __future__ import annotations

import threading
import typing as t

MOST_NAMED = 3


def fleet_line(waiting: t.Mapping[str, str], total: int, verb: str) -> str:
    """Such as C(12 of 16 looked at, waiting for gitpod-eu-central-1: runner.phase).

    :param waiting: what each runner that is not done is waiting for, empty when that is not known.
    :param verb: what was done with those that are done, whether it went well or not.
    """
    line = f"{total - len(waiting)} of {total} {verb}"
    told = [f"{host}: {what}" for host, what in waiting.items() if what]
    shown = told or list(waiting)
    if not shown:
        return line
    more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
    return f"{line}, waiting for {shown[0]}{more}"


def named(checks: t.Sequence[str]) -> str:
    """The first few of some identifiers."""
    more = f" and {len(checks) - MOST_NAMED} more" if len(checks) > MOST_NAMED else ""
    return ", ".join(checks[:MOST_NAMED]) + more


class Board:
    """Keeps what each runner waits for; safe to use from several threads.

    :param verb: what was done with those that are done, whether it went well or not.
    :param tell: is given each new line.
    """

    def __init__(self, verb: str = "looked at", tell: t.Callable[[str], None] = lambda _line: None) -> None:
        self._verb, self._tell = verb, tell
        self._lock = threading.Lock()
        self._total = 0
        self._waiting: dict[str, str] = {}

    def begin(self, hosts: t.Collection[str]) -> None:
        """The runners there are."""
        with self._lock:
            self._total = len(hosts)
            self._waiting = dict.fromkeys(hosts, "")

    def waits(self, host: str, what: str) -> None:
        """A runner waits for something."""
        with self._lock:
            if host in self._waiting:
                self._waiting[host] = what
            self._say()

    def done(self, host: str) -> None:
        """A runner is done, well or not."""
        with self._lock:
            self._waiting.pop(host, None)
            self._say()

    def _say(self) -> None:
        self._tell(fleet_line(self._waiting, self._total, self._verb))
