# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_dns_records
short_description: Write DNS records down for whoever keeps the zone
version_added: 0.1.0
description:
  - Writes records as lines of a BIND zone, as CSV and as JSON, and shows them on screen.
  - Runs on the control node and starts no process.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  records:
    description: The records.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the record, without trailing dot, perhaps with an asterisk.
        type: str
        required: true
      type:
        description: Type of the record. V(ALIAS), which no zone file knows, becomes a comment there.
        type: str
        default: CNAME
      value:
        description: The name that it points to.
        type: str
        required: true
      ttl:
        description: Time to live in seconds.
        type: int
        required: true
  directory:
    description: Directory of the files.
    type: path
    required: true
  name:
    description: The files are called C(<name>-dns.zone), C(<name>-dns.csv) and C(<name>-dns.json).
    type: str
    required: true
  title:
    description: Line above the records on screen.
    type: str
    default: ''
  show:
    description: Whether to show them.
    type: bool
    default: true
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
attributes:
  check_mode:
    support: full
    details: Writes no files in check mode.
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_propagation_info
"""

EXAMPLES = r"""
- name: Show the records to whoever keeps the zone
  gitpod.enterprise_runner.runner_dns_records:
    title: Please add these records
    directory: artifacts
    name: gitpod-eu-central-1
    records:
      - name: eu.gitpod.example.com
        value: gitpod-eu-0123456789abcdef.elb.eu-central-1.amazonaws.com
        ttl: 300
"""

RETURN = r"""
files:
  description: Paths of the files that were replaced, or in check mode would be.
  returned: success
  type: list
  elements: str
"""
