# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found, grouped: what is the same for several runners is said once, and what to do about it too. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import (
    FAIL,
    PASS,
    SKIP,
    STATUSES,
    WARN,
    Finding,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.model import (
    Runner,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.table import ACTION_WORDS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.wrapping import listed, wrapped
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import CREATE
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import every_runner

WORDS = {FAIL: "FAIL", WARN: "WARN", SKIP: "skip", PASS: "pass"}
# Warnings of one kind that are worded differently for each runner; failures are always told in full.
MOST_WORDINGS = 5
Labels = t.Mapping[str, str]
# What is said, by the labels of the runners that it is said of, in the order of the play.
Said = dict[str, list[str]]


def finding_lines(runners: t.Sequence[Runner], labels: Labels, width: int, verbose: bool = False) -> list[str]:
    """Failures first, then warnings, then what could not be looked at.

    :param verbose: also what passed and what was not made, and every wording.
    """
    groups: dict[tuple[str, str, str, str], Said] = {}
    for runner in runners:
        for finding in runner.findings:
            if verbose or finding.status in (FAIL, WARN) or finding.unverifiable:
                key = (finding.status, _heading(finding), finding.remediation, finding.docs)
                groups.setdefault(key, {}).setdefault(finding.summary, []).append(labels[runner.host])
    lines: list[str] = []
    for status in STATUSES:
        for (kind, heading, remediation, docs), said in groups.items():
            if kind == status:
                most = MOST_WORDINGS if kind != FAIL and not verbose else len(said)
                lines += [f"{WORDS[kind]}  {heading}", *_said(said, labels, width, most)]
                lines += _remedy(remediation, docs if verbose else "", width)
    return lines


def reason_lines(runners: t.Sequence[Runner], labels: Labels, width: int, verbose: bool = False) -> list[str]:
    """Why the stages that have something to do have it; of one that creates, only with C(verbose)."""
    groups: dict[str, Said] = {}
    for runner in runners:
        for stage in runner.needed:
            if runner.refused or (stage.action == CREATE and not verbose):
                continue
            for reason in stage.reasons:
                words = f"{ACTION_WORDS.get(stage.action, stage.action)} {stage.stage}, because"
                groups.setdefault(words, {}).setdefault(reason, []).append(labels[runner.host])
    lines: list[str] = []
    for heading, said in groups.items():
        lines += [heading, *_said(said, labels, width, len(said))]
    return lines


def _heading(finding: Finding) -> str:
    return (
        finding.id if not finding.variable or finding.variable in finding.id else f"{finding.id} ({finding.variable})"
    )


def _said(said: Said, labels: Labels, width: int, most: int) -> list[str]:
    lines: list[str] = []
    shown = list(said.items())[:most]
    for text, names in shown:
        lines += wrapped(f"{_whose(names, labels)}: {text}", width, "      ", "        ")
    rest = sum(len(names) for names in said.values()) - sum(len(names) for _text, names in shown)
    return [*lines, f"      and {rest} more, each in its own words; -v shows them"] if rest else lines


def _whose(names: t.Sequence[str], labels: Labels) -> str:
    """C(all 16 runners), C(3 runners (a, b, c)) or the one runner's name."""
    if len(names) == 1:
        return names[0]
    if len(names) == len(labels):
        return every_runner(len(names))
    return f"{len(names)} runners ({listed(names)})"


def _remedy(remediation: str, docs: str, width: int) -> list[str]:
    lines = wrapped(remediation, width, "      -> ") if remediation else []
    return [*lines, *wrapped(docs, width, "         ")] if docs else lines
