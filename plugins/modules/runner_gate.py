# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_gate
short_description: Show what is wrong, what would be done and what it costs, for a whole fleet, and who may go on
version_added: 0.1.0
description:
  - Prints one table for the fleet before anything is created, with a row a runner. Below it stand the reasons, and the
    findings; what several runners have in common is said once.
  - Decides which hosts may go on and which are refused. It never fails for what is wrong with a runner; the play does
    so for each host, with the message that is returned.
  - Runs on the control node and starts no process. Run it with C(run_once).
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runners:
    description:
      - One dictionary for each host, in the order of the play, with these keys.
      - V(host) is the inventory's name. V(name) is the runner's name. V(region) is its region.
      - V(problems) are those of the inventory, as M(gitpod.enterprise_runner.runner_contract) returns them. One whose
        V(kind) is V(missing) does not count when the stack exists, which makes it good.
      - V(look) is the result of M(gitpod.enterprise_runner.runner_preflight_info) for the host, or V(failed) with
        V(msg). Empty when nobody looked, which refuses the host.
      - V(values) are its typed inventory values by variable.
    type: list
    elements: dict
    required: true
  batches:
    description: The hosts of each batch. With more than one, runners that are refused count as failures.
    type: list
    elements: list
    default: []
  max_failures:
    description: How many runners may be refused for the first of several batches to begin.
    type: int
    default: 0
  show_costs:
    description: Whether it is said what will cost money each month, as an estimate at list price.
    type: bool
    default: true
  width:
    description: Columns of the output. Default is the terminal's width, and 100 without a terminal.
    type: int
  directory:
    description:
      - Directory for what was found, as JSON and as Markdown for each runner; without it, and in check mode, none are
        written.
    type: path
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
    details: Writes no files in check mode.
  diff_mode:
    support: N/A
    details: Files of a report are not a change.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_contract
  - module: gitpod.enterprise_runner.runner_preflight_info
"""

EXAMPLES = r"""
- name: Look
  gitpod.enterprise_runner.runner_preflight_info:
    region: eu-central-1
    name: gitpod-eu-central-1
  register: found

- name: Show the gate
  gitpod.enterprise_runner.runner_gate:
    runners:
      - host: gitpod-eu-central-1
        name: gitpod-eu-central-1
        region: eu-central-1
        look: "{{ found }}"
  run_once: true
  register: gate

- name: Fail where something is wrong
  ansible.builtin.fail:
    msg: "{{ (gate.refused | combine(gate.held))[inventory_hostname] }}"
  when: inventory_hostname not in gate.go
"""

RETURN = r"""
table:
  description: The lines that were shown.
  returned: success
  type: list
  elements: str
files:
  description: Paths of the files that were written.
  returned: success
  type: list
  elements: str
begins:
  description: Whether the first batch may begin.
  returned: success
  type: bool
  sample: true
go:
  description: Hosts that may go on, in the order of the play; empty when no batch may begin.
  returned: success
  type: list
  elements: str
  sample: [gitpod-us-east-1]
refused:
  description: Why, in one line, by host that something is wrong with.
  returned: success
  type: dict
held:
  description: Why, in one line, by host that nothing is wrong with but that may not begin because others are refused.
  returned: success
  type: dict
message:
  description: The decision in one or two sentences.
  returned: success
  type: str
  sample: 2 runners go on; 1 of 3 runners is refused (gitpod-us-west-2).
states:
  description: How many hosts are C(to do), C(nothing to do), C(refused) or C(held).
  returned: success
  type: dict
checks:
  description:
    - How many checks of the fleet, problems of the inventory included, V(passed), V(failed), or gave V(warnings); were
      V(unverifiable) from here, such as for want of a permission; or were V(not_made), because they were not needed or
      something before them kept them from being made.
  returned: success
  type: dict
  sample: {"passed": 120, "unverifiable": 1, "not_made": 27, "warnings": 1, "failed": 0}
monthly_cost:
  description:
    - What the run will create, as an estimate at list price; null without O(show_costs). V(amount) in V(currency) is
      without data, and V(not_estimated) names what comes on top, V(stack) for what new stacks run,
      V(endpoint changes) for endpoints of which it cannot be foreseen how many zones they get, V(warm pools) for
      environments that wait in them, and V(acceptance) for those that it runs for minutes, once.
  returned: success
  type: dict
  sample: {"amount": 14.6, "currency": "USD", "not_estimated": ["stack"]}
plan:
  description:
    - The same for a controller's artifact, small, as C(playbooks/plan.yml) hands it on. V(needed) is whether anything
      is to do; in a slice of a sliced job always true. V(runners) is a list, each with V(host), V(runner), V(region)
      and V(state); V(actions) by stage and V(changes) as sentences where there is something to do; V(problems) with
      V(id), V(status), V(summary) and V(remediation) where something is wrong.
  returned: success
  type: dict
runners:
  description: By host, what the gate knows of it.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the runner.
      type: str
    region:
      description: Region of the runner.
      type: str
    state:
      description: V(to do), V(nothing to do), V(refused) or V(held).
      type: str
    checks:
      description: Counts, as for the fleet.
      type: dict
    problems:
      description: Failures and warnings, each with V(id), V(status), V(summary) and V(remediation).
      type: list
      elements: dict
    actions:
      description: What each stage will do, by its name, as M(gitpod.enterprise_runner.runner_preflight_info) says it.
      type: dict
      sample: {"certificate": "nothing", "stack": "create"}
    release:
      description: The stack's release, what it changes to, and what the runner runs where that is another, in words.
      type: str
      sample: 20251203.4 to 20260105.12
    monthly_cost:
      description: As for the fleet.
      type: dict
"""
