# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is made of what was seen."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import decisions, tls
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Answer,
    Certificate,
    Connection,
    Observations,
    Request,
)

DOMAIN = "eu.gitpod.example.com"
WILDCARD = f"gitpod-verification.{DOMAIN}"
TARGET = "internal-loadba-1a2b3c.eu-central-1.elb.amazonaws.com"
TODAY = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc)
REQUEST = Request(DOMAIN)
CERTIFICATE = Certificate((f"*.{DOMAIN}", DOMAIN), "commonName=Test", TODAY + datetime.timedelta(days=100))


def answer(name: str, *addresses: str, resolver: str = "10.0.0.2", **fields: t.Any) -> Answer:
    return Answer(name, resolver, fields.pop("outcome", "found" if addresses else "missing"), addresses, **fields)


def connection(name: str, address: str = "10.0.0.17", **fields: t.Any) -> Connection:
    values = {
        "outcome": "answered",
        "trust": "trusted",
        "protocol": "TLSv1.3",
        "certificate": CERTIFICATE,
        "status": 200,
    }
    return Connection(name, address, **{"protocol": "TLSv1.3", **values, **fields})


def broken(name: str, outcome: str, address: str = "10.0.0.17", detail: str = "") -> Connection:
    return Connection(name, address, outcome, detail=detail)


def seen(*values: Answer | Connection) -> Observations:
    return Observations(
        tuple(value for value in values if isinstance(value, Answer)),
        tuple(value for value in values if isinstance(value, Connection)),
    )


BOTH_NAMES = (answer(DOMAIN, "10.0.0.17"), answer(WILDCARD, "10.0.0.17"))
GOOD = seen(*BOTH_NAMES, connection(DOMAIN), connection(WILDCARD))


def judged(observations: Observations, request: Request = REQUEST) -> dict[str, Result]:
    return {check.identifier: check for check in decisions.judge(request, observations, TODAY)}


def test_a_good_path_passes_every_check_in_order() -> None:
    checks = decisions.judge(REQUEST, GOOD, TODAY)
    assert [(check.identifier, check.status) for check in checks] == [
        ("dns.domain", "pass"),
        ("dns.wildcard", "pass"),
        ("dns.same_target", "pass"),
        ("tcp.https", "pass"),
        ("tls.certificate", "pass"),
        ("tls.names", "pass"),
        ("tls.expiry", "pass"),
        ("tls.protocol", "pass"),
        ("health.domain", "pass"),
        ("health.wildcard", "pass"),
    ]
    assert all(not check.remediation for check in checks)
    assert decisions.is_healthy(checks)


@pytest.mark.parametrize("group", ["dns", "tls", "health"])
def test_only_the_checks_asked_for_are_returned(group: str) -> None:
    checks = judged(GOOD, dataclasses.replace(REQUEST, checks=(group,)))
    assert checks
    assert all(identifier.startswith(f"{group}.") for identifier in checks)


def test_a_missing_wildcard_names_the_record_to_create() -> None:
    checks = judged(seen(answer(DOMAIN, "10.0.0.17"), answer(WILDCARD), connection(DOMAIN)))
    assert checks["dns.wildcard"].status == "fail"
    assert f"*.{DOMAIN}" in checks["dns.wildcard"].remediation
    assert checks["dns.domain"].status == "pass"
    assert checks["dns.same_target"].status == "skip"
    assert checks["health.wildcard"].status == "skip"
    assert checks["health.domain"].status == "pass"


def test_a_cname_to_a_name_that_is_gone_is_not_called_a_missing_record() -> None:
    checks = judged(seen(answer(DOMAIN, canonical="old-lb.elb.amazonaws.com"), answer(WILDCARD, "10.0.0.17")))
    assert "old-lb.elb.amazonaws.com" in checks["dns.domain"].summary
    assert "point it at the load balancer" in checks["dns.domain"].remediation


