# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of runners: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_runner_settings_environment_classes",
        description=(
            "Environment classes, each with the options of M(gitpod.enterprise_runner.runner_environment_class), at "
            "least C(display_name)."
        ),
        kind="list",
        elements="dict",
    ),
    Variable(
        name="gitpod_runner_settings_scm_integrations",
        description=(
            "Source control integrations, each with the options of "
            "M(gitpod.enterprise_runner.runner_scm_integration), at least C(scm_id) and C(host)."
        ),
        kind="list",
        elements="dict",
        secret=True,
    ),
    Variable(
        name="gitpod_runner_settings_sent_versions_path",
        description=(
            "File on the control node that keeps the versions of the client secrets that were sent. Default is "
            "C(<host>-sent.json) in C(gitpod_artifact_directory)."
        ),
        kind="path",
    ),
)
