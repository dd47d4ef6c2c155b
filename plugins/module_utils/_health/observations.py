# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked and what was seen; plain values without behaviour that matters."""

from __future__ import annotations

import dataclasses
import datetime

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server

SYSTEM_RESOLVER = "system"
LONG_AGO = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
CHECKS = ("dns", "tcp", "tls", "health", "private_dns")


@dataclasses.dataclass(frozen=True)
class Request:
    """What to look at.

    :param domain: the runner's domain, folded, without a trailing dot.
    :param label: the label asked below the wildcard.
    :param servers: DNS servers to ask; empty asks the system's resolver.
    :param expected_target: DNS name of the load balancer, or empty.
    :param checks: members of C(CHECKS).
    :param http_port: a further port that has to accept connections, or 0.
    :param visibility: the load balancer's, C(internal) or C(internet-facing); empty does not judge addresses.
    :param accepted_ranges: networks whose addresses are right whatever the visibility.
    :param inside_vpc: whether the look is taken from inside the runner's VPC.
    :param management_plane: the name that private DNS answers for; empty does not ask for it.
    :param management_plane_addresses: the endpoint's, as AWS has them.
    """

    domain: str
    label: str = "gitpod-verification"
    port: int = 443
    path: str = "/_health"
    servers: tuple[Server, ...] = ()
    expected_target: str = ""
    validate_certificates: bool = True
    checks: tuple[str, ...] = CHECKS
    http_port: int = 0
    visibility: str = ""
    accepted_ranges: tuple[str, ...] = ()
    inside_vpc: bool = False
    management_plane: str = ""
    management_plane_addresses: tuple[str, ...] = ()

    @property
    def wildcard(self) -> str:
        """A name that only the wildcard record answers for."""
        return f"{self.label}.{self.domain}"

    @property
    def names(self) -> tuple[str, str]:
        """The two names that users reach the runner under; always together."""
        return self.domain, self.wildcard

    @property
    def connects(self) -> bool:
        """Whether any check needs a connection."""
        return bool({"tcp", "tls", "health"}.intersection(self.checks))


@dataclasses.dataclass(frozen=True)
class Answer:
    """What one resolver said about one name.

    :param outcome: C(found), C(missing) (NXDOMAIN), C(empty) (the name exists, without addresses), C(refused)
        (SERVFAIL, REFUSED and the like), C(timeout) or C(failed).
    :param canonical: the last name of the CNAME chain, or empty; an alias record of Route 53 shows none.
    :param detail: the resolver's own words.
    """

    name: str
    resolver: str
    outcome: str
    addresses: tuple[str, ...] = ()
    canonical: str = ""
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class Certificate:
    """The leaf certificate that a server showed; `not_after` is in UTC."""

    names: tuple[str, ...]
    issuer: str
    not_after: datetime.datetime


@dataclasses.dataclass(frozen=True)
class Connection:
    """What happened on one address under one name.

    :param outcome: C(answered) (HTTP), C(connected) (TLS only, HTTP not asked for), C(refused), C(timeout),
        C(no_route) (this machine has no way to the address), C(tls_failed), C(tls_too_old) (no TLS 1.2 or newer),
        C(no_answer) (TLS worked, HTTP did not) or C(failed).
    :param trust: C(trusted), C(untrusted), C(unchecked) (not asked for) or empty (no handshake).
    :param trust_detail: OpenSSL's reason when C(untrusted); when C(trusted), why clients that check strictly refuse it.
    :param status: HTTP status.
    :param location: target of a redirect.
    :param seconds: from the request to the answer's head; C(None) without an answer.
    """

    name: str
    address: str
    outcome: str
    trust: str = ""
    trust_detail: str = ""
    protocol: str = ""
    certificate: Certificate | None = None
    status: int | None = None
    location: str = ""
    detail: str = ""
    seconds: float | None = None


@dataclasses.dataclass(frozen=True)
class Observations:
    """Everything seen in one look.

    :param http_connections: plain TCP connections to C(Request.http_port).
    :param now: the time that it is judged at, with a time zone.
    """

    answers: tuple[Answer, ...] = ()
    connections: tuple[Connection, ...] = ()
    http_connections: tuple[Connection, ...] = ()
    now: datetime.datetime = LONG_AGO

    def addresses(self, name: str) -> tuple[str, ...]:
        """Every address that any resolver gave for the name."""
        return tuple(
            sorted({address for answer in self.answers if answer.name == name for address in answer.addresses})
        )
