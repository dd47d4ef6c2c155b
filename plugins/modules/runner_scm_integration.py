#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a source control integration of a runner, or have none."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_scm_integration
short_description: Manage how a runner reaches source control systems
version_added: 0.1.0
description:
  - Creates, changes and deletes the integration of one source control system at one host, with OAuth, with the users'
    personal access tokens, or both.
  - The management plane's own validation is asked before anything is written, also in check mode.
  - The client secret is write-only. It is sent when the integration is created or its client changes, and again with
    O(renew_client_secret).
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runner_id:
    description: ID of the runner.
    type: str
    required: true
  scm_id:
    description: >-
      Source control system, such as V(github), V(gitlab), V(bitbucket), V(azuredevops_entra) or
      V(azuredevops_server).
    type: str
    required: true
  host:
    description: Host of the system, such as V(github.com), without scheme.
    type: str
    required: true
  oauth_client_id:
    description: Client ID of the OAuth application; without it, OAuth is off.
    type: str
  oauth_client_secret:
    description: Client secret of the OAuth application.
    type: str
  renew_client_secret:
    description:
      - Whether O(oauth_client_secret) is sent again although the integration has the client already. The management
        plane never shows the secret, so nobody can tell whether it is another one; use this in the run that rotates it.
      - It is a change whenever it is sent.
    type: bool
    default: false
  issuer_url:
    description: Issuer of the tokens. Needed for OAuth with V(azuredevops_entra).
    type: str
  personal_access_token:
    description: Whether users may log in with personal access tokens of their own.
    type: bool
    default: false
  virtual_directory:
    description: Virtual directory, such as V(/tfs). Needed with V(azuredevops_server).
    type: str
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
    details: Of a secret that is sent, it is shown that it is.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_environment_class
"""

EXAMPLES = r"""
- name: Let users log in to GitHub
  gitpod.enterprise_runner.runner_scm_integration:
    runner_id: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
    scm_id: github
    host: github.com
    oauth_client_id: Iv1.0123456789abcdef
    oauth_client_secret: "{{ github_client_secret }}"

- name: Rotate the client secret, with -e renew=true
  gitpod.enterprise_runner.runner_scm_integration:
    runner_id: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
    scm_id: github
    host: github.com
    oauth_client_id: Iv1.0123456789abcdef
    oauth_client_secret: "{{ github_client_secret }}"
    renew_client_secret: "{{ renew | default(false) }}"

- name: Let users bring their personal access tokens
  gitpod.enterprise_runner.runner_scm_integration:
    runner_id: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
    scm_id: gitlab
    host: gitlab.example.com
    personal_access_token: true
"""

RETURN = r"""
integration:
  description: The integration, without secrets; in check mode a new one has no ID. Null when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: Its ID.
      type: str
    scm_id:
      description: Its system.
      type: str
      sample: github
    host:
      description: Its host.
      type: str
      sample: github.com
    oauth:
      description: Whether OAuth is on.
      type: bool
    oauth_client_id:
      description: Client ID of the OAuth application.
      type: str
    issuer_url:
      description: Issuer of the tokens.
      type: str
    personal_access_token:
      description: Whether users may log in with personal access tokens.
      type: bool
    virtual_directory:
      description: Virtual directory.
      type: str
oauth_client_secret_sent:
  description: Whether the client secret was sent, or in check mode would be.
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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import integration

ARGUMENT_SPEC = {
    **CONNECTION,
    "runner_id": {"type": "str", "required": True},
    "scm_id": {"type": "str", "required": True},
    "host": {"type": "str", "required": True},
    "oauth_client_id": {"type": "str"},
    "oauth_client_secret": {"type": "str", "no_log": True},
    "renew_client_secret": {"type": "bool", "default": False, "no_log": False},
    "issuer_url": {"type": "str"},
    "personal_access_token": {"type": "bool", "default": False, "no_log": False},
    "virtual_directory": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    """Options in, one call, result out."""
    module = create_module(ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, integration.run)


if __name__ == "__main__":
    main()
