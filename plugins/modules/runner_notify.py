# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_notify
short_description: Post the summary of a run to a webhook
version_added: 0.1.0
description:
  - Posts the small summary of M(gitpod.enterprise_runner.runner_report) as JSON, or as a message for Slack's incoming
    webhooks and what is compatible with them.
  - Runs on the control node and starts no process. It never fails a run, a receiver that does not take the message is a
    warning. In check mode nothing is posted.
  - Whoever has the URL can post, so it is a secret. Set C(no_log) on the task.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  url:
    description: URL of the webhook, https unless it is on loopback. Without one, nothing is posted.
    type: str
  summary:
    description: The summary that M(gitpod.enterprise_runner.runner_report) returns.
    type: dict
    required: true
  format:
    description:
      - What is posted. V(json) is the summary as it is, V(slack) a message with C(text) and C(blocks).
      - V(auto) chooses V(slack) for Slack's own hosts and V(json) for others.
    type: str
    choices: [auto, slack, json]
    default: auto
  from_inventory:
    description: >-
      Whether the URL, the format, and whether this run is told of, come from the variables of the role report.
    type: bool
    default: false
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: Nothing that is managed changes.
  idempotent:
    support: none
    details: Every run posts its message.
seealso:
  - module: gitpod.enterprise_runner.runner_report
"""

EXAMPLES = r"""
- name: Tell the team
  gitpod.enterprise_runner.runner_notify:
    url: "{{ lookup('ansible.builtin.env', 'TEAM_WEBHOOK') }}"
    summary: "{{ gitpod_fleet_result }}"
  no_log: true
"""

RETURN = r"""
posted:
  description: Whether the receiver took the message.
  returned: always
  type: bool
  sample: true
reason:
  description: Why it did not, without the URL; empty otherwise.
  returned: always
  type: str
  sample: ""
"""
