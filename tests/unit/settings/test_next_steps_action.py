# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of a kind: all are judged before the first is written, and warnings stay Ansible's own."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.action import runner_settings
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.desired import Item
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import fleet

Call = tuple[str, bool]


class Warned:
    """As ansible-core 2.19 and later have a module's warnings in a worker: an object of its own, which is no text."""


class Modules:
    """What the modules answer, by the entry's name.

    :param refused: of entries that cannot be; with C(writes), only their writing fails.
    """

    def __init__(self, refused: t.Collection[str] = (), idle: t.Collection[str] = (), writes: bool = False) -> None:
        self.refused, self.idle, self.writes = refused, idle, writes
        self.calls: list[Call] = []

    def run(self, action: t.Any, _module: str, options: t.Mapping[str, t.Any], _variables: t.Any) -> dict[str, t.Any]:
        name, check = options["name"], bool(action._task.check_mode)
        self.calls.append((name, check))
        if name in self.refused and not (self.writes and check):
            return {"failed": True, "msg": f"No {name}"}
        changed = name not in self.idle
        actions = [f"create {name}"] if changed else []
        return {"changed": changed, "actions": actions, "environment_class": {"id": name}, "warnings": [Warned()]}


def kept(monkeypatch: pytest.MonkeyPatch, modules: Modules, *names: str, check: bool = False) -> dict[str, t.Any]:
    monkeypatch.setattr(runner_settings, "run_module", modules.run)
    task = types.SimpleNamespace(check_mode=check, action="runner_settings", _parent=None)
    action = runner_settings.ActionModule(task, types.SimpleNamespace(), None, None, None, None)
    items = [Item("environment_classes", name, {"name": name}) for name in names]
    found = runner_settings._together("environment_classes", action._kept(items, {}, {}))
    assert task.check_mode is check
    return found


def test_while_one_entry_cannot_be_none_of_its_kind_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = Modules(refused=("b",))
    found = kept(monkeypatch, modules, "a", "b", "c")
    assert modules.calls == [("a", True), ("b", True), ("c", True)]
    assert (found["failed"], found["changed"], found["actions"], found["entries"]) == (True, False, [], [])
    assert found["msg"] == "b: No b"


def test_what_is_well_is_written_once_and_only_where_it_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = Modules(idle=("b",))
    found = kept(monkeypatch, modules, "a", "b", "c")
    assert modules.calls == [("a", True), ("b", True), ("c", True), ("a", False), ("c", False)]
    assert found["actions"] == ["create a", "create c"]
    assert [entry["id"] for entry in found["entries"]] == ["a", "b", "c"]


def test_an_entry_whose_writing_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = Modules(refused=("a",), writes=True)
    found = kept(monkeypatch, modules, "a", "b")
    assert (found["failed"], found["changed"], found["actions"]) == (True, True, ["create b"])


@pytest.mark.parametrize(("names", "check"), [(("a",), False), (("a", "b"), True)])
def test_one_entry_judges_itself_and_check_mode_judges_anyway(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], check: bool
) -> None:
    modules = Modules()
    kept(monkeypatch, modules, *names, check=check)
    assert modules.calls == [(name, check) for name in names]


def test_warnings_are_handed_on_as_they_came(monkeypatch: pytest.MonkeyPatch) -> None:
    found = kept(monkeypatch, Modules(idle=("b",)), "a", "b")
    assert [type(warning) for warning in found["warnings"]] == [Warned, Warned]


@pytest.mark.parametrize(
    ("declared", "run", "skipped", "expected"),
    [
        (False, ["all"], [], False),
        (True, ["all"], [], True),
        (True, ["all"], ["acceptance"], False),
        (True, ["prerequisites", "stack"], [], False),
        (False, ["prerequisites", "acceptance"], [], True),
    ],
)
def test_the_gate_tells_an_acceptances_cost_where_the_run_has_one(
    declared: bool, run: list[str], skipped: list[str], expected: bool
) -> None:
    assert fleet.accepts(declared, {"ansible_run_tags": run, "ansible_skip_tags": skipped}) is expected


@pytest.mark.parametrize("skipped", [[], ["acceptance"]])
def test_the_look_asks_for_what_an_acceptance_needs_only_where_the_run_has_one(
    monkeypatch: pytest.MonkeyPatch, skipped: list[str]
) -> None:
    asked: list[dict[str, t.Any]] = []

    def run(_action: t.Any, _module: str, arguments: dict[str, t.Any], _variables: t.Any) -> dict[str, t.Any]:
        asked.extend(arguments["runners"])
        return {"runners": {}}

    raw = {"gitpod_runner_name": "eu", "gitpod_region": "eu-central-1", "gitpod_acceptance": True}
    monkeypatch.setattr(fleet, "run_module", run)
    monkeypatch.setattr(fleet.Fleet, "sound", lambda _fleet, _host: True)
    one = fleet.Fleet({"eu": read("eu", "/", variables(), raw)}, {"eu": []})
    found = fleet.prerequisites(None, one, {"ansible_skip_tags": skipped}, ["eu"])
    assert [runner["values"]["gitpod_acceptance"] for runner in asked] == [not skipped]
    assert found["runners"]["eu"]["values"]["gitpod_acceptance"] is (not skipped)
    assert one.values["eu"]["gitpod_acceptance"] is True
