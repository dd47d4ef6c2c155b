# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault of a runner's path that the issue names, with real TLS and DNS: check, status, evidence, what to do."""

from __future__ import annotations

import time
import typing as t

import health_states as states
import pytest
from health_cases import BALANCER, DOMAIN, ELSEWHERE, HERE, MANAGEMENT_PLANE, WILDCARD, Path, authorities, usual_path

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import operation
from ansible_collections.gitpod.enterprise_runner.plugins.modules import runner_health_info

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

TIMEOUT = 0.6
NAMES = ("dns.domain", "dns.wildcard", "dns.same_target", "dns.visibility")
TLS, HEALTH = ("tls.certificate", "tls.names", "tls.expiry", "tls.protocol"), ("health.domain", "health.wildcard")
ALL = (*NAMES, "tcp.https", "tcp.http", *TLS, *HEALTH, "private_dns.resolution")
NO_TLS = {"tls.certificate": "fail", "tls.names": "skip", "tls.expiry": "skip", "tls.protocol": "skip"}
NO_HEALTH = dict.fromkeys(HEALTH, "fail")

# What has to stand in a check: words of its summary, of its remediation, and its evidence by path.
Told = dict[str, tuple[str, str, dict[str, t.Any]]]


class Case(t.NamedTuple):
    """One state of the path.

    :param arrange: makes it.
    :param statuses: of the checks that do not pass; all others have to.
    :param told: by check.
    """

    name: str
    arrange: Callable[[Path], None]
    statuses: dict[str, str]
    told: Told


def health(outcome: str, **more: t.Any) -> dict[str, t.Any]:
    return {f"answers.{HERE}.outcome": outcome, **{f"answers.{HERE}.{key}": value for key, value in more.items()}}


def trust(detail: str) -> dict[str, t.Any]:
    return {"connections.0.trust": "untrusted", "connections.0.detail": detail}