@pytest.mark.parametrize(
    ("outcome", "remedy"),
    [("timeout", "port 53"), ("refused", "delegated"), ("failed", "delegated"), ("empty", "Create the record")],
)
def test_each_dns_failure_has_its_own_remedy(outcome: str, remedy: str) -> None:
    checks = judged(seen(answer(DOMAIN, outcome=outcome), answer(WILDCARD, outcome=outcome)))
    assert checks["dns.domain"].status == "fail"
    assert remedy in checks["dns.domain"].remediation


def test_one_resolver_of_two_without_the_name_is_a_failure_that_names_it() -> None:
    missing = [answer(name, resolver="192.0.2.53") for name in (DOMAIN, WILDCARD)]
    checks = judged(seen(*BOTH_NAMES, *missing, connection(DOMAIN), connection(WILDCARD)))
    assert checks["dns.domain"].status == "fail"
    assert "192.0.2.53" in checks["dns.domain"].summary
    assert "10.0.0.2" not in checks["dns.domain"].summary


def test_two_sides_of_a_split_horizon_may_differ_from_each_other() -> None:
    outside = [answer(name, "198.51.100.7", resolver="192.0.2.53") for name in (DOMAIN, WILDCARD)]
    assert judged(seen(*BOTH_NAMES, *outside))["dns.same_target"].status == "pass"


def test_domain_and_wildcard_on_different_addresses_fail() -> None:
    check = judged(seen(answer(DOMAIN, "10.0.0.17"), answer(WILDCARD, "10.9.9.9")))["dns.same_target"]
    assert check.status == "fail"
    assert "10.9.9.9" in check.summary


@pytest.mark.parametrize(
    ("target", "wildcard", "status"),
    [
        (("10.0.0.17", "10.0.1.17"), ("10.0.0.17", "10.0.1.17"), "pass"),
        (("10.0.0.17", "10.0.1.17"), ("10.0.0.17",), "warn"),
        (("10.0.0.17",), ("10.0.0.17", "10.9.9.9"), "fail"),
        (("10.7.7.7",), ("10.0.0.17",), "fail"),
    ],
)
def test_the_names_are_compared_with_the_load_balancer(
    target: tuple[str, ...], wildcard: tuple[str, ...], status: str
) -> None:
    request = dataclasses.replace(REQUEST, expected_target=TARGET)
    observations = seen(answer(DOMAIN, *wildcard), answer(WILDCARD, *wildcard), answer(TARGET, *target))
    check = judged(observations, request)["dns.same_target"]
    assert check.status == status
    assert bool(check.remediation) == (status != "pass")


def test_a_server_that_knows_only_the_cname_is_believed_about_it() -> None:
    request = dataclasses.replace(REQUEST, expected_target=TARGET)
    names = [answer(name, outcome="empty", canonical=TARGET) for name in (DOMAIN, WILDCARD)]
    checks = judged(seen(*names, answer(TARGET, outcome="refused")), request)
    assert checks["dns.same_target"].status == "pass"
    gone = judged(seen(*BOTH_NAMES, answer(TARGET)), request)["dns.same_target"]
    assert gone.status == "fail"
    assert "LoadBalancerDNS" in gone.remediation


def test_an_untrusted_certificate_fails_even_though_the_runner_answers() -> None:
    untrusted = [connection(name, trust="untrusted", trust_detail="self-signed certificate") for name in REQUEST.names]
    checks = judged(seen(*BOTH_NAMES, *untrusted))
    assert checks["tls.certificate"].status == "fail"
    assert "self-signed certificate" in checks["tls.certificate"].summary
    assert "ca_path" in checks["tls.certificate"].remediation
    assert checks["health.domain"].status == "pass"


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        ((DOMAIN,), [f"*.{DOMAIN}"]),
        ((f"*.{DOMAIN}",), [DOMAIN]),
        (("other.example.com",), [DOMAIN, f"*.{DOMAIN}"]),
        (("*.gitpod.example.com",), [f"*.{DOMAIN}"]),
        (("*.gitpod.example.com", f"*.{DOMAIN}"), []),
        ((), [DOMAIN, f"*.{DOMAIN}"]),
    ],
)
def test_the_certificate_has_to_cover_both_names(names: tuple[str, ...], missing: list[str]) -> None:
    certificate = dataclasses.replace(CERTIFICATE, names=names)
    check = judged(seen(*BOTH_NAMES, *(connection(name, certificate=certificate) for name in REQUEST.names)))[
        "tls.names"
    ]
    assert check.status == ("fail" if missing else "pass")
    assert not missing or f"does not cover {' and '.join(missing)};" in check.summary


