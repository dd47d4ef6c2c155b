# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain: who keeps it, what is there, and what will become of it."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import (
    Unread,
    UnreadError,
    known,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.asking import SPOKEN
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import naming
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import ASSUME_ROLE, Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53 import plan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import (
    ADDRESS_TYPES,
    Record,
    Zone,
    normal,
)

ROUTE53 = "route53"
# What ACM looks for in CAA records (ACM user guide, "Configure a CAA record").
AMAZON_ISSUERS = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")
CAA_FIELDS = 3
VERBS = {"CREATE": "created", "UPSERT": "changed", "DELETE": "removed"}
NO_DOMAIN = "The inventory names no domain (gitpod_domain_name)."
NO_ZONE = "There is no zone to look at."
ELSEWHERE = "The records are not kept in Route 53 (gitpod_dns_provider)."


def chosen(wanted: Wanted, facts: Facts) -> list[Zone]:
    """The zones that the records go to; none when one of them does not exist, or it is not clear which is meant."""
    try:
        return _meant(wanted, facts)
    except RunnerError:
        return []


def _meant(wanted: Wanted, facts: Facts) -> list[Zone]:
    zones, answering = _hosted_zones(facts), naming.answering_zones(wanted, facts)
    try:
        return naming.meant(zones, answering or (), wanted)
    except RunnerError:
        # Of several private zones the one that answers in the VPC is meant: unknown while that is not read.
        if answering is None and wanted.resolving_vpc_id and len(naming.holding(zones, wanted.domain_name)) > 1:
            known(naming.answering_fact(wanted, facts))
        raise


def _hosted_zones(facts: Facts) -> tuple[Zone, ...]:
    return known(facts.hosted_zones) or ()


def applies(wanted: Wanted) -> Finding | None:
    """Why the checks of Route 53 are skipped, or C(None)."""
    if not wanted.domain_name:
        return skipped(NO_DOMAIN)
    return None if wanted.dns_provider == ROUTE53 else skipped(ELSEWHERE)


@check(
    "dns.zone",
    asks="Is there one hosted zone for the domain?",
    why="The records of both names go into the zone with the longest name that holds the domain; several of one name,"
    " or none, need a decision.",
    fix="Name the zone (`gitpod_dns_hosted_zone_id`), its kind (`gitpod_dns_private_zone`), the profile of its account"
    " (`gitpod_dns_aws_profile`) or a role in it (`gitpod_dns_role_arn`), or another provider (`gitpod_dns_provider`).",
)
def zone(wanted: Wanted, facts: Facts) -> Finding:
    """Public, private, or both (split horizon)."""
    reason = applies(wanted)
    if reason:
        return reason
    refused = facts.hosted_zones
    if isinstance(refused, Unread) and refused.action == ASSUME_ROLE:
        # Without the role the records can never be written.
        return failed(
            f"The role {wanted.dns_role_arn} of the zone's account cannot be assumed: {refused.message.rstrip('.')}.",
            refused.advice.rstrip(".") + "."
            if refused.advice and not refused.forbidden
            else "Let the role trust the calling principal, and allow that principal sts:AssumeRole, or correct"
            " gitpod_dns_role_arn.",
        )
    try:
        found = _meant(wanted, facts)
    except RunnerError as error:
        why = f" {error.why}." if error.why else ""
        return failed(f"{error.what}.{why}", f"{error.next_step}.")
    problems = list(filter(None, (_unfit(entry, wanted, facts) for entry in found)))
    if problems:
        return problems[0]
    return _beside(wanted, found, _hosted_zones(facts))


def _unfit(found: Zone, wanted: Wanted, facts: Facts) -> Finding | None:
    """Why the records do not belong in a zone, or are not seen there; C(None) when they do."""
    if not found.holds(wanted.domain_name):
        return failed(
            f"The zone {found.id} ({found.name}) does not hold {wanted.domain_name}.",
            "Name the zone whose name the domain ends in.",
        )
    if not found.private or found.vpcs or naming.answering_zones(wanted, facts) is None or wanted.dns_associate_vpc:
        return None
    return failed(
        f"The private zone {found.name} ({found.id}) does not answer in {wanted.resolving_vpc_id}.",
        "Associate the zone with the VPC, or allow that (gitpod_dns_associate_vpc).",
    )


