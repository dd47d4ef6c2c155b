# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stages have to do, from facts; a stage after one that changes what it needs is never left out."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Parameter,
    Stack,
    Template,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import Source
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    Denied,
    Facts,
    NameAnswer,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.plan import after, plans, seen
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import Record, Zone
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import ACTIONS, StagePlan
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_preflight_info import ARGUMENT_SPEC

LOAD_BALANCER = {"arn": "a", "dns_name": "lb.elb.amazonaws.com", "canonical_hosted_zone_id": "ZLB", "state": "active"}
ZONE = Zone("Z1", "example.com", False)
PRIVATE = Zone("Z2", "example.com", True)
ALIASES = tuple(
    Record(name, "A", alias="lb.elb.amazonaws.com", alias_zone="ZLB", evaluate=True)
    for name in ("eu.example.com", "*.eu.example.com")
)
STACK = Stack("gitpod-eu", "CREATE_COMPLETE", "arn", parameters={"Id": "0192"}, tags={"team": "x"}, protected=True)
OPTIONS: dict[str, t.Any] = {
    **{name: entry.get("default") for name, entry in ARGUMENT_SPEC.items()},
    "name": "gitpod-eu",
    "domain_name": "eu.example.com",
    "certificate_arn": "arn:aws:acm:eu-central-1:1:certificate/1",
    "vpc_id": "vpc-1",
    "parameters": {"Runner ID": "0192"},
    "tags": {"team": "x"},
    "runner_id": "0192",
}
FACTS = Facts(
    region="eu-central-1",
    now=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
    stack=STACK,
    source=Source({"TemplateURL": "u"}, fingerprint="f"),
    template=Template({"TemplateURL": "u"}, (Parameter("Id", "Runner ID"),)),
    fingerprint="f",
    load_balancer=LOAD_BALANCER,
    hosted_zones=(ZONE,),
    records={"Z1": ALIASES},
)
DENIED = Denied("some:Action", "no", "AccessDenied")


def planned(options: dict[str, t.Any] | None = None, **facts: t.Any) -> dict[str, StagePlan]:
    every = {**OPTIONS, **(options or {})}
    wanted = Wanted.of(every, "eu-central-1")
    return {plan.stage: plan for plan in plans(every, wanted, dataclasses.replace(FACTS, **facts))}


def actions(found: dict[str, StagePlan]) -> dict[str, str]:
    return {stage: plan.action for stage, plan in found.items() if plan.needed}


def test_a_runner_as_it_is_wanted_has_nothing_to_do() -> None:
    found = planned()
    assert list(found) == ["certificate", "registration", "privatelink", "stack", "dns"]
    assert actions(found) == {}


