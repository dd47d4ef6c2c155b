# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show how far a batch is while runner_fleet_wait waits for it; the module itself does everything else."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.live import ActionModule as LiveModule
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.live import seconds
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import make_ready

DEFAULT_INTERVAL = 10
PARTS = ("stack", "network_endpoints", "endpoint", "certificate")
# What a batch runs next, in every run that goes on to the end; records for all hosts together, or host by host.
NEXT = ("runner_together", "runner_dns", "runner_verification_info")
# What the parts' own modules take besides, and a batch says once.
SAID_ONCE = frozenset({"region", "profile", "join", "progress_interval"})


class ActionModule(LiveModule):
    """The module of the same name, with live lines while it waits."""

    def arguments(self) -> dict[str, t.Any]:
        """A part may be given with the options with which its own module would join."""
        arguments = super().arguments()
        runners = arguments.get("runners")
        if isinstance(runners, list) and all(isinstance(runner, dict) for runner in runners):
            arguments["runners"] = [{key: _part(key, value) for key, value in runner.items()} for runner in runners]
        return arguments

    def waits(self, arguments: t.Mapping[str, t.Any]) -> bool:
        """It always does, where there is something to wait for."""
        wanted = seconds(arguments.get("progress_interval", DEFAULT_INTERVAL)) > 0
        return bool(arguments.get("runners")) and wanted

    def before_waiting(self, variables: dict[str, t.Any]) -> None:
        """The batch has minutes now, and none later."""
        make_ready(self, NEXT, variables)

    def shown_by(self, events: str, arguments: dict[str, t.Any], prefix: str) -> t.Callable[[str], t.Any]:
        """What ended, rolls back or failed stays on the screen; how far each is, the module tells a board itself."""
        if events and self._connection.transport == "local":
            arguments.update(events_path=events, progress_interval=0)
        return t.cast("t.Callable[[str], t.Any]", self._display.display)

    def prefix(self, host: str) -> str:
        """Lines are about all hosts, or name their own."""
        return ""


def _part(key: str, value: t.Any) -> t.Any:
    if key not in PARTS or not isinstance(value, dict):
        return value
    return {option: given for option, given in value.items() if option not in SAID_ONCE}
