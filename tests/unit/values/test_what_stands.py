# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a wait that was not needed, and what a wait does not look at: both are what the start has returned."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.steps import STEPS, Situation

Result = dict[str, t.Any]
ENDPOINT: Result = {
    "endpoint": {"id": "vpce-1"},
    "security_group": {"id": "sg-1"},
    "service": {"name": "com.amazonaws.vpce"},
    "left_alone": ["somebody else's rule"],
}
SAID: Result = {"diff": {"before": {}}, "warnings": ["look"], "invocation": {}, "_ansible_no_log": False}


def situation(started: Result, enabled: bool = True) -> Situation:
    return Situation(
        {"gitpod_runner_name": "r", "gitpod_privatelink_enabled": enabled},
        Earlier(started=started, endpoint_started=started),
        {},
    )


@pytest.mark.parametrize("stage", ["stack", "privatelink"])
def test_what_is_settled_stands_as_it_was_started_and_is_said_once(stage: str) -> None:
    step = STEPS[stage, "join"]
    settled = situation({**ENDPOINT, **SAID, "changed": True, "in_progress": False})
    assert step.idle(settled)
    assert step.stands(settled) == {**ENDPOINT, "changed": False, "in_progress": False}


@pytest.mark.parametrize("stage", ["stack", "privatelink"])
def test_what_goes_on_or_was_never_started_is_waited_for(stage: str) -> None:
    for started in ({}, {"in_progress": True}, {"stack": {"name": "r"}}):
        assert not STEPS[stage, "join"].idle(situation(started))


def test_an_endpoint_that_is_not_wanted_leaves_no_result() -> None:
    step, unwanted = STEPS["privatelink", "join"], situation({**ENDPOINT, "in_progress": False}, enabled=False)
    assert step.idle(unwanted)
    assert step.stands(unwanted) == {}


def test_the_wait_for_an_endpoint_hands_on_what_the_start_found_beside_it() -> None:
    step = STEPS["privatelink", "join"]
    waited: Result = {"endpoint": {"id": "vpce-1"}, "security_group": None, "service": None, "left_alone": []}
    step.finish(situation({**ENDPOINT, "in_progress": True}), waited)
    assert waited == ENDPOINT
    alone: Result = {"endpoint": {"id": "vpce-1"}, "security_group": None, "left_alone": []}
    step.finish(situation({}), alone)
    assert alone == {"endpoint": {"id": "vpce-1"}, "security_group": None, "left_alone": []}
