# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses an endpoint and its group, what a second runner may do to them, and what one that leaves takes with it."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.absent import depart
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.advice import broken_advice
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import (
    Group,
    Rule,
    check_name,
    choose_group,
    plan_group,
    release_group,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group_api import GroupApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Endpoint,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.outcome import Journal, look_again
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import (
    Placement,
    has_wanted_dns,
    plan,
    release,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.present import client_token
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.users import User

VPC = "vpc-1"
OURS = {"gitpod:managed-by": "gitpod.enterprise_runner"}
FIRST = {**OURS, "Name": "one", "gitpod:runner-name": "one", "gitpod:runner-id": "1"}
ONE, TWO = User("one", "1"), User("two", "2")
USED_BY_ONE = {"gitpod:used-by/1": "one = subnet-a subnet-b"}
USED_BY_TWO = {"gitpod:used-by/2": "two = subnet-a subnet-c"}
BOTH = {**FIRST, **USED_BY_ONE, **USED_BY_TWO}
STRANGER = {"owner": "network"}
ZONES = {"subnet-a": "a", "subnet-b": "b", "subnet-c": "c", "subnet-a2": "a"}
POLICY = '{"Statement": []}'
ENDPOINT = Endpoint("vpce-1", "available", VPC, "svc", ("subnet-a", "subnet-b"), ("sg-1",), True, tags=BOTH)
RANGES = {"gitpod:used-by/1": "one = 10.0.0.0/24 10.0.1.0/24", "gitpod:used-by/2": "two = 10.0.1.0/24 10.0.2.0/24"}
RULES = frozenset(map(Rule, ("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24")))
GROUP = Group("sg-1", "one-management-plane", VPC, RULES, {**FIRST, **RANGES})


def of(user: User, *subnet_ids: str, **more: t.Any) -> Wanted:
    tags = {"Name": user.name, "gitpod:runner-name": user.name, **OURS, "gitpod:runner-id": user.id}
    name = f"{user.name}-management-plane"
    values: dict[str, t.Any] = {"tags": tags, "security_group_name": name, "service_name": "svc"}
    return Wanted(user.name, VPC, subnet_ids=subnet_ids, runner_id=user.id, **{**values, **more})


def having(**changes: t.Any) -> Endpoint:
    return dataclasses.replace(ENDPOINT, **changes)


@pytest.mark.parametrize(
    "user",
    [
        User("one", "1", frozenset({"subnet-a", "subnet-b"})),
        User("a name = with signs", "", frozenset({"10.0.0.0/24"})),
        User("one", "1", None),
        User("n" * 200, "", frozenset({"subnet-a"})),
    ],
)
def test_a_use_is_read_as_it_was_written_and_fits_into_a_tag(user: User) -> None:
    key, value = user.tag
    assert len(key) <= users.LONGEST_KEY
    assert len(value) <= users.LONGEST_VALUE
    (read,) = users.users({**OURS, key: value})
    assert read == user


def test_needs_without_room_are_not_known_and_so_kept() -> None:
    many = User("one", "1", frozenset(f"subnet-0123456789abcd{number:04}" for number in range(20)))
    (read,) = users.users(dict([many.tag]))
    assert (read.name, read.id, read.needs) == ("one", "1", None)
    tags = {**FIRST, **USED_BY_ONE, **dict([dataclasses.replace(many, id="2", name="two").tag])}
    assert users.surplus(tags, ONE, ()) == frozenset()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (User("a", "1"), User("a", "1"), True),
        # A copied inventory: the ID of another runner, whose name it is not.
        (User("a", "1"), User("b", "1"), False),
        (User("", "1"), User("b", "1"), True),
        (User("", "1"), User("b"), False),
        (User("a", "1"), User("a", "2"), False),
        (User("a"), User("a", "2"), True),
        (User("a"), User("b", "2"), False),
    ],
)
def test_a_runner_is_its_id_and_its_name_as_far_as_they_are_known(one: User, other: User, same: bool) -> None:
    assert one.is_same(other) is same


