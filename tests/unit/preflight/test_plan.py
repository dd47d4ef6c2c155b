# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stages have to do, from facts; a stage after one that changes what it needs is never left out."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import Certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Parameter,
    Stack,
    Template,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import Source
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    Configuration,
    Runner,
    UpdateWindow,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    Facts,
    ManagementPlane,
    NameAnswer,
    Subnet,
    VpcDns,
    VpcEndpoint,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.plan import after, plans, seen
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group, Rule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint, Service
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import Record, Zone
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import ACTIONS, StagePlan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import (
    MANAGED_BY,
    MANAGED_BY_TAG,
    ownership_tags,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

DEFAULTS = read("gitpod-eu", "/", variables(), {"gitpod_region": "eu-central-1"}).everything()
LOAD_BALANCER = {"arn": "a", "dns_name": "lb.elb.amazonaws.com", "canonical_hosted_zone_id": "ZLB", "state": "active"}
ZONE = Zone("Z1", "example.com", False)
PRIVATE = Zone("Z2", "example.com", True)
ALIASES = tuple(
    Record(name, "A", alias="lb.elb.amazonaws.com", alias_zone="ZLB", evaluate=True)
    for name in ("eu.example.com", "*.eu.example.com")
)
COVERING = Certificate("arn:2", "ISSUED", ("eu.example.com", "*.eu.example.com"))
ARN = "arn:aws:acm:eu-central-1:1:certificate/1"
OURS = {"team": "x", **ownership_tags("gitpod-eu", "0192")}
LABELS = {"Id": "Runner ID", "Network": "VPC", "Domain": "Domain Name", "Certificate": "Certificate ARN"}
PRESENT = {"Id": "0192", "Network": "vpc-1", "Domain": "eu.example.com", "Certificate": ARN}
STACK = Stack("gitpod-eu", "CREATE_COMPLETE", "arn", parameters=PRESENT, tags=OURS, protected=True)
OPTIONS: dict[str, t.Any] = {
    "domain_name": "eu.example.com",
    "certificate_arn": ARN,
    "vpc_id": "vpc-1",
    "tags": {"team": "x"},
    "runner_id": "0192",
}
FACTS = Facts(
    region="eu-central-1",
    now=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
    stack=STACK,
    source=Source({"TemplateURL": "u"}, fingerprint="f"),
    template=Template({"TemplateURL": "u"}, tuple(Parameter(key, label) for key, label in LABELS.items())),
    fingerprint="f",
    load_balancer=LOAD_BALANCER,
    hosted_zones=(ZONE,),
    records={"Z1": ALIASES},
)
SERVICE = "com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2"
HTTPS, EVERYTHING = Rule("10.0.0.0/24"), Rule("0.0.0.0/0", "-1", -1, -1)
OWN = {"Name": "gitpod-eu", "team": "x", **ownership_tags("gitpod-eu", "0192")}
GROUP = Group(
    "sg-1",
    "gitpod-eu-management-plane",
    "vpc-1",
    frozenset({HTTPS}),
    {**OWN, "gitpod:used-by/0192": "gitpod-eu = 10.0.0.0/24"},
)
FIRST = {**ownership_tags("first", "0191"), "gitpod:used-by/0191": "first = subnet-1"}
SHARED = {**FIRST, "gitpod:used-by/0192": "gitpod-eu = subnet-1"}
FIRSTS_GROUP = dataclasses.replace(GROUP, name="first-management-plane", tags=FIRST)
SHARED_GROUP = dataclasses.replace(FIRSTS_GROUP, tags={**FIRST, "gitpod:used-by/0192": "gitpod-eu = 10.0.0.0/24"})
PATH: dict[str, t.Any] = {
    "privatelink_enabled": True,
    "privatelink_subnet_ids": ["subnet-1"],
    "privatelink_source_subnet_ids": ["subnet-1"],
}


def values(**options: t.Any) -> dict[str, t.Any]:
    """Typed values of an inventory, by names without the prefix."""
    return {**DEFAULTS, **{f"gitpod_{name}": value for name, value in options.items()}}


def there(**changes: t.Any) -> VpcEndpoint:
    tags = {**OWN, "gitpod:used-by/0192": "gitpod-eu = subnet-1"}
    values: dict[str, t.Any] = {
        "id": "vpce-1",
        "state": "available",
        "vpc_id": "vpc-1",
        "service_name": SERVICE,
        "service_region": "us-east-1",
        "subnet_ids": ("subnet-1",),
        "security_group_ids": ("sg-1",),
        "private_dns": True,
        "tags": tags,
    }
    return VpcEndpoint(Endpoint(**{**values, **changes}), "Interface")


FACTS = dataclasses.replace(
    FACTS,
    service=Service(SERVICE, "us-east-1", private_dns_name="app.gitpod.io"),
    subnets=(Subnet("subnet-1", "vpc-1", "eu-central-1a", "10.0.0.0/24", 200),),
    vpc_dns=VpcDns(True, True),
    endpoints=(there(),),
    endpoint_group=GROUP,
)
DENIED = Unread("some:Action", "no", "AccessDenied")
# A token and no ID: the runner is found, or created.
FOUND: dict[str, t.Any] = {"api_token": "t", "runner_id": None}
RUNNER = Runner("0192", "gitpod-eu", region="eu-central-1", variant="enterprise", phase="active")
# A runner that was made in the dashboard: its ID, and a token.
NAMED: dict[str, t.Any] = {"api_token": "t", "runner_id": "0192"}
ELSEWHERE_NAMED = dataclasses.replace(RUNNER, name="Made in the dashboard")
AT_NIGHT = dataclasses.replace(RUNNER, configuration=Configuration(update_window=UpdateWindow(22, 4)))
EXPIRED = dataclasses.replace(RUNNER, phase="degraded", message="The exchange token has expired")
AFTER_AN_UNKNOWN_REGISTRATION = {"registration": "unknown", "stack": "unknown", "dns": "unknown"}


def plane(*runners: Runner) -> dict[str, t.Any]:
    """What the management plane answered."""
    return {"management_plane": ManagementPlane(True, authenticated=True, runners=runners)}


def planned(options: dict[str, t.Any] | None = None, **facts: t.Any) -> dict[str, StagePlan]:
    given = values(**{**OPTIONS, **(options or {})})
    wanted = Wanted.of(given)
    return {plan.stage: plan for plan in plans(given, Earlier(), wanted, dataclasses.replace(FACTS, **facts))}


def actions(found: dict[str, StagePlan]) -> dict[str, str]:
    return {stage: plan.action for stage, plan in found.items() if plan.needed}


def test_a_runner_as_it_is_wanted_has_nothing_to_do() -> None:
    found = planned()
    assert list(found) == ["certificate", "registration", "network_endpoints", "privatelink", "stack", "dns"]
    assert actions(found) == {}


@pytest.mark.parametrize(
    ("options", "facts", "expected"),
    [
        ({}, {"stack": Stack("gitpod-eu"), "load_balancer": None}, {"stack": "create", "dns": "create"}),
        # Tags and the protection change no load balancer, to which the records point.
        ({}, {"stack": dataclasses.replace(STACK, protected=False)}, {"stack": "update"}),
        ({"tags": {"team": "y"}}, {}, {"stack": "update"}),
        ({"stack_parameters": {"Runner ID": "0193"}}, {}, {"stack": "update", "dns": "unknown"}),
        ({"stack_policy": {"Statement": []}}, {"policy": ""}, {"stack": "update", "dns": "unknown"}),
        ({"stack_policy": {"Statement": []}}, {"policy": '{"Statement":[]}'}, {}),
        ({"stack_policy": {"Statement": []}}, {"policy": DENIED}, {"stack": "unknown", "dns": "unknown"}),
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
        # The stage reads what the look could not: without it, "there is no load balancer" would be what is remembered.
        ({}, {"load_balancer": DENIED}, {"stack": "unknown", "dns": "unknown"}),
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
        (
            {"dns_split_horizon": True, "dns_vpc_id": "vpc-2"},
            {"hosted_zones": (ZONE, PRIVATE), "records": {"Z1": ALIASES, "Z2": ALIASES}, "vpc_zones": (PRIVATE,)},
            {"dns": "unknown"},
        ),
        (
            {"dns_split_horizon": True, "dns_vpc_id": "vpc-2"},
            {"hosted_zones": (ZONE, PRIVATE), "records": {"Z1": ALIASES, "Z2": ALIASES}, "dns_vpc_zones": (PRIVATE,)},
            {},
        ),
        ({"dns_hosted_zone_id": "Z1", "dns_further_hosted_zone_ids": ["Z3"]}, {}, {"dns": "unknown"}),
        (
            {"dns_hosted_zone_id": "Z1", "dns_further_hosted_zone_ids": ["Z2"]},
            {"hosted_zones": (ZONE, PRIVATE), "records": {"Z1": ALIASES, "Z2": ()}, "vpc_zones": (PRIVATE,)},
            {"dns": "create"},
        ),
        ({"domain_name": ""}, {}, {"dns": "unknown"}),
        (
            {"certificate_arn": "", "certificate_request": True},
            {},
            {"certificate": "unknown", "stack": "unknown", "dns": "unknown"},
        ),
        (
            {"certificate_arn": "", "certificate_request": True},
            {"certificates": ()},
            {"certificate": "create", "stack": "unknown", "dns": "unknown"},
        ),
        (
            {"certificate_arn": "", "certificate_request": True},
            {"certificates": (COVERING,)},
            {"certificate": "unknown", "stack": "unknown", "dns": "unknown"},
        ),
        (
            {"certificate_arn": "", "certificate_request": True},
            {"certificates": (dataclasses.replace(COVERING, status="PENDING_VALIDATION", tags=OURS),)},
            {"certificate": "wait", "stack": "unknown", "dns": "unknown"},
        ),
        (
            {"certificate_arn": "", "certificate_request": True},
            {"certificates": (dataclasses.replace(COVERING, status="PENDING_VALIDATION", tags={}),)},
            {"certificate": "create", "stack": "unknown", "dns": "unknown"},
        ),
        ({"certificate_arn": ""}, {}, {}),
        (FOUND, {}, {"registration": "unknown", "stack": "unknown", "dns": "unknown"}),
        ({**FOUND, "runner_id": "0192"}, {}, {}),
        (FOUND, plane(RUNNER), {}),
        (FOUND, plane(), {"registration": "create", "stack": "unknown", "dns": "unknown"}),
        (FOUND, {"management_plane": ManagementPlane(False, "no")}, AFTER_AN_UNKNOWN_REGISTRATION),
        (FOUND, {"management_plane": ManagementPlane(True, "no")}, AFTER_AN_UNKNOWN_REGISTRATION),
        (FOUND, plane(RUNNER, dataclasses.replace(RUNNER, id="0193")), AFTER_AN_UNKNOWN_REGISTRATION),
        (FOUND, plane(dataclasses.replace(RUNNER, region="us-east-1")), AFTER_AN_UNKNOWN_REGISTRATION),
        (FOUND, {**plane(RUNNER), "stack": DENIED}, AFTER_AN_UNKNOWN_REGISTRATION),
        (
            FOUND,
            {**plane(RUNNER), "stack": Stack("gitpod-eu"), "load_balancer": None},
            {"registration": "update", "stack": "create", "dns": "create"},
        ),
        # A stack that stands, but whose runner could not present its token, gets another one.
        (FOUND, plane(EXPIRED), {"registration": "update", "stack": "unknown", "dns": "unknown"}),
        (FOUND, plane(dataclasses.replace(RUNNER, phase="degraded", message="No capacity")), {}),
        (FOUND, plane(dataclasses.replace(RUNNER, id="0193")), {"stack": "update", "dns": "unknown"}),
        (
            # Settings are nothing that a later stage depends on.
            {**FOUND, "registration_log_level": "debug"},
            plane(RUNNER),
            {"registration": "update"},
        ),
        # Of a runner that the inventory names by its ID, whoever registered it and under which name.
        (NAMED, plane(ELSEWHERE_NAMED), {}),
        ({**NAMED, "registration_log_level": "debug"}, plane(ELSEWHERE_NAMED), {"registration": "update"}),
        ({**NAMED, "registration_log_level": "info"}, plane(ELSEWHERE_NAMED), {}),
        ({**NAMED, "registration_metrics": {"enabled": False, "password": "s3cr3t"}}, plane(ELSEWHERE_NAMED), {}),
        (
            {**NAMED, "registration_metrics": {"enabled": False, "password": "s3cr3t"}, "renew_secrets": True},
            plane(ELSEWHERE_NAMED),
            {"registration": "update"},
        ),
        ({**NAMED, "registration_update_window": {"enabled": False}}, plane(ELSEWHERE_NAMED), {}),
        ({**NAMED, "registration_update_window": {"enabled": False}}, plane(AT_NIGHT), {"registration": "update"}),
        ({**NAMED, "registration_update_window": {}}, plane(AT_NIGHT), {}),
        ({**NAMED, "registration_log_level": "debug"}, plane(), AFTER_AN_UNKNOWN_REGISTRATION),
        ({**FOUND, "registration_log_level": "info", "registration_metrics": {}}, plane(RUNNER), {}),
        (
            {**FOUND, "registration_update_window": {"start_hour": 3, "end_hour": 4}},
            plane(RUNNER),
            AFTER_AN_UNKNOWN_REGISTRATION,
        ),
        (
            {**FOUND, "registration_same_name_elsewhere": True},
            plane(dataclasses.replace(RUNNER, region="us-east-1")),
            {"registration": "create", "stack": "unknown", "dns": "unknown"},
        ),
        (PATH, {}, {}),
        (
            {**PATH, **FOUND},
            {},
            {"registration": "unknown", "privatelink": "update", "stack": "unknown", "dns": "unknown"},
        ),
        (PATH, {"endpoint_group": None}, {"privatelink": "update"}),
        (PATH, {"endpoint_group": dataclasses.replace(GROUP, rules=frozenset())}, {"privatelink": "update"}),
        (
            PATH,
            {"endpoint_group": dataclasses.replace(GROUP, rules=frozenset({HTTPS, EVERYTHING}))},
            {"privatelink": "update"},
        ),
        (PATH, {"endpoint_group": dataclasses.replace(GROUP, tags=OWN)}, {"privatelink": "update"}),
        (PATH, {"endpoint_group": DENIED}, {"privatelink": "unknown"}),
        (PATH, {"endpoints": DENIED}, {"privatelink": "unknown"}),
        (PATH, {"endpoints": None}, {"privatelink": "unknown"}),
        (PATH, {"service": DENIED}, {"privatelink": "unknown"}),
        (PATH, {"subnets": DENIED}, {"privatelink": "unknown"}),
        (PATH, {"vpc_dns": DENIED}, {"privatelink": "unknown"}),
        (PATH, {"vpc_dns": VpcDns(True, False)}, {"privatelink": "wait"}),
        ({**PATH, "privatelink_enable_vpc_dns": True}, {"vpc_dns": VpcDns(True, False)}, {"privatelink": "update"}),
        (PATH, {"endpoints": ()}, {"privatelink": "create"}),
        (PATH, {"endpoints": (there(state="pending"),)}, {"privatelink": "attach"}),
        (PATH, {"endpoints": (there(state="pendingAcceptance"),)}, {"privatelink": "wait"}),
        (PATH, {"endpoints": (there(security_group_ids=("sg-2",)),)}, {"privatelink": "update"}),
        (PATH, {"endpoints": (there(tags=OWN),)}, {"privatelink": "update"}),
        # What names no runner any more is used as a stranger's: nothing of it is changed.
        (PATH, {"endpoints": (there(tags={MANAGED_BY_TAG: MANAGED_BY}),)}, {}),
        (PATH, {"endpoints": (there(private_dns=False),)}, {"privatelink": "update"}),
        (PATH, {"endpoints": (there(service_name="other"),)}, {"privatelink": "create"}),
        ({**PATH, "privatelink_security_group_ids": ["sg-1"]}, {"endpoint_group": None}, {}),
        # Another runner's endpoint and group, of which this one is noted as a user already, and where it is not yet.
        (PATH, {"endpoints": (there(tags=SHARED),), "endpoint_group": SHARED_GROUP}, {}),
        (PATH, {"endpoints": (there(tags=SHARED),), "endpoint_group": FIRSTS_GROUP}, {"privatelink": "update"}),
    ],
)
def test_each_difference_makes_its_stage_needed(
    options: dict[str, t.Any], facts: dict[str, t.Any], expected: dict[str, str]
) -> None:
    found = planned(options, **facts)
    assert actions(found) == expected
    assert all(plan.reasons for plan in found.values() if plan.needed)


@pytest.mark.parametrize(
    ("seen_certificate", "action"),
    [
        ({}, "nothing"),
        ({"status": "EXPIRED"}, "create"),
        ({"expires": datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)}, "create"),
        ({"names": ("eu.example.com",)}, "create"),
        (None, "create"),
    ],
)
def test_the_stacks_certificate_counts_while_it_serves(seen_certificate: dict[str, t.Any] | None, action: str) -> None:
    """The ARN is the stack's, because the inventory names none but requests one."""
    arn = str(OPTIONS["certificate_arn"])
    given = values(**{**OPTIONS, "certificate_arn": None, "certificate_request": True})
    wanted = dataclasses.replace(Wanted.of(given), certificate_arn=arn, left_out=("certificate_arn",))
    served = None
    if seen_certificate is not None:
        served = dataclasses.replace(Certificate(arn, "ISSUED", COVERING.names), **seen_certificate)
    facts = dataclasses.replace(FACTS, certificate=served, certificates=())
    found = {plan.stage: plan.action for plan in plans(given, Earlier(), wanted, facts)}
    assert found["certificate"] == action
    assert found["stack"] == ("nothing" if action == "nothing" else "unknown")


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


