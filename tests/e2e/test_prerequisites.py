# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The prerequisites: a fleet of broken inventories in one play, refused calls, the number of calls, the policies."""

from __future__ import annotations

import json
import typing as t
import uuid

import boto3
import pytest
import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import operation as endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.modules import runner_endpoint
from tests.e2e.deployer import Deployer, documented, without
from tests.e2e.harness import ROOT, Controller
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.looking import preflight
from tests.e2e.permissions import IAM_NAMES

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

PREREQUISITES = "gitpod.enterprise_runner.prerequisites"
INVENTORY = yaml.safe_load((ROOT / "examples/inventory.yml").read_text("utf-8"))["gitpod_runners"]["hosts"]
US, EU, AP = "gitpod-us-east-1", "gitpod-eu-central-1", "gitpod-ap-southeast-2"
ZONE = "Z08A1B2C3D4E5F6G7H8I9"
ACCOUNT = "123456789012"
MOST_CALLS = 42


def client(testbed: TestBed, service: str, region: str = "eu-central-1", **credentials: str) -> t.Any:
    keys = credentials or {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test"}
    return boto3.client(service, region_name=region, endpoint_url=testbed.aws_endpoint_url, **keys)


def by_status(result: dict[str, t.Any], status: str) -> set[str]:
    return {check["id"] for check in result["checks"] if check["status"] == status}


def put_record(testbed: TestBed, name: str, kind: str, value: str) -> None:
    record = {"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": value}]}
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    client(testbed, "route53").change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch=batch)


def add_certificate(testbed: TestBed, region: str, domain: str) -> str:
    """The ARN of one that is issued, for a domain of the Route 53 zone and its wildcard, once its record is asked."""
    acm = client(testbed, "acm", region)
    arn: str = acm.request_certificate(
        DomainName=domain, SubjectAlternativeNames=[f"*.{domain}"], ValidationMethod="DNS"
    )["CertificateArn"]
    # The first look at a request has no records yet.
    for _look in range(5):
        options = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
        if records := [option["ResourceRecord"] for option in options if "ResourceRecord" in option]:
            put_record(testbed, records[0]["Name"], "CNAME", records[0]["Value"])
            return arn
    raise AssertionError(f"{domain} has no validation record")


def neighbour(testbed: TestBed, name: str, like: str, changes: dict[str, t.Any]) -> dict[str, t.Any]:
    """A runner like that of another host, but one of its own: two hosts with one ID or domain are no fleet."""
    identifier = str(uuid.uuid4())
    host = {**INVENTORY[like], "gitpod_runner_id": identifier, "gitpod_exchange_token": f"token-of-{identifier}"}
    domain = f"{name}.gitpod.example.com"
    if "gitpod_domain_name" not in changes:
        host["gitpod_domain_name"] = domain
        if "gitpod_certificate_arn" not in changes:
            host["gitpod_certificate_arn"] = add_certificate(testbed, host["gitpod_region"], domain)
    return {**host, **changes}


