# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an existing stack makes good of an inventory is what every stage works with, as the look has promised."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Parameter,
    Stack,
    Template,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.standing import (
    made_good,
    missing,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values, read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.steps import STEPS, Situation

VPC, SUBNETS = "vpc-0a7d5c3e1f9b80246", ["subnet-0a1e2c4b6d8f01351", "subnet-0a1e2c4b6d8f01352"]
DEPLOYED = {"gitpod_vpc_id": VPC, "gitpod_ec2_subnet_ids": SUBNETS, "gitpod_domain_name": "eu.example.com"}
SPARSE = {
    "gitpod_region": "eu-central-1",
    "gitpod_privatelink_enabled": True,
    "gitpod_network_endpoints": True,
    "gitpod_certificate_request": True,
}
KEYS = (("FrontDoor", "Domain Name"), ("Place", "VPC"), ("Nets", "EC2 Instances Subnet"))
TEMPLATE = Template({}, tuple(Parameter(key, label) for key, label in KEYS))


def values(**more: t.Any) -> Values:
    return read("eu", "/", variables(), {**SPARSE, **more})


def taken(own: Values, stage: str, step: str) -> dict[str, t.Any]:
    return STEPS[stage, step].options(Situation(own.everything(), Earlier(), {}))


@pytest.mark.parametrize("step", ["start", "join"])
@pytest.mark.parametrize("stage", ["privatelink", "network_endpoints"])
def test_endpoints_are_made_and_waited_for_where_the_stack_is(stage: str, step: str) -> None:
    assert taken(values().with_deployed(DEPLOYED), stage, step)["vpc_id"] == VPC


def test_what_falls_back_to_something_deployed_follows_it() -> None:
    found = taken(values().with_deployed(DEPLOYED), "privatelink", "start")
    assert (found["subnet_ids"], found["source_subnet_ids"]) == (SUBNETS, SUBNETS)
    named = taken(values(gitpod_privatelink_subnet_ids=SUBNETS[1:]).with_deployed(DEPLOYED), "privatelink", "start")
    assert (named["subnet_ids"], named["source_subnet_ids"]) == (SUBNETS[1:], SUBNETS)
    assert values().with_deployed(DEPLOYED)["gitpod_dns_vpc_id"] == VPC


def test_a_certificate_is_asked_for_the_domain_that_the_stack_has() -> None:
    assert taken(values().with_deployed(DEPLOYED), "certificate", "start")["domain_name"] == "eu.example.com"


def test_the_latest_look_tells_and_without_one_the_upgrades_or_the_verifications() -> None:
    def look(domain: str) -> dict[str, t.Any]:
        return {"runners": {"eu": {"look": {"deployed": {"gitpod_domain_name": domain}}}}}

    verified = {"runners": {"eu": {"seen": {"deployed": {"gitpod_domain_name": "seen"}}}}}
    upgrade = {"runners": {"eu": {"deployed": {"gitpod_domain_name": "upgrade"}}}}
    known: dict[str, t.Any] = {}
    for name, read_result, domain in (
        (results.VERIFICATION, verified, "seen"),
        (results.UPGRADE_LOOK, upgrade, "upgrade"),
        (results.LOOK, look("first"), "first"),
        (results.BATCH, look("batch"), "batch"),
    ):
        known[name] = read_result
        assert results.deployed(known, "eu") == {"gitpod_domain_name": domain}
    assert results.deployed(known, "another") == {}
    assert results.deployed({results.UPGRADE_LOOK: "{{ undef() }}"}, "eu") == {}


def test_a_runner_of_which_nothing_goes_stays_in_the_fleets_report() -> None:
    found = [{"goes": ["stack"]}, {"goes": []}, {"goes": ["stack"], "skipped": True}, "{{ undefined }}", None]
    assert [results.went({results.TEARDOWN: one}) for one in found] == [True, False, False, False, False]
    assert not results.went({})


class Api:
    """Counts how often the template is asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def template(self, location: t.Mapping[str, str]) -> Template:
        assert location == {"StackName": "arn:stack"}
        self.asked += 1
        return TEMPLATE


def test_a_stack_is_asked_for_what_is_missing_and_only_then() -> None:
    parameters = {"FrontDoor": "EU.example.com.", "Place": VPC, "Nets": ", ".join(SUBNETS)}
    api: t.Any = Api()
    stack = Stack("eu", id="arn:stack", status="CREATE_COMPLETE", parameters=parameters)
    assert made_good(api, stack, values().everything()) == DEPLOYED
    # Nobody looks into the VPC where nothing of ours is in it.
    plain = read("eu", "/", variables(), {"gitpod_region": "eu-central-1"}).everything()
    assert (missing(plain), made_good(api, stack, plain)) == (
        ["gitpod_domain_name"],
        {"gitpod_domain_name": "eu.example.com"},
    )
    asked = api.asked
    assert made_good(api, stack, {**plain, "gitpod_domain_name": "x"}) == {}
    assert made_good(api, Stack("eu"), plain) == {}
    assert api.asked == asked
    hidden = Stack("eu", id="arn:stack", status="CREATE_COMPLETE", parameters={"FrontDoor": "****"})
    assert made_good(api, hidden, plain) == {}


@pytest.mark.parametrize("nothing", [[], "[]", [""], [None], ",", " , \r\n"])
def test_an_empty_list_does_not_hide_what_stands_in_for_it(nothing: t.Any) -> None:
    """The look would promise an endpoint in the EC2 subnets, and the stage refuse one without subnets."""
    given = {name: nothing for name in ("gitpod_privatelink_subnet_ids", "gitpod_privatelink_source_subnet_ids")}
    found = taken(values(gitpod_ec2_subnet_ids=SUBNETS, **given), "privatelink", "start")
    assert (found["subnet_ids"], found["source_subnet_ids"]) == (SUBNETS, SUBNETS)