def _beside(wanted: Wanted, found: t.Sequence[Zone], zones: t.Sequence[Zone]) -> Finding:
    """Whether a zone of the other kind holds the domain too, and is not meant (split horizon)."""
    named = " and ".join(f"the {_kind(entry)} zone {entry.name} ({entry.id})" for entry in found)
    kinds = {entry.private for entry in found}
    others = [entry for entry in naming.holding(zones, wanted.domain_name) if entry.private not in kinds]
    if others and not wanted.dns_zone_ids:
        return warned(
            f"{named[:1].upper()}{named[1:]} is used; the {_kind(others[0])} zone {others[0].name} ({others[0].id})"
            " holds the domain too.",
            "Whoever asks that one does not see the records: write them to both (gitpod_dns_split_horizon), or name the"
            " one that is meant (gitpod_dns_hosted_zone_id).",
        )
    return passed(f"{named[:1].upper()}{named[1:]}.")


def _kind(found: Zone) -> str:
    return "private" if found.private else "public"


@check(
    "dns.delegation",
    asks="Does the zone still answer for the domain?",
    why="Where an NS record stands between the zone's apex and the domain, resolvers go on to other name servers, and"
    " records in this zone are never seen.",
    fix="Write the records in the zone that the NS record leads to, or remove the delegation.",
)
def delegation(wanted: Wanted, facts: Facts) -> Finding:
    """NS records on the path below the apex."""
    reason = applies(wanted)
    found = [] if reason else chosen(wanted, facts)
    if reason or not found:
        return reason or skipped(NO_ZONE)
    delegated = [
        (entry, record)
        for entry in found
        for record in zone_records(entry, facts)
        if record.type == "NS" and record.name != entry.name
    ]
    if delegated:
        where, record = delegated[0]
        return failed(
            f"{record.name} is delegated away from the zone {where.name}, to {listed(record.values)}.",
            "Use the hosted zone of that name (gitpod_dns_hosted_zone_id, gitpod_dns_aws_profile).",
        )
    return passed(f"Nothing between {found[0].name} and {normal(wanted.domain_name)} is delegated away.")


def zone_records(found: Zone, facts: Facts) -> tuple[Record, ...]:
    """The records of a zone on the domain's path."""
    return known(facts.records.get(found.id, ()))


@check(
    "dns.records",
    asks="What is at both names now, and what will become of it?",
    why="Records that point elsewhere belong to somebody; they are replaced only with `gitpod_dns_overwrite`.",
    fix="Check that nobody needs the records that are there, then set `gitpod_dns_overwrite: true`, or choose another"
    " domain.",
)
def records(wanted: Wanted, facts: Facts) -> Finding:
    """As the records' own planner sees them."""
    if not wanted.domain_name:
        return skipped(NO_DOMAIN)
    if wanted.dns_provider != ROUTE53:
        return _answers(wanted, facts)
    found = chosen(wanted, facts)
    if not found:
        return skipped(NO_ZONE)
    both = plan.names(wanted.domain_name)
    balancer = known(facts.load_balancer) or {}
    done: list[str] = []
    foreign: list[Record] = []
    for entry in found:
        there = [rec for rec in zone_records(entry, facts) if rec.name in both and rec.type in ADDRESS_TYPES]
        where = f" in {entry}" if len(found) > 1 else ""
        try:
            changes = plan.plan(there, naming.wanted_records(wanted, balancer)) if balancer else []
        except RunnerError:
            foreign += there
            continue
        done += [f"{change.record.name} {change.record.type} is {VERBS[change.action]}{where}" for change in changes]
        foreign += [] if balancer else there
    if foreign:
        return _foreign(foreign, wanted.dns_overwrite)
    if not balancer:
        return passed("Neither name has a record yet; both are created.")
    return passed(f"{'; '.join(done)}." if done else "Both names point to the load balancer; nothing is changed.")


