# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show what runner_health_info still waits for; the module itself does everything else."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.live import ActionModule as LiveModule


class ActionModule(LiveModule):
    """The module of the same name, with live lines while it waits."""
