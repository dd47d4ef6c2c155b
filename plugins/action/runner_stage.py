# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of one stage for the task's host: options from typed values, the module that takes them, and its result."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import (
    describe,
    of_what_is_set,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Result, earlier, plain, run_module
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.steps import STEPS, Situation, shown


class ActionModule(ActionBase):
    """Runs the stage's module with the options that the inventory wants."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True
    _VALID_ARGS = frozenset({"stage", "step", "options"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Run the module once, or skip where there is nothing to do."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "stage": {"type": "str", "required": True, "choices": sorted({stage for stage, _step in STEPS})},
                "step": {"type": "str", "required": True},
                "options": {"type": "dict", "default": {}},
            }
        )
        variables = task_vars or {}
        step = STEPS[arguments["stage"], arguments["step"]]
        values = host_values(self, variables)
        # Where a role is used alone, nobody has told of them; what is left out is for the stage to say.
        problems = of_what_is_set(values)
        if problems:
            return {**result, "failed": True, "msg": describe(values.host, problems)}
        situation = Situation(
            values.everything(),
            earlier(self, variables),
            variables,
            plain(arguments["options"]),
            bool(self._task.check_mode),
        )
        idle = step.idle(situation)
        if idle:
            stands = plain(step.stands(situation))
            if stands:
                return {**result, **stands}
            result.update(skipped=True, skip_reason=idle, changed=False)
            return result
        result.update(run_module(self, step.module, plain(step.options(situation)), variables))
        if not result.get("failed"):
            lines = step.finish(situation, result)
            if lines:
                self._display.display(shown(lines))
        return result
