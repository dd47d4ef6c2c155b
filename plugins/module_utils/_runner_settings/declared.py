# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of runners: its inventory variables, declared once."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

# Of the modules that keep an entry.
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
    "issuer_url": {"type": "str"},
    "personal_access_token": {"type": "bool"},
    "virtual_directory": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"]},
}
SHARING_OPTIONS: t.Mapping[str, t.Any] = {
    "group": {"type": "str", "required": True},
    "role": {"type": "str", "choices": ["user", "admin"]},
    "state": {"type": "str", "choices": ["present", "absent"]},
}
LLM_OPTIONS: t.Mapping[str, t.Any] = {
    "endpoint": {"type": "str", "required": True},
    "models": {"type": "list", "elements": "str"},
    "max_tokens": {"type": "int"},
    "enabled": {"type": "bool"},
    "api_key": {"type": "str", "no_log": True},
    "state": {"type": "str", "choices": ["present", "absent"]},
}
POOL_OPTIONS: t.Mapping[str, t.Any] = {
    "project": {"type": "str", "required": True},
    "environment_class": {"type": "str", "required": True},
    "min_size": {"type": "int"},
    "max_size": {"type": "int"},
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
        name="gitpod_runner_settings_sharing",
        description=(
            "Groups with whom the runner is shared, each with the options of "
            "M(gitpod.enterprise_runner.runner_sharing), at least C(group). Groups that are not listed keep what they "
            "have."
        ),
        kind="list",
        elements="dict",
        options=SHARING_OPTIONS,
    ),
    Variable(
        name="gitpod_runner_settings_llm_integrations",
        description=(
            "Integrations of language models, each with the options of "
            "M(gitpod.enterprise_runner.runner_llm_integration), at least C(endpoint)."
        ),
        kind="list",
        elements="dict",
        options=LLM_OPTIONS,
        secret=True,
    ),
    Variable(
        name="gitpod_runner_settings_warm_pools",
        description=(
            "Warm pools, each with the options of M(gitpod.enterprise_runner.runner_warm_pool), at least C(project) "
            "and C(environment_class)."
        ),
        kind="list",
        elements="dict",
        options=POOL_OPTIONS,
    ),
)
