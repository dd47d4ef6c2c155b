# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small internet of name servers that answer as real ones do; a scripted way for the asker's messages.

The answer to an SOA question for a CNAME holds the CNAME and, beside it, the SOA record of the target's zone (RFC 2308
section 2.2, lego#449; tests/e2e/test_providers.py asks a real BIND); a server that is not the zone's refuses; one
that is above it refers to others.
"""

from __future__ import annotations

import typing as t

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server

RESOLVER = Server("192.0.2.53")
Records = t.Mapping[tuple[str, str], t.Sequence[str]]


class World:
    """Zones by name, each with its records by name and type, and who serves them.

    :param zones: records of each zone, without its SOA record.
    :param serving: zone names by server address; the resolver knows them all.
    :ivar silent: addresses that do not answer.
    :ivar refusing: addresses that answer with this code.
    :ivar asked: address, name and type of every question.
    """

    def __init__(self, zones: t.Mapping[str, Records], serving: t.Mapping[str, t.Sequence[str]] | None = None) -> None:
        self.zones = zones
        self.serving = serving or {}
        self.silent: set[str] = set()
        self.refusing: dict[str, int] = {}
        self.asked: list[tuple[str, str, str]] = []

    def send(self, query: dns.message.Message, server: Server, seconds: float) -> dns.message.Message:
        """The answer, or a timeout."""
        question = query.question[0]
        name, kind = question.name.to_text().rstrip("."), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((server.address, name, kind))
        if server.address in self.silent:
            raise dns.exception.Timeout(timeout=seconds)
        response = dns.message.make_response(query, recursion_available=True)
        if server.address in self.refusing:
            response.set_rcode(dns.rcode.Rcode(self.refusing[server.address]))
            return response
        zones = self.serving.get(server.address)
        if zones is not None:
            response.flags |= dns.flags.AA
        self._fill(response, name, kind, list(self.zones) if zones is None else zones)
        return response

    def _fill(self, response: dns.message.Message, asked: str, kind: str, known: t.Sequence[str]) -> None:
        name = asked.lower()
        zone = max((zone for zone in known if name == zone or name.endswith(f".{zone}")), key=len, default="")
        if not zone:
            if not response.answer:
                response.set_rcode(dns.rcode.REFUSED)
            return
        records = {**self.zones[zone], (zone, "SOA"): [f"ns.{zone}. host.{zone}. 1 3600 600 86400 60"]}
        delegated = [owner for owner, type_ in records if type_ == "NS" and owner != zone and name.endswith(owner)]
        if delegated:
            response.flags &= ~dns.flags.AA
            values = records[delegated[0], "NS"]
            response.authority.append(dns.rrset.from_text(f"{delegated[0]}.", 60, "IN", "NS", *values))
            return
        owners = {owner for owner, _type in records}
        owner = name if name in owners else f"*.{name.partition('.')[2]}"
        type_ = kind if (owner, kind) in records else "CNAME"
        values = records.get((owner, type_))
        if values:
            response.answer.append(dns.rrset.from_text(f"{asked}.", 60, "IN", type_, *values))
            if type_ != kind:
                self._fill(response, values[0].rstrip("."), kind, known)
            return
        exists = owner in owners or any(other.endswith(f".{name}") for other in owners)
        if not exists:
            response.set_rcode(dns.rcode.NXDOMAIN)
        response.authority.append(dns.rrset.from_text(f"{zone}.", 90, "IN", "SOA", *records[zone, "SOA"]))
