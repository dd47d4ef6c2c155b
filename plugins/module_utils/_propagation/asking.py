# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one server says of a record, compared with what is expected."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.asking import EMPTY, Asker, Reply
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.model import (
    MISSING,
    OTHER,
    RIGHT,
    SILENT,
    Answer,
    Expected,
)


class Network:
    """The real network.

    :param resolvers: who knows the target's addresses; the zone's own servers refuse names of other zones.
    """

    def __init__(self, asker: Asker, resolvers: t.Sequence[Server] = ()) -> None:
        self._asker = asker
        self._resolvers = tuple(resolvers)

    def ask(self, server: Server, expected: Expected, label: str) -> Answer:
        """What a server says of a record. Never raises for what the network does."""
        name = expected.question(label)
        reply = self._asker.ask(server, name, "A")
        if not reply.spoken:
            return Answer(server, expected, SILENT, detail=reply.detail)
        if expected.value in reply.chain:
            return Answer(server, expected, RIGHT, reply.chain, reply.ttl)
        if reply.own and set(reply.own) <= self._addresses_of(server, expected.value):
            # An alias or a flattened CNAME answers with its target's addresses under its own name.
            return Answer(server, expected, RIGHT, reply.own, reply.ttl)
        if reply.outcome == EMPTY and not reply.chain:
            # A name without IPv4 addresses may have IPv6 addresses, which belong to somebody too.
            newer = self._asker.ask(server, name, "AAAA")
            if not newer.spoken:
                return Answer(server, expected, SILENT, detail=newer.detail)
            reply = newer if newer.values else reply
        leads_to = reply.chain[:1] or _sorted(reply.values)
        return Answer(server, expected, OTHER if leads_to else MISSING, leads_to, reply.ttl)

    def _addresses_of(self, server: Server, name: str) -> set[str]:
        replies: list[Reply] = [self._asker.ask(server, name, "A")]
        if self._resolvers and not replies[0].values:
            replies.append(self._asker.first(self._resolvers, name, "A"))
        return {address for reply in replies for address in reply.values}


def _sorted(addresses: t.Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(addresses, key=lambda text: int(ipaddress.ip_address(text))))
