# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The URL of an environment that runs, as a client sees it: name, load balancer, certificate, an answer.

Nothing is sent but a GET without credentials, and nothing of the answer is read but its status. Whatever the product
answers is an answer, a redirect to its login or 401 among them; 500 and above is the load balancer's or the runner's
word that nobody is there.
"""

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import connections
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.connecting import Client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.looking import (
    MOST_ADDRESSES,
    NetworkObserver,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import Connection, Request
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.operation import (
    client_from,
    request_from,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.tls import covers
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import host_of

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool

Parameters = dict[str, t.Any]
ELSEWHERE = (
    "Check that gitpod_domain_name is the domain that the runner's stack has, and its records (status.yml). Where this"
    " machine has no way to the load balancer, set gitpod_acceptance_url: false"
)
SERVER_ERRORS = 500


@dataclasses.dataclass(frozen=True)
class Sight:
    """What was seen.

    :param detail: in a few words, without path and query of the URL.
    :param next_step: what to do where it did not answer.
    """

    answered: bool
    detail: str
    next_step: str = ""


def address_of(urls: t.Sequence[str], domain: str) -> tuple[str, int, str] | None:
    """Host, port (0 without any) and path of the first URL that leads through the runner's load balancer.

    :param domain: the runner's, below which its environments are; empty takes any.
    """
    for url in urls:
        try:
            parts = urllib.parse.urlsplit(url)
            host, port = folded(parts.hostname or ""), parts.port or 0
        except ValueError:
            continue
        below = not domain or host == domain or host.endswith(f".{domain}")
        if parts.scheme == "https" and host and below:
            return host, port, parts.path or "/"
    return None


class Eye:
    """Looks at the URLs of one runner's environment.

    :param parameters: as the module runner_health_info has them.
    :raises InputError: one of them has no meaning.
    """

    def __init__(self, parameters: Parameters, network: Pool) -> None:
        self._domain = folded(parameters["domain_name"])
        # Without a domain there is nothing to compare with; the rest is judged all the same.
        self._request: Request = request_from({**parameters, "domain_name": self._domain or "unknown.invalid"})
        self._client: Client = client_from(parameters, self._request)
        self._network = network

    def look(self, urls: t.Sequence[str]) -> Sight:
        """Once. Never raises for what the network does."""
        found = address_of(urls, self._domain)
        if found is None:
            hosts = sorted({brief(host_of(url), 100) for url in urls})
            told = f"its URLs lead to {', '.join(hosts)}" if hosts else "it has no URL"
            below = f"no https URL below {self._domain}" if self._domain else "no https URL"
            return Sight(False, f"{below}: {told}", ELSEWHERE)
        host, port, path = found
        client = dataclasses.replace(self._client, port=port or self._client.port, path=path)
        observer = NetworkObserver(client.connect, client.timeout, self._network)
        servers = self._request.servers or (None,)
        answers = [self._network.submit(observer.resolve, host, server) for server in servers]
        addresses = sorted({address for answer in answers for address in answer.result().addresses})
        if not addresses:
            outcome = answers[0].result()
            told = outcome.detail or outcome.outcome
            return Sight(False, f"{host} has no address ({told})", ELSEWHERE)
        asked = [self._network.submit(observer.connect, host, address) for address in addresses[:MOST_ADDRESSES]]
        return self._judged(host, [one.result() for one in asked])

    def _judged(self, host: str, made: t.Sequence[Connection]) -> Sight:
        """Every address has to answer, each with the runner's certificate."""
        for seen in made:
            fault, advice = self._fault(host, seen)
            if fault:
                return Sight(False, f"{host} at {seen.address} {fault}", advice)
        statuses = ", ".join(sorted({str(seen.status) for seen in made}))
        where = f"{len(made)} address" + ("es" if len(made) > 1 else "")
        return Sight(True, f"{host} answers {statuses} at {where}")

    def _fault(self, host: str, seen: Connection) -> tuple[str, str]:
        validates = self._request.validate_certificates
        if seen.trust == "untrusted":
            reason = seen.trust_detail or "its chain cannot be verified"
            return f"has a certificate that is not trusted ({reason})", (
                "Serve a certificate of a public authority from ACM, with its whole chain, or name your own authority's"
                " PEM file (gitpod_verify_ca_path)"
            )
        if validates and seen.certificate and not covers(seen.certificate, host):
            names = ", ".join(seen.certificate.names[:MOST_ADDRESSES])
            return f"has a certificate for other names ({brief(names, 200)})", (
                "Check that the name leads to this runner's load balancer, and that its certificate covers the domain"
                " and its wildcard"
            )
        if seen.status is None:
            return connections.describe(seen), connections.remedy(seen, self._request)
        if seen.status >= SERVER_ERRORS:
            return f"answers {seen.status}", connections.remedy(seen, self._request)
        return "", ""
