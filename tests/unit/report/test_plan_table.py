# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a fleet fits a terminal and says what is done where, and why."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._plan_table import plan_lines, summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import STAGES, StagePlan


def runner(name: str, region: str = "eu-central-1", ready: bool = True, **actions: str) -> dict[str, t.Any]:
    plan = [
        StagePlan(stage, actions.get(stage, "nothing"), (f"because of {stage}",) if stage in actions else ())
        for stage in STAGES
    ]
    return {"name": name, "region": region, "ready": ready, "plan": [stage.as_result() for stage in plan]}


FLEET = [
    runner("gitpod-us-east-1", "us-east-1"),
    runner("gitpod-ap-southeast-2", "ap-southeast-2", privatelink="create", stack="create", dns="create"),
    runner("gitpod-eu-central-1", stack="update", dns="unknown"),
    runner("gitpod-eu-west-1", "eu-west-1", ready=False, stack="create"),
]


def test_a_line_a_runner_and_a_column_a_stage() -> None:
    lines = plan_lines(FLEET)
    assert lines[0] == "The plan: 2 with something to do, 1 with nothing to do, 1 lacking prerequisites"
    assert lines[2].split() == ["runner", "certificate", "registration", "privatelink", "stack", "dns"]
    assert [line.split()[0] for line in lines[4:8]] == [
        "gitpod-ap-southeast-2",
        "gitpod-eu-central-1",
        "gitpod-eu-west-1",
        "gitpod-us-east-1",
    ]
    assert lines[5].split() == ["gitpod-eu-central-1", "-", "-", "-", "update", "unknown"]
    assert "gitpod-eu-west-1 (not ready)" in lines[6]
    assert lines[7].split()[1:] == ["-"] * 5


def test_each_reason_stands_under_its_runner() -> None:
    lines = plan_lines(FLEET)
    start = lines.index("gitpod-eu-central-1")
    assert lines[start + 1 : start + 3] == ["  stack: because of stack", "  dns: because of dns"]
    assert "gitpod-us-east-1" not in lines


def test_it_fits_a_terminal_of_a_hundred_columns() -> None:
    long = runner("gitpod-eu-central-1", **dict.fromkeys(STAGES, "unknown"))
    long["plan"][3]["reasons"] = ["x" * 30 + " " + "y" * 60 + " " + "z" * 50]
    assert max(map(len, plan_lines([*FLEET, long]))) <= 100


def test_hostile_names_move_no_cursor() -> None:
    evil = runner("\x1b[2Jrunner", stack="update")
    evil["plan"][3]["reasons"] = ["\x1b[1A"]
    assert "\x1b" not in "".join(plan_lines([evil]))


def test_no_runner_is_told_too() -> None:
    assert summary([]) == "The plan: no runner"
