# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate that the load balancer shows, and the version of TLS that it speaks.

Seen from the control node and from every probe host.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    FAIL,
    WARN,
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import connections, evidence
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.check import check, no_address
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Certificate,
    Connection,
    Observations,
    Request,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.tls import (
    covers,
    days_left,
    worst_certificate,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief

# ACM renews its certificates earlier than that; a month is time enough for a person to act.
DAYS_TO_WARN = 30
OLD_PROTOCOLS = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")


@check(
    "tls.certificate",
    asks="Is the certificate trusted at every address?",
    why="Clients refuse a certificate whose chain does not lead to an authority that they trust.",
    fix="Serve a certificate of a public authority from ACM, with its whole chain, or name your own authority's PEM"
    " file (`gitpod_verify_ca_path`, on probe hosts `gitpod_verify_probe_ca_path`).",
    measured=evidence.certificate,
)
def chain(request: Request, seen: Observations) -> Finding:
    """By the system's authorities, or those of the given file; not where validation is off.

    Alike on every Python: what 3.12 trusts and 3.13 refuses is trusted, with a warning.
    """
    made = seen.connections
    if not made:
        return no_address(request, request.domain)
    broken = [item for item in made if not item.trust and item.outcome != "no_route"]
    untrusted = [item for item in made if item.trust == "untrusted"]
    if untrusted:
        reasons = sorted({item.trust_detail or "the chain could not be verified" for item in untrusted})
        return failed(
            f"The certificate is not trusted at {_where(untrusted)}: {'; '.join(reasons)}.",
            "Serve a certificate of a public authority from ACM, with its whole chain, or name your own authority's "
            "PEM file in ca_path.",
        )
    if broken:
        told = listed([f"{item.name} at {item.address} {connections.describe(item)}" for item in broken], by="; ")
        return failed(f"No TLS connection: {told}.", connections.remedy(broken[0], request))
    reached = [item for item in made if item.trust]
    if not reached:
        return failed("No address could be reached.", connections.remedy(made[0], request))
    if not request.validate_certificates:
        return skipped("The certificate's chain was not checked, because validation is off.")
    strictly = sorted({item.trust_detail for item in reached if item.trust_detail})
    if strictly:
        return warned(
            f"The certificate is trusted at {_where(reached)}, but not by clients that check strictly, such as those of"
            f" Python 3.13 and newer: {'; '.join(strictly)}.",
            "Have the authority issue it anew with what is missing, most often an Authority Key Identifier"
            " (python/cpython#107361).",
        )
    protocols = ", ".join(sorted({item.protocol for item in reached}))
    return passed(f"The certificate is trusted at {_where(reached)} ({protocols}).")


def _where(made: t.Iterable[Connection]) -> str:
    return listed(sorted({item.address for item in made}))


def _softened(found: Finding, request: Request) -> Finding:
    """Where validation is off, the certificate's names and its end are at worst warnings."""
    if request.validate_certificates or found.status != FAIL:
        return found
    return dataclasses.replace(found, status=WARN)


@check(
    "tls.names",
    asks="Does the certificate cover the domain and its wildcard?",
    why='Environments are reached under names below the domain (the guide, "Certificate").',
    fix="Request a certificate in ACM, in the runner's region, with both names, and give its ARN to the stack.",
    measured=evidence.certificate,
)
def names(request: Request, seen: Observations) -> Finding:
    """At every address."""
    return _softened(_names(request, seen), request) if seen.connections else no_address(request, request.domain)


def _names(request: Request, seen: Observations) -> Finding:
    shown = [item for item in seen.connections if item.certificate]
    if not shown:
        return skipped("No certificate could be read.")
    wanted = f"*.{request.domain}"
    for item in shown:
        certificate = t.cast(Certificate, item.certificate)
        missing = [] if covers(certificate, request.domain) else [request.domain]
        missing += [] if wanted in certificate.names else [wanted]
        if missing:
            return failed(
                f"The certificate shown for {item.name} at {item.address} does not cover {' and '.join(missing)}; it "
                f"covers {brief(listed(certificate.names), 600) or 'no DNS name'}.",
                f"Request a certificate in ACM, in the runner's region, with the names {request.domain} and {wanted}, "
                "and give its ARN to the stack.",
            )
    return passed(f"The certificate covers {request.domain} and {wanted}.")


@check(
    "tls.expiry",
    asks="Is the certificate valid for another month?",
    why="ACM renews earlier than that, so one that ends sooner was not renewed.",
    fix="Renew it: ACM renews by itself only what it issued and can validate through DNS; import others anew.",
    measured=evidence.certificate,
)
def expiry(request: Request, seen: Observations) -> Finding:
    """The certificate that ends first."""
    return _softened(_expiry(seen), request) if seen.connections else no_address(request, request.domain)


def _expiry(seen: Observations) -> Finding:
    worst = worst_certificate(seen)
    if worst is None:
        return skipped("No certificate could be read.")
    certificate, _protocol = worst
    left = days_left(certificate, seen.now)
    end = certificate.not_after.strftime("%Y-%m-%d %H:%M UTC")
    if left < 0:
        return failed(
            f"The certificate ended on {end}.",
            "Renew it: ACM renews by itself only what it issued and can validate through DNS; import others anew.",
        )
    if left < DAYS_TO_WARN:
        return warned(
            f"The certificate ends in {left} days, on {end}.",
            "ACM should have renewed it by now: look at its renewal status, or import a renewed one.",
        )
    return passed(f"The certificate is valid for another {left} days, until {end}.")


@check(
    "tls.protocol",
    asks="Does the load balancer speak TLS 1.2 or newer?",
    why="Older versions are forbidden (RFC 8996), and clients refuse them.",
    fix="Give the TLS listener a security policy of TLS 1.2 and newer, such as ELBSecurityPolicy-TLS13-1-2-2021-06.",
    measured=evidence.certificate,
)
def protocol(request: Request, seen: Observations) -> Finding:
    """The version that every handshake settled on."""
    if not seen.connections:
        return no_address(request, request.domain)
    shown = sorted({item.protocol for item in seen.connections if item.protocol})
    old = sorted(
        {
            item.protocol or "a version older than TLS 1.2"
            for item in seen.connections
            if item.outcome == "tls_too_old" or item.protocol in OLD_PROTOCOLS
        }
    )
    if old:
        told = f"The load balancer offers no TLS 1.2 or newer: the handshake settles on {', '.join(old)}."
        return failed(told, connections.TLS_REMEDIES["tls_too_old"])
    if not shown:
        return skipped("There was no handshake.")
    return passed(f"The handshake settles on {', '.join(shown)}.")


CHECKS = (chain, names, expiry, protocol)
