# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal with a board at its end: what Ansible displays stands above it. For callbacks.

Everything that Ansible shows goes through one method of its display. While there is a board, that method takes the
board off, shows the text, and puts the board below it again; a thread redraws it twice a second. Ansible's workers show
nothing themselves (their texts come to the main process), so none of this happens in them.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import os
import sys
import threading
import time
import typing as t

from ansible import constants
from ansible.utils.color import stringc

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import frame, layout
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.channel import Reader
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.model import (
    DONE,
    FAILED,
    HELD,
    QUEUED,
    REFUSED,
    ROLLING_BACK,
    RUNNING,
    UNVERIFIED,
    VERIFIED,
    WAITING,
    Board,
    Event,
    Row,
)

REDRAW_EVERY = 0.5
COLOURS = {
    FAILED: "COLOR_ERROR",
    REFUSED: "COLOR_ERROR",
    ROLLING_BACK: "COLOR_WARN",
    WAITING: "COLOR_WARN",
    UNVERIFIED: "COLOR_WARN",
    HELD: "COLOR_SKIP",
    QUEUED: "COLOR_SKIP",
    RUNNING: "COLOR_CHANGED",
    DONE: "COLOR_OK",
    VERIFIED: "COLOR_OK",
}
# Methods of Ansible's display that write to the terminal by themselves, and wait for somebody.
PROMPTS = ("prompt_until", "do_var_prompt")


def is_terminal(stream: t.Any) -> bool:
    """Whether a board can be shown: a terminal that moves its cursor, and that has a size."""
    try:
        size = os.get_terminal_size(stream.fileno())
        return bool(
            stream.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb") and size.columns and size.lines
        )
    except (AttributeError, OSError, ValueError):
        return False


def terminal_size() -> os.terminal_size:
    """Now; somebody may have drawn its window larger. One that has gone meanwhile has no lines."""
    try:
        return os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return os.terminal_size((0, 0))


def painted(text: str, state: str) -> str:
    """A word in the colour that Ansible's settings have for it."""
    return str(stringc(text, getattr(constants, COLOURS[state]))) if state in COLOURS else text


class Terminal:
    """A board below what Ansible displays, until C(close).

    :param display: Ansible's.
    :param reader: of events of modules and action plugins.
    """

    def __init__(self, display: t.Any, reader: Reader, clock: t.Callable[[], float] = time.monotonic) -> None:
        self._display, self._reader, self._clock = display, reader, clock
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._board = Board(began=clock())
        self._before: dict[str, Row | None] = {}
        # What stands there: columns of each line, the lines, and the size that the terminal had then.
        self._drawn: list[int] = []
        self._texts: list[str] = []
        self._size = os.terminal_size((0, 0))
        self._wrapping = frame.wraps_again(os.environ)
        self._hidden = 0
        self._closed = threading.Event()
        self._originals = {name: getattr(display, name) for name in ("display", *PROMPTS)}
        self._thread = threading.Thread(target=self._redraw, daemon=True, name="gitpod-fleet-board")

    def open(self) -> None:
        """From now on there is a board."""
        self._display.display = self._show
        for name in PROMPTS:
            setattr(self._display, name, self._prompting(self._originals[name]))
        atexit.register(self.close)
        self._thread.start()

    def close(self) -> None:
        """The board is taken off, and Ansible displays as ever. May be called again, and in a signal handler."""
        if os.getpid() != self._process or self._closed.is_set():
            return
        self._closed.set()
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._take_off()
        for name in self._originals:
            with contextlib.suppress(AttributeError):
                delattr(self._display, name)
        atexit.unregister(self.close)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=2)

    def begin(self, title: str) -> None:
        """Another play begins; its runners are those of before."""
        with self._lock:
            self._board = Board(title, self._board.began, self._board.rows)

    def happened(self, events: t.Iterable[Event]) -> None:
        """Events of Ansible's own."""
        with self._lock:
            for event in events:
                self._board = self._board.after(event, self._clock())

    def started(self, host: str, events: t.Iterable[Event]) -> None:
        """A task begins on a host; should it turn out to be skipped, the row is again what it was."""
        with self._lock:
            self._before[host] = self._board.rows.get(host)
            self.happened(events)

    def skipped(self, host: str) -> None:
        """The task that began on a host has nothing to do."""
        with self._lock:
            before = self._before.pop(host, None)
            if before:
                self._board = dataclasses.replace(self._board, rows={**self._board.rows, host: before})

    def _show(self, text: str, *arguments: t.Any, **options: t.Any) -> None:
        """Ansible's display, above the board."""
        show = self._originals["display"]
        if os.getpid() != self._process or options.get("log_only") or self._closed.is_set():
            show(text, *arguments, **options)
            return
        whole = bool(options.get("newline", True)) or text.endswith("\n")
        with self._lock:
            if whole and not arguments and not options.get("stderr"):
                self._show_above(text, **options)
                return
            self._take_off()
            show(text, *arguments, **options)
            # Where the rest of the line is still to come, the board waits for it.
            if whole:
                self._put()

    def _show_above(self, text: str, **options: t.Any) -> None:
        """A text and the board below it in one write, so that nothing flickers."""
        told = text.replace("\r\n", "\n").removesuffix("\n")
        told = stringc(told, options["color"]) if options.get("color") else told
        off = frame.erase(self._height(terminal_size()))
        self._forget()
        self._write(f"{off}{told}\n{self._replaced()}")
        if not options.get("screen_only"):
            self._originals["display"](text, **{**options, "log_only": True})

    def _prompting(self, ask: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        """A question, without the board."""

        def asked(*arguments: t.Any, **options: t.Any) -> t.Any:
            with self._lock:
                self._take_off()
                self._hidden += 1
            try:
                return ask(*arguments, **options)
            finally:
                with self._lock:
                    self._hidden -= 1

        return asked

    def _redraw(self) -> None:
        while not self._closed.wait(REDRAW_EVERY):
            try:
                self.happened(self._reader.read())
                with self._lock:
                    if not self._closed.is_set():
                        self._put()
            except Exception:
                # A board is worth no run: without its thread the texts are shown as ever.
                self.close()

    def _put(self) -> None:
        """The board as it is now, in place of the one that stands there."""
        text = self._replaced()
        if text:
            self._write(text)

    def _replaced(self) -> str:
        """What replaces the board that stands there by the one as it is now; empty where they are the same."""
        if self._hidden:
            return ""
        size = terminal_size()
        found = layout.lines(self._board, self._clock(), size.columns, size.lines)
        texts = [line.painted(painted) for line in found]
        before = self._height(size)
        if texts == self._texts and len(found) == before:
            return ""
        text = frame.draw(before, texts, self._texts if size == self._size else ())
        self._drawn, self._texts, self._size = [layout.columns_of(line.text) for line in found], texts, size
        return text

    def _height(self, size: os.terminal_size) -> int:
        """Lines that the board takes which stands there."""
        return frame.height(self._drawn, size.columns, self._wrapping)

    def _take_off(self) -> None:
        if self._drawn:
            self._write(frame.erase(self._height(terminal_size())))
        self._forget()

    def _forget(self) -> None:
        self._drawn, self._texts = [], []

    def _write(self, text: str) -> None:
        """By Ansible's own display, which no worker is forked in the middle of; nothing of a board is logged."""
        self._originals["display"](f"{frame.BEGIN}{text}{frame.END}", screen_only=True, newline=False)
        sys.stdout.flush()
