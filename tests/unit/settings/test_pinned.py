# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plays pin, and that every action plugin begins as all do (plugin_utils/action.py)."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[3]
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
PINNED = {
    "gather_facts": False,
    "connection": "local",
    "become": False,
    "strategy": "linear",
    "any_errors_fatal": False,
    "timeout": 0,
}
ACTIONS = sorted((ROOT / "plugins/action").glob("runner_*.py"))


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_play_says_each_setting_that_it_depends_on(path: pathlib.Path) -> None:
    plays = yaml.safe_load(path.read_text("utf-8"))
    assert plays
    for play in plays:
        assert {key: play.get(key) for key in PINNED} == PINNED, play["name"]
        assert play["vars"]["ansible_python_interpreter"] == "{{ ansible_playbook_python }}", play["name"]


def tasks_of(content: t.Any) -> t.Iterator[dict[str, t.Any]]:
    for entry in content or []:
        yield entry
        for part in ("block", "rescue", "always", "tasks"):
            yield from tasks_of(entry.get(part))


def test_nothing_of_roles_and_plays_runs_on_a_hosts_connection_but_what_a_probe_does() -> None:
    """Only actions of our own choose the control node, whatever connection the inventory gives a runner."""
    free = {"set_fact", "set_stats", "add_host", "include_tasks", "import_tasks", "include_role", "import_role", "meta"}
    allowed = {f"ansible.builtin.{name}" for name in free}
    found = [
        (str(path.relative_to(ROOT)), key)
        for path in [*PLAYBOOKS, *ROOT.glob("playbooks/tasks/*.yml"), *ROOT.glob("roles/*/tasks/*.yml")]
        for task in tasks_of(yaml.safe_load(path.read_text("utf-8")))
        for key in task
        # That role is about a controller, and its play about localhost.
        if "gitpod_controller" not in path.parts
        and "." in key
        and not key.startswith("gitpod.enterprise_runner.runner_")
        and key not in allowed
    ]
    assert found == []


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.stem)
def test_every_action_begins_as_all_do(path: pathlib.Path) -> None:
    text = path.read_text("utf-8")
    bases = ("(ControlNodeAction)", "(RunnerAction)", "(LiveModule)")
    assert any(f"class ActionModule{base}" in text for base in bases), "plugin_utils/action.py"
    # What reads the inventory is about a runner, and a runner is no machine.
    assert "host_values(" not in text or "class ActionModule(ControlNodeAction)" in text


def test_rescues_do_not_rely_on_a_failed_task_of_their_own() -> None:
    """Where Ansible gives up a host for another's failure, its rescue has none."""
    files = [*(ROOT / "playbooks").rglob("*.yml"), *(ROOT / "roles").rglob("*.yml")]
    assert [path for path in files if "ansible_failed_" in path.read_text("utf-8")] == []
