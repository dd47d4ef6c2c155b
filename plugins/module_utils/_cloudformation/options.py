# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of M(gitpod.enterprise_runner.runner_stack), and what each rules out."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import module_specification

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    # What the inventory wants, as it is declared.
    **module_specification(VARIABLES),
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "template_body": {"type": "str"},
    "keep_release": {"type": "bool", "default": False},
    "running_version": {"type": "str"},
    # Which of them are secret, only the template tells.
    "parameters": {"type": "dict", "default": {}, "no_log": True},
    "secret_parameters": {"type": "dict", "default": {}, "no_log": True},
    "renew_secrets": {"type": "bool", "default": False, "no_log": False},
    "tags": {"type": "dict"},
    "purge_tags": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "join": {"type": "bool", "default": False},
    "operation_token": {"type": "str", "no_log": False},
    "force": {"type": "bool", "default": False},
    "runner_id": {"type": "str"},
    "runner_name": {"type": "str"},
    "retain_resources": {"type": "list", "elements": "str", "default": []},
    "progress_path": {"type": "path"},
}
RULES: dict[str, t.Any] = {
    "mutually_exclusive": [("template_url", "template_body", "template_file", "release_channel", "release_version")]
}
