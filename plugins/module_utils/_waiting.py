# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounded, jittered waiting. Clock and sleep are passed in, so tests take no time."""

from __future__ import annotations

import dataclasses
import queue
import random
import threading
import time
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = t.TypeVar("T")
# Seconds by which sums of pauses may miss the deadline.
ROUNDING = 1e-6


@dataclasses.dataclass(frozen=True)
class Clock:
    """Time as the code sees it.

    :param now: seconds on a monotonic clock.
    :param sleep: waits that many seconds.
    :param jitter: a number from 0 to 1; spreads the polls of many hosts.
    :param stretch: how many times longer pauses are, where many share one limit of calls.
    :param least: the share of a usual pause that this limit asks of whoever would like to look more often.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    stretch: Callable[[], float] = lambda: 1.0
    least: Callable[[], float] = lambda: 0.0


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
        if timeout - elapsed < ROUNDING:
            elapsed = max(elapsed, timeout)
        yield elapsed
        # One that was begun before the deadline is not the last, however long it took: who iterates goes by the time.
        if elapsed >= timeout:
            return
        remaining = max(0.0, timeout - (clock.now() - start))
        clock.sleep(min(remaining, pause * clock.stretch() * (1 - 0.2 * clock.jitter())))
        pause = min(pause * pace.growth, pace.longest)


def within(seconds: float, work: Callable[[], T]) -> T:
    """What a call returns that the system lets wait as long as it likes, such as a question to its resolver.

    :raises TimeoutError: it has not ended by then; nothing waits for it any more, and its thread ends with the process.
    """
    ended: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            ended.put((work(), None))
        except BaseException as error:
            ended.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        found, failure = ended.get(timeout=max(seconds, 0.0))
    except queue.Empty:
        raise TimeoutError(f"no end within {seconds:g} s") from None
    if failure is not None:
        raise failure
    return t.cast("T", found)