def broken(testbed: TestBed) -> dict[str, tuple[str, dict[str, t.Any], set[str]]]:
    """Name to the host of the example that it is like, what is broken, and the checks that have to fail."""
    ec2 = client(testbed, "ec2")
    closed = ec2.create_security_group(GroupName="closed", Description="closed", VpcId=INVENTORY[EU]["gitpod_vpc_id"])[
        "GroupId"
    ]
    put_record(testbed, "taken.gitpod.example.com", "A", "192.0.2.1")
    put_record(testbed, "gone.gitpod.example.com", "NS", "ns1.example.org.")
    absent = f"arn:aws:acm:eu-central-1:{ACCOUNT}:certificate/{uuid.uuid4()}"
    other = INVENTORY[EU]["gitpod_certificate_arn"].replace(ACCOUNT, "210987654321")
    ec2_subnets = INVENTORY[EU]["gitpod_ec2_subnet_ids"]
    balancer_subnets = INVENTORY[EU]["gitpod_load_balancer_subnet_ids"]
    plane = {"gitpod_api_endpoint": testbed.management_plane_url, "gitpod_api_token": testbed.api_token}
    elsewhere = str(uuid.uuid4())
    testbed.control(
        "POST", "management", {"add_runners": [{"name": "elsewhere", "region": "us-east-1", "id": elsewhere}]}
    )
    return {
        "account": (EU, {"gitpod_account_id": "210987654321", "gitpod_certificate_arn": other}, {"identity.account"}),
        "vpc": (
            EU,
            {"gitpod_vpc_id": "vpc-0123456789abcdef0"},
            {"network.vpc", "network.subnets", "security_group.exists"},
        ),
        "swapped": (
            EU,
            {"gitpod_ec2_subnet_ids": balancer_subnets, "gitpod_load_balancer_subnet_ids": ec2_subnets},
            {"network.load_balancer_ranges"},
        ),
        "one-zone-twice": (
            EU,
            {"gitpod_ec2_subnet_ids": [ec2_subnets[0], balancer_subnets[0], ec2_subnets[2]]},
            {"network.placement"},
        ),
        "private-subnets": (
            US,
            {"gitpod_load_balancer_subnet_ids": INVENTORY[US]["gitpod_ec2_subnet_ids"]},
            {"network.internet_facing"},
        ),
        "no-way-out": (AP, {"gitpod_privatelink_enabled": False}, {"network.egress"}),
        "certificate-absent": (EU, {"gitpod_certificate_arn": absent}, {"certificate.issued"}),
        "other-domain": (EU, {"gitpod_domain_name": "other.gitpod.example.com"}, {"certificate.names"}),
        "no-zone": (EU, {"gitpod_domain_name": "eu.example.org"}, {"certificate.names", "dns.zone"}),
        "taken": (EU, {"gitpod_domain_name": "taken.gitpod.example.com"}, {"certificate.names", "dns.records"}),
        "delegated": (
            EU,
            {"gitpod_domain_name": "eu.gone.gitpod.example.com"},
            {"certificate.names", "dns.delegation"},
        ),
        "outside-apex": (AP, {"gitpod_domain_name": "gitpod.example.net"}, {"certificate.names", "dns.apex"}),
        "ca-absent": (EU, {"gitpod_custom_ca": "ssm:/not/there"}, {"custom_ca.content"}),
        "closed-group": (EU, {"gitpod_load_balancer_security_group_id": closed}, {"security_group.inbound"}),
        "parameter": (EU, {"gitpod_stack_parameters": {"Runner Sise": "large"}}, {"stack.parameters"}),
        "capabilities": (EU, {"gitpod_stack_capabilities": ["CAPABILITY_AUTO_EXPAND"]}, {"stack.capabilities"}),
        "token": (EU, {**plane, "gitpod_api_token": "not-one"}, {"management_plane.token"}),
        "runner": (EU, {**plane, "gitpod_runner_id": elsewhere}, {"management_plane.runner"}),
        "only-warned": (
            EU,
            {"gitpod_certificate_arn": absent, "gitpod_prerequisites_warn_only": ["certificate"]},
            set(),
        ),
        "left-out": (
            EU,
            {"gitpod_custom_ca": "ssm:/not/there", "gitpod_prerequisites_skip": ["custom_ca.content"]},
            set(),
        ),
    }


def test_each_broken_inventory_fails_its_checks_and_no_other_and_nothing_is_written(controller: Controller) -> None:
    testbed = controller.testbed
    cases = broken(testbed)
    hosts = {f"broken-{name}": neighbour(testbed, name, like, changes) for name, (like, changes, _ids) in cases.items()}
    testbed.clear_calls()
    run = controller.play(PREREQUISITES, hosts=hosts)
    assert run.code != 0
    assert controller.writes() == []
    assert "Traceback" not in run.output
    found = {}
    for host in (*INVENTORY, *hosts):
        document = json.loads((run.artifacts / f"{host}-prerequisites.json").read_text("utf-8"))
        found[host] = {check["id"] for check in document["checks"] if check["status"] == "fail"}
    expected: dict[str, set[str]] = {f"broken-{name}": ids for name, (_like, _changes, ids) in cases.items()}
    expected.update({host: set() for host in INVENTORY})
    assert found == expected
    failed = {host for host, counters in run.recap.items() if counters["failed"]}
    assert failed == {host for host, ids in expected.items() if ids}
    table = [line for line in run.output.splitlines() if line.startswith(("    FAIL", "    WARN", "        "))]
    assert table
    assert max(map(len, table)) <= 100
    markdown = (run.artifacts / "broken-vpc-prerequisites.md").read_text("utf-8")
    assert "| FAIL | `network.vpc` |" in markdown
    assert testbed.api_token not in run.output
    policy = json.loads((run.artifacts / "policies" / f"{EU}-template-1.json").read_text("utf-8"))
    assert "dynamodb:CreateTable" in {action for entry in policy["Statement"] for action in entry["Action"]}
    files = [path for path in run.artifacts.rglob("*") if path.is_file()]
    assert not [path for path in files if testbed.api_token in path.read_text("utf-8")]


