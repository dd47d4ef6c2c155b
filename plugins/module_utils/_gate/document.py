# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found about one runner as files: JSON for programs, Markdown for a ticket, IAM policies. Pure."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import (
    FAIL,
    PASS,
    SKIP,
    WARN,
    Counts,
    Finding,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.model import (
    Runner,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

WORDS = {FAIL: "FAIL", WARN: "WARN", SKIP: "skip", PASS: "pass"}
# What was skipped is no worse than what passed.
_RANKS = {FAIL: 0, WARN: 1, SKIP: 2, PASS: 2}
KEYS = ("id", "status", "summary", "remediation", "unverifiable", "docs")


def documents(runner: Runner, name: str) -> dict[str, str]:
    """The files' contents by their paths below the directory.

    :param name: what the files' names begin with (C(_files.file_names)).
    """
    policies = {
        f"policies/{name}-{part}.json": json.dumps(policy, indent=2) + "\n" for part, policy in runner.policies.items()
    }
    checks = {f"{name}-prerequisites.json": as_json(runner), f"{name}-prerequisites.md": markdown(runner)}
    return {**checks, **policies}


def as_json(runner: Runner) -> str:
    """The findings, every one with all keys."""
    checks = [{key: getattr(finding, key) for key in KEYS} for finding in runner.findings]
    document = {"host": runner.host, "runner": runner.name, "region": runner.region, "checks": checks}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def markdown(runner: Runner) -> str:
    """The findings as a table a group, groups with failures first."""
    lines = [f"# Prerequisites of {_escaped(runner.name)} ({_escaped(runner.region)})", ""]
    lines += [f"{Counts.of(runner.findings).phrase()}.", ""]
    for group, members in _groups(runner.findings):
        lines += [f"## {_escaped(group)}", "", "| | Check | What was seen | What to do |", "|---|---|---|---|"]
        lines += [_row(finding) for finding in members]
        lines.append("")
    return "\n".join(lines) + "\n"


def _groups(findings: t.Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    by_group: dict[str, list[Finding]] = {}
    for finding in findings:
        by_group.setdefault(finding.id.partition(".")[0], []).append(finding)

    def rank(finding: Finding) -> int:
        return _RANKS[finding.status]

    ordered = sorted(by_group, key=lambda group: min(map(rank, by_group[group])))
    return [(group, sorted(by_group[group], key=rank)) for group in ordered]


def _row(finding: Finding) -> str:
    texts = map(_escaped, (finding.summary, finding.remediation))
    return f"| {' | '.join((WORDS[finding.status], f'`{_escaped(finding.id)}`', *texts))} |"


def _escaped(text: str) -> str:
    """Text of others in a cell: no markup, no HTML, no new cell."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", clean(text))
