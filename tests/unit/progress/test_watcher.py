# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The thread that shows progress: lines on change, a lost look is a line less, and it ends with the wait."""

from __future__ import annotations

import itertools
import threading
import time

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_stack import Watcher
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import Snapshot


def wait_for(lines: list[str], count: int) -> None:
    deadline = time.monotonic() + 5
    while len(lines) < count and time.monotonic() < deadline:
        time.sleep(0.005)


def test_every_change_is_shown_with_the_host() -> None:
    done = itertools.count(1)
    lines: list[str] = []
    with Watcher("eu", 0.01, lambda: Snapshot("CREATE_IN_PROGRESS", min(next(done), 3), 3).as_json(), lines.append):
        wait_for(lines, 3)
    assert [line.split()[-3] for line in lines] == ["1/3", "2/3", "3/3"]
    assert all(line.startswith("eu  [") for line in lines)


def test_a_lost_look_is_a_line_less() -> None:
    answers = iter(["{", None, Snapshot("CREATE_IN_PROGRESS", 1, 2).as_json()])
    last = Snapshot("CREATE_COMPLETE", 2, 2).as_json()
    lines: list[str] = []

    def read() -> str:
        answer = next(answers, last)
        if answer is None:
            raise OSError("the file is being replaced")
        return answer

    with Watcher("eu", 0.01, read, lines.append):
        wait_for(lines, 2)
    assert len(lines) == 2


def test_nothing_is_shown_after_the_end() -> None:
    lines: list[str] = []
    before = threading.active_count()
    with Watcher("eu", 0.01, lambda: "", lines.append):
        pass
    assert threading.active_count() == before
    assert lines == []
