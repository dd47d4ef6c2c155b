# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a controller shall have, from the gitpod_controller_* variables, without starting a process."""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import describe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import declared
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.contract import problems
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.model import left_out
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.objects import objects, removals
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import controller_values

PLAYBOOKS = pathlib.Path(__file__).parents[2] / "playbooks"


class ActionModule(ControlNodeAction):
    """Every object in order, or everything that is wrong."""

    _VALID_ARGS: t.ClassVar[frozenset[str]] = frozenset()

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Type the variables, and plan."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        values = controller_values(self, task_vars or {}, declared.PREFIX)
        found = problems(values, variables())
        if found:
            result.update(failed=True, msg=describe(values.host, found))
            return result
        playbooks = {path.stem for path in PLAYBOOKS.glob("*.yml")}
        absent = values["gitpod_controller_state"] == "absent"
        planned = (removals if absent else objects)(values, playbooks)
        told = [] if absent else left_out(values, playbooks)
        for line in told:
            self._display.display(clean(line))
        result.update(changed=False, state=values["gitpod_controller_state"], left_out=told)
        result.update(objects=[wanted.as_data() for wanted in planned])
        return result
