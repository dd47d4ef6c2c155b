# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounded, jittered waiting. Clock and sleep are passed in, so tests take no time."""

from __future__ import annotations

import dataclasses
import random
import time
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclasses.dataclass(frozen=True)
class Clock:
    """Time as the code sees it.

    :param now: seconds on a monotonic clock.
    :param sleep: waits that many seconds.
    :param jitter: a number from 0 to 1; spreads the polls of many hosts.
    :param stretch: how many times longer pauses are, where many share one limit of calls.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    stretch: Callable[[], float] = lambda: 1.0


@dataclasses.dataclass(frozen=True)
class Pace:
    """How often to look: `first` seconds after the start, then `growth` times longer, up to `longest` seconds."""

    first: float = 2.0
    longest: float = 10.0
    growth: float = 1.5


def poll(clock: Clock, timeout: float, pace: Pace) -> Iterator[float]:
    """Yield the elapsed seconds at each look: at once, then paced, and one last time at the deadline.

    Each pause is shortened by up to a fifth at random. The loop that iterates decides when it has seen enough; when the
    iterator is exhausted, `timeout` seconds have passed.
    """
    start = clock.now()
    pause = pace.first
    while True:
        elapsed = clock.now() - start
        yield elapsed
        remaining = timeout - (clock.now() - start)
        if remaining <= 0:
            return
        clock.sleep(min(remaining, pause * clock.stretch() * (1 - 0.2 * clock.jitter())))
        pause = min(pause * pace.growth, pace.longest)
