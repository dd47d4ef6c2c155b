# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both names of the runner, as the asked resolvers answer for them.

Seen from the control node and from every probe host.
"""

from __future__ import annotations

import ipaddress

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    FAIL,
    PASS,
    SKIP,
    WARN,
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded, listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import evidence
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Answer,
    Observations,
    Request,
)

# RFC 6598; ipaddress counts it as neither private nor global, and VPCs use it.
SHARED = ipaddress.ip_network("100.64.0.0/10")

_PROPAGATION = (
    "A record that was just created can take 5 to 60 minutes to be seen; a resolver also remembers for a while "
    "that a name was missing."
)


@check(
    "dns.domain",
    asks="Does the domain resolve?",
    why='Users and the management plane reach the runner under it (the guide, "DNS Resolution Test").',
    fix="Create the record as an alias A record (Route 53) or a CNAME to the load balancer, in the zone that the asked"
    " resolver sees. A record that was just created can take 5 to 60 minutes to be seen.",
    measured=lambda request, seen: evidence.answers_for(seen, request.domain),
)
def domain(request: Request, seen: Observations) -> Finding:
    """At every resolver that is asked."""
    return _name(request, seen, request.domain)


@check(
    "dns.wildcard",
    asks="Does a random name below the domain resolve?",
    why="Every environment has a name of its own there, which only the wildcard record answers for.",
    fix="Create the record `*.` and the domain likewise.",
    measured=lambda request, seen: evidence.answers_for(seen, request.wildcard),
)
def wildcard(request: Request, seen: Observations) -> Finding:
    """A random label, so that no resolver remembers an answer from before."""
    return _name(request, seen, request.wildcard)


def _name(request: Request, seen: Observations, name: str) -> Finding:
    answers = _answers(seen, name)
    bad = [answer for answer in answers if answer.outcome != "found"]
    if answers and not bad:
        addresses = listed(seen.addresses(name))
        return passed(f"{name} resolves to {addresses} ({_at(answers)}).")
    if not bad:
        return failed(f"{name} was not asked for.", "Report this as a fault of the collection.")
    summary = "; ".join(f"{_describe(answer)} ({_at([answer])})" for answer in bad) + "."
    return failed(summary, _remedy(request, bad[0]))


def _describe(answer: Answer) -> str:
    chain = f", to which a CNAME leads from {answer.name}," if answer.canonical else ""
    name = answer.canonical or answer.name
    texts = {
        "missing": f"{name}{chain} does not exist",
        "empty": f"{name}{chain} has no address",
        "timeout": f"the question for {answer.name} was not answered",
        "refused": f"the resolver could not or would not answer for {answer.name}",
    }
    text = texts.get(answer.outcome, f"asking for {answer.name} failed")
    return f"{text}: {answer.detail}" if answer.detail and answer.outcome != "missing" else text


def _remedy(request: Request, answer: Answer) -> str:
    if answer.outcome in ("missing", "empty") and answer.canonical:
        return (
            f"The record exists but leads to {answer.canonical}, which has no address: point it at the load balancer "
            f"of the present stack{_target(request)}."
        )
    if answer.outcome in ("missing", "empty"):
        record = request.domain if answer.name == request.domain else f"*.{request.domain}"
        return (
            f"Create the record {record} as an alias A record (Route 53) or a CNAME to the load balancer"
            f"{_target(request)}, in the zone that this resolver sees. {_PROPAGATION}"
        )
    if answer.outcome == "timeout":
        return "Check that the resolver's address is right and that UDP and TCP port 53 (or the given port) reach it."
    return (
        "Check that the zone is delegated to its name servers, that its DNSSEC signatures are valid, and that the "
        "resolver may be asked from this machine."
    )


def _target(request: Request) -> str:
    return f", {request.expected_target}" if request.expected_target else ""


@check(
    "dns.same_target",
    asks="Do both names lead to this runner's load balancer?",
    why="A record that is left from an earlier stack leads to a load balancer that is gone, or to another runner.",
    fix="Point both names at the output LoadBalancerDNS of the present stack.",
    measured=lambda request, seen: evidence.answers_for(seen, *request.names, request.expected_target),
)
def same_target(request: Request, seen: Observations) -> Finding:
    """Judge each resolver by itself: the zones of a split horizon rightly give different addresses."""
    verdicts = [_same_target_at(request, _by_name(seen, resolver)) for resolver in _resolvers(seen)]
    worst = min(verdicts, key=lambda found: (FAIL, WARN, SKIP, PASS).index(found.status), default=None)
    return skipped("No resolver was asked.") if worst is None else worst


def _same_target_at(request: Request, answers: dict[str, Answer]) -> Finding:
    where = _at(list(answers.values()))
    unresolved = [name for name in request.names if not _leads_somewhere(answers.get(name))]
    if unresolved:
        return skipped(f"{' and '.join(unresolved)} cannot be compared without an address ({where}).")
    domain, wildcard = (answers[name] for name in request.names)
    if not request.expected_target:
        return _compare(domain, wildcard, where)
    target = answers.get(request.expected_target)
    if target is None or not target.addresses:
        return _without_target_addresses(request, [domain, wildcard], where)
    return _compare_with_target(request, [domain, wildcard], target, where)


def _leads_somewhere(answer: Answer | None) -> bool:
    return answer is not None and bool(answer.addresses or answer.canonical)


def _compare(domain: Answer, wildcard: Answer, where: str) -> Finding:
    if domain.addresses == wildcard.addresses:
        return passed(f"{domain.name} and its wildcard lead to the same addresses ({where}).")
    return failed(
        f"{domain.name} leads to {_list(domain)} but {wildcard.name} leads to {_list(wildcard)} ({where}).",
        f"Point {domain.name} and *.{domain.name} at the same load balancer. {_PROPAGATION}",
    )


def _without_target_addresses(request: Request, answers: list[Answer], where: str) -> Finding:
    """An authoritative server asked directly knows the CNAME, but not the addresses of AWS's name."""
    target = request.expected_target
    if all(answer.canonical == folded(target) for answer in answers):
        return passed(f"Both names are CNAMEs to {target} ({where}).")
    return failed(
        f"{target}, the load balancer's own name, has no address ({where}).",
        "Check that the name is that of the present stack's output LoadBalancerDNS, and that the resolver answers for "
        "names of AWS.",
    )


