#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a runner's CloudFormation stack, or have none."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_stack
short_description: Deploy, update, watch and delete a runner's CloudFormation stack
version_added: 0.1.0
description:
  - Creates the stack, updates it through a change set, attaches to an operation that is already running, deletes and
    recreates a stack whose creation failed, or deletes it. Every stack status is handled.
  - Parameters are matched to the template by their labels, because the template's logical IDs change between releases.
    Values, labels and missing values are checked before anything is created.
  - What is not given keeps its present value on an existing stack, so that a stack made by hand is taken over
    (O(take_over)) as it is. Values of O(secret_parameters) are sent only when a stack is created, or with
    O(renew_secrets).
  - A change set is made only when the template, a parameter or a tag differs. What someone changed by hand in the
    stack's resources is not such a difference; M(gitpod.enterprise_runner.runner_stack_info) tells it as drift.
  - While it waits, live progress is printed on the control node, a line when something changed.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  name:
    description: Name of the stack.
    type: str
    required: true
  state:
    description: Whether to have the stack or not.
    type: str
    choices: [present, absent]
    default: present
  template_url:
    description:
      - URL of the template in Amazon S3, the only place from which CloudFormation reads.
      - A URL of C(https://releases.gitpod.io/) is replaced by that of the bucket that holds the same objects.
      - A URL that is not in S3 is read by the module and its content is sent instead.
    type: str
  template_body:
    description: The template itself, at most 51,200 bytes without O(template_bucket).
    type: str
  template_file:
    description:
      - File on the control node with the template. The action plugin reads it and sends its content, byte for byte.
    type: path
  release_channel:
    description: Release channel whose newest template is deployed, such as V(stable) or V(latest).
    type: str
  release_version:
    description: Release whose template is deployed, such as V(v20260115.2); a number is refused.
    type: str
  releases_url:
    description: Where the release manifests are; a corporate mirror may have them too.
    type: str
    default: https://releases.gitpod.io
  template_name:
    description: File name of another template, which lies beside the one that a release's manifest names.
    type: str
  keep_release:
    description:
      - Whether the stack keeps the template that it has, whatever template is named; what is named is for a new stack.
        With O(template_sha256) it is kept when the stack's tags record that hash.
      - It counts for a stack that is deployed, also while an update of it goes on.
    type: bool
    default: false
  running_version:
    description: Release that the runner itself runs, where it is known; a template that is older is a downgrade.
    type: str
  allow_downgrade:
    description:
      - Whether a template may be deployed that is older than the one which the stack's tags record, or than
        O(running_version).
    type: bool
    default: false
  template_sha256:
    description: SHA-256 that the template must have, as hexadecimal digits. The template is then read by the module.
    type: str
  template_bucket:
    description: S3 bucket to which a template is uploaded that is too large for the request.
    type: str
  review:
    description:
      - Whether to stop after the change set is computed. A later task without it executes exactly that change set, or
        says that it went stale.
    type: bool
    default: false
  stack_policy:
    description: Stack policy as JSON; without it, a policy that is set stays.
    type: json
  parameters:
    description:
      - Values by the parameter's label, such as V(Domain Name), or by its logical ID.
      - Lists are joined by commas, booleans spelled V(true) and V(false).
      - A value whose parameter the template hides (C(NoEcho)) is treated like those of O(secret_parameters). How the
        module was called is shown without any of them.
    type: dict
    default: {}
  secret_parameters:
    description:
      - Likewise, for values that are never shown. On an existing stack the previous values are kept, unless
        O(renew_secrets) sends them.
      - With O(join) they are not sent; a failure that quotes them is shown without them.
    type: dict
    default: {}
  renew_secrets:
    description:
      - Whether O(secret_parameters) are sent to an existing stack too, as a runner needs whose exchange token expired
        or was used before it could present it. They cannot be compared, so this is a change at each run.
    type: bool
    default: false
  capabilities:
    description: Capabilities that may be acknowledged; of these the ones that the template needs are.
    type: list
    elements: str
    default: [CAPABILITY_IAM, CAPABILITY_NAMED_IAM]
  tags:
    description:
      - Tags of the stack, which AWS copies to its resources.
      - Those that say which runner's the stack is (C(gitpod:managed-by), C(gitpod:runner-id), C(gitpod:runner-name))
        are added, as far as it is known.
    type: dict
  purge_tags:
    description: Whether tags of the stack that are not in O(tags) are removed.
    type: bool
    default: false
  service_role_arn:
    description: ARN of the role that CloudFormation assumes; without it, the caller's permissions are used.
    type: str
  notification_arns:
    description: ARNs of SNS topics that receive the stack's events.
    type: list
    elements: str
    default: []
  timeout:
    description: Longest wait in seconds; the operation goes on when it ends.
    type: int
    default: 3600
  wait:
    description:
      - Whether to wait for the end of the operation that was started. With V(false) only a rollback or a deletion that
        is in the way is waited for.
    type: bool
    default: true
  join:
    description: Whether to wait for an operation that someone else started, and to start nothing.
    type: bool
    default: false
  operation_token:
    description:
      - RV(operation_token) of the task that started the operation which O(join) waits for. With it, a failure that
        happened meanwhile is recognised as this operation's.
    type: str
  termination_protection:
    description: Whether the stack is protected from deletion.
    type: bool
    default: true
  force:
    description: Whether O(state=absent) deletes a protected stack.
    type: bool
    default: false
  recreate_failed:
    description:
      - Whether a stack whose creation failed is deleted and created again. This needs a fresh exchange token.
    type: bool
    default: true
  fail_fast:
    description: Whether to fail at the first real failure, instead of after the rollback.
    type: bool
    default: true
  allow_replacement:
    description: Whether an update may replace or remove stateful resources, such as the load balancer or a bucket.
    type: bool
    default: false
  cancel_update:
    description:
      - Whether an update that is running is cancelled and rolled back, instead of being waited for.
    type: bool
    default: false
  runner_id:
    description:
      - ID of the runner whose stack it is; without it, the value of the parameter V(Runner ID).
      - A stack of O(name) that is another runner's, or nobody's, is neither changed nor deleted. The stack that has
        this runner's tags is its stack under any name.
    type: str
  runner_name:
    description:
      - Name of the runner whose stack it is; without it, the tag C(gitpod:runner-name) of O(tags).
      - Where neither name nor ID is given, the stack of O(name) is meant, if it is a runner's at all.
    type: str
  take_over:
    description:
      - Name of a stack that was made by hand for this runner, whose tags name no other runner, and that is taken
        over as it is. Only a stack that has the runner's ID among its parameters is.
    type: str
  continue_rollback:
    description: Whether a rollback of an update that failed (C(UPDATE_ROLLBACK_FAILED)) is continued.
    type: bool
    default: false
  skip_resources:
    description: Logical IDs of resources that O(continue_rollback) leaves as they are.
    type: list
    elements: str
    default: []
  retain_resources:
    description:
      - Logical IDs of resources that O(state=absent) leaves behind when the stack is C(DELETE_FAILED).
      - Those that are deleted already count no more; one that the stack does not have is an error.
    type: list
    elements: str
    default: []
  progress_interval:
    description: Shortest time in seconds between two lines of progress; V(0) prints none.
    type: int
    default: 10
  progress_path:
    description: File in which the module leaves its progress; the action plugin of the same name sets it.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.actiongroup
attributes:
  check_mode:
    support: full
    details: Of an existing stack that differs a change set is computed, read and removed again.
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_stack_info
  - module: amazon.aws.cloudformation
"""

EXAMPLES = r"""
- name: Deploy a runner and watch it
  gitpod.enterprise_runner.runner_stack:
    region: eu-central-1
    name: gitpod-eu-central-1
    release_channel: stable
    parameters:
      Runner ID: 0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02
      VPC: vpc-0b8e6d4f2a0c91357
      Availability Zones: [eu-central-1a, eu-central-1b, eu-central-1c]
      EC2 Instances Subnet: [subnet-0b2f3d5c7e9a12461, subnet-0b2f3d5c7e9a12462, subnet-0b2f3d5c7e9a12463]
      Loadbalance Subnets: [subnet-0b2c4e6a8f0d13571, subnet-0b2c4e6a8f0d13572, subnet-0b2c4e6a8f0d13573]
      Load Balancer Visibility: internal
      Domain Name: eu.gitpod.example.com
      Certificate ARN: arn:aws:acm:eu-central-1:123456789012:certificate/8e2f6b91-3c47-4d0e-b6a8-2d9c5f7e4b02
    secret_parameters:
      Exchange Token: "{{ lookup('ansible.builtin.env', 'GITPOD_EXCHANGE_TOKEN') }}"

- name: Wait for what is going on
  gitpod.enterprise_runner.runner_stack:
    region: eu-central-1
    name: gitpod-eu-central-1
    join: true

- name: Delete it
  gitpod.enterprise_runner.runner_stack:
    region: eu-central-1
    name: gitpod-eu-central-1
    state: absent
    force: true
"""

RETURN = r"""
operation:
  description:
    - What was done, or in check mode would be.
    - One of V(none), V(create), V(recreate), V(update), V(review), V(attach), V(delete).
  returned: success
  type: str
  sample: create
in_progress:
  description: Whether AWS is still at work. A failed task returns it too.
  returned: always
  type: bool
  sample: false
operation_token:
  description: Marks the operation that was started and not waited for; empty otherwise.
  returned: success
  type: str
  sample: gitpod-6a8a5a0e-4d2b-4c55-9a53-0d3f9a3f1c11
stack:
  description: The stack; secret parameters are asterisks.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: gitpod-eu-central-1
    id:
      description: Its ARN, empty when there is none.
      type: str
    status:
      description: Its status, V(ABSENT) when there is none.
      type: str
      sample: CREATE_COMPLETE
    status_reason:
      description: AWS's reason for the status.
      type: str
    parameters:
      description: Parameter values by logical ID.
      type: dict
    tags:
      description: Tags of the stack.
      type: dict
    termination_protection:
      description: Whether it is protected from deletion; null of a stack that was deleted.
      type: bool
    creation_time:
      description: When it was created, in ISO 8601.
      type: str
    last_updated_time:
      description: When it was last updated, in ISO 8601, or empty.
      type: str
release_version:
  description: Release that the stack's tags record, or empty.
  returned: success
  type: str
  sample: "20260115.2"
hidden_parameters:
  description:
    - Names, as they were given, of parameters that the template hides (C(NoEcho)); their values are shown nowhere.
  returned: with O(state=present), unless O(join)
  type: list
  elements: str
  sample: [Exchange Token]
target_release_version:
  description: Release that O(release_version) or O(release_channel) means, empty without either.
  returned: with O(state=present), unless O(join)
  type: str
  sample: "20260115.2"
outputs:
  description: The stack's outputs by name.
  returned: success
  type: dict
  sample: {LoadBalancerDNS: gitpod-eu-0123456789abcdef.elb.eu-central-1.amazonaws.com}
load_balancer:
  description: The runner's load balancer; null until the stack is complete.
  returned: success
  type: dict
  contains:
    arn:
      description: Its ARN.
      type: str
    dns_name:
      description: Its DNS name.
      type: str
    canonical_hosted_zone_id:
      description: The hosted zone that alias records name.
      type: str
    scheme:
      description: V(internal) or V(internet-facing).
      type: str
    state:
      description: V(provisioning), V(active) or V(failed).
      type: str
    vpc_id:
      description: Its VPC.
      type: str
    ip_address_type:
      description: V(ipv4) or V(dualstack).
      type: str
changes:
  description: Changes of resources, from the change set, or the types of what a creation adds.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(Add), V(Modify), V(Remove), V(Import) or V(Dynamic).
      type: str
    logical_id:
      description: Logical ID in the template.
      type: str
    physical_id:
      description: Physical ID, when there is one.
      type: str
    type:
      description: Resource type.
      type: str
    replacement:
      description: V(True), V(False) or V(Conditional).
      type: str
    properties:
      description: Names of the properties that change.
      type: list
      elements: str
actions:
  description: What was done, or would be, in sentences.
  returned: success
  type: list
  elements: str
effects:
  description: From when on changed proxies and a changed custom CA hold, in clauses (docs/rotation.md).
  returned: success
  type: list
  elements: str
timeline:
  description:
    - When each resource began and ended, in seconds since the operation began; only after a wait. A failed wait returns
      it too.
  returned: success
  type: list
  elements: dict
kept_resources:
  description: Resources that a deletion left behind.
  returned: success
  type: list
  elements: dict
root_cause:
  description:
    - The oldest failure that is not a consequence of another, with C(logical_id), C(type), C(status) and C(reason).
  returned: when the operation failed
  type: dict
other_failures:
  description: The other failures, likewise.
  returned: when the operation failed
  type: list
  elements: dict
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import options, result

ARGUMENT_SPEC = options.ARGUMENT_SPEC
RULES = options.RULES


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(
        argument_spec=ARGUMENT_SPEC,
        supports_check_mode=True,
        **RULES,
    )
    _modules.run(module, result.run)


if __name__ == "__main__":
    main()
