# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send the templates that lie on the control node; the module itself does everything else."""

from __future__ import annotations

import contextlib
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import text_of
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import RunnerAction


class ActionModule(RunnerAction):
    """The module of the same name, with the content of local files."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module once."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        named = {
            (entry.get("values") or {}).get("gitpod_stack_template_file") for entry in arguments.get("runners", [])
        }
        arguments["template_bodies"] = self._contents({str(path) for path in named if path})
        result.update(self._execute_module(module_args=arguments, task_vars=task_vars or {}))
        return result

    def _contents(self, paths: t.Collection[str]) -> dict[str, str]:
        """Each file as it is; of one that cannot be read the module tells its runners."""
        found = {}
        for path in paths:
            with contextlib.suppress(AnsibleError, OSError, ValueError):
                found[path] = text_of(self._find_needle("files", path))
        return found
