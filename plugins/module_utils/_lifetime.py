# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module lives no longer than the run that started it, and leaves nothing behind when it is told to end.

Ansible gives each of its workers a process group of its own, and passes SIGINT and SIGTERM on to it. A run that is
ended otherwise (SIGKILL, SIGHUP, out of memory) cannot pass on anything: then the leader of the module's group, which
is Ansible's worker, or sshd's child where the module runs elsewhere, has lost its parent.

Python runs a signal's handler in the main thread only. The kernel gives a signal to another thread where the main one
cannot take it at that moment (kernel/signal.c, complete_signal), as in a process that was stopped and goes on; then the
main thread waits on, and nothing is handled until what it waits for has come.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import signal
import sys
import threading
import time
import typing as t

LOOK_EVERY = 1.0
# Threads that wait for the network keep Python from ending; after so many seconds it ends all the same.
GRACE = 1.0
ENDING = (signal.SIGINT, signal.SIGTERM)
# What is done before the process ends, and how many seconds it takes at most.
_endings: list[tuple[t.Callable[[], None], float]] = []


@contextlib.contextmanager
def ending_with(work: t.Callable[[], None], seconds: float) -> t.Iterator[None]:
    """Have work done when a signal, or the end of the run, ends the process meanwhile.

    :param work: keeps to the seconds by itself; it runs in the main thread, beside everything that goes on.
    """
    entry = (work, seconds)
    _endings.append(entry)
    try:
        yield
    finally:
        _endings.remove(entry)


def _grace() -> float:
    """Seconds after which the process ends in any case."""
    return GRACE + sum(seconds for _work, seconds in _endings)


def main_thread_gets(numbers: t.Collection[int]) -> None:
    """Have this thread, the main one, handle each of these signals at once, whichever thread is given it."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    # The interpreter writes the number of every signal that comes (signal.set_wakeup_fd).
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    main, left = threading.get_ident(), set(numbers)

    def pass_on() -> None:
        while left:
            for number in left.intersection(os.read(reading, 64)):
                # Once: what is passed on is written too.
                left.discard(number)
                signal.pthread_kill(main, number)

    threading.Thread(target=pass_on, daemon=True).start()


def bound(keep_files: bool = False) -> None:
    """End with the run, and at once when a signal says so. Only where this is the process's main thread.

    :param keep_files: whether Ansible keeps what it copied (ANSIBLE_KEEP_REMOTE_FILES).
    """
    if threading.current_thread() is not threading.main_thread():
        return

    begun: list[int] = []

    def end(signum: int, _frame: t.Any) -> None:
        if begun:
            # Ansible sends another signal soon, and what is being done would be broken off.
            return
        begun.append(signum)
        threading.Thread(target=_end_after, args=(_grace(),), daemon=True).start()
        for work, _seconds in list(_endings):
            with contextlib.suppress(Exception):
                work()
        if _endings:
            threading.Thread(target=_end_after, args=(GRACE,), daemon=True).start()
        if not keep_files:
            # Ansible's wrapper gives the module other arguments; the interpreter's own name the copy.
            remove_own_files(getattr(sys, "orig_argv", sys.argv))
        # Unwinds, so that Ansible's wrapper removes what it has unpacked.
        raise SystemExit(128 + signum)

    for signum in ENDING:
        signal.signal(signum, end)
    main_thread_gets(ENDING)
    leader = os.getpgrp()
    parent = parent_of(leader)
    if parent > 1:
        threading.Thread(target=_watch, args=(leader, parent), daemon=True).start()


def _watch(leader: int, parent: int) -> None:
    while parent_of(leader) == parent:
        time.sleep(LOOK_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
    _end_after(_grace())


def _end_after(seconds: float) -> None:
    time.sleep(seconds)
    os._exit(1)


def parent_of(process: int) -> int:
    """The ID of a process's parent; 0 where that cannot be told, as of a process that is gone, or without /proc."""
    try:
        stat = pathlib.Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
        # The name, in parentheses, may hold anything (proc_pid_stat(5)).
        return int(stat.rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def remove_own_files(arguments: t.Sequence[str]) -> None:
    """Remove the copy of this module with its options, secrets among them, which Ansible would remove after it.

    :param arguments: of this process, one of which is the copy's path, unless Ansible pipes the module (pipelining).
    """
    for path in map(pathlib.Path, arguments):
        if path.name.startswith("AnsiballZ_") and path.parent.name.startswith("ansible-tmp-"):
            with contextlib.suppress(OSError):
                shutil.rmtree(path.parent)
