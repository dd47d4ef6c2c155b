#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a certificate for a runner's names, or have none that was requested for it."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_certificate
short_description: Find or request the ACM certificate of a runner's domain and its wildcard
version_added: 0.1.0
description:
  - Finds an issued certificate of the region that covers both names. Without one, this runner's own pending request
    is awaited, and only without that either a certificate is requested, with DNS validation and both names.
  - Pending requests of others are left alone, and ours is made beside them; one that mail validates, or that has other
    names too, could not be validated here.
  - Never makes a second request while its own is pending. After a failed validation, another certificate is requested.
  - Returns the records that validate the certificate. Putting them where the domain's DNS is kept is the work of
    M(gitpod.enterprise_runner.runner_dns) or of another provider's module; the role
    P(gitpod.enterprise_runner.gitpod_certificate#role) does both.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  name:
    description: Name of the runner, which stands in the tags of what is requested.
    type: str
    required: true
  runner_id:
    description: ID of the runner, as far as it is known. It tells apart two runners of one name.
    type: str
  domain_name:
    description: Domain of the runner, without wildcard.
    type: str
    required: true
  state:
    description:
      - Whether to have a certificate. V(absent) deletes only those that this module requested for this O(name) and
        O(domain_name). Validation records stay, because all certificates of a domain in an account renew through the
        same record. One that anything but O(load_balancer_arn) serves stays too.
    type: str
    choices: [present, absent]
    default: present
  load_balancer_arn:
    description: Load balancer of the runner's stack, which goes before its certificate.
    type: str
  key_algorithm:
    description: Key of a certificate that is requested.
    type: str
    choices: [RSA_2048, EC_prime256v1, EC_secp384r1]
    default: RSA_2048
  tags:
    description: Tags of a certificate that is requested, besides those by which it is found again.
    type: dict
  ttl:
    description: Time to live in seconds that the returned records have.
    type: int
    default: 300
  wait:
    description: Whether to wait until the certificate is issued. Its validation record has to be in place for that.
    type: bool
    default: true
  timeout:
    description: Longest wait in seconds.
    type: int
    default: 3600
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
  - module: gitpod.enterprise_runner.runner_dns
"""

EXAMPLES = r"""
- name: Request a certificate unless there is one
  gitpod.enterprise_runner.runner_certificate:
    region: eu-central-1
    name: gitpod-eu-central-1
    domain_name: eu.gitpod.example.com
    wait: false
  register: certificate

- name: Put its validation record into Route 53
  gitpod.enterprise_runner.runner_dns:
    region: eu-central-1
    domain_name: eu.gitpod.example.com
    records: "{{ certificate.validation_records }}"
  when: certificate.in_progress

- name: Wait until it is issued
  gitpod.enterprise_runner.runner_certificate:
    region: eu-central-1
    name: gitpod-eu-central-1
    domain_name: eu.gitpod.example.com

- name: Remove what was requested for this runner
  gitpod.enterprise_runner.runner_certificate:
    region: eu-central-1
    name: gitpod-eu-central-1
    domain_name: eu.gitpod.example.com
    state: absent
"""

RETURN = r"""
certificate:
  description: The certificate; null when there is none, or in check mode none yet.
  returned: success
  type: dict
  contains:
    arn:
      description: Its ARN.
      type: str
      sample: arn:aws:acm:eu-central-1:123456789012:certificate/8e2f6b91-3c47-4d0e-b6a8-2d9c5f7e4b02
    status:
      description: Its status as ACM spells it.
      type: str
      sample: ISSUED
    names:
      description: The names that it is for.
      type: list
      elements: str
    type:
      description: V(AMAZON_ISSUED), V(IMPORTED) or V(PRIVATE).
      type: str
    not_after:
      description: When it ends, in ISO 8601; null until it is issued.
      type: str
    failure_reason:
      description: Why its validation failed, as ACM spells it.
      type: str
    in_use_by:
      description: ARNs of what serves it.
      type: list
      elements: str
requested:
  description: Whether it was requested by this task, or in check mode would be.
  returned: success
  type: bool
in_progress:
  description: Whether it is not issued yet.
  returned: success
  type: bool
validation_records:
  description: The records that validate it, once ACM has named them. A domain and its wildcard have one in common.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the record.
      type: str
      sample: _c9edd76ee4a0e2a74388032f3861cc50.eu.gitpod.example.com
    type:
      description: Type of the record.
      type: str
      sample: CNAME
    value:
      description: The name that it points to.
      type: str
      sample: _80987b2d4a1c5e1f.jkddzztszm.acm-validations.aws
    ttl:
      description: Time to live in seconds.
      type: int
      sample: 300
actions:
  description: What was done, or in check mode would be, in sentences.
  returned: success
  type: list
  elements: str
reasons:
  description: For each action, what tells that the certificate is this runner's.
  returned: with O(state=absent)
  type: list
  elements: str
left_alone:
  description: Certificates of this runner that stay because others serve them, in words.
  returned: with O(state=absent)
  type: list
  elements: str
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import module_specification

ARGUMENT_SPEC = {
    # What the inventory wants, as it is declared.
    **module_specification(VARIABLES),
    "name": {"type": "str", "required": True},
    "runner_id": {"type": "str"},
    "load_balancer_arn": {"type": "str"},
    "domain_name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "tags": {"type": "dict"},
    "ttl": {"type": "int", "default": 300},
    "wait": {"type": "bool", "default": True},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
