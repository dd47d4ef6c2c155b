# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps how far each part is, and tells it: one line for all, and one where a runner has something to say."""

from __future__ import annotations

import dataclasses
import threading
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait import lines
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.model import (
    DONE,
    FAILED,
    GOING,
    STACK,
    Course,
    Part,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import Snapshot
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teller import Teller

Key = tuple[str, str]


class Board:
    """Safe to use from several threads.

    :param keys: host and kind of everything that is waited for.
    :param observe: is given each part after each look at it.
    """

    def __init__(
        self, keys: t.Iterable[Key], teller: Teller, observe: t.Callable[[Part], None] = lambda _part: None
    ) -> None:
        self._parts = {key: Part(*key) for key in keys}
        self._teller = teller
        self._observe = observe
        self._courses: list[Course] = []
        self._lock = threading.Lock()

    def open(self) -> None:
        """The waiting begins."""
        with self._lock:
            if self._parts:
                self._teller.say(lines.first_line(self._all()))

    def stack(self, key: Key, snapshot: Snapshot) -> None:
        """A stack was looked at."""
        with self._lock:
            before = self._parts[key]
            part = self._parts[key] = before.looked_at(snapshot)
            self._seen(part)
            if snapshot.rolling_back and not (before.snapshot and before.snapshot.rolling_back):
                self._teller.say(lines.rollback_line(part))
            self._tell()

    def state(self, key: Key, state: str) -> None:
        """An endpoint or a certificate was looked at."""
        with self._lock:
            self._parts[key] = dataclasses.replace(self._parts[key], state=state)
            self._seen(self._parts[key])
            self._tell()

    def ended(self, key: Key, result: t.Mapping[str, t.Any], waited: float) -> None:
        """A part ended well or failed.

        A good end of what goes beside a stack is counted and has no line of its own: one line a runner.
        """
        with self._lock:
            failed = bool(result.get("failed"))
            outcome, cause = (FAILED, lines.cause(result)) if failed else (DONE, "")
            part = self._parts[key] = dataclasses.replace(self._parts[key], outcome=outcome, cause=cause)
            self._seen(part)
            if part.kind == STACK and not failed:
                course = Course.of(result)
                self._courses += [course] if course else []
            if failed or part.kind == STACK or (part.host, STACK) not in self._parts:
                self._teller.say(lines.end_line(part, result, waited))
            self._tell()

    def close(self) -> None:
        """Everything ended: how it is now, where there is more than one to tell of."""
        with self._lock:
            if len(self._parts) > 1:
                self._teller.say(lines.fleet_line(self._all()))

    def _seen(self, part: Part) -> None:
        """A runner has one row on a board, and its endpoint takes minutes where its stack takes twenty."""
        stack = self._parts.get((part.host, STACK))
        if part.kind == STACK or part.outcome == FAILED or stack is None or stack.outcome != GOING:
            self._observe(part)

    def _all(self) -> list[Part]:
        return list(self._parts.values())

    def _tell(self) -> None:
        going = any(part.outcome not in (DONE, FAILED) for part in self._all())
        if going:
            self._teller.tell(lines.fleet_line(self._all(), self._courses), lines.essence(self._all()))
