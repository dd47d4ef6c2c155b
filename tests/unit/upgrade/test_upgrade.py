# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade of a fleet says before and after."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._upgrade.table import (
    changes_ssh_port,
    going_back,
    refusal,
    upgrade_lines,
    upgrade_row,
)

CHANGE = {
    "action": "Modify",
    "logical_id": "RunnerTask",
    "type": "AWS::ECS::TaskDefinition",
    "replacement": "True",
    "properties": ["ContainerDefinitions"],
}


def row(
    name: str, old: str = "20251203.4", new: str = "20260115.2", failure: str = "", **foreseen: t.Any
) -> dict[str, t.Any]:
    result = {
        "operation": "update",
        "release_version": old,
        "target_release_version": new,
        "changed": True,
        "changes": [CHANGE],
        **foreseen,
    }
    return upgrade_row({"failed": True, "msg": failure} if failure else result, f"host-{name}", name, "eu-central-1")


def test_the_table_tells_each_runner_and_changes_that_are_shared_once() -> None:
    there = row("b", old="20260115.2", changed=False, changes=[])
    lines = upgrade_lines([row("c"), there, row("a"), row("d", failure="No stack")])
    assert [line.split()[1] for line in lines[2:6]] == ["a", "b", "c", "d"]
    assert "1, 1 replaced" in lines[2]
    assert lines[3].endswith("already there")
    assert lines[5].endswith("FAILED")
    assert sum("RunnerTask" in line for line in lines) == 1
    assert "a, c:" in lines
    assert any("No stack" in line for line in lines)


ADDED = {**CHANGE, "action": "Add", "logical_id": "Front", "replacement": "False", "properties": []}


def test_what_an_upgrade_adds_may_cost_money_and_what_costs_nothing_is_no_line() -> None:
    balancer = {**ADDED, "type": "AWS::ElasticLoadBalancingV2::LoadBalancer"}
    role = {**ADDED, "type": "AWS::IAM::Role"}
    lines = upgrade_lines([row(name, changes=[balancer, role, balancer]) for name in "ab"])
    told = "Cost of a, b: not estimated, for what the upgrade adds (AWS::ElasticLoadBalancingV2::LoadBalancer)"
    assert [line for line in lines if "Cost" in line] == [told]
    quiet = [row("a", changes=[CHANGE, role]), row("b", changed=False, changes=[balancer]), row("c", failure="No")]
    assert not [line for line in upgrade_lines(quiet) if "Cost" in line]


def test_a_single_resource_is_counted_as_one() -> None:
    tags = {**CHANGE, "replacement": "False", "properties": ["Tags"]}
    assert "  Modify the tags of 1 resource" in upgrade_lines([row("a", changes=[tags])])
    assert "  Modify the tags of 2 resources" in upgrade_lines([row("a", changes=[tags, tags])])


def test_why_several_cannot_be_upgraded_is_told_once() -> None:
    refused = [row(name, failure="There is no release 20260115.10.") for name in ("a", "b", "c")]
    lines = upgrade_lines([*refused, row("d", failure="No stack")])
    assert lines[lines.index("a, b, c cannot be upgraded:") + 1] == "  There is no release 20260115.10."
    assert sum("There is no release" in line for line in lines) == 1
    assert "d cannot be upgraded:" in lines


@pytest.mark.parametrize(
    ("old", "created", "expected"),
    [
        ("20250131.9", "2026-01-01", True),
        ("20250201.1", "2024-01-01", False),
        ("", "2025-01-31", True),
        ("", "2025-02-01", False),
        ("", "", False),
    ],
)
def test_the_port_of_ssh_changes_for_templates_up_to_january_2025(old: str, created: str, expected: bool) -> None:
    times = {"creation_time": f"{created}T10:00:00+00:00" if created else "", "last_updated_time": "2026-03-01T10:00"}
    found = row("a", old=old, stack=times)
    assert changes_ssh_port(found) is expected
    told = [line for line in upgrade_lines([found]) if "SSH on port 29222" in line]
    assert [("records no release" in line) for line in told] == ([not old] if expected else [])


def test_another_template_of_that_time_changes_no_port() -> None:
    assert not changes_ssh_port(row("a", old="20250110.1", new="20250120.1"))


def test_a_runner_that_is_there_is_not_warned_about() -> None:
    assert not changes_ssh_port(row("a", old="20250110.1", changed=False))


def test_the_way_back_names_the_release_and_the_hosts() -> None:
    lines = going_back([row("b"), row("a"), row("c", old="20251101.1"), row("d", changed=False), row("e", old="")])
    assert lines == [
        "To go back to 20251101.1:",
        "  ansible-playbook gitpod.enterprise_runner.upgrade \\",
        "    -e gitpod_stack_release_version=v20251101.1 \\",
        "    -e gitpod_stack_allow_downgrade=true \\",
        "    --limit host-c",
        "To go back to 20251203.4:",
        "  ansible-playbook gitpod.enterprise_runner.upgrade \\",
        "    -e gitpod_stack_release_version=v20251203.4 \\",
        "    -e gitpod_stack_allow_downgrade=true \\",
        "    --limit host-a:host-b",
        "e: no release was recorded before; go back with the release that they had (gitpod_stack_release_version), or"
        " their template (gitpod_stack_template_url)",
    ]


def test_hostile_words_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in "\n".join(upgrade_lines([row("evil\x1b[2J"), row("b", failure="\x1b[31m")]))


GOING_ON: dict[str, t.Any] = {
    "operation": "attach",
    "changed": False,
    "changes": [],
    "stack": {"status": "UPDATE_IN_PROGRESS"},
}


def test_an_update_that_goes_on_is_an_upgrade_that_is_needed() -> None:
    found = row("a", **GOING_ON)
    assert (found["needed"], found["to"], found["failure"]) == (True, "20260115.2", "")
    lines = upgrade_lines([found, row("b")])
    assert lines[2].endswith("goes on")
    assert any("a (UPDATE_IN_PROGRESS): an update goes on" in line for line in lines)


def test_the_way_back_of_an_upgrade_that_another_run_began_is_in_its_table() -> None:
    (told,) = going_back([row("a", old="20260115.2", **GOING_ON)])
    assert told.startswith("a: an earlier run began this upgrade")


@pytest.mark.parametrize(
    ("operation", "status", "refused"),
    [
        ("none", "UPDATE_COMPLETE", False),
        ("update", "UPDATE_ROLLBACK_COMPLETE", False),
        ("attach", "UPDATE_IN_PROGRESS", False),
        ("attach", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", False),
        ("attach", "UPDATE_ROLLBACK_IN_PROGRESS", False),
        ("attach", "CREATE_IN_PROGRESS", True),
        ("create", "ABSENT", True),
        ("create", "REVIEW_IN_PROGRESS", True),
        ("recreate", "ROLLBACK_COMPLETE", True),
    ],
)
def test_only_a_stack_that_was_finished_once_is_upgraded(operation: str, status: str, refused: bool) -> None:
    said = refusal({"operation": operation, "stack": {"name": "eu", "status": status}})
    assert bool(said) is refused
    if refused:
        assert "eu" in said
        assert status in said
        assert "site.yml" in said