@pytest.mark.parametrize(
    ("tags", "me", "decision"),
    [
        ({**FIRST, **USED_BY_ONE}, ONE, users.REMOVE),
        (FIRST, ONE, users.REMOVE),
        (FIRST, User("one"), users.REMOVE),
        (BOTH, ONE, users.RELEASE),
        (BOTH, TWO, users.RELEASE),
        (BOTH, User("two"), users.RELEASE),
        (FIRST, TWO, users.NOT_A_USER),
        ({**FIRST, **USED_BY_TWO}, TWO, users.RELEASE),
        (STRANGER, ONE, users.NOT_A_USER),
    ],
)
def test_who_leaves_removes_what_nobody_else_uses(tags: dict[str, str], me: User, decision: str) -> None:
    assert users.departure(users.users(tags), me) == decision


def test_whoever_else_refers_to_it_counts() -> None:
    assert users.departure([*users.users(FIRST), TWO], ONE) == users.RELEASE


def test_what_a_stack_made_is_not_ours() -> None:
    assert not users.is_ours({**FIRST, "aws:cloudformation:stack-name": "one"})


def test_what_names_no_runner_any_more_is_nobody_s() -> None:
    """Somebody took the tags away; a name is anybody's to set."""
    for tags in (OURS, {**OURS, "Name": "one"}):
        assert not users.is_ours(tags)
        assert users.owner(tags) is None
        assert users.departure(users.users(tags), ONE) == users.NOT_A_USER
        wanted = of(ONE, "subnet-a", security_group_ids=("sg-1",))
        todo = plan(having(tags=tags), wanted, Placement(("subnet-a",)), ZONES)
        assert (dict(todo.add_tags), "RemoveSubnetIds" in todo.modify) == ({}, False)
    # Only the owner's tags are gone: who uses it does not become its owner while others use it too.
    left = {**OURS, **USED_BY_ONE, **USED_BY_TWO}
    assert not users.belongs_to(left, ONE)
    assert users.departure(users.users(left), ONE) == users.RELEASE


def test_a_value_that_somebody_changed_leaves_the_id() -> None:
    identifier = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02"
    (user,) = users.users({**OURS, f"gitpod:used-by/{identifier}": ""})
    assert user == User("", identifier)
    assert users.names([user]) == [identifier]


def test_a_copied_id_takes_nothing_of_the_first_runners_endpoint() -> None:
    copy = of(User("copy", "1"), "subnet-a", security_group_ids=("sg-1",))
    told = "The runner ID 1 of copy is that of the runner one"
    with pytest.raises(RunnerError, match=told):
        plan(having(), copy, Placement(("subnet-a",)), ZONES)
    with pytest.raises(RunnerError, match=told):
        plan_group(GROUP, copy, ["10.0.0.0/24"])
    assert depart([having()], [GROUP], copy).actions == ()


def test_who_uses_it_without_a_tag_keeps_it_and_is_named_from_then_on() -> None:
    alone = having(tags={**FIRST, **USED_BY_ONE})
    group = dataclasses.replace(GROUP, tags={**FIRST, "gitpod:used-by/1": RANGES["gitpod:used-by/1"]})
    found = depart([alone], [group], of(ONE, also_used_by=(User("by-hand", "3"),)))
    assert (found.remove, found.remove_groups) == ((), ())
    ((_endpoint, todo),) = found.release
    assert dict(todo.modify) == {}, "what it needs is not known"
    assert todo.add_tags["gitpod:used-by/3"] == "by-hand = *"
    assert todo.add_tags["gitpod:runner-name"] == "by-hand"
    assert todo.remove_tags == ("gitpod:used-by/1",)
    ((_group, todo_group),) = found.release_groups
    assert (todo_group.revoke, todo_group.add_tags["gitpod:runner-id"]) == ((), "3")
    # Of an endpoint that this runner does not use, nothing is said.
    two = depart([alone], [], of(TWO, also_used_by=(User("by-hand", "3"),)))
    assert two.actions == ()