@pytest.mark.parametrize("host", [US, EU, AP])
def test_the_example_is_ready_with_few_calls_and_no_write(controller: Controller, host: str) -> None:
    testbed = controller.testbed
    testbed.clear_calls()
    found = preflight(testbed, host, api_endpoint=testbed.management_plane_url, api_token=testbed.api_token)
    assert by_status(found, "fail") == set()
    assert len(testbed.calls()) <= MOST_CALLS, sorted(call["operation"] for call in testbed.calls())
    assert controller.writes() == []
    assert {"management_plane.token", "management_plane.runner"} <= by_status(found, "pass")
    assert testbed.api_token not in json.dumps(found)


def test_a_private_zone_is_looked_for_in_the_vpc_that_resolves_the_names(controller: Controller) -> None:
    testbed, hub = controller.testbed, "vpc-0c0ffee0c0ffee000"
    made = client(testbed, "route53").create_hosted_zone(
        Name="gitpod.example.com", CallerReference="hub", VPC={"VPCRegion": "eu-central-1", "VPCId": hub}
    )
    private = made["HostedZone"]["Id"].rsplit("/")[-1]
    in_its_own = preflight(testbed, EU, dns_private_zone=True)
    assert "dns.zone" in by_status(in_its_own, "fail")
    in_the_hub = preflight(testbed, EU, dns_private_zone=True, dns_vpc_id=hub)
    found = next(entry for entry in in_the_hub["checks"] if entry["id"] == "dns.zone")
    assert private in found["summary"]
    assert "does not answer" not in found["summary"]
    # What answers in the runner's VPC still decides whether the endpoint's private name is free there.
    assert "privatelink.private_dns" not in by_status(in_the_hub, "fail")


def test_the_zone_that_an_endpoint_keeps_for_itself_is_no_conflict(controller: Controller) -> None:
    """On the second run ListHostedZonesByVPC names it (terraform-provider-aws#37783)."""
    testbed, values, region = controller.testbed, INVENTORY[AP], INVENTORY[AP]["gitpod_region"]
    vpc = values["gitpod_vpc_id"]
    options = {"name": AP, "vpc_id": vpc, "subnet_ids": values["gitpod_ec2_subnet_ids"]}

    def have(state: str) -> None:
        module = InProcessModule(testbed, runner_endpoint.ARGUMENT_SPEC, region, **options, state=state)
        assert outcome(module, endpoint.run)["changed"]

    have("present")
    try:
        listed = client(testbed, "route53").list_hosted_zones_by_vpc(VPCId=vpc, VPCRegion=region)
        owners = [zone["Owner"].get("OwningService") for zone in listed["HostedZoneSummaries"]]
        assert "vpce.amazonaws.com" in owners, "as AWS answers"
        found = preflight(testbed, AP, privatelink_enabled=True)
        assert "privatelink.private_dns" in by_status(found, "pass")
    finally:
        have("absent")


DENIALS = [
    ("ec2", "DescribeAvailabilityZones", "network.zones"),
    ("ec2", "DescribeVpcs", "network.vpc"),
    ("ec2", "DescribeVpcAttribute", "network.vpc_dns"),
    ("ec2", "DescribeSubnets", "network.subnets"),
    ("ec2", "DescribeRouteTables", "network.egress"),
    ("ec2", "DescribeNetworkAcls", "network.acls"),
    ("ec2", "DescribeSecurityGroups", "security_group.exists"),
    ("ec2", "DescribeImages", "images.environments"),
    ("ec2", "DescribeInstances", "stack.quota_vcpus"),
    ("acm", "DescribeCertificate", "certificate.issued"),
    ("ssm", "GetParameter", "custom_ca.content"),
    ("route53", "ListHostedZones", "dns.zone"),
    ("route53", "ListResourceRecordSets", "dns.records"),
    ("cloudformation", "DescribeStacks", "stack.status"),
    ("cloudformation", "GetTemplateSummary", "stack.template"),
    ("cloudformation", "ListStacks", "stack.quota_stacks"),
    ("elbv2", "DescribeLoadBalancers", "stack.quota_load_balancers"),
    ("service-quotas", "GetServiceQuota", "stack.quota_vcpus"),
    ("cloudwatch", "GetMetricStatistics", "stack.quota_fargate"),
    ("iam", "GetRole", "stack.ecs_role"),
]


