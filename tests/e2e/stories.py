# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A runner's life in AWS as short stories, whose steps between them make every write that the collection makes.

A story is played in this process against the test bed. Each of its steps is one run of a module.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import operation as certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import info, result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import operation as endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import SERVICE_NAME
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53 import operation as records
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown import buckets
from ansible_collections.gitpod.enterprise_runner.plugins.modules import (
    runner_certificate,
    runner_dns,
    runner_endpoint,
    runner_retained_buckets,
    runner_stack,
    runner_stack_info,
)
from tests.e2e.harness import READING
from tests.e2e.hurried import BALANCERS
from tests.e2e.in_process import InProcessModule, outcome

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

Result = dict[str, t.Any]
REGION = "us-east-1"
VPC = "vpc-0a7d5c3e1f9b80246"
SUBNETS = ["subnet-0a1e2c4b6d8f01351", "subnet-0a1e2c4b6d8f01352"]
NAME, RUNNER_ID, DOMAIN = "gitpod-lost", "0193e7a1-5555-7000-8000-00000000f00d", "lost.gitpod.example.com"
MODULES: t.Mapping[str, tuple[t.Mapping[str, t.Any], t.Callable[[t.Any], Result]]] = {
    "stack": (runner_stack.ARGUMENT_SPEC, result.run),
    "stack_info": (runner_stack_info.ARGUMENT_SPEC, info.run),
    "endpoint": (runner_endpoint.ARGUMENT_SPEC, endpoint.run),
    "dns": (runner_dns.ARGUMENT_SPEC, records.run),
    "certificate": (runner_certificate.ARGUMENT_SPEC, certificate.run),
    "buckets": (runner_retained_buckets.ARGUMENT_SPEC, buckets.run),
}
TEMPLATE = {
    "Description": "A runner so small that a test can afford many",
    "Metadata": {"AWS::CloudFormation::Interface": {"ParameterLabels": {"RunnerId": {"default": "Runner ID"}}}},
    "Parameters": {"RunnerId": {"Type": "String"}, "Days": {"Type": "String", "Default": "7"}},
    "Resources": {
        "Logs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": {"Ref": "RunnerId"}, "RetentionInDays": {"Ref": "Days"}},
        },
        "Archive": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
        },
    },
}
POLICY = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}


@dataclasses.dataclass(frozen=True)
class Step:
    """One run of a module.

    :param before: what happens outside of the collection before it.
    :param repeats: whether the same run again is to change nothing.
    """

    module: str
    options: t.Mapping[str, t.Any]
    before: t.Callable[[TestBed], object] = lambda _testbed: None
    repeats: bool = True
    check: bool = False

    def run(self, testbed: TestBed) -> Result:
        """The module's result, or its failure."""
        spec, operation = MODULES[self.module]
        return outcome(InProcessModule(testbed, spec, REGION, self.check, **self.options), operation)


def client(testbed: TestBed, service: str) -> t.Any:
    """A client of somebody else in the stories' region."""
    return InProcessModule(testbed, {}, REGION).client(service)


def stack(**options: t.Any) -> dict[str, t.Any]:
    """Options of the small stack."""
    usual = {"name": NAME, "runner_name": NAME, "runner_id": RUNNER_ID, "template_body": json.dumps(TEMPLATE)}
    parameters = {"Runner ID": RUNNER_ID, "Days": options.pop("days", "7")}
    return {**usual, "parameters": parameters, "progress_interval": 0, **options}


def group(**options: t.Any) -> dict[str, t.Any]:
    """Options of the endpoint with a group of its own."""
    usual = {"name": NAME, "runner_id": RUNNER_ID, "vpc_id": VPC, "security_group_name": f"{NAME}-group"}
    return {**usual, "subnet_ids": SUBNETS[:1], "tags": {"team": "a"}, "purge_tags": True, **options}


def alias(number: int, **options: t.Any) -> dict[str, t.Any]:
    """Options of records that point to a load balancer."""
    target = {"load_balancer_dns_name": BALANCERS[number - 1]}
    return {"domain_name": DOMAIN, **target, "load_balancer_hosted_zone_id": "Z26RNL4JYFTOTI", **options}


