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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.naming import holding
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53 import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.foresee import (
    foresee,
    foresee_elsewhere,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.plan import (
    Wanted,
    check,
    names,
    plan,
    plan_removal,
    wanted_records,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import (
    Record,
    Zone,
    after,
    normal,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.zones import (
    check_association,
    choose_zone,
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
    assert plan_removal([routed], dataclasses.replace(ALIAS, overwrite=True)) == []


def test_removal_takes_only_what_points_to_the_load_balancer() -> None:
    foreign = Record("eu.example.com", "A", ("192.0.2.1",), 300)
    ours = wanted_records(ALIAS)[1]
    assert [change.record for change in plan_removal([foreign, ours], ALIAS)] == [ours]
    assert plan_removal([foreign], dataclasses.replace(ALIAS, target="")) == []


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


def test_a_zone_that_a_service_keeps_is_never_written_to() -> None:
    """Cloud Map's zones are among the account's, and Route 53 refuses to change them (LinkedService)."""
    raw = {
        "Id": "/hostedzone/Z9",
        "Name": "eu.example.com.",
        "Config": {"Comment": "Created by Route 53 Auto Naming", "PrivateZone": True},
        "LinkedService": {"ServicePrincipal": "servicediscovery.amazonaws.com", "Description": "arn:aws:x"},
    }
    kept, own = Zone.from_api(raw), Zone("Z3", "example.com", True)
    assert choose_zone([kept, own], "eu.example.com", True) == own
    assert holding([kept, own], "eu.example.com") == (own,)
    with pytest.raises(RunnerError, match=r"kept by servicediscovery\.amazonaws\.com"):
        check(ALIAS, kept)


def test_what_no_batch_can_do_is_told_before() -> None:
    with pytest.raises(RunnerError, match="apex"):
        check(dataclasses.replace(CNAME, domain="example.com"), PUBLIC)
    with pytest.raises(RunnerError, match="does not hold"):
        check(dataclasses.replace(ALIAS, domain="example.org"), PUBLIC)
    with pytest.raises(RunnerError, match="canonical hosted zone"):
        check(dataclasses.replace(ALIAS, target_zone=""), PUBLIC)
    check(dataclasses.replace(ALIAS, domain="example.com"), PUBLIC)


def test_what_cannot_stand_beside_a_cname_is_named_or_replaced_in_the_same_batch() -> None:
    text = Record("eu.example.com", "TXT", ('"owner"',), 300)
    assert plan([text], ALIAS)[0].action == "CREATE", "a TXT record stands beside an alias"
    with pytest.raises(RunnerError, match="owner"):
        plan([text], CNAME)
    changes = plan([text], dataclasses.replace(CNAME, overwrite=True))
    assert [(change.action, change.record.type) for change in changes] == [
        ("DELETE", "TXT"),
        ("CREATE", "CNAME"),
        ("CREATE", "CNAME"),
    ]


def test_a_delegated_name_is_told_and_a_zones_own_servers_are_not_taken_for_it() -> None:
    servers = Record("eu.example.com", "NS", ("ns.example.org.",), 300)
    with pytest.raises(RunnerError, match="delegated"):
        plan([servers], dataclasses.replace(ALIAS, overwrite=True))
    start = Record("eu.example.com", "SOA", ("ns.example.org. x. 1 2 3 4 5",), 300)
    assert {change.action for change in plan([servers, start], ALIAS)} == {"CREATE"}


VALIDATION = Wanted(
    "eu.example.com",
    records=(Record("_a1.eu.example.com", "CNAME", ("_b2.acm-validations.aws.",), 300),),
)


def test_given_records_are_kept_beside_both_names_and_removed_alone() -> None:
    there = wanted_records(ALIAS)
    changes = plan(there, VALIDATION)
    assert [(change.action, change.record.name) for change in changes] == [("CREATE", "_a1.eu.example.com")]
    everything = after(there, changes)
    assert plan(everything, VALIDATION) == []
    assert [change.record.name for change in plan_removal(everything, VALIDATION)] == ["_a1.eu.example.com"]
    other = dataclasses.replace(VALIDATION.records[0], values=("_c3.acm-validations.aws.",))
    assert plan_removal([other], VALIDATION) == []
    with pytest.raises(RunnerError, match="_c3"):
        plan([other], VALIDATION)


def test_of_two_private_zones_the_one_in_the_vpc_is_meant() -> None:
    zones = [Zone("Z1", "example.com", True, ("vpc-1",)), Zone("Z2", "example.com", True, ("vpc-2",))]
    assert choose_zone(zones, "eu.example.com", True, "vpc-2").id == "Z2"
    with pytest.raises(RunnerError, match="Z1, Z2"):
        choose_zone(zones, "eu.example.com", True)


def test_a_private_zone_has_to_answer_in_the_vpc() -> None:
    zone = Zone("Z1", "example.com", True, ("vpc-1",))
    assert check_association(zone, "vpc-1", False) is False
    assert check_association(zone, "", False) is False
    assert check_association(PUBLIC, "vpc-2", False) is False
    assert check_association(zone, "vpc-2", True) is True
    with pytest.raises(RunnerError, match="vpc-2"):
        check_association(zone, "vpc-2", False)


@pytest.mark.parametrize(
    ("written", "compared"),
    [("\\052.EU.Example.com.", "*.eu.example.com"), ("a\\056b.example.com", "a\\056b.example.com")],
)
def test_names_are_compared_as_dns_compares_them(written: str, compared: str) -> None:
    assert normal(written) == compared


def test_what_the_stage_will_do_is_foreseen() -> None:
    assert foresee(ALIAS, [(PUBLIC, wanted_records(ALIAS))]).action == "nothing"
    assert foresee(ALIAS, [(PUBLIC, [])]).action == "create"
    switch = foresee(ALIAS, [(PUBLIC, wanted_records(CNAME))])
    assert switch.action == "update"
    assert len(switch.reasons) == 4
    assert foresee(ALIAS, []).action == "unknown"
    assert foresee(dataclasses.replace(ALIAS, target=""), []).action == "create"
    foreign = foresee(ALIAS, [(PUBLIC, [Record("eu.example.com", "A", ("192.0.2.1",), 300)])])
    assert (foreign.action, foreign.needed) == ("unknown", True)


def test_what_another_provider_has_to_do_is_foreseen_from_its_answers() -> None:
    right = {"eu.example.com": LOAD_BALANCER, "x.eu.example.com": LOAD_BALANCER}
    assert foresee_elsewhere("eu.example.com", LOAD_BALANCER, "manual", right).action == "nothing"
    one = {**right, "x.eu.example.com": ""}
    assert foresee_elsewhere("eu.example.com", LOAD_BALANCER, "manual", one).action == "wait"
    assert foresee_elsewhere("eu.example.com", LOAD_BALANCER, "nsupdate", one).action == "update"
    assert foresee_elsewhere("eu.example.com", LOAD_BALANCER, "nsupdate", None).action == "unknown"
    assert foresee_elsewhere("eu.example.com", "", "nsupdate", None).action == "create"


_RECORDS = st.sampled_from(["eu.example.com", "*.eu.example.com", "other.example.com"]).flatmap(
    lambda name: st.one_of(
        st.just(Record(name, "CNAME", (f"{LOAD_BALANCER}.",), 300)),
        st.just(Record(name, "A", alias=LOAD_BALANCER, alias_zone="Z3F0SRJ5LGBH90", evaluate=True)),
        st.just(Record(name, "AAAA", alias=LOAD_BALANCER, alias_zone="Z3F0SRJ5LGBH90")),
        st.just(Record(name, "A", ("192.0.2.1",), 60)),
        st.just(Record(name, "TXT", ('"owner"',), 60)),
    )
)
_CURRENT = st.lists(_RECORDS, max_size=6, unique_by=lambda record: (record.name, record.type))
_WANTED = st.builds(
    lambda kind, both: dataclasses.replace(ALIAS, record_type=kind, dual_stack=both, overwrite=True),
    st.sampled_from(["alias", "cname"]),
    st.booleans(),
)


@given(_CURRENT, _WANTED)
def test_whatever_was_there_the_result_is_complete_consistent_and_stable(current: list[Record], wanted: Wanted) -> None:
    result = after(current, plan(current, wanted))
    both = names(wanted.domain)
    for name in both:
        types = {record.type for record in result if record.name == name}
        assert types & {"A", "AAAA", "CNAME"}, "never one name without the other"
        assert types == {"CNAME"} or "CNAME" not in types
    addresses = [record for record in result if record.name in both and record.type != "TXT"]
    assert {record.target for record in addresses} == {normal(LOAD_BALANCER)}
    assert [record for record in result if record.name not in both] == [
        record for record in current if record.name not in both
    ]
    assert plan(result, wanted) == []
    assert foresee(wanted, [(PUBLIC, result)]).action == "nothing"


@given(_CURRENT, _WANTED)
def test_a_batch_deletes_before_it_creates_and_names_no_record_twice(current: list[Record], wanted: Wanted) -> None:
    changes = plan(current, wanted)
    actions = [change.action for change in changes]
    assert actions == sorted(actions, key=lambda action: action != "DELETE")
    assert len({change.record.key for change in changes}) == len(changes)
    there = {record.key for record in current}
    assert all((change.record.key in there) == (change.action != "CREATE") for change in changes)


@given(_CURRENT, st.sampled_from([ALIAS, CNAME]))
def test_without_overwrite_nothing_of_others_is_ever_changed(current: list[Record], wanted: Wanted) -> None:
    try:
        changes = plan(current, wanted)
    except RunnerError:
        return
    gone = [change.record for change in changes if change.action == "DELETE"]
    gone += [record for change in changes for record in current if record.key == change.record.key]
    assert all(record.target == normal(LOAD_BALANCER) for record in gone)


@given(_CURRENT)
def test_removal_is_complete_and_takes_nothing_of_others(current: list[Record]) -> None:
    result = after(current, plan_removal(current, ALIAS))
    both = names(ALIAS.domain)
    assert [record for record in result if record.name in both and record.target == normal(LOAD_BALANCER)] == []
    assert [record for record in current if record not in result and record.target != normal(LOAD_BALANCER)] == []


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
    operation.wait_until_in_sync(Api(route53), ["C1"], 60, fake_clock())
    assert route53.pending == -1


def test_waiting_is_bounded() -> None:
    with pytest.raises(TimeoutExceededError, match="C1"):
        operation.wait_until_in_sync(Api(Route53(10_000)), ["C1"], 60, fake_clock())
