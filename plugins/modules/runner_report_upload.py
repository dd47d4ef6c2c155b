#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's part of the fleet's report in S3."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_report_upload
short_description: Add a run's part to the fleet's report in S3
version_added: 0.1.0
description:
  - Keeps C(fleet.json), C(fleet.md) and C(fleet.html) of a fleet in S3, with one JSON file a runner, and the
    C(status.json) of its status. Runners of which this run tells nothing stay as they were reported last.
  - Runs that end at the same time do not lose each other's part. The document is written only where it is still the one
    that was read, which takes botocore 1.35.69 or newer.
  - Below C(runs/) stands what each run reported by itself, for a lifecycle rule to remove.
  - A report tells of a run, so it is never a change. In check mode nothing is written.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  bucket:
    description: Name of the bucket.
    type: str
    required: true
  prefix:
    description: What the objects' keys begin with; a slash follows it.
    type: str
    default: ""
  runners:
    description:
      - This run's runners in the shape of their JSON reports, each with the time of its state as V(as_of). Of two
        reports of a runner, the later stays.
    type: list
    elements: dict
    default: []
  status:
    description:
      - What a look has found of runners, each with V(region), V(runner) and V(as_of), for C(status.json), in which
        those of which it tells nothing stay as well.
    type: list
    elements: dict
    default: []
  forget:
    description: Runners that are there no more, each with V(region) and V(runner).
    type: list
    elements: dict
    default: []
  files:
    description: Further files by their names below O(prefix), such as DNS records, with their texts.
    type: dict
    default: {}
  title:
    description: The run, for a person.
    type: str
    default: ""
  generated:
    description: When the report was made, ISO 8601 in UTC.
    type: str
    default: ""
  run:
    description: What the run is called below C(runs/).
    type: str
    default: run
  kms_key_id:
    description: KMS key with which the objects are encrypted. Without it, the bucket's own encryption holds.
    type: str
  link_seconds:
    description: For how long a presigned link lets anybody read the report; 0 makes none.
    type: int
    default: 0
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
  - gitpod.enterprise_runner.attributes.actiongroup
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: Nothing that is managed changes.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_report
"""

EXAMPLES = r"""
- name: Add a part to the fleet's report
  gitpod.enterprise_runner.runner_report_upload:
    region: eu-central-1
    bucket: example-gitpod-reports
    prefix: production
    title: Run of today
    generated: "2026-11-28T12:00:00Z"
    runners:
      - region: eu-central-1
        runner: gitpod-eu-central-1
        as_of: "2026-11-28T12:00:00Z"
"""

RETURN = r"""
links:
  description:
    - Where C(page), C(markdown) and C(json) are, or C(status) with O(status), each with its C(uri), and with
      O(link_seconds) its C(url).
  returned: success
  type: dict
  sample: {"page": {"uri": "s3://example-gitpod-reports/production/fleet.html"}}
objects:
  description: What was written, without what is below C(runs/).
  returned: success
  type: list
  elements: str
runners:
  description: How many runners the fleet's report has now.
  returned: success
  type: int
  sample: 16
"""

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import RunnerModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store import operation

ARGUMENT_SPEC = {
    "bucket": {"type": "str", "required": True},
    "prefix": {"type": "str", "default": ""},
    "runners": {"type": "list", "elements": "dict", "default": []},
    "status": {"type": "list", "elements": "dict", "default": []},
    "forget": {"type": "list", "elements": "dict", "default": []},
    "files": {"type": "dict", "default": {}},
    "title": {"type": "str", "default": ""},
    "generated": {"type": "str", "default": ""},
    "run": {"type": "str", "default": "run"},
    "kms_key_id": {"type": "str", "no_log": False},
    "link_seconds": {"type": "int", "default": 0},
}


def main() -> None:
    """Options in, one call, result out."""
    module = RunnerModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