@pytest.mark.parametrize(("service", "action", "check"), DENIALS)
def test_a_refused_call_skips_what_needs_it_and_names_the_permission(
    controller: Controller, service: str, action: str, check: str
) -> None:
    code = "UnauthorizedOperation" if service == "ec2" else "AccessDenied"
    controller.testbed.add_fault(service=service, operation=action, error=code, message="not allowed", status=403)
    found = preflight(controller.testbed, EU)
    assert "msg" not in found, found
    assert by_status(found, "fail") == set()
    skipped = next(entry for entry in found["checks"] if entry["id"] == check)
    assert skipped["status"] == "skip"
    permission = f"{IAM_NAMES.get(service, service)}:{action}"
    assert permission in skipped["summary"]
    assert permission in skipped["remediation"]


def test_with_nothing_allowed_everything_is_skipped_and_nothing_crashes(controller: Controller) -> None:
    for service in ("ec2", "acm", "ssm", "route53", "cloudformation", "elbv2", "service-quotas", "iam", "s3"):
        controller.testbed.add_fault(service=service, error="AccessDeniedException", message="no", status=403)
    found = preflight(controller.testbed, EU)
    assert "msg" not in found, found
    assert by_status(found, "fail") == set()


def deployer(testbed: TestBed, *left_out: str) -> dict[str, str]:
    """Credentials of a role that has the policies of docs/permissions.md, without some actions."""
    return Deployer(testbed, without(documented(EU, INVENTORY[EU]), left_out)).options


def test_the_documented_policies_are_enough_and_a_missing_action_is_named(controller: Controller) -> None:
    testbed = controller.testbed
    other = {"prerequisites_skip": ["permissions.template"]}
    found = preflight(testbed, EU, deployer(testbed), **other)
    assert {"permissions.needed", "permissions.looking"} <= by_status(found, "pass"), found["checks"]
    role = deployer(testbed, "cloudformation:CreateStack", "ec2:DescribeNetworkAcls")
    lacking = preflight(testbed, EU, role, **other)
    by_id = {check["id"]: check for check in lacking["checks"]}
    assert by_id["permissions.needed"]["status"] == "fail"
    assert "cloudformation:CreateStack" in by_id["permissions.needed"]["summary"]
    assert by_id["permissions.looking"]["status"] == "warn"
    assert "ec2:DescribeNetworkAcls" in by_id["permissions.looking"]["summary"]


def test_the_policies_that_are_written_are_enough_for_the_run_and_for_the_template(controller: Controller) -> None:
    testbed = controller.testbed
    written = preflight(testbed, EU, prerequisites_artifacts=True)["policies"]
    assert {"site-1", "template-1", "template-2"} <= set(written)
    found = preflight(testbed, EU, Deployer(testbed, written).options)
    assert {"permissions.needed", "permissions.template"} <= by_status(found, "pass"), found["checks"]
    assert found["policies"] == {}
    lacking = Deployer(testbed, without(written, {"ecs:CreateCluster", "iam:PassRole"})).options
    by_id = {check["id"]: check for check in preflight(testbed, EU, lacking)["checks"]}
    told = by_id["permissions.template"]
    assert (told["status"], "ecs:CreateCluster" in told["summary"]) == ("warn", True), told
    assert {"ecs:CreateCluster", "iam:PassRole"} == set(told["evidence"]["not_allowed"])
    role = Deployer(testbed, {name: policy for name, policy in written.items() if name.startswith("template")}).arn
    by_id = {check["id"]: check for check in preflight(testbed, EU, lacking, stack_service_role_arn=role)["checks"]}
    assert (by_id["permissions.template"]["status"], role in by_id["permissions.template"]["summary"]) == ("pass", True)


