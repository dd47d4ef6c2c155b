# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each stage has to do, from the facts that the checks are made of, as the stages' own planners see it. Pure.

A stage that follows one which changes what it depends on cannot be foreseen, and so is needed.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _stage_plan as stages
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import foresee as certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.plan import (
    Wanted as WantedCertificate,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired as stack_desired
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import foresee as cloudformation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import Found
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Stack,
    Template,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.outcome import Outcome
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.result import described
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.result import (
    wanted as wanted_stack,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import Source
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints import (
    desired as network_desired,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner as Owner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import (
    naming,
    plan_endpoint,
    plan_network,
    registering,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts, serves
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import (
    desired as privatelink_desired,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53 import foresee as route53
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.plan import names
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import Record, Zone, normal
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import StagePlan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier

Values = t.Mapping[str, t.Any]
Options = t.Mapping[str, t.Any]
Zones = t.Sequence[tuple[Zone, t.Sequence[Record]]]


def plans(values: Values, earlier: Earlier, wanted: Wanted, facts: Facts) -> list[StagePlan]:
    """Every stage's plan, in the order of site.yml, from the options that the stage itself will have.

    :param values: the runner's typed values by variable.
    :param wanted: the same, with what the existing stack makes good.
    """
    certificate_ = _certificate(wanted, facts)
    registration = registering.plan(wanted, facts)
    earlier = registering.earlier_of(earlier, wanted, facts)
    stack = _stack(stack_desired.start(values, earlier), registering.owned(wanted, facts), facts)
    stack = after(stack, certificate_, registration)
    endpoint = plan_endpoint.foresee(privatelink_desired.start(values, earlier), wanted, facts)
    # Its tags carry the runner's ID.
    network = plan_network.foresee(network_desired.start(values, earlier), wanted, facts)
    network = after(network, registration) if wanted.network_endpoints else network
    endpoint = after(endpoint, registration) if wanted.privatelink_enabled else endpoint
    dns = after(_dns(wanted, facts), stack)
    return [certificate_, registration, network, endpoint, stack, dns]


def after(plan: StagePlan, *earlier: StagePlan) -> StagePlan:
    """The plan of a stage that depends on earlier ones: while one of those has to run, nothing can be ruled out."""
    running = [entry.stage for entry in earlier if entry.needed and not entry.keeps]
    if plan.needed or not running:
        return plan
    return StagePlan(plan.stage, stages.UNKNOWN, (f"the stage {' and '.join(running)} comes first and may change it",))


def seen(
    values: Values, earlier: Earlier, wanted: Wanted, facts: Facts, found: t.Sequence[StagePlan]
) -> dict[str, t.Any]:
    """What the results of the stages with nothing to do would be; report and verification read them."""
    idle = {plan.stage for plan in found if not plan.needed}
    results: dict[str, t.Any] = {}
    registration = registering.seen(wanted, facts) if "registration" in idle else None
    if registration:
        results["registration"] = registration
    if "stack" in idle and isinstance(facts.stack, Stack):
        balancer = facts.load_balancer
        found_balancer = dict(balancer) if balancer and not isinstance(balancer, Unread) else None
        results["stack"] = described(Outcome(facts.stack), found_balancer)
    network = None
    if "network_endpoints" in idle:
        network = plan_network.seen(network_desired.start(values, earlier), wanted, facts)
    if network:
        results["network_endpoints"] = network
    endpoint = None
    if "privatelink" in idle:
        endpoint = plan_endpoint.seen(privatelink_desired.start(values, earlier), wanted, facts)
    if endpoint:
        results["privatelink"] = endpoint
    if "dns" in idle:
        results["dns"] = {"changed": False, "records": _records(wanted, facts)}
    return results


def _stack(options: Options, owned: Found | Unread | None, facts: Facts) -> StagePlan:
    if isinstance(owned, Found) and not owned.usable:
        return StagePlan("stack", stages.WAIT, (owned.told,))
    if not isinstance(facts.stack, Stack):
        return _unknown("stack", facts.stack, "the stack could not be read")
    # The stage reads what the look could not, the load balancer among it: what it leaves the later stages depend on.
    denied = [fact for fact in (facts.policy, facts.reviewed, facts.load_balancer) if isinstance(fact, Unread)]
    if denied:
        return StagePlan("stack", stages.UNKNOWN, tuple(map(str, denied)))
    source = facts.source if isinstance(facts.source, Source) else Source({})
    template = facts.template if isinstance(facts.template, Template) else Template({}, ())
    present = cloudformation.Present(
        facts.stack,
        fingerprint=facts.fingerprint if isinstance(facts.fingerprint, str) else "",
        policy=facts.policy if isinstance(facts.policy, str) else "",
        reviewed=None if isinstance(facts.reviewed, Unread) else facts.reviewed,
        leftovers=facts.leftovers if isinstance(facts.leftovers, tuple) else (),
    )
    found = cloudformation.foresee(wanted_stack(options, source), template, present)
    if found.action in (stages.UPDATE, stages.UNKNOWN, stages.NOTHING) and template is not facts.template:
        return _unknown("stack", facts.template or facts.source, "the template could not be read")
    return found


def _unknown(stage: str, fact: t.Any, otherwise: str) -> StagePlan:
    return StagePlan(stage, stages.UNKNOWN, (str(fact) if isinstance(fact, Unread) else otherwise,))


def _dns(wanted: Wanted, facts: Facts) -> StagePlan:
    if not wanted.domain_name:
        return StagePlan("dns", stages.UNKNOWN, ("the domain is not known",))
    if isinstance(facts.load_balancer, Unread):
        return _unknown("dns", facts.load_balancer, "")
    if isinstance(facts.hosted_zones, Unread):
        return _unknown("dns", facts.hosted_zones, "")
    target = (facts.load_balancer or {}).get("dns_name", "")
    if wanted.dns_provider != route53.ROUTE_53:
        return route53.foresee_elsewhere(wanted.domain_name, target, wanted.dns_provider, _answers(wanted, facts))
    try:
        zones = _zones(wanted, facts)
    except RunnerError as error:
        return StagePlan("dns", stages.UNKNOWN, (error.what,))
    return route53.foresee(naming.wanted_records(wanted, facts.load_balancer or {}), zones)


def _zones(wanted: Wanted, facts: Facts) -> Zones:
    """The zones that runner_dns chooses, with their records; none when something of it could not be read.

    :raises RunnerError: there is no such zone, or it is not clear which.
    """
    if not facts.hosted_zones or isinstance(facts.hosted_zones, Unread):
        return ()
    chosen = naming.meant(facts.hosted_zones, naming.answering_zones(wanted, facts) or (), wanted)
    # A private zone that does not answer in the VPC is associated, or refused: the stage tells.
    readable = [zone for zone in chosen if not zone.private or not wanted.resolving_vpc_id or zone.vpcs]
    found = [(zone, records) for zone in readable if isinstance(records := facts.records.get(zone.id), tuple)]
    return found if len(found) == len(chosen) else ()


def _answers(wanted: Wanted, facts: Facts) -> dict[str, str] | None:
    """Where both names lead as a client sees them, by CNAME; C(None) when nobody answered."""
    if not isinstance(facts.answers, tuple):
        return None
    both = [answer for answer in facts.answers if answer.kind == "CNAME"]
    if any(answer.outcome not in ("found", "missing", "empty") for answer in both):
        return None
    return {name: normal(next(iter(answer.values), "")) for name, answer in zip(names(wanted.domain_name), both)}


def _records(wanted: Wanted, facts: Facts) -> list[dict[str, t.Any]]:
    """The records of both names as runner_dns returns them; at another provider, those that were asked for."""
    if wanted.dns_provider != route53.ROUTE_53:
        target = {} if isinstance(facts.load_balancer, Unread) else facts.load_balancer or {}
        answer = {"type": "CNAME", "value": target.get("dns_name", ""), "ttl": wanted.dns_ttl}
        return [{"name": name, **answer} for name in names(wanted.domain_name)]
    both = names(wanted.domain_name)
    found = [record for _zone, records in _zones(wanted, facts) for record in records]
    shown = sorted(
        (record for record in found if record.name in both and record.type in ("A", "AAAA", "CNAME")),
        key=lambda record: record.key,
    )
    return [record.as_result() for record in shown]


def _certificate(wanted: Wanted, facts: Facts) -> StagePlan:
    """Only asked for without an ARN in the inventory; an existing stack's certificate counts while it serves."""
    requested = wanted.certificate_request
    stale = requested and "certificate_arn" in wanted.left_out
    if stale and isinstance(facts.certificate, Unread):
        # Whether the stack's certificate still serves is not known; the stage reads it.
        return _unknown("certificate", facts.certificate, "")
    stale = stale and not serves(facts.certificate, wanted.domain_name, facts.now)
    return certificate.foresee(
        WantedCertificate(Owner(wanted.name, wanted.runner_id), wanted.domain_name, wanted.region),
        "" if stale else wanted.certificate_arn,
        requested,
        facts.certificates if isinstance(facts.certificates, tuple) else None,
        facts.now,
    )
