# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One asker for every stage: what an answer says, in which time, and which zone holds a name."""

from __future__ import annotations

import dns.rcode
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.asking import Asker
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.zone import own_servers, zone_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import asking as prerequisites
from tests.unit.dns_stage.dns_world import RESOLVER, World

LB = "lb-1.elb.us-east-1.amazonaws.com"
OWN = "192.0.2.1"
PARENT = "192.0.2.2"
AWS = "198.51.100.1"
# As it is in lego#449: the names of the runner are CNAMEs already, so their SOA question is answered from AWS's zone.
ZONES = {
    "example.com": {
        ("gitpod.example.com", "NS"): ["ns1.gitpod.example.com."],
        ("ns.example.com", "A"): [PARENT],
        ("example.com", "NS"): ["ns.example.com."],
        ("example.com", "CAA"): ['0 issue "letsencrypt.org"'],
        ("many.example.com", "A"): [f"10.1.{number // 256}.{number % 256}" for number in range(1200)],
        ("up.example.com", "CNAME"): ["www.other.example."],
    },
    "gitpod.example.com": {
        ("gitpod.example.com", "NS"): ["ns1.gitpod.example.com."],
        ("ns1.gitpod.example.com", "A"): [OWN],
        ("us.gitpod.example.com", "CNAME"): [f"{LB}."],
        ("*.us.gitpod.example.com", "CNAME"): [f"{LB}."],
        ("sibling.gitpod.example.com", "CNAME"): ["many.example.com."],
        ("text.gitpod.example.com", "TXT"): ['"only"'],
    },
    "other.example": {},
    "us-east-1.amazonaws.com": {
        (LB, "A"): ["10.0.0.1", "10.0.0.2"],
        ("us-east-1.amazonaws.com", "NS"): ["ns.us-east-1.amazonaws.com."],
        ("ns.us-east-1.amazonaws.com", "A"): [AWS],
    },
}
SERVING = {OWN: ["gitpod.example.com"], PARENT: ["example.com"], AWS: ["us-east-1.amazonaws.com"]}


@pytest.fixture
def world() -> World:
    return World(ZONES, SERVING)


@pytest.fixture
def asker(world: World) -> Asker:
    return Asker(1.5, world.send)


@pytest.mark.parametrize("name", ["us.gitpod.example.com", "label.us.gitpod.example.com", "US.gitpod.Example.com."])
def test_the_zone_of_a_name_that_is_a_cname_is_its_own_and_not_the_targets(asker: Asker, name: str) -> None:
    assert zone_of(asker, RESOLVER, name) == "gitpod.example.com"
    assert [str(server) for server in own_servers(asker, [RESOLVER], name)] == [f"ns1.gitpod.example.com ({OWN})"]


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("new.gitpod.example.com", "gitpod.example.com"),
        ("gitpod.example.com", "gitpod.example.com"),
        ("text.gitpod.example.com", "gitpod.example.com"),
        ("a.b.c.example.com", "example.com"),
        # The target's zone is an ancestor of the name, and still another one than the name's.
        ("sibling.gitpod.example.com", "gitpod.example.com"),
        ("up.example.com", "example.com"),
        ("nobody.invalid", ""),
    ],
)
def test_the_zone_is_an_ancestor_of_the_name(asker: Asker, name: str, zone: str) -> None:
    assert zone_of(asker, RESOLVER, name) == zone


def test_a_zone_that_is_told_is_not_looked_for(asker: Asker, world: World) -> None:
    found = own_servers(asker, [RESOLVER], "us.gitpod.example.com", "Example.com.")
    assert [server.address for server in found] == [PARENT]
    assert "SOA" not in {kind for _address, _name, kind in world.asked}


def test_the_next_resolver_is_asked_where_one_refuses_or_is_silent(asker: Asker, world: World) -> None:
    silent, refusing = Server("203.0.113.1"), Server("203.0.113.2")
    world.silent.add(silent.address)
    world.refusing[refusing.address] = dns.rcode.REFUSED
    assert len(own_servers(asker, [silent, refusing, RESOLVER], "us.gitpod.example.com")) == 1
    assert own_servers(asker, [silent, refusing], "us.gitpod.example.com") == ()
    assert asker.first([silent, refusing, RESOLVER], LB, "A").values == ("10.0.0.1", "10.0.0.2")
    assert asker.first([silent, refusing], LB, "A").detail == "REFUSED"


