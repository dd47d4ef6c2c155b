# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting a board on a terminal and taking it off again, by the escape sequences that every terminal has. Pure.

Moving the cursor and erasing are ECMA-48 (CUU, CHA, EL, ED); the cursor rests in the line below the board.
"""

from __future__ import annotations

import typing as t

# What stands between them is shown at once (synchronized output, DEC's private mode 2026); a terminal that does not
# know the mode passes over it.
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"


def wraps_again(environment: t.Mapping[str, str]) -> bool:
    """Whether the terminal wraps lines anew that stand there when it becomes narrower; xterm, the console of Linux and
    GNU screen cut them off instead.
    """
    if "TMUX" in environment or "VTE_VERSION" in environment:
        return True
    return not ("XTERM_VERSION" in environment or "STY" in environment or environment.get("TERM") == "linux")


def height(widths: t.Sequence[int], columns: int, wrapping: bool = True) -> int:
    """How many lines of the terminal a board takes now.

    :param widths: columns of each line when it was written.
    :param wrapping: whether a terminal that has become narrower has wrapped them.
    """
    return sum(max(1, -(-width // max(1, columns))) for width in widths) if wrapping else len(widths)


def home(lines: int) -> str:
    """To the beginning of the first of so many lines above the cursor."""
    return f"\x1b[{lines}A\r" if lines > 0 else "\r"


def erase(lines: int) -> str:
    """Remove a board of so many lines, and whatever stands below it.

    The first line is erased by itself: from the very first line of a screen, tmux and others take erasing what is below
    for clearing the screen, and keep all of it in what one can scroll back to.
    """
    return f"{home(lines)}\x1b[K\n\x1b[J\x1b[A" if lines > 0 else ""


def draw(before: int, texts: t.Sequence[str], standing: t.Sequence[str] = ()) -> str:
    """A board in place of one of so many lines: each line is written over the old one, so that nothing flickers.

    :param standing: the old one's lines, as far as they stand as they were written; the same ones are passed over.
    """
    if not texts:
        return erase(before)
    old = [*standing, *("" for _text in texts)]
    lines = ["\n" if text == there else f"{text}\x1b[K\n" for text, there in zip(texts, old)]
    return (home(before) if before else "") + "".join(lines) + "\x1b[J"
