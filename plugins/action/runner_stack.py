# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show a stack's progress while runner_stack waits for it; the module itself does everything else."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.live import ActionModule as LiveModule
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.live import seconds
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.template_file import with_template_body

DEFAULT_INTERVAL = 10


class ActionModule(LiveModule):
    """The module of the same name, with live lines while it waits."""

    def arguments(self) -> dict[str, t.Any]:
        """With the template, which lies where Ansible runs."""
        if isinstance(self._task.args.get("release_version"), (int, float)):
            # The module would be given the text of what YAML has left of it: 20260115.10 is the number 20260115.1.
            raise AnsibleActionFail(
                "release_version is a number, and zeros at its end are lost; nothing was changed. Write it as"
                " v20260115.10, or in quotes."
            )
        return with_template_body(self._task.args, self._find_needle)

    def waits(self, arguments: t.Mapping[str, t.Any]) -> bool:
        """By default it does."""
        waits = boolean(arguments.get("wait", True), strict=False) or boolean(
            arguments.get("join", False), strict=False
        )
        return bool(waits and seconds(arguments.get("progress_interval", DEFAULT_INTERVAL)) > 0)

    def prefix(self, host: str) -> str:
        """The bar stands apart."""
        return f"{host}  "
