# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of a stack as one short line. Pure: the module writes snapshots, the action plugin prints them.

A controller shows 1,024 bytes of an event and 4,000 events of a job, and no host with displayed text, so a line is
short, carries the host, and comes only when something changed (AWX 24, observed).
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

BAR_WIDTH = 14
# Below this share of the resources their number says nothing about the time: the slow ones have hardly begun.
SHARE_BEFORE_AN_ESTIMATE = 0.2
LONGEST_LINE = 160


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Where a stack's operation stands.

    :param status: the stack's own status.
    :param done: resources, nested ones included, that are complete; while rolling back, those that are gone again.
    :param total: resources there are, with the stack itself.
    :param resource: logical ID of the resource that changed last, or empty.
    :param resource_status: that resource's status.
    :param elapsed: seconds since the operation began.
    :param remaining: seconds left by estimate, or C(None) when nothing supports one.
    :param rolling_back: whether AWS is undoing the operation.
    """

    status: str
    done: int
    total: int
    resource: str = ""
    resource_status: str = ""
    elapsed: float = 0.0
    remaining: float | None = None
    rolling_back: bool = False

    def as_json(self) -> str:
        """One line of JSON."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Snapshot | None:
        """The snapshot, or C(None) for anything else, such as half a line."""
        try:
            values = json.loads(text)
            return cls(**{field.name: values[field.name] for field in dataclasses.fields(cls)})
        except (ValueError, KeyError, TypeError):
            return None


def duration(seconds: float) -> str:
    """Seconds as people say them: 45s, 6m12s, 1h04m."""
    whole = max(0, int(seconds))
    if whole < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    hours, minutes_of_hour = divmod(minutes, 60)
    return f"{hours}h{minutes_of_hour:02d}m" if hours else f"{minutes}m{rest:02d}s"


def progress_bar(done: int, total: int, width: int = BAR_WIDTH) -> str:
    """The share that is done, full only when all is."""
    filled = round(width * done / total) if total > 0 else 0
    filled = min(filled, width if 0 < total <= done else width - 1)
    return "[" + "#" * filled + "." * (width - filled) + "]"


def about(seconds: float) -> str:
    """An estimate, no more exact than it is: minutes, and under a minute tens of seconds."""
    if seconds >= 60:  # noqa: PLR2004 - seconds in a minute
        return f"about {max(1, round(seconds / 60))}m left"
    return f"about {max(10, round(seconds / 10) * 10)}s left"


def line(host: str, snapshot: Snapshot) -> str:
    """One line for a terminal and for a controller's job output."""
    parts = [host, f"{progress_bar(snapshot.done, snapshot.total)} {snapshot.done}/{snapshot.total}"]
    if snapshot.rolling_back:
        parts.append("ROLLING BACK")
    if snapshot.resource:
        parts.append(f"{snapshot.resource} {snapshot.resource_status}")
    else:
        parts.append(snapshot.status)
    times = duration(snapshot.elapsed)
    if snapshot.remaining and not snapshot.rolling_back:
        times += f", {about(snapshot.remaining)}"
    text = "  ".join([*parts, times])
    return "".join(character for character in text if character.isprintable())[:LONGEST_LINE]


def remaining_seconds(elapsed: float, done: int, total: int, previous: float | None) -> float | None:
    """An estimate of the seconds left, or C(None) when nothing supports one.

    :param previous: seconds that the previous deployment of this stack took, if there was one; until it is exceeded it
        says more than the share of resources, because the slow ones finish last.
    """
    if total <= 0 or done >= total:
        return 0.0 if total > 0 else None
    if previous is not None and elapsed < previous:
        return previous - elapsed
    share = done / total
    if share < SHARE_BEFORE_AN_ESTIMATE:
        return None
    return elapsed * (1 - share) / share


class Pacer:
    """Lets a line through when something changed and the last one is long enough ago."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._last_time: float | None = None
        self._last: tuple[t.Any, ...] | None = None

    def lets_through(self, now: float, snapshot: Snapshot) -> bool:
        """Whether to print this snapshot.

        :param now: seconds on a monotonic clock.
        """
        essence = (snapshot.status, snapshot.done, snapshot.total, snapshot.resource, snapshot.resource_status)
        if essence == self._last or (self._last_time is not None and now - self._last_time < self._interval):
            return False
        self._last, self._last_time = essence, now
        return True