RENEW, SERVE = "ACM renews by itself", "Serve a certificate of a public authority"
ISSUER = "unable to get local issuer certificate"
GOOD_HEALTH = ("answers 200", "", health("answered", http_status=200))
NO_ADDRESS = {"tcp.https": "skip", "tcp.http": "skip", **dict.fromkeys((*TLS, *HEALTH), "skip")}
NO_NAMES = {"dns.domain": "fail", "dns.wildcard": "fail", "dns.same_target": "skip", "dns.visibility": "skip"}
CASES = [
    Case(
        "good",
        states.good,
        {},
        {
            "dns.domain": (HERE, "", {"answers.0.outcome": "found", "answers.0.canonical_name": BALANCER}),
            "tls.certificate": ("is trusted", "", {"connections.0.trust": "trusted", "protocols.0": "TLSv1.3"}),
            "tls.expiry": ("another 299 days", "", {"days_left": 299}),
            "health.domain": GOOD_HEALTH,
            "private_dns.resolution": ("addresses of the endpoint", "", {"expected_addresses.0": "10.0.0.9"}),
        },
    ),
    Case(
        "expired",
        states.expired,
        {"tls.certificate": "fail", "tls.expiry": "fail"},
        {
            "tls.certificate": ("certificate has expired", SERVE, trust("certificate has expired")),
            "tls.expiry": ("ended on", RENEW, {"days_left": -3}),
            "health.domain": GOOD_HEALTH,
        },
    ),
    Case(
        "ends soon",
        states.ends_soon,
        {"tls.expiry": "warn"},
        {"tls.expiry": ("ends in 9 days", "renewal status", {"days_left": 9})},
    ),
    Case(
        "not yet valid",
        states.not_yet_valid,
        {"tls.certificate": "fail"},
        {"tls.certificate": ("not yet valid", SERVE, trust("certificate is not yet valid"))},
    ),
    Case(
        "wrong name",
        states.wrong_name,
        {"tls.names": "fail"},
        {
            "tls.names": (
                f"does not cover {DOMAIN} and *.{DOMAIN}; it covers other.example.com",
                "Request a certificate in ACM",
                {"subject_alternative_names": ["other.example.com"]},
            )
        },
    ),
    Case(
        "certificate without the wildcard",
        states.no_wildcard_name,
        {"tls.names": "fail"},
        {"tls.names": (f"does not cover *.{DOMAIN};", "in ACM", {"subject_alternative_names": [DOMAIN]})},
    ),
    Case(
        "unknown authority",
        states.unknown_authority,
        {"tls.certificate": "fail"},
        {"tls.certificate": (ISSUER, "PEM file in ca_path", trust(ISSUER)), "health.wildcard": GOOD_HEALTH},
    ),
    Case(
        "incomplete chain",
        states.incomplete_chain,
        {"tls.certificate": "fail"},
        {"tls.certificate": (ISSUER, "with its whole chain", trust(ISSUER))},
    ),
    Case(
        "self-signed",
        states.self_signed,
        {"tls.certificate": "fail"},
        {"tls.certificate": ("self-signed", SERVE, trust("self-signed certificate"))},
    ),
    Case(
        "self-signed, as curl -k",
        states.self_signed_unverified,
        {"tls.certificate": "skip"},
        {
            "tls.certificate": ("validation is off", "", {"connections.0.trust": "unchecked"}),
            "tls.names": ("covers", "", {"subject_alternative_names": [f"*.{DOMAIN}", DOMAIN]}),
            "health.domain": GOOD_HEALTH,
        },
    ),
    Case(
        "slow handshake",
        states.silent_handshake,
        {**NO_TLS, **NO_HEALTH},
        {
            "tcp.https": ("accepts connections", "", {f"outcomes.{HERE}": "tls_failed"}),
            "tls.certificate": ("timed out", "TLS listener", {"connections.0.trust": ""}),
            "health.domain": ("timed out", "TLS listener", health("tls_failed", http_status=None)),
        },
    ),
    Case(
        "slow answer",
        states.slow_answer,
        NO_HEALTH,
        {"health.domain": ("no HTTP answer", "health of the load balancer's targets", health("no_answer"))},
    ),
    Case(
        "a byte now and then",
        states.dripping_answer,
        NO_HEALTH,
        {"health.wildcard": ("no HTTP answer", "health of the load balancer's targets", health("no_answer"))},
    ),
    Case(
        "out of reach",
        states.out_of_reach,
        {"tcp.https": "fail", **NO_TLS, **NO_HEALTH},
        {
            "tcp.https": ("does not answer in time", "security group", {f"outcomes.{HERE}": "timeout"}),
            "health.domain": ("does not answer in time", "routable from here", health("timeout")),
        },
    ),
    Case(
        "out of reach from outside",
        states.out_of_reach_from_outside,
        {"tcp.https": "skip", **dict.fromkeys((*TLS, *HEALTH), "skip")},
        {
            "tcp.https": ("Not verifiable from here", "gitpod_verify_probe_hosts", {f"outcomes.{HERE}": "timeout"}),
            "health.domain": ("Not verifiable from here", f"curl -k https://{DOMAIN}/_health", health("timeout")),
        },
    ),
    Case(
        "connection refused",
        states.refused,
        {"tcp.https": "fail", **NO_TLS, **NO_HEALTH},
        {
            "tcp.https": ("refuses the connection", "Nothing listens", {f"outcomes.{HERE}": "refused"}),
            "tls.certificate": ("refuses the connection", "has a TLS listener", {"connections.0.trust": ""}),
            "health.domain": ("refuses the connection", "Nothing listens", health("refused")),
        },
    ),
    Case(
        "port 80 closed",
        states.http_port_closed,
        {"tcp.http": "fail"},
        {"tcp.http": ("refuses the connection", "Nothing listens", {f"outcomes.{HERE}": "refused"})},
    ),
    Case(
        "redirect",
        states.redirect,
        NO_HEALTH,
        {
            "health.domain": (
                "302 to https://login.example.com/",
                "Something else than the runner answers",
                health("answered", http_status=302, location="https://login.example.com/"),
            )
        },
    ),
    Case(
        "unhealthy",
        states.unhealthy,
        NO_HEALTH,
        {"health.domain": ("answers 503", "targets are unhealthy", health("answered", http_status=503))},
    ),
    Case(
        "no target",
        states.no_target,
        NO_HEALTH,
        {"health.domain": ("no HTTP answer", "no target behind it", health("no_answer", http_status=None))},
    ),
    Case(
        "TLS too old",
        states.too_old,
        {**NO_TLS, "tls.protocol": "fail", **NO_HEALTH},
        {
            "tls.protocol": ("settles on TLSv1.1", "security policy", {"protocols.0": "TLSv1.1"}),
            "tls.certificate": ("no TLS of version 1.2 or newer but TLSv1.1", "security policy", {}),
            "health.domain": ("no TLS of version 1.2 or newer", "security policy", health("tls_too_old")),
        },
    ),
    Case(
        "no TLS at all",
        states.no_tls,
        {**NO_TLS, **NO_HEALTH},
        {"health.domain": ("does not complete the TLS handshake", "is a TLS listener", health("tls_failed"))},
    ),
    Case(
        "wrong DNS answer",
        states.stale_records,
        {"dns.same_target": "fail", "tcp.http": "fail"},
        {
            "dns.same_target": (
                f"{DOMAIN} leads to {ELSEWHERE} and {WILDCARD} leads to {ELSEWHERE} instead of {HERE}",
                f"point {DOMAIN} and *.{DOMAIN} at {BALANCER}",
                {"answers.0.addresses": [ELSEWHERE], "answers.2.addresses": [HERE]},
            )
        },
    ),
    Case(
        "wildcard leads elsewhere",
        states.wildcard_elsewhere,
        {"dns.same_target": "fail", "tcp.https": "fail", "tcp.http": "fail", "tls.certificate": "fail"}
        | {"health.wildcard": "fail"},
        {
            "dns.same_target": (f"{WILDCARD} leads to {ELSEWHERE} instead", BALANCER, {}),
            "tcp.https": (f"{ELSEWHERE} refuses", "Nothing listens", {f"outcomes.{ELSEWHERE}": "refused"}),
        },
    ),
    Case(
        "wildcard missing",
        states.wildcard_missing,
        {"dns.wildcard": "fail", "dns.same_target": "skip", "health.wildcard": "skip"},
        {
            "dns.wildcard": ("does not exist", f"Create the record *.{DOMAIN}", {"answers.0.outcome": "missing"}),
            "health.domain": GOOD_HEALTH,
        },
    ),
    Case(
        "record of a load balancer that is gone",
        states.dangling,
        {"dns.domain": "fail", "dns.same_target": "fail", "health.domain": "skip"},
        {
            "dns.domain": (
                "gone-9z.elb.eu-central-1.amazonaws.com",
                "point it at the load balancer of the present stack",
                {"answers.0.canonical_name": "gone-9z.elb.eu-central-1.amazonaws.com"},
            )
        },
    ),
    Case(
        "resolver that is silent",
        states.silent_resolver,
        {**NO_NAMES, **NO_ADDRESS, "private_dns.resolution": "fail"},
        {"dns.domain": ("not answered", "UDP and TCP port 53", {"answers.0.outcome": "timeout"})},
    ),
    Case(
        "resolver that refuses",
        states.refusing_resolver,
        {**NO_NAMES, **NO_ADDRESS, "private_dns.resolution": "fail"},
        {"dns.wildcard": ("would not answer", "delegated", {"answers.0.outcome": "refused"})},
    ),
    Case(
        "addresses of the wrong kind",
        states.wrong_visibility,
        {"dns.visibility": "fail"},
        {"dns.visibility": (f"{HERE}: not private", "accepted_ranges", {"answers.0.addresses": [HERE]})},
    ),
    Case(
        "private DNS off",
        states.private_dns_off,
        {"private_dns.resolution": "fail"},
        {
            "private_dns.resolution": (
                "app.gitpod.io resolves to 198.51.100.80, and not to the endpoint's 10.0.0.9",
                "private DNS is on",
                {"answers.0.addresses": ["198.51.100.80"], "expected_addresses": ["10.0.0.9"]},
            )
        },
    ),
    Case(
        "private DNS from outside",
        states.private_dns_from_outside,
        {"private_dns.resolution": "skip"},
        {"private_dns.resolution": ("Not verifiable from here", "nslookup app.gitpod.io", {})},
    ),
]


