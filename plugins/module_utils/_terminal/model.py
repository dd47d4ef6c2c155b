# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run shows while it goes on: a board with a row a runner, and the events that change it. Pure.

An event says what is known of one runner from now on; what it leaves out stays as it was. The callback makes events of
Ansible's own, and the modules that wait leave theirs in a file (C(channel)).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief, clean

# States, in the order in which they need somebody's attention: what comes first is shown where there is little room.
FAILED, ROLLING_BACK, REFUSED, RUNNING, WAITING, HELD, QUEUED, UNVERIFIED, DONE, VERIFIED = STATES = (
    "failed",
    "rolling back",
    "refused",
    "running",
    "waiting",
    "held",
    "queued",
    "unverified",
    "done",
    "verified",
)
# Those that nothing but a new stage changes.
ENDED = frozenset({FAILED, REFUSED, WAITING, HELD, UNVERIFIED, DONE, VERIFIED})
# Nothing goes on: the seconds stand still.
STILL = ENDED | {QUEUED}
LONGEST = 120


@dataclasses.dataclass(frozen=True)
class Event:
    """What is known of one runner from now on.

    :param host: its name in the inventory; empty for what is said of the whole fleet, which is C(doing).
    :param stage: of site.yml; empty when it stays.
    :param state: one of C(STATES); empty when it stays.
    :param doing: what is going on, in a few words; C(None) when it stays.
    :param done: parts that are complete of C(total); C(None) when that is not known any more.
    :param seconds: how long the stage has been going on, where AWS knows better than this run.
    """

    host: str
    stage: str = ""
    state: str = ""
    doing: str | None = None
    done: int | None = None
    total: int | None = None
    seconds: float | None = None

    @classmethod
    def read(cls, raw: t.Any) -> Event | None:
        """From what a file holds; C(None) of anything that is no event."""
        try:
            found = cls(**raw)
            texts = all(isinstance(text, str) for text in (found.host, found.stage, found.state, found.doing or ""))
            numbers = all(isinstance(number, (int, float)) for number in (found.done or 0, found.total or 0))
            seconds = isinstance(found.seconds or 0, (int, float))
        except TypeError:
            return None
        return found if texts and numbers and seconds else None


@dataclasses.dataclass(frozen=True)
class Row:
    """One runner, as far as it is known.

    :param since: when its stage began, on the run's own clock.
    :param seconds: that it took, once it has ended.
    """

    host: str
    stage: str = ""
    state: str = QUEUED
    doing: str = ""
    done: int = 0
    total: int = 0
    since: float = 0.0
    seconds: float | None = None

    def elapsed(self, now: float) -> float:
        """Seconds of its stage."""
        return self.seconds if self.seconds is not None else max(0.0, now - self.since)


@dataclasses.dataclass(frozen=True)
class Board:
    """All runners of a play.

    :param title: the play's.
    :param note: what is said of the whole fleet, such as who is waited for.
    """

    title: str = ""
    began: float = 0.0
    rows: t.Mapping[str, Row] = dataclasses.field(default_factory=dict)
    note: str = ""

    def after(self, event: Event, now: float) -> Board:
        """The board once the event has happened.

        :param now: seconds on the run's own clock.
        """
        if not event.host:
            return dataclasses.replace(self, note=brief(event.doing or "", LONGEST))
        host = clean(event.host)
        before = self.rows.get(host) or Row(host, since=now)
        return dataclasses.replace(self, rows={**self.rows, host: _after(before, event, now)})

    def counts(self) -> dict[str, int]:
        """How many runners are in each state, in the states' order."""
        found = [row.state for row in self.rows.values()]
        return {state: found.count(state) for state in STATES if state in found}


def _after(row: Row, event: Event, now: float) -> Row:
    state = event.state if event.state in STATES else row.state
    stage = clean(event.stage) or row.stage
    began = stage != row.stage or (row.state in ENDED and state not in ENDED) or row.state == QUEUED != state
    since = now if began else row.since
    if event.seconds is not None:
        since = now - max(0.0, float(event.seconds))
    doing = ("" if began else row.doing) if event.doing is None else brief(event.doing, LONGEST)
    known = event.total is not None
    return Row(
        row.host,
        stage,
        state,
        doing,
        max(0, int(event.done or 0)) if known else (0 if began else row.done),
        max(0, int(event.total or 0)) if known else (0 if began else row.total),
        since,
        (row.seconds if row.seconds is not None and not began else max(0.0, now - since)) if state in STILL else None,
    )
