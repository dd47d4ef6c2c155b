#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Register a runner with the management plane, or delete its registration."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_registration
short_description: Register a Gitpod Enterprise AWS Runner with the management plane
version_added: 0.1.0
description:
  - Finds the runner by O(name) and O(region) among the AWS runners, creates it as an enterprise runner when there is
    none, and keeps its configuration as it is declared. What is not declared keeps its value.
  - Names are not unique in the management plane. Two runners that match are an error that names both IDs.
  - A runner's region never changes. A runner of this name in another region is an error, unless O(same_name_elsewhere)
    allows it.
  - With O(state=absent) the registration is deleted, unless the runner is in use.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  name:
    description: Name of the runner, 3 to 127 characters. At least one of O(name) and O(runner_id) is given.
    type: str
  runner_id:
    description: ID of the runner that is meant; with another O(name), it is renamed.
    type: str
  region:
    description: AWS region of the runner. Needed unless O(runner_id) names the runner.
    type: str
  state:
    description: Whether to have the runner.
    type: str
    choices: [present, absent]
    default: present
  release_channel:
    description: Channel of the runner's releases. A new runner gets V(stable).
    type: str
    choices: [stable, latest]
  auto_update:
    description: Whether the runner updates itself. A new runner does.
    type: bool
  update_window:
    description:
      - Hours of the day in UTC in which the runner may update itself. Without it, the present ones stay.
    type: dict
    suboptions:
      enabled:
        description: V(false), with no hours, takes the window away, so that the runner updates itself at any hour.
        type: bool
      start_hour:
        description: First hour, V(0) to V(23).
        type: int
      end_hour:
        description: Last hour, at least two after the first, also past midnight. Default is two hours after the first.
        type: int
  log_level:
    description: How much the runner logs. A new runner gets V(info).
    type: str
    choices: [debug, info, warn, error]
  devcontainer_image_cache:
    description: Whether the shared cache of dev container images is on. A new runner has it.
    type: bool
  metrics:
    description:
      - Where the runner sends its metrics. What is left out stays as it is; of a new runner it is off or empty.
    type: dict
    suboptions:
      enabled:
        description: Whether metrics are sent.
        type: bool
      managed:
        description: Whether they are sent to Gitpod.
        type: bool
      url:
        description: Remote-write URL.
        type: str
      username:
        description: User at the URL.
        type: str
      password:
        description:
          - Password at the URL. It never comes back, so it is sent when the runner is created, when one of the other
            values differs, and with O(renew_metrics_password).
        type: str
  renew_metrics_password:
    description:
      - Whether the password of O(metrics) is sent again although no other value differs; use this in the run that
        rotates it. It is a change whenever it is sent.
    type: bool
    default: false
  same_name_elsewhere:
    description: Whether a runner of this name in another region is a runner of its own.
    type: bool
    default: false
  exchange_token:
    description:
      - Whether to return a one-time exchange token, which a new stack needs. It expires after 24 hours.
      - A runner that is created brings one; otherwise one is minted, which does not count as a change.
      - A result with RV(exchange_token) is treated as with C(no_log), whatever the task says.
    type: bool
    default: false
  stack_status:
    description:
      - Status of the runner's stack, as M(gitpod.enterprise_runner.runner_stack_info) returns it.
      - With it, O(exchange_token) returns a token only when the stack will be created or created anew, when the runner
        is new, or when the runner says that its token expired, was used before or was refused. Without it, always.
    type: str
  delete_with_environments:
    description: Whether O(state=absent) deletes a runner that has environments; the management plane winds them down.
    type: bool
    default: false
  delete_with_stack:
    description: Whether O(state=absent) deletes a runner whose stack exists.
    type: bool
    default: false
  stack_exists:
    description:
      - Whether the runner's stack exists, as M(gitpod.enterprise_runner.runner_stack_info) says. Without it, a runner
        that is active or degraded is taken as proof of one.
    type: bool
  force:
    description:
      - Whether O(state=absent) deletes by force. The management plane then deletes the runner's environments too,
        without regard to what they hold. B(Work that was not pushed is lost.) A warning says so.
    type: bool
    default: false
