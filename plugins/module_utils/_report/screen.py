# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on screen: the table that ends a run, and below it what needs attention. Pure."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.wrapping import listed, wrapped
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.attention import Attention
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.table import table
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.tables import fitted_table

# What a narrow terminal does without, the first of these first; state, runner, release and verification stay.
EXPENDABLE = ("load balancer", "prerequisites", "endpoint", "domain", "region", "stack", "as of")
WIDTH = 100
# Counts of checks are never cut.
LONGEST_CELL = 120


def fleet_lines(fleet: Fleet, width: int = WIDTH) -> list[str]:
    """The counts, for a controller shows the beginning of what is long; a line a runner, why runners need attention.

    :param width: of the terminal, in columns. Columns that say nothing of any runner, and those that do not fit, are
        left out; the files have them.
    """
    lines = [*(line for line in (fleet.headline, fleet.checks_line) if line), ""]
    lines += _table(fleet, width)
    for entry in fleet.attention:
        lines += ["", *_attention(entry, width)]
    return lines


def _table(fleet: Fleet, width: int) -> list[str]:
    if not fleet.runners:
        return []
    lines = table(fleet.columns, fleet.rows(), LONGEST_CELL)
    if max(map(len, lines)) <= width:
        return lines
    return fitted_table(fleet.columns, fleet.rows(brief=True), width, EXPENDABLE)


def _attention(entry: Attention, width: int) -> list[str]:
    """A message's own lines stay lines; names and ARNs in it are never broken."""
    names = [runner.name for runner in entry.runners]
    who = names[0] if len(names) == 1 else f"{len(names)} runners ({listed(names)})"
    lines = wrapped(f"{who}: {entry.title}", width, following="  ")
    for line in entry.message.split("\n") if entry.message else []:
        lines += wrapped(line, width, "  ", "    ")
    for finding in entry.problems:
        lines += wrapped(f"{finding.id}: {finding.summary}", width, "  - ", "    ")
        lines += wrapped(f"-> {finding.remediation}", width, "    ", "       ") if finding.remediation else []
    return lines
