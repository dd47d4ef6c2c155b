# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on the certificate: tls.certificate, tls.names and tls.expiry."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import connections
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Certificate,
    Check,
    Connection,
    Observations,
    Request,
)

if t.TYPE_CHECKING:
    from collections.abc import Sequence

# ACM renews its certificates earlier than that; a month is time enough for a person to act.
DAYS_TO_WARN = 30


def judge(request: Request, seen: Observations, today: datetime.datetime) -> list[Check]:
    """The three checks of the certificate; where validation is off, its names and its end are at worst warnings."""
    if not seen.connections:
        return [
            connections.no_address(identifier, request, request.domain)
            for identifier in ("tls.certificate", "tls.names", "tls.expiry")
        ]
    content = [_names(request, seen), _expiry(seen, today)]
    if not request.validate_certificates:
        content = [_softened(check) for check in content]
    return [_chain(request, seen.connections), *content]


def _softened(check: Check) -> Check:
    if check.status != "fail":
        return check
    return Check(check.identifier, "warn", check.summary, check.remediation)


def worst_certificate(seen: Observations) -> tuple[Certificate, str] | None:
    """The certificate that ends first, and the TLS version it was shown over."""
    shown = [(item.certificate, item.protocol) for item in seen.connections if item.certificate]
    return min(shown, key=lambda pair: pair[0].not_after, default=None)


def days_left(certificate: Certificate, today: datetime.datetime) -> int:
    """Whole days until the certificate ends, rounded down; negative afterwards."""
    return (certificate.not_after - today) // datetime.timedelta(days=1)


def _chain(request: Request, made: Sequence[Connection]) -> Check:
    identifier = "tls.certificate"
    broken = [item for item in made if not item.trust and item.outcome != "no_route"]
    untrusted = [item for item in made if item.trust == "untrusted"]
    if untrusted:
        reasons = sorted({item.trust_detail or "the chain could not be verified" for item in untrusted})
        return Check(
            identifier,
            "fail",
            f"The certificate is not trusted at {_where(untrusted)}: {'; '.join(reasons)}.",
            "Serve a certificate of a public authority from ACM, with its whole chain, or name your own authority's "
            "PEM file in ca_path.",
        )
    if broken:
        listed = "; ".join(f"{item.name} at {item.address} {connections.describe(item)}" for item in broken)
        return Check(identifier, "fail", f"No TLS connection: {listed}.", connections.remedy(broken[0], request))
    reached = [item for item in made if item.trust]
    if not reached:
        return Check(identifier, "fail", "No address could be reached.", connections.remedy(made[0], request))
    if not request.validate_certificates:
        return Check(identifier, "skip", "The certificate's chain was not checked, because validation is off.")
    protocols = ", ".join(sorted({item.protocol for item in reached}))
    return Check(identifier, "pass", f"The certificate is trusted at {_where(reached)} ({protocols}).")


def _where(made: Sequence[Connection]) -> str:
    return ", ".join(sorted({item.address for item in made}))


def covers(certificate: Certificate, name: str) -> bool:
    """Whether a client accepts the certificate for the name: exactly, or by a wildcard of one label (RFC 9525, 6.3)."""
    _first, _dot, parent = name.partition(".")
    return name in certificate.names or f"*.{parent}" in certificate.names


def _names(request: Request, seen: Observations) -> Check:
    identifier = "tls.names"
    shown = [item for item in seen.connections if item.certificate]
    if not shown:
        return Check(identifier, "skip", "No certificate could be read.")
    wanted = f"*.{request.domain}"
    for item in shown:
        certificate = t.cast(Certificate, item.certificate)
        missing = [] if covers(certificate, request.domain) else [request.domain]
        missing += [] if wanted in certificate.names else [wanted]
        if missing:
            return Check(
                identifier,
                "fail",
                f"The certificate shown for {item.name} at {item.address} does not cover {' and '.join(missing)}; it "
                f"covers {', '.join(certificate.names) or 'no DNS name'}.",
                f"Request a certificate in ACM, in the runner's region, with the names {request.domain} and {wanted}, "
                "and give its ARN to the stack.",
            )
    return Check(identifier, "pass", f"The certificate covers {request.domain} and {wanted}.")


def _expiry(seen: Observations, today: datetime.datetime) -> Check:
    identifier = "tls.expiry"
    worst = worst_certificate(seen)
    if worst is None:
        return Check(identifier, "skip", "No certificate could be read.")
    certificate, _protocol = worst
    left = days_left(certificate, today)
    end = certificate.not_after.strftime("%Y-%m-%d %H:%M UTC")
    if left < 0:
        return Check(
            identifier,
            "fail",
            f"The certificate ended on {end}.",
            "Renew it: ACM renews by itself only what it issued and can validate through DNS; import others anew.",
        )
    if left < DAYS_TO_WARN:
        return Check(
            identifier,
            "warn",
            f"The certificate ends in {left} days, on {end}.",
            "ACM should have renewed it by now: look at its renewal status, or import a renewed one.",
        )
    return Check(identifier, "pass", f"The certificate is valid for another {left} days, until {end}.")
