# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep one kind of a runner's settings as the inventory lists it: a next step of the guide."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import (
    describe,
    of_what_is_set,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.desired import connection
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import desired
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.foresee import UNREAD, actions
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import NEXT_STEPS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import (
    Raw,
    Result,
    earlier,
    plain,
    run_module,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import report_comes_last

Done = list[tuple[desired.Item, Result]]
# Of an entry that is well, where another one of its kind cannot be.
NOT_BEGUN: Result = {"changed": False, "actions": []}
# What check mode has in place of the ID of a runner that would be registered.
UNREGISTERED = "known-after-registration"


class ActionModule(ControlNodeAction):
    """Runs a module an entry; only its public results are returned, because an entry's options may hold a secret."""

    _supports_diff = True
    _VALID_ARGS: t.ClassVar[frozenset[str]] = frozenset({"kind"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Find the runner and keep each entry."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={"kind": {"type": "str", "required": True, "choices": list(NEXT_STEPS)}}
        )
        variables = task_vars or {}
        read = host_values(self, variables)
        values = read.everything()
        problems = of_what_is_set(read)
        if problems:
            return {**result, "failed": True, "msg": describe(read.host, problems)}
        items = desired.items(values, (arguments["kind"],))
        if not items:
            return {**result, **_skipped("the inventory lists none")}
        if results.stages(variables, read.host)["failure"]:
            return {**result, **_skipped("something before it failed")}
        runner_id = earlier(self, variables).runner_id(values)
        if runner_id == UNREGISTERED:
            return {**result, **self._told(values, arguments["kind"], [(item, _foreseen(item)) for item in items])}
        if not runner_id:
            found = run_module(self, "runner_registration_info", desired.find(values), variables)
            runner_id = str((found.get("runner") or {}).get("id") or "")
            if not runner_id:
                return {**result, "failed": True, "msg": str(found.get("msg") or _not_found(values))}
        done = self._kept(items, {**connection(values), "runner_id": runner_id}, variables)
        return {**result, **self._told(values, arguments["kind"], done)}

    def _told(self, values: Raw, kind: str, done: Done) -> Result:
        """All entries' results together, with a line for each thing that is done."""
        # The collection's own callback tells of changes itself.
        for _item, found in () if report_comes_last() else done:
            for line in found["actions"]:
                would = "would " if self._task.check_mode else ""
                self._display.display(clean(f"{values['gitpod_runner_name']}: {would}{line}"))
        return _together(kind, done)

    def _kept(self, items: t.Sequence[desired.Item], common: Result, variables: Raw) -> Done:
        """Each entry's result.

        Every one is judged before the first is written: while one cannot be, none is. After that, one that fails stops
        no other.
        """
        checks = bool(self._task.check_mode)
        if checks or len(items) == 1:
            return [(item, self._run(item, common, variables)) for item in items]
        self._task.check_mode = True
        try:
            judged = [(item, self._run(item, common, variables)) for item in items]
        finally:
            self._task.check_mode = False
        if any(found.get("failed") for _item, found in judged):
            return [(item, found if found.get("failed") else NOT_BEGUN) for item, found in judged]
        return [(item, self._run(item, common, variables) if found["changed"] else found) for item, found in judged]

    def _run(self, item: desired.Item, common: Result, variables: Raw) -> Result:
        """One entry's result as plain data, but for its warnings, which are Ansible's own."""
        raw = run_module(self, item.module, {**common, **item.options}, variables)
        warnings = {"warnings": raw["warnings"]} if raw.get("warnings") else {}
        found = plain({key: value for key, value in raw.items() if key != "warnings"})
        return {"changed": False, "actions": [], **found, **warnings}


def _foreseen(item: desired.Item) -> Result:
    """In check mode, of a runner that is not registered yet: it has nothing, and the run itself counts what is made."""
    try:
        told = actions(item, UNREAD)
    except RunnerError as error:
        return {"failed": True, "changed": False, "actions": [], "msg": error.message}
    return {"changed": bool(told), "actions": told}


def _skipped(reason: str) -> Result:
    return {"skipped": True, "skip_reason": reason, "changed": False}


def _together(kind: str, done: Done) -> Result:
    """Without what the modules were called with."""

    def of(name: str) -> list[t.Any]:
        return [found[name] for _item, found in done if found.get(name)]

    result: Result = {
        "changed": any(found["changed"] for _item, found in done),
        "entries": of(desired.KINDS[kind].returns),
        "actions": [line for _item, found in done for line in found["actions"]],
        "diff": of("diff"),
        "warnings": [warning for warnings in of("warnings") for warning in warnings],
    }
    failures = [clean(f"{item.label}: {found.get('msg')}") for item, found in done if found.get("failed")]
    return {**result, "failed": True, "msg": "\n".join(failures)} if failures else result


def _not_found(values: t.Mapping[str, t.Any]) -> str:
    return (
        f"There is no runner {values['gitpod_runner_name']} in {values['gitpod_region']} whose settings could be kept;"
        " nothing was changed. Register it first, or set gitpod_runner_id."
    )