@pytest.mark.parametrize(("days", "status"), [(30, "pass"), (29, "warn"), (0, "warn"), (-1, "fail")])
def test_expiry_is_judged_by_the_certificate_that_ends_first(days: int, status: str) -> None:
    early = dataclasses.replace(CERTIFICATE, not_after=TODAY + datetime.timedelta(days=days))
    observations = seen(*BOTH_NAMES, connection(DOMAIN), connection(WILDCARD, certificate=early))
    assert judged(observations)["tls.expiry"].status == status
    assert tls.days_left(early, TODAY) == days


def test_without_validation_names_and_end_only_warn_but_no_connection_still_fails() -> None:
    request = dataclasses.replace(REQUEST, validate_certificates=False)
    poor = Certificate(("other.example.com",), "", TODAY - datetime.timedelta(days=1))
    checks = judged(seen(*BOTH_NAMES, connection(DOMAIN, trust="unchecked", certificate=poor)), request)
    assert [checks[f"tls.{name}"].status for name in ("certificate", "names", "expiry")] == ["skip", "warn", "warn"]
    refused = judged(seen(*BOTH_NAMES, broken(DOMAIN, "refused")), request)
    assert refused["tls.certificate"].status == "fail"


@pytest.mark.parametrize(
    ("made", "remedy"),
    [
        (broken(DOMAIN, "timeout"), "security group"),
        (broken(DOMAIN, "no_route"), "security group"),
        (broken(DOMAIN, "failed", detail="odd"), "security group"),
        (broken(DOMAIN, "refused"), "listens on port 443"),
        (broken(DOMAIN, "tls_failed"), "TLS listener"),
        (connection(DOMAIN, outcome="no_answer", status=None), "no target behind it"),
        (connection(DOMAIN, status=503), "targets are unhealthy"),
        (connection(DOMAIN, status=302, location="https://login.example.com/"), "Something else"),
        (connection(DOMAIN, status=404), "Check the path"),
    ],
)
def test_each_broken_connection_has_its_own_remedy(made: Connection, remedy: str) -> None:
    check = judged(seen(*BOTH_NAMES, made))["health.domain"]
    assert check.status == "fail"
    assert made.address in check.summary
    assert remedy in check.remediation


def test_one_bad_address_of_two_fails_and_is_named() -> None:
    observations = seen(*BOTH_NAMES, connection(DOMAIN), connection(DOMAIN, "10.0.1.17", status=503))
    check = judged(observations)["health.domain"]
    assert check.status == "fail"
    assert "10.0.1.17 answers 503" in check.summary
    assert "10.0.0.17" not in check.summary


def test_an_address_family_that_this_machine_lacks_is_a_warning_while_another_address_works() -> None:
    checks = judged(seen(*BOTH_NAMES, connection(DOMAIN), broken(DOMAIN, "no_route", "2001:db8::17")))
    assert checks["health.domain"].status == "warn"
    assert checks["tls.certificate"].status == "pass"
    alone = judged(seen(*BOTH_NAMES, broken(DOMAIN, "no_route", "2001:db8::17")))
    assert alone["health.domain"].status == "fail"
    assert alone["tls.certificate"].status == "fail"


@pytest.mark.parametrize("group", ["tls", "health"])
def test_without_addresses_and_without_dns_checks_nothing_is_healthy(group: str) -> None:
    checks = decisions.judge(dataclasses.replace(REQUEST, checks=(group,)), seen(answer(DOMAIN)), TODAY)
    assert {check.status for check in checks} == {"fail"}
    assert not decisions.is_healthy(checks)


def test_nothing_proven_is_not_healthy() -> None:
    assert not decisions.is_healthy([Result("dns.domain", "skip", "")])
    assert not decisions.is_healthy([])
