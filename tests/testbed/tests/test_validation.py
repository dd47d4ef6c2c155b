# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test bed refuses what AWS refuses: lengths, counts, patterns, reserved names, and roles that do not trust."""

from __future__ import annotations

import json
import sys
import typing as t

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.testbed.client import TestBed

ACCOUNT = "123456789012"
BODY = json.dumps({"Resources": {"First": {"Type": "AWS::Logs::LogGroup"}}})
VPC = "vpc-0a7d5c3e1f9b80246"
SERVICE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/of-cloudformation"


def tags(number: int, key: str = "key") -> list[dict[str, str]]:
    return [{"Key": f"{key}{index}", "Value": "one"} for index in range(number)]


STACK = {"StackName": "one", "TemplateBody": BODY}
GROUP = {"GroupName": "one", "Description": "one", "VpcId": VPC}
NAME = "contract.gitpod.example.com"
INVALID = "ValidationError"
CASES: list[tuple[str, str, dict[str, t.Any], str, str]] = [
    ("cloudformation", "create_stack", {**STACK, "StackName": "1-one"}, INVALID, "[a-zA-Z][-a-zA-Z0-9]*"),
    ("cloudformation", "create_stack", {**STACK, "StackName": "a_b"}, INVALID, "'stackName'"),
    ("cloudformation", "create_stack", {**STACK, "StackName": "a" * 129}, INVALID, "less than or equal to 128"),
    ("cloudformation", "create_stack", {**STACK, "TemplateBody": "x" * 51_201}, INVALID, "'templateBody'"),
    ("cloudformation", "create_stack", {**STACK, "Tags": tags(51)}, INVALID, "'tags' failed"),
    ("cloudformation", "create_stack", {**STACK, "Tags": tags(1, "aws:")}, INVALID, "aws: prefixed"),
    ("cloudformation", "create_stack", {**STACK, "Tags": tags(1, "k" * 130)}, INVALID, "'tags.1.member.key'"),
    ("cloudformation", "create_stack", {**STACK, "ClientRequestToken": "a b"}, INVALID, "'clientRequestToken'"),
    ("cloudformation", "create_stack", {**STACK, "OnFailure": "NEVER"}, INVALID, "enum value set"),
    ("cloudformation", "create_stack", {**STACK, "RoleARN": "arn:aws:iam::123456789012:role/no"}, INVALID, "assumed"),
    ("iam", "get_role", {"RoleName": "a" * 65}, INVALID, "less than or equal to 64"),
    ("acm", "request_certificate", {"DomainName": "a" * 50 + ".gitpod.example.com"}, "ValidationException", "64"),
    ("acm", "request_certificate", {"DomainName": "not a name"}, "ValidationException", "pattern"),
    ("acm", "request_certificate", {"DomainName": NAME, "Tags": tags(1, "aws:")}, "InvalidTagException", "aws:"),
    ("ssm", "get_parameter", {"Name": "a" * 2049}, "ValidationException", "'name' failed"),
    ("ec2", "create_security_group", {**GROUP, "GroupName": "a" * 256}, "InvalidParameterValue", "groupName"),
    ("ec2", "create_security_group", {**GROUP, "GroupName": "ä"}, "InvalidParameterValue", "group name"),
    ("ec2", "create_security_group", {**GROUP, "GroupName": "sg-one"}, "InvalidParameterValue", "sg-"),
    ("ec2", "create_security_group", {**GROUP, "Description": "a_<b>"}, "InvalidParameterValue", "description"),
    ("ec2", "create_tags", {"Resources": [VPC], "Tags": tags(51)}, "TagLimitExceeded", "50"),
    ("ec2", "create_tags", {"Resources": [VPC], "Tags": tags(1, "aws:")}, "InvalidParameterValue", "aws:"),
    ("ec2", "create_tags", {"Resources": [VPC], "Tags": tags(1, "k" * 130)}, "InvalidParameterValue", "128"),
]


@pytest.fixture(scope="module")
def testbed() -> t.Iterator[TestBed]:
    with TestBed.start(sys.executable, stack_seconds=0.2) as running:
        yield running


def client(testbed: TestBed, service: str) -> t.Any:
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=testbed.aws_endpoint_url,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


@pytest.mark.parametrize(("service", "operation", "arguments", "code", "words"), CASES)
def test_what_aws_refuses(
    testbed: TestBed, service: str, operation: str, arguments: dict[str, t.Any], code: str, words: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(client(testbed, service), operation)(**arguments)
    answer = caught.value.response["Error"]
    assert answer["Code"] == code
    assert words in answer["Message"]


def test_all_that_is_wrong_is_told_at_once(testbed: TestBed) -> None:
    with pytest.raises(ClientError) as caught:
        client(testbed, "cloudformation").create_stack(**{**STACK, "StackName": "1", "OnFailure": "NEVER"})
    assert caught.value.response["Error"]["Message"].startswith("2 validation errors detected: ")


def test_what_is_just_allowed_is_taken(testbed: TestBed) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    client(testbed, "iam").create_role(RoleName="of-cloudformation", AssumeRolePolicyDocument=document)
    cloudformation = client(testbed, "cloudformation")
    made = cloudformation.create_stack(StackName="a" * 128, TemplateBody=BODY, Tags=tags(50), RoleARN=SERVICE_ROLE)
    assert made["StackId"].split("/")[1] == "a" * 128
    client(testbed, "ec2").create_security_group(**{**GROUP, "GroupName": "a" * 255})
    name = ("a" * 63 + ".gitpod.example.com")[-64:].lstrip("-.")
    assert client(testbed, "acm").request_certificate(DomainName=name)["CertificateArn"]


def test_a_role_that_trusts_somebody_else_is_refused(testbed: TestBed) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    for operation in ("create_stack", "update_stack"):
        with pytest.raises(ClientError) as caught:
            getattr(client(testbed, "cloudformation"), operation)(**STACK, RoleARN=role)
        assert caught.value.response["Error"]["Message"] == f"Role {role} is invalid or cannot be assumed"