def left(options: dict[str, t.Any], **facts: t.Any) -> dict[str, t.Any]:
    """What stands for the stages with nothing to do."""
    given, looked = values(**{**OPTIONS, **options}), dataclasses.replace(FACTS, **facts)
    wanted = Wanted.of(given)
    return seen(given, Earlier(), wanted, looked, plans(given, Earlier(), wanted, looked))


def test_what_was_seen_stands_for_the_stages_with_nothing_to_do() -> None:
    results = left({})
    assert results["stack"]["load_balancer"] == LOAD_BALANCER
    assert (results["stack"]["operation"], results["stack"]["changed"]) == ("none", False)
    assert [record["name"] for record in results["dns"]["records"]] == ["*.eu.example.com", "eu.example.com"]
    endpoint = left(PATH)["privatelink"]["endpoint"]
    assert (endpoint["id"], endpoint["state"]) == ("vpce-1", "available")
    registration = left(FOUND, **plane(RUNNER))["registration"]
    assert (registration["runner_id"], registration["renew_exchange_token"]) == ("0192", False)
    assert registration["runner"]["phase"] == "active"
    assert list(left({"tags": {"team": "y"}})) == ["dns"], "tags change no load balancer"
    assert left({"stack_parameters": {"Runner ID": "0193"}}) == {}


def test_no_secret_reaches_the_plan() -> None:
    found = planned({"exchange_token": "s3cr3t", "api_token": "t0k3n", "tags": {"team": "y"}})
    assert "s3cr3t" not in str(found)
    assert "t0k3n" not in str(found)
