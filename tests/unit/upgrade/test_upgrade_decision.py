# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the decision on an upgrade means for a host's result, for later batches, and for what is read of a stack."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_batch import _foreseen, _unforeseen
from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_fleet import hosts_of, stands
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import Source
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import BEFORE_THE_STACK
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._upgrade import look
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results

DECIDED = {
    results.UPGRADE: {
        "runners": {
            "eu": {"failure": "", "to": "20260115.2"},
            "us": {"failure": "There is no finished stack", "to": "20260115.2"},
        }
    }
}


def test_a_host_that_cannot_be_upgraded_has_failed_and_counts_for_later_batches() -> None:
    failure = results.stages(DECIDED, "us")["failure"]
    assert (failure["action"], failure["message"]) == ("runner_upgrade", "There is no finished stack")
    assert results.stages(DECIDED, "eu")["failure"] == {}
    assert _unforeseen(DECIDED) == ["us"]
    assert _unforeseen({}) == []


def test_nothing_of_an_upgrade_comes_before_its_stack_so_that_a_batch_may_start_them_together() -> None:
    decided = {results.UPGRADE: {"runners": {"eu": {"needed": True}, "us": {"needed": False}}}}
    found = _foreseen(decided, ["eu", "us", "ap"])
    assert (found["begun"], found["work"]) == (["eu", "us", "ap"], ["eu"])
    assert {host: frozenset(idle) for host, idle in found["idle"].items()} == {"eu": BEFORE_THE_STACK}


def test_what_the_host_waited_for_itself_came_after_what_the_batch_waited_for() -> None:
    waited = {results.WAIT: {"runners": {"eu": {"stack": {"operation": "attach"}}}}}
    own = {"gitpod_stack_result": {"stack": {"status": "UPDATE_COMPLETE"}}, "gitpod_stack_started": {"x": "y"}}
    assert results.stages({**waited, **own}, "eu")["stack"] == own["gitpod_stack_result"]
    skipped = {**waited, **own, "gitpod_stack_result": {"skipped": True}}
    assert results.stages(skipped, "eu")["stack"] == {"operation": "attach"}


def test_a_batch_that_is_not_begun_is_not_read() -> None:
    """Its list of hosts is empty, which is not the same as none given."""
    own = {"inventory_hostname": "eu"}
    assert hosts_of([], own) == []
    assert hosts_of(None, own) == ["eu"]
    assert hosts_of(["us", "ap"], own) == ["us", "ap"]


def test_a_host_of_a_batch_that_is_not_begun_failed_at_the_beginning_of_its_batch() -> None:
    held = {results.BATCH: {"held": {"eu": "Not begun"}, "refused": {"us": "no VPC"}}}
    assert results.stages(held, "eu")["failure"]["task"] == "Begin the batch"
    assert results.stages(held, "us")["failure"]["task"] == "Check the prerequisites"


class OneStack:
    """Calls of an account with one stack; whatever is not read is an error."""

    def __init__(self, state: str) -> None:
        self._state = state

    def stack(self, name: str) -> Stack:
        """As DescribeStacks has it."""
        return Stack(name, self._state, tags=ownership_tags(name, None))

    def stacks(self) -> list[Stack]:
        """No others."""
        return []

    def reviewed_change_set(self, _stack: str, _name: str) -> dict[str, t.Any] | None:
        """Of a stack in review, its change set alone tells whose it is."""
        return None

    def waiting_change_sets(self, _stack: str) -> list[dict[str, t.Any]]:
        """None."""
        return []


@pytest.mark.parametrize(
    ("state", "operation"),
    [
        ("ABSENT", "create"),
        ("REVIEW_IN_PROGRESS", "create"),
        ("DELETE_IN_PROGRESS", "create"),
        ("ROLLBACK_COMPLETE", "recreate"),
        ("ROLLBACK_IN_PROGRESS", "recreate"),
        ("CREATE_FAILED", "recreate"),
    ],
)
def test_of_a_stack_that_is_not_there_nothing_more_is_asked(state: str, operation: str) -> None:
    api: t.Any = OneStack(state)
    found = look.described(look._foreseen(api, {"name": "eu", "runner_name": "eu", "timeout": 60}, Source({})))
    assert (found["operation"], found["stack"]["name"], found["stack"]["status"]) == (operation, "eu", state)


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        ("", False),
        ("CREATE_IN_PROGRESS", False),
        ("CREATE_FAILED", False),
        ("ROLLBACK_COMPLETE", False),
        ("DELETE_FAILED", False),
        ("CREATE_COMPLETE", True),
        ("UPDATE_ROLLBACK_COMPLETE", True),
        ("UPDATE_ROLLBACK_FAILED", True),
    ],
)
def test_after_a_failure_only_a_stack_that_was_complete_once_is_verified(status: str, standing: bool) -> None:
    assert stands({"failed": True, "stack": {"name": "x", "status": status}}) is standing
