# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge the looks of all vantage points together, on the control node, without starting a process."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import report
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction


class ActionModule(ControlNodeAction):
    """One verdict from many results."""

    _VALID_ARGS = frozenset({"sources", "required"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Judge, show what could not be seen, and fail unless in check mode."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "sources": {"type": "list", "elements": "dict", "required": True},
                "required": {"type": "list", "elements": "str", "default": []},
            }
        )
        # Templated values may be lazy containers of ansible-core; the verdict is plain data.
        sources = json.loads(json.dumps(arguments["sources"], default=str))
        required = [str(pattern) for pattern in arguments["required"] or []]
        found = report.together(sources, required)
        host = str((task_vars or {}).get("inventory_hostname", "runner"))
        for line in report.unseen_lines(found):
            self._display.display(clean(f"{host}: {line}"))
        result.update(changed=False, **found)
        if not found["healthy"] and not self._task.check_mode:
            result.update(failed=True, msg=clean(report.explain(found, required)))
        return result