def test_a_namesake_with_a_stack_in_the_vpc_is_not_taken_for_this_runner() -> None:
    """Tags of an endpoint that was made before the ID was known have the name alone."""
    nameless = having(tags={**OURS, "Name": "one", "gitpod:runner-name": "one"})
    found = depart([nameless], [], of(ONE, also_used_by=(User("one", "2"),)))
    assert found.remove == ()
    ((_endpoint, todo),) = found.release
    assert dict(todo.add_tags) == {
        "gitpod:used-by/2": "one = *",
        "gitpod:runner-name": "one",
        "gitpod:runner-id": "2",
        "Name": "one",
    }


def test_no_room_for_a_tag_is_told() -> None:
    full = {**FIRST, **{f"k{number}": "v" for number in range(47)}}
    with pytest.raises(RunnerError, match="no room for the tag gitpod:used-by/2"):
        users.use_tags(full, TWO)


def test_the_second_adds_what_it_lacks_and_takes_nothing() -> None:
    first = having(tags={**FIRST, **USED_BY_ONE})
    wanted = of(TWO, "subnet-a2", "subnet-c", security_group_ids=("sg-1",), policy=POLICY, private_dns=False)
    todo = plan(first, wanted, Placement(("subnet-a2", "subnet-c")), ZONES)
    assert dict(todo.modify) == {"AddSubnetIds": ["subnet-c"]}
    assert dict(todo.add_tags) == USED_BY_TWO
    assert todo.remove_tags == ()
    assert [entry.split(" of ")[0] for entry in todo.left_alone] == ["the policy", "private DNS, which is on"]
    assert has_wanted_dns(first, wanted)


def test_the_first_among_others_takes_away_only_what_it_alone_needed() -> None:
    wanted = of(ONE, "subnet-a", security_group_ids=("sg-1",))
    todo = plan(having(subnet_ids=("subnet-a", "subnet-b", "subnet-c")), wanted, Placement(("subnet-a",)), ZONES)
    assert dict(todo.modify) == {"RemoveSubnetIds": ["subnet-b"]}
    assert dict(todo.add_tags) == {"gitpod:used-by/1": "one = subnet-a"}


def test_the_only_one_gets_exactly_what_it_wants() -> None:
    alone = having(subnet_ids=("subnet-a", "subnet-b", "subnet-c"), tags={**FIRST, **USED_BY_ONE})
    wanted = of(ONE, "subnet-a", security_group_ids=("sg-2",))
    todo = plan(alone, wanted, Placement(("subnet-a",)), ZONES)
    assert dict(todo.modify) == {
        "RemoveSubnetIds": ["subnet-b", "subnet-c"],
        "AddSecurityGroupIds": ["sg-2"],
        "RemoveSecurityGroupIds": ["sg-1"],
    }


def test_a_use_that_was_recorded_by_name_is_recorded_by_id() -> None:
    by_name = having(tags={**FIRST, "gitpod:used-by/one": "one = subnet-a subnet-b"})
    todo = plan(by_name, of(ONE, "subnet-a", "subnet-b"), Placement(("subnet-a", "subnet-b")), ZONES)
    assert (dict(todo.add_tags), todo.remove_tags) == (USED_BY_ONE, ("gitpod:used-by/one",))


def test_the_first_that_leaves_hands_over() -> None:
    todo = release(having(subnet_ids=("subnet-a", "subnet-b", "subnet-c")), of(ONE))
    assert dict(todo.modify) == {"RemoveSubnetIds": ["subnet-b"]}
    assert dict(todo.add_tags) == {"Name": "two", "gitpod:runner-name": "two", "gitpod:runner-id": "2"}
    assert todo.remove_tags == ("gitpod:used-by/1",)


