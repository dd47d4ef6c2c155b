# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one asker: one question to one server, in its time, and what the answer says. Uses dnspython where it is there.

Every stage and every check asks through it: the prerequisites, the wait for records, the verification. Sources:
RFC 1034 section 3.6.2 (CNAME), RFC 2308 section 2 (a missing name, a missing type, a referral) and 5 (how long caches
remember them).
"""

from __future__ import annotations

import dataclasses
import inspect
import traceback
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.query
    import dns.rcode
    import dns.rdatatype
    import dns.resolver

    DNSPYTHON_IMPORT_ERROR = ""
except ImportError:
    DNSPYTHON_IMPORT_ERROR = traceback.format_exc()

FOUND = "found"
# NXDOMAIN: the name, or the one that its CNAME leads to, does not exist.
MISSING = "missing"
# The name is there, without a record of this type.
EMPTY = "empty"
# SERVFAIL, REFUSED, a referral: the server has said nothing about the name.
REFUSED = "refused"
TIMEOUT = "timeout"
FAILED = "failed"
SPOKEN = (FOUND, MISSING, EMPTY)
# Half the time for each leaves room for a second try when the first datagram is lost.
TRIES = 2
# Of given or configured resolvers, as many as are asked in turn.
MOST_RESOLVERS = 4

Send = t.Callable[[t.Any, Server, float], t.Any]


@dataclasses.dataclass(frozen=True)
class Reply:
    """What one server said to one question.

    :param kind: the type of record, such as C(CNAME).
    :param outcome: C(FOUND), C(MISSING), C(EMPTY), C(REFUSED), C(TIMEOUT) or C(FAILED).
    :param chain: the names that CNAMEs lead through from the name on, folded; of a question for C(CNAME) the first.
    :param values: data of the records at the end of the chain, as zone files have them, sorted.
    :param ttl: seconds for which a cache keeps to the answer, also to the name being missing.
    :param zone: owner of the SOA record that came with the answer, folded; of the target's zone where there is a chain.
    :param detail: the server's or the network's words where nothing was found.
    """

    server: Server
    name: str
    kind: str
    outcome: str
    chain: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    ttl: int = 0
    zone: str = ""
    detail: str = ""

    @property
    def spoken(self) -> bool:
        """Whether the server said anything about the name. What refuses or is silent says neither yes nor no."""
        return self.outcome in SPOKEN

    @property
    def own(self) -> tuple[str, ...]:
        """The values of the name itself; those at the end of a chain belong to another name."""
        return () if self.chain and self.kind != "CNAME" else self.values


def require() -> None:
    """Fail where dnspython is missing.

    :raises RunnerError: it is.
    """
    if DNSPYTHON_IMPORT_ERROR:
        raise RunnerError(
            "The Python library dnspython is not installed where the module runs",
            next_step="Install dnspython 2.4 or newer",
        )


def system_resolvers() -> tuple[Server, ...]:
    """Those of this machine's configuration; empty when there is none."""
    try:
        addresses = dns.resolver.Resolver().nameservers
    except (dns.exception.DNSException, OSError):
        return ()
    return tuple(Server(str(address)) for address in addresses[:MOST_RESOLVERS])


class Asker:
    """Asks; never raises for what the network or a server does.

    :param timeout: seconds for each question to each server.
    :param send: how a message goes to a server and its response comes back within seconds.
    """

    def __init__(self, timeout: float, send: Send | None = None) -> None:
        self._timeout = timeout
        self._send = send or _over_udp_and_tcp

    def ask(self, server: Server, name: str, kind: str) -> Reply:
        """One question to one server."""
        try:
            question = dns.message.make_query(name, kind)
        except dns.exception.DNSException as error:
            return Reply(server, name, kind, FAILED, detail=str(error) or type(error).__name__)
        for _try in range(TRIES):
            try:
                return read(server, name, kind, self._send(question, server, self._timeout / TRIES))
            except dns.exception.Timeout:
                continue
            except Exception as error:
                # Whatever a server sends, it has said nothing; dnspython has no one family for what it cannot parse.
                return Reply(server, name, kind, FAILED, detail=brief(str(error) or type(error).__name__))
        return Reply(server, name, kind, TIMEOUT, detail=f"no answer within {self._timeout:g} s")

    def first(self, servers: t.Sequence[Server], name: str, kind: str) -> Reply:
        """The reply of the first server that says anything about the name, else that of the last; one at least."""
        reply = self.ask(servers[0], name, kind)
        for server in servers[1:MOST_RESOLVERS]:
            if reply.spoken:
                break
            reply = self.ask(server, name, kind)
        return reply


