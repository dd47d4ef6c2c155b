# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints for services of AWS, where the EC2 subnets have no way out."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    FAIL,
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import (
    DIALLED,
    SERVICES,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.foresee import NetworkFacts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.plan import in_the_way, plan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.serving import (
    COMING,
    MISSING,
    NOT_OFFERED,
    SHUT,
    Verdict,
    verdicts,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import paths
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.gather_network import (
    asked,
    closed_subnets,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route_tables import table_of

_LISTED = ", ".join(service.short for service in SERVICES)
_SWITCH = "gitpod_network_endpoints: true"


@check(
    "network.endpoints",
    asks="Where the EC2 subnets have no way out, is there a working endpoint for every service of AWS that is called?",
    why="The runner and its environments call these services directly, not through a proxy. An endpoint works when it"
    " is available, its private DNS is on and its security groups admit 443 from the EC2 subnets, and a gateway when it"
    " is on each of their route tables. Where there is a way out, endpoints are optional.",
    fix=f"Set `{_SWITCH}`, which creates what is missing, or create endpoints for {_LISTED}; IAM's is"
    " com.amazonaws.iam, with the service region us-east-1.",
)
def endpoints(wanted: Wanted, facts: Facts) -> Finding:
    """Each service of the vendor's list, against the VPC's endpoints."""
    there = {subnet.id for subnet in known(facts.subnets) or ()}
    subnets = [name for name in wanted.ec2_subnet_ids if name in there]
    if not subnets or known(facts.vpc) is None:
        return skipped("There are no EC2 subnets to look at.")
    tables = known(facts.route_tables) or ()
    closed, found = closed_subnets(subnets, tables), known(facts.network_endpoints)
    if found is None:
        return passed("The EC2 subnets have a way out, and no endpoint is in it.")
    judged = verdicts(found.endpoints, found.ground)
    where = f"No default route for {', '.join(closed)}"
    if wanted.network_endpoints:
        return _created(wanted, found, _unserved(where, judged) if closed else None)
    if not closed:
        return _beside_a_way_out(judged)
    open_ones = [verdict for verdict in judged if not verdict.serves]
    if not open_ones:
        served = f"{where}; endpoints serve all services of AWS that the runner calls."
        return _unserved(where, judged) or _remarked(served, judged)
    told = _missing(where, open_ones, not_offered(judged))
    unseen = all(verdict.state == MISSING for verdict in open_ones) and not not_offered(judged)
    if told.status == FAIL and found.unread and unseen:
        # Shared endpoints of another VPC are reached through private hosted zones.
        return warned(
            f"{told.summary.rstrip('.')}; whether they are reached all the same is not known, because"
            f" {' and '.join(found.unread)} could not be read.",
            f"Make sure that something else leads to these services, or: {told.remediation}",
        )
    listed = [paths.listed_ways(table_of(name, tables)) for name in closed]
    if told.status == FAIL and all(listed):
        lists = sorted({route.destination for routes in listed for route in routes})
        through = paths.kinds_of(route for routes in listed for route in routes)
        return warned(
            f"{told.summary.rstrip('.')}; only prefix lists lead out ({', '.join(lists)}, through {through}), and their"
            " ranges were not looked at.",
            f"Make sure that these prefix lists hold what has no endpoint, or: {told.remediation}",
        )
    return told


def not_offered(judged: t.Iterable[Verdict]) -> list[str]:
    """Short names of the services for which AWS offers no endpoint here."""
    return [verdict.service.short for verdict in judged if verdict.state == NOT_OFFERED]


def _unserved(where: str, judged: t.Sequence[Verdict]) -> Finding | None:
    """What no endpoint can serve here, because AWS offers none; C(None) where there is nothing."""
    names = not_offered(judged)
    if not names:
        return None
    verdict = failed if set(names) & set(DIALLED) else warned
    return verdict(
        f"{where}, and AWS offers no endpoint for {', '.join(names)} in this region.",
        "Add a way out for what has none (NAT or transit gateway, firewall), or choose another region.",
    )


def _created(wanted: Wanted, found: NetworkFacts, unserved: Finding | None) -> Finding:
    """What the stage does about it, by its own planner.

    :param unserved: what the stage can do nothing about.
    """
    if found.dns_off:
        return failed(
            f"The VPC has {' and '.join(found.dns_off)} off, which private DNS of endpoints needs.",
            "Switch them on (aws ec2 modify-vpc-attribute).",
        )
    try:
        todo = plan(asked(wanted), found.ground, found.endpoints, found.group)
    except RunnerError as error:
        return failed(f"{error.what}: {error.why}.", f"{error.next_step}.")
    if unserved is not None:
        return unserved
    made = [step.service.short for step in todo.steps if step.todo.create]
    told = f"The stage creates endpoints for {', '.join(made)}." if made else "Every service has an endpoint."
    return _remarked(told, todo.used)


def _beside_a_way_out(judged: t.Sequence[Verdict]) -> Finding:
    """An endpoint with private DNS takes the name from the way out, whether or not the runner gets through it."""
    shut = [verdict for verdict in judged if _shuts(verdict)]
    if shut:
        return warned(
            f"The EC2 subnets have a way out, but private DNS or routes lead to endpoints that do not serve them:"
            f" {'; '.join(verdict.told for verdict in shut)}.",
            "Have whoever made them let the EC2 subnets through (443 from their ranges, the policy), or take the names"
            " and routes back (private DNS off, other route tables).",
        )
    unweighed = [remark for verdict in judged for remark in verdict.unweighed]
    if unweighed:
        return warned(
            f"The EC2 subnets have a way out, but what private DNS or routes lead to has policies:"
            f" {'; '.join(unweighed)}.",
            "Make sure that these policies allow what the runner and its environments call.",
        )
    return passed("The EC2 subnets have a way out.")


def _shuts(verdict: Verdict) -> bool:
    """Whether names or routes lead to what does not let the runner through; a gateway has neither name nor group."""
    return SHUT in verdict.lacks or bool(verdict.lacks and verdict.state != COMING and in_the_way(verdict))


def _missing(where: str, open_ones: t.Sequence[Verdict], lost: t.Sequence[str]) -> Finding:
    missing = [verdict.service.short for verdict in open_ones if not verdict.endpoints]
    partly = [verdict.told for verdict in open_ones if verdict.endpoints]
    parts = ([f"no endpoint for {', '.join(missing)}"] if missing else []) + partly
    parts += [f"AWS offers none for {', '.join(lost)} here"] if lost else []
    told = f"{where}, and {'; '.join(parts)}."
    if all(verdict.state == COMING for verdict in open_ones):
        return warned(told, "AWS is at work on them; run again.")
    held = [verdict for verdict in open_ones if verdict.state != COMING and in_the_way(verdict) and not verdict.ours]
    fixes = [f"Set {_SWITCH}, which creates what is missing, or add a default route (NAT or transit gateway, firewall)"]
    if held:
        which = ", ".join(endpoint.id for verdict in held for endpoint in verdict.endpoints)
        fixes.insert(0, f"Have whoever made {which} correct them, which are never changed")
    return failed(told, f"{'. '.join(fixes)}.")


def _remarked(told: str, judged: t.Iterable[Verdict]) -> Finding:
    """What is used as it is, and could not be judged to its end."""
    remarks = [remark for verdict in judged for remark in verdict.remarks]
    if not remarks:
        return passed(told)
    return warned(
        f"{told} {'. '.join(remarks)}.", "Make sure that the runner gets through these; they are used as they are."
    )


CHECKS = (endpoints,)