@pytest.mark.parametrize(
    ("options", "facts", "expected"),
    [
        ({}, {"stack": Stack("gitpod-eu"), "load_balancer": None}, {"stack": "create", "dns": "create"}),
        ({}, {"stack": dataclasses.replace(STACK, protected=False)}, {"stack": "update", "dns": "unknown"}),
        ({"tags": {"team": "y"}}, {}, {"stack": "update", "dns": "unknown"}),
        ({"parameters": {"Runner ID": "0193"}}, {}, {"stack": "update", "dns": "unknown"}),
        ({"stack_policy": '{"Statement": []}'}, {"policy": ""}, {"stack": "update", "dns": "unknown"}),
        ({"stack_policy": '{"Statement": []}'}, {"policy": '{"Statement":[]}'}, {}),
        ({"stack_policy": "{}"}, {"policy": DENIED}, {"stack": "unknown", "dns": "unknown"}),
        ({}, {"reviewed": {"ChangeSetId": "x"}}, {"stack": "update", "dns": "unknown"}),
        ({}, {"reviewed": DENIED}, {"stack": "unknown", "dns": "unknown"}),
        ({}, {"stack": DENIED}, {"stack": "unknown", "dns": "unknown"}),
        ({}, {"template": DENIED}, {"stack": "unknown", "dns": "unknown"}),
        ({}, {"source": DENIED, "template": None}, {"stack": "unknown", "dns": "unknown"}),
        (
            {},
            {"source": DENIED, "template": None, "stack": Stack("x"), "load_balancer": None},
            {"stack": "create", "dns": "create"},
        ),
        ({}, {"fingerprint": DENIED}, {"stack": "unknown", "dns": "unknown"}),
        ({}, {"fingerprint": "g"}, {"stack": "update", "dns": "unknown"}),
        ({}, {"records": {"Z1": ()}}, {"dns": "create"}),
        ({}, {"records": {"Z1": ALIASES[:1]}}, {"dns": "create"}),
        ({}, {"records": {"Z1": DENIED}}, {"dns": "unknown"}),
        ({}, {"hosted_zones": DENIED}, {"dns": "unknown"}),
        ({}, {"hosted_zones": (PRIVATE,)}, {"dns": "unknown"}),
        ({}, {"load_balancer": DENIED}, {"dns": "unknown"}),
        ({"dns_record_type": "cname"}, {}, {"dns": "update"}),
        (
            {"dns_split_horizon": True},
            {"hosted_zones": (ZONE, PRIVATE), "records": {"Z1": ALIASES, "Z2": ALIASES}},
            {"dns": "unknown"},
        ),
        (
            {"dns_split_horizon": True},
            {"hosted_zones": (ZONE, PRIVATE), "records": {"Z1": ALIASES, "Z2": ALIASES}, "vpc_zones": (PRIVATE,)},
            {},
        ),
        ({"dns_hosted_zone_id": "Z1", "dns_further_hosted_zone_ids": ["Z3"]}, {}, {"dns": "unknown"}),
        ({"domain_name": ""}, {}, {"dns": "unknown"}),
        (
            {"certificate_arn": "", "certificate_request": True},
            {},
            {"certificate": "unknown", "stack": "unknown", "dns": "unknown"},
        ),
        ({"certificate_arn": ""}, {}, {}),
        ({"api_token": "t", "runner_id": ""}, {}, {"registration": "unknown", "stack": "unknown", "dns": "unknown"}),
        ({"api_token": "t"}, {}, {}),
        ({"privatelink_enabled": True}, {}, {"privatelink": "unknown"}),
    ],
)
def test_each_difference_makes_its_stage_needed(
    options: dict[str, t.Any], facts: dict[str, t.Any], expected: dict[str, str]
) -> None:
    found = planned(options, **facts)
    assert actions(found) == expected
    assert all(plan.reasons for plan in found.values() if plan.needed)


def answers(*targets: str) -> tuple[NameAnswer, ...]:
    cnames = [NameAnswer(f"n{index}", "CNAME", "found", (f"{target}.",)) for index, target in enumerate(targets)]
    return (cnames[0], NameAnswer("n", "A", "found", ("10.0.0.1",)), *cnames[1:])


@pytest.mark.parametrize(
    ("seen_answers", "action"),
    [
        (answers("lb.elb.amazonaws.com", "LB.elb.amazonaws.com"), "nothing"),
        (answers("lb.elb.amazonaws.com", "elsewhere.example.com"), "wait"),
        ((NameAnswer("n", "CNAME", "missing"), NameAnswer("p", "CNAME", "missing")), "wait"),
        ((NameAnswer("n", "CNAME", "NoNameservers"),), "unknown"),
        (DENIED, "unknown"),
    ],
)
def test_at_another_provider_the_answers_decide(seen_answers: t.Any, action: str) -> None:
    assert planned({"dns_provider": "external"}, answers=seen_answers)["dns"].action == action


@pytest.mark.parametrize("earlier", ACTIONS)
def test_a_stage_is_ruled_out_only_when_all_before_it_are(earlier: str) -> None:
    nothing = StagePlan("stack", "nothing")
    followed = after(nothing, StagePlan("certificate", "nothing"), StagePlan("registration", earlier))
    assert followed.needed == (earlier != "nothing")
    update = StagePlan("stack", "update", ("a tag differs",))
    assert after(update, StagePlan("registration", earlier)) == update


def test_what_was_seen_stands_for_the_stages_with_nothing_to_do() -> None:
    wanted = Wanted.of(OPTIONS, "eu-central-1")
    results = seen(OPTIONS, wanted, FACTS, plans(OPTIONS, wanted, FACTS))
    assert results["stack"]["load_balancer"] == LOAD_BALANCER
    assert (results["stack"]["operation"], results["stack"]["changed"]) == ("none", False)
    assert [record["name"] for record in results["dns"]["records"]] == ["*.eu.example.com", "eu.example.com"]
    differing = {**OPTIONS, "tags": {"team": "y"}}
    assert seen(differing, wanted, FACTS, plans(differing, wanted, FACTS)) == {}


def test_no_secret_reaches_the_plan() -> None:
    found = planned({"secret_parameters": {"Exchange Token": "s3cr3t"}, "api_token": "t0k3n", "tags": {"team": "y"}})
    assert "s3cr3t" not in str(found)
    assert "t0k3n" not in str(found)
