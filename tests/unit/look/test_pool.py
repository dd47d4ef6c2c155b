# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool of a look: bounded, and never stuck on work that waits for other work."""

from __future__ import annotations

import threading
import time
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool


def tree(pool: Pool, depth: int) -> int:
    """Work that waits for two pieces of its own kind; their number."""
    if not depth:
        return 1
    parts = [pool.submit(tree, pool, depth - 1) for _part in range(2)]
    return sum(part.result() for part in parts)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_work_that_waits_for_work_ends_at_any_number_of_threads(threads: int) -> None:
    with Pool(threads) as pool:
        begun = [pool.submit(tree, pool, 6) for _runner in range(4)]
        assert [task.result() for task in begun] == [64] * 4


def test_no_more_than_its_threads_work_at_a_time_however_many_wait_outside() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1

    with Pool(3) as pool:
        outside = [threading.Thread(target=lambda: pool.run(call)) for _runner in range(12)]
        for thread in outside:
            thread.start()
        for thread in outside:
            thread.join()
    assert most == 3


def test_what_the_work_raises_is_raised_where_its_result_is_asked_for() -> None:
    def broken() -> None:
        raise KeyError("x")

    with Pool(2) as pool, pytest.raises(KeyError):
        pool.submit(broken).result()


def test_what_many_ask_for_is_done_once_and_a_failure_is_told_to_all() -> None:
    done: list[str] = []

    def work(name: str, fails: bool) -> str:
        done.append(name)
        time.sleep(0.01)
        if fails:
            raise ValueError(name)
        return name

    with Pool(4) as pool:

        def ask(name: str, fails: bool) -> t.Any:
            return pool.once(name, lambda: work(name, fails))

        assert {pool.submit(ask, "a", False).result() for _runner in range(8)} == {"a"}
        failing = [pool.submit(ask, "b", True) for _runner in range(8)]
        for task in failing:
            with pytest.raises(ValueError, match="b"):
                task.result()
    assert sorted(done) == ["a", "b"]
