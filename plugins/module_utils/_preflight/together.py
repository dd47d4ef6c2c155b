# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what runners of one look share is enough for all of them, where it is enough for each of them alone. Pure.

Quotas count in an account and a region, and subnets may be of several runners, so what each runner's own check found is
made worse where the sum says so.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    FAIL,
    PASS,
    WARN,
    Finding,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.capacity import subnets_for
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks.addresses import addresses
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks.quotas import judged
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Quota
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.needs import Alone, Need, Needs

_ORDER = (PASS, WARN, FAIL)
# Runners that are named in a finding; there may be many.
MOST_NAMES = 5
# By the inventory's name of a runner, and by the ID of a check.
Findings = dict[str, dict[str, Finding]]
Fleet = t.Mapping[str, Needs]


def together(fleet: Fleet) -> Findings:
    """What is found of each runner because of the others, at most one a check."""
    found: Findings = {name: {} for name in fleet}
    for names, check, finding in (*_quotas(fleet), *_addresses(fleet), *_alone(fleet)):
        for name in names:
            before = found[name].get(check)
            if before is None or _ORDER.index(before.status) < _ORDER.index(finding.status):
                found[name][check] = finding
    return found


def _quotas(fleet: Fleet) -> t.Iterator[tuple[list[str], str, Finding]]:
    sharing: dict[tuple[t.Any, ...], dict[str, Need]] = {}
    for name, needs in fleet.items():
        for need in needs.quotas if needs.place[0] else ():
            sharing.setdefault((*needs.place, need.quota), {})[name] = need
    for of_each in sharing.values():
        finding = _of_quota(of_each)
        if finding is None:
            continue
        for name, need in of_each.items():
            status = min(finding.status, need.worst, key=_ORDER.index)
            yield [name], need.check, dataclasses.replace(finding, status=status)


def _of_quota(of_each: t.Mapping[str, Need]) -> Finding | None:
    """Their sum against the quota; C(None) where one runner alone needs it, or it is not known."""
    one = next(iter(of_each.values()))
    if one.limit is None or one.used is None:
        return None
    # What one runner's own environments use is among what the others' looks count as used.
    used = max(one.used + one.own - sum(need.own for need in of_each.values()), 0.0)
    made = {need.once or name: need.needed for name, need in of_each.items()}
    if len(made) == 1:
        return None
    found = judged(one.quota, Quota(one.limit, used), sum(made.values()), one.what)
    if found.status == PASS:
        return None
    summary = f"{found.summary.rstrip('.')} by {_listed(of_each)} together."
    remediation = f"{found.remediation.rstrip('.')}, or deploy fewer runners in this account and region."
    return dataclasses.replace(found, summary=summary, remediation=remediation)


def _addresses(fleet: Fleet) -> t.Iterator[tuple[list[str], str, Finding]]:
    """Every group of runners whose subnets have fewer free addresses than they need."""
    told: set[frozenset[str]] = set()
    for names in _groups({name: needs for name, needs in fleet.items() if needs.free}):
        free = {subnet: count for name in names for subnet, count in fleet[name].free.items()}
        needed = sum(fleet[name].addresses for name in names)
        if len(names) == 1 or frozenset(names) in told or sum(free.values()) >= needed:
            continue
        told.add(frozenset(names))
        summary = (
            f"{sum(free.values())} free addresses in the EC2 subnets of {_listed(names)}, which they share, and"
            f" {needed} wanted for them together (gitpod_expected_environments)."
        )
        yield names, addresses.id, warned(summary, subnets_for(needed, len(free)))


def _alone(fleet: Fleet) -> t.Iterator[tuple[list[str], str, Finding]]:
    """What only one of them can have, and several are going to."""
    having: dict[tuple[str, ...], dict[str, Alone]] = {}
    for name, needs in fleet.items():
        for one in needs.alone:
            having.setdefault((one.check, *one.key), {})[name] = one
    for of_each in having.values():
        for name, one in of_each.items() if len(of_each) > 1 else ():
            summary = f"{one.what} is that of {_listed(of_each)}, and can be one's only."
            yield [name], one.check, Finding(one.worst, summary, one.remedy)


def _groups(fleet: Fleet) -> t.Iterator[list[str]]:
    """All that share subnets, directly or through others; and for each runner those that have no other subnets."""
    left = dict(fleet)
    while left:
        names = [min(left)]
        reach = set(left.pop(names[0]).free)
        while more := [other for other, needs in left.items() if reach & set(needs.free)]:
            names += more
            reach |= {subnet for other in more for subnet in left.pop(other).free}
        yield names
    for needs in fleet.values():
        yield [other for other, theirs in fleet.items() if set(theirs.free) <= set(needs.free)]


def _listed(names: t.Iterable[str]) -> str:
    every = sorted(names)
    more = [f"{len(every) - MOST_NAMES} more"] if len(every) > MOST_NAMES else []
    shown = [*every[:MOST_NAMES], *more]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