def asked(**options: t.Any) -> dict[str, t.Any]:
    """Options of a certificate that is requested."""
    return {"name": NAME, "domain_name": DOMAIN, "wait": False, **options}


def without_vpc_dns(testbed: TestBed) -> None:
    """DNS hostnames off, as in a VPC that somebody made by hand."""
    client(testbed, "ec2").modify_vpc_attribute(VpcId=VPC, EnableDnsHostnames={"Value": False})


def zone_of_another_vpc(testbed: TestBed) -> None:
    """A private zone that has to be associated first."""
    client(testbed, "route53").create_hosted_zone(
        Name="gitpod.example.com",
        CallerReference="1",
        VPC={"VPCRegion": "eu-central-1", "VPCId": "vpc-0b8e6d4f2a0c91357"},
    )


def filled(testbed: TestBed) -> None:
    """Versions, a delete marker and an unfinished upload in the bucket that the stack left."""
    s3 = client(testbed, "s3")
    bucket = left(testbed)[0]
    s3.put_object(Bucket=bucket, Key="one", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="one")
    s3.create_multipart_upload(Bucket=bucket, Key="unfinished")


def left(testbed: TestBed) -> list[str]:
    """Buckets of the small stack."""
    found = client(testbed, "s3").list_buckets()["Buckets"]
    return [entry["Name"] for entry in found if entry["Name"].startswith(NAME)]


def template_bucket(testbed: TestBed) -> None:
    """Where large templates go."""
    client(testbed, "s3").create_bucket(Bucket="templates-of-the-team")


def failing(times: int) -> t.Callable[[TestBed], object]:
    """The next update fails, and its rollback too when it fails twice."""
    order = {"region": REGION, "stack_name": NAME, "logical_id": "Logs", "operation": "UPDATE", "reason": "No"}
    return lambda testbed: testbed.fail_resource(**order, times=times)


def slow_update(testbed: TestBed) -> None:
    """An update of somebody else that takes its time."""
    testbed.settings(stack_seconds=20)
    spec, operation = MODULES["stack"]
    started = outcome(InProcessModule(testbed, spec, REGION, **stack(days="14", wait=False)), operation)
    assert started["in_progress"], started


LARGE = {"template_body": json.dumps(TEMPLATE) + " " * 52_000, "template_bucket": "templates-of-the-team"}
STORIES: t.Mapping[str, tuple[Step, ...]] = {
    "certificate": (Step("certificate", asked()), Step("certificate", asked(state="absent"))),
    "records": (
        Step("dns", alias(1)),
        Step("dns", alias(2, overwrite=True)),
        Step("dns", alias(2, record_type="cname")),
        Step("dns", alias(2, state="absent")),
    ),
    "private records": (
        Step("dns", alias(1, private_zone=True, vpc_id=VPC, associate_vpc=True), before=zone_of_another_vpc),
    ),
    "endpoint": (
        Step("endpoint", group(enable_vpc_dns=True), before=without_vpc_dns),
        Step("endpoint", group(subnet_ids=SUBNETS, tags={"stage": "b"})),
        Step("endpoint", group(subnet_ids=SUBNETS[1:], tags={"stage": "b"})),
        Step("endpoint", group(state="absent")),
    ),
    "stack": (
        Step("stack", stack(**LARGE), before=template_bucket),
        Step("stack", stack(days="14"), check=True, repeats=False),
        Step("stack", stack(days="14")),
        Step("stack", stack(days="30", review=True), repeats=False),
        Step("stack", stack(days="60", review=True), repeats=False),
        Step("stack", stack(days="60")),
        Step("stack", stack(days="60", termination_protection=False, stack_policy=json.dumps(POLICY))),
        Step("stack_info", {"name": NAME, "include_drift": True}, repeats=False),
        Step("stack", stack(days="60", termination_protection=True, stack_policy=json.dumps(POLICY))),
        Step("stack", {"name": NAME, "runner_name": NAME, "state": "absent", "force": True}),
    ),
    "reviewed creation": (
        Step("stack", stack(review=True), repeats=False),
        Step("stack", stack(stack_policy=json.dumps(POLICY))),
    ),
    "cancelled update": (
        Step("stack", stack()),
        Step("stack", stack(cancel_update=True), before=slow_update),
    ),
    "continued rollback": (
        Step("stack", stack()),
        Step("stack", stack(days="14", fail_fast=False), before=failing(2), repeats=False),
        Step("stack", stack(continue_rollback=True)),
    ),
    "buckets": (
        Step("stack", stack(termination_protection=False)),
        Step("stack", {"name": NAME, "runner_name": NAME, "state": "absent"}),
        Step("buckets", {"name": NAME, "state": "absent"}, before=filled),
    ),
}


