# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage's plan is needed unless it says that there is nothing to do."""

from __future__ import annotations

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import ACTIONS, STAGES, StagePlan


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_but_nothing_is_needed(action: str) -> None:
    assert StagePlan("stack", action).needed == (action != "nothing")


@pytest.mark.parametrize("stage", STAGES)
def test_a_plan_is_plain_data_with_its_reasons(stage: str) -> None:
    plan = StagePlan(stage, "update", ("the tag owner differs",))
    assert plan.as_result() == {
        "stage": stage,
        "action": "update",
        "needed": True,
        "reasons": ["the tag owner differs"],
    }


@pytest.mark.parametrize(("stage", "action"), [("verify", "nothing"), ("stack", "destroy")])
def test_an_unknown_stage_or_action_is_refused(stage: str, action: str) -> None:
    with pytest.raises(ValueError, match="there are"):
        StagePlan(stage, action)
