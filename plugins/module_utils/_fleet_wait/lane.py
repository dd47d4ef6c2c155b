# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sharing a limit of calls: those who wait in one account and region for one kind of thing go slower together.

AWS publishes no rate for CloudFormation's calls, and an account's other tools share its limit. So the looks of a lane
together stay at a few a second.
"""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._retry import BUSY, failed_with
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

LOOKS_PER_SECOND = 2.5
# One that waits alone looks about that often, in seconds (the longest pauses of the parts' own paces).
USUAL_PAUSE = 8.0
MOST, CALM_AFTER = 4.0, 60.0


class Lane:
    """Safe to use from several threads.

    :param crowd: how many wait here.
    """

    def __init__(self, crowd: int, clock: Clock) -> None:
        self._crowd, self._clock = crowd, clock
        self._lock = threading.Lock()
        self._slowness, self._throttled_at = 1.0, 0.0

    @property
    def spread(self) -> float:
        """Seconds over which the first looks are spread; none for one that waits alone."""
        return (self._crowd - 1) / LOOKS_PER_SECOND

    def stretch(self) -> float:
        """How many times longer pauses are now."""
        return max(1.0, self._crowd / USUAL_PAUSE / LOOKS_PER_SECOND) * self._slow()

    def least(self) -> float:
        """The share of a usual pause below which the lane would look more often than it may, were all in a hurry."""
        return self._crowd / USUAL_PAUSE / LOOKS_PER_SECOND * self._slow()

    def _slow(self) -> float:
        with self._lock:
            if self._slowness > 1 and self._clock.now() - self._throttled_at > CALM_AFTER:
                self._slowness = 1.0
            return self._slowness

    def left(self) -> None:
        """One fewer waits here."""
        with self._lock:
            self._crowd -= 1

    def heed(self, response: t.Any = None, **_event: t.Any) -> None:
        """What AWS answered to a try, as botocore's event C(needs-retry) has it: all go slower when it throttles."""
        if failed_with(response) == BUSY:
            with self._lock:
                self._slowness, self._throttled_at = min(MOST, self._slowness * 2), self._clock.now()
