# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting a board on a terminal and taking it off again, by the escape sequences that every terminal has. Pure.

Moving the cursor and erasing are ECMA-48 (CUU, CHA, EL, ED); the cursor rests in the line below the board.
"""

from __future__ import annotations

import typing as t


def height(widths: t.Iterable[int], columns: int) -> int:
    """How many lines of the terminal a board takes now; one that has become narrower has wrapped its lines.

    :param widths: columns of each line when it was written.
    """
    return sum(max(1, -(-width // max(1, columns))) for width in widths)


def home(lines: int) -> str:
    """To the beginning of the first of so many lines above the cursor."""
    return f"\x1b[{lines}A\r" if lines > 0 else "\r"


def erase(lines: int) -> str:
    """Remove a board of so many lines, and whatever stands below it."""
    return f"{home(lines)}\x1b[J" if lines > 0 else ""


def draw(before: int, texts: t.Sequence[str]) -> str:
    """A board in place of one of so many lines: each line is written over the old one, so that nothing flickers."""
    return (home(before) if before else "") + "".join(f"{text}\x1b[K\n" for text in texts) + "\x1b[J"