def writes(testbed: TestBed) -> list[str]:
    """Operations that could have changed something since the last clearing, in their order."""
    calls = testbed.calls()
    found = [f"{call['service']}:{call['operation']}" for call in calls if not call["operation"].startswith(READING)]
    return [name for name in found if name != "sts:AssumeRole"]


def landscape(testbed: TestBed) -> dict[str, t.Any]:
    """What there is of all that the stories make, without what differs from run to run."""
    return {
        **_stacks(testbed),
        **_network(testbed),
        "records": _records(testbed),
        "certificates": sorted(
            entry["Status"]
            for entry in client(testbed, "acm").list_certificates()["CertificateSummaryList"]
            if entry["DomainName"] == DOMAIN
        ),
        "buckets": len(left(testbed)),
    }


def _tags(entries: t.Iterable[t.Mapping[str, str]]) -> dict[str, str]:
    return {entry["Key"]: entry["Value"] for entry in entries}


def _stacks(testbed: TestBed) -> dict[str, t.Any]:
    api = client(testbed, "cloudformation")
    found: dict[str, t.Any] = {}
    sets: list[tuple[str, str]] = []
    for raw in api.describe_stacks()["Stacks"]:
        parameters = {entry["ParameterKey"]: entry["ParameterValue"] for entry in raw.get("Parameters", [])}
        policy = api.get_stack_policy(StackName=raw["StackName"]).get("StackPolicyBody", "")
        protected = raw["EnableTerminationProtection"]
        found[raw["StackName"]] = (raw["StackStatus"], parameters, _tags(raw["Tags"]), protected, policy)
        sets += [
            # Names of those that nobody but a run has a use for are made of random tokens.
            (entry["ChangeSetName"].partition("-")[0], entry["ExecutionStatus"])
            for entry in api.list_change_sets(StackName=raw["StackName"])["Summaries"]
            if not entry["ExecutionStatus"].startswith("EXECUTE")
        ]
    deleted = api.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    return {"stacks": found, "change sets": sorted(sets), "deleted stacks": len(deleted)}


def _network(testbed: TestBed) -> dict[str, t.Any]:
    ec2 = client(testbed, "ec2")
    vpc = [{"Name": "vpc-id", "Values": [VPC]}]
    endpoints = ec2.describe_vpc_endpoints(Filters=[*vpc, {"Name": "service-name", "Values": [SERVICE_NAME]}])
    groups = ec2.describe_security_groups(Filters=vpc)["SecurityGroups"]
    hostnames = ec2.describe_vpc_attribute(VpcId=VPC, Attribute="enableDnsHostnames")["EnableDnsHostnames"]
    return {
        "endpoints": [
            (raw["State"], sorted(raw["SubnetIds"]), len(raw["Groups"]), raw["PrivateDnsEnabled"], _tags(raw["Tags"]))
            for raw in endpoints["VpcEndpoints"]
        ],
        "groups": {
            raw["GroupName"]: (
                sorted(source["CidrIp"] for entry in raw["IpPermissions"] for source in entry["IpRanges"]),
                _tags(raw.get("Tags", [])),
            )
            for raw in groups
        },
        "number of groups": len(groups),
        "DNS hostnames": hostnames["Value"],
    }


def _records(testbed: TestBed) -> list[t.Any]:
    route53 = client(testbed, "route53")
    return sorted(
        (
            zone["Name"],
            zone["Config"]["PrivateZone"],
            len(route53.get_hosted_zone(Id=zone["Id"]).get("VPCs", [])),
            str(raw),
        )
        for zone in route53.list_hosted_zones()["HostedZones"]
        for raw in route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        if raw["Type"] not in ("NS", "SOA")
    )
