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
# So many columns of a name go before what is going on: it tells which runner the row is.
ENOUGH_NAME = 24
# Narrower or lower there is one line, and in less than the least none.
NARROWEST, LOWEST = 50, 5
LEAST_COLUMNS, LEAST_LINES = 20, 2
# A share of the terminal's lines is left to those that stay above the board, where failures are told.
ABOVE = 5


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


def told_apart(names: t.Sequence[str], width: int) -> list[str]:
    """Names in exactly so many columns, each as C(fitted), unless others then look the same as it.

    Where names have their ends in common too, what all of them begin with goes instead, and then what they end with.
    """
    head = _shared(names)
    tail = _shared([name[head:][::-1] for name in names])
    rest = [name if columns_of(name) <= width else f"{DOTS}{name[head:]}" for name in names]
    core = [name if columns_of(name) <= width else f"{DOTS}{name[head : len(name) - tail]}" for name in names]
    ways = (names, rest, [begun(text, width) for text in rest], core)
    return max(([fitted(text, width) for text in way] for way in ways), key=lambda found: len(set(found)))


def _shared(names: t.Sequence[str]) -> int:
    """How many characters all names begin with."""
    first = min(names, key=len, default="")
    return next((at for at, own in enumerate(first) if any(name[at] != own for name in names)), len(first))


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
    if not board.rows or columns < LEAST_COLUMNS or height < LEAST_LINES:
        return []
    width = columns - 1
    if columns < NARROWEST or height < LOWEST:
        return [Line(begun(_counts(board, now), width))]
    room = height - height // ABOVE - 2 - bool(board.note)
    rows = list(board.rows.values())
    shown = rows if len(rows) <= room else _foremost(rows, max(1, room - 1))
    found = [Line(_head(board, now, width)), *_table(rows, shown, now, width)]
    if len(shown) < len(rows):
        found.append(Line(begun(_rest(rows, shown), width)))
    return [*found, Line(begun(board.note, width))] if board.note else found


def _foremost(rows: t.Sequence[Row], room: int) -> list[Row]:
    """Those that need attention first; they keep the order of the inventory."""
    ranked = sorted(rows, key=lambda row: STATES.index(row.state))[:room]
    return [row for row in rows if row in ranked]


def _rest(rows: t.Sequence[Row], shown: t.Sequence[Row]) -> str:
    left = [row.state for row in rows if row not in shown]
    return f"and {len(left)} more: " + ", ".join(f"{left.count(state)} {state}" for state in STATES if state in left)


def _counts(board: Board, now: float) -> str:
    number = len(board.rows)
    told = ", ".join(f"{count} {state}" for state, count in board.counts().items())
    return f"{number} runner{'' if number == 1 else 's'}: {told}  {duration(now - board.began)}"


def _head(board: Board, now: float, width: int) -> str:
    tail = _counts(board, now)
    room = width - columns_of(tail) - len(GAP)
    if not board.title or room < SHORTEST_NAME:
        return begun(tail, width)
    return begun(board.title, room) + GAP + tail


def _table(every: t.Sequence[Row], rows: t.Sequence[Row], now: float, width: int) -> list[Line]:
    """Columns as wide as their widest cell; of a long name its end, then the bar give way to what is going on.

    :param every: also those that are not shown, by which names are told apart.
    """
    times = ["" if row.state == QUEUED and not row.stage else duration(row.elapsed(now)) for row in rows]
    stage, state, time = (
        max(map(len, texts), default=0) for texts in ([row.stage for row in rows], [row.state for row in rows], times)
    )
    fixed = stage + state + time + 5 * len(GAP)
    wanted = max(SHORTEST_NAME, *(columns_of(row.host) for row in rows))
    barred = any(row.total for row in rows)
    length = min(LONGEST_BAR, max(SHORTEST_BAR, (width - fixed) // 5)) if barred else 0
    room = width - fixed - length
    name = min(wanted, LONGEST_NAME, max(SHORTEST_NAME, room - LEAST_WORDS, min(room, ENOUGH_NAME)))
    names = dict(zip([row.host for row in every], told_apart([row.host for row in every], name)))
    words = width - fixed - name - length - (0 if barred else -len(GAP))
    found = []
    for row, spent in zip(rows, times):
        count = f"{row.done}/{row.total} " if row.total else ""
        before = f"{names[row.host]}{GAP}{row.stage.ljust(stage)}{GAP}"
        after = f"{GAP}{share_of(row.done, row.total, length)}" if barred else ""
        after += f"{GAP}{spent.rjust(time)}{GAP}{begun(count + row.doing, max(0, words))}"
        after = " " * (state - len(row.state)) + after
        left = max(0, width - columns_of(before) - len(row.state))
        found.append(Line(before, row.state, begun(after.rstrip(), left) if words <= 0 else after.rstrip(), row.state))
    return found
