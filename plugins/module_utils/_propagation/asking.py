# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions: to one server at a time, and who the zone's own servers are. Uses dnspython."""

from __future__ import annotations

import traceback
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.model import (
    MISSING,
    OTHER,
    RIGHT,
    SILENT,
    Answer,
    Expected,
    Server,
)

try:
    import dns.exception
    import dns.message
    import dns.name
    import dns.query
    import dns.rcode
    import dns.rdatatype
    import dns.resolver

    DNSPYTHON_IMPORT_ERROR = ""
except ImportError:
    DNSPYTHON_IMPORT_ERROR = traceback.format_exc()

# Of a zone's servers, as many as are worth asking; large providers name thirteen addresses.
MOST_SERVERS = 8


def folded(name: t.Any) -> str:
    """A dnspython name as text in lower case, without the trailing dot."""
    return str(name.to_text()).rstrip(".").lower()


class Network:
    """The real network.

    :param timeout: seconds for each question.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    def ask(self, server: Server, expected: Expected, label: str) -> Answer:
        """What a server says of a record. Never raises for what the network does."""
        try:
            response = self._query(server, expected.question(label), "A")
        except (dns.exception.DNSException, OSError) as error:
            return Answer(server, expected, SILENT, detail=str(error) or type(error).__name__)
        chain, addresses, ttl = _followed(response, expected.question(label))
        if expected.value in chain:
            return Answer(server, expected, RIGHT, tuple(chain), ttl)
        if addresses and not chain and set(addresses) <= set(self._addresses_of(server, expected.value)):
            # An alias or a flattened CNAME answers with its target's addresses under its own name.
            return Answer(server, expected, RIGHT, tuple(addresses), ttl)
        if not chain and not addresses and response.rcode() == dns.rcode.NOERROR:
            addresses, ttl = self._newer_addresses(server, expected.question(label), ttl)
        if chain or addresses:
            return Answer(server, expected, OTHER, tuple(chain[:1] or addresses), ttl)
        if response.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return Answer(server, expected, MISSING, ttl=_negative_ttl(response))
        return Answer(server, expected, SILENT, detail=dns.rcode.to_text(response.rcode()))

    def _newer_addresses(self, server: Server, name: str, ttl: int) -> tuple[list[str], int]:
        """A name without IPv4 addresses may have IPv6 addresses, which belong to somebody too."""
        try:
            _chain, addresses, newer_ttl = _followed(self._query(server, name, "AAAA"), name, "AAAA")
        except (dns.exception.DNSException, OSError):
            return [], ttl
        return addresses, newer_ttl if addresses else ttl

    def _query(self, server: Server, name: str, kind: str) -> t.Any:
        question = dns.message.make_query(name, kind)
        response, _over_tcp = dns.query.udp_with_fallback(
            question, server.address, timeout=self._timeout, port=server.port
        )
        return response

    def _addresses_of(self, server: Server, name: str) -> list[str]:
        try:
            return _followed(self._query(server, name, "A"), name)[1]
        except (dns.exception.DNSException, OSError):
            return []

    def system_resolvers(self) -> tuple[Server, ...]:
        """Those of this machine's configuration; empty when there is none."""
        try:
            addresses = dns.resolver.Resolver().nameservers
        except (dns.exception.DNSException, OSError):
            return ()
        return tuple(Server(str(address)) for address in addresses)

    def authoritative_servers(self, name: str, resolvers: t.Sequence[Server]) -> tuple[Server, ...]:
        """The servers of the zone that holds the name, as the resolvers know them; empty when they do not say."""
        for resolver in resolvers:
            try:
                zone = self._zone_of(resolver, name)
                hosts = _values(self._query(resolver, zone, "NS"), "NS") if zone else []
                found = [server for host in sorted(hosts) for server in self._servers_named(resolver, host)]
            except (dns.exception.DNSException, OSError):
                continue
            if found:
                return tuple(found[:MOST_SERVERS])
        return ()

    def _zone_of(self, resolver: Server, name: str) -> str:
        """The name of the zone: that of the SOA record, which comes with the answer or beside its absence."""
        response = self._query(resolver, name, "SOA")
        for section in (response.answer, response.authority):
            for entry in section:
                if entry.rdtype == dns.rdatatype.SOA:
                    return folded(entry.name)
        return ""

    def _servers_named(self, resolver: Server, host: str) -> list[Server]:
        addresses = _values(self._query(resolver, host, "A"), "A")
        return [Server(address, name=host, authoritative=True) for address in addresses]


def _values(response: t.Any, kind: str) -> list[str]:
    wanted = dns.rdatatype.from_text(kind)
    return [
        str(item.to_text()).rstrip(".").lower() for entry in response.answer if entry.rdtype == wanted for item in entry
    ]


def _followed(response: t.Any, name: str, kind: str = "A") -> tuple[list[str], list[str], int]:
    """The names that CNAMEs lead through, the addresses at their end, and the least time to live."""
    entries = {(folded(entry.name), entry.rdtype): entry for entry in response.answer}
    chain: list[str] = []
    ttls: list[int] = []
    here = name.lower()
    while (here, dns.rdatatype.CNAME) in entries and len(chain) <= len(entries):
        entry = entries[(here, dns.rdatatype.CNAME)]
        here = folded(entry[0].target)
        chain.append(here)
        ttls.append(entry.ttl)
    found = entries.get((here, dns.rdatatype.from_text(kind)))
    addresses = sorted(item.address for item in found) if found is not None else []
    ttls += [found.ttl] if found is not None and not chain else []
    return chain, addresses, min(ttls, default=0)


def _negative_ttl(response: t.Any) -> int:
    """How long a cache remembers that the name was missing (RFC 2308 section 5)."""
    for entry in response.authority:
        if entry.rdtype == dns.rdatatype.SOA:
            return int(min(entry.ttl, entry[0].minimum))
    return 0
