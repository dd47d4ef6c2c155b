# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep a runner's environment classes and source control integrations as the inventory lists them."""

from __future__ import annotations

import json
import pathlib
import typing as t

from ansible.errors import AnsibleActionFail

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import (
    describe,
    of_what_is_set,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import MALFORMED, Problem
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import file_name, unwritable, write_text
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.desired import connection
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import desired
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import (
    Raw,
    Result,
    earlier,
    plain,
    run_module,
)

PATH = "gitpod_runner_settings_sent_versions_path"
Done = list[tuple[desired.Item, Result]]


class ActionModule(ControlNodeAction):
    """Runs a module an entry; only its public results are returned, because an integration's options hold a secret."""

    _supports_diff = True
    _VALID_ARGS: t.ClassVar[frozenset[str]] = frozenset()

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Find the runner, keep each entry, and remember which versions of secrets were sent."""
        result: Result = super().run(tmp, task_vars)
        variables = task_vars or {}
        read = host_values(self, variables)
        values = read.everything()
        path = pathlib.Path(values[PATH] or f"{values['gitpod_artifact_directory']}/{file_name(read.host)}-sent.json")
        fault = unwritable(str(path.parent))
        unwritten = Problem(MALFORMED, PATH, f"Nothing can be written to {path.parent}: {fault}.", "Name another file.")
        problems = [*of_what_is_set(read), *([unwritten] if fault else [])]
        if problems:
            return {**result, "failed": True, "msg": describe(read.host, problems)}
        sent = _remembered(path)
        items = desired.items(values, sent)
        runner_id = earlier(self, variables).runner_id(values)
        if items and not runner_id:
            found = run_module(self, "runner_registration_info", desired.find(values), variables)
            runner_id = str((found.get("runner") or {}).get("id") or "")
            if not runner_id:
                return {**result, "failed": True, "msg": str(found.get("msg") or _not_found(values))}
        done = self._kept(items, {**connection(values), "runner_id": runner_id}, variables)
        now = desired.versions(sent, [entry for entry in done if entry[0].key])
        if now != sent and not self._task.check_mode:
            _remember(path, now)
        for line in (f"{values['gitpod_runner_name']}: {line}" for _item, found in done for line in found["actions"]):
            self._display.display(clean(line))
        return {**result, **_together(done), "changed": now != sent or any(found["changed"] for _item, found in done)}

    def _kept(self, items: t.Sequence[desired.Item], common: Result, variables: Raw) -> Done:
        """Each entry's result; one that fails stops no other."""
        done: Done = []
        for item in items:
            found = plain(run_module(self, item.module, {**common, **item.options}, variables))
            done.append((item, {"changed": False, "actions": [], **found}))
        return done


def _together(done: Done) -> Result:
    """Without what the modules were called with."""

    def of(name: str) -> list[t.Any]:
        return [found[name] for _item, found in done if found.get(name)]

    result: Result = {
        "environment_classes": of("environment_class"),
        "scm_integrations": of("integration"),
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


def _remembered(path: pathlib.Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise AnsibleActionFail(_unusable(path, error)) from error
    if not isinstance(found, dict):
        raise AnsibleActionFail(_unusable(path, "it holds no dictionary"))
    return {str(key): str(value) for key, value in found.items()}


def _unusable(path: pathlib.Path, reason: object) -> str:
    return (
        f"Could not read which versions of secrets were sent from {path}: {reason}; nothing was changed. Set {PATH} to"
        " another file, or remove this one; secrets with a version are then sent once more."
    )


def _remember(path: pathlib.Path, versions: t.Mapping[str, str]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(versions, indent=4, sort_keys=True) + "\n")
    except OSError as error:
        raise AnsibleActionFail(
            f"Could not remember which versions of secrets were sent: {error}. Set {PATH} to a writable file."
        ) from error
