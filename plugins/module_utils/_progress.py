# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of a stack, or of a verification, as one short line. Pure.

A controller shows 1,024 bytes of an event and 4,000 events of a job, and no host with displayed text, so a line is
short, and comes only when something changed (AWX 24, observed). Who shows it puts the host before it.
"""

from __future__ import annotations

import dataclasses
import typing as t

BAR_WIDTH = 14
# Below this share of the resources their number says nothing about the time: the slow ones have hardly begun.
SHARE_BEFORE_AN_ESTIMATE = 0.2
MOST_NAMED = 3


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

    @property
    def essence(self) -> t.Hashable:
        """What has to change for a new line; time alone is none."""
        return (self.status, self.done, self.total, self.resource, self.resource_status)


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


def line(snapshot: Snapshot) -> str:
    """One line for a terminal and for a controller's job output."""
    parts = [f"{progress_bar(snapshot.done, snapshot.total)} {snapshot.done}/{snapshot.total}"]
    if snapshot.rolling_back:
        parts.append("ROLLING BACK")
    if snapshot.resource:
        parts.append(f"{snapshot.resource} {snapshot.resource_status}")
    else:
        parts.append(snapshot.status)
    times = duration(snapshot.elapsed)
    if snapshot.remaining and not snapshot.rolling_back:
        times += f", {about(snapshot.remaining)}"
    return "  ".join([*parts, times])


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


def waiting_line(checks: t.Collection[tuple[str, str]], elapsed: float, timeout: float) -> str:
    """What of a verification does not pass yet, after how long, of how long.

    :param checks: identifier and status of each.
    """
    failing = [identifier for identifier, status in checks if status == "fail"]
    more = f" and {len(failing) - MOST_NAMED} more" if len(failing) > MOST_NAMED else ""
    named = ", ".join(failing[:MOST_NAMED]) + more
    return f"{len(failing)} of {len(checks)} checks do not pass yet: {named} ({elapsed:.0f} of {timeout:.0f} s)"
