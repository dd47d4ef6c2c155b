# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_dns_write
short_description: Have a DNS provider keep records
version_added: 0.1.0
description:
  - Runs the module of the provider once a record, with the options that the typed inventory makes of it.
  - Whether the records may be touched, M(gitpod.enterprise_runner.runner_propagation_info) says.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  records:
    description: The records, each with C(name), C(type), C(value) and C(ttl).
    type: list
    elements: dict
    required: true
  provider:
    description: The provider. Default is C(gitpod_dns_provider) of the host.
    type: str
  state:
    description: Whether the records are to be there.
    type: str
    choices: [present, absent]
    default: present
  replaced_addresses:
    description: Names whose addresses go first, with C(gitpod_dns_overwrite).
    type: list
    elements: str
    default: []
  former_records:
    description: What a removal is about, for its messages.
    type: list
    elements: dict
    default: []
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: As the provider's module does.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_dns_plan
  - module: gitpod.enterprise_runner.runner_propagation_info
"""

EXAMPLES = r"""
- name: Have the provider write the records
  gitpod.enterprise_runner.runner_dns_write:
    records: "{{ records }}"
"""

RETURN = r"""
results:
  description: The result of each record.
  returned: always
  type: list
  elements: dict
"""