def test_the_second_that_leaves_changes_no_tag_of_the_firsts() -> None:
    todo = release(having(subnet_ids=("subnet-a", "subnet-b", "subnet-c")), of(TWO))
    assert dict(todo.modify) == {"RemoveSubnetIds": ["subnet-c"]}
    assert (dict(todo.add_tags), todo.remove_tags) == ({}, ("gitpod:used-by/2",))


def test_a_broken_endpoint_is_replaced_by_the_runner_that_it_belongs_to() -> None:
    broken = having(state="failed")
    with pytest.raises(RunnerError, match="the run of one, whose endpoint it is"):
        plan(broken, of(TWO, "subnet-c", replace_failed=True), Placement(("subnet-c",)), ZONES)
    todo = plan(broken, of(ONE, "subnet-a", replace_failed=True), Placement(("subnet-a",)), ZONES)
    assert todo.delete == "vpce-1"
    assert todo.add_tags["gitpod:used-by/2"] == USED_BY_TWO["gitpod:used-by/2"]
    assert "replace_failed" in broken_advice(broken, of(ONE))


def test_the_group_follows_the_only_user_and_unites_several() -> None:
    alone = dataclasses.replace(GROUP, tags={**FIRST, "gitpod:used-by/1": "one = 10.0.0.0/24"})
    todo = plan_group(alone, of(ONE), ["10.0.0.0/24"])
    assert {rule.source for rule in todo.revoke} == {"10.0.1.0/24", "10.0.2.0/24"}
    todo = plan_group(GROUP, of(ONE), ["10.0.1.0/24", "10.0.3.0/24"])
    assert ({rule.source for rule in todo.admit}, {rule.source for rule in todo.revoke}) == (
        {"10.0.3.0/24"},
        {"10.0.0.0/24"},
    )
    assert not plan_group(GROUP, of(TWO), ["10.0.1.0/24", "10.0.2.0/24"]).changes


def test_a_group_of_others_is_never_taken_for_its_name() -> None:
    named = dataclasses.replace(GROUP, name="two-management-plane", tags=STRANGER)
    with pytest.raises(RunnerError, match="is not ours"):
        choose_group(named, [], of(TWO))
    assert choose_group(named, [GROUP], of(TWO)) == GROUP
    assert choose_group(None, [dataclasses.replace(GROUP, tags=STRANGER)], of(TWO)) is None


@pytest.mark.parametrize("name", ["sg-eu-management-plane", "SG-eu", "x" * 256, "ü", ""])
def test_a_name_that_ec2_refuses_is_told_before(name: str) -> None:
    with pytest.raises(RunnerError, match="cannot be called"):
        check_name(name)


def test_a_group_that_is_released_keeps_what_others_need() -> None:
    todo = release_group(GROUP, ONE)
    assert {rule.source for rule in todo.revoke} == {"10.0.0.0/24"}
    assert todo.add_tags["gitpod:runner-name"] == "two"
    assert todo.remove_tags == ("gitpod:used-by/1",)


def test_leaving_names_what_goes_and_what_stays() -> None:
    mine = having(tags={**FIRST, **USED_BY_ONE})
    own = dataclasses.replace(GROUP, tags={**FIRST, "gitpod:used-by/1": "one = 10.0.0.0/24"})
    found = depart([mine, having(id="vpce-9", tags=STRANGER, security_group_ids=("sg-8",))], [own], of(ONE))
    assert ([entry.id for entry in found.remove], found.release) == (["vpce-1"], ())
    assert [entry.id for entry in found.remove_groups] == ["sg-1"]
    found = depart([ENDPOINT], [GROUP], of(ONE))
    assert (found.remove, found.remove_groups) == ((), ())
    assert (len(found.release), len(found.release_groups)) == (1, 1)
    assert depart([mine], [own], of(TWO)).actions == ()