def _foreign(there: t.Sequence[Record], overwrite: bool) -> Finding:
    told = "; ".join(record.as_line() for record in there)
    if any(record.routing for record in there):
        return failed(
            f"Records with a routing policy answer for these names: {told}.",
            "Remove them, or keep the names by hand (gitpod_dns_provider: manual).",
        )
    if overwrite:
        return warned(
            f"There now, and replaced by records of the load balancer: {told}.",
            "Make sure that nobody needs them, or unset gitpod_dns_overwrite.",
        )
    return failed(
        f"Records of these names point elsewhere: {told}.",
        "Check that nobody needs them, then set gitpod_dns_overwrite: true, or choose another domain.",
    )


def _answers(wanted: Wanted, facts: Facts) -> Finding:
    """What resolvers say of names that are kept outside Route 53."""
    seen = [answer for answer in known(facts.answers) or () if answer.kind in ("A", "CNAME")]
    unheard = [answer for answer in seen if answer.outcome not in SPOKEN]
    if not seen or unheard:
        reason = unheard[0].outcome if unheard else "nobody was asked"
        return skipped(f"The resolvers do not say what is there ({reason}).")
    balancer = None if isinstance(facts.load_balancer, Unread) else facts.load_balancer
    target = normal(balancer["dns_name"]) if balancer else ""
    there = {answer.name: listed(answer.values) for answer in seen if answer.outcome == "found"}
    if not there:
        return passed("Neither name answers yet; the records are shown once the load balancer is there.")
    pointing = [answer for answer in seen if answer.kind == "CNAME" and answer.values]
    if target and pointing and all(normal(answer.values[0]) == target for answer in pointing):
        return passed(f"They lead to the load balancer, {target}.")
    told = "; ".join(f"{name} leads to {value}" for name, value in there.items())
    return warned(f"There now: {told}.", _replaced(wanted))


def _replaced(wanted: Wanted) -> str:
    """What becomes of records that lead elsewhere, outside Route 53."""
    if not registry.provider(wanted.dns_provider).protects:
        return "The stage waits until both names lead to the load balancer: have these records replaced then."
    if wanted.dns_overwrite:
        return "They are replaced: make sure that nobody needs them, or unset gitpod_dns_overwrite."
    return "The stage replaces none of others: check that nobody needs them, then set gitpod_dns_overwrite: true."


@check(
    "dns.apex",
    asks="Can the domain have the record that it needs?",
    why="At the apex of a zone no CNAME is allowed (RFC 1034 section 3.6.2). In Route 53 an alias does it; elsewhere it"
    " takes the provider's ALIAS or ANAME record.",
    fix="Use `gitpod_dns_record_type: alias` in Route 53; elsewhere a sub-domain, or the provider's ALIAS record.",
)
def apex(wanted: Wanted, facts: Facts) -> Finding:
    """Whether the domain is the name of a zone."""
    if not wanted.domain_name:
        return skipped(NO_DOMAIN)
    domain = normal(wanted.domain_name)
    if wanted.dns_provider != ROUTE53:
        return _outside_apex(wanted, domain, facts)
    found = chosen(wanted, facts)
    if not found:
        return skipped(NO_ZONE)
    if any(entry.name == domain for entry in found) and wanted.dns_record_type == "cname":
        return failed(
            f"{domain} is the apex of its zone, where no CNAME is allowed.",
            "Set gitpod_dns_record_type: alias, or use a sub-domain.",
        )
    return passed(f"{domain} takes {'an alias' if wanted.dns_record_type == 'alias' else 'a CNAME'}.")


