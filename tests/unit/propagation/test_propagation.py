# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for records: the zone's own servers first, caches only until they forget, always bounded."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_propagation_info import LineWatcher
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.model import (
    MISSING,
    OTHER,
    RIGHT,
    SILENT,
    Answer,
    Expected,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.watching import (
    Look,
    look,
    progress,
    watch,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.zone import zone_records
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

OWN = Server("192.0.2.1", name="ns1.example.net", authoritative=True)
SECOND = Server("192.0.2.2", name="ns2.example.net", authoritative=True)
CACHE = Server("192.0.2.53")
DOMAIN = Expected("eu.example.net", "lb.elb.amazonaws.com")
WILDCARD = dataclasses.replace(DOMAIN, name="*.eu.example.net")
OLD = ("old.elb.amazonaws.com",)


class Names:
    """Servers with scripted answers; remembers who was asked for what."""

    def __init__(self, *outcomes: Answer) -> None:
        self._outcomes = {(answer.server, answer.expected): answer for answer in outcomes}
        self.asked: list[tuple[Server, str]] = []

    def ask(self, server: Server, expected: Expected, label: str) -> Answer:
        self.asked.append((server, expected.question(label)))
        return self._outcomes.get((server, expected), Answer(server, expected, RIGHT))


def test_resolvers_are_not_asked_before_the_zones_own_servers_are_right() -> None:
    names = Names(Answer(SECOND, WILDCARD, MISSING, ttl=60))
    seen = look(names, [DOMAIN, WILDCARD], [OWN, SECOND], [CACHE])
    assert not seen.complete
    assert CACHE not in {server for server, _name in names.asked}
    seen = look(Names(), [DOMAIN, WILDCARD], [OWN, SECOND], [CACHE])
    assert (seen.complete, len(seen.answers)) == (True, 6)


def test_below_the_wildcard_a_new_label_is_asked_for_each_time() -> None:
    names = Names()
    for _time in range(2):
        look(names, [WILDCARD], [OWN], [])
    labels = [name for _server, name in names.asked]
    assert len(set(labels)) == 2
    assert all(name.endswith(".eu.example.net") and "*" not in name for name in labels)


def test_own_servers_that_say_nothing_do_not_stop_the_wait_for_others() -> None:
    silent = [Answer(OWN, record, SILENT, detail="timeout") for record in (DOMAIN, WILDCARD)]
    assert look(Names(*silent), [DOMAIN, WILDCARD], [OWN, SECOND], [CACHE]).complete
    assert look(Names(*silent), [DOMAIN, WILDCARD], [OWN], [CACHE]).complete
    half = Names(silent[0])
    assert not look(half, [DOMAIN, WILDCARD], [OWN], [CACHE]).complete, "it answers, but not for this name"
    assert not look(Names(Answer(CACHE, DOMAIN, SILENT)), [DOMAIN], [OWN], [CACHE]).complete


@pytest.mark.parametrize(
    ("answers", "pause"),
    [
        ([Answer(OWN, DOMAIN, MISSING, ttl=900)], 5.0),
        ([Answer(CACHE, DOMAIN, OTHER, OLD, ttl=20)], 21.0),
        ([Answer(CACHE, DOMAIN, OTHER, OLD, ttl=20), Answer(CACHE, WILDCARD, MISSING, ttl=11)], 12.0),
        ([Answer(CACHE, DOMAIN, OTHER, OLD, ttl=3600)], 60.0),
        ([Answer(CACHE, DOMAIN, OTHER, OLD, ttl=1)], 5.0),
        ([Answer(CACHE, DOMAIN, SILENT)], 5.0),
    ],
)
def test_caches_are_asked_again_when_they_forget(answers: list[Answer], pause: float) -> None:
    assert Look(tuple(answers), True).pause(5.0) == pause


def fake_clock() -> Clock:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return Clock(now=lambda: now[0], sleep=sleep, jitter=lambda: 0.0)


@given(st.lists(st.sampled_from([MISSING, OTHER, SILENT]), max_size=30), st.integers(0, 120), st.integers(0, 4000))
def test_every_wait_is_bounded_and_ends_when_everybody_is_right(outcomes: list[str], timeout: int, ttl: int) -> None:
    script = [Look((Answer(CACHE, DOMAIN, outcome, OLD, ttl),), True) for outcome in outcomes]
    right = Look((Answer(CACHE, DOMAIN, RIGHT),), True)
    told: list[float] = []
    verdict = watch(
        lambda: script.pop(0) if script else right, timeout, lambda _seen, elapsed: told.append(elapsed), fake_clock()
    )
    assert verdict.waited <= max(timeout, 0)
    assert verdict.look.complete or verdict.waited == timeout
    assert told == sorted(told)


def test_a_line_says_who_still_answers_what() -> None:
    own = Look((Answer(OWN, DOMAIN, MISSING, ttl=300),), False)
    assert progress(own, 65, 3600) == (
        "waiting for the zone's own servers: ns1.example.net (192.0.2.1) does not know eu.example.net"
        " (1:05 of at most 60:00)"
    )
    cache = Look((Answer(OWN, DOMAIN, RIGHT), Answer(CACHE, DOMAIN, OTHER, OLD, ttl=213)), True)
    assert "192.0.2.53 still answers eu.example.net with old.elb.amazonaws.com, for 213 s more" in progress(cache, 0, 9)


def test_a_line_is_shown_when_it_says_something_new_or_after_a_while() -> None:
    shown: list[str] = []
    watcher = LineWatcher("gitpod-eu", 30, str, shown.append)
    watcher.offer("a does not know x (0:02 of at most 1:00)", 2)
    watcher.offer("a does not know x (0:04 of at most 1:00)", 4)
    watcher.offer("a answers x with y (0:06 of at most 1:00)", 6)
    watcher.offer("a answers x with y (0:40 of at most 1:00)", 40)
    assert [line.split("(")[1] for line in shown] == [
        "0:02 of at most 1:00)",
        "0:06 of at most 1:00)",
        "0:40 of at most 1:00)",
    ]


@pytest.mark.parametrize(
    ("answers", "standing", "kind", "value"),
    [
        ([Answer(OWN, DOMAIN, RIGHT, (DOMAIN.value, "further.example.net"))], "exact", "CNAME", DOMAIN.value),
        (
            [Answer(OWN, DOMAIN, MISSING), Answer(SECOND, DOMAIN, RIGHT, (DOMAIN.value,))],
            "exact",
            "CNAME",
            DOMAIN.value,
        ),
        # It leads to the load balancer, but by a name that somebody else made, or as an alias.
        ([Answer(OWN, DOMAIN, RIGHT, ("a.example.net", DOMAIN.value))], "other", "CNAME", "a.example.net"),
        ([Answer(OWN, DOMAIN, RIGHT, ("192.0.2.8", "192.0.2.9"))], "other", "A", "192.0.2.8, 192.0.2.9"),
        ([Answer(OWN, DOMAIN, OTHER, ("2001:db8::1",))], "other", "AAAA", "2001:db8::1"),
        ([Answer(OWN, DOMAIN, RIGHT, (DOMAIN.value,)), Answer(SECOND, DOMAIN, OTHER, OLD)], "other", "CNAME", OLD[0]),
        ([Answer(OWN, DOMAIN, SILENT), Answer(SECOND, DOMAIN, MISSING)], "missing", "", ""),
        ([Answer(OWN, DOMAIN, SILENT), Answer(OWN, WILDCARD, RIGHT, (DOMAIN.value,))], "silent", "", ""),
        ([Answer(CACHE, DOMAIN, RIGHT, (DOMAIN.value,))], "silent", "", ""),
    ],
)
def test_what_stands_in_the_zone_is_told_by_its_own_servers(
    answers: list[Answer], standing: str, kind: str, value: str
) -> None:
    (found,) = zone_records(answers, [DOMAIN])
    assert found.as_result() == {"name": DOMAIN.name, "standing": standing, "type": kind, "value": value}
