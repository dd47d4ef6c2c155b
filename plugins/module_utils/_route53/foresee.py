# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stage dns has to do, from the records as they are; built on the planner of runner_dns."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.plan import Wanted, check, names, plan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import Record, Zone
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import (
    CREATE,
    NOTHING,
    UNKNOWN,
    UPDATE,
    WAIT,
    StagePlan,
)

STAGE = "dns"
ROUTE_53 = "route53"


def foresee(wanted: Wanted, zones: t.Sequence[tuple[Zone, t.Sequence[Record]]]) -> StagePlan:
    """The stage with records in Route 53.

    :param wanted: with an empty target while there is no load balancer yet.
    :param zones: every zone that is meant, with its records of both names of every type; empty when they could not be
        read.
    """
    if not wanted.target:
        return StagePlan(STAGE, CREATE, (_without_target(wanted.domain),))
    if not zones:
        return StagePlan(STAGE, UNKNOWN, (f"The hosted zone of {wanted.domain} could not be read",))
    reasons: list[str] = []
    fresh = True
    for zone, current in zones:
        try:
            check(wanted, zone)
            changes = plan(current, wanted)
        except RunnerError as error:
            # The stage tells it in full, with what to do; here it must not pass for nothing to do.
            return StagePlan(STAGE, UNKNOWN, (error.what,))
        reasons += [f"{change.action} {change.record.as_line()} in {zone}" for change in changes]
        fresh = fresh and all(change.action == "CREATE" for change in changes)
    if not reasons:
        return StagePlan(STAGE, NOTHING)
    return StagePlan(STAGE, CREATE if fresh else UPDATE, tuple(reasons))


def foresee_elsewhere(domain: str, target: str, provider: str, answers: t.Mapping[str, str] | None) -> StagePlan:
    """The stage with records at another provider, which only their answers tell of.

    :param target: the load balancer's DNS name, or empty while there is none.
    :param answers: for the domain and for a name under its wildcard, the name that the CNAME leads to, or the target
        itself when the addresses are the target's; C(None) when nobody could be asked.
    """
    if not target:
        return StagePlan(STAGE, CREATE, (_without_target(domain),))
    if answers is None:
        return StagePlan(STAGE, UNKNOWN, (f"Nobody could be asked for {domain}",))
    wrong = [name for name, leads_to in answers.items() if leads_to != target]
    if len(answers) == len(names(domain)) and not wrong:
        return StagePlan(STAGE, NOTHING)
    reason = f"{' and '.join(wrong) or domain} does not lead to {target} yet"
    action = WAIT if registry.provider(provider).by_hand else UPDATE
    return StagePlan(STAGE, action, (reason,))


def _without_target(domain: str) -> str:
    return f"{' and '.join(names(domain))} will point to the load balancer that the stack creates"
