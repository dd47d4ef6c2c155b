# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a wait that was not needed, and what a wait does not look at: both are what the start has returned."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.steps import STEPS, Situation

Result = dict[str, t.Any]
ENDPOINT: Result = {
    "endpoint": {"id": "vpce-1"},
    "security_group": {"id": "sg-1"},
    "service": {"name": "com.amazonaws.vpce"},
    "left_alone": ["somebody else's rule"],
}
SAID: Result = {"diff": {"before": {}}, "warnings": ["look"], "invocation": {}, "_ansible_no_log": False}


def situation(started: Result, enabled: bool = True) -> Situation:
    return Situation(
        {"gitpod_runner_name": "r", "gitpod_privatelink_enabled": enabled},
        Earlier(started=started, endpoint_started=started),
        {},
    )


@pytest.mark.parametrize("stage", ["stack", "privatelink"])
def test_what_is_settled_stands_as_it_was_started_and_is_said_once(stage: str) -> None:
    step = STEPS[stage, "join"]
    settled = situation({**ENDPOINT, **SAID, "changed": True, "in_progress": False})
    assert step.idle(settled)
    assert step.stands(settled) == {**ENDPOINT, "changed": False, "in_progress": False}


@pytest.mark.parametrize("stage", ["stack", "privatelink"])
def test_what_goes_on_or_was_never_started_is_waited_for(stage: str) -> None:
    for started in ({}, {"in_progress": True}, {"stack": {"name": "r"}}):
        assert not STEPS[stage, "join"].idle(situation(started))


def test_an_endpoint_that_is_not_wanted_leaves_no_result() -> None:
    step, unwanted = STEPS["privatelink", "join"], situation({**ENDPOINT, "in_progress": False}, enabled=False)
    assert step.idle(unwanted)
    assert step.stands(unwanted) == {}


def test_the_wait_for_an_endpoint_hands_on_what_the_start_found_beside_it() -> None:
    step = STEPS["privatelink", "join"]
    waited: Result = {"endpoint": {"id": "vpce-1"}, "security_group": None, "service": None, "left_alone": []}
    step.finish(situation({**ENDPOINT, "in_progress": True}), waited)
    assert waited == ENDPOINT
    alone: Result = {"endpoint": {"id": "vpce-1"}, "security_group": None, "left_alone": []}
    step.finish(situation({}), alone)
    assert alone == {"endpoint": {"id": "vpce-1"}, "security_group": None, "left_alone": []}


def test_the_wait_for_a_certificate_tells_how_it_ended_and_keeps_what_was_requested() -> None:
    step = STEPS["certificate", "join"]
    started: Result = {
        "certificate_arn": "arn:aws:acm:x",
        "status": "PENDING_VALIDATION",
        "requested": True,
        "validation_records": [{"name": "_x.eu.example.com"}],
        "in_progress": True,
        "changed": True,
    }
    values = {"gitpod_certificate_request": True, "gitpod_domain_name": "eu.example.com"}
    going_on = Situation(values, Earlier(certificate=started), {})
    assert not step.idle(going_on)
    waited: Result = {
        "certificate": {"arn": "arn:aws:acm:x", "status": "ISSUED", "not_after": "2027"},
        "changed": False,
    }
    step.finish(going_on, waited)
    assert waited.pop("certificate")
    assert waited == {
        "certificate_arn": "arn:aws:acm:x",
        "status": "ISSUED",
        "not_after": "2027",
        "requested": True,
        "validation_records": started["validation_records"],
        "changed": False,
    }
    issued = Situation(values, Earlier(certificate={**started, "status": "ISSUED", "in_progress": False}), {})
    assert step.idle(issued)
    assert step.stands(issued) == {**started, "status": "ISSUED", "in_progress": False, "changed": False}
    assert step.stands(Situation({**values, "gitpod_certificate_request": False}, issued.earlier, {})) == {}


def test_the_first_look_of_a_teardown_has_none_before_it_and_a_later_one_knows_its_domain() -> None:
    step = STEPS["teardown", "look"]
    values: Result = {"gitpod_teardown_dns_provider": "route53", "gitpod_domain_name": None}
    for before, domain in (({}, ""), ({"__gitpod_teardown_look": {"domain": "eu.example.com"}}, "eu.example.com")):
        seen: Result = {
            "stack": {"exists": False, "ours": False, "empty": False},
            "former_load_balancers": [],
            "endpoints": [],
            "security_groups": [],
        }
        step.finish(Situation(values, Earlier(), before), seen)
        assert (seen["domain"], seen["departures"]) == (domain, [])


def test_an_endpoint_that_is_given_up_stays_for_whose_stack_is_in_the_vpc() -> None:
    step = STEPS["privatelink", "absent"]
    values: Result = {
        "gitpod_runner_name": "r",
        "gitpod_vpc_id": "vpc-1",
        "gitpod_region": "eu-west-1",
        "gitpod_privatelink_service_name": "com.amazonaws.vpce",
    }

    def looked(relation: str, *there: Result) -> Situation:
        look = {"stack": {"relation": relation}, "endpoints": list(there), "security_groups": []}
        return Situation(values, Earlier(), {"__gitpod_privatelink_look": look})

    by_hand = [{"name": "by-hand", "id": ""}]
    elsewhere = {"vpc_id": "vpc-2", "also_used_by": []}
    found = looked("ours", elsewhere, {"vpc_id": "vpc-1", "also_used_by": by_hand})
    assert (step.idle(found), step.options(found)["also_used_by"]) == ("", by_hand)
    assert step.options(looked("free", elsewhere))["also_used_by"] == []
    assert "may be this runner's" in step.idle(looked("by_hand"))
    with pytest.raises(InputError, match="Nobody looked"):
        step.idle(Situation(values, Earlier(), {}))
