# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's display, which leaves standard output to a callback that writes a document there. For action plugins."""

from __future__ import annotations

import os
import pathlib
import textwrap
import typing as t

from ansible import constants

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import channel
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.colours import painted_parts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean, printable


def terminal_width() -> int | None:
    """Columns of the terminal that the run is shown in; C(None) without one, as under a controller."""
    try:
        return os.get_terminal_size(1).columns or None
    except OSError:
        return None


class _Terminal:
    """The terminal as it was seen last; Ansible's workers have none (ansible-core 2.19 and later), but are forked from
    the main process, which has.
    """

    def __init__(self) -> None:
        self.columns = terminal_width()

    def look(self) -> None:
        """In the main process: somebody may have drawn its window larger."""
        self.columns = terminal_width() or self.columns


TERMINAL = _Terminal()
NARROWEST = 40


def wrapped(text: str, width: int | None) -> str:
    """Lines that are too long for a terminal, broken between words; names and ARNs are never broken.

    :param width: columns; C(None) leaves every line as it is.
    """
    if width is None or width < NARROWEST:
        return text
    return "\n".join(part for line in text.split("\n") for part in _broken(line, width))


# A command, a record of a zone file, and JSON stay such that they can be copied.
_COPIED = ("--", "-i ", "{", "[{")
_WITHIN = ("ansible-playbook ", "  IN  ")


def _broken(line: str, width: int) -> list[str]:
    copied = line.lstrip().startswith(_COPIED) or any(part in line for part in _WITHIN)
    if len(line) <= width or copied:
        return [line]
    indent = " " * (len(line) - len(line.lstrip(" ")))
    return textwrap.wrap(
        line.lstrip(" "),
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def fleet_directory() -> pathlib.Path:
    """Where the stdout callback C(fleet) says that it arranges a run's lines; the run's own, and gone with it."""
    return pathlib.Path(constants.DEFAULT_LOCAL_TMP) / channel.DIRECTORY


def report_comes_last() -> bool:
    """Whether the callback shows the report itself, after the recap."""
    return fleet_directory().is_dir()


def board() -> str:
    """The file of events for a board; empty where none is shown."""
    path = fleet_directory() / channel.EVENTS
    return str(path) if path.is_file() else ""


def writes_a_document(callback: t.Any) -> bool:
    """Whether what a callback prints is read by a program, as that of ansible.posix.json and ansible.posix.jsonl is.

    :param callback: the setting C(stdout_callback), with or without its collection.
    """
    return "json" in str(callback or "").rpartition(".")[2].lower()


# Of one event of a controller: AWX shows 1,024 bytes of each (facts of AWX 24.6.1).
MOST_BYTES = 1000
_CONTINUED = "    "


def pieces(text: str, most: int = MOST_BYTES) -> list[str]:
    """A text as few displays, each of which a controller shows as a whole: cut between lines, and else between words.

    :param most: bytes of each.
    """
    found: list[str] = []
    for line in (part for whole in text.split("\n") for part in _cut(whole, most)):
        if found and len(f"{found[-1]}\n{line}".encode()) <= most:
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return found


def _cut(line: str, most: int) -> t.Iterator[str]:
    """A line, or where it is too long, parts of it; nothing of it is lost."""
    while len(line.encode()) > most:
        head = line.encode()[:most].decode(errors="ignore")
        blank = head.rfind(" ", len(_CONTINUED) + 1)
        end = blank if blank > 0 else len(head)
        yield line[:end]
        line = f"{_CONTINUED}{line[end:].lstrip(' ')}"
    yield line


def rows(lines: t.Iterable[str]) -> list[str]:
    """A display for each line; blank ones stand with the one that follows, or at the end with the last."""
    found: list[str] = []
    blank = ""
    for line in lines:
        if line.strip():
            found.append(f"{blank}{line}")
            blank = ""
        else:
            blank += "\n"
    if found:
        found[-1] += blank
    return found


class Screen:
    """Ansible's display in every way, but lines go to standard error where standard output is a document.

    Each call of Ansible's own is an event of a controller's, which shows only its beginning.

    :param ansible: its display.
    """

    def __init__(self, ansible: t.Any) -> None:
        self._ansible = ansible

    def display(self, text: str, **options: t.Any) -> None:
        """Show lines; each was cleaned alone before (C(_text)), and what was forgotten moves no cursor."""
        document = writes_a_document(constants.DEFAULT_STDOUT_CALLBACK)
        shown = wrapped(printable(text), TERMINAL.columns)
        for part, colour in [(shown, "")] if "color" in options else painted_parts(shown):
            own = {"color": getattr(constants, colour)} if colour else {}
            for piece in [part] if report_comes_last() else pieces(part):
                self._ansible.display(piece, **{"stderr": document, **own, **options})

    def rows(self, lines: t.Iterable[str], **options: t.Any) -> None:
        """Show a table, each of its lines an event: for what is said once for a fleet, so that no other host's lines
        come between. The callback C(fleet) shows it at once, above its board."""
        if report_comes_last():
            self.display("\n".join(map(clean, lines)), **options)
            return
        for row in rows(map(clean, lines)):
            self.display(row, **options)

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._ansible, name)
