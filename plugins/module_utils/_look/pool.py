# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounded threads for the calls of all runners. What waits inside the pool never waits for what has not begun."""

from __future__ import annotations

import concurrent.futures
import threading
import typing as t

T = t.TypeVar("T")
_inside = threading.local()


class Task(t.Generic[T]):
    """Work that is done once, by whichever thread comes first."""

    def __init__(self, work: t.Callable[[], T]) -> None:
        self._work = work
        self._claimed = threading.Lock()
        self._future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def run(self) -> None:
        """Do the work, unless another thread has begun it."""
        if not self._claimed.acquire(blocking=False):
            return
        try:
            self._future.set_result(self._work())
        except BaseException as error:
            self._future.set_exception(error)

    def result(self) -> T:
        """What the work returned; raises what it raised.

        A thread of the pool that needs a task which has not begun does it itself: threads that wait for one another
        cannot use up the pool. Threads outside wait, so that no more than the pool's call AWS at a time.
        """
        if getattr(_inside, "pool", False):
            self.run()
        return self._future.result()


class Pool:
    """At most `threads` pieces of work at a time, begun in the order in which they were handed in.

    :param threads: greatest number of threads; they are started as they are needed.
    """

    def __init__(self, threads: int) -> None:
        self._executor = concurrent.futures.ThreadPoolExecutor(threads, initializer=self._enter)
        self._lock = threading.Lock()
        self._memory: dict[t.Hashable, Task[t.Any]] = {}

    @staticmethod
    def _enter() -> None:
        _inside.pool = True

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._executor.shutdown()

    def submit(self, work: t.Callable[..., T], *arguments: t.Any) -> Task[T]:
        """Have work done; C(result()) of what is returned waits for it."""
        task = Task(lambda: work(*arguments))
        self._executor.submit(task.run)
        return task

    def run(self, work: t.Callable[..., T], *arguments: t.Any) -> T:
        """Have work done among the pool's threads, and wait for it."""
        return self.submit(work, *arguments).result()

    def once(self, key: t.Hashable, work: t.Callable[[], T]) -> T:
        """What the work returned, or raised, when it was first asked for under this key: several runners share it."""
        with self._lock:
            task = self._memory.get(key)
            if task is None:
                task = self._memory[key] = self.submit(work)
        return task.result()
