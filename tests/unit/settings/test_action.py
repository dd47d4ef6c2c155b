# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strategies that do not do, documents on standard output, stale facts, and the connection to the control node."""

from __future__ import annotations

import pathlib
import sys
import types
import typing as t

import pytest
from ansible import constants

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_notify import ActionModule as Notify
from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_outcome import ActionModule as Outcome
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import precedence, running
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction, refused_strategy
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.fleet import of_each
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import Screen, writes_a_document


@pytest.mark.parametrize(
    ("strategy", "once", "words"),
    [
        ("linear", True, ""),
        ("ansible.builtin.linear", True, ""),
        ("debug", True, ""),
        ("free", False, ""),
        ("free", True, "run once for all runners"),
        ("ansible.builtin.free", True, "run once for all runners"),
        ("host_pinned", True, "run once for all runners"),
        ("ansible.builtin.host_pinned", True, "strategy: linear"),
        ("mitogen_linear", False, "replaces how Ansible runs modules"),
        ("mitogen_free", True, "replaces how Ansible runs modules"),
        ("mitogen", False, "strategy: linear"),
        ("", False, ""),
    ],
)
def test_a_strategy_that_cannot_be_right_is_refused(strategy: str, once: bool, words: str) -> None:
    refusal = refused_strategy(strategy, once, "runner_report")
    assert bool(refusal) == bool(words)
    assert words in refusal


@pytest.mark.parametrize(
    ("callback", "document"),
    [
        ("default", False),
        ("yaml", False),
        ("minimal", False),
        ("awx_display", False),
        ("", False),
        (None, False),
        ("json", True),
        ("ansible.posix.json", True),
        ("ansible.posix.jsonl", True),
        ("our_json", True),
        ("json.like.default", False),
    ],
)
def test_lines_go_beside_a_document(monkeypatch: pytest.MonkeyPatch, callback: str | None, document: bool) -> None:
    assert writes_a_document(callback) is document
    monkeypatch.setattr(constants, "DEFAULT_STDOUT_CALLBACK", callback)
    shown: list[tuple[str, dict[str, t.Any]]] = []
    ansible = types.SimpleNamespace(display=lambda text, **options: shown.append((text, options)), verbosity=3)
    screen = Screen(ansible)
    screen.display("a line")
    assert shown == [("a line", {"stderr": document})]
    assert screen.verbosity == 3


class Cache:
    """A persistent fact cache."""

    _persistent = True

    def __init__(self, **facts: t.Any) -> None:
        self.facts = facts

    def get(self, _host: str) -> dict[str, t.Any]:
        return dict(self.facts)


class Manager:
    """As much of Ansible's VariableManager as counts: inventory, cache, facts of this run, extra variables."""

    def __init__(self, cache: t.Any, inventory: dict[str, t.Any], now: dict[str, t.Any]) -> None:
        self._fact_cache, self._extra_vars = cache, {}
        self._nonpersistent_fact_cache = {"host": now}
        self._inventory = types.SimpleNamespace(get_host=lambda name: types.SimpleNamespace(name=name))
        self.inventory = inventory

    def get_vars(self, play: t.Any, host: t.Any, task: t.Any) -> dict[str, t.Any]:
        return {**self.inventory, **self._fact_cache.get(host.name), **self._nonpersistent_fact_cache[host.name]}


ACTION = types.SimpleNamespace(_task=types.SimpleNamespace(_parent=None))


def variables_with(manager: Manager) -> dict[str, t.Any]:
    host = types.SimpleNamespace(name="host")
    own = manager.get_vars(None, host, None)
    return {**own, "inventory_hostname": "host", "hostvars": types.SimpleNamespace(_variable_manager=manager)}


def test_what_an_earlier_run_has_left_in_a_fact_cache_does_not_count() -> None:
    cache = Cache(gitpod_region="old", gitpod_site_failure_result={"task": "old"}, gitpod_vpc_id="now", own="kept")
    manager = Manager(cache, {"gitpod_region": "new"}, {"gitpod_vpc_id": "now"})
    task_vars = variables_with(manager)
    precedence.forget_earlier_runs(ACTION, task_vars)
    assert task_vars["gitpod_region"] == "new"
    assert "gitpod_site_failure_result" not in task_vars
    # Set by a task of this run, which Ansible keeps in both.
    assert task_vars["gitpod_vpc_id"] == "now"
    assert task_vars["own"] == "kept"
    other = precedence.variables_of(ACTION, {**task_vars, "inventory_hostname": "another"}, "host")
    assert (other["gitpod_region"], other["gitpod_vpc_id"]) == ("new", "now")
    assert manager._fact_cache is cache


