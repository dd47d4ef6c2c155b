# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits are bounded, and their pauses grow and are spread."""

from __future__ import annotations

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.time = 100.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds


def test_polls_at_once_then_paced_and_at_the_deadline() -> None:
    fake = FakeTime()
    looks = list(poll(Clock(fake.now, fake.sleep, lambda: 0.0), timeout=10, pace=Pace(first=2, longest=4, growth=2)))
    assert looks == [0, 2, 6, 10]
    assert fake.pauses == [2, 4, 4]


def test_jitter_shortens_a_pause_by_up_to_a_fifth() -> None:
    fake = FakeTime()
    iterator = poll(Clock(fake.now, fake.sleep, lambda: 1.0), timeout=100, pace=Pace(first=10, longest=10))
    next(iterator)
    next(iterator)
    assert fake.pauses == [pytest.approx(8)]


def test_a_zero_timeout_looks_once() -> None:
    fake = FakeTime()
    assert list(poll(Clock(fake.now, fake.sleep), timeout=0, pace=Pace())) == [0]


def test_there_is_a_look_at_the_deadline_also_after_one_that_lasted_beyond_it() -> None:
    fake = FakeTime()
    looks = []
    for elapsed in poll(Clock(fake.now, fake.sleep, lambda: 0.0), timeout=3, pace=Pace(first=2, longest=4)):
        looks.append(elapsed)
        # As an answer that comes late.
        fake.time += 2 if elapsed else 0
    assert looks == [0, 2, 4]


def test_sums_of_pauses_reach_the_deadline() -> None:
    fake = FakeTime()
    looks = list(poll(Clock(fake.now, fake.sleep, lambda: 0.37), timeout=0.7, pace=Pace(first=0.1, longest=0.1)))
    assert looks[-1] >= 0.7
    assert len(looks) < 12
