# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to others is not replaced, and what nobody knows is not free."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

import dns.rcode
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.asking import Asker
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation import deciding, operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.asking import Network
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.model import (
    MISSING,
    OTHER,
    RIGHT,
    SILENT,
    Answer,
    Expected,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.zone import zone_records
from tests.unit.dns_stage.dns_world import RESOLVER, World

TARGET, OLD = "lb-1.elb.us-east-1.amazonaws.com", "lb-0.elb.us-east-1.amazonaws.com"
OWN, AWS = "192.0.2.1", "198.51.100.1"
NAME = "us.gitpod.example.com"
DOMAIN, WILDCARD = Expected(NAME, TARGET), Expected(f"*.{NAME}", TARGET)
SERVER = Server(OWN, authoritative=True)
SECOND = Server("192.0.2.9", authoritative=True)
WRITERS = [entry for entry in registry.ALL if entry.protects]
PUBLISH = yaml.safe_load((pathlib.Path(__file__).parents[3] / "roles/gitpod_dns/tasks/publish.yml").read_text("utf-8"))
MANY = tuple(f"10.1.{number // 256}.{number % 256}" for number in range(1200))


def world(**records: t.Sequence[str]) -> World:
    """The zone of the runner, of another provider, and AWS's.

    :param records: values by type, of the domain.
    """
    own = {(NAME, kind): values for kind, values in records.items()}
    zone = {("gitpod.example.com", "NS"): ["ns.gitpod.example.com."], ("ns.gitpod.example.com", "A"): [OWN], **own}
    amazon = {
        (TARGET, "A"): ["10.0.0.1", "10.0.0.2"],
        (OLD, "A"): ["10.0.0.9"],
        ("us-east-1.amazonaws.com", "NS"): ["ns.us-east-1.amazonaws.com."],
        ("ns.us-east-1.amazonaws.com", "A"): [AWS],
    }
    return World(
        {"gitpod.example.com": zone, "us-east-1.amazonaws.com": amazon},
        {OWN: ["gitpod.example.com"], AWS: ["us-east-1.amazonaws.com"]},
    )


def run(there: World, monkeypatch: pytest.MonkeyPatch, **options: t.Any) -> dict[str, t.Any]:
    """The module's operation in this world."""
    monkeypatch.setattr(operation, "Asker", lambda timeout: Asker(timeout, there.send))
    given: dict[str, t.Any] = {
        "records": [{"name": NAME, "value": TARGET}],
        "resolvers": [str(RESOLVER)],
        "authoritative_servers": [],
        "ask_authoritative": True,
        "zone": None,
        "provider": "cloudflare",
        "update_server": None,
        "update_server_port": 53,
        "intent": "write",
        "overwrite": False,
        "timeout": 1.0,
        "wait_timeout": 0,
        "progress_path": None,
        "fail_when_missing": False,
    }
    module = type("Module", (), {"params": {**given, **options}})
    return operation.run(module)


@pytest.mark.parametrize(
    ("records", "outcome", "leads_to"),
    [
        ({}, MISSING, ()),
        ({"CNAME": [f"{TARGET}."]}, RIGHT, (TARGET,)),
        ({"CNAME": [f"{OLD}."]}, OTHER, (OLD,)),
        # The zone's own server refuses the target's name; the resolvers know its addresses.
        ({"A": ["10.0.0.1", "10.0.0.2"]}, RIGHT, ("10.0.0.1", "10.0.0.2")),
        ({"A": ["10.0.0.1", "192.0.2.77"]}, OTHER, ("10.0.0.1", "192.0.2.77")),
        ({"AAAA": ["2001:db8::1"]}, OTHER, ("2001:db8::1",)),
        ({"TXT": ['"v=1"']}, MISSING, ()),
    ],
)
def test_the_zones_own_server_says_what_is_there(
    records: dict[str, t.Sequence[str]], outcome: str, leads_to: tuple[str, ...]
) -> None:
    answer = Network(Asker(1, world(**records).send), [RESOLVER]).ask(SERVER, DOMAIN, "x")
    assert (answer.outcome, answer.leads_to) == (outcome, leads_to)


def test_a_server_that_keeps_the_ipv6_addresses_to_itself_has_said_nothing() -> None:
    there = world(TXT=['"v=1"'])

    def send(query: t.Any, server: Server, seconds: float) -> t.Any:
        if "AAAA" in query.question[0].to_text():
            there.silent.add(OWN)
        return there.send(query, server, seconds)

    assert Network(Asker(1, send), [RESOLVER]).ask(SERVER, DOMAIN, "x").outcome == SILENT


def test_a_stranger_behind_a_cname_is_seen_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """lego#449: the SOA question is answered from AWS's zone, whose servers refuse the name."""
    there = world(CNAME=[f"{OLD}."])
    with pytest.raises(RunnerError, match=rf"{NAME} answers with {OLD}.*gitpod_dns_overwrite") as caught:
        run(there, monkeypatch)
    assert caught.value.details["authoritative_servers"] == [f"ns.gitpod.example.com ({OWN})"]
    assert AWS not in {address for address, _name, _kind in there.asked}
    assert run(there, monkeypatch, overwrite=True)["replaced_addresses"] == []
    assert run(there, monkeypatch, intent="remove")["removable"] == []
    ours = run(world(CNAME=[f"{TARGET}."]), monkeypatch, intent="remove")
    assert [record["name"] for record in ours["removable"]] == [NAME]


@pytest.mark.parametrize("code", [dns.rcode.REFUSED, dns.rcode.SERVFAIL, None])
def test_own_servers_that_say_nothing_leave_the_name_unknown_and_so_untouched(
    monkeypatch: pytest.MonkeyPatch, code: int | None
) -> None:
    there = world()
    if code is None:
        there.silent.add(OWN)
    else:
        there.refusing[OWN] = code
    with pytest.raises(RunnerError, match=rf"What {NAME} points to is not known, so nothing was changed") as caught:
        run(there, monkeypatch)
    assert (
        f"({OWN}) says nothing: {dns.rcode.to_text(code) if code else 'no answer within 1 s'}" in caught.value.message
    )
    assert "gitpod_dns_authoritative_servers and gitpod_resolvers" in caught.value.message
    assert run(there, monkeypatch, overwrite=True)["complete"] is False
    with pytest.raises(RunnerError, match="nothing was removed"):
        run(there, monkeypatch, intent="remove")


def test_resolvers_that_do_not_name_the_zones_servers_leave_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    there = World({"example.net": {}})
    with pytest.raises(RunnerError, match="The resolvers do not name the servers of the zone"):
        run(there, monkeypatch, records=[{"name": "eu.example.net", "value": TARGET}])


def test_what_the_resolvers_see_rightly_needs_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    there = world(CNAME=[f"{TARGET}."])
    known = run(there, monkeypatch)
    assert (known["complete"], known["unknown"]) == (True, [])
    there.silent.add(OWN)
    # A resolver may remember what somebody has replaced since: the role writes nothing.
    remembered = run(there, monkeypatch)
    assert (remembered["complete"], remembered["unknown"]) == (True, [NAME])
    (publish,) = [task for task in PUBLISH if "gitpod.enterprise_runner.runner_dns_write" in task]
    assert publish["when"] == [
        "__gitpod_dns.writes",
        "not (__gitpod_dns_answers.complete and __gitpod_dns_answers.unknown)",
    ]


def test_an_update_asks_the_server_that_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    there = world()
    given: dict[str, t.Any] = {
        "provider": "nsupdate",
        "update_server": OWN,
        "update_server_port": 5353,
        "authoritative_servers": ["203.0.113.1"],
    }
    there.silent.add("203.0.113.1")
    assert run(there, monkeypatch, **given)["authoritative_servers"] == [f"{OWN}:5353"]
    assert run(there, monkeypatch, **given, intent="remove")["authoritative_servers"] == [f"{OWN}:5353"]
    assert run(there, monkeypatch, **given | {"intent": "look"})["authoritative_servers"] == ["203.0.113.1"]
    there.silent.add(OWN)
    with pytest.raises(RunnerError, match="Check gitpod_dns_server and gitpod_dns_server_port"):
        run(there, monkeypatch, **given)


def test_a_thousand_addresses_are_told_in_one_line() -> None:
    answer = Answer(SERVER, DOMAIN, OTHER, MANY)
    records = zone_records([answer], [DOMAIN])
    error = deciding.refuse("write", WRITERS[0], [answer], records, False)
    assert error is not None
    for text in (answer.as_line(), error.message, records[0].as_result()["value"]):
        assert "10.1.0.7 and 1,192 more" in text
        assert len(text) < 500
    assert deciding.replaced_addresses([answer]) == [NAME]


OUTCOMES = st.sampled_from([RIGHT, MISSING, OTHER, SILENT])


@st.composite
def landscapes(draw: st.DrawFn) -> tuple[list[Answer], list[Expected]]:
    """Any answers of the zone's servers, none included, and of a resolver."""
    expected = draw(st.lists(st.sampled_from([DOMAIN, WILDCARD]), min_size=1, unique=True))
    answers = []
    for server in draw(st.lists(st.sampled_from([SERVER, SECOND, RESOLVER]), unique=True)):
        for record in expected:
            outcome = draw(OUTCOMES)
            leads_to = {RIGHT: (TARGET,), OTHER: draw(st.sampled_from([(OLD,), ("192.0.2.7",)]))}.get(outcome, ())
            answers.append(Answer(server, record, outcome, leads_to))
    return answers, expected


@given(landscapes(), st.sampled_from(WRITERS))
def test_only_what_is_known_to_be_free_or_ours_is_written_and_removed(
    landscape: tuple[list[Answer], list[Expected]], provider: Provider
) -> None:
    answers, expected = landscape
    records = zone_records(answers, expected)
    own = [answer for answer in answers if answer.server.authoritative]
    written = deciding.refuse("write", provider, answers, records, False) is None
    heard = all(any(answer.outcome != SILENT for answer in own if answer.expected == record) for record in expected)
    assert written is (heard and not any(answer.outcome == OTHER for answer in own))
    assert (deciding.refuse("remove", provider, answers, records, True) is None) is heard
    for record in deciding.removable(records):
        said = [answer for answer in own if answer.expected.name == record["name"]]
        assert {answer.outcome for answer in said} <= {RIGHT, MISSING, SILENT}
        assert record["value"] == TARGET


@given(landscapes())
def test_keepers_look_after_their_own_zone(landscape: tuple[list[Answer], list[Expected]]) -> None:
    answers, expected = landscape
    for keeper in (entry for entry in registry.ALL if not entry.protects):
        assert deciding.refuse("write", keeper, answers, zone_records(answers, expected), False) is None


def test_what_a_provider_refused_is_told_once() -> None:
    failed = {"failed": True, "msg": "code: 10000, error: Authentication error; "}
    told = deciding.refused(registry.provider("cloudflare"), [NAME, f"*.{NAME}"], {"results": [failed, failed, {}]})
    assert told == (
        f"The records of {NAME} and *.{NAME} cannot be removed with cloudflare; the runner was not touched. code:"
        " 10000, error: Authentication error. Check gitpod_dns_zone and gitpod_dns_cloudflare_token, then run again. To"
        " remove the records by hand instead, set gitpod_teardown_dns_provider to manual."
    )
    single = deciding.refused(registry.provider("nsupdate"), [NAME], {"failed": True})
    assert "The server refused. Check the zone and its key (gitpod_dns_zone" in single
    assert dataclasses.is_dataclass(registry.provider("nsupdate"))
