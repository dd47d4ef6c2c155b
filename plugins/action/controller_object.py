# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out one object of a controller's plan with the modules of the controller's own collection."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import confidential, declared
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.access import (
    access,
    collection_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.model import Object
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.operation import carry_out
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import controller_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import on_the_control_node, plain


class ActionModule(ControlNodeAction):
    """Reads the secrets here, so that no task carries them, and leaves out what a module repeats of its options."""

    _VALID_ARGS = frozenset({"object"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Make it, change it, or remove it."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(argument_spec={"object": {"type": "dict", "required": True}})
        given = plain(arguments["object"])
        wanted = Object(**given)
        values = controller_values(self, task_vars or {}, declared.PREFIX)
        collection = collection_of(wanted, values)
        connection = access(collection, values)
        variables = on_the_control_node(self, task_vars or {})
        asked = bool(self._task.check_mode)

        def run(module: str, options: t.Mapping[str, t.Any], check: bool) -> dict[str, t.Any]:
            name = f"{collection}.{module}"
            if not self._shared_loader_obj.module_loader.has_plugin(name):
                raise AnsibleActionFail(
                    f"There is no module {name}: the collection that gitpod_controller_collection names is not"
                    f" installed here, or is older. Install it: ansible-galaxy collection install {collection}"
                )
            self._task.check_mode = asked or check
            try:
                found: dict[str, t.Any] = self._execute_module(
                    module_name=name, module_args={**options, **connection}, task_vars=variables
                )
            finally:
                self._task.check_mode = asked
            return found

        secrets = confidential.given(wanted.confidential, values) if wanted.confidential else {}
        try:
            state, update = values["gitpod_controller_state"], values["gitpod_controller_update_secrets"]
            result.update(carry_out(run, wanted, state, secrets, update, asked))
        except RunnerError as error:
            result.update(failed=True, msg=error.message)
        return result
