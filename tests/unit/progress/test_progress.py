# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack's progress as short lines."""

from __future__ import annotations

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import (
    Pacer,
    Snapshot,
    duration,
    line,
    progress_bar,
    remaining_seconds,
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


def test_a_line_carries_the_host_and_what_happens() -> None:
    snapshot = Snapshot("CREATE_IN_PROGRESS", 41, 64, "LoadBalancer", "CREATE_IN_PROGRESS", 372, 840)
    assert line("eu-central-1", snapshot) == (
        "eu-central-1  [#########.....] 41/64  LoadBalancer CREATE_IN_PROGRESS  6m12s, about 14m left"
    )


def test_the_end_promises_nothing() -> None:
    assert line("eu", Snapshot("CREATE_COMPLETE", 5, 5, elapsed=60, remaining=0)).endswith("  1m00s")


def test_a_rollback_is_shown_as_such_and_promises_no_time() -> None:
    text = line("eu", Snapshot("ROLLBACK_IN_PROGRESS", 3, 10, "Cache", "DELETE_IN_PROGRESS", 60, 30, rolling_back=True))
    assert "ROLLING BACK" in text
    assert "left" not in text


def test_hostile_names_do_not_move_the_cursor() -> None:
    text = line("eu\x1b[2J", Snapshot("CREATE_IN_PROGRESS", 1, 2, "A\nB" * 200, "X"))
    assert text.isprintable()
    assert len(text) <= 160


def test_snapshots_survive_the_way_and_anything_else_is_none() -> None:
    snapshot = Snapshot("CREATE_IN_PROGRESS", 41, 64, "LoadBalancer", "CREATE_IN_PROGRESS", 372, None)
    assert Snapshot.from_json(snapshot.as_json()) == snapshot
    for broken in ("", "{", "[]", '{"status": "X"}', snapshot.as_json()[:20]):
        assert Snapshot.from_json(broken) is None


def test_estimates_need_a_reason() -> None:
    assert remaining_seconds(10, 1, 64, None) is None
    assert remaining_seconds(300, 32, 64, None) == 300
    assert remaining_seconds(300, 1, 64, 1500) == 1200
    assert remaining_seconds(1600, 32, 64, 1500) == 1600
    assert remaining_seconds(10, 64, 64, None) == 0


def test_lines_come_on_change_and_not_too_often() -> None:
    pacer = Pacer(10)
    first, second = Snapshot("CREATE_IN_PROGRESS", 1, 5), Snapshot("CREATE_IN_PROGRESS", 2, 5)
    assert pacer.lets_through(0, first)
    assert not pacer.lets_through(20, first)
    assert pacer.lets_through(21, second)
    assert not pacer.lets_through(25, first)
    assert pacer.lets_through(31, first)