def test_our_group_leaves_a_strangers_endpoint_first_and_is_kept_where_it_is_the_only_one() -> None:
    own = dataclasses.replace(GROUP, tags={**FIRST, "gitpod:used-by/1": "one = 10.0.0.0/24"})
    found = depart([having(tags=STRANGER, security_group_ids=("sg-1", "sg-8"))], [own], of(ONE))
    assert [dict(todo.modify) for _endpoint, todo in found.release] == [{"RemoveSecurityGroupIds": ["sg-1"]}]
    assert [entry.id for entry in found.remove_groups] == ["sg-1"]
    found = depart([having(tags=STRANGER)], [own], of(ONE))
    assert found.actions == ()
    assert "the only one of vpce-1" in found.left_alone[0]
    second = dataclasses.replace(own, id="sg-2", name="second")
    found = depart([having(tags=STRANGER, security_group_ids=("sg-1", "sg-2"))], [own, second], of(ONE))
    assert [dict(todo.modify) for _endpoint, todo in found.release] == [{"RemoveSecurityGroupIds": ["sg-2"]}]
    assert [entry.id for entry in found.remove_groups] == ["sg-2"], "an endpoint has at least one group"
    assert "(sg-1), the only one of vpce-1" in found.left_alone[0]


def test_the_same_request_has_the_same_token_and_another_has_another() -> None:
    wanted = of(ONE, "subnet-a")
    tokens = {
        client_token(wanted, ("subnet-a",), True, ()),
        client_token(of(ONE, "subnet-a"), ("subnet-a",), True, ()),
    }
    assert len(tokens) == 1
    assert len(tokens.pop()) == 64
    others = {
        client_token(wanted, ("subnet-a", "subnet-b"), True, ()),
        client_token(wanted, ("subnet-a",), False, ()),
        client_token(wanted, ("subnet-a",), True, ("vpce-1",)),
        client_token(of(TWO, "subnet-a"), ("subnet-a",), True, ()),
    }
    assert len(others) == 4


@pytest.mark.parametrize(
    ("code", "why", "done", "again"),
    [
        ("", "Connection was closed", False, True),
        ("ServiceUnavailable", "", False, True),
        ("InvalidParameter", "already a conflicting DNS domain for app.gitpod.io", False, True),
        ("InvalidParameter", "PolicyDocument is malformed", False, False),
        ("DuplicateSubnetsInSameZone", "", False, True),
        ("InvalidGroup.Duplicate", "", False, True),
        ("InvalidGroup.NotFound", "", False, False),
        ("InvalidGroup.NotFound", "", True, True),
        ("InvalidVpcEndpointId.NotFound", "", False, True),
        ("UnauthorizedOperation", "", True, False),
    ],
)
def test_another_look_is_taken_where_it_can_help(code: str, why: str, done: bool, again: bool) -> None:
    journal = Journal()
    if done:
        with journal.step("create"):
            pass
    assert look_again(ApiError("x", why, code=code), journal) is again


class RefusesDoubles:
    """EC2 that has one of the rules already, and refuses a call with it as a whole."""

    def __init__(self, present: str) -> None:
        self.rules = {present}

    def authorize_security_group_ingress(self, **arguments: t.Any) -> None:
        sources = {entry["CidrIp"] for rule in arguments["IpPermissions"] for entry in rule["IpRanges"]}
        if sources & self.rules:
            raise ApiError("no", code="InvalidPermission.Duplicate")
        self.rules |= sources


def test_a_rule_that_is_there_keeps_no_other_from_being_added() -> None:
    ec2 = RefusesDoubles("10.0.0.0/24")
    GroupApi(ec2).admit("sg-1", [Rule("10.0.0.0/24"), Rule("10.0.1.0/24")])
    assert ec2.rules == {"10.0.0.0/24", "10.0.1.0/24"}