extends_documentation_fragment:
  - gitpod.enterprise_runner.management_plane
  - gitpod.enterprise_runner.attributes
attributes:
  check_mode:
    support: full
    details: No token is minted in check mode; RV(exchange_token) is then a text that is none.
  diff_mode:
    support: full
  idempotent:
    support: full
    details: Each run with O(exchange_token=true) mints another token.
seealso:
  - module: gitpod.enterprise_runner.runner_registration_info
  - module: gitpod.enterprise_runner.runner_stack
"""

EXAMPLES = r"""
- name: Register a runner
  gitpod.enterprise_runner.runner_registration:
    name: gitpod-eu-central-1
    region: eu-central-1
    release_channel: stable
    update_window:
      start_hour: 2
      end_hour: 5

- name: Mint an exchange token for a new stack
  gitpod.enterprise_runner.runner_registration:
    name: gitpod-eu-central-1
    region: eu-central-1
    exchange_token: true
  register: registration
  no_log: true

- name: Delete the registration of a runner whose stack is gone
  gitpod.enterprise_runner.runner_registration:
    name: gitpod-eu-central-1
    region: eu-central-1
    state: absent
    stack_exists: false
"""

RETURN = r"""
created:
  description: Whether the runner was created, or in check mode would be.
  returned: success
  type: bool
  sample: false
runner:
  description: The runner; in check mode one that would be created has no ID. Null when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: Its ID, the guide's Runner ID.
      type: str
      sample: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
    name:
      description: Its name.
      type: str
      sample: gitpod-eu-central-1
    provider:
      description: Its provider.
      type: str
      sample: aws_ec2
    region:
      description: Its region.
      type: str
      sample: eu-central-1
    variant:
      description: Its variant.
      type: str
      sample: enterprise
    phase:
      description: >-
        One of V(created), V(inactive), V(active), V(degraded), V(deleting), V(deleted), or V(unknown_) and a number
        for a phase that the SDK does not know.
      type: str
      sample: active
    version:
      description: Version that runs.
      type: str
      sample: "20260115.2"
    message:
      description: The runner's own words about its phase.
      type: str
    log_url:
      description: Where its log is.
      type: str
    support_bundle_url:
      description: Where its support bundle is.
      type: str
    additional_info:
      description: What else it says, by name.
      type: dict
    configuration:
      description: Its configuration, spelled as the options are; no password.
      type: dict
    created_at:
      description: When it was registered.
      type: str
      sample: "2026-01-15T08:30:00Z"
actions:
  description: What was done, or in check mode would be, in sentences.
  returned: success
  type: list
  elements: str
reason:
  description: What tells that the registration that goes is this runner's, as the words after "because".
  returned: with O(state=absent)
  type: str
  sample: its ID is 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
exchange_token:
  description: The exchange token, a secret; in check mode a text that is none.
  returned: with O(exchange_token=true), when one is needed
  type: str
exchange_token_reason:
  description: Why there is a token; empty when none is needed.
  returned: with O(exchange_token=true)
  type: str
  sample: the stack will be created (it is ABSENT)
environments:
  description: How many environments the runner has.
  returned: when it is not deleted because it is in use
  type: int
runner_ids:
  description: IDs of the runners among which the module does not choose.
  returned: when it fails because of them
  type: list
  elements: str
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.options import (
    CONNECTION,
    create_module,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import module_specification

ARGUMENT_SPEC = {
    # What the inventory wants, as it is declared.
    **module_specification(VARIABLES),
    **CONNECTION,
    "name": {"type": "str"},
    "runner_id": {"type": "str"},
    "region": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "renew_metrics_password": {"type": "bool", "default": False, "no_log": False},
    "exchange_token": {"type": "bool", "default": False, "no_log": False},
    "stack_status": {"type": "str"},
    "delete_with_environments": {"type": "bool", "default": False},
    "delete_with_stack": {"type": "bool", "default": False},
    "stack_exists": {"type": "bool"},
    "force": {"type": "bool", "default": False},
}


def main() -> None:
    """Options in, one call, result out."""
    module = create_module(ARGUMENT_SPEC, required_one_of=[("name", "runner_id")], supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
