#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have an integration of language models of a runner, or have none."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_llm_integration
short_description: Manage how a runner reaches language models
version_added: 0.1.0
description:
  - Creates, changes and deletes the integration of one endpoint, with an API key of your own.
  - The API key is write-only. It is sent when the integration is created, and again with O(renew_api_key).

author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runner_id:
    description: ID of the runner.
    type: str
    required: true
  endpoint:
    description:
      - URL of the provider's endpoint, by which the integration is found. Empty is the provider's own endpoint.
    type: str
    required: true
  models:
    description:
      - Models that the integration serves, as the API names them, such as V(sonnet_4_5) or V(openai_auto). Needed for a
        new integration; without it, the present ones stay.
    type: list
    elements: str
  max_tokens:
    description: Longest answer of a model in tokens; V(0) leaves it to the model. Without it, the present value stays.
    type: int
  enabled:
    description: Whether the integration is used. Without it, that stays as it is; a new one is.
    type: bool
  api_key:
    description: API key of the provider. Needed for a new integration.
    type: str
  renew_api_key:
    description:
      - Whether O(api_key) is sent again. The management plane never shows it, so nobody can tell whether it is another
        one; use this in the run that rotates it. It is a change whenever it is sent.
    type: bool
    default: false
  state:
    description: Whether to have the integration.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - gitpod.enterprise_runner.management_plane
  - gitpod.enterprise_runner.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Of a key that is sent, it is shown that it is.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_environment_class
"""

EXAMPLES = r"""
- name: Serve models from Bedrock
  gitpod.enterprise_runner.runner_llm_integration:
    runner_id: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
    endpoint: https://bedrock-mantle.us-east-1.api.aws
    models: [sonnet_4_5, sonnet_4_5_extended]
    max_tokens: 8000
    api_key: "{{ bedrock_key }}"
"""

RETURN = r"""
integration:
  description: The integration, without its key; in check mode a new one has no ID. Null when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: Its ID.
      type: str
    endpoint:
      description: Its endpoint.
      type: str
    models:
      description: Its models, sorted.
      type: list
      elements: str
    max_tokens:
      description: Longest answer in tokens, V(0) for the model's own.
      type: int
    enabled:
      description: Whether it is used.
      type: bool
    phase_reason:
      description: Why it is not available, in the management plane's words.
      type: str
api_key_sent:
  description: Whether the API key was sent, or in check mode would be.
  returned: success
  type: bool
actions:
  description: What was done, or in check mode would be, in sentences.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.options import (
    CONNECTION,
    create_module,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import llm

ARGUMENT_SPEC = {
    **CONNECTION,
    "runner_id": {"type": "str", "required": True},
    "endpoint": {"type": "str", "required": True},
    "models": {"type": "list", "elements": "str"},
    "max_tokens": {"type": "int", "no_log": False},
    "enabled": {"type": "bool"},
    "api_key": {"type": "str", "no_log": True},
    "renew_api_key": {"type": "bool", "default": False, "no_log": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    """Options in, one call, result out."""
    module = create_module(ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, llm.run)


if __name__ == "__main__":
    main()
