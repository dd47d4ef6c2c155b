# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show a stack's progress while runner_stack waits for it; the module itself does everything else."""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.live import ActionModule as LiveModule
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.template_file import with_template_body

DEFAULT_INTERVAL = 10


class ActionModule(LiveModule):
    """The module of the same name, with live lines while it waits."""

    def arguments(self) -> dict[str, t.Any]:
        """With the template, which lies where Ansible runs."""
        return with_template_body(self._task.args, self._find_needle)

    def waits(self, arguments: t.Mapping[str, t.Any]) -> bool:
        """By default it does."""
        waits = boolean(arguments.get("wait", True), strict=False) or boolean(
            arguments.get("join", False), strict=False
        )
        return bool(waits and float(arguments.get("progress_interval", DEFAULT_INTERVAL) or 0) > 0)

    def prefix(self, host: str) -> str:
        """The bar stands apart."""
        return f"{host}  "