def test_the_cache_in_memory_is_this_runs_and_counts() -> None:
    cache = Cache(gitpod_region="of a facts module")
    cache._persistent = False
    task_vars = variables_with(Manager(cache, {"gitpod_region": "new"}, {}))
    precedence.forget_earlier_runs(ACTION, task_vars)
    assert task_vars["gitpod_region"] == "of a facts module"


class Action(ControlNodeAction):
    """One that does nothing by itself."""


def action(delegate_to: str | None = None) -> t.Any:
    task = types.SimpleNamespace(delegate_to=delegate_to, run_once=False, action="x", environment=[], _parent=None)
    machine = types.SimpleNamespace(transport="ssh", become="sudo", _shell=types.SimpleNamespace(tmpdir=None))
    return Action(task, machine, None, None, None, None)


MACHINE = {"inventory_hostname": "runner", "ansible_connection": "ssh", "ansible_python_interpreter": "/there/python3"}


@pytest.mark.parametrize("delegate_to", [None, "localhost"])
def test_modules_run_here_with_ansibles_python_and_leave_no_file(delegate_to: str | None) -> None:
    found = action(delegate_to)
    there = {"ansible_delegated_vars": {"localhost": {"ansible_python_interpreter": "/there/python3", "x": 1}}}
    variables = running.on_the_control_node(found, {**MACHINE, **(there if delegate_to else {})})
    assert found._connection.transport == "local"
    assert found._connection.become is None
    assert found._connection.is_pipelining_enabled()
    assert found._play_context.remote_addr == "runner"
    assert variables["ansible_python_interpreter"] == sys.executable
    if delegate_to:
        own = variables["ansible_delegated_vars"]["localhost"]
        assert own == {"ansible_python_interpreter": sys.executable, "x": 1}


def test_a_task_that_is_delegated_stays_where_it_is() -> None:
    found = action("probe")
    variables = running.on_the_control_node(found, MACHINE)
    assert variables == MACHINE
    assert found._connection.transport == "ssh"


def test_a_directory_of_the_run_may_be_called_anything(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    odd = tmp_path / "odd $(touch here)  with blanks"
    odd.mkdir()
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(odd))
    found = action()
    running.on_the_control_node(found, MACHINE)
    path = pathlib.Path(found._make_tmp_path())
    assert path.parent == odd
    assert path.stat().st_mode & 0o777 == 0o700
    assert found._should_remove_tmp_path(str(path))


def test_a_read_that_fails_is_each_runners_own_failure() -> None:
    """Else Ansible would give up the other hosts past their rescue."""
    runners = [{"host": "a", "stack": {}, "endpoint": {}}, {"host": "b"}]
    found = of_each({"failed": True, "msg": "boto3 is missing"}, runners)
    failure = {"failed": True, "msg": "boto3 is missing"}
    assert found["failed"] is False
    assert found["runners"] == {"a": {"stack": failure, "endpoint": failure}, "b": failure}
    good = {"changed": False, "runners": {"a": {}}}
    assert of_each(good, runners) is good


def remembered(**variables: t.Any) -> dict[str, t.Any]:
    task = types.SimpleNamespace(
        args={"of": "failure"}, check_mode=False, async_val=0, action="runner_outcome", run_once=False, _parent=None
    )
    connection = types.SimpleNamespace(_shell=types.SimpleNamespace(tmpdir=None))
    result: dict[str, t.Any] = Outcome(task, connection, None, None, None, None).run(
        task_vars={"inventory_hostname": "runner", **variables}
    )
    return result


def test_a_rescue_tells_what_failed_and_that_nothing_of_its_own_did() -> None:
    own = remembered(
        ansible_failed_task={"name": "Start the stack", "action": "runner_stage", "register": "gitpod_stack_started"},
        ansible_failed_result={"msg": "No capacity", "stack": {"status": "CREATE_FAILED"}},
    )
    assert (own["task"], own["message"], own["register"]) == ("Start the stack", "No capacity", "gitpod_stack_started")
    assert own["stack"] == {"status": "CREATE_FAILED"}
    assert not own.get("failed")
    others = remembered()
    assert "gave up on this runner" in others["message"]
    assert not others.get("failed")


@pytest.mark.parametrize(
    ("serial", "batch", "goes_on"),
    [
        ([], ["a", "b", "c"], False),
        ([1], ["a"], True),
        ([1], ["c"], False),
        # The last runner failed earlier in the play; without batches there is no later post.
        ([], ["a", "b"], False),
    ],
)
def test_of_a_play_in_batches_only_the_last_posts(serial: list[int], batch: list[str], goes_on: bool) -> None:
    play = types.SimpleNamespace(serial=serial)
    task = types.SimpleNamespace(_parent=types.SimpleNamespace(_play=play))
    notify = Notify(task, None, None, None, None, None)
    variables = {"ansible_play_hosts_all": ["a", "b", "c"], "ansible_play_batch": batch}
    assert notify._goes_on(variables) is goes_on
