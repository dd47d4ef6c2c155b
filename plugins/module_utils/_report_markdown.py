# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as Markdown, for tickets, pull requests and a controller's notes. Pure; every value is escaped."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import FLEET_COLUMNS, fleet_row, state_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_fleet import SIGNS, Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_next import of_fleet, whom
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

CHECK_SIGNS = {"pass": "\u2713 passed", "fail": "\u2717 failed", "warn": "! warning", "skip": "\u2013 skipped"}


def escape(value: t.Any) -> str:
    """Text of a value on one line that Markdown takes for text, also in a table and where HTML is allowed."""
    text = clean(value)
    text = re.sub(r"([\\`*_\[\]|~])", r"\\\1", text)
    # What begins a heading, a list, a quotation or a rule does so at the beginning of a line only.
    text = re.sub(r"^(\s*\d*)([#+>=.)-])", r"\1\\\2", text)
    return text.replace("&", "&amp;").replace("<", "&lt;")


def code(value: t.Any) -> str:
    """A value to copy, as code; backticks in it get a longer fence."""
    text = clean(value).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _table(head: t.Sequence[str], rows: t.Iterable[t.Sequence[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows), ""]


def _line(cells: t.Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def markdown(fleet: Fleet) -> str:
    """The whole report: the fleet's table, then of each runner what failed, what was checked and what came out."""
    rows = [
        [f"{SIGNS[state_of(runner)]} {state_of(runner)}", *(escape(cell or "-") for cell in fleet_row(runner).values())]
        for runner in fleet.runners
    ]
    lines = [f"# {escape(fleet.title)}", "", escape(fleet.headline), "", *_table(["state", *FLEET_COLUMNS], rows)]
    for runner in fleet.runners:
        lines += _runner(runner)
    lines += _next_steps(fleet)
    return "\n".join(lines).rstrip() + "\n"


def _next_steps(fleet: Fleet) -> list[str]:
    """What to do next, where nothing of it is declared."""
    steps = [
        f"- [{step['title']}]({step['url']}) for {escape(whom(step, len(fleet.runners)))}"
        + (f", or declare {code(step['variable'])}" if step.get("variable") else "")
        for step in of_fleet(fleet.runners)
    ]
    return ["## Next steps", "", *steps] if steps else []


def _runner(runner: t.Mapping[str, t.Any]) -> list[str]:
    seen = f", as of {code(runner['as_of'])}" if runner.get("as_of") else ""
    lines = [f"## {escape(runner.get('runner', ''))} ({escape(runner.get('region', ''))}){seen}", ""]
    failure = runner.get("failure") or {}
    if failure:
        # A message of several lines stays one paragraph of lines.
        told = "  \n".join(escape(line) for line in str(failure.get("message", "")).splitlines())
        lines += [f"**{escape(failure.get('task', ''))} failed**", "", told, ""]
    stages = [
        f"{escape(stage['stage'])} {escape(stage['state'])}"
        for stage in runner.get("stages") or []
        if stage["state"] != "left out"
    ]
    if stages:
        lines += ["Stages: " + ", ".join(stages), ""]
    checks = [*_checks_of(runner, "prerequisites"), *_checks_of(runner, "verification")]
    if checks:
        lines += _table(["state", "check", "found", "what to do"], checks)
    steps = (runner.get("acceptance") or {}).get("steps") or []
    if steps:
        took = [[escape(step.get(key, "")) for key in ("step", "state", "seconds", "detail")] for step in steps]
        lines += _table(["acceptance", "state", "seconds", "seen"], took)
    outputs = (runner.get("stack") or {}).get("outputs") or {}
    if outputs:
        lines += _table(["output", "value"], [[escape(name), code(value)] for name, value in sorted(outputs.items())])
    records = (runner.get("dns") or {}).get("records") or []
    if records:
        cells = [[code(record.get(key) or "") for key in ("name", "type", "value")] for record in records]
        lines += _table(["DNS record", "type", "value"], cells)
    return lines


def _checks_of(runner: t.Mapping[str, t.Any], stage: str) -> list[list[str]]:
    return [
        [
            CHECK_SIGNS.get(str(check.get("status")), CHECK_SIGNS["skip"]),
            escape(check.get("id", "")),
            escape(check.get("summary", "")),
            escape(check.get("remediation") or ""),
        ]
        for check in (runner.get(stage) or {}).get("checks") or []
    ]
