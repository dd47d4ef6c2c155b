# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of runners: its inventory variables, declared once."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

# Of the modules that keep an entry; a version is only compared, so a number is one too.
CLASS_OPTIONS: t.Mapping[str, t.Any] = {
    "display_name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "configuration": {"type": "mapping"},
    "enabled": {"type": "bool"},
    "replace": {"type": "bool"},
    "state": {"type": "str", "choices": ["present", "absent"]},
}
INTEGRATION_OPTIONS: t.Mapping[str, t.Any] = {
    "scm_id": {"type": "str", "required": True},
    "host": {"type": "str", "required": True},
    "oauth_client_id": {"type": "str"},
    "oauth_client_secret": {"type": "str", "no_log": True},
    "oauth_client_secret_version": {"type": "raw"},
    "issuer_url": {"type": "str"},
    "personal_access_token": {"type": "bool"},
    "virtual_directory": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"]},
}

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_runner_settings_environment_classes",
        description=(
            "Environment classes, each with the options of M(gitpod.enterprise_runner.runner_environment_class), at "
            "least C(display_name)."
        ),
        kind="list",
        elements="dict",
        options=CLASS_OPTIONS,
    ),
    Variable(
        name="gitpod_runner_settings_scm_integrations",
        description=(
            "Source control integrations, each with the options of "
            "M(gitpod.enterprise_runner.runner_scm_integration), at least C(scm_id) and C(host)."
        ),
        kind="list",
        elements="dict",
        options=INTEGRATION_OPTIONS,
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
