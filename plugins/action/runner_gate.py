# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the gate of a fleet on the control node and decide who goes on; no process is started."""

from __future__ import annotations

import json
import pathlib
import typing as t

from ansible.errors import AnsibleActionFail

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import file_names, write_text
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.document import documents
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.gate import WIDTH, Gate, gate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.handed_on import plan_artifact
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.controller_job import sliced
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import TERMINAL

KEYS = ("host", "name", "region", "problems", "look", "values")
ARGUMENT_SPEC = {
    "runners": {"type": "list", "elements": "dict", "required": True},
    "batches": {"type": "list", "elements": "list", "default": []},
    "max_failures": {"type": "int", "default": 0},
    "show_costs": {"type": "bool", "default": True},
    "width": {"type": "int"},
    "directory": {"type": "path"},
}


class ActionModule(ControlNodeAction):
    """One table for the whole fleet, files of each runner, and the decision for the play to act on."""

    _VALID_ARGS = frozenset(ARGUMENT_SPEC)

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Show, write unless in check mode, and return; who is refused fails by a task of its own host."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        # Templated values may be lazy containers of ansible-core; the gate is made of plain data.
        fleet, batches = json.loads(
            json.dumps([[_chosen(runner) for runner in arguments["runners"]], arguments["batches"]], default=str)
        )
        found = gate(fleet, batches, arguments["max_failures"], arguments["show_costs"])
        lines = found.lines(arguments["width"] or TERMINAL.columns or WIDTH, verbose=self._display.verbosity > 0)
        files: list[str] = []
        if arguments["directory"] and not self._task.check_mode:
            files = _write(pathlib.Path(arguments["directory"]), found)
        self._display.rows(["", *lines, ""])
        result.update(changed=False, table=lines, files=files, **found.as_result())
        result["plan"] = plan_artifact(found, sliced(task_vars or {}))
        return result


def _chosen(runner: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the gate knows how to read, so that nothing unexpected is carried along."""
    if not runner.get("host"):
        raise AnsibleActionFail("An entry of runners has no host. Give each the inventory's name as host.")
    return {key: runner.get(key) for key in KEYS}


def _write(directory: pathlib.Path, found: Gate) -> list[str]:
    """The files of every runner; their paths."""
    names = file_names({runner.host: runner.name for runner in found.runners})
    written = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for runner in found.runners:
            for name, content in documents(runner, names[runner.host]).items():
                (directory / name).parent.mkdir(exist_ok=True)
                write_text(directory / name, content)
                written.append(str(directory / name))
    except OSError as error:
        raise AnsibleActionFail(
            f"Could not write the checks: {error}. Set gitpod_artifact_directory to a writable directory."
        ) from error
    return written
