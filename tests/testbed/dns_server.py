# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real DNS server on loopback: simulated Route 53 and an external zone, over UDP and TCP.

Wildcards as RFC 4592 has them, NXDOMAIN and NODATA with the SOA record (RFC 2308), CNAME chains followed.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import struct
import typing as t

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from .aws import certificates, control, state
from .aws.state import Record, plain

EXTERNAL_ZONE = "gitpod.example.net"
AWS_ZONE = "amazonaws.com"
LARGEST_UDP = 1232
LONGEST_CHAIN = 8


@dataclasses.dataclass(frozen=True)
class Zone:
    """A zone and its records."""

    name: str
    records: tuple[Record, ...]

    def soa(self) -> str:
        """Its SOA record's data."""
        own = [record for record in self.records if record.type == "SOA" and record.values]
        return own[0].values[0] if own else f"ns.{self.name}. hostmaster.{self.name}. 1 7200 900 1209600 60"


class AmazonZone(Zone):
    """A zone of AWS, such as C(elb.us-east-1.amazonaws.com)."""

    @classmethod
    def of(cls, name: str) -> AmazonZone:
        """The zone that holds a load balancer's or an endpoint's name."""
        return cls(name.partition(".")[2], ())


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a zone says of a name: records, or that the name does not exist, or that it has none of this type."""

    records: tuple[Record, ...]
    exists: bool


def look_up(zone: Zone, name: str, kind: str) -> Answer:
    """The records of a name in a zone (RFC 1034 section 4.3.2, RFC 4592 section 3.3)."""
    names = {record.name for record in zone.records} | {zone.name}
    exact = [record for record in zone.records if record.name == name]
    if exact:
        return Answer(_of_type(exact, kind), True)
    if any(other.endswith(f".{name}") for other in names):
        return Answer((), True)
    encloser = name
    while encloser != zone.name and encloser:
        encloser = encloser.partition(".")[2]
        exists = encloser in names or any(other.endswith(f".{encloser}") for other in names)
        if exists:
            wild = [record for record in zone.records if record.name == f"*.{encloser}"]
            found = tuple(dataclasses.replace(record, name=name) for record in _of_type(wild, kind))
            return Answer(found, bool(wild))
    return Answer((), False)


def _of_type(records: t.Iterable[Record], kind: str) -> tuple[Record, ...]:
    return tuple(record for record in records if record.type == kind or (record.type == "CNAME" and kind != "CNAME"))


class External:
    """The zone of another provider than Route 53: records that tests and the demo add."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def reset(self) -> None:
        """An empty zone."""
        self.records.clear()

    def handle(self, method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
        """POST adds or replaces a record, DELETE removes one or, without a name, all; GET lists them."""
        if method in ("POST", "DELETE") and "name" in body:
            name, kind = plain(body["name"]), body.get("type", "CNAME")
            self.records = [record for record in self.records if (record.name, record.type) != (name, kind)]
            if method == "POST":
                self.records.append(Record(name, kind, int(body.get("ttl", 300)), (body["value"],)))
        elif method == "DELETE":
            self.reset()
        return {"records": [dataclasses.asdict(record) for record in self.records]}


class Resolver:
    """Answers questions from everything that is known.

    :param vpc_id: answer as inside this VPC; empty answers as on the internet.
    """

    def __init__(self, external: External, vpc_id: str = "") -> None:
        self._external = external
        self._vpc_id = vpc_id

    def zones(self) -> list[Zone]:
        """Public zones, the longest names first."""
        zones = [Zone(zone.name, zone.records) for zone in state.hosted_zones() if not zone.private]
        zones.append(Zone(EXTERNAL_ZONE, tuple(self._external.records)))
        return sorted(zones, key=lambda zone: -len(zone.name))

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """The response, with CNAME chains followed as far as they lead to names that are known here."""
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        question = query.question[0]
        name, kind = plain(question.name.to_text()), dns.rdatatype.to_text(question.rdtype)
        for _step in range(LONGEST_CHAIN):
            following = self._step(response, name, kind)
            if not following:
                break
            name = following
        return response

    def leads_to(self, name: str) -> str:
        """The name that a CNAME points to, or empty; for ACM, which looks for validation records."""
        query = dns.message.make_query(name, "CNAME")
        found = [item for entry in self.answer(query).answer for item in entry]
        return str(found[0].target.to_text()) if found else ""

    def _step(self, response: dns.message.Message, name: str, kind: str) -> str:
        """Add what is known of a name; the name that a CNAME points to, or empty at the end."""
        addresses = state.load_balancer_addresses(name) or state.endpoint_dns(name, self._vpc_id)
        if addresses:
            _add_addresses(response, name, kind, addresses)
            return ""
        zone = next((zone for zone in self.zones() if name == zone.name or name.endswith(f".{zone.name}")), None)
        if zone is None:
            _outside(response, name)
            return ""
        if kind == "SOA" and name == zone.name:
            _add(response, name, 60, kind, [zone.soa()])
            return ""
        found = look_up(zone, name, kind)
        if not found.records:
            if not found.exists and not response.answer:
                response.set_rcode(dns.rcode.NXDOMAIN)
            _beside(response, zone)
            return ""
        record = found.records[0]
        if record.alias_target:
            # An alias answers with its target's addresses under its own name.
            targets = state.load_balancer_addresses(record.alias_target)
            _add(response, name, 60, "A", targets if kind == "A" else [])
            return ""
        if record.type == "CNAME" and kind != "CNAME":
            _add(response, name, record.ttl, "CNAME", record.values)
            return plain(record.values[0])
        _add(response, name, record.ttl, kind, [value for entry in found.records for value in entry.values])
        return ""


def _add_addresses(response: dns.message.Message, name: str, kind: str, addresses: t.Sequence[str]) -> None:
    """What AWS's servers say of a load balancer or an endpoint: it has IPv4 addresses and nothing else."""
    if kind == "A":
        _add(response, name, 60, "A", addresses)
    else:
        _beside(response, AmazonZone.of(name))


def _outside(response: dns.message.Message, name: str) -> None:
    """A name of AWS that does not exist, or one of a zone that nobody here knows."""
    amazon = name.endswith(f".{AWS_ZONE}")
    if not response.answer:
        response.set_rcode(dns.rcode.NXDOMAIN if amazon else dns.rcode.REFUSED)
    if amazon:
        _beside(response, AmazonZone.of(name))


def _beside(response: dns.message.Message, zone: Zone) -> None:
    """The SOA record of the zone in which a chain ended without an answer (RFC 2308 section 2.2, lego#449)."""
    response.authority.append(dns.rrset.from_text(f"{zone.name}.", 60, "IN", "SOA", zone.soa()))


def _add(response: dns.message.Message, name: str, ttl: int, kind: str, values: t.Sequence[str]) -> None:
    if kind == "CNAME":
        values = [f"{plain(value)}." for value in values]
    if values:
        response.answer.append(dns.rrset.from_text(f"{name}.", ttl, "IN", kind, *values))


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = t.cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: t.Any) -> None:
        """Answer; what is no DNS message is dropped."""
        with contextlib.suppress(dns.exception.DNSException):
            response = self._resolver.answer(dns.message.from_wire(data))
            wire = response.to_wire()
            if len(wire) > LARGEST_UDP:
                response.answer.clear()
                response.authority.clear()
                response.flags |= dns.flags.TC
                wire = response.to_wire()
            if self._transport:
                self._transport.sendto(wire, address)


async def serve(address: str, port: int, external: External) -> tuple[int, t.Callable[[], None]]:
    """Start; the port, the same for UDP and TCP, and a function that stops."""
    control.register("/_testbed/dns/records", external.handle)
    resolver = Resolver(external)
    certificates.resolvers[:] = [resolver.leads_to]
    tcp = socket.create_server((address, port))
    port = tcp.getsockname()[1]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((address, port))
    udp.setblocking(False)
    return port, await listen(resolver, tcp, udp)


async def listen(resolver: Resolver, tcp: socket.socket, udp: socket.socket) -> t.Callable[[], None]:
    """Answer on both sockets; a function that stops."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, dns.exception.DNSException, ConnectionError):
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                wire = resolver.answer(dns.message.from_wire(await reader.readexactly(length))).to_wire()
                writer.write(struct.pack("!H", len(wire)) + wire)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, sock=tcp)
    loop = asyncio.get_running_loop()
    transport, _protocol = await loop.create_datagram_endpoint(lambda: _Datagrams(resolver), sock=udp)

    def stop() -> None:
        transport.close()
        server.close()

    return stop
