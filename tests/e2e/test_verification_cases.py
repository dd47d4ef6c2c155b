# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault of a runner that AWS and the management plane can tell: verdict, evidence, what to do."""

from __future__ import annotations

import collections
import contextlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import here, report
from tests.e2e.verified_runner import HOST, HOSTS, REGION, Bed, Result

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testbed.client import TestBed

OTHER = HOSTS["gitpod-us-east-1"]
SUBNET = HOST["gitpod_ec2_subnet_ids"][0]
STACK = ("stack.outputs", "stack.environment_role", "stack.instance_profile", "load_balancer.state", "targets.health")
ENDPOINT = ("endpoint.state", "endpoint.private_dns", "endpoint.addresses")
RUNNER = ("runner.phase", "runner.version", "runner.region")
UNSEEN = "Not verifiable from here"


@pytest.fixture(scope="module")
def bed(running_testbed: TestBed) -> Bed:
    """One runner for all cases; each puts back what it changed."""
    running_testbed.reset()
    running_testbed.settings(stack_seconds=0.6)
    bed = Bed(running_testbed)
    bed.deploy()
    bed.healthy()
    return bed


class Case(t.NamedTuple):
    """One fault.

    :param fault: makes it, and undoes it.
    :param statuses: of the checks that do not pass; all others have to.
    :param told: words of summary and remediation, by check.
    :param evidence: what stands in the first of these checks' evidence.
    """

    name: str
    fault: t.Callable[[Bed], t.ContextManager[t.Any]]
    statuses: dict[str, str]
    told: dict[str, tuple[str, str]]
    evidence: Result = {}  # noqa: RUF012 - never changed
    options: Result = {}  # noqa: RUF012


def unread(*identifiers: str) -> dict[str, str]:
    return dict.fromkeys(identifiers, "skip")


@contextlib.contextmanager
def sts_failed(bed: Bed, zones: bool = True) -> Iterator[None]:
    """An endpoint for a service of AWS that broke.

    :param zones: whether private hosted zones can be read.
    """
    found = bed.client("ec2").describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [HOST["gitpod_vpc_id"]]}])
    (name,) = [one["VpcEndpointId"] for one in found["VpcEndpoints"] if one["ServiceName"].endswith(".sts")]
    bed.testbed.control("POST", f"endpoints/{name}", {"state": "failed"})
    with contextlib.nullcontext() if zones else bed.denied("route53", "ListHostedZonesByVPC"):
        yield
    bed.testbed.control("POST", f"endpoints/{name}", {"state": "available"})


