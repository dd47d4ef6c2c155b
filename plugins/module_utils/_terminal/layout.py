# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A board as lines that fit a terminal: never wider, never higher. Pure."""

from __future__ import annotations

import dataclasses
import typing as t
import unicodedata

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import duration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.model import (
    QUEUED,
    STATES,
    Board,
    Row,
)

GAP = "  "
DOTS = "..."
# Bars give way to what is going on where there is little room for both.
LONGEST_BAR, SHORTEST_BAR = 14, 6
LONGEST_NAME, SHORTEST_NAME, LEAST_WORDS = 40, 12, 16
# Narrower, nothing can be laid out, and nobody looks.
NARROWEST, LOWEST = 50, 5


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a board.

    :param before: text up to the state's word.
    :param word: the state, which is shown in its colour; may be empty.
    :param state: whose colour it is.
    """

    before: str
    word: str = ""
    after: str = ""
    state: str = ""

    @property
    def text(self) -> str:
        """Without colour."""
        return f"{self.before}{self.word}{self.after}"

    def painted(self, paint: t.Callable[[str, str], str]) -> str:
        """With what C(paint) makes of a word and its state."""
        return f"{self.before}{paint(self.word, self.state)}{self.after}" if self.word else self.text


def columns_of(text: str) -> int:
    """How many columns a printable text takes: East Asian wide characters two, marks on others none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    marks = sum(unicodedata.combining(character) != 0 for character in text)
    return len(text) + wide - marks


def fitted(text: str, width: int) -> str:
    """The text in exactly so many columns: blanks behind it, or its middle left out, because both ends tell."""
    if columns_of(text) > width:
        head = tail = ""
        room = max(0, width - len(DOTS))
        while columns_of(head) < room - room // 2:
            head = text[: len(head) + 1]
        while columns_of(tail) < room // 2:
            tail = text[len(text) - len(tail) - 1 :]
        text = f"{head}{DOTS}{tail}" if columns_of(f"{head}{DOTS}{tail}") <= width else DOTS[:width]
    return text + " " * (width - columns_of(text))


def begun(text: str, width: int) -> str:
    """As much of the text as fits: of what is going on, the beginning tells most."""
    while columns_of(text) > width:
        text = f"{text[:-4]}{DOTS}" if len(text) > len(DOTS) + 1 else ""
    return text


def share_of(done: int, total: int, width: int) -> str:
    """The share that is done, full only when all is; blanks where nothing is known."""
    if total <= 0:
        return " " * width
    inner = width - 2
    filled = min(round(inner * done / total), inner if done >= total else inner - 1)
    return f"[{'#' * filled}{'.' * (inner - filled)}]"


def lines(board: Board, now: float, columns: int, height: int) -> list[Line]:
    """The board: what the play does, a row a runner, and what is said of the whole fleet.

    :param columns: of the terminal; its last one stays empty, because some terminals wrap there.
    :param height: lines that the terminal has; one of them is the cursor's. Where there are more runners than lines,
        those that failed or go on are shown, and the others are counted.
    """
    if not board.rows or columns < NARROWEST or height < LOWEST:
        return []
    width = columns - 1
    room = height - 2 - bool(board.note)
    rows = list(board.rows.values())
    shown = rows if len(rows) <= room else _foremost(rows, max(1, room - 1))
    found = [Line(_head(board, now, width)), *_table(shown, now, width)]
    if len(shown) < len(rows):
        found.append(Line(fitted(_rest(rows, shown), width).rstrip()))
    return [*found, Line(fitted(board.note, width).rstrip())] if board.note else found


def _foremost(rows: t.Sequence[Row], room: int) -> list[Row]:
    """Those that need attention first; they keep the order of the inventory."""
    ranked = sorted(rows, key=lambda row: STATES.index(row.state))[:room]
    return [row for row in rows if row in ranked]


def _rest(rows: t.Sequence[Row], shown: t.Sequence[Row]) -> str:
    left = [row.state for row in rows if row not in shown]
    return f"and {len(left)} more: " + ", ".join(f"{left.count(state)} {state}" for state in STATES if state in left)


def _head(board: Board, now: float, width: int) -> str:
    number = len(board.rows)
    told = ", ".join(f"{count} {state}" for state, count in board.counts().items())
    tail = f"{number} runner{'' if number == 1 else 's'}: {told}  {duration(now - board.began)}"
    title = board.title
    room = width - columns_of(tail) - len(GAP)
    if not title or room < SHORTEST_NAME:
        return fitted(tail, width).rstrip()
    return (title if columns_of(title) <= room else fitted(title, room)) + GAP + tail


def _table(rows: t.Sequence[Row], now: float, width: int) -> list[Line]:
    """Columns as wide as their widest cell; the name, then the bar give way to what is going on."""
    times = ["" if row.state == QUEUED and not row.stage else duration(row.elapsed(now)) for row in rows]
    stage, state, time = (
        max(map(len, texts), default=0) for texts in ([row.stage for row in rows], [row.state for row in rows], times)
    )
    fixed = stage + state + time + 5 * len(GAP)
    wanted = max(SHORTEST_NAME, *(columns_of(row.host) for row in rows))
    barred = any(row.total for row in rows)
    length = min(LONGEST_BAR, max(SHORTEST_BAR, (width - fixed) // 5)) if barred else 0
    name = min(wanted, LONGEST_NAME, max(SHORTEST_NAME, width - fixed - length - LEAST_WORDS))
    words = width - fixed - name - length - (0 if barred else -len(GAP))
    found = []
    for row, spent in zip(rows, times):
        count = f"{row.done}/{row.total} " if row.total else ""
        before = f"{fitted(row.host, name)}{GAP}{row.stage.ljust(stage)}{GAP}"
        after = f"{GAP}{share_of(row.done, row.total, length)}" if barred else ""
        after += f"{GAP}{spent.rjust(time)}{GAP}{begun(count + row.doing, max(0, words))}"
        after = " " * (state - len(row.state)) + after
        room = max(0, width - columns_of(before) - len(row.state))
        found.append(Line(before, row.state, begun(after.rstrip(), room) if words <= 0 else after.rstrip(), row.state))
    return found
