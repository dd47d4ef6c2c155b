# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking for the addresses of a name: the system's resolver, or given DNS servers with dnspython."""

from __future__ import annotations

import socket
import traceback

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    SYSTEM_RESOLVER,
    Answer,
    NameServer,
    folded,
)

try:
    import dns.exception
    import dns.name
    import dns.nameserver
    import dns.resolver

    DNSPYTHON_IMPORT_ERROR = ""
except ImportError:
    DNSPYTHON_IMPORT_ERROR = traceback.format_exc()

# EAI_NODATA is not in every platform's netdb.h.
_NO_SUCH_NAME = {socket.EAI_NONAME}
_NO_ADDRESS = {getattr(socket, "EAI_NODATA", socket.EAI_NONAME), getattr(socket, "EAI_ADDRFAMILY", socket.EAI_NONAME)}


def resolve_with_system(name: str) -> Answer:
    """Ask as every program on this machine would, hosts file included. Its own timeouts hold."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
    except socket.gaierror as error:
        return Answer(name, SYSTEM_RESOLVER, _system_outcome(error.errno), detail=error.strerror or str(error))
    except (OSError, UnicodeError) as error:
        return Answer(name, SYSTEM_RESOLVER, "failed", detail=str(error))
    addresses = sorted({str(entry[4][0]) for entry in found})
    canonical = folded(found[0][3])
    return Answer(name, SYSTEM_RESOLVER, "found", tuple(addresses), canonical if canonical != folded(name) else "")


def _system_outcome(code: int | None) -> str:
    if code in _NO_SUCH_NAME:
        return "missing"
    if code in _NO_ADDRESS:
        return "empty"
    return "refused" if code in (socket.EAI_AGAIN, socket.EAI_FAIL) else "failed"


def resolve_with_server(name: str, server: NameServer, timeout: float) -> Answer:
    """Ask one server for A, then AAAA: over UDP, and over TCP when the answer was truncated (dnspython does both).

    :param timeout: seconds for each of the two questions.
    """
    first = _ask(name, server, "A", timeout)
    if first.outcome not in ("found", "empty"):
        return first
    second = _ask(name, server, "AAAA", timeout)
    addresses = tuple(sorted({*first.addresses, *second.addresses}))
    # Some servers never answer AAAA; the A records alone are a working path.
    outcome = "found" if addresses else second.outcome
    return Answer(name, str(server), outcome, addresses, first.canonical or second.canonical, second.detail)


def _ask(name: str, server: NameServer, record_type: str, timeout: float) -> Answer:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [dns.nameserver.Do53Nameserver(server.address, server.port)]
    resolver.lifetime = timeout
    # Half the time leaves room for a second try when the first datagram is lost.
    resolver.timeout = timeout / 2
    try:
        answer = resolver.resolve(
            dns.name.from_text(name), record_type, raise_on_no_answer=False, search=False, lifetime=timeout
        )
    except dns.resolver.NXDOMAIN as error:
        canonical = folded(str(error.canonical_name))
        return Answer(name, str(server), "missing", (), canonical if canonical != folded(name) else "", "NXDOMAIN")
    except dns.exception.Timeout:
        return Answer(name, str(server), "timeout", detail=f"no answer within {timeout:g} s")
    except (dns.resolver.NoNameservers, dns.resolver.YXDOMAIN) as error:
        return Answer(name, str(server), "refused", detail=str(error))
    except (dns.exception.DNSException, OSError, ValueError) as error:
        return Answer(name, str(server), "failed", detail=str(error))
    canonical = folded(answer.canonical_name.to_text())
    addresses = tuple(sorted(record.address for record in answer.rrset or ()))
    outcome = "found" if addresses else "empty"
    return Answer(name, str(server), outcome, addresses, canonical if canonical != folded(name) else "")
