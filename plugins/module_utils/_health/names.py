# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on the two names: dns.domain, dns.wildcard and dns.same_target."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded, listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Answer,
    Check,
    Observations,
    Request,
)

_PROPAGATION = (
    "A record that was just created can take 5 to 60 minutes to be seen; a resolver also remembers for a while "
    "that a name was missing."
)


def judge(request: Request, seen: Observations) -> list[Check]:
    """The three checks of names."""
    return [
        _name("dns.domain", request, seen, request.domain),
        _name("dns.wildcard", request, seen, request.wildcard),
        _same_target(request, seen),
    ]


def _name(identifier: str, request: Request, seen: Observations, name: str) -> Check:
    answers = _answers(seen, name)
    bad = [answer for answer in answers if answer.outcome != "found"]
    if answers and not bad:
        addresses = listed(seen.addresses(name))
        return Check(identifier, "pass", f"{name} resolves to {addresses} ({_at(answers)}).")
    if not bad:
        return Check(identifier, "fail", f"{name} was not asked for.", "Report this as a fault of the collection.")
    summary = "; ".join(f"{_describe(answer)} ({_at([answer])})" for answer in bad) + "."
    return Check(identifier, "fail", summary, _remedy(request, bad[0]))


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


def _same_target(request: Request, seen: Observations) -> Check:
    """Judge each resolver by itself: the zones of a split horizon rightly give different addresses."""
    verdicts = [_same_target_at(request, _by_name(seen, resolver)) for resolver in _resolvers(seen)]
    worst = min(verdicts, key=lambda check: ("fail", "warn", "skip", "pass").index(check.status), default=None)
    if worst is None:
        return Check("dns.same_target", "skip", "No resolver was asked.")
    return worst


def _same_target_at(request: Request, answers: dict[str, Answer]) -> Check:
    identifier = "dns.same_target"
    where = _at(list(answers.values()))
    unresolved = [name for name in request.names if not _leads_somewhere(answers.get(name))]
    if unresolved:
        return Check(identifier, "skip", f"{' and '.join(unresolved)} cannot be compared without an address ({where}).")
    domain, wildcard = (answers[name] for name in request.names)
    if not request.expected_target:
        return _compare(domain, wildcard, where)
    target = answers.get(request.expected_target)
    if target is None or not target.addresses:
        return _without_target_addresses(request, [domain, wildcard], where)
    return _compare_with_target(request, [domain, wildcard], target, where)


def _leads_somewhere(answer: Answer | None) -> bool:
    return answer is not None and bool(answer.addresses or answer.canonical)


def _compare(domain: Answer, wildcard: Answer, where: str) -> Check:
    if domain.addresses == wildcard.addresses:
        return Check("dns.same_target", "pass", f"{domain.name} and its wildcard lead to the same addresses ({where}).")
    return Check(
        "dns.same_target",
        "fail",
        f"{domain.name} leads to {_list(domain)} but {wildcard.name} leads to {_list(wildcard)} ({where}).",
        f"Point {domain.name} and *.{domain.name} at the same load balancer. {_PROPAGATION}",
    )


def _without_target_addresses(request: Request, answers: list[Answer], where: str) -> Check:
    """An authoritative server asked directly knows the CNAME, but not the addresses of AWS's name."""
    target = request.expected_target
    if all(answer.canonical == folded(target) for answer in answers):
        return Check("dns.same_target", "pass", f"Both names are CNAMEs to {target} ({where}).")
    return Check(
        "dns.same_target",
        "fail",
        f"{target}, the load balancer's own name, has no address ({where}).",
        "Check that the name is that of the present stack's output LoadBalancerDNS, and that the resolver answers for "
        "names of AWS.",
    )


def _compare_with_target(request: Request, answers: list[Answer], target: Answer, where: str) -> Check:
    expected = set(target.addresses)
    foreign = [answer for answer in answers if not set(answer.addresses) <= expected or not answer.addresses]
    if foreign:
        wrong = " and ".join(f"{answer.name} leads to {_list(answer)}" for answer in foreign)
        return Check(
            "dns.same_target",
            "fail",
            f"{wrong} instead of {_list(target)}, the load balancer {target.name} ({where}).",
            f"Another load balancer, perhaps that of an earlier stack, stands in the record: point {request.domain} "
            f"and *.{request.domain} at {target.name}. {_PROPAGATION}",
        )
    partial = [answer for answer in answers if set(answer.addresses) != expected]
    if partial:
        return Check(
            "dns.same_target",
            "warn",
            f"{' and '.join(f'{answer.name} leads only to {_list(answer)}' for answer in partial)} of {_list(target)}, "
            f"the load balancer {target.name} ({where}).",
            "Route 53 leaves out zones without healthy targets: check the target group's health in every zone.",
        )
    return Check("dns.same_target", "pass", f"Both names lead to the load balancer {target.name} ({where}).")


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
    return "resolver " + ", ".join(resolvers) if len(resolvers) == 1 else "resolvers " + ", ".join(resolvers)