@pytest.mark.parametrize(
    ("service", "quota", "value", "check", "status"),
    [
        ("cloudformation", "L-0485CB21", 0.0, "stack.quota_stacks", "fail"),
        ("elasticloadbalancing", "L-69A177A2", 0.0, "stack.quota_load_balancers", "fail"),
        ("ec2", "L-1216C47A", 5.0, "stack.quota_vcpus", "warn"),
        ("vpc", "L-29B6F2EB", 14.0, "stack.quota_endpoints", "fail"),
        ("fargate", "L-3032A538", 1.0, "stack.quota_fargate", "fail"),
        # The answer is one of success, and has no value.
        ("fargate", "L-3032A538", None, "stack.quota_fargate", "skip"),
    ],
)
def test_a_quota_that_is_used_up_is_told(
    controller: Controller, service: str, quota: str, value: float | None, check: str, status: str
) -> None:
    order = {"region": "ap-southeast-2", "service": service, "quota": quota, "value": value}
    controller.testbed.control("POST", "quotas", order)
    assert check in by_status(preflight(controller.testbed, AP), status)


def test_what_is_declared_and_what_is_in_use_today_are_counted(controller: Controller) -> None:
    testbed, ec2 = controller.testbed, client(controller.testbed, "ec2")
    ec2.create_volume(AvailabilityZone="eu-central-1a", Size=1024, VolumeType="gp2")
    for _number in range(3):
        ec2.create_volume(AvailabilityZone="eu-central-1a", Size=1024, VolumeType="gp3")
    dimensions = {"Class": "Standard/OnDemand", "Resource": "vCPU", "Service": "Fargate", "Type": "Resource"}
    testbed.control("POST", "usage", {"region": "eu-central-1", "dimensions": dimensions, "value": 5})

    def declared(name: str, kind: str) -> dict[str, t.Any]:
        return {"display_name": name, "configuration": {"machineType": kind, "diskSizeGb": "512"}}

    classes = [declared("Regular", "m6i.2xlarge"), declared("GPU", "g4dn.xlarge"), declared("Typo", "m6i.9xlarge")]
    found = preflight(
        testbed,
        EU,
        runner_settings_environment_classes=classes,
        expected_environments=98,
        expected_running_environments=40,
    )
    told = {check["id"]: (check["status"], check["summary"]) for check in found["checks"]}
    assert told["stack.quota_fargate"] == ("fail", "5 of 6 Fargate vCPUs in use, 1.5 more needed.")
    assert told["stack.quota_volumes"] == (
        "warn",
        "3 of 50 TiB of gp3 volumes in use, 49 more needed (98 environments with 512 GiB each).",
    )
    assert told["stack.quota_vcpus"] == (
        "warn",
        "0 of 0 vCPUs in use, 160 more needed (40 environments with 4 each: the class GPU, g4dn.xlarge).",
    )
    assert told["capacity.classes"] == ("fail", "eu-central-1 does not have m6i.9xlarge (Typo).")
    assert told["capacity.size"][0] == "pass"


def test_what_changed_in_the_landscape_is_seen(controller: Controller) -> None:
    testbed = controller.testbed
    eu = INVENTORY[EU]

    def change(store: str, identifier: str, **fields: t.Any) -> None:
        testbed.control("POST", "records", {"store": store, "id": identifier, "fields": fields})

    change("certificates", eu["gitpod_certificate_arn"], KeyAlgorithm="RSA_4096", Type="IMPORTED")
    change("subnets", eu["gitpod_ec2_subnet_ids"][0], AvailableIpAddressCount=3)
    client(testbed, "ssm").put_parameter(Name="/gitpod/ca-certificate", Value="nothing of the kind", Overwrite=True)
    testbed.control("POST", "hidden-images", {"region": "eu-central-1", "owner": "995913728426"})
    put_record(testbed, "gitpod.example.com", "CAA", '0 issue "letsencrypt.org"')
    found = preflight(testbed, EU)
    failing = {"certificate.key", "network.addresses", "custom_ca.content", "images.environments"}
    assert by_status(found, "fail") == failing
    assert {"certificate.renewal"} <= by_status(found, "warn")
    assert "dns.caa" in by_status(found, "pass"), "Amazon issues no imported certificate"


def test_a_certificate_in_secrets_manager_is_read(controller: Controller) -> None:
    absent = preflight(controller.testbed, EU, custom_ca="secretsmanager:gitpod/ca")
    assert "custom_ca.content" in by_status(absent, "fail")
    certificate = client(controller.testbed, "ssm").get_parameter(Name="/gitpod/ca-certificate")["Parameter"]["Value"]
    client(controller.testbed, "secretsmanager").create_secret(Name="gitpod/ca", SecretString=certificate)
    present = preflight(controller.testbed, EU, custom_ca="secretsmanager:gitpod/ca")
    assert "custom_ca.content" in by_status(present, "pass")
    assert certificate not in json.dumps(present)
