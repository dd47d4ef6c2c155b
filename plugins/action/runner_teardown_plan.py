# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes and what stays of a runner, shown, and whether that is confirmed; no process is started."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.plan import (
    teardown_lines,
    teardown_plan,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import block
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Result, plain


class ActionModule(ControlNodeAction):
    """The plan from what the looks found; without the confirmation by name it fails, and nothing is changed."""

    _VALID_ARGS: t.ClassVar[frozenset[str]] = frozenset()

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Show, and fail unless confirmed."""
        result: Result = super().run(tmp, task_vars)
        variables = task_vars or {}
        values = host_values(self, variables)
        found = {name: _registered(variables, f"__gitpod_teardown_{name}") for name in LOOKS}
        look = found["look"]
        if not look:
            return {**result, "failed": True, "msg": NOT_LOOKED}
        removal = _registered(variables, "__gitpod_dns_removal") if look["provider_writes"] else found["records"]
        settings = {
            "domain": look["domain"],
            "provider": look["provider"],
            "delete_buckets": values["gitpod_teardown_delete_buckets"] is True,
            "retain_resources": values["gitpod_teardown_retain_resources"],
            "api_token": bool(values["gitpod_api_token"]),
        }
        records = removal if look["records_known"] else {}
        plan = teardown_plan(look, records, found["certificate"], found["registration"], settings)
        name = values["gitpod_runner_name"]
        self._display.display(block(teardown_lines(plan, name)))
        if plan["goes"] and name not in values["gitpod_teardown_confirm"] and not self._task.check_mode:
            # What would go was shown, and Ansible prints a failed result in full.
            return {**result, "failed": True, "changed": False, "msg": NOT_CONFIRMED.format(name)}
        return {**result, "changed": False, **plan}


NOT_CONFIRMED = (
    "Nothing was changed; what would go stands above. To confirm, run again with -e gitpod_teardown_confirm={0}"
)
NOT_LOOKED = (
    "What there is of the runner was not looked at, so nothing is removed. Run the teardown from its beginning (without"
    " --start-at-task, and with every step of --step)."
)
LOOKS = ("look", "records", "certificate", "registration")


def _registered(variables: t.Mapping[str, t.Any], name: str) -> dict[str, t.Any]:
    found = variables.get(name)
    return {} if not isinstance(found, dict) or found.get("skipped") else plain(found)
