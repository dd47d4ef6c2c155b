# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zones of a runner are in another account: every stage that looks at its records sees them there."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._adopt import finding
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import operation as certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53 import operation as route53
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.modules import (
    runner_adopt_info,
    runner_certificate,
    runner_dns,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.steps import STEPS, Situation
from tests.e2e.harness import Controller
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.looking import prerequisites, profiles, stack_variables
from tests.e2e.test_dns import OTHER_ACCOUNT, records_in
from tests.e2e.test_dns import route53 as client_of
from tests.e2e.test_modules import STACK
from tests.e2e.test_plan import TAGS, Stack

REGION, DOMAIN, VPC = STACK["region"], STACK["parameters"]["Domain Name"], STACK["parameters"]["VPC"]
NAME, STACK_ID = STACK["name"], STACK["parameters"]["Runner ID"]
ROLE, PROFILE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/dns-editor", "network"
OURS = "Z08A1B2C3D4E5F6G7H8I9"


class Elsewhere:
    """A stack in our account, and the public and the private zone of its domain in the other one."""

    def __init__(self, controller: Controller) -> None:
        self.testbed = controller.testbed
        self.testbed.settings(stack_seconds=0.2)
        self.stack = Stack(controller, tags={**TAGS, **ownership_tags(NAME, STACK_ID)})
        self.load_balancer = self.stack.run()["load_balancer"]
        api = client_of(self.testbed, OTHER_ACCOUNT)
        inside = {"VPC": {"VPCRegion": REGION, "VPCId": VPC}}
        self.zones = [
            str(api.create_hosted_zone(Name=DOMAIN, CallerReference=kind, **more)["HostedZone"]["Id"]).rsplit("/")[-1]
            for kind, more in (("public", {}), ("private", inside))
        ]

    def module(self, spec: t.Any, **options: t.Any) -> InProcessModule:
        return InProcessModule(self.testbed, spec.ARGUMENT_SPEC, REGION, **options)

    def dns(self, **options: t.Any) -> dict[str, t.Any]:
        target = {
            "load_balancer_dns_name": self.load_balancer["dns_name"],
            "load_balancer_hosted_zone_id": self.load_balancer["canonical_hosted_zone_id"],
        }
        given = {"domain_name": DOMAIN, "assume_role_arn": ROLE, "split_horizon": True, "vpc_id": VPC, "wait": False}
        module = self.module(runner_dns, **{**({} if "records" in options else target), **given, **options})
        return outcome(module, route53.run)

    def look(self, **changes: t.Any) -> dict[str, t.Any]:
        """What the prerequisites say.

        :param changes: of the inventory, without the prefix C(gitpod_).
        """
        stack = stack_variables(REGION, self.stack.options)
        given = {"dns_split_horizon": True, **changes}
        own = {"gitpod_runner_id": STACK_ID, "gitpod_vpc_id": VPC}
        with profiles(**{PROFILE: OTHER_ACCOUNT}):
            return prerequisites(
                self.testbed, {NAME: {**stack, **own, **{f"gitpod_{name}": value for name, value in given.items()}}}
            )

    def records(self) -> list[int]:
        return [len(records_in(self.testbed, zone, OTHER_ACCOUNT)) for zone in self.zones]


def check(found: dict[str, t.Any], name: str) -> dict[str, str]:
    return next(entry for entry in found["checks"] if entry["id"] == name)


def plan(found: dict[str, t.Any]) -> str:
    return next(str(entry["action"]) for entry in found["plan"] if entry["stage"] == "dns")


@pytest.fixture
def elsewhere(controller: Controller) -> Elsewhere:
    return Elsewhere(controller)


def test_prerequisites_plan_records_and_teardown_see_the_zones_of_the_other_account(elsewhere: Elsewhere) -> None:
    ways: tuple[dict[str, t.Any], ...] = (
        {"dns_role_arn": ROLE},
        {"dns_aws_profile": PROFILE},
        {"dns_aws_profile": PROFILE, "dns_role_arn": ROLE},
    )
    for way in ways:
        found = elsewhere.look(**way)
        assert plan(found) == "create", way
        zone = check(found, "dns.zone")
        assert zone["status"] == "pass", zone
        assert all(zone_id in zone["summary"] for zone_id in elsewhere.zones)
    assert plan(elsewhere.look()) == "unknown", "our account has no private zone of the domain"

    before = records_in(elsewhere.testbed, OURS)
    assert elsewhere.dns()["changed"] is True
    assert elsewhere.dns()["changed"] is False
    assert elsewhere.records() == [2, 2]
    for way in ways:
        found = elsewhere.look(**way)
        assert plan(found) == "nothing", way
        assert len(found["seen"]["dns"]["records"]) == 4
        assert check(found, "dns.records")["status"] == "pass"
    named = {"dns_hosted_zone_id": elsewhere.zones[0], "dns_further_hosted_zone_ids": elsewhere.zones[1:]}
    assert plan(elsewhere.look(dns_role_arn=ROLE, dns_split_horizon=False, **named)) == "nothing"

    gone = elsewhere.dns(state="absent")
    assert (gone["changed"], elsewhere.records()) == (True, [0, 0])
    assert records_in(elsewhere.testbed, OURS) == before


def test_a_role_that_cannot_be_assumed_is_told_before_anything_is_created(elsewhere: Elsewhere) -> None:
    elsewhere.testbed.add_fault(service="sts", operation="AssumeRole", error="AccessDenied", message="no", status=403)
    found = elsewhere.look(dns_role_arn=ROLE)
    zone = check(found, "dns.zone")
    assert (zone["status"], found["ready"]) == ("fail", False)
    assert ROLE in zone["summary"]
    assert "gitpod_dns_role_arn" in zone["remediation"]
    assert plan(found) == "unknown"


def test_a_certificates_record_and_adoption_use_the_other_account(elsewhere: Elsewhere) -> None:
    fresh = f"fresh.{DOMAIN}"
    asked = outcome(elsewhere.module(runner_certificate, name="fresh", domain_name=fresh, wait=False), certificate.run)
    records = asked["validation_records"]
    written = elsewhere.dns(domain_name=fresh, records=records, split_horizon=False, vpc_id=None)
    assert [zone["id"] for zone in written["zones"]] == elsewhere.zones[:1], "ACM asks in public"
    assert elsewhere.records() == [1, 0]

    elsewhere.dns()
    for way in ({"dns_role_arn": ROLE}, {"dns_profile": PROFILE, "dns_role_arn": ROLE}, {}):
        module = elsewhere.module(runner_adopt_info, names=[STACK["name"]], include_managed=True, **way)
        adopted = outcome(module, finding.run)["runners"][0]["variables"]
        assert adopted["gitpod_dns_provider"] == ("route53" if way else "manual")
        assert adopted.get("gitpod_dns_role_arn") == way.get("dns_role_arn")
        assert adopted.get("gitpod_dns_aws_profile") == way.get("dns_profile")


@pytest.mark.parametrize("step", [("dns", "route53"), ("dns", "validation"), ("teardown", "records")])
def test_the_account_is_handed_to_every_step_that_touches_records(step: tuple[str, str]) -> None:
    """One variable works in every stage; the modules themselves are shown above."""
    given = {"gitpod_dns_aws_profile": "zones", "gitpod_dns_role_arn": ROLE, "gitpod_domain_name": "eu.example.com"}
    values = read("eu", "/", variables(), {"gitpod_region": "eu-west-1", **given}).everything()
    balancer = {"dns_name": "lb.elb.amazonaws.com", "canonical_hosted_zone_id": "Z1"}
    look = {"domain": "eu.example.com", "load_balancer": balancer, "targets": [balancer["dns_name"]]}
    situation = Situation(values, Earlier(stack={"load_balancer": balancer}), {"__gitpod_teardown_look": look})
    options = STEPS[step].options(situation)
    assert (options["profile"], options["assume_role_arn"]) == ("zones", ROLE)
