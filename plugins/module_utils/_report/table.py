# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of plain text. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

LONGEST_CELL = 60


def _cell(value: t.Any, longest: int) -> str:
    text = clean(value if value else "-")
    return text if len(text) <= longest else text[: longest - 3] + "..."


def table(columns: t.Sequence[str], rows: t.Sequence[t.Mapping[str, t.Any]], longest: int = LONGEST_CELL) -> list[str]:
    """A table with a ruler under its head, columns as wide as their widest cell.

    :param longest: characters of a cell; a longer one is cut.
    """
    cells = [[_cell(row.get(column), longest) for column in columns] for row in rows]
    widths = [max(len(line[index]) for line in [list(columns), *cells]) for index in range(len(columns))]

    def line(values: t.Sequence[str]) -> str:
        return "  ".join(value.ljust(width) for value, width in zip(values, widths)).rstrip()

    return [line(columns), line(["-" * width for width in widths]), *(line(row) for row in cells)]
