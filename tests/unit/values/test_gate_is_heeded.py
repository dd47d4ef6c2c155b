# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What C(runner_gate) returned is what the batches and the end of a run read: by the gate's own result, not a copy."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_batch import ActionModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.gate import gate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from tests.gate_samples import SUBNETS, host, look

FLEET = (host("one", "eu-west-1", look()), host("wrong", "eu-west-3", look(SUBNETS, stack="create")))


def registered(*batches: list[str]) -> dict[str, t.Any]:
    return {results.GATE: {"changed": False, "failed": False, **gate(FLEET, batches, 0).as_result()}}


def test_who_is_refused_fails_and_who_is_not_goes_on() -> None:
    variables = registered()
    assert results.refused(variables, "wrong").startswith("wrong is refused at the gate, nothing was changed")
    assert not results.not_begun(variables, "wrong")
    failure = results.stages(variables, "wrong")["failure"]
    assert failure["action"] == "runner_gate"
    assert failure["message"] == results.refused(variables, "wrong")
    assert results.refused(variables, "one") == ""
    assert results.stages(variables, "one")["failure"] == {}
    assert list(ActionModule._refused_before(variables, ["one", "wrong"])) == ["wrong"]


def test_who_is_held_begins_in_no_batch() -> None:
    variables = registered(["one"], ["wrong"])
    assert results.refused(variables, "one").startswith("Nothing is wrong with this runner. No batch begins")
    assert results.not_begun(variables, "one")
    assert results.stages(variables, "one")["failure"]["task"] == "Begin the batch"
    assert set(ActionModule._refused_before(variables, ["one"])) == {"one"}


def test_a_gate_that_was_left_out_refuses_nobody() -> None:
    for variables in ({}, {results.GATE: {"skipped": True, "changed": False}}):
        assert results.refused(variables, "one") == ""
        assert not results.not_begun(variables, "one")
        assert ActionModule._refused_before(variables, ["one"]) == {}
