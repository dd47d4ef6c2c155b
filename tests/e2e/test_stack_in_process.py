# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks that others have a hand in: two runs at once, a stack under another name, deletions at a bad moment."""

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import result
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_stack import ARGUMENT_SPEC
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.test_modules import STACK

if t.TYPE_CHECKING:
    from tests.e2e.harness import Controller

REGION = STACK["region"]
OPTIONS = {key: value for key, value in STACK.items() if key != "region"}


def run(controller: Controller, **changes: t.Any) -> dict[str, t.Any]:
    """One run of runner_stack against the test bed."""
    module = InProcessModule(controller.testbed, ARGUMENT_SPEC, REGION, **{**OPTIONS, **changes})
    return outcome(module, result.run)


def at_once(controller: Controller, count: int, **changes: t.Any) -> list[dict[str, t.Any]]:
    """Several runs at the same time."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _number: run(controller, **changes), range(count)))


def operations(controller: Controller, name: str) -> int:
    """How many calls of an operation AWS accepted since the last clearing."""
    return sum(call["operation"] == name and call["status"] < 300 for call in controller.testbed.calls())


def test_runs_at_once_create_one_stack_and_update_it_once(controller: Controller) -> None:
    created = at_once(controller, 3)
    assert [found.get("msg") for found in created if found.get("failed")] == []
    assert {found["stack"]["status"] for found in created} == {"CREATE_COMPLETE"}
    assert sorted(found["operation"] for found in created) == ["attach", "attach", "create"]

    controller.testbed.clear_calls()
    parameters = {**OPTIONS["parameters"], "Runner Size": "large"}
    updated = at_once(controller, 2, parameters=parameters)
    assert [found.get("msg") for found in updated if found.get("failed")] == []
    assert sorted(found["operation"] for found in updated) == ["attach", "update"]
    assert operations(controller, "ExecuteChangeSet") == 1
    assert run(controller, parameters=parameters)["changed"] is False


def test_the_runners_stack_is_found_under_another_name(controller: Controller) -> None:
    assert run(controller, name="made-by-hand")["changed"] is True
    runner_id = OPTIONS["parameters"]["Runner ID"]
    taken_over = run(controller, runner_id=runner_id)
    assert (taken_over["changed"], taken_over["stack"]["name"]) == (False, "made-by-hand")
    assert operations(controller, "CreateStack") == 1


def test_a_deletion_waits_for_an_update_or_cancels_it(controller: Controller) -> None:
    assert run(controller)["stack"]["status"] == "CREATE_COMPLETE"
    parameters = {**OPTIONS["parameters"], "Runner Size": "large"}
    assert run(controller, parameters=parameters, wait=False)["in_progress"] is True
    gone = run(controller, state="absent", force=True, cancel_update=True)
    assert gone["stack"]["status"] == "DELETE_COMPLETE", gone
    assert operations(controller, "CancelUpdateStack") == 1
    assert run(controller, state="absent")["changed"] is False
