# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What resolvers say of the domain."""

from __future__ import annotations

import typing as t

try:
    import dns.exception
    import dns.resolver

    HAS_DNSPYTHON = True
except ImportError:
    HAS_DNSPYTHON = False

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import NameAnswer
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import normal

# Seconds for all questions of one name server.
RESOLVER_TIMEOUT = 1.5


def resolver(servers: t.Sequence[str]) -> t.Any:
    """A resolver that asks the given servers, or the system's.

    :raises RunnerError: dnspython is missing, or there is no configuration.
    """
    if not HAS_DNSPYTHON:
        raise RunnerError("The Python library dnspython is not installed where the module runs")
    try:
        found = dns.resolver.Resolver(configure=not servers)
    except dns.exception.DNSException as error:
        raise RunnerError("The system names no resolver", str(error)) from error
    if servers:
        found.nameservers = [_server(server) for server in servers]
    found.lifetime = found.timeout = RESOLVER_TIMEOUT
    return found


def _server(text: str) -> t.Any:
    import dns.nameserver

    address, _colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "53")
    return dns.nameserver.Do53Nameserver(address, int(port))


def ask(asking: t.Any, name: str, kind: str) -> NameAnswer:
    """One question, never an exception."""
    try:
        answer = asking.resolve(name, kind, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN:
        return NameAnswer(name, kind, "missing")
    except dns.exception.DNSException as error:
        return NameAnswer(name, kind, type(error).__name__)
    # A CNAME chain ends at another name, whose records are not this one's.
    own = answer.rrset is not None and (kind == "A" or normal(str(answer.rrset.name)) == normal(name))
    values = tuple(sorted(record.to_text() for record in answer.rrset)) if own else ()
    return NameAnswer(name, kind, "found" if values else "empty", values)


def answers(domain: str, servers: t.Sequence[str], probe: str) -> tuple[NameAnswer, ...]:
    """Who answers for both names now, whether the domain is a zone's apex, and the CAA records that hold for it.

    :param probe: a name under the wildcard.
    """
    asking = resolver(servers)
    first = ask(asking, domain, "CNAME")
    if first.outcome not in ("found", "missing", "empty"):
        # Nobody answers: the other questions would only wait as long again.
        return (first,)
    found = [first, ask(asking, domain, "A"), ask(asking, domain, "SOA")]
    found += [ask(asking, probe, "CNAME"), ask(asking, probe, "A")]
    # The closest name that has CAA records decides (RFC 8659 section 3).
    name = normal(domain)
    while name.count("."):
        found.append(ask(asking, name, "CAA"))
        if found[-1].values:
            break
        name = name.partition(".")[2]
    return tuple(found)
