#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets that a runner's deleted stack left."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_retained_buckets
short_description: List, or empty and delete, the buckets that a runner's deleted stack left
version_added: 0.1.0
description:
  - The runner's template keeps its buckets when the stack is deleted. They are found through the deleted stack, which
    CloudFormation remembers for 90 days, and only when its tags say that it was this runner's. A bucket that was made
    anew under such a name, or belongs to another stack today, is somebody else's.
  - With O(state=absent) each bucket is emptied, with all versions, delete markers and unfinished uploads, and deleted.
    What was in it is lost.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  name:
    description: Name of the stack that was deleted.
    type: str
    required: true
  runner_name:
    description: Name of the runner, which the stack's tags have. Default is O(name).
    type: str
  runner_id:
    description: Identifier of the runner, which the stack's tags have too, as far as it is known.
    type: str
  former_names:
    description: Further names that a stack of the runner may have had, for the buckets that deleted stacks left.
    type: list
    elements: str
    default: []
  state:
    description: Whether the buckets are only listed, or emptied and deleted.
    type: str
    choices: [listed, absent]
    default: listed
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.actiongroup
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_stack
"""

EXAMPLES = r"""
- name: List what is left
  gitpod.enterprise_runner.runner_retained_buckets:
    region: eu-central-1
    name: gitpod-eu-central-1

- name: Empty and delete what is left
  gitpod.enterprise_runner.runner_retained_buckets:
    region: eu-central-1
    name: gitpod-eu-central-1
    state: absent
"""

RETURN = r"""
buckets:
  description: The buckets that are, or were before they were deleted, still there.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: gitpod-eu-central-1-environmentarchive-1abc
    stack_id:
      description: The deleted stack that left it.
      type: str
    object_versions:
      description: Versions and delete markers in it; null when they may not be listed.
      type: int
      sample: 1204
    bytes:
      description: Size of all versions.
      type: int
      sample: 73400320
    more:
      description: Whether there are more than the 100,000 that are counted.
      type: bool
    ours:
      description: Whether it is known to be what the stack left, by the tag that CloudFormation gave it.
      type: bool
    reason:
      description: What tells so, as the words after "because".
      type: str
    text:
      description: The same in words.
      type: str
      sample: gitpod-eu-central-1-environmentarchive-1abc (1204 object versions, 70.0 MiB)
actions:
  description: What was done, or in check mode would be, in sentences.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown import buckets

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "runner_name": {"type": "str"},
    "runner_id": {"type": "str"},
    "former_names": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "choices": ["listed", "absent"], "default": "listed"},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, buckets.run)


if __name__ == "__main__":
    main()