@pytest.mark.parametrize(
    ("server", "name", "kind", "outcome", "detail"),
    [
        (RESOLVER, "us.gitpod.example.com", "A", "found", ""),
        (RESOLVER, "none.gitpod.example.com", "A", "missing", "NXDOMAIN"),
        (RESOLVER, "text.gitpod.example.com", "A", "empty", ""),
        (RESOLVER, "up.example.com", "A", "missing", "NXDOMAIN"),
        # AWS's servers are not asked about this zone, and the parent's only say who is.
        (Server(AWS), "us.gitpod.example.com", "A", "refused", "REFUSED"),
        (Server(PARENT), "us.gitpod.example.com", "A", "refused", "it refers to other servers"),
        (RESOLVER, "two..dots", "A", "failed", "A DNS label is empty."),
    ],
)
def test_what_refuses_or_refers_has_said_nothing(
    asker: Asker, server: Server, name: str, kind: str, outcome: str, detail: str
) -> None:
    reply = asker.ask(server, name, kind)
    assert (reply.outcome, reply.detail) == (outcome, detail)
    assert reply.spoken is (outcome in ("found", "missing", "empty"))


def test_a_chain_ends_at_another_name_whose_records_are_not_the_names_own(asker: Asker) -> None:
    addresses = asker.ask(RESOLVER, "US.gitpod.example.com", "A")
    assert (addresses.chain, addresses.values, addresses.own) == ((LB,), ("10.0.0.1", "10.0.0.2"), ())
    alias = asker.ask(RESOLVER, "us.gitpod.example.com", "CNAME")
    assert (alias.chain, alias.values, alias.own) == ((LB,), (f"{LB}.",), (f"{LB}.",))
    assert (alias.ttl, asker.ask(RESOLVER, "none.gitpod.example.com", "A").ttl) == (60, 60)


def test_a_lost_datagram_is_asked_for_once_more_in_the_same_time(world: World) -> None:
    given: list[float] = []

    def send(query: object, server: Server, seconds: float) -> object:
        given.append(seconds)
        world.silent = {RESOLVER.address} if len(given) == 1 else set()
        return world.send(query, server, seconds)  # type: ignore[arg-type]

    assert Asker(3, send).ask(RESOLVER, LB, "A").outcome == "found"
    assert given == [1.5, 1.5]
    world.silent = {RESOLVER.address}
    silent = Asker(3, world.send).ask(RESOLVER, LB, "A")
    assert (silent.outcome, silent.detail) == ("timeout", "no answer within 3 s")


@pytest.mark.parametrize("error", [EOFError("closed"), ConnectionRefusedError("refused"), ValueError("no address")])
def test_no_fault_of_the_network_is_raised(error: Exception) -> None:
    def send(_query: object, _server: Server, _seconds: float) -> object:
        raise error

    reply = Asker(3, send).ask(RESOLVER, LB, "A")
    assert (reply.outcome, reply.detail) == ("failed", str(error))


@pytest.mark.parametrize("text", ["[2001:db8::53]:5353", "2001:db8::53", "192.0.2.53:5353", "192.0.2.53"])
def test_the_prerequisites_ask_the_server_that_is_named(world: World, text: str) -> None:
    asked: set[str] = set()

    def send(query: object, server: Server, seconds: float) -> object:
        asked.add(str(server))
        return world.send(query, server, seconds)  # type: ignore[arg-type]

    prerequisites.answers("us.gitpod.example.com", [text], "x.us.gitpod.example.com", Asker(1.5, send))
    assert asked == {text}


def test_the_prerequisites_are_told_what_is_at_both_names(asker: Asker) -> None:
    found = prerequisites.answers("us.gitpod.example.com", [str(RESOLVER)], "x.us.gitpod.example.com", asker)
    assert [(answer.kind, answer.outcome, answer.values) for answer in found] == [
        ("CNAME", "found", (f"{LB}.",)),
        ("A", "found", ("10.0.0.1", "10.0.0.2")),
        ("SOA", "empty", ()),
        ("CNAME", "found", (f"{LB}.",)),
        ("A", "found", ("10.0.0.1", "10.0.0.2")),
        ("CAA", "empty", ()),
        ("CAA", "empty", ()),
        ("CAA", "found", ('0 issue "letsencrypt.org"',)),
    ]
    assert prerequisites.answers("gitpod.example.com", [str(RESOLVER)], "x", asker)[2].outcome == "found"


def test_nobody_is_asked_again_who_does_not_answer(asker: Asker, world: World) -> None:
    world.refusing[RESOLVER.address] = dns.rcode.SERVFAIL
    found = prerequisites.answers("us.gitpod.example.com", [str(RESOLVER)], "x", asker)
    assert [answer.outcome for answer in found] == [f"{RESOLVER}: SERVFAIL"]
    assert len(world.asked) == 1
