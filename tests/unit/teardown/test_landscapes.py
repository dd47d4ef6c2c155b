# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated landscapes: whatever stands beside a runner's things, the plan names these and nothing else."""

from __future__ import annotations

import dataclasses
import typing as t

import botocore.exceptions
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import LOAD_BALANCER_TYPE
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import find
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import model as endpoints
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.absent import depart
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.desired import (
    describe,
    no_registration,
    no_stack,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.look import look
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.plan import teardown_plan

ID, OTHER = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c02", "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c03"
EU = Runner("eu", ID)
MANAGED = {"gitpod:managed-by": "gitpod.enterprise_runner"}
OURS = [ownership_tags("eu", ID), ownership_tags("eu", None)]
# Another's, nobody's, a copied inventory's, and what only looks like ours.
THEIRS = [
    ownership_tags("us", OTHER),
    ownership_tags("eu", OTHER),
    ownership_tags("us", ID),
    ownership_tags("us", None),
    MANAGED,
    {"Name": "eu"},
    {"gitpod:runner-name": "eu"},
    {},
]
STATUSES = sorted(name for name in status.TABLE if status.exists(name))
USER = {f"gitpod:used-by/{OTHER}": "us = subnet-2"}
VPC = {"Vpc": "vpc-1"}
# What has the name today of a bucket that a stack left: that one, one made anew, another stack's, and who knows.
LEFT, ANEW, IMPORTED, UNREADABLE = "left", "anew", "imported", "unreadable"


@dataclasses.dataclass(frozen=True)
class Landscape:
    """What there is in a region; the first of a pair says whether it is this runner's."""

    stacks: list[tuple[bool, Stack]]
    endpoints: list[tuple[bool, dict[str, str]]]
    deleted: list[tuple[bool, Stack]]
    buckets: dict[str, str]

    @property
    def neighbours(self) -> set[str]:
        """Stacks of other runners in the VPC of the endpoints, by their tags or their parameters.

        A second one with this runner's ID, made by hand, is one too.
        """
        there = [stack for ours, stack in self.stacks if not ours and stack.parameters.get("Vpc", "vpc-1") == "vpc-1"]
        named = ("gitpod:runner-id", OTHER), ("gitpod:runner-name", "us")
        return {
            stack.name
            for stack in there
            if {ID, OTHER} & set(stack.parameters.values()) or any(entry in stack.tags.items() for entry in named)
        }


def _stack(number: int, name: str, state: str, tags: dict[str, str], values: dict[str, str]) -> Stack:
    return Stack(name, state, f"arn:{number}", tags=tags, parameters=values)


@st.composite
def landscapes(draw: st.DrawFn) -> Landscape:
    def tags(ours: bool) -> dict[str, str]:
        return draw(st.sampled_from(OURS if ours else THEIRS))

    names = draw(st.permutations(["eu", "made-by-hand", "us", "web", "invoices"]))
    own = draw(st.booleans())
    stacks = []
    for number, name in enumerate(names[: draw(st.integers(0, 5))]):
        ours = own and number == 0
        values = draw(st.sampled_from([{"Key": ID}, {}] if ours else [{"Key": ID}, {"Key": OTHER}, {"Topic": "x"}, {}]))
        values = {**values, **draw(st.sampled_from([VPC, {"Vpc": "vpc-2"}, {}]))}
        stacks.append((ours, _stack(number, name, draw(st.sampled_from(STATUSES)), tags(ours), values)))
    endpoints = []
    for ours in draw(st.lists(st.booleans(), max_size=4)):
        used = USER if draw(st.booleans()) else {}
        endpoints.append((ours, {**tags(ours), **used}))
    deleted, buckets = [], {}
    for number, ours in enumerate(draw(st.lists(st.booleans(), max_size=3))):
        values = {"Key": ID} if ours else {"Key": OTHER}
        deleted.append((ours, _stack(100 + number, "eu", "DELETE_COMPLETE", tags(ours), values)))
        buckets[f"bucket-arn:{100 + number}"] = draw(st.sampled_from([LEFT, LEFT, ANEW, IMPORTED, UNREADABLE]))
    return Landscape(stacks, endpoints, deleted, buckets)


class Account:
    """The calls of a look, answered from a landscape; a call that writes is an error."""

    def __init__(self, found: Landscape) -> None:
        self._found = found
        self.client = self

    def stack(self, name: str) -> Stack:
        every = [stack for _ours, stack in (*self._found.stacks, *self._found.deleted)]
        present = [stack for stack in every if stack.status != "DELETE_COMPLETE" or stack.id == name]
        return next((stack for stack in present if name in (stack.name, stack.id)), Stack(name))

    def stacks(self) -> list[Stack]:
        return [stack for _ours, stack in self._found.stacks]

    def template(self, _location: t.Mapping[str, str]) -> Template:
        return Template({}, ())

    def load_balancer(self, _stack: Stack) -> dict[str, str]:
        return {"dns_name": "lb.example.com"}

    def resources(self, stack_id: str) -> list[dict[str, str]]:
        arn = f"arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/lb/{stack_id.partition(':')[2]}"
        return [
            {"type": "AWS::S3::Bucket", "status": "DELETE_SKIPPED", "physical_id": f"bucket-{stack_id}"},
            {"type": LOAD_BALANCER_TYPE, "status": "DELETE_COMPLETE", "physical_id": arn},
        ]

    def get_paginator(self, _operation: str) -> Account:
        return self

    def paginate(self, **_arguments: t.Any) -> list[dict[str, t.Any]]:
        return [
            {"StackSummaries": [{"StackId": stack.id, "StackName": stack.name} for _o, stack in self._found.deleted]}
        ]

    def list_object_versions(self, **_arguments: t.Any) -> dict[str, t.Any]:
        return {"Versions": [{"Size": 1}]}

    def get_bucket_tagging(self, **arguments: t.Any) -> dict[str, t.Any]:
        state, stack_id = self._found.buckets[arguments["Bucket"]], arguments["Bucket"].removeprefix("bucket-")
        if state in (ANEW, UNREADABLE):
            code = "NoSuchTagSet" if state == ANEW else "AccessDenied"
            raise botocore.exceptions.ClientError({"Error": {"Code": code}}, "GetBucketTagging")
        value = stack_id if state == LEFT else "arn:another"
        return {"TagSet": [{"Key": "aws:cloudformation:stack-id", "Value": value}]}

    def describe_vpc_endpoints(self, **_arguments: t.Any) -> dict[str, t.Any]:
        """Without the filter, so that nothing rests on it."""
        return {"VpcEndpoints": [self._raw("VpcEndpointId", "vpce", *entry) for entry in self._numbered()]}

    def describe_security_groups(self, **_arguments: t.Any) -> dict[str, t.Any]:
        return {
            "SecurityGroups": [
                {**self._raw("GroupId", "sg", *entry), "GroupName": "eu-management-plane"} for entry in self._numbered()
            ]
        }

    def _numbered(self) -> list[tuple[int, dict[str, str]]]:
        return [(number, tags) for number, (_ours, tags) in enumerate(self._found.endpoints)]

    @staticmethod
    def _raw(key: str, prefix: str, number: int, tags: dict[str, str]) -> dict[str, t.Any]:
        listed = [{"Key": name, "Value": value} for name, value in tags.items()]
        return {key: f"{prefix}-{number}", "VpcId": "vpc-1", "Tags": listed}


def deed(goes: list[str], thing: str) -> str:
    """What the plan says that becomes of a thing."""
    lines = [line for line in goes if thing in line]
    return ("release" if "only this runner's part" in lines[0] else "remove") if lines else ""


def removed(tags: dict[str, str], number: int, seen: dict[str, t.Any]) -> str:
    """What the module that removes the endpoint does with what the teardown hands on, where it is called at all."""
    handed_on = next((entry["also_used_by"] for entry in seen["endpoints"]), None)
    if handed_on is None:
        return ""
    wanted = endpoints.Wanted.of({"name": EU.name, "runner_id": EU.id, "vpc_id": "vpc-1", "also_used_by": handed_on})
    found = depart([endpoints.Endpoint(f"vpce-{number}", "available", "vpc-1", tags=tags)], [], wanted)
    return "remove" if found.remove else "release" if found.release else ""


@given(landscapes())
@settings(max_examples=50, deadline=None)
def test_the_plan_names_what_is_this_runners_and_nothing_else(found: Landscape) -> None:
    account: t.Any = Account(found)
    stack_found = find(account, EU, "eu")
    seen = look(account, account, account, EU, stack_found, {"eu"})
    describe({"gitpod_domain_name": "", "gitpod_teardown_dns_provider": "route53"}, seen, {})
    plan = teardown_plan(
        seen, {}, {}, {}, {"domain": "", "provider": "route53", "delete_buckets": True, "api_token": True}
    )
    goes = "\n".join(plan["goes"])
    own = [stack for ours, stack in found.stacks if ours]
    assert {stack.name for _o, stack in found.stacks if f"the stack {stack.name} (" in goes} == {
        stack.name for stack in own
    }
    assert bool(no_stack(seen)) == (not own), "the plan and the step that deletes agree"
    for number, (ours, tags) in enumerate(found.endpoints):
        for thing in (f"vpce-{number} ", f"(sg-{number})"):
            lines = [line for line in plan["goes"] if thing in line]
            # A stack that stays, and may be this runner's, keeps what it needs.
            stays = stack_found.verdict.relation in ("by_hand", "unknown")
            assert bool(lines) == (ours and not stays), (thing, tags)
            # What another runner uses stays for it, whether a tag says so or its stack.
            used = set(USER) <= set(tags) or bool(found.neighbours)
            assert all(("it stays for " in line) == used for line in lines)
        assert removed(tags, number, seen) == deed(plan["goes"], f"vpce-{number} "), "the deed is what the plan named"
    for ours, stack in found.deleted:
        state = found.buckets[f"bucket-{stack.id}"]
        assert (f"bucket-{stack.id} (" in goes) == (ours and state == LEFT)
        told = any(f"bucket-{stack.id} (" in line for line in plan["stays"])
        assert told == (ours and state == UNREADABLE)
    had = {stack.id.partition(":")[2] for ours, stack in (*found.stacks, *found.deleted) if ours}
    assert {name.partition(".")[0] for name in seen["former_load_balancers"]} == {f"lb-{number}" for number in had}
    assert all("because" in line or "of the stack, with" in line for line in plan["goes"])
    # A registration is left alone while a stack that may have this runner's ID stays.
    at_risk = any(ID in stack.parameters.values() for ours, stack in found.stacks if not ours)
    assert not at_risk or no_registration({"gitpod_api_token": "t"}, seen)
