# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated CloudFormation, through boto3 against the application in this process."""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import uvicorn
from botocore.config import Config
from botocore.exceptions import ClientError

os.environ.setdefault("BIND_HOST", "127.0.0.1")
os.environ.setdefault("SFTP_ENABLED", "0")
os.environ.setdefault("IOT_MTLS_ENABLED", "0")

from ministack.app import app

from tests.testbed.aws import (
    cloudformation,
    cloudformation_failures,
    cloudformation_operation,
    resource_types,
    template_summary,
)
from tests.testbed.aws.cloudformation_failures import ResourceFailure
from tests.testbed.settings import Settings

TEMPLATE_PATH = Path(__file__).parents[1] / "template" / "gitpod-ec2-runner-enterprise-fargate-private-ecr.json"
TEMPLATE = TEMPLATE_PATH.read_text()
TEMPLATE_URL = "https://gitpod-flex-releases.s3.amazonaws.com/ec2/stable/gitpod-ec2-runner-enterprise.json"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
STACK_SECONDS = 1.5
REGION = "us-east-1"

SMALL = {
    "Description": "Three log groups and a queue",
    "Parameters": {
        "Days": {"Type": "String", "Default": "7", "AllowedValues": ["7", "30"]},
        "Secret": {"Type": "String", "NoEcho": True},
        "Network": {"Type": "AWS::EC2::VPC::Id"},
    },
    "Resources": {
        "First": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": {"Ref": "Days"}}},
        "Second": {"Type": "AWS::Logs::LogGroup", "DependsOn": "First"},
        "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": {"Ref": "Days"}}},
    },
    "Outputs": {"QueueUrl": {"Value": {"Ref": "Queue"}}},
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The application on a free port of the loopback address."""
    settings = Settings(stack_seconds=STACK_SECONDS)
    cloudformation.install(settings)
    resource_types.install(settings)
    template_summary.template_bodies[TEMPLATE_URL] = TEMPLATE
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    _until(lambda: server.started, 10)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(5)


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    cloudformation_failures.clear()
    yield
    cloudformation_failures.clear()
    cloudformation.set_stack_seconds(STACK_SECONDS)


def _until(condition: Callable[[], Any], seconds: float) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"nothing after {seconds} s")


class World:
    """Clients, a network and the usual calls of one region, in an account of its own."""

    def __init__(self, endpoint: str, region: str = REGION) -> None:
        account = f"{uuid.uuid4().int % 10**12:012d}"
        common: dict[str, Any] = {
            "endpoint_url": endpoint,
            "region_name": region,
            "aws_access_key_id": account,
            "aws_secret_access_key": "test",
            "config": Config(retries={"max_attempts": 1}),
        }
        self.client: Any = lambda service: boto3.client(service, **common)
        self.region = region
        self.cfn = self.client("cloudformation")
        self.ec2 = self.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.20.{number}.0/24", AvailabilityZone=region + zone)[
                "Subnet"
            ]["SubnetId"]
            for number, zone in enumerate("abab")
        ]

    def small(self, **values: str) -> dict[str, Any]:
        parameters = {"Secret": "hidden", "Network": self.vpc, **values}
        return {"TemplateBody": json.dumps(SMALL), "Parameters": _parameters(parameters)}

    def runner(self, **values: str) -> dict[str, Any]:
        parameters = {
            "InstallationKey": "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c01",
            "BootstrapSecret": "exchange-token",
            "PlacementNetwork": self.vpc,
            "PlacementZones": f"{self.region}a,{self.region}b",
            "WorkloadSegments": ",".join(self.subnets[:2]),
            "FrontDoorSegments": ",".join(self.subnets[2:]),
            "FrontDoorName": "us.gitpod.example.com",
            "FrontDoorKeyPair": f"arn:aws:acm:{self.region}:123456789012:certificate/5d1c3a52",
            **values,
        }
        return {"TemplateURL": TEMPLATE_URL, "Parameters": _parameters(parameters), "Capabilities": CAPABILITIES}

    def stack(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.cfn.describe_stacks(StackName=name)["Stacks"][0]
        return found

    def settled(self, name: str, seconds: float = 20) -> str:
        def final() -> str:
            status = str(self.stack(name)["StackStatus"])
            return "" if status.endswith("_IN_PROGRESS") else status

        return str(_until(final, seconds))

    def events(self, name: str) -> list[dict[str, Any]]:
        pages = self.cfn.get_paginator("describe_stack_events").paginate(StackName=name)
        return list(reversed([event for page in pages for event in page["StackEvents"]]))

    def created(self, name: str, **values: str) -> str:
        stack_id = str(self.cfn.create_stack(StackName=name, **self.small(**values))["StackId"])
        assert self.settled(stack_id) == "CREATE_COMPLETE"
        return stack_id

    def change_set(self, name: str, **options: Any) -> dict[str, Any]:
        self.cfn.create_change_set(StackName=name, ChangeSetName="changes", **options)

        def complete() -> Any:
            answer = self.cfn.describe_change_set(StackName=name, ChangeSetName="changes")
            return answer if answer["Status"] in ("CREATE_COMPLETE", "FAILED") else None

        result: dict[str, Any] = _until(complete, 10)
        return result


@pytest.fixture
def world(endpoint: str) -> World:
    return World(endpoint)


def _parameters(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def _statuses(events: list[dict[str, Any]], logical_id: str) -> list[str]:
    return [event["ResourceStatus"] for event in events if event["LogicalResourceId"] == logical_id]


def _refusal(function: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        function(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_runner_stack_takes_the_time_that_was_set_and_reports_every_resource(world: World) -> None:
    began = time.monotonic()
    token = "create-1"
    world.cfn.create_stack(StackName="runner", ClientRequestToken=token, **world.runner())
    slowest = 0.0
    seen = set()
    while world.stack("runner")["StackStatus"] == "CREATE_IN_PROGRESS":
        before = time.monotonic()
        resources = world.cfn.describe_stack_resources(StackName="runner")["StackResources"]
        slowest = max(slowest, time.monotonic() - before)
        seen.add(sum(resource["ResourceStatus"] == "CREATE_COMPLETE" for resource in resources))
        assert time.monotonic() - began < 20
    duration = time.monotonic() - began
    assert world.stack("runner")["StackStatus"] == "CREATE_COMPLETE", world.events("runner")
    assert 0.7 * STACK_SECONDS < duration < 2.0 * STACK_SECONDS
    assert slowest < 0.5
    assert len(seen) > 5
    events = world.events("runner")
    assert len({event["EventId"] for event in events}) == len(events) > 150
    assert {event["ClientRequestToken"] for event in events} == {token}
    queue = [event for event in events if event["LogicalResourceId"] == "InstanceEvents"]
    assert [event["ResourceStatus"] for event in queue] == ["CREATE_IN_PROGRESS"] * 2 + ["CREATE_COMPLETE"]
    assert queue[1]["ResourceStatusReason"] == "Resource creation Initiated"
    assert queue[1]["PhysicalResourceId"]
    assert not queue[0].get("PhysicalResourceId")
    outputs = {item["OutputKey"]: item["OutputValue"] for item in world.stack("runner")["Outputs"]}
    assert outputs["LoadBalancerDNS"]
    assert "/" not in outputs["InstanceProfileNameOutput"]
    shown = {item["ParameterKey"]: item["ParameterValue"] for item in world.stack("runner")["Parameters"]}
    assert shown["BootstrapSecret"] == "****"
    assert shown["FrontDoorScheme"] == "internal"


def test_several_regions_progress_at_once(endpoint: str) -> None:
    worlds = [World(endpoint, region) for region in ("us-east-1", "eu-central-1", "ap-southeast-2")]
    began = time.monotonic()
    for world in worlds:
        world.cfn.create_stack(StackName="runner", **world.runner())
    for world in worlds:
        assert world.settled("runner") == "CREATE_COMPLETE", world.events("runner")
    assert time.monotonic() - began < 3 * STACK_SECONDS


def _left_behind(world: World) -> dict[str, int]:
    groups = world.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [world.vpc]}])["SecurityGroups"]
    return {
        "load balancers": len(world.client("elbv2").describe_load_balancers()["LoadBalancers"]),
        "target groups": len(world.client("elbv2").describe_target_groups()["TargetGroups"]),
        "roles": len(world.client("iam").list_roles()["Roles"]),
        "profiles": len(world.client("iam").list_instance_profiles()["InstanceProfiles"]),
        "policies": len(world.client("iam").list_policies(Scope="Local")["Policies"]),
        "security groups": len([group for group in groups if group["GroupName"] != "default"]),
        "log groups": len(world.client("logs").describe_log_groups()["logGroups"]),
        "parameters": len(world.client("ssm").describe_parameters()["Parameters"]),
        "secrets": len(world.client("secretsmanager").list_secrets()["SecretList"]),
        "tables": len(world.client("dynamodb").list_tables()["TableNames"]),
        "queues": len(world.client("sqs").list_queues().get("QueueUrls", [])),
        "clusters": len(world.client("ecs").list_clusters()["clusterArns"]),
        "rules": len(world.client("events").list_rules()["Rules"]),
        "namespaces": len(world.client("servicediscovery").list_namespaces()["Namespaces"]),
        "templates": len(world.ec2.describe_launch_templates()["LaunchTemplates"]),
        "zones": len(world.client("route53").list_hosted_zones()["HostedZones"]),
        "named": sum(len(kind.store._data) for kind in resource_types.NAMED_TYPES),
    }


def test_deleting_the_runner_stack_leaves_only_what_it_retains(world: World) -> None:
    for kind in resource_types.NAMED_TYPES:
        kind.store.clear()
    before = _left_behind(world)
    stack_id = world.cfn.create_stack(StackName="runner", **world.runner())["StackId"]
    assert world.settled("runner") == "CREATE_COMPLETE"
    during = _left_behind(world)
    assert during["load balancers"] == during["named"] - 1 == 1
    world.cfn.delete_stack(StackName=stack_id)
    assert world.stack(stack_id)["StackStatus"] == "DELETE_IN_PROGRESS"
    assert world.settled(stack_id) == "DELETE_COMPLETE", world.events(stack_id)
    assert _left_behind(world) == before
    skipped = {e["LogicalResourceId"] for e in world.events(stack_id) if e["ResourceStatus"] == "DELETE_SKIPPED"}
    assert skipped == {"EnvironmentArchive", "BuildCache", "SupportLogs"}
    assert len(world.client("s3").list_buckets()["Buckets"]) == 3
    assert _refusal(world.cfn.describe_stacks, StackName="runner")[1] == "Stack with id runner does not exist"
    assert world.stack(stack_id)["DeletionTime"]


def test_get_template_has_a_question_mark_for_each_character_beyond_ascii(world: World) -> None:
    """As AWS answers about a template that was given as a body (aws-cdk-cli, mangleLikeCloudFormation)."""
    template = {"Description": "L\u00e4ufer \u2601", "Resources": {"Log": {"Type": "AWS::Logs::LogGroup"}}}
    world.cfn.create_stack(StackName="german", TemplateBody=json.dumps(template, ensure_ascii=False))
    found = world.cfn.get_template(StackName="german", TemplateStage="Original")["TemplateBody"]
    assert found["Description"] == "L?ufer ?"


def test_template_summary_by_url_body_and_stack(world: World) -> None:
    by_url = world.cfn.get_template_summary(TemplateURL=TEMPLATE_URL)
    parameters = {item["ParameterKey"]: item for item in by_url["Parameters"]}
    source = json.loads(TEMPLATE)["Parameters"]
    assert set(parameters) == set(source)
    scheme = parameters["FrontDoorScheme"]
    assert scheme["ParameterConstraints"]["AllowedValues"] == ["internal", "internet-facing"]
    assert scheme["DefaultValue"] == "internal"
    assert parameters["BootstrapSecret"]["NoEcho"] is True
    assert "DefaultValue" not in parameters["PlacementNetwork"]
    assert parameters["PlacementNetwork"]["ParameterType"] == "AWS::EC2::VPC::Id"
    assert "ParameterLabels" in json.loads(by_url["Metadata"])["AWS::CloudFormation::Interface"]
    assert by_url["Capabilities"] == ["CAPABILITY_IAM"]
    assert "AWS::IAM::Role" in by_url["CapabilitiesReason"]
    assert "AWS::MemoryDB::Cluster" in by_url["ResourceTypes"]
    by_body = world.cfn.get_template_summary(TemplateBody=json.dumps(SMALL))
    world.created("small")
    by_stack = world.cfn.get_template_summary(StackName="small")
    assert by_body["Parameters"] == by_stack["Parameters"]
    assert by_body["ResourceTypes"] == by_stack["ResourceTypes"]


@pytest.mark.parametrize(
    "url",
    [
        "https://templates.s3.us-east-1.amazonaws.com/small.json",
        "https://templates.s3.amazonaws.com/small.json",
        "https://s3.us-east-1.amazonaws.com/templates/small.json",
        "https://s3.amazonaws.com/templates/small.json",
    ],
)
def test_template_urls_of_buckets(world: World, url: str) -> None:
    s3 = world.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="small.json", Body=json.dumps(SMALL).encode())
    assert world.cfn.get_template_summary(TemplateURL=url)["Description"] == SMALL["Description"]
    s3.delete_object(Bucket="templates", Key="small.json")
    s3.delete_bucket(Bucket="templates")


def test_template_urls_that_aws_refuses(world: World) -> None:
    message = _refusal(world.cfn.get_template_summary, TemplateURL="https://example.com/a.json")
    assert message == ("ValidationError", "TemplateURL must be a supported URL.")
    message = _refusal(world.cfn.get_template_summary, TemplateURL="https://nobody.s3.amazonaws.com/a.json")
    assert message[1].startswith("S3 error: Access Denied")


def test_failed_create_cancels_siblings_and_rolls_back(world: World) -> None:
    cloudformation_failures.order(
        ResourceFailure("CREATE", "Quota exceeded", REGION, "small", resource_type="AWS::SQS::Queue")
    )
    stack_id = world.cfn.create_stack(StackName="small", **world.small())["StackId"]
    assert world.settled("small") == "ROLLBACK_COMPLETE"
    events = world.events("small")
    failed = {
        event["LogicalResourceId"]: event["ResourceStatusReason"]
        for event in events
        if event["ResourceStatus"] == "CREATE_FAILED"
    }
    assert failed["Queue"] == "Quota exceeded"
    assert failed["Kept"] == "Resource creation cancelled"
    rollback = next(event for event in events if event["ResourceStatus"] == "ROLLBACK_IN_PROGRESS")
    names = ", ".join(failed)
    assert rollback["ResourceStatusReason"] == (
        f"The following resource(s) failed to create: [{names}]. Rollback requested by user."
    )
    assert _refusal(world.cfn.create_stack, StackName="small", **world.small())[0] == "AlreadyExistsException"
    message = _refusal(world.cfn.update_stack, StackName="small", **world.small())
    assert message == ("ValidationError", f"Stack:{stack_id} is in ROLLBACK_COMPLETE state and can not be updated.")
    message = _refusal(world.cfn.create_change_set, StackName="small", ChangeSetName="c", **world.small())
    assert message[1].endswith("is in ROLLBACK_COMPLETE state and can not be updated.")
    world.cfn.delete_stack(StackName="small")
    assert world.settled(stack_id) == "DELETE_COMPLETE"
    assert world.created("small") != stack_id
    assert world.stack(stack_id)["StackStatus"] == "DELETE_COMPLETE"


def test_failed_deletes(world: World) -> None:
    for operation, logical_id in (("CREATE", "Second"), ("DELETE", "First")):
        cloudformation_failures.order(ResourceFailure(operation, "Denied", logical_id=logical_id))
    world.cfn.create_stack(StackName="small", **world.small())
    assert world.settled("small") == "ROLLBACK_FAILED"
    assert world.stack("small")["StackStatusReason"].strip() == "The following resource(s) failed to delete: [First]."
    cloudformation_failures.order(ResourceFailure("DELETE", "Denied again", logical_id="First"))
    world.cfn.delete_stack(StackName="small")
    assert world.settled("small") == "DELETE_FAILED"
    stack_id = world.stack("small")["StackId"]
    world.cfn.delete_stack(StackName="small", RetainResources=["First"])
    assert world.settled(stack_id) == "DELETE_COMPLETE"
    assert _statuses(world.events(stack_id), "First")[-1] == "DELETE_SKIPPED"
    assert len(world.client("logs").describe_log_groups()["logGroups"]) == 1


def test_failed_update_rolls_back_and_can_be_continued(world: World) -> None:
    world.created("small")
    cloudformation_failures.order(ResourceFailure("UPDATE", "No", logical_id="Queue"))
    world.cfn.update_stack(StackName="small", **world.small(Days="30"))
    assert world.settled("small") == "UPDATE_ROLLBACK_COMPLETE"
    statuses = _statuses(world.events("small"), "small")
    assert statuses[2:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    assert {item["ParameterKey"]: item for item in world.stack("small")["Parameters"]}["Days"]["ParameterValue"] == "7"
    cloudformation_failures.order(ResourceFailure("UPDATE", "No", logical_id="Queue", times=2))
    world.cfn.update_stack(StackName="small", **world.small(Days="30"))
    assert world.settled("small") == "UPDATE_ROLLBACK_FAILED"
    world.cfn.continue_update_rollback(StackName="small")
    assert world.settled("small") == "UPDATE_ROLLBACK_COMPLETE"
    group = world.client("logs").describe_log_groups()["logGroups"]
    assert 30 not in [item.get("retentionInDays") for item in group]


def test_a_token_that_comes_twice_is_answered_in_each_way_that_aws_may(world: World) -> None:
    again = {"StackName": "small", "ClientRequestToken": "one", **world.small()}
    world.cfn.create_stack(**again)
    assert world.settled("small") == "CREATE_COMPLETE"
    assert world.cfn.create_stack(**again)["StackId"] == world.stack("small")["StackId"]
    answers = {"refused": "TokenAlreadyExistsException", "ignored": "AlreadyExistsException"}
    for way, code in answers.items():
        cloudformation.handle_settings("POST", {"repeated_tokens": way}, {})
        assert _refusal(world.cfn.create_stack, **again)[0] == code
    cloudformation.handle_settings("POST", {"repeated_tokens": "accepted"}, {})
    change_set = {"StackName": "small", "ChangeSetName": "same", **world.small(Days="30")}
    made = world.cfn.create_change_set(ClientToken="two", **change_set)
    assert world.cfn.create_change_set(ClientToken="two", **change_set)["Id"] == made["Id"]
    code, message = _refusal(world.cfn.create_change_set, ClientToken="three", **change_set)
    assert (code, message.endswith("mismatch with existing attribute ClientToken")) == ("AlreadyExistsException", True)


def test_update_touches_only_what_changes(world: World) -> None:
    world.created("small")
    cloudformation.set_stack_seconds(5)
    world.cfn.update_stack(StackName="small", ClientRequestToken="update-1", **world.small(Days="30"))
    again = world.cfn.update_stack(StackName="small", ClientRequestToken="update-1", **world.small(Days="30"))
    assert again["StackId"] == world.stack("small")["StackId"]
    message = _refusal(world.cfn.update_stack, StackName="small", **world.small())
    assert message[1].endswith("IN_PROGRESS state and can not be updated.")
    assert world.settled("small") == "UPDATE_COMPLETE"
    events = [event for event in world.events("small") if event.get("ClientRequestToken") == "update-1"]
    assert {event["LogicalResourceId"] for event in events} == {"small", "First", "Queue"}
    assert _statuses(events, "small") == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]
    assert _refusal(world.cfn.update_stack, StackName="small", **world.small(Days="30")) == (
        "ValidationError",
        "No updates are to be performed.",
    )
    previous = [{"ParameterKey": key, "UsePreviousValue": True} for key in SMALL["Parameters"]]
    message = _refusal(world.cfn.update_stack, StackName="small", UsePreviousTemplate=True, Parameters=previous)
    assert message[1] == "No updates are to be performed."


def test_cancelled_update(world: World) -> None:
    world.created("small")
    cloudformation.set_stack_seconds(20)
    world.cfn.update_stack(StackName="small", **world.small(Days="30"))
    _until(lambda: "UPDATE_IN_PROGRESS" in _statuses(world.events("small"), "Queue"), 10)
    cloudformation.set_stack_seconds(STACK_SECONDS)
    world.cfn.cancel_update_stack(StackName="small")
    assert world.settled("small") == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [event.get("ResourceStatusReason") for event in world.events("small")]
    assert "Resource update cancelled" in reasons


def test_delete_interrupts_a_create(world: World) -> None:
    cloudformation.set_stack_seconds(60)
    stack_id = world.cfn.create_stack(StackName="small", **world.small())["StackId"]
    _until(lambda: _statuses(world.events("small"), "Queue"), 10)
    cloudformation.set_stack_seconds(STACK_SECONDS)
    world.cfn.delete_stack(StackName="small")
    assert world.settled(stack_id) == "DELETE_COMPLETE"
    assert not world.client("logs").describe_log_groups()["logGroups"]


def test_replacement_deletes_the_predecessor_afterwards(world: World) -> None:
    template = {"Resources": {"Role": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "one"}}}}
    world.cfn.create_stack(StackName="replace", TemplateBody=json.dumps(template))
    assert world.settled("replace") == "CREATE_COMPLETE"
    changed = json.dumps(template).replace("one", "two")
    changes = world.change_set("replace", TemplateBody=changed)["Changes"]
    body = changes[0]["ResourceChange"]
    assert (body["Action"], body["Replacement"], body["Scope"]) == ("Modify", "True", ["Properties"])
    assert body["Details"][0]["Target"]["RequiresRecreation"] == "Always"
    world.cfn.execute_change_set(StackName="replace", ChangeSetName="changes")
    assert world.settled("replace") == "UPDATE_COMPLETE"
    assert [group["logGroupName"] for group in world.client("logs").describe_log_groups()["logGroups"]] == ["two"]
    statuses = _statuses(world.events("replace"), "Role")
    assert statuses[-2:] == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]


def test_parameters_that_aws_refuses(world: World) -> None:
    create = world.cfn.create_stack
    body = json.dumps(SMALL)
    message = _refusal(create, StackName="s", **world.small(Typo="x"))
    assert message == ("ValidationError", "Parameters: [Typo] do not exist in the template")
    message = _refusal(create, StackName="s", TemplateBody=body)
    assert message == ("ValidationError", "Parameters: [Secret, Network] must have values")
    message = _refusal(create, StackName="s", **world.small(Days="8"))
    assert message == ("ValidationError", "Parameter 'Days' must be one of AllowedValues")
    message = _refusal(create, StackName="s", **{**world.runner(ControlPlaneUrl="ftp://x")})
    assert message[1] == "Parameter ControlPlaneUrl failed to satisfy constraint: must be a URL"
    assert _refusal(world.cfn.describe_stacks, StackName="s")[0] == "ValidationError"


def test_unknown_network_rolls_back(world: World) -> None:
    world.cfn.create_stack(StackName="small", **world.small(Network="vpc-0123"))
    assert world.settled("small") == "ROLLBACK_COMPLETE"
    reasons = [event.get("ResourceStatusReason") for event in world.events("small")]
    assert (
        "Parameter validation failed: parameter value vpc-0123 for parameter name Network does not exist. "
        "Rollback requested by user."
    ) in reasons


def test_missing_capabilities(world: World) -> None:
    arguments = {**world.runner(), "Capabilities": []}
    message = _refusal(world.cfn.create_stack, StackName="runner", **arguments)
    assert message == ("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]")
    message = _refusal(
        world.cfn.create_change_set, StackName="r", ChangeSetName="c", ChangeSetType="CREATE", **arguments
    )
    assert message[0] == "InsufficientCapabilitiesException"
    assert _refusal(world.cfn.describe_stacks, StackName="r")[0] == "ValidationError"


def test_repeated_token_and_returned_options(world: World) -> None:
    options = {
        "RoleARN": "arn:aws:iam::123456789012:role/deployer",
        "NotificationARNs": ["arn:aws:sns:us-east-1:123456789012:topic"],
        "Tags": [{"Key": "team", "Value": "platform"}],
        "TimeoutInMinutes": 30,
        "EnableTerminationProtection": True,
        "ClientRequestToken": "once",
    }
    first = world.cfn.create_stack(StackName="small", **options, **world.small())["StackId"]
    assert world.cfn.create_stack(StackName="small", **options, **world.small())["StackId"] == first
    assert _refusal(world.cfn.create_stack, StackName="small", **world.small())[0] == "AlreadyExistsException"
    assert world.settled("small") == "CREATE_COMPLETE"
    stack = world.stack("small")
    for key in ("RoleARN", "NotificationARNs", "Tags", "TimeoutInMinutes", "EnableTerminationProtection"):
        assert stack[key] == options[key]
    assert "LastUpdatedTime" not in stack
    assert "TerminationProtection" in _refusal(world.cfn.delete_stack, StackName="small")[1]
    world.cfn.update_termination_protection(StackName="small", EnableTerminationProtection=False)
    world.cfn.delete_stack(StackName="small", ClientRequestToken="gone")
    world.cfn.delete_stack(StackName="small", ClientRequestToken="gone")
    assert world.settled(first) == "DELETE_COMPLETE"
    assert _statuses(world.events(first), "small").count("DELETE_IN_PROGRESS") == 1


def test_change_set_creates_a_stack(world: World) -> None:
    answer = world.cfn.create_change_set(
        StackName="small", ChangeSetName="changes", ChangeSetType="CREATE", **world.small()
    )
    described = world.cfn.describe_change_set(StackName=answer["StackId"], ChangeSetName=answer["Id"])
    assert described["Status"] in ("CREATE_PENDING", "CREATE_IN_PROGRESS")
    assert described["ExecutionStatus"] == "UNAVAILABLE"
    assert world.stack("small")["StackStatus"] == "REVIEW_IN_PROGRESS"
    _until(
        lambda: (
            world.cfn.describe_change_set(StackName="small", ChangeSetName="changes")["Status"] == "CREATE_COMPLETE"
        ),
        5,
    )
    described = world.cfn.describe_change_set(StackName="small", ChangeSetName="changes")
    assert sorted(change["ResourceChange"]["Action"] for change in described["Changes"]) == ["Add"] * 4
    shown = {item["ParameterKey"]: item["ParameterValue"] for item in described["Parameters"]}
    assert shown["Secret"] == "****"
    other = world.cfn.create_change_set(StackName="small", ChangeSetName="two", ChangeSetType="CREATE", **world.small())
    assert other["StackId"] == answer["StackId"]
    world.cfn.execute_change_set(StackName="small", ChangeSetName="changes", ClientRequestToken="run")
    world.cfn.execute_change_set(StackName="small", ChangeSetName=answer["Id"], ClientRequestToken="run")
    assert _until(lambda: world.stack("small")["StackStatus"] == "CREATE_COMPLETE", 10)
    assert world.stack("small")["Description"] == SMALL["Description"]


def test_change_set_without_changes_and_with_one_parameter(world: World) -> None:
    world.cfn.create_stack(StackName="runner", **world.runner())
    assert world.settled("runner") == "CREATE_COMPLETE"
    nothing = world.change_set("runner", **world.runner())
    assert nothing["Status"] == "FAILED"
    assert nothing["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create a change set."
    )
    message = _refusal(world.cfn.execute_change_set, StackName="runner", ChangeSetName="changes")
    assert message[0] == "InvalidChangeSetStatus"
    world.cfn.delete_change_set(StackName="runner", ChangeSetName="changes")
    changed = world.change_set("runner", **world.runner(StateStoreKind="ElastiCache"))
    actions = {c["ResourceChange"]["LogicalResourceId"]: c["ResourceChange"]["Action"] for c in changed["Changes"]}
    assert actions["StateServerless"] == "Add"
    assert actions["StateCluster"] == actions["StateSubnets"] == "Remove"
    assert "EnvironmentArchive" not in actions
    world.cfn.execute_change_set(StackName="runner", ChangeSetName="changes", ClientRequestToken="switch")
    assert world.settled("runner") == "UPDATE_COMPLETE", world.events("runner")
    touched = {
        event["LogicalResourceId"] for event in world.events("runner") if event.get("ClientRequestToken") == "switch"
    } - {"runner"}
    assert touched <= set(actions)
    assert {"StateServerless", "StateCluster", "StateSubnets"} <= touched


def test_events_are_paged_and_stable(world: World) -> None:
    cloudformation.set_stack_seconds(0.2)
    world.cfn.create_stack(StackName="runner", **world.runner())
    assert world.settled("runner") == "CREATE_COMPLETE"
    first = world.cfn.describe_stack_events(StackName="runner")
    assert len(first["StackEvents"]) == 100
    assert first["NextToken"]
    second = world.cfn.describe_stack_events(StackName="runner", NextToken=first["NextToken"])
    identifiers = [event["EventId"] for event in first["StackEvents"] + second["StackEvents"]]
    assert len(set(identifiers)) == len(identifiers)
    times = [event["Timestamp"] for event in first["StackEvents"]]
    assert times == sorted(times, reverse=True)


def test_rollback_is_left_out_on_request_and_can_follow(world: World) -> None:
    cloudformation_failures.order(ResourceFailure("CREATE", "No", logical_id="Queue"))
    world.cfn.create_stack(StackName="small", DisableRollback=True, **world.small())
    assert world.settled("small") == "CREATE_FAILED"
    assert "Queue" in world.stack("small")["StackStatusReason"]
    world.cfn.rollback_stack(StackName="small")
    assert world.settled("small") == "ROLLBACK_COMPLETE"


@pytest.mark.parametrize("body", [{}, {"operation": "EXPLODE", "logical_id": "A"}])
def test_orders_to_fail_are_checked(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"required|must be one of"):
        cloudformation_failures.handle_control("POST", body, {})


def test_orders_to_fail_are_listed_and_cleared() -> None:
    body = {"operation": "UPDATE", "logical_id": "Queue", "reason": "No", "times": None}
    assert len(cloudformation_failures.handle_control("POST", body, {})["resource_failures"]) == 1
    assert cloudformation_failures.take("anywhere", "any", "Queue", "AWS::SQS::Queue", "UPDATE") == "No"
    assert cloudformation_failures.take("anywhere", "any", "Queue", "AWS::SQS::Queue", "CREATE") is None
    assert cloudformation_failures.handle_control("DELETE", {}, {}) == {"resource_failures": []}


def test_settings_change_the_pace() -> None:
    assert cloudformation.handle_settings("POST", {"stack_seconds": 3}, {}) == {"stack_seconds": 3.0}
    with pytest.raises(ValueError, match="negative"):
        cloudformation.handle_settings("POST", {"stack_seconds": -1}, {})


def test_reset_ends_operations(world: World, endpoint: str) -> None:
    cloudformation.set_stack_seconds(60)
    world.cfn.create_stack(StackName="runner", **world.runner())
    _until(lambda: _statuses(world.events("runner"), "RunnerLog"), 10)
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=10)
    connection.request("POST", "/_ministack/reset")
    assert connection.getresponse().status == 200
    _until(lambda: not cloudformation_operation.running, 5)
    assert not cloudformation_operation.tasks
    assert _refusal(world.cfn.describe_stacks, StackName="runner")[0] == "ValidationError"
    assert not any(kind.store._data for kind in resource_types.NAMED_TYPES)


def test_a_stack_can_be_created_again_beside_what_it_retained(world: World) -> None:
    cloudformation.set_stack_seconds(0.3)
    for _turn in range(2):
        stack_id = world.cfn.create_stack(StackName="runner", **world.runner())["StackId"]
        assert world.settled(stack_id) == "CREATE_COMPLETE", world.events(stack_id)
        world.cfn.delete_stack(StackName=stack_id)
        assert world.settled(stack_id) == "DELETE_COMPLETE"
    assert len(world.client("s3").list_buckets()["Buckets"]) == 6


MORE_TYPES = {
    "Resources": {
        "Group": {
            "Type": "AWS::MemoryDB::ParameterGroup",
            "Properties": {"ParameterGroupName": "group", "Family": "memorydb_valkey7"},
        },
        "User": {"Type": "AWS::MemoryDB::User", "Properties": {"UserName": "runner", "AccessString": "on ~* +@all"}},
        "Acl": {"Type": "AWS::MemoryDB::ACL", "Properties": {"ACLName": "acl", "UserNames": [{"Ref": "User"}]}},
        "Cluster": {
            "Type": "AWS::MemoryDB::Cluster",
            "Properties": {"ClusterName": "state", "NodeType": "db.t4g.small", "ACLName": {"Ref": "Acl"}},
        },
        "Cache": {
            "Type": "AWS::ElastiCache::ServerlessCache",
            "Properties": {"ServerlessCacheName": "cache", "Engine": "valkey"},
        },
        "Target": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "ResourceId": "service/cluster/runner",
                "ScalableDimension": "ecs:service:DesiredCount",
                "ServiceNamespace": "ecs",
                "MinCapacity": 1,
                "MaxCapacity": 4,
            },
        },
        "Policy": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": "cpu",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": {"Ref": "Target"},
            },
        },
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Egress": {
            "Type": "AWS::EC2::SecurityGroupEgress",
            "Properties": {
                "GroupId": {"Ref": "Firewall"},
                "IpProtocol": "tcp",
                "FromPort": 1,
                "ToPort": 1,
                "CidrIp": "10.0.0.0/8",
            },
        },
        "Firewall": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "d"}},
    },
    "Outputs": {
        "Address": {"Value": {"Fn::GetAtt": ["Cluster", "ClusterEndpoint.Address"]}},
        "CacheAddress": {"Value": {"Fn::GetAtt": ["Cache", "Endpoint.Address"]}},
        "Arn": {"Value": {"Fn::GetAtt": ["Acl", "Arn"]}},
        "Target": {"Value": {"Ref": "Target"}},
        "Policy": {"Value": {"Ref": "Policy"}},
        "Name": {"Value": {"Ref": "Cluster"}},
    },
}


def test_further_resource_types(world: World) -> None:
    stack_id = world.cfn.create_stack(StackName="more", TemplateBody=json.dumps(MORE_TYPES))["StackId"]
    assert world.settled("more") == "CREATE_COMPLETE", world.events("more")
    outputs = {item["OutputKey"]: item["OutputValue"] for item in world.stack("more")["Outputs"]}
    assert outputs["Name"] == "state"
    assert outputs["Address"].endswith(f".memorydb.{REGION}.amazonaws.com")
    assert outputs["CacheAddress"].endswith(f".serverless.cache.{REGION}.amazonaws.com")
    assert ":memorydb:" in outputs["Arn"]
    assert outputs["Target"] == "service/cluster/runner|ecs:service:DesiredCount|ecs"
    assert ":scalingPolicy:" in outputs["Policy"]
    changed = json.dumps(MORE_TYPES).replace("db.t4g.small", "db.r7g.large")
    world.cfn.update_stack(StackName="more", TemplateBody=changed)
    assert world.settled("more") == "UPDATE_COMPLETE"
    assert _statuses(world.events("more"), "Cluster")[-1] == "UPDATE_COMPLETE"
    world.cfn.create_stack(StackName="twin", TemplateBody=json.dumps(MORE_TYPES))
    assert world.settled("twin") == "ROLLBACK_COMPLETE"
    world.cfn.delete_stack(StackName="more")
    assert world.settled(stack_id) == "DELETE_COMPLETE", world.events(stack_id)
