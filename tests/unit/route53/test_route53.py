# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both names, one batch, nothing of others touched."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError, TimeoutExceededError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53 import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.plan import (
    Record,
    Wanted,
    Zone,
    after,
    check,
    choose_zone,
    names,
    normal,
    plan,
    plan_removal,
    wanted_records,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

LOAD_BALANCER = "gitpod-eu.elb.eu-central-1.amazonaws.com"
ALIAS = Wanted("eu.example.com", LOAD_BALANCER, "Z3F0SRJ5LGBH90")
CNAME = dataclasses.replace(ALIAS, record_type="cname")
PUBLIC = Zone("Z1", "example.com", False)


def test_from_nothing_both_names_are_created() -> None:
    changes = plan([], ALIAS)
    assert [(change.action, change.record.name, change.record.type) for change in changes] == [
        ("CREATE", "eu.example.com", "A"),
        ("CREATE", "*.eu.example.com", "A"),
    ]


def test_a_switch_is_one_batch_that_deletes_before_it_creates() -> None:
    changes = plan(wanted_records(CNAME), ALIAS)
    assert [(change.action, change.record.type) for change in changes] == [
        ("DELETE", "CNAME"),
        ("DELETE", "CNAME"),
        ("CREATE", "A"),
        ("CREATE", "A"),
    ]


def test_another_ttl_is_an_upsert() -> None:
    changes = plan(wanted_records(CNAME), dataclasses.replace(CNAME, ttl=60))
    assert {change.action for change in changes} == {"UPSERT"}


def test_the_console_spells_targets_differently_and_means_the_same() -> None:
    raw = {
        "Name": "\\052.EU.example.com.",
        "Type": "A",
        "AliasTarget": {
            "DNSName": f"dualstack.{LOAD_BALANCER.upper()}.",
            "HostedZoneId": "Z3F0SRJ5LGBH90",
            "EvaluateTargetHealth": True,
        },
    }
    record = Record.from_api(raw)
    assert record.name == "*.eu.example.com"
    assert plan([record, wanted_records(ALIAS)[0]], ALIAS) == []


def test_records_that_point_elsewhere_are_named_and_left_alone() -> None:
    foreign = Record("eu.example.com", "A", ("192.0.2.1",), 300)
    with pytest.raises(RunnerError, match=r"192\.0\.2\.1"):
        plan([foreign], ALIAS)
    changes = plan([foreign], dataclasses.replace(ALIAS, overwrite=True))
    assert [(change.action, change.record.name) for change in changes] == [
        ("UPSERT", "eu.example.com"),
        ("CREATE", "*.eu.example.com"),
    ]


def test_routing_policies_are_never_touched() -> None:
    routed = dataclasses.replace(wanted_records(ALIAS)[0], routing="blue")
    with pytest.raises(RunnerError, match="routing policy"):
        plan([routed], dataclasses.replace(ALIAS, overwrite=True))
    assert plan_removal([routed], ALIAS.domain, LOAD_BALANCER, True) == []


def test_removal_takes_only_what_points_to_the_load_balancer() -> None:
    foreign = Record("eu.example.com", "A", ("192.0.2.1",), 300)
    ours = wanted_records(ALIAS)[1]
    assert [change.record for change in plan_removal([foreign, ours], ALIAS.domain, LOAD_BALANCER, False)] == [ours]
    assert plan_removal([foreign], ALIAS.domain, "", False) == []


def test_dual_stack_has_both_families_and_gives_one_up_again() -> None:
    both = dataclasses.replace(ALIAS, dual_stack=True)
    assert [record.type for record in wanted_records(both)] == ["A", "AAAA", "A", "AAAA"]
    assert {change.action for change in plan(wanted_records(both), ALIAS)} == {"DELETE"}


def test_the_zone_with_the_longest_name_is_chosen() -> None:
    zones = [
        PUBLIC,
        Zone("Z2", "eu.example.com", False),
        Zone("Z3", "eu.example.com", True),
        Zone("Z4", "u.example.com", False),
    ]
    assert choose_zone(zones, "runner.eu.example.com", False).id == "Z2"
    assert choose_zone(zones, "eu.example.com.", True).id == "Z3"
    assert choose_zone(zones, "xu.example.com", False).id == "Z1"
    with pytest.raises(RunnerError, match="No public hosted zone"):
        choose_zone(zones, "example.org", False)
    with pytest.raises(RunnerError, match="Z1, Z5"):
        choose_zone([PUBLIC, Zone("Z5", "example.com", False)], "a.example.com", False)


def test_what_no_batch_can_do_is_told_before() -> None:
    with pytest.raises(RunnerError, match="apex"):
        check(dataclasses.replace(CNAME, domain="example.com"), PUBLIC)
    with pytest.raises(RunnerError, match="does not hold"):
        check(dataclasses.replace(ALIAS, domain="example.org"), PUBLIC)
    with pytest.raises(RunnerError, match="canonical hosted zone"):
        check(dataclasses.replace(ALIAS, target_zone=""), PUBLIC)
    check(dataclasses.replace(ALIAS, domain="example.com"), PUBLIC)


_RECORDS = st.sampled_from(["eu.example.com", "*.eu.example.com", "other.example.com"]).flatmap(
    lambda name: st.one_of(
        st.just(Record(name, "CNAME", (f"{LOAD_BALANCER}.",), 300)),
        st.just(Record(name, "A", alias=LOAD_BALANCER, alias_zone="Z3F0SRJ5LGBH90", evaluate=True)),
        st.just(Record(name, "AAAA", alias=LOAD_BALANCER, alias_zone="Z3F0SRJ5LGBH90")),
        st.just(Record(name, "A", ("192.0.2.1",), 60)),
    )
)


@given(
    st.lists(_RECORDS, max_size=6, unique_by=lambda record: (record.name, record.type)),
    st.sampled_from(["alias", "cname"]),
    st.booleans(),
)
def test_whatever_was_there_the_result_is_complete_consistent_and_stable(
    current: list[Record], record_type: str, dual_stack: bool
) -> None:
    wanted = dataclasses.replace(ALIAS, record_type=record_type, dual_stack=dual_stack, overwrite=True)
    result = after(current, plan(current, wanted))
    both = names(wanted.domain)
    for name in both:
        types = {record.type for record in result if record.name == name}
        assert types, "never one name without the other"
        assert types == {"CNAME"} or "CNAME" not in types
    assert {record.target for record in result if record.name in both} == {normal(LOAD_BALANCER)}
    assert [record for record in result if record.name not in both] == [
        record for record in current if record.name not in both
    ]
    assert plan(result, wanted) == []


class Route53:
    """GetChange that says PENDING a few times."""

    def __init__(self, pending: int) -> None:
        self.pending = pending

    def get_change(self, **_arguments: t.Any) -> dict[str, t.Any]:
        self.pending -= 1
        return {"ChangeInfo": {"Status": "PENDING" if self.pending >= 0 else "INSYNC"}}


def fake_clock() -> Clock:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return Clock(now=lambda: now[0], sleep=sleep, jitter=lambda: 0.0)


def test_waiting_ends_when_the_change_is_everywhere() -> None:
    route53 = Route53(3)
    operation.wait_until_in_sync(route53, "C1", 60, fake_clock())
    assert route53.pending == -1


def test_waiting_is_bounded() -> None:
    with pytest.raises(TimeoutExceededError, match="C1"):
        operation.wait_until_in_sync(Route53(10_000), "C1", 60, fake_clock())
