# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show how far the environments of runner_acceptance are; the module itself does everything else."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.live import ActionModule as LiveModule


class ActionModule(LiveModule):
    """The module of the same name, with one live line for the fleet while it waits."""

    def waits(self, arguments: t.Mapping[str, t.Any]) -> bool:
        """An environment takes minutes."""
        return bool(arguments.get("runners"))

    def prefix(self, _host: str) -> str:
        """The line names the runners itself."""
        return ""
