# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which zone holds a name, and who its own servers are, as resolvers tell."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.asking import MOST_RESOLVERS, Asker
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded, holds
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server

# Of a zone's servers, as many as are worth asking; large providers name thirteen addresses.
MOST_SERVERS = 8
# Seconds for finding them all: of a resolver that answers each question late, those that are known by then.
LONGEST = 30.0


def zone_of(asker: Asker, resolver: Server, name: str) -> str:
    """The zone that holds the name, folded; empty when the resolver does not say.

    It is an ancestor of the name, or the name itself. Where the name is a CNAME, the SOA record that comes with the
    answer is that of the target's zone (lego#449): then the name above is asked for, and so on.
    """
    here = folded(name)
    while here:
        reply = asker.ask(resolver, here, "SOA")
        if not reply.spoken:
            return ""
        if not reply.chain and holds(reply.zone, here):
            return reply.zone
        here = here.partition(".")[2]
    return ""


def own_servers(asker: Asker, resolvers: t.Sequence[Server], name: str, zone: str = "") -> tuple[Server, ...]:
    """The servers of the zone that holds the name, as the first resolver that knows them says; empty when none does.

    :param zone: its name, where somebody has told; else it is looked for.
    """
    for resolver in resolvers[:MOST_RESOLVERS]:
        found = _servers(asker, resolver, folded(zone) or zone_of(asker, resolver, name))
        if found:
            return found
    return ()


def _servers(asker: Asker, resolver: Server, zone: str) -> tuple[Server, ...]:
    hosts = asker.ask(resolver, zone, "NS").own if zone else ()
    found: dict[Server, None] = {}
    end = time.monotonic() + LONGEST
    for host in hosts[:MOST_SERVERS]:
        for server in _addresses(asker, resolver, folded(host)):
            found[server] = None
        if len(found) >= MOST_SERVERS or time.monotonic() > end:
            break
    return tuple(found)[:MOST_SERVERS]


def _addresses(asker: Asker, resolver: Server, host: str) -> list[Server]:
    """A name server's addresses of IPv4, or where it has none of IPv6."""
    for kind in ("A", "AAAA"):
        reply = asker.ask(resolver, host, kind)
        if reply.values:
            return [dataclasses.replace(Server(value), name=host, authoritative=True) for value in reply.values]
        if not reply.spoken:
            break
    return []
