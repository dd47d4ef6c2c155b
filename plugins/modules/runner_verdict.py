#!/usr/bin/python
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work on the control node."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_verdict
short_description: Judge a runner by the looks of all vantage points together
version_added: 0.1.0
description:
  - Joins the checks of M(gitpod.enterprise_runner.runner_verification_info) and of
    M(gitpod.enterprise_runner.runner_health_info) from every machine that looked, and fails unless the runner is
    verified. In check mode it only reports.
  - Runs on the control node and starts no process.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  sources:
    description:
      - The looks, each with C(vantage), the place's name, and C(result), the module's. A result without checks is a
        look that failed.
    type: list
    elements: dict
    required: true
  required:
    description:
      - Identifiers of the checks that have to pass, as shell patterns such as V(health.*). One that is skipped
        everywhere has not passed; a warning has. Failures of other checks are only reported.
      - When empty, no check may fail, and at least one has to pass.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - gitpod.enterprise_runner.attributes
  - gitpod.enterprise_runner.attributes.internal
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
seealso:
  - module: gitpod.enterprise_runner.runner_health_info
  - module: gitpod.enterprise_runner.runner_verification_info
"""

EXAMPLES = r"""
- name: Judge what AWS says and what the control node sees
  gitpod.enterprise_runner.runner_verdict:
    sources:
      - vantage: AWS
        result: "{{ aws }}"
      - vantage: control node
        result: "{{ health }}"
    required: ["health.*", "targets.*"]
"""

RETURN = r"""
healthy:
  description: Whether the runner is verified.
  returned: always
  type: bool
checks:
  description: The checks of all vantage points.
  returned: always
  type: list
  elements: dict
  contains:
    vantage:
      description: From where it was made.
      type: str
    # result of a check: written by docs/reference.py
    id:
      description:
        - One of V(stack.outputs), V(stack.environment_role), V(stack.instance_profile),
          V(load_balancer.state), V(targets.health), V(endpoint.state), V(endpoint.private_dns),
          V(endpoint.addresses), V(endpoint.network), V(runner.phase), V(runner.version),
          V(runner.region), V(runner.connection_type), V(dns.domain), V(dns.wildcard),
          V(dns.same_target), V(dns.visibility), V(tcp.https), V(tcp.http), V(tls.certificate),
          V(tls.names), V(tls.expiry), V(tls.protocol), V(health.domain), V(health.wildcard),
          V(private_dns.resolution) and V(vantage.reached), as C(docs/verification.md) explains them.
      type: str
    status:
      description:
        - V(pass), V(warn) where it may work, V(fail) where it cannot, V(skip) where nothing was
          proven.
      type: str
    summary:
      description: What was seen.
      type: str
    remediation:
      description: What to do about it, or where to look; empty when there is nothing to do.
      type: str
    evidence:
      description: What was measured; empty where that says no more than the summary.
      type: dict
    unverifiable:
      description:
        - Whether it was skipped because it cannot be seen from here, only from elsewhere or with a
          permission.
      type: bool
    docs:
      description: Where the documentation explains the check.
      type: str
    # end of result of a check
certificate:
  description: The certificate that was shown first.
  returned: always
  type: dict
missing:
  description: Required checks that were seen to pass from nowhere.
  returned: always
  type: list
  elements: str
vantages:
  description: The places from which was looked.
  returned: always
  type: list
  elements: str
"""