def _compare_with_target(request: Request, answers: list[Answer], target: Answer, where: str) -> Finding:
    expected = set(target.addresses)
    foreign = [answer for answer in answers if not set(answer.addresses) <= expected or not answer.addresses]
    if foreign:
        wrong = " and ".join(f"{answer.name} leads to {_list(answer)}" for answer in foreign)
        return failed(
            f"{wrong} instead of {_list(target)}, the load balancer {target.name} ({where}).",
            f"Another load balancer, perhaps that of an earlier stack, stands in the record: point {request.domain} "
            f"and *.{request.domain} at {target.name}. {_PROPAGATION}",
        )
    partial = [answer for answer in answers if set(answer.addresses) != expected]
    if partial:
        return warned(
            f"{' and '.join(f'{answer.name} leads only to {_list(answer)}' for answer in partial)} of {_list(target)}, "
            f"the load balancer {target.name} ({where}).",
            "Route 53 leaves out zones without healthy targets: check the target group's health in every zone.",
        )
    return passed(f"Both names lead to the load balancer {target.name} ({where}).")


def _list(answer: Answer) -> str:
    return listed(answer.addresses) or answer.canonical


def _answers(seen: Observations, name: str) -> list[Answer]:
    return [answer for answer in seen.answers if answer.name == name]


def _by_name(seen: Observations, resolver: str) -> dict[str, Answer]:
    return {answer.name: answer for answer in seen.answers if answer.resolver == resolver}


def _resolvers(seen: Observations) -> list[str]:
    return list(dict.fromkeys(answer.resolver for answer in seen.answers))


def _at(answers: list[Answer]) -> str:
    resolvers = list(dict.fromkeys(answer.resolver for answer in answers))
    return f"resolver{'s' if len(resolvers) > 1 else ''} {listed(resolvers)}"


@check(
    "dns.visibility",
    asks="Are the addresses of the kind that the load balancer's visibility demands?",
    why='An internal load balancer has private addresses, an internet-facing one public ones (the guide, "Load Balancer'
    ' Visibility Options"). Made where the visibility is known.',
    fix="Point both names at this runner's load balancer, or correct its visibility. Where the addresses are right, as"
    " in a VPC with public ranges, name their ranges in `gitpod_verify_accepted_ranges`.",
    only_if=lambda request, _seen: bool(request.visibility),
    measured=evidence.answers,
)
def visibility(request: Request, seen: Observations) -> Finding:
    """All addresses of both names."""
    addresses = sorted({address for name in request.names for address in seen.addresses(name)})
    if not addresses:
        return skipped("Without an address there is nothing to compare.")
    private = request.visibility == "internal"
    wrong = [address for address in addresses if not _fits(address, private, request.accepted_ranges)]
    kind = "private" if private else "public"
    if not wrong:
        return passed(f"Every address is {kind}, as an {request.visibility} load balancer has them.")
    return failed(
        f"{listed(wrong)}: not {kind}, as an {request.visibility} load balancer has them.",
        "Point both names at this runner's load balancer, or correct its visibility. Where these addresses are right, "
        "as in a VPC with public ranges or behind address translation, name their ranges in accepted_ranges "
        "(gitpod_verify_accepted_ranges).",
    )


def _fits(address: str, private: bool, accepted: tuple[str, ...]) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    for text in accepted:
        network = ipaddress.ip_network(text, strict=False)
        if network.version == parsed.version and parsed in network:
            return True
    if parsed.is_loopback or parsed.is_unspecified or parsed.is_link_local:
        return False
    inside = parsed.is_private or (parsed.version == SHARED.version and parsed in SHARED)
    return inside is private


CHECKS = (domain, wildcard, same_target, visibility)
