# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stage certificate has to do; built on the planner of runner_certificate."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import Certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.plan import AWAIT, USE, Wanted, plan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import (
    CREATE,
    NOTHING,
    UNKNOWN,
    WAIT,
    StagePlan,
)

STAGE = "certificate"


def foresee(
    wanted: Wanted,
    given_arn: str,
    request: bool,
    certificates: t.Sequence[Certificate] | None,
    now: datetime.datetime,
) -> StagePlan:
    """The stage for one runner.

    An issued certificate still has to be looked up, because the stack is told its ARN: that is C(unknown) without
    reasons to change anything, unless the stack has it already, which the caller knows (then pass it as C(given_arn)).

    :param given_arn: the inventory's ARN, or that of the existing stack; then there is nothing to do.
    :param request: whether the inventory allows a request (gitpod_certificate_request).
    :param certificates: those of the region that cover the domain, with tags; C(None) when they could not be read.
    """
    if given_arn or not request:
        return StagePlan(STAGE, NOTHING)
    if certificates is None:
        return StagePlan(STAGE, UNKNOWN, ("The certificates of the region could not be read",))
    found = plan(certificates, wanted, now)
    if found.action == USE and found.certificate:
        return StagePlan(STAGE, UNKNOWN, (f"The stack is given {found.certificate.arn}",))
    if found.action == AWAIT and found.certificate:
        return StagePlan(STAGE, WAIT, (f"{found.certificate.arn} waits for its validation record",))
    reasons = [f"A certificate for {wanted.domain} and its wildcard is requested and validated through DNS"]
    reasons += [f"{failed.arn} is {failed.status} ({failed.failure or 'no reason'})" for failed in found.failed]
    return StagePlan(STAGE, CREATE, tuple(reasons))
