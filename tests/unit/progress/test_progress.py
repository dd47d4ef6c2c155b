# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack's progress as short lines."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import (
    Snapshot,
    duration,
    line,
    progress_bar,
    remaining_seconds,
    waiting_line,
)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59.9, "59s"), (60, "1m00s"), (372, "6m12s"), (3840, "1h04m"), (-5, "0s")]
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("done", "total", "filled"), [(0, 64, 0), (41, 64, 9), (63, 64, 13), (64, 64, 14), (5, 0, 0)])
def test_the_bar_is_full_only_at_the_end(done: int, total: int, filled: int) -> None:
    assert progress_bar(done, total).count("#") == filled
    assert len(progress_bar(done, total)) == 16


def test_a_line_says_what_happens() -> None:
    snapshot = Snapshot("CREATE_IN_PROGRESS", 41, 64, "LoadBalancer", "CREATE_IN_PROGRESS", 372, 840)
    assert line(snapshot) == "[#########.....] 41/64  LoadBalancer CREATE_IN_PROGRESS  6m12s, about 14m left"


def test_the_end_promises_nothing() -> None:
    assert line(Snapshot("CREATE_COMPLETE", 5, 5, elapsed=60, remaining=0)).endswith("  1m00s")


def test_a_rollback_is_shown_as_such_and_promises_no_time() -> None:
    text = line(Snapshot("ROLLBACK_IN_PROGRESS", 3, 10, "Cache", "DELETE_IN_PROGRESS", 60, 30, rolling_back=True))
    assert "ROLLING BACK" in text
    assert "left" not in text


def test_time_alone_is_no_news() -> None:
    earlier = Snapshot("CREATE_IN_PROGRESS", 41, 64, "LoadBalancer", "CREATE_IN_PROGRESS", 372, 100)
    assert dataclasses.replace(earlier, elapsed=400, remaining=70).essence == earlier.essence
    changes: list[dict[str, t.Any]] = [
        {"done": 42},
        {"status": "ROLLBACK_IN_PROGRESS"},
        {"resource_status": "CREATE_COMPLETE"},
    ]
    for change in changes:
        assert dataclasses.replace(earlier, **change).essence != earlier.essence


def test_a_verification_names_the_first_checks_that_do_not_pass() -> None:
    checks = [(f"tls.{name}", "fail") for name in "abcd"] + [("dns.domain", "pass")]
    assert waiting_line(checks, 12.4, 300) == (
        "4 of 5 checks do not pass yet: tls.a, tls.b, tls.c and 1 more (12 of 300 s)"
    )


def test_estimates_need_a_reason() -> None:
    assert remaining_seconds(10, 1, 64, None) is None
    assert remaining_seconds(300, 32, 64, None) == 300
    assert remaining_seconds(300, 1, 64, 1500) == 1200
    assert remaining_seconds(1600, 32, 64, 1500) == 1600
    assert remaining_seconds(10, 64, 64, None) == 0
