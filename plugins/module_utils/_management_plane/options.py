# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the connection that all modules of the management plane share (doc fragment management_plane)."""

from __future__ import annotations

import importlib.util
import typing as t

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import TOKEN_VARIABLES

MISSING = importlib.util.find_spec("ona_sdk") is None

CONNECTION: dict[str, dict[str, t.Any]] = {
    "api_url": {"type": "str", "fallback": (env_fallback, ["ONA_BASE_URL"])},
    "api_token": {"type": "str", "no_log": True, "fallback": (env_fallback, list(TOKEN_VARIABLES))},
    "api_timeout": {"type": "int", "default": 30},
    "api_retries": {"type": "int", "default": 10},
    "ca_path": {"type": "path"},
}


def create_module(argument_spec: dict[str, dict[str, t.Any]], **more: t.Any) -> AnsibleModule:
    """The module with the connection's options; it fails with instructions where the SDK is not installed."""
    module = AnsibleModule(argument_spec={**CONNECTION, **argument_spec}, **more)
    if MISSING:
        module.fail_json(msg=missing_required_lib("gitpod-sdk (Python 3.10 or newer)"))
    return module
