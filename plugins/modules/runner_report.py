# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_report
short_description: Write the reports of a run and show the fleet
version_added: 0.1.0
description:
  - Writes one JSON file for each runner, C(fleet.json) for all of them, C(fleet.md), a summary in Markdown, and
    C(fleet.html), one self-contained page, and prints a table with a line a runner. All count the same.
    C(docs/report.schema.json) of the collection is the schema of the JSON files.
  - With C(gitpod_report_upload) of the host, the same is kept in S3
    (M(gitpod.enterprise_runner.runner_report_upload)).
  - Runs on the control node, and starts a process only to upload. The role
    P(gitpod.enterprise_runner.gitpod_report#role) uses it.
  - A report tells of a run, so it is never a change. In check mode only the table is shown.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  runners:
    description:
      - Runners in the shape of their JSON reports, one entry each, besides those of O(hosts).
      - One that has C(as_of), as a report of an earlier run does, keeps it, and is shown as of that time.
    type: list
    elements: dict
    default: []
  hosts:
    description: Hosts of the play of which the run's own results are summed up, besides O(runners).
    type: list
    elements: str
    default: []
  forget:
    description:
      - Hosts of the play that a teardown has gone through. Runners of which something went (C(gitpod_teardown_result))
        leave the fleet's report.
    type: list
    elements: str
    default: []
  directory:
    description:
      - Directory on the control node; it is created when it is missing. What its C(fleet.json) has of other runners
        stays, each with the time of its own state. Default is C(gitpod_artifact_directory) of the
        host.
    type: path
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: Nothing that is managed changes.
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Report the fleet
  gitpod.enterprise_runner.runner_report:
    runners:
      - region: eu-central-1
        runner: gitpod-eu-central-1
        stack:
          name: gitpod-eu-central-1
          status: CREATE_COMPLETE
        load_balancer:
          scheme: internal
          state: active
    directory: "{{ playbook_dir }}/gitpod-artifacts"
"""

RETURN = r"""
files:
  description: Paths of the files that were written; empty in check mode.
  returned: always
  type: list
  elements: str
  sample: [/srv/gitpod-artifacts/fleet.json, /srv/gitpod-artifacts/gitpod-eu-central-1.json]
summary:
  description: The small part of C(fleet.json) for controllers and webhooks, without outputs, checks and addresses.
  returned: always
  type: dict
  contains:
    schema_version:
      description: Version of the schema; another number means that keys went or mean something else.
      type: int
      sample: 1
    title:
      description: The run.
      type: str
      sample: Run of 2026-11-24 17:30 UTC
    needed:
      description: Whether anything waits for somebody. In a slice of a sliced job always true.
      type: bool
    report:
      description: Links to what was uploaded, or V(error), where C(gitpod_report_upload) is set.
      type: dict
    headline:
      description: The run in one line.
      type: str
      sample: "16 runners: 1 failed, 15 verified"
    checks:
      description: Number of checks by what they found, C(passed), C(unverifiable), C(not_made), C(warnings), C(failed).
      type: dict
    counts:
      description: Number of runners by state, C(failed), C(waiting), C(unverified) and C(verified).
      type: dict
    runners:
      description:
        - C(region), C(runner), C(state), C(stack) and C(release) of each runner, and C(task) and C(reason) of a
          failure.
      type: list
      elements: dict
table:
  description: The lines that were printed.
  returned: always
  type: list
  elements: str
"""
