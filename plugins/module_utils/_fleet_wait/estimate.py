# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the rest of the fleet takes, by what its finished regions took. Pure."""

from __future__ import annotations

import statistics
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.model import (
    Course,
    Part,
    operation_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import Snapshot

# How much faster or slower than another a region may be expected to go on.
SLOWEST, FASTEST = 2.0, 0.5


def time_left(part: Part, courses: t.Sequence[Course]) -> float | None:
    """Seconds until the stack is complete, or C(None) when nothing supports an estimate.

    Regions do the same work in about the same time, so what is left is what finished ones took from the same number of
    complete resources on. Before one has finished, the stack's own progress has to do.
    """
    snapshot = part.snapshot
    if snapshot is None or snapshot.rolling_back:
        return None
    operation = operation_of(snapshot.status)
    found = [_along(course, snapshot, part.reached_at) for course in courses if course.operation == operation]
    if not found:
        return snapshot.remaining
    left = statistics.median(found)
    # Slower than all others were: nothing tells how much.
    return left if left > 0 else None


def _along(course: Course, snapshot: Snapshot, reached_at: float) -> float:
    """What is left when the stack goes on as this one did."""
    reached, following = course.reached(snapshot.done), course.reached(snapshot.done + 1)
    pace = min(SLOWEST, max(FASTEST, reached_at / reached)) if reached > 0 else 1.0
    # One that is late with the next resource still has all the others before it.
    until_next = max(0.0, (following - reached) * pace - (snapshot.elapsed - reached_at))
    return until_next + (course.seconds - following) * pace
