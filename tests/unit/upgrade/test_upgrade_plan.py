# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of an upgrade as a workflow hands it on, and what the node after the approval holds against it."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._upgrade.handed_on import (
    moved_on,
    upgrade_artifact,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import plain
from tests.awx_file import awx
from tests.unit.upgrade.test_upgrade import row

NEW = "20260115.10"
ROWS = [
    row("eu", new=NEW),
    row("ap", old=NEW, new=NEW, changed=False, changes=[]),
    row("us", failure="There is no finished stack."),
    row("sa", old="20250101.1", new=NEW),
]


def through_a_workflow(artifact: dict[str, t.Any]) -> t.Any:
    """As the next node's extra variables have it."""
    return plain(DataLoader().load(awx({"gitpod_plan_result": artifact}))["gitpod_plan_result"])


def test_a_plan_tells_of_each_runner_what_would_change_and_why_not() -> None:
    found = upgrade_artifact(ROWS)
    assert (found["needed"], found["headline"]) == (True, "4 runners: 2 to do, 1 nothing to do, 1 refused")
    ap, eu, sa, us = found["runners"]
    assert (ap["state"], ap["release"], "changes" in ap) == ("nothing to do", "v20260115.10", False)
    assert eu["changes"] == ["stack: Modify RunnerTask (AWS::ECS::TaskDefinition), replaced: ContainerDefinitions"]
    assert (eu["from"], eu["actions"]) == ("v20251203.4", {"stack": "update"})
    assert [(one["id"], one["status"]) for one in sa["problems"]] == [("ssh", "warn")]
    assert us["problems"][0]["summary"] == "There is no finished stack."
    assert len(json.dumps(found)) < 4_000


def test_nothing_to_upgrade_is_not_needed_unless_a_slice_says_so() -> None:
    assert upgrade_artifact([ROWS[1]])["needed"] is False
    assert upgrade_artifact([ROWS[1]], sliced=True)["needed"] is True
    assert upgrade_artifact([]) == {**upgrade_artifact([]), "needed": False, "headline": "no runners"}


def test_a_release_survives_the_way_to_the_next_node() -> None:
    handed = through_a_workflow(upgrade_artifact(ROWS))
    assert [entry["release"] for entry in handed["runners"] if "release" in entry] == ["v20260115.10"] * 3
    assert [moved_on(one, handed) for one in ROWS] == [""] * 4


def test_what_was_approved_is_not_another_release() -> None:
    handed = through_a_workflow(upgrade_artifact(ROWS))
    told = moved_on(row("eu", new="20260120.1"), handed)
    assert "to v20260115.10, and now it would be v20260120.1" in told
    assert "gitpod_stack_release_version" in told
    # Of a runner that was not planned, or that is there already, nothing was approved.
    assert moved_on(row("ca", new="20260120.1"), handed) == ""
    assert moved_on(row("eu", new="20260120.1", changed=False, changes=[]), handed) == ""


@pytest.mark.parametrize(
    "planned", [None, "", [], {"runners": 3}, {"of": "upgrade"}, {"of": "upgrade", "runners": [1]}]
)
def test_a_plan_that_is_none_holds_nothing_back(planned: t.Any) -> None:
    assert moved_on(ROWS[0], planned) == ""
    rollout = {"runners": [{"host": "host-eu", "state": "to do", "release": "v1"}]}
    assert moved_on(ROWS[0], rollout) == "", "a rollout's plan is of something else"