def _over_udp_and_tcp(question: t.Any, server: Server, seconds: float) -> t.Any:
    """What comes from elsewhere, or answers another question, is left aside until the answer comes or time is over."""
    lenient = {"ignore_unexpected": True, "ignore_errors": True}
    # dnspython has the second since 2.6.
    known = inspect.signature(dns.query.udp_with_fallback).parameters
    response, _over_tcp = dns.query.udp_with_fallback(
        question,
        server.address,
        timeout=seconds,
        port=server.port,
        **{name: value for name, value in lenient.items() if name in known},
    )
    return response


def read(server: Server, name: str, kind: str, response: t.Any) -> Reply:
    """What a response says."""
    rcode = response.rcode()
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Reply(server, name, kind, REFUSED, detail=dns.rcode.to_text(rcode))
    if _is_referral(response):
        return Reply(server, name, kind, REFUSED, detail="it refers to other servers")
    chain, ttls, here = _chain(response, folded(name), kind)
    found = _entry(response, here, kind)
    values = tuple(sorted(item.to_text() for item in found)) if found is not None else ()
    ttls += [found.ttl] if found is not None and not chain else []
    if values:
        return Reply(server, name, kind, FOUND, chain, values, min(ttls), _zone(response))
    if server.authoritative and not chain and _is_lame(response):
        return Reply(server, name, kind, REFUSED, detail="it does not answer for the zone")
    missing = rcode == dns.rcode.NXDOMAIN
    ttl = min(ttls) if ttls else _negative_ttl(response)
    outcome, detail = (MISSING, "NXDOMAIN") if missing else (EMPTY, "")
    return Reply(server, name, kind, outcome, chain, (), ttl, _zone(response), detail)


def _is_referral(response: t.Any) -> bool:
    """Name servers instead of an answer: the server knows who would have to be asked, and nothing of the name."""
    kinds = {entry.rdtype for entry in response.authority}
    return (
        response.rcode() == dns.rcode.NOERROR
        and not response.answer
        and not response.flags & dns.flags.AA
        and dns.rdatatype.NS in kinds
        and dns.rdatatype.SOA not in kinds
    )


def _is_lame(response: t.Any) -> bool:
    """Nothing, and neither authority nor a zone's SOA record for it: no word of a server that has the zone.

    Who has it says so (RFC 1035 section 4.1.1, AA), and names its SOA record where nothing is there (RFC 2308 section
    3).
    """
    return not response.flags & dns.flags.AA and not _zone(response)


def _chain(response: t.Any, name: str, kind: str) -> tuple[tuple[str, ...], list[int], str]:
    """The names that CNAMEs lead through, their times to live, and where the records would be."""
    chain: list[str] = []
    ttls: list[int] = []
    here = name
    # Without a walrus: instances look with this code too (_probe), and theirs may be Python 3.7.
    while len(chain) <= len(response.answer):
        entry = _entry(response, here, "CNAME")
        if entry is None:
            break
        chain.append(folded(entry[0].target.to_text()))
        ttls.append(entry.ttl)
        if kind == "CNAME":
            break
        here = chain[-1]
    return tuple(chain), ttls, here


def _entry(response: t.Any, name: str, kind: str) -> t.Any:
    wanted = dns.rdatatype.from_text(kind)
    return next(
        (entry for entry in response.answer if entry.rdtype == wanted and folded(entry.name.to_text()) == name), None
    )


def _zone(response: t.Any) -> str:
    """The owner of the SOA record, which comes with the answer or beside its absence."""
    for section in (response.answer, response.authority):
        for entry in section:
            if entry.rdtype == dns.rdatatype.SOA:
                return folded(entry.name.to_text())
    return ""


def _negative_ttl(response: t.Any) -> int:
    """How long a cache remembers that the name was missing (RFC 2308 section 5)."""
    for entry in response.authority:
        if entry.rdtype == dns.rdatatype.SOA:
            return int(min(entry.ttl, entry[0].minimum))
    return 0
