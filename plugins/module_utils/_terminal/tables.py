# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table that fits a terminal by leaving columns out, never by breaking a name. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.table import table

Rows = t.Sequence[t.Mapping[str, t.Any]]
# What says nothing of a runner.
EMPTY = ("", "-")


def fitted_table(columns: t.Sequence[str], rows: Rows, width: int | None, expendable: t.Sequence[str]) -> list[str]:
    """A table of at most so many columns of text, as far as leaving out C(expendable) ones brings it there.

    :param width: of the terminal; C(None) without one, where nothing is left out.
    :param expendable: the first of these goes first; before them go those that say nothing of any runner.
    """
    lines = table(columns, rows)
    if width is None:
        return lines
    silent = [name for name in columns if all(str(row.get(name) or "") in EMPTY for row in rows)]
    for name in (*silent, *expendable):
        if max(map(len, lines)) <= width:
            break
        columns = [column for column in columns if column != name]
        lines = table(columns, rows)
    return lines
