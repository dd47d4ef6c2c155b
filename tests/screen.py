# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal's screen, as far as the board uses one (ECMA-48: CUU, EL, ED, SGR), with what has scrolled off it.

A program is run on a pseudo terminal (C(watched)), or its bytes are fed (C(Screen)).
"""

from __future__ import annotations

import dataclasses
import fcntl
import os
import pathlib
import pty
import re
import struct
import subprocess
import termios
import typing as t

_TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


class Screen:
    """Feed it what a program writes; C(lines) are what somebody who scrolls up sees."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.lines: list[str] = [""]
        self.row = self.column = 0
        # Lines that were too wide: each is a mistake of whoever wrote them.
        self.wrapped = 0

    def feed(self, text: str) -> None:
        """Text with escape sequences; one that is not known fails."""
        end = 0
        for match in _TOKEN.finditer(text):
            assert match.start() == end, f"not understood: {text[end : match.start()]!r}"
            end = match.end()
            parameters, command, control, plain = match.groups()
            if plain is not None:
                self._write(plain)
            elif control == "\r":
                self.column = 0
            elif control == "\n":
                self._down()
            else:
                self._command(command, parameters)
        assert end == len(text), f"not understood: {text[end:]!r}"

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    def _write(self, text: str) -> None:
        for character in text:
            if self.column == self.columns:
                self.wrapped += 1
                self.column = 0
                self._down()
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
            self.column += 1

    def _command(self, command: str, parameters: str) -> None:
        number = int(parameters) if parameters.isdigit() else 0
        if command == "A":
            top = max(0, len(self.lines) - self.rows)
            self.row = max(top, self.row - max(1, number))
        elif command == "K":
            self.lines[self.row] = self.lines[self.row][: self.column]
        elif command == "J":
            # From the very first line, tmux keeps the whole screen in what one can scroll back to.
            assert self.row > max(0, len(self.lines) - self.rows) or self.column, "the screen is erased"
            del self.lines[self.row + 1 :]
            self.lines[self.row] = self.lines[self.row][: self.column]
        else:
            # Synchronized output changes nothing of what is seen in the end.
            known = command == "m" or (command in "hl" and parameters == "?2026")
            assert known, f"not understood: {parameters}{command}"

    @property
    def text(self) -> str:
        """Everything, without blanks at the ends of lines, and without blank lines below the cursor."""
        last = max((number for number, line in enumerate(self.lines) if line.strip()), default=0)
        return "\n".join(line.rstrip() for line in self.lines[: max(last, self.row) + 1])


@dataclasses.dataclass(frozen=True)
class Watched:
    """How a program ended, and what it has written."""

    code: int
    text: str


def watched(
    command: t.Sequence[str], directory: pathlib.Path, environment: t.Mapping[str, str], columns: int, rows: int
) -> Watched:
    """Run a program on a terminal of that size."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        command,
        cwd=directory,
        env={**environment, "TERM": "xterm-256color"},
        stdin=subprocess.DEVNULL,
        stdout=side,
        stderr=side,
        start_new_session=True,
    )
    os.close(side)
    chunks = []
    while chunk := _read(main):
        chunks.append(chunk)
    os.close(main)
    return Watched(process.wait(), b"".join(chunks).decode("utf-8", "replace"))


def _read(descriptor: int) -> bytes:
    """The next bytes; none when everybody has closed the other side."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