class Module:
    """What the module's operation takes of AnsibleModule."""

    check_mode = False

    def __init__(self, **options: t.Any) -> None:
        spec = runner_health_info.ARGUMENT_SPEC
        assert not set(options) - set(spec)
        self.params = {name: options.get(name, option.get("default")) for name, option in spec.items()}


def looked(path: Path, ca_path: str) -> dict[str, t.Any]:
    usual = {
        "domain_name": DOMAIN,
        "wildcard_label": WILDCARD.partition(".")[0],
        "port": path.port,
        "resolvers": [f"{HERE}:{path.dns.port}"],
        "expected_load_balancer_dns_name": BALANCER,
        "load_balancer_visibility": "internal",
        "accepted_ranges": ["127.0.0.0/8"],
        "management_plane_name": MANAGEMENT_PLANE,
        "management_plane_addresses": ["10.0.0.9"],
        "inside_vpc": True,
        "ca_path": ca_path,
        "timeout": TIMEOUT,
    }
    return operation.run(Module(**{**usual, **path.options}))


def at(evidence: t.Any, place: str) -> t.Any:
    """What stands at a path such as C(answers.127.0.0.1.outcome)."""
    if not place:
        return evidence
    if isinstance(evidence, list):
        number, _dot, rest = place.partition(".")
        return at(evidence[int(number)], rest)
    key = next(key for key in evidence if place == key or place.startswith(f"{key}."))
    return at(evidence[key], place[len(key) + 1 :])


@pytest.fixture(scope="module")
def ca_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: pathlib.Path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authorities().trusted.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_state_of_the_path_has_its_verdicts(case: Case, ca_path: str) -> None:
    with usual_path(authorities()) as path:
        case.arrange(path)
        started = time.monotonic()
        result = looked(path, ca_path)
        took = time.monotonic() - started
    checks = {check["id"]: check for check in result["checks"]}
    assert {name: check["status"] for name, check in checks.items()} == {**dict.fromkeys(ALL, "pass"), **case.statuses}
    for identifier, (summary, remediation, evidence) in case.told.items():
        check = checks[identifier]
        assert summary in check["summary"]
        assert remediation in check["remediation"]
        assert {place: at(check["evidence"], place) for place in evidence} == evidence
    failed = [check for check in result["checks"] if check["status"] in ("warn", "fail")]
    assert all(check["remediation"] and check["evidence"] for check in failed)
    assert all(not check["remediation"] for check in result["checks"] if check["status"] == "pass")
    assert result["healthy"] == all(check["status"] != "fail" for check in result["checks"])
    # Two questions to a resolver, then at most connecting, shaking hands and an answer, all side by side.
    assert took < 6 * TIMEOUT
