# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on addresses, ports, the TLS version and the management plane's name, as seen from one place.

Rules: the vendor's guide, "Load Balancer Visibility Options", "Verification and Testing" and "Private VPC Endpoints".
"""

from __future__ import annotations

import ipaddress

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import connections
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Answer,
    Check,
    Connection,
    Observations,
    Request,
)

# RFC 6598; ipaddress counts it as neither private nor global, and VPCs use it.
SHARED = ipaddress.ip_network("100.64.0.0/10")
OLD_PROTOCOLS = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")
UNREACHED = ("timeout", "no_route")
NOT_FROM_HERE = "Not verifiable from here: "


def visibility(request: Request, seen: Observations) -> Check:
    """Whether the addresses are of the kind that the load balancer's visibility demands."""
    identifier = "dns.visibility"
    addresses = sorted({address for name in request.names for address in seen.addresses(name)})
    if not addresses:
        return Check(identifier, "skip", "Without an address there is nothing to compare.")
    private = request.visibility == "internal"
    wrong = [address for address in addresses if not _fits(address, private, request.accepted_ranges)]
    kind = "private" if private else "public"
    if not wrong:
        return Check(identifier, "pass", f"Every address is {kind}, as an {request.visibility} load balancer has them.")
    return Check(
        identifier,
        "fail",
        f"{', '.join(wrong)}: not {kind}, as an {request.visibility} load balancer has them.",
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


def port(identifier: str, number: int, made: tuple[Connection, ...], request: Request) -> Check:
    """Whether TCP connects to every address."""
    if not made:
        return connections.no_address(identifier, request, request.domain)
    closed = [item for item in made if item.outcome in ("refused", "timeout", "no_route", "failed")]
    if not closed:
        where = ", ".join(sorted({item.address for item in made}))
        return Check(identifier, "pass", f"TCP port {number} accepts connections at {where}.")
    listed = "; ".join(dict.fromkeys(f"{item.address} {connections.describe(item)}" for item in closed))
    return Check(identifier, "fail", f"TCP port {number}: {listed}.", connections.remedy(closed[0], request))


def protocol(request: Request, seen: Observations) -> Check:
    """Whether every handshake settled on TLS 1.2 or newer (RFC 8996 forbids what is older)."""
    if not seen.connections:
        return connections.no_address("tls.protocol", request, request.domain)
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
        return Check("tls.protocol", "fail", told, connections.TLS_REMEDIES["tls_too_old"])
    if not shown:
        return Check("tls.protocol", "skip", "There was no handshake.")
    return Check("tls.protocol", "pass", f"The handshake settles on {', '.join(shown)}.")


def management_plane(request: Request, seen: Observations) -> Check:
    """Whether the management plane's name leads to the endpoint; only a machine in the VPC can tell."""
    identifier = "private_dns.resolution"
    name, expected = request.management_plane, set(request.management_plane_addresses)
    answers = [answer for answer in seen.answers if answer.name == name]
    found = set(seen.addresses(name))
    told = f"{name} resolves to {', '.join(sorted(found)) or 'nothing'}"
    if not expected:
        return Check(identifier, "skip", f"The endpoint's addresses are not known; {told}.")
    if found and found <= expected:
        return Check(identifier, "pass", f"{told}, addresses of the endpoint.")
    if not request.inside_vpc:
        return Check(
            identifier,
            "skip",
            f"{NOT_FROM_HERE}{told} here, and private DNS answers inside the VPC only.",
            f"Name a host in the VPC in gitpod_verify_probe_hosts, or run nslookup {name} on one: it has to answer "
            f"{', '.join(sorted(expected))}.",
        )
    return Check(
        identifier,
        "fail",
        f"{told}, and not to the endpoint's {', '.join(sorted(expected))} ({_outcomes(answers)}).",
        "Check that this host is in the endpoint's VPC and asks the VPC's resolver, that private DNS is on, and that "
        "no rule of Route 53 Resolver and no hosts file answers for the name.",
    )


def _outcomes(answers: list[Answer]) -> str:
    return "; ".join(f"resolver {answer.resolver}: {answer.outcome}" for answer in answers) or "not asked"


def out_of_sight(request: Request, seen: Observations) -> bool:
    """Whether an internal load balancer cannot be seen from here at all, so that nothing about it is proven."""
    made = seen.connections
    hidden = bool(made) and all(item.outcome in UNREACHED for item in made)
    return hidden and request.visibility == "internal" and not request.inside_vpc


def unseen(check: Check, request: Request) -> Check:
    """A failure that only says that this machine is in the wrong place."""
    if check.status != "fail":
        return check
    return Check(
        check.identifier,
        "skip",
        f"{NOT_FROM_HERE}{check.summary}",
        "The load balancer is internal: name a host in the VPC in gitpod_verify_probe_hosts, or run there: "
        f"curl -k https://{request.domain}{request.path}",
    )
