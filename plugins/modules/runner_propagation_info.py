#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""See, or wait, whether DNS records are answered."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_propagation_info
short_description: Wait until DNS records are answered by their zone's servers and by resolvers
version_added: 0.1.0
description:
  - Asks the zone's authoritative servers first. Only when they all have the records are resolvers asked, because a
    resolver that is asked too early remembers for a while that a name was missing.
  - Below a wildcard a random label is asked for, which nobody can have cached.
  - While only caches are wrong, the next look waits until the first of them has to forget, at most a minute.
  - An alias, ANAME or flattened record is right when it answers with its target's addresses.
  - A server that refuses, fails or does not answer has said nothing; what nobody knows is never taken for free.
  - Shows a line with who still answers what when that changes, and at intervals.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  records:
    description: Records that shall be answered.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the record; an asterisk stands for any label.
        type: str
        required: true
      type:
        description: Type of the record. For V(ALIAS) the addresses of O(records[].value) are expected.
        type: str
        choices: [CNAME, ALIAS]
        default: CNAME
      value:
        description: The name that it points to.
        type: str
        required: true
      ttl:
        description: Time to live in seconds; not compared.
        type: int
  resolvers:
    description: Resolvers to ask, as V(address) or V(address:port). Without any, the system's are asked.
    type: list
    elements: str
    default: []
  authoritative_servers:
    description: >-
      The zone's own servers, as V(address) or V(address:port). Without any, the resolvers are asked for them.
    type: list
    elements: str
    default: []
  ask_authoritative:
    description: Whether the zone's own servers are looked up and asked when none is given.
    type: bool
    default: true
  zone:
    description: >-
      The zone that holds the records, whose servers the resolvers are asked for. Without it, the zone is looked for.
    type: str
  provider:
    description: >-
      Where the records are kept, as C(gitpod_dns_provider) has it. It decides who is asked, what may be touched, and
      what an error says.
    type: str
    default: ''
  update_server:
    description: Address of the provider's own server, for providers that have one (C(gitpod_dns_server)).
    type: str
  update_server_port:
    description: Its port.
    type: int
    default: 53
  intent:
    description:
      - What the caller is about to do with the records, where the collection writes to O(provider) itself.
      - V(write) fails where a name leads elsewhere, or where none of the zone's own servers says what is there.
      - V(remove) fails where none of the zone's own servers says what is there.
    type: str
    choices: [look, write, remove]
    default: look
  overwrite:
    description: Whether V(write) may replace what is there, known or not.
    type: bool
    default: false
  timeout:
    description: Longest wait in seconds for the answer to one question.
    type: float
    default: 3
  wait_timeout:
    description: Longest wait in seconds for all records to be answered. V(0) looks once.
    type: int
    default: 0
  progress_interval:
    description: Seconds after which a line is shown although nothing changed. V(0) shows none.
    type: int
    default: 30
  progress_path:
    description: File for the progress; set by the action plugin.
    type: path
  fail_when_missing:
    description: Whether the task fails when not all records are answered in the end.
    type: bool
    default: false
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
attributes:
  check_mode:
    support: full
    details: Nothing is changed in any mode.
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
requirements:
  - dnspython
seealso:
  - module: gitpod.enterprise_runner.runner_health_info
  - module: gitpod.enterprise_runner.runner_dns
"""

EXAMPLES = r"""
- name: Wait for records that a colleague adds
  gitpod.enterprise_runner.runner_propagation_info:
    records: "{{ 'eu.example.net' | gitpod.enterprise_runner.external_records('lb.elb.amazonaws.com', 300) }}"
    wait_timeout: 3600
    fail_when_missing: true

- name: See what two resolvers answer now
  gitpod.enterprise_runner.runner_propagation_info:
    records:
      - name: eu.example.net
        value: lb.elb.amazonaws.com
    resolvers: [10.30.0.2, "192.0.2.53:5353"]
"""

RETURN = r"""
complete:
  description: Whether everybody answers all records rightly.
  returned: success
  type: bool
answers:
  description: What each server said at the last look.
  returned: success
  type: list
  elements: dict
  contains:
    server:
      description: The server.
      type: str
      sample: ns1.example.net (192.0.2.53)
    authoritative:
      description: Whether it is one of the zone's own servers.
      type: bool
    name:
      description: The record.
      type: str
    outcome:
      description: V(right), V(missing), V(other) (it leads elsewhere) or V(silent).
      type: str
    leads_to:
      description: The name or the addresses that it answered with; of more than 64 the first.
      type: list
      elements: str
    ttl:
      description: Seconds for which a cache keeps to the answer.
      type: int
    detail:
      description: Why it is silent.
      type: str
zone_records:
  description: What stands in the zone at each name, by its own servers.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The record.
      type: str
    standing:
      description: >-
        V(exact) (a CNAME of exactly that value), V(other) (anything else, also when only one server says so),
        V(missing), or V(silent) (none of the zone's own servers is known, or has said anything).
      type: str
    type:
      description: Type of the record that stands there; empty when none does.
      type: str
      sample: CNAME
    value:
      description: The name or the addresses that it leads to; of many addresses the first, and how many more.
      type: str
replaced_addresses:
  description: Names that answer with addresses of others, which have to go before a CNAME can be there.
  returned: success
  type: list
  elements: str
unknown:
  description:
    - Names of which none of the zone's own servers says anything. What stands there may be anybody's, also where
      resolvers answer rightly (RV(complete)).
  returned: success
  type: list
  elements: str
removable:
  description: Those of RV(zone_records) that stand in the zone exactly as they are given.
  returned: success
  type: list
  elements: dict
others:
  description: Those of RV(zone_records) in whose place something else stands.
  returned: success
  type: list
  elements: dict
authoritative_servers:
  description: The zone's own servers; empty when they are not known.
  returned: success
  type: list
  elements: str
asked_resolvers:
  description: Whether resolvers were asked, which they are only once the zone's own servers are right.
  returned: success
  type: bool
waited:
  description: Seconds that the wait took.
  returned: success
  type: int
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns import asking
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation import operation

ARGUMENT_SPEC = {
    "records": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "choices": ["CNAME", "ALIAS"], "default": "CNAME"},
            "value": {"type": "str", "required": True},
            "ttl": {"type": "int"},
        },
    },
    "resolvers": {"type": "list", "elements": "str", "default": []},
    "authoritative_servers": {"type": "list", "elements": "str", "default": []},
    "ask_authoritative": {"type": "bool", "default": True},
    "zone": {"type": "str"},
    "provider": {"type": "str", "default": ""},
    "update_server": {"type": "str"},
    "update_server_port": {"type": "int", "default": 53},
    "intent": {"type": "str", "choices": ["look", "write", "remove"], "default": "look"},
    "overwrite": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 3},
    "wait_timeout": {"type": "int", "default": 0},
    "progress_interval": {"type": "int", "default": 30},
    "progress_path": {"type": "path"},
    "fail_when_missing": {"type": "bool", "default": False},
}


def main() -> None:
    """Options in, one call, result out."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    if asking.DNSPYTHON_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("dnspython"), exception=asking.DNSPYTHON_IMPORT_ERROR)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
