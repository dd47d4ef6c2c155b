# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command that the documentation shows: in blocks, indented or fenced as C(sh), and between backquotes in a line.

A page's commands stand in indented blocks or in C(sh) fences, and what a program prints in C(text) fences: so a command
cannot hide as output. tests/unit/project/test_commands.py judges each command, tests/e2e/test_documented.py runs many.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re
import shlex
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Fences of commands; of other languages nothing is looked at.
COMMANDS = ("sh", "bash", "shell", "console")
# What begins a command between backquotes; a lone word there is only a name.
PROGRAMS = re.compile(
    r"(\S*/)?(ansible(-[a-z]+)?|antsibull-[a-z]+|aws|bash|curl|docker|export|gh|git|make|molecule|npm|openssl|pip3?|podman"
    r"|pytest|python3?|sed|ssh|sudo|terraform|tofu)|\.ci/\S+"
)
_FENCE = re.compile(r" *(```+|~~~+)\s*([\w-]*)")
_INDENTED = re.compile(r"(?: {4}|\t)\s*(\S.*)")


@dataclasses.dataclass(frozen=True, order=True)
class Command:
    """One command as it is shown, its lines joined.

    :param page: relative to the checkout.
    :param line: where it begins, from 1.
    """

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"

    @property
    def words(self) -> list[str]:
        """As a shell splits them, without a comment at the end."""
        return shlex.split(self.text, comments=True)

    @property
    def program(self) -> str:
        """Its file's name."""
        return self.words[0].rpartition("/")[2]


def pages() -> list[pathlib.Path]:
    """Where people read commands."""
    found = [*ROOT.glob("*.md"), *(ROOT / ".github").rglob("*.md"), *(ROOT / "roles").glob("*/README.md")]
    for folder in ("docs", "examples", "extensions"):
        found += (ROOT / folder).rglob("*.md")
    return sorted(found)


def commands() -> list[Command]:
    """Every one, in the order of pages and lines."""
    return [found for page in pages() for found in of_page(page)]


def of_page(page: pathlib.Path) -> list[Command]:
    """The commands of a page.

    :raises ValueError: a fence says no language, so nobody knows whether it has commands.
    """
    return of_text(page.read_text("utf-8"), str(page.relative_to(ROOT)))


def of_text(text: str, name: str) -> list[Command]:
    """The commands of a page's text, which is at this path."""
    prose, blocks = _parted(text, name)
    shown = [command for lines in blocks for command in _joined(lines, name)]
    return sorted({*shown, *_in_sentences(prose, name)})


def _parted(text: str, name: str) -> tuple[list[str], list[list[tuple[int, str]]]]:
    """Lines of sentences, the others blank; and each block of commands with its lines' numbers."""
    prose: list[str] = []
    blocks: list[list[tuple[int, str]]] = []
    fence, language, before_is_code = "", "", True
    for number, line in enumerate(text.split("\n"), 1):
        marked = _FENCE.match(line)
        indented = None if fence else _INDENTED.match(line)
        prose.append("")
        if marked and not fence:
            fence, language = marked[1], marked[2]
            if not language:
                raise ValueError(f"{name}:{number}: say what the block has: sh for commands, text for output")
            blocks.append([])
        elif marked and line.strip() == fence:
            fence = ""
        elif fence:
            if language in COMMANDS:
                blocks[-1].append((number, line.strip().removeprefix("$ ")))
        elif indented and before_is_code:
            if not blocks or not blocks[-1] or blocks[-1][-1][0] != number - 1:
                blocks.append([])
            blocks[-1].append((number, indented[1]))
        else:
            prose[-1] = line
        before_is_code = not line.strip() or bool(indented and before_is_code)
    return prose, blocks


def _joined(lines: t.Sequence[tuple[int, str]], name: str) -> list[Command]:
    """Commands of a block; a line that ends in a backslash goes on in the next one."""
    found: list[Command] = []
    begun: tuple[int, str] | None = None
    for number, line in lines:
        first, text = (begun[0], f"{begun[1]} {line}") if begun else (number, line)
        begun = (first, text[:-1].rstrip()) if text.endswith("\\") else None
        if not begun and text.strip() and not text.startswith("#"):
            found.append(Command(name, first, text.strip()))
    return found


def _in_sentences(prose: t.Sequence[str], name: str) -> list[Command]:
    """Commands between backquotes, which may go over the end of a line."""
    found = []
    text = "\n".join(prose)
    for match in re.finditer(r"(?<!`)`([^`]+?)`(?!`)", text):
        said = " ".join(match[1].split())
        program, blank, _rest = said.partition(" ")
        if blank and PROGRAMS.fullmatch(program):
            found.append(Command(name, text.count("\n", 0, match.start()) + 1, said))
    return found
