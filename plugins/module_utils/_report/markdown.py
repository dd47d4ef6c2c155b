# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as Markdown, for tickets, pull requests and a controller's notes: what a person has to know, on a page or
two. The details are in the JSON files. Pure; every value is escaped."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import (
    UNVERIFIABLE,
    WARNINGS,
    Finding,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.wrapping import listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.attention import Attention
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.messages import SIGNS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import (
    Fleet,
    Note,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_next import whom
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

# Of findings that stop nobody; the JSON files have all.
MOST_NOTES = 12
# The table has all.
MOST_NAMES = 8


def inline(value: t.Any) -> str:
    """Text of a value on one line that Markdown takes for text, also in a table and where HTML is allowed."""
    text = re.sub(r"([\\`*_\[\]|~])", r"\\\1", clean(value))
    return text.replace("&", "&amp;").replace("<", "&lt;")


def escape(value: t.Any) -> str:
    """The same at the beginning of a line, where a heading, a list, a quotation or a rule would begin."""
    return re.sub(r"^(\s*\d*)([#+>=.)-])", r"\1\\\2", inline(value))


def _table(head: t.Sequence[str], rows: t.Iterable[t.Sequence[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows), ""]


def _line(cells: t.Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def markdown(fleet: Fleet) -> str:
    """The fleet's table, what needs attention, whole, and what is worth knowing."""
    lines = [f"# {inline(fleet.title)}", ""]
    lines += [line for told in (fleet.headline, fleet.checks_line) if told for line in (escape(told), "")]
    if fleet.runners:
        lines += _table(fleet.columns, [_cells(row, fleet.columns) for row in fleet.rows()])
    if fleet.attention:
        lines += ["## Needs attention", ""]
    for entry in fleet.attention:
        lines += _attention(entry)
    lines += _notes("Warnings", fleet.notes(WARNINGS))
    lines += _notes("Not verifiable", fleet.notes(UNVERIFIABLE))
    lines += _next_steps(fleet)
    lines += [
        "Every check, output and record is in `fleet.json` and in one JSON file for each runner, beside this file."
    ]
    return "\n".join(lines).rstrip() + "\n"


def _cells(row: t.Mapping[str, str], columns: t.Sequence[str]) -> list[str]:
    shown = {**row, "state": f"{SIGNS[row['state']]} {row['state']}"}
    return [inline(shown[column] or "-") for column in columns]


def _attention(entry: Attention) -> list[str]:
    names = listed([f"{runner.name} ({runner.region})" for runner in entry.runners], MOST_NAMES)
    lines = [f"**{inline(names)}**: {inline(entry.title)}", ""]
    if entry.message:
        # A message of several lines stays one paragraph of lines.
        lines += ["  \n".join(escape(line) for line in entry.message.split("\n")), ""]
    lines += [_problem(finding) for finding in entry.problems]
    return [*lines, ""] if entry.problems else lines


def _problem(finding: Finding) -> str:
    remedy = f" {inline(finding.remediation)}" if finding.remediation else ""
    return f"- {escape(finding.id)}: {inline(finding.summary)}{remedy}"


def _notes(title: str, notes: t.Sequence[Note]) -> list[str]:
    if not notes:
        return []
    lines = [f"## {title}", ""]
    for note in notes[:MOST_NOTES]:
        names = listed([runner.name for runner in note.runners], 3)
        lines.append(f"{_problem(note.finding)} ({inline(names)})")
    more = len(notes) - MOST_NOTES
    return [*lines, *([f"- and {more} more"] if more > 0 else []), ""]


def _next_steps(fleet: Fleet) -> list[str]:
    """What to do next, where nothing of it is declared."""
    steps = [
        f"- [{step['title']}]({step['url']}) for {inline(whom(step, len(fleet.runners)))}"
        + (f", or declare `{step['variable']}`" if step.get("variable") else "")
        for step in fleet.next_steps
    ]
    return ["## Next steps", "", *steps, ""] if steps else []
