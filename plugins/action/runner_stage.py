# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of one stage for the task's host: options from typed values, the module that takes them, and its result."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import (
    describe,
    of_what_is_set,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import outcome
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Result, earlier, plain, run_module
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.steps import STEPS, Situation, Step, shown

# What an existing stack keeps is left out of its own parameters.
OF_THE_INVENTORY = frozenset({"registration", "stack"})


class ActionModule(ControlNodeAction):
    """Runs the stage's module with the options that the inventory wants."""

    _supports_diff = True
    _VALID_ARGS = frozenset({"stage", "step", "options", "together"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Run the module once, or skip where there is nothing to do."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "stage": {"type": "str", "required": True, "choices": sorted({stage for stage, _step in STEPS})},
                "step": {"type": "str", "required": True},
                "options": {"type": "dict", "default": {}},
                "together": {"type": "bool", "default": False},
            }
        )
        variables = task_vars or {}
        step = STEPS[arguments["stage"], arguments["step"]]
        values = host_values(self, variables)
        # Where a role is used alone, nobody has told of them; what is left out is for the stage to say.
        problems = of_what_is_set(values)
        if problems:
            return {**result, "failed": True, "msg": describe(values.host, problems)}
        if arguments["stage"] not in OF_THE_INVENTORY:
            values = values.with_deployed(results.deployed(variables, values.host))
        situation = Situation(
            values.everything(),
            earlier(self, variables),
            variables,
            plain(arguments["options"]),
            bool(self._task.check_mode),
        )
        try:
            done = results.together(variables, arguments["stage"], values.host) if arguments["together"] else {}
            return {**result, **self._taken(step, situation, variables, plain(done))}
        except RunnerError as error:
            return {**result, "failed": True, "msg": error.message}

    def _taken(self, step: Step, situation: Situation, variables: dict[str, t.Any], done: Result) -> Result:
        """The module's result, or what stands where there is nothing to do.

        :param done: the result, where the batch has taken the step for all its hosts.
        """
        idle = step.idle(situation)
        if idle:
            stands = plain(step.stands(situation))
            return stands or {"skipped": True, "skip_reason": idle, "changed": False}
        result = done or run_module(self, step.module, plain(step.options(situation)), variables)
        if result.get("failed"):
            return outcome.shortened(result)
        lines = step.finish(situation, result)
        if lines:
            self._display.display(shown(lines))
        return result