def _outside_apex(wanted: Wanted, domain: str, facts: Facts) -> Finding:
    provider = registry.provider(wanted.dns_provider)
    if provider.apex:
        return passed(provider.apex)
    if wanted.dns_apex_alias and not provider.writes:
        return passed("The provider's ALIAS or ANAME record is used.")
    origin = next((answer for answer in known(facts.answers) or () if answer.kind == "SOA"), None)
    if origin is None or origin.outcome not in ("found", "empty", "missing"):
        return skipped("The resolvers do not say whether the domain is the apex of its zone.")
    if origin.outcome == "found":
        return failed(
            f"{domain} is the apex of a zone outside Route 53, where no CNAME is allowed.",
            f"Use a sub-domain such as gitpod.{domain}, or keep the zone in Route 53"
            + (
                "."
                if provider.writes
                else ", or use the provider's ALIAS or ANAME record (gitpod_dns_apex_alias: true)."
            ),
        )
    return passed(f"{domain} is not the apex of its zone, so it takes a CNAME.")


@check(
    "dns.caa",
    asks="Do CAA records allow Amazon to issue certificates for the domain?",
    why="The closest CAA records above the domain decide (RFC 8659); ACM neither issues nor renews where they name only"
    " others.",
    fix='Add the CAA records `0 issue "amazon.com"` and `0 issuewild "amazon.com"`.',
)
def caa(wanted: Wanted, facts: Facts) -> Finding:
    """Of issue and issuewild, because both names are needed."""
    if not wanted.domain_name:
        return skipped(NO_DOMAIN)
    where, values = _caa(wanted, facts)
    forbidden = forbidden_tags(values)
    if not values:
        unheard = [one for one in known(facts.answers) or () if one.kind == "CAA" and one.outcome not in SPOKEN]
        if unheard:
            return skipped(f"The resolvers do not say which CAA records {unheard[0].name} has ({unheard[0].outcome}).")
        return passed("No CAA records limit who issues.")
    if not forbidden:
        return passed(f"The CAA records of {where} allow Amazon.")
    summary = f"The CAA records of {where} forbid Amazon ({' and '.join(forbidden)})"
    remediation = 'Add 0 issue "amazon.com" and 0 issuewild "amazon.com" to them.'
    certificate = None if isinstance(facts.certificate, Unread) else facts.certificate
    if certificate and certificate.kind == "IMPORTED":
        return passed(f"{summary}; the certificate is imported, so Amazon issues none.")
    if wanted.certificate_arn:
        return warned(f"{summary}, so the certificate will not be renewed.", remediation)
    return failed(f"{summary}, so no certificate can be issued.", remediation)


def _caa(wanted: Wanted, facts: Facts) -> tuple[str, tuple[str, ...]]:
    """The name whose CAA records count, and the records: the zone's own if some are on the path, else as resolvers see
    them."""
    # ACM asks in public.
    found = [entry for entry in chosen(wanted, facts) if not entry.private] if wanted.dns_provider == ROUTE53 else []
    on_path = [record for entry in found for record in zone_records(entry, facts) if record.type == "CAA"]
    if on_path:
        closest = max(on_path, key=lambda record: len(record.name))
        return closest.name, closest.values
    seen = [answer for answer in known(facts.answers) or () if answer.kind == "CAA"]
    # The closest name is asked first, and one that nobody answered for may have records.
    silent = next((answer for answer in seen if answer.outcome not in ("found", "missing", "empty")), None)
    if silent:
        raise UnreadError(Unread(f"ask for CAA records of {silent.name}", silent.outcome))
    answer = next((answer for answer in seen if answer.values), None)
    return (answer.name, answer.values) if answer else ("", ())


def forbidden_tags(values: t.Sequence[str]) -> list[str]:
    """Which of C(issue) and C(issuewild) leave Amazon out; issuewild follows issue where it is not given."""
    issuers: dict[str, list[str]] = {}
    for value in values:
        parts = value.split(None, 2)
        if len(parts) == CAA_FIELDS:
            issuer = parts[2].strip().strip('"').partition(";")[0].strip().lower()
            issuers.setdefault(parts[1].lower(), []).append(issuer)
    rules = {"issue": issuers.get("issue"), "issuewild": issuers.get("issuewild", issuers.get("issue"))}
    return [tag for tag, allowed in rules.items() if allowed is not None and not set(allowed) & set(AMAZON_ISSUERS)]


CHECKS = (zone, delegation, records, apex, caa)
