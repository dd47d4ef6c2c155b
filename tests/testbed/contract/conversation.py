# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A handful of calls for each operation that the collection calls, and the keys of what the test bed answers."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
import typing as t

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.testbed.client import TestBed

from . import shapes

REGION, ACCOUNT = "us-east-1", "123456789012"
VPC, SUBNETS = "vpc-0a7d5c3e1f9b80246", ["subnet-0a1e2c4b6d8f01351", "subnet-0a1e2c4b6d8f01352"]
GATEWAY = "subnet-0a1b3d5f7e9c02461"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/5d1c3a52-6d0a-4b1e-9a55-0f3c0e7b1a01"
ENDPOINT_SERVICE = "com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2"
ZONE = "Z08A1B2C3D4E5F6G7H8I9"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
RUNNER = {
    "InstallationKey": "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c01",
    "PlacementNetwork": VPC,
    "PlacementZones": "us-east-1a,us-east-1b",
    "WorkloadSegments": ",".join(SUBNETS),
    "FrontDoorSegments": "subnet-0a1b3d5f7e9c02461,subnet-0a1b3d5f7e9c02462",
    "FrontDoorScheme": "internet-facing",
    "FrontDoorName": "us.gitpod.example.com",
    "FrontDoorKeyPair": CERTIFICATE,
}
SMALL = {
    "Parameters": {"Days": {"Type": "String", "Default": "7"}},
    "Resources": {"First": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": {"Ref": "Days"}}}},
    "Outputs": {"Group": {"Value": {"Ref": "First"}}},
}
TAGS = [{"Key": "purpose", "Value": "contract"}]


@dataclasses.dataclass
class Heard:
    """What the test bed answered.

    :param answers: keys by operation and path.
    :param refused: operations that answered with an error, each with its codes.
    """

    answers: dict[str, shapes.Paths] = dataclasses.field(default_factory=dict)
    refused: dict[str, set[str]] = dataclasses.field(default_factory=dict)

    def note(self, service: str, parsed: t.Mapping[str, t.Any], model: t.Any) -> None:
        """One answer, as the SDK has parsed it."""
        operation = f"{service}:{model.name}"
        if "Error" in parsed:
            self.refused.setdefault(operation, set()).add(str(parsed["Error"].get("Code")))
            return
        found = self.answers.setdefault(operation, {})
        shapes.walk(model.output_shape, parsed, "", found)


class Conversation:
    """The calls, one group after the other; later groups use what earlier ones made."""

    def __init__(self, testbed: TestBed, heard: Heard) -> None:
        self.testbed, self.heard = testbed, heard
        self._clients: dict[str, t.Any] = {}

    def client(self, service: str) -> t.Any:
        """Of a service in the first region, whose answers are noted."""
        if service not in self._clients:
            made = boto3.client(
                service,
                region_name=REGION,
                endpoint_url=self.testbed.aws_endpoint_url,
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}),
            )

            def heard(parsed: t.Mapping[str, t.Any], model: t.Any, **_more: t.Any) -> None:
                self.heard.note(service, parsed, model)

            made.meta.events.register("after-call", heard)
            self._clients[service] = made
        return self._clients[service]

    def settled(self, stack: str) -> None:
        """Wait until the stack is at rest."""
        for _turn in range(200):
            try:
                found = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
            except ClientError:
                return
            if not found["StackStatus"].endswith("IN_PROGRESS"):
                return
            time.sleep(0.1)
        raise AssertionError(f"{stack} does not come to rest")

    def stacks(self) -> None:
        """The runner's stack, and small ones through every operation."""
        cfn = self.client("cloudformation")
        given = {**RUNNER, "BootstrapSecret": self.testbed.exchange_tokens[REGION]}
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
        options = {"StackName": "contract", "Capabilities": CAPABILITIES, "Tags": TAGS}
        cfn.create_stack(
            TemplateURL=self.testbed.template_url, Parameters=parameters, ClientRequestToken="contract-1", **options
        )
        self.settled("contract")
        cfn.list_stacks()
        cfn.list_stack_resources(StackName="contract")
        cfn.describe_stack_events(StackName="contract")
        cfn.get_template(StackName="contract", TemplateStage="Original")
        cfn.get_template_summary(TemplateURL=self.testbed.template_url)
        cfn.get_template_summary(TemplateBody=json.dumps({**SMALL, "AWSTemplateFormatVersion": "2010-09-09"}))
        cfn.update_termination_protection(StackName="contract", EnableTerminationProtection=True)
        policy = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}
        cfn.set_stack_policy(StackName="contract", StackPolicyBody=json.dumps(policy))
        cfn.get_stack_policy(StackName="contract")
        cfn.describe_stacks()

    def small_stacks(self) -> None:
        """Change sets, drift, failures, and the end."""
        cfn = self.client("cloudformation")
        body = json.dumps({**SMALL, "Description": "Of the contract"})
        cfn.create_change_set(
            StackName="small", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=body, Tags=TAGS
        )
        self._change_set("first")
        cfn.describe_stacks(StackName="small")
        cfn.execute_change_set(StackName="small", ChangeSetName="first")
        self.settled("small")
        for name, days in (("second", "30"), ("none", "7")):
            given = [{"ParameterKey": "Days", "ParameterValue": days}]
            cfn.create_change_set(
                StackName="small", ChangeSetName=name, UsePreviousTemplate=True, Parameters=given, ClientToken=name
            )
            self._change_set(name)
        cfn.list_change_sets(StackName="small")
        cfn.delete_change_set(StackName="small", ChangeSetName="none")
        self._drift()
        cfn.execute_change_set(StackName="small", ChangeSetName="second")
        self.settled("small")
        self._failures(body)
        cfn.delete_stack(StackName="small")
        self.settled("small")
        cfn.list_stacks()

    def _change_set(self, name: str) -> None:
        for _turn in range(100):
            found = self.client("cloudformation").describe_change_set(
                StackName="small", ChangeSetName=name, IncludePropertyValues=name == "second"
            )
            if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
                return
            time.sleep(0.05)

    def _drift(self) -> None:
        cfn, logs = self.client("cloudformation"), self.client("logs")
        found = cfn.list_stack_resources(StackName="small")["StackResourceSummaries"]
        logs.put_retention_policy(logGroupName=found[0]["PhysicalResourceId"], retentionInDays=90)
        detection = cfn.detect_stack_drift(StackName="small")["StackDriftDetectionId"]
        for _turn in range(50):
            found = cfn.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
            if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                break
            time.sleep(0.05)
        cfn.describe_stack_resource_drifts(StackName="small")

    def _failures(self, body: str) -> None:
        cfn = self.client("cloudformation")
        self.testbed.fail_resource(logical_id="First", operation="create", reason="No room for it")
        cfn.create_stack(StackName="failing", TemplateBody=body, ClientRequestToken="contract-2")
        self.settled("failing")
        cfn.describe_stack_events(StackName="failing")
        cfn.delete_stack(StackName="failing")
        self.settled("failing")
        for call in (cfn.cancel_update_stack, cfn.continue_update_rollback):
            self.refused(call, StackName="small")
        self.refused(cfn.describe_events, StackName="small")

    def refused(self, call: t.Callable[..., t.Any], **arguments: t.Any) -> dict[str, t.Any]:
        """A call that may be answered with an error, which is noted; the answer, or nothing."""
        try:
            found: dict[str, t.Any] = call(**arguments)
        except ClientError:
            return {}
        return found


def heard(python: str = sys.executable) -> Heard:
    """Start a test bed, talk with it, and tell what it answered."""
    from . import services

    noted = Heard()
    with TestBed.start(python, stack_seconds=0.2) as testbed:
        services.everything(Conversation(testbed, noted))
    return noted
