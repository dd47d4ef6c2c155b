# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Post the summary of a run to a webhook from the control node, without starting a process and without ever failing."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._notify import host_of, post
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.messages import message
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.precedence import play_of


class ActionModule(ControlNodeAction):
    """Posts; a receiver that is not there is a warning."""

    _VALID_ARGS = frozenset({"url", "summary", "format", "from_inventory"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Post unless in check mode; what is returned does not have the URL."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "url": {"type": "str", "no_log": True},
                "summary": {"type": "dict", "required": True},
                "format": {"type": "str", "choices": ["auto", "slack", "json"], "default": "auto"},
                "from_inventory": {"type": "bool", "default": False},
            }
        )
        if arguments["from_inventory"]:
            arguments = {**arguments, **self._wanted(task_vars or {}, arguments["summary"])}
        if not arguments["url"]:
            result.update(changed=False, skipped=True, posted=False, reason="no message is asked for")
            return result
        result.update(changed=False, posted=False, reason="")
        try:
            # Templated values may be lazy containers of ansible-core; the message is plain data.
            summary = json.loads(json.dumps(arguments["summary"], default=str))
            told = message(summary, arguments["format"], host_of(arguments["url"]))
            if not self._task.check_mode:
                post(arguments["url"], told)
                result["posted"] = True
        except RunnerError as error:
            result["reason"] = error.message
            self._display.warning(error.message)
        return result

    def _wanted(self, variables: dict[str, t.Any], summary: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Where to, if this is a run that is told of: each at its end, or one in which something failed."""
        values = host_values(self, variables)
        failed = summary["counts"]["failed"] > 0
        told = failed or (values["gitpod_report_notify_on"] == "always" and not self._goes_on(variables))
        return {"url": values["gitpod_report_notify"] if told else "", "format": values["gitpod_report_notify_format"]}

    def _goes_on(self, variables: t.Mapping[str, t.Any]) -> bool:
        """Whether the play has batches after this one, in which the role would report again."""
        everyone, batch = variables.get("ansible_play_hosts_all") or [], variables.get("ansible_play_batch") or []
        return bool(getattr(play_of(self._task), "serial", None) and everyone and everyone[-1] not in batch)
