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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import printable


def terminal_width() -> int | None:
    """Columns of the terminal that the run is shown in; C(None) without one, as under a controller."""
    try:
        return os.get_terminal_size(1).columns or None
    except OSError:
        return None


# Ansible's workers have no terminal (ansible-core 2.19 and later), but its main process imports this first.
TERMINAL_WIDTH = terminal_width()
NARROWEST = 40


def wrapped(text: str, width: int | None) -> str:
    """Lines that are too long for a terminal, broken between words; names and ARNs are never broken.

    :param width: columns; C(None) leaves every line as it is.
    """
    if width is None or width < NARROWEST:
        return text
    return "\n".join(part for line in text.split("\n") for part in _broken(line, width))


# A command stays one that can be copied.
_COMMANDS = ("--", "-i ")


def _broken(line: str, width: int) -> list[str]:
    if len(line) <= width or "ansible-playbook " in line or line.lstrip().startswith(_COMMANDS):
        return [line]
    indent = " " * (len(line) - len(line.lstrip(" ")))
    return textwrap.wrap(line, width, subsequent_indent=f"{indent}  ", break_long_words=False, break_on_hyphens=False)


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


class Screen:
    """Ansible's display in every way, but lines go to standard error where standard output is a document.

    :param ansible: its display.
    """

    def __init__(self, ansible: t.Any) -> None:
        self._ansible = ansible

    def display(self, text: str, **options: t.Any) -> None:
        """Show lines; each was cleaned alone before (C(_text)), and what was forgotten moves no cursor."""
        document = writes_a_document(constants.DEFAULT_STDOUT_CALLBACK)
        shown = wrapped(printable(text), TERMINAL_WIDTH)
        for part, colour in [(shown, "")] if "color" in options else painted_parts(shown):
            own = {"color": getattr(constants, colour)} if colour else {}
            self._ansible.display(part, **{"stderr": document, **own, **options})

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._ansible, name)
