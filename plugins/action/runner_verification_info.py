# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show which runners runner_verification_info still waits for; the module itself does everything else."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.live import ActionModule as LiveModule
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.live import seconds

WAITS = ("gitpod_verify_wait", "gitpod_verify_phase_wait")


class ActionModule(LiveModule):
    """The module of the same name, with one live line for the fleet while it waits."""

    def waits(self, arguments: t.Mapping[str, t.Any]) -> bool:
        """Whether any runner has patience."""
        values = [entry.get("values") or {} for entry in arguments.get("runners") or []]
        return any(seconds(own.get(name)) > 0 for own in values for name in WAITS)

    def prefix(self, _host: str) -> str:
        """The line names the runners itself."""
        return ""
