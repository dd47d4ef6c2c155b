# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print lines on the control node as they are: live in a terminal and in a controller's job output."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import block
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction


class ActionModule(ControlNodeAction):
    """Print the given lines; nothing is run anywhere."""

    _VALID_ARGS = frozenset({"lines"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Print, and return nothing but that nothing changed."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={"lines": {"type": "list", "elements": "str", "required": True}}
        )
        self._display.display(block(arguments["lines"]))
        result["changed"] = False
        return result
