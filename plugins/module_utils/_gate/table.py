# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate's table: runners by what will be done with them, a row a runner. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.costs import Cost
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.wrapping import cut, wrapped
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import (
    ATTACH,
    CREATE,
    NOTHING,
    RECREATE,
    UNKNOWN,
    UPDATE,
    WAIT,
)

# In the order in which a group's heading names them.
ACTION_WORDS = {
    CREATE: "create",
    RECREATE: "recreate",
    UPDATE: "update",
    ATTACH: "join",
    WAIT: "wait for",
    UNKNOWN: "look at",
}
REFUSED, IDLE = "refused", NOTHING
# A fleet of more runners has the rows that are alike folded, at least so many of them.
FOLD_ABOVE, FOLD_AT_LEAST = 20, 4
FOLDED = "Rows that are alike are folded; -v shows each."
_LONGEST_REGION = 16
# "20251203.4, runs 20260105.12"; in a narrow terminal, no less than "20260105.12".
_LONGEST_RELEASE, _SHORTEST_RELEASE = 28, 11
# Of a name, before the release gives way.
_LEAST_NAME = 20
Labels = t.Mapping[str, str]
Costs = t.Mapping[str, Cost]
Row = tuple[str, ...]


def heading(runner: Runner) -> str:
    """What will be done with a runner, in words: C(create stack, dns; update privatelink)."""
    if runner.refused:
        return f"{REFUSED}: nothing is done"
    by_action: dict[str, list[str]] = {}
    for stage in runner.needed:
        by_action.setdefault(stage.action, []).append(stage.stage)
    known = [action for action in ACTION_WORDS if action in by_action]
    unheard = [action for action in by_action if action not in ACTION_WORDS]
    parts = [f"{ACTION_WORDS.get(action, action)} {', '.join(by_action[action])}" for action in (*known, *unheard)]
    return "; ".join(parts) or IDLE


def table_lines(
    runners: t.Sequence[Runner], labels: Labels, costs: Costs | None, width: int, folding: bool = True
) -> list[str]:
    """The table; the runners that are refused come last, next to what is wrong with them.

    :param costs: by host; C(None) leaves the column out.
    :param folding: whether a large fleet's rows that are alike are folded.
    """
    groups: dict[str, list[Runner]] = {}
    for runner in sorted(runners, key=lambda runner: (runner.refused, not runner.needed)):
        groups.setdefault(heading(runner), []).append(runner)
    rows = {runner.host: _row(runner, labels, costs) for runner in runners}
    fold = folding and len(runners) > FOLD_ABOVE
    blocks = [(title, _blocks(members, rows, fold)) for title, members in groups.items()]
    printed = [row for _title, block in blocks for row, _folded in block]
    layout = _Layout.of([_head(costs is not None), *printed], width)
    lines = [layout.line(_head(costs is not None)), layout.ruler()]
    for title, block in blocks:
        lines += wrapped(title, width, "", "  ")
        for row, folded in block:
            lines.append(layout.line(row))
            lines += wrapped(", ".join(_placed(runner, labels) for runner in folded), width, "    ") if folded else []
    folds = any(folded for _title, block in blocks for _row, folded in block)
    return [*lines, "", FOLDED] if folds else lines


def _blocks(members: t.Sequence[Runner], rows: t.Mapping[str, Row], fold: bool) -> list[tuple[Row, list[Runner]]]:
    """Rows with the runners that each stands for, which is none but its own unless it is folded."""
    alike: dict[Row, list[Runner]] = {}
    for runner in members:
        alike.setdefault(rows[runner.host][2:], []).append(runner)
    found: list[tuple[Row, list[Runner]]] = []
    for cells, same in alike.items():
        if fold and len(same) >= FOLD_AT_LEAST:
            found.append(((f"{len(same)} runners, each", "", *cells), same))
        else:
            found += [(rows[runner.host], []) for runner in same]
    return found


def _placed(runner: Runner, labels: Labels) -> str:
    label = labels[runner.host]
    return label if runner.region in label else f"{label} ({runner.region})"


def _head(with_costs: bool) -> Row:
    return ("runner", "region", "release", "FAIL", "WARN", *(("USD/month",) if with_costs else ()))


def _row(runner: Runner, labels: Labels, costs: Costs | None) -> Row:
    counts = runner.counts
    numbers = (str(counts.failed or "-"), str(counts.warnings or "-"))
    cost = (costs[runner.host].cell,) if costs is not None else ()
    release = cut(runner.release, _LONGEST_RELEASE) or "-"
    return (labels[runner.host], cut(runner.region, _LONGEST_REGION) or "-", release, *numbers, *cost)


class _Layout:
    """Columns as wide as their widest cell; release, then name give way when the terminal is too narrow."""

    def __init__(self, widths: t.Sequence[int]) -> None:
        self.widths = widths

    @classmethod
    def of(cls, rows: t.Sequence[Row], width: int) -> _Layout:
        columns = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
        wanted = sum(columns[1:]) + 2 * len(columns) + min(columns[0], _LEAST_NAME)
        columns[2] -= max(0, min(wanted - width, columns[2] - _SHORTEST_RELEASE))
        others = sum(columns[1:]) + 2 * len(columns)
        return cls([max(len(rows[0][0]), min(columns[0], width - others)), *columns[1:]])

    def line(self, row: Row) -> str:
        """Names to the left, numbers to the right."""
        names = [cut(row[0], self.widths[0]).ljust(self.widths[0])]
        names += [row[1].ljust(self.widths[1]), row[2][: self.widths[2]].rstrip(" ,").ljust(self.widths[2])]
        numbers = [cell.rjust(width) for cell, width in zip(row[3:], self.widths[3:])]
        return f"  {'  '.join([*names, *numbers])}".rstrip()

    def ruler(self) -> str:
        """Under the head."""
        return f"  {'  '.join('-' * width for width in self.widths)}"
