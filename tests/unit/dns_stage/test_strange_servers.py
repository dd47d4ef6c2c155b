# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS servers that answer another question, drip, break off, or name a thousand addresses: real sockets on loopback."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
import struct
import threading
import time
import typing as t

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns import zone
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.asking import Asker
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import (
    decisions,
    looking,
    observing,
    operation,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    LONG_AGO,
    Connection,
    Request,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import asking as prerequisites
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.asking import Network
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.deciding import refuse
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.model import Expected
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.zone import zone_records
from tests.unit.dns_stage.dns_world import World

NAME = "eu.gitpod.example.com"
TIMEOUT = 0.6
MANY = [f"10.{number // 250}.{number % 250}.7" for number in range(1200)]
Reply = t.Callable[[dns.message.Message], t.Iterable[bytes | float]]


class Strange:
    """One server: what it sends over UDP, and over TCP, to a question."""

    def __init__(self, udp: Reply, tcp: Reply | None = None) -> None:
        self._replies = (udp, tcp)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind(self._listener.getsockname())
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.server = Server("127.0.0.1", self._listener.getsockname()[1])

    def __enter__(self) -> Server:
        for work in (self._over_udp, self._over_tcp):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self.server

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            knock.sendto(b"", self._datagrams.getsockname())
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()
        self._datagrams.close()

    def _parts(self, reply: Reply | None, wire: bytes) -> t.Iterator[bytes]:
        for part in reply(dns.message.from_wire(wire)) if reply else ():
            if isinstance(part, bytes):
                yield part
            elif self._ended.wait(part):
                return

    def _over_udp(self) -> None:
        while not self._ended.is_set():
            wire, address = self._datagrams.recvfrom(4096)
            for part in self._parts(self._replies[0], wire) if wire else ():
                self._datagrams.sendto(part, address)

    def _over_tcp(self) -> None:
        with contextlib.suppress(OSError):
            while not self._ended.is_set():
                connection, _address = self._listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(5)
                    (length,) = struct.unpack("!H", connection.recv(2))
                    for part in self._parts(self._replies[1], connection.recv(length)):
                        connection.sendall(part)


def addresses(query: dns.message.Message, *values: str) -> bytes:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.AA
    if query.question[0].rdtype == 1:
        response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", *values))
    return bytes(response.to_wire(max_size=65_535))


def truncated(query: dns.message.Message) -> t.Iterable[bytes]:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC
    yield response.to_wire()


def other(query: dns.message.Message, name: str = "evil.example.com", number: int | None = None) -> bytes:
    asked = dns.message.make_query(name, "A", id=query.id if number is None else number)
    return addresses(asked, "192.0.2.66")


def over_tcp(wire: bytes) -> bytes:
    return struct.pack("!H", len(wire)) + wire


def dripping(wire: bytes) -> t.Iterable[bytes | float]:
    for number in range(len(wire)):
        yield wire[number : number + 1]
        yield 0.1


@pytest.mark.parametrize(
    "before",
    [
        lambda query: [other(query)],
        lambda query: [other(query, NAME, (query.id + 1) % 65_536)],
        lambda query: [other(query, NAME, (query.id + 1) % 65_536)] * 20,
        lambda query: [b"\x00", b"\xff" * 500],
        lambda query: [addresses(query, "10.0.0.1")[:30]],
        lambda query: [query.to_wire()],
    ],
)
def test_what_answers_another_question_is_left_aside(before: Reply) -> None:
    with Strange(lambda query: [*before(query), addresses(query, "10.0.0.1")]) as server:
        reply = Asker(10.0).ask(server, NAME, "A")
    assert (reply.outcome, reply.values) == ("found", ("10.0.0.1",))


@pytest.mark.parametrize(
    ("udp", "tcp"),
    [
        (lambda query: [other(query)], None),
        (lambda query: [other(query)] * 50, None),
        (lambda query: [b"\xff" * 500], None),
        (lambda query: [], None),
        (truncated, lambda query: [60.0]),
        (truncated, lambda query: dripping(over_tcp(addresses(query, *MANY)))),
        (truncated, lambda query: [over_tcp(addresses(query, *MANY))[:3000]]),
        (truncated, lambda query: [b""]),
        (truncated, lambda query: [over_tcp(other(query))]),
        (truncated, lambda query: [over_tcp(b"")]),
        (truncated, lambda query: [over_tcp(b"\xc0\x0c" * 3000)]),
    ],
)
def test_a_server_that_says_nothing_of_it_is_left_in_time(udp: Reply, tcp: Reply | None) -> None:
    began = time.monotonic()
    with Strange(udp, tcp) as server:
        reply = Asker(TIMEOUT).ask(server, NAME, "A")
        assert time.monotonic() - began < 4 * TIMEOUT + 1
    assert not reply.spoken
    assert reply.outcome in ("timeout", "failed")
    assert len(reply.detail) < 250
    assert reply.detail.isprintable()


class Observer(looking.NetworkObserver):
    """Connects to nobody."""

    def __init__(self) -> None:
        self.connected: list[str] = []
        super().__init__(self._seen, 5.0)

    def _seen(self, name: str, address: str) -> Connection:
        self.connected.append(address)
        return Connection(name, address, "timeout", detail="timed out")

    def reach(self, address: str, port: int) -> Connection:
        return Connection("", address, "timeout")


@pytest.mark.parametrize("rcode", [dns.rcode.NOERROR, dns.rcode.NXDOMAIN])
def test_a_server_that_has_not_got_the_zone_says_nothing_by_an_empty_answer(rcode: dns.rcode.Rcode) -> None:
    """A delegation that is left over leads there; the name is unknown, and never free."""

    def empty(query: dns.message.Message) -> t.Iterable[bytes]:
        response = dns.message.make_response(query)
        response.set_rcode(rcode)
        yield response.to_wire()

    with Strange(empty) as server:
        own = dataclasses.replace(server, authoritative=True)
        expected = Expected(NAME, "lb.elb.us-east-1.amazonaws.com")
        answer = Network(Asker(1.0), [own]).ask(own, expected, "x")
        (record,) = zone_records([answer], [expected])
        resolver = Asker(1.0).ask(server, NAME, "A")
    assert (answer.outcome, record.standing) == ("silent", "silent")
    provider = registry.provider("nsupdate")
    for intent in ("write", "remove"):
        refusal = refuse(intent, provider, [answer], [record], complete=False)
        assert refusal is not None
        assert "is not known, so nothing was" in refusal.message
    assert resolver.spoken, "a cache need not name it"


def test_a_name_of_a_thousand_addresses_takes_little_time_and_few_words() -> None:
    began = time.monotonic()
    observer = Observer()
    with Strange(truncated, lambda query: [over_tcp(addresses(query, *MANY))]) as server:
        request = Request(NAME, servers=(server,), visibility="internet-facing", http_port=80, expected_target="lb.x")
        verdict = observing.watch(observer, request, 0.0)
        answer = Network(Asker(5.0), [server]).ask(server, Expected(NAME, "lb.example.com"), "x")
        seen = prerequisites.answers(NAME, [str(server)], f"x.{NAME}", Asker(5.0))
    assert time.monotonic() - began < 20
    assert len(observer.connected) <= 2 * looking.MOST_ADDRESSES
    assert len(answer.as_line()) < 400
    assert len(json.dumps(answer.as_result())) < 3000
    assert seen[1].outcome == "found"
    checks = decisions.judge(request, verdict.observations, LONG_AGO)
    assert {check.status for check in checks} & {"fail"}
    assert [check.identifier for check in checks if len(check.summary) > 1500] == []
    assert len(json.dumps(operation.result_of(verdict, LONG_AGO), default=str)) < 60_000


def test_servers_of_a_zone_are_looked_for_no_longer_than_it_is_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"ns{number}.example.net" for number in range(1200)]
    asked: list[str] = []

    class Slow(Asker):
        def ask(self, server: Server, name: str, kind: str) -> t.Any:
            from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.asking import Reply as Said

            asked.append(f"{name} {kind}")
            if kind == "NS":
                return Said(server, name, kind, "found", values=tuple(f"{entry}." for entry in names))
            return Said(server, name, kind, "timeout")

    assert zone.own_servers(Slow(1.0), [Server("192.0.2.53")], NAME, "example.com") == ()
    assert len(asked) == 1 + zone.MOST_SERVERS, "an address of IPv6 is not asked for where nobody answers"
    monkeypatch.setattr(zone, "LONGEST", -1.0)
    asked.clear()
    zone.own_servers(Slow(1.0), [Server("192.0.2.53")], NAME, "example.com")
    assert len(asked) == 2


def test_where_nobody_says_which_caa_records_a_name_has_none_above_it_are_asked_for() -> None:
    deep = ".".join(["a"] * 100) + ".example.com"
    world = World({"example.com": {(deep, "A"): ["10.0.0.1"]}})
    resolver = Server("192.0.2.53")

    def send(query: t.Any, server: Server, seconds: float) -> t.Any:
        if query.question[0].rdtype == 257:
            response = dns.message.make_response(query)
            response.set_rcode(dns.rcode.SERVFAIL)
            return response
        return world.send(query, server, seconds)

    found = prerequisites.answers(deep, [str(resolver)], f"x.{deep}", Asker(1.5, send))
    assert [entry.kind for entry in found].count("CAA") == 1
    assert "SERVFAIL" in found[-1].outcome
