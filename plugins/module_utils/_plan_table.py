# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a fleet as a table: what each stage of each runner has to do, and why. Pure: data in, lines out."""

from __future__ import annotations

import textwrap
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import table
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import NOTHING, STAGES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

WIDTH = 100
NOT_READY = "not ready"
Runner = t.Mapping[str, t.Any]


def plan_lines(runners: t.Sequence[Runner], width: int = WIDTH) -> list[str]:
    """The table, a line a runner sorted by region, and under it the reasons.

    :param runners: results of runner_preflight_info.
    :param width: of the terminal, in columns, for the reasons.
    """
    ordered = sorted(runners, key=lambda runner: (str(runner.get("region")), str(runner.get("name"))))
    lines = [summary(ordered), "", *table(("runner", *STAGES), [_row(runner) for runner in ordered])]
    for runner in ordered:
        lines += _reasons(runner, width)
    return lines


def summary(runners: t.Sequence[Runner]) -> str:
    """How many runners have anything to do, in one line."""
    waiting = sum(not runner.get("ready", True) for runner in runners)
    idle = sum(not _needed(runner) for runner in runners if runner.get("ready", True))
    parts = {
        "with something to do": len(runners) - waiting - idle,
        "with nothing to do": idle,
        "lacking prerequisites": waiting,
    }
    counted = ", ".join(f"{number} {words}" for words, number in parts.items() if number)
    return f"The plan: {counted or 'no runner'}"


def _needed(runner: Runner) -> list[t.Mapping[str, t.Any]]:
    return [stage for stage in runner.get("plan") or [] if stage["action"] != NOTHING]


def _row(runner: Runner) -> dict[str, str]:
    ready = runner.get("ready", True)
    # What is missing may change what a stage would do, so the cell says so beside it.
    actions = {stage["stage"]: str(stage["action"]) for stage in _needed(runner)}
    name = clean(runner.get("name", ""))
    return {"runner": name if ready else f"{name} ({NOT_READY})", **actions}


def _reasons(runner: Runner, width: int) -> list[str]:
    lines = []
    for stage in _needed(runner):
        for reason in stage["reasons"]:
            lines += textwrap.wrap(
                f"{stage['stage']}: {clean(reason)}", width, initial_indent="  ", subsequent_indent="    "
            )
    return ["", clean(runner.get("name", "")), *lines] if lines else []