NONE = contextlib.nullcontext
ALLOW = "docs/permissions.md"
PRIVATE_NAME = "private_dns.resolution"
NETWORK = {"network_endpoints": True, "ec2_subnet_ids": HOST["gitpod_ec2_subnet_ids"]}
CASES = [
    Case("good", NONE, {}, {"targets.health": ("All 2 targets are healthy", "")}),
    Case(
        "no stack",
        NONE,
        {**dict.fromkeys(("stack.outputs", "load_balancer.state", "targets.health"), "fail")}
        | unread("stack.environment_role", "stack.instance_profile"),
        {"stack.outputs": ("There is no stack", "Deploy the stack first")},
        options={"stack_name": "no-such-stack", "runner_id": None},
    ),
    Case(
        "a network endpoint failed",
        sts_failed,
        {"endpoint.network": "fail"},
        {"endpoint.network": ("it is failed", "gitpod_network_endpoints")},
        options=NETWORK,
    ),
    Case(
        "a network endpoint failed, and nobody can look which names lead elsewhere",
        lambda bed: sts_failed(bed, zones=False),
        unread("endpoint.network"),
        {"endpoint.network": ("private hosted zones", "")},
        options=NETWORK,
    ),
    Case(
        "output missing",
        lambda bed: bed.template_without("InstanceProfileNameOutput"),
        {"stack.outputs": "fail", "stack.instance_profile": "skip"},
        {"stack.outputs": ("no output InstanceProfileNameOutput", "enterprise one")},
        {"status": "UPDATE_COMPLETE"},
    ),
    Case(
        "role missing",
        Bed.without_role,
        {"stack.environment_role": "fail"},
        {"stack.environment_role": ("does not exist", "drift")},
        {"output": "EnvironmentRoleArn"},
    ),
    Case(
        "instance profile missing",
        Bed.without_profile,
        {"stack.instance_profile": "fail"},
        {"stack.instance_profile": ("does not exist", "drift")},
        {"output": "InstanceProfileNameOutput"},
    ),
    Case(
        "one target group unhealthy",
        lambda bed: bed.targets("unhealthy", port=8443, description="Health checks failed"),
        {"targets.health": "fail"},
        {"targets.health": ("unhealthy Health checks failed", "ECS services")},
    ),
    Case(
        "targets still starting",
        lambda bed: bed.targets("initial"),
        {"targets.health": "fail"},
        {"targets.health": ("initial", "new services need a few minutes")},
    ),
    Case(
        "no target registered",
        lambda bed: bed.targets("none"),
        {"targets.health": "fail"},
        {"targets.health": ("none registered", "ECS services")},
    ),
    Case(
        "endpoint waits for acceptance",
        lambda bed: bed.endpoint_orders(state="pendingAcceptance"),
        {"endpoint.state": "fail", "endpoint.addresses": "fail"},
        {"endpoint.state": ("is pendingAcceptance", "Ask Gitpod"), "endpoint.addresses": ("no address in", "")},
        {"state": "pendingAcceptance"},
    ),
    Case(
        "endpoint failed",
        lambda bed: bed.endpoint_orders(state="failed", last_error=["ServiceError", "no capacity"]),
        {"endpoint.state": "fail", "endpoint.addresses": "fail"},
        {"endpoint.state": ("ServiceError: no capacity", "gitpod_privatelink")},
        {"state": "failed"},
    ),
    Case(
        "address outside the subnets",
        lambda bed: bed.endpoint_orders(addresses={SUBNET: "10.99.0.7"}),
        {"endpoint.addresses": "fail"},
        {"endpoint.addresses": (f"outside the subnets: 10.99.0.7 in {SUBNET}", "network interfaces")},
        {SUBNET: {"range": "10.40.0.0/20", "addresses": ["10.99.0.7"]}},
    ),
    Case(
        "private DNS off",
        Bed.private_dns_off,
        {"endpoint.private_dns": "fail"},
        {"endpoint.private_dns": ("is off", "gitpod_privatelink_private_dns_enabled")},
        {"private_dns_enabled": False},
    ),
    Case(
        "no endpoint",
        NONE,
        {"endpoint.state": "fail", **unread("endpoint.private_dns", "endpoint.addresses", PRIVATE_NAME)},
        {"endpoint.state": ("has no endpoint", "gitpod_privatelink"), PRIVATE_NAME: (UNSEEN, "See endpoint.state")},
        options={"privatelink_service_name": "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718"},
    ),
    Case(
        "no VPC is named, and the stack has one",
        NONE,
        {},
        {"endpoint.state": ("is available", "")},
        options={"vpc_id": None, "domain_name": None, "ec2_subnet_ids": None},
    ),
    Case(
        "no VPC is named, and the stack's parameters cannot be read",
        lambda bed: bed.denied("cloudformation", "GetTemplateSummary"),
        unread(*ENDPOINT, PRIVATE_NAME),
        {"endpoint.state": (UNSEEN, "gitpod_vpc_id")},
        options={"vpc_id": None},
    ),
    Case(
        "runner degraded",
        lambda bed: bed.phase("degraded", "cannot reach app.gitpod.io:443"),
        {"runner.phase": "fail", "runner.version": "fail"},
        {"runner.phase": ("DEGRADED. cannot reach app.gitpod.io:443", "PrivateLink")},
        {"phase": "degraded", "message": "cannot reach app.gitpod.io:443"},
    ),
    Case(
        "runner inactive",
        lambda bed: bed.phase("inactive", "stopped by its stack"),
        {"runner.phase": "fail", "runner.version": "fail"},
        {"runner.phase": ("INACTIVE. stopped by its stack", "log")},
        {"phase": "inactive"},
    ),
    Case(
        "another version",
        NONE,
        {"runner.version": "warn"},
        {"runner.version": ("not 20270101.1", "update itself")},
        {"wanted": "20270101.1"},
        options={"verify_version": "20270101.1"},
    ),
    Case(
        "a runner of another region",
        NONE,
        # The stack is another's then, as far as its Runner ID tells.
        {**dict.fromkeys((*STACK, *RUNNER), "fail"), **dict.fromkeys(STACK[1:3], "skip")},
        {"runner.region": ("in us-east-1, not ap-southeast-2", "never moves")},
        {"region": "us-east-1", "wanted": REGION},
        options={"runner_id": OTHER["gitpod_runner_id"]},
    ),
    Case(
        "no API token",
        NONE,
        unread(*RUNNER),
        {"runner.phase": (UNSEEN, "GITPOD_API_KEY")},
        options={"api_token": None},
    ),
    Case(
        "stack not readable",
        lambda bed: bed.denied("cloudformation", "DescribeStacks"),
        unread(*STACK),
        {"stack.outputs": (UNSEEN, ALLOW), "targets.health": (UNSEEN, ALLOW), "load_balancer.state": (UNSEEN, ALLOW)},
    ),
    Case(
        "roles not readable",
        lambda bed: bed.denied("iam", ""),
        unread("stack.environment_role", "stack.instance_profile"),
        {"stack.environment_role": (UNSEEN, ALLOW), "stack.instance_profile": (UNSEEN, ALLOW)},
    ),
    Case(
        "load balancer not readable",
        lambda bed: bed.denied("elbv2", "DescribeLoadBalancers"),
        unread("load_balancer.state", "targets.health"),
        {"load_balancer.state": (UNSEEN, ALLOW), "targets.health": (UNSEEN, ALLOW)},
    ),
    Case(
        "listeners not readable",
        lambda bed: bed.denied("elbv2", "DescribeListeners"),
        {},
        {"load_balancer.state": ("is active; its listeners could not be read", "")},
    ),
    Case(
        "targets not readable",
        lambda bed: bed.denied("elbv2", "DescribeTargetHealth"),
        unread("targets.health"),
        {"targets.health": (UNSEEN, ALLOW)},
    ),
    Case(
        "endpoints not readable",
        lambda bed: bed.denied("ec2", "DescribeVpcEndpoints", "UnauthorizedOperation"),
        unread(*ENDPOINT, PRIVATE_NAME),
        {"endpoint.state": (UNSEEN, ALLOW), PRIVATE_NAME: ("not authorized", "See endpoint.state")},
    ),
    Case(
        "interfaces not readable",
        lambda bed: bed.denied("ec2", "DescribeNetworkInterfaces", "UnauthorizedOperation"),
        unread("endpoint.addresses"),
        {"endpoint.addresses": (UNSEEN, ALLOW)},
    ),
    Case(
        "subnets not readable",
        lambda bed: bed.denied("ec2", "DescribeSubnets", "UnauthorizedOperation"),
        unread("endpoint.addresses"),
        {"endpoint.addresses": (UNSEEN, ALLOW)},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_fault_has_its_verdict(bed: Bed, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ONA_API_KEY", "GITPOD_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with case.fault(bed):
        found = bed.look(**case.options)
    assert "msg" not in found, found
    checks = {check["id"]: check for check in found["checks"]}
    usual = {**dict.fromkeys((*STACK, *ENDPOINT, *RUNNER), "pass"), "runner.connection_type": "skip"}
    assert {identifier: check["status"] for identifier, check in checks.items()} == {**usual, **case.statuses}
    for identifier, (summary, remediation) in case.told.items():
        assert summary in checks[identifier]["summary"]
        assert remediation in checks[identifier]["remediation"]
    assert all(check["unverifiable"] is check["summary"].startswith(UNSEEN) for check in found["checks"])
    first = next(iter(case.told))
    assert {key: checks[first]["evidence"][key] for key in case.evidence} == case.evidence
    assert all(check["remediation"] for check in found["checks"] if check["status"] != "pass")
    # The one verdict: a failure fails it, a required check that could not be seen has not passed, nor does it wait.
    verdict = report.together([{"vantage": report.AWS, "result": found}], [])
    assert verdict["healthy"] == all(check["status"] != "fail" for check in found["checks"])
    hidden = [identifier for identifier, status in case.statuses.items() if status == "skip"]
    assert sorted(report.together([{"vantage": report.AWS, "result": found}], hidden)["missing"]) == sorted(hidden)


def test_one_look_makes_these_calls_and_a_further_one_fewer(bed: Bed) -> None:
    def calls(**options: t.Any) -> collections.Counter[str]:
        bed.testbed.clear_calls()
        bed.look(**options)
        return collections.Counter(call["operation"] for call in bed.testbed.calls())

    once = calls()
    assert once == {
        "DescribeStacks": 1,
        "DescribeLoadBalancers": 1,
        "DescribeListeners": 1,
        "DescribeTargetGroups": 1,
        "DescribeTargetHealth": 1,
        "GetRole": 1,
        "GetInstanceProfile": 1,
        "DescribeVpcEndpoints": 1,
        "DescribeNetworkInterfaces": 1,
        "DescribeSubnets": 1,
    }
    with bed.targets("unhealthy"):
        waiting = calls(verify_wait=1, verify_phase_wait=1)
    looks = waiting["DescribeStacks"]
    assert looks > 1
    assert (waiting["GetRole"], waiting["GetInstanceProfile"]) == (1, 1)
    assert waiting["DescribeTargetHealth"] == looks


def test_the_load_balancer_is_found_when_its_name_tells_nothing(bed: Bed) -> None:
    with bed.template_without("LoadBalancerDNS"):
        found = bed.look()
    assert found["load_balancer"]["state"] == "active"
    assert {check["id"] for check in found["checks"] if check["status"] == "fail"} == {"stack.outputs"}


def network(bed: Bed, **changes: t.Any) -> Result:
    """How the control node looks at the network of the test bed."""
    return {
        "verify_from_control_node": True,
        "domain_name": HOST["gitpod_domain_name"],
        "verify_port": bed.testbed.https_port,
        "verify_http_port": bed.testbed.http_port,
        "resolvers": [bed.testbed.dns],
        "verify_ca_path": bed.testbed.ca_file,
        "verify_accepted_ranges": ["127.0.0.0/8"],
        **changes,
    }


def test_the_network_is_looked_at_with_what_aws_said(bed: Bed) -> None:
    target = bed.output("LoadBalancerDNS")
    for name in (HOST["gitpod_domain_name"], f"*.{HOST['gitpod_domain_name']}"):
        bed.testbed.add_dns_record(name, "CNAME", target)
    found = bed.look(**network(bed))
    statuses = {check["id"]: check["status"] for check in found["network"]["checks"]}
    # Port 80 because the load balancer listens there, the endpoint's name because there is one; the last is the VPC's.
    assert statuses.pop("private_dns.resolution") == "skip"
    assert set(statuses) >= {"dns.same_target", "dns.visibility", "tcp.https", "tls.certificate", "health.wildcard"}
    assert set(statuses.values()) == {"pass"}
    assert found["network"]["healthy"]
    assert found["healthy"], "the look at AWS is judged on its own"
    # A failure there is no failure here; runner_verdict judges both.
    elsewhere = bed.look(**network(bed, domain_name="elsewhere.example.com"))
    assert elsewhere["healthy"]
    assert not elsewhere["network"]["healthy"]


def test_a_wrong_option_of_the_network_is_told_before_aws_is_asked(bed: Bed) -> None:
    bed.testbed.clear_calls()
    found = bed.look(**network(bed, domain_name="https://eu.gitpod.example.com"))
    assert "is not a domain name" in found["msg"]
    assert "is no network" in bed.look(**network(bed, verify_accepted_ranges=["home"]))["msg"]
    assert not bed.testbed.calls()


NEW_ID = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5cff"


def test_of_a_stack_that_is_only_planned_the_network_is_not_asked(bed: Bed) -> None:
    planned = bed.look(check=True, runner_name="planned", runner_id=NEW_ID, **network(bed))
    assert (planned["exists"], planned["network"]) == (False, None)
    missing = bed.look(runner_name="planned", runner_id=NEW_ID, **network(bed))
    assert missing["network"]["checks"], "a name may lead somewhere all the same"
    assert bed.look()["network"] is None
    elsewhere = bed.look(stack_name="no-such-stack")
    assert elsewhere["exists"], "a stack that was taken over under another name is found by its tags"


def test_the_network_is_asked_when_route_53_has_spread_the_records(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    route53 = bed.client("route53")
    zone = next(found for found in route53.list_hosted_zones()["HostedZones"] if not found["Config"]["PrivateZone"])

    def changed() -> str:
        records = {"Name": f"probe.{zone['Name']}", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x"'}]}
        batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": records}]}
        made = route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch=batch)
        return str(made["ChangeInfo"]["Id"]).rsplit("/", 1)[-1]

    def written(*changes: str) -> Result:
        """What the records' stage left."""
        return {"dns": {"zones": [{"change_ids": list(changes)}]}}

    bed.testbed.clear_calls()
    found = bed.look(earlier=written(changed()), **network(bed))
    assert found["network"]["checks"]
    assert [call["operation"] for call in bed.testbed.calls()][-1] == "GetChange", "after AWS, before the network"
    # Probes inside the VPC look after this module, whether the control node looks or not.
    bed.testbed.clear_calls()
    assert bed.look(earlier=written(changed()))["network"] is None
    assert [call["operation"] for call in bed.testbed.calls()][-1] == "GetChange"
    monkeypatch.setattr(here, "IN_SYNC_TIMEOUT", 0)
    late = bed.look(earlier=written(changed()), **network(bed))
    assert "not spread it within 0 s" in late["msg"]
    # Nothing changed, nothing to wait for.
    bed.testbed.clear_calls()
    bed.look(earlier=written(), **network(bed))
    assert "GetChange" not in {call["operation"] for call in bed.testbed.calls()}
