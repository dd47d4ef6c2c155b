# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the exchange token that runner_registration returns out of every output; the module does everything else."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import RunnerAction


class ActionModule(RunnerAction):
    """The module of the same name, whose result is censored where it has a token; a failure has none and is shown."""

    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module once."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        result.update(self._execute_module(module_args=dict(self._task.args), task_vars=task_vars or {}))
        # In check mode there is a text that is no secret, and the diff is worth more.
        if result.get("exchange_token") and not self._task.check_mode:
            result["_ansible_no_log"] = True
        return result
