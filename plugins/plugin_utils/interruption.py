# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is broken off: what is said then, and that none of its processes stays. For filters and action plugins."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._lifetime import ENDING, main_thread_gets
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import TERMINAL, wrapped

T = t.TypeVar("T")
TOLD = (
    "[WARNING]: Broken off. AWS goes on by itself with what was begun (stacks, endpoints, certificates, deletions);"
    " an acceptance's environment is removed. Run the same playbook again: it attaches to what is going on, and starts"
    " nothing twice.\n"
)
# Seconds that Ansible has to end, and its exit code after Ctrl-C (ansible.cli.ExitCode.KEYBOARD_INTERRUPT).
GIVE_UP, INTERRUPTED = 10.0, 99
# Seconds that the output which Ansible holds back has to be written.
FLUSH = 1.0
# What a worker does after its module has ended, removing its files, takes less.
GRACE = 5.0
LOOK_EVERY = 1.0
_watched: set[int] = set()
# What a callback does first, such as taking its board off the terminal.
before_it_is_told: list[t.Callable[[], None]] = []


def interruptible(value: T) -> T:
    """The value as it is; in Ansible's main process, signals that end the run say from now on what becomes of it.

    The main process evaluates a play's keywords, such as C(serial), so a filter there is where it can be reached.
    """
    if multiprocessing.parent_process() is None and threading.current_thread() is threading.main_thread():
        terminate = signal.getsignal(signal.SIGTERM)
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            before = signal.getsignal(signum)
            # Under nohup, SIGHUP is ignored, and is to be.
            if callable(before) and not isinstance(before, _Teller):
                signal.signal(signum, _Teller(before))
            elif signum == signal.SIGHUP and before == signal.SIG_DFL and callable(terminate):
                signal.signal(signum, _Teller(terminate, signal.SIGTERM))
    return value


def calm_end() -> None:
    """From a run's beginning: where the process is told to end, what a callback shows is taken off first.

    Ctrl-C needs nothing: Ansible cleans up after it. Plays that write go on to C(interruptible).
    """
    before = signal.getsignal(signal.SIGTERM)
    if callable(before) and not isinstance(before, _Teller | _Calm):
        signal.signal(signal.SIGTERM, _Calm(before))


class _Calm:
    """Takes off what is shown, then does what was done before."""

    def __init__(self, before: t.Callable[..., t.Any]) -> None:
        self._before = before

    def __call__(self, signum: int, frame: t.Any) -> None:
        """Handle the signal."""
        for take_off in before_it_is_told:
            with contextlib.suppress(OSError, RuntimeError, ValueError):
                take_off()
        self._before(signum, frame)


class _Teller:
    """Says what is said, then does what was done before.

    :param before: Ansible's own handler, which passes the signal on to its workers.
    :param passed_on: another signal to pass on, where Ansible has no handler for this one.
    """

    def __init__(self, before: t.Callable[..., t.Any], passed_on: int | None = None) -> None:
        self._before = before
        self._passed_on = passed_on
        self._process = os.getpid()

    def __call__(self, signum: int, frame: t.Any) -> None:
        """Handle the signal."""
        if os.getpid() != self._process:
            # A worker that has just been forked, and has not its own handlers yet.
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
            return
        # First, because whatever follows may wait for a lock that nobody gives back.
        threading.Thread(target=_end_after, args=(GIVE_UP, signum), daemon=True).start()
        # The terminal may be gone, or the signal came in the middle of writing. What Ansible has said so far would be
        # lost with its buffer.
        told = wrapped(TOLD, TERMINAL.columns).encode()
        for say in (*before_it_is_told, sys.stdout.flush, lambda: os.write(2, told)):
            with contextlib.suppress(OSError, RuntimeError, ValueError):
                say()
        self._before(self._passed_on or signum, frame)


def _end_after(seconds: float, signum: int) -> None:
    """A worker that was ended in the middle of a message keeps the queue's lock, for which Ansible waits forever."""
    time.sleep(seconds)
    # What was said so far, unless who has the lock of standard output waits too.
    flushing = threading.Thread(target=_flush, daemon=True)
    flushing.start()
    flushing.join(FLUSH)
    os._exit(INTERRUPTED if signum == signal.SIGINT else 128 + signum)


def _flush() -> None:
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        sys.stdout.flush()


def end_with_the_run() -> None:
    """Have this worker, and what it has started, end when Ansible's main process is gone; elsewhere nothing.

    The module notices by itself (module_utils/_lifetime.py); then its files are removed, and what still runs is ended.
    The worker passes signals on to its module, and does so at once whichever of its threads is given them.
    """
    process, main = os.getpid(), multiprocessing.parent_process()
    if main is None or main.pid is None or os.getpgrp() != process or process in _watched:
        return
    _watched.add(process)
    if threading.current_thread() is threading.main_thread():
        main_thread_gets(ENDING)
    threading.Thread(target=_watch, args=(main.pid,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    time.sleep(GRACE)
    os.killpg(os.getpgrp(), signal.SIGKILL)
