# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send the template that lies on the control node; the module itself does everything else."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.template_file import with_template_body


class ActionModule(ActionBase):
    """The module of the same name, with the content of a local file."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module once."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        arguments = with_template_body(self._task.args, self._find_needle)
        result.update(self._execute_module(module_args=arguments, task_vars=task_vars or {}))
        return result
