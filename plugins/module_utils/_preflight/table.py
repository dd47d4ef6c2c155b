# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of one runner for a person: a table on screen, and Markdown."""

from __future__ import annotations

import re
import textwrap
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

WIDTH = 100
ORDER = ("fail", "warn", "skip", "pass")
WORDS = {"fail": "FAIL", "warn": "WARN", "skip": "skip", "pass": "pass"}
_NAME_WIDTH = 20
_INDENT = 4
Checks = t.Sequence[t.Mapping[str, str]]


def counts(checks: Checks) -> str:
    """How many of each status, the worst first, as a phrase."""
    words = {"fail": "failed", "warn": "to look at", "skip": "skipped", "pass": "passed"}
    found = {status: sum(check["status"] == status for check in checks) for status in ORDER}
    return ", ".join(f"{number} {words[status]}" for status, number in found.items() if number)


def groups(checks: Checks) -> dict[str, list[t.Mapping[str, str]]]:
    """The checks by group, groups with failures first and inside each the failures first; otherwise in their order."""
    by_group: dict[str, list[t.Mapping[str, str]]] = {}
    for check in checks:
        by_group.setdefault(check["id"].partition(".")[0], []).append(check)

    def rank(check: t.Mapping[str, str]) -> int:
        return ORDER.index(check["status"])

    # Skipped checks are no worse than passed ones.
    worst = {name: min(*map(rank, found), ORDER.index("skip")) for name, found in by_group.items()}
    return {name: sorted(by_group[name], key=rank) for name in sorted(by_group, key=lambda name: worst[name])}


def noteworthy(check: t.Mapping[str, str]) -> bool:
    """Whether a check gets lines of its own: it failed, warns, or was skipped and there is something to do."""
    return check["status"] in ("fail", "warn") or (check["status"] == "skip" and bool(check["remediation"]))


def lines(runner: str, checks: Checks, everything: bool = False, width: int = WIDTH) -> list[str]:
    """The table.

    :param everything: whether passed and skipped checks get lines of their own.
    :param width: of the terminal, in columns.
    """
    found = [f"{clean(runner)}: {counts(checks) or 'nothing checked'}"]
    quiet: list[str] = []
    for group, members in groups(checks).items():
        shown = [check for check in members if everything or noteworthy(check)]
        rest = [check for check in members if check not in shown]
        if shown:
            found.append(f"  {group}")
            for check in shown:
                found += _check_lines(check, width)
        if rest:
            quiet.append(f"{group} ({counts(rest)})")
    if quiet:
        found += textwrap.wrap(
            "; ".join(quiet), width, initial_indent="  the rest: ", subsequent_indent=" " * 12, break_long_words=False
        )
    return found


def _check_lines(check: t.Mapping[str, str], width: int) -> list[str]:
    name = check["id"].partition(".")[2]
    head = f"{' ' * _INDENT}{WORDS[check['status']]}  {name:<{_NAME_WIDTH}}  "
    blank = " " * len(head)
    found = textwrap.wrap(clean(check["summary"]), width, initial_indent=head, subsequent_indent=blank)
    if check["remediation"]:
        arrow = f"{blank}-> "
        found += textwrap.wrap(
            clean(check["remediation"]), width, initial_indent=arrow, subsequent_indent=f"{blank}   "
        )
    return found


def failure(runner: str, checks: Checks) -> str:
    """What the failed task says: every failed check in a line; what to do stands in the table before it."""
    failed = [check for check in checks if check["status"] == "fail"]
    plural = "s" if len(failed) > 1 else ""
    listed = [f"  {check['id']}: {clean(check['summary'])} -> {clean(check['remediation'])}" for check in failed]
    return "\n".join([f"{clean(runner)} lacks {len(failed)} prerequisite{plural}; nothing was changed.", *listed])


def markdown(runner: str, region: str, checks: Checks) -> str:
    """The checks as a document."""
    title = f"# Prerequisites of {_escaped(runner)} ({_escaped(region)})"
    found = [title, "", f"{counts(checks) or 'Nothing checked'}.", ""]
    for group, members in groups(checks).items():
        found += [f"## {group}", "", "| | Check | What was seen | What to do |", "|---|---|---|---|"]
        for check in members:
            cells = (
                WORDS[check["status"]],
                f"`{check['id']}`",
                *map(_escaped, (check["summary"], check["remediation"])),
            )
            found.append(f"| {' | '.join(cells)} |")
        found.append("")
    return "\n".join(found)


def _escaped(text: str) -> str:
    """Text of others in a cell: no markup, no HTML, no new cell."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", clean(text))
