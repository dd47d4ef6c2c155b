# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the plan of a fleet on the control node, without starting a process."""

from __future__ import annotations

import json
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._plan_table import plan_lines


class ActionModule(ActionBase):
    """One table for all runners; nothing is run anywhere."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset({"runners"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Show, and return the lines."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={"runners": {"type": "list", "elements": "dict", "required": True}}
        )
        # Templated values may be lazy containers of ansible-core; the table is made of plain data.
        runners = [
            {key: runner.get(key) for key in ("name", "region", "ready", "plan")} for runner in arguments["runners"]
        ]
        lines = plan_lines(json.loads(json.dumps(runners, default=str)))
        self._display.display("\n".join(["", *lines, ""]))
        result.update(changed=False, table=lines)
        return result
