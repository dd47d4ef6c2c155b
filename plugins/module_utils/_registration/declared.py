# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registration stage: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_registration_release_channel",
        description=(
            "Channel of the runner's releases, V(stable) or V(latest); empty keeps it, a new one has V(stable)."
        ),
        option="release_channel",
        choices=("stable", "latest"),
    ),
    Variable(
        name="gitpod_registration_auto_update",
        description="Whether the runner updates itself. Without it, that stays as it is; a new runner does.",
        kind="bool",
        option="auto_update",
    ),
    Variable(
        name="gitpod_registration_log_level",
        description="V(debug), V(info), V(warn) or V(error); empty keeps it, a new runner gets V(info).",
        option="log_level",
        choices=("debug", "info", "warn", "error"),
    ),
    Variable(
        name="gitpod_registration_update_window",
        description=(
            "Hours of the day in UTC in which the runner may update itself, C(start_hour) and C(end_hour). "
            "C(enabled: false) takes a window away; empty keeps the present one."
        ),
        kind="dict",
        option="update_window",
        options={"enabled": {"type": "bool"}, "start_hour": {"type": "int"}, "end_hour": {"type": "int"}},
    ),
    Variable(
        name="gitpod_registration_devcontainer_image_cache",
        description=(
            "Whether the shared cache of dev container images is on. Without it, that stays as it is; a new runner "
            "has it."
        ),
        kind="bool",
        option="devcontainer_image_cache",
    ),
    Variable(
        name="gitpod_registration_metrics",
        description=(
            "Where the runner sends metrics, C(enabled), C(managed), C(url), C(username) and C(password); what is left"
            " out stays as it is."
        ),
        kind="dict",
        secret=True,
        option="metrics",
        options={
            "enabled": {"type": "bool"},
            "managed": {"type": "bool"},
            "url": {"type": "str"},
            "username": {"type": "str"},
            "password": {"type": "str", "no_log": True},
        },
    ),
    Variable(
        name="gitpod_registration_same_name_elsewhere",
        description="Whether a runner of this name in another region is a runner of its own.",
        kind="bool",
        default=False,
        option="same_name_elsewhere",
    ),
)
