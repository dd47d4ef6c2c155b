# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jinja2 filters of the roles."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.records import external_records
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._rollout import serial
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.interruption import interruptible
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.play_hosts import play_hosts
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.run_tags import known_tags


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Names as they are used in templates, without the collection's prefix."""
        return {
            "external_records": external_records,
            "interruptible": interruptible,
            "play_hosts": play_hosts,
            "known_tags": known_tags,
            "rollout_batches": serial,
        }
