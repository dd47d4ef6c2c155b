#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find runners that were deployed by hand."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_adopt_info
short_description: Find runners that were deployed by hand, as variables of an inventory
version_added: 0.1.0
description:
  - Finds the stacks of runners in a region by their outputs and the labels of their parameters, and returns what
    stands in their parameters, in Route 53 and of the endpoint as variables of this collection.
  - Secrets are left out, those that the template hides and passwords in proxy URLs, because an existing stack keeps its
    values. Values with braces are left out too, because they would be templates in an inventory.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  names:
    description: Names of stacks that are meant. Without any, all stacks of the region are looked at.
    type: list
    elements: str
  include_managed:
    description: Whether stacks that carry the tags of this collection are returned too.
    type: bool
    default: false
  dns_profile:
    description: Profile of the account that keeps the hosted zones, when it is another one.
    type: str
  dns_role_arn:
    description: Role in the account that keeps the hosted zones, which the credentials assume.
    type: str
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
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: N/A
    details: Nothing is changed.
seealso:
  - module: gitpod.enterprise_runner.runner_stack_info
"""

EXAMPLES = r"""
- name: Find the runners of a region
  gitpod.enterprise_runner.runner_adopt_info:
    region: eu-central-1

- name: Look at one stack
  gitpod.enterprise_runner.runner_adopt_info:
    region: eu-central-1
    names: [gitpod-eu-central-1]
"""

RETURN = r"""
runners:
  description: The runners.
  returned: success
  type: list
  elements: dict
  contains:
    stack:
      description: Name of the stack.
      type: str
      sample: gitpod-eu-central-1
    region:
      description: Its region.
      type: str
      sample: eu-central-1
    status:
      description: Its status.
      type: str
      sample: CREATE_COMPLETE
    variables:
      description: The variables.
      type: dict
      sample: {gitpod_region: eu-central-1, gitpod_domain_name: eu.gitpod.example.com}
    notes:
      description: What was left out, and what a run would add.
      type: list
      elements: str
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._adopt import finding
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule

ARGUMENT_SPEC = {
    "names": {"type": "list", "elements": "str"},
    "dns_profile": {"type": "str"},
    "dns_role_arn": {"type": "str"},
    "include_managed": {"type": "bool", "default": False},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, finding.run)


if __name__ == "__main__":
    main()
