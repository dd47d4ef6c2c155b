# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callers: who they are, and how each service refuses those that it does not know."""

from __future__ import annotations

import json
import sys
import typing as t

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.testbed.client import TestBed

ACCOUNT, OTHER = "123456789012", "210987654321"
SECRET = "test"
ROLE = f"arn:aws:iam::{OTHER}:role/dns-editor"
OPERATOR = f"arn:aws:iam::{ACCOUNT}:user/gitpod-operator"
CALLS = {
    "sts": "get_caller_identity",
    "iam": "list_roles",
    "cloudformation": "list_stacks",
    "elbv2": "describe_load_balancers",
    "route53": "list_hosted_zones",
    "ec2": "describe_vpcs",
    "acm": "list_certificates",
    "ssm": "describe_parameters",
    "secretsmanager": "list_secrets",
    "service-quotas": "list_services",
    "s3": "list_buckets",
}
QUERY = ("sts", "iam", "cloudformation", "elbv2", "route53")
JSON = ("acm", "ssm", "secretsmanager", "service-quotas")
REGIONAL = tuple(name for name in CALLS if name not in ("iam", "route53"))


@pytest.fixture(scope="module")
def testbed() -> t.Iterator[TestBed]:
    with TestBed.start(sys.executable, stack_seconds=0.2) as running:
        yield running


def client(testbed: TestBed, service: str, key: str = ACCOUNT, secret: str = SECRET, **more: t.Any) -> t.Any:
    return boto3.client(
        service,
        region_name=more.pop("region", "us-east-1"),
        endpoint_url=testbed.aws_endpoint_url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
        **more,
    )


def refusal(testbed: TestBed, service: str, **keys: t.Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        getattr(client(testbed, service, **keys), CALLS[service])()
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def codes(query: tuple[str, int], json_code: tuple[str, int], ec2: tuple[str, int], s3: tuple[str, int]) -> t.Any:
    return {**dict.fromkeys(QUERY, query), **dict.fromkeys(JSON, json_code), "ec2": ec2, "s3": s3}


NOBODY = codes(
    ("InvalidClientTokenId", 403),
    ("UnrecognizedClientException", 400),
    ("AuthFailure", 401),
    ("InvalidAccessKeyId", 403),
)


def test_the_caller_is_a_user_and_not_the_account(testbed: TestBed) -> None:
    found = client(testbed, "sts").get_caller_identity()
    assert (found["Account"], found["Arn"]) == (ACCOUNT, OPERATOR)
    assert found["UserId"].startswith("AIDA")


@pytest.mark.parametrize("service", CALLS)
def test_a_key_of_nobody_is_refused_in_the_services_own_words(testbed: TestBed, service: str) -> None:
    assert refusal(testbed, service, key="AKIANOBODYNOBODYNOBO") == NOBODY[service]
    assert refusal(testbed, service, key="999999999999") == NOBODY[service]


@pytest.mark.parametrize("service", CALLS)
def test_a_wrong_secret_is_a_wrong_signature(testbed: TestBed, service: str) -> None:
    wrong = codes(
        ("SignatureDoesNotMatch", 403),
        ("InvalidSignatureException", 400),
        ("AuthFailure", 401),
        ("SignatureDoesNotMatch", 403),
    )
    assert refusal(testbed, service, secret="other") == wrong[service]


@pytest.mark.parametrize("service", REGIONAL)
def test_a_region_that_is_not_enabled_refuses_good_keys(testbed: TestBed, service: str) -> None:
    assert refusal(testbed, service, region="eu-south-1") == NOBODY[service]


def test_a_region_can_be_enabled(testbed: TestBed) -> None:
    testbed.control("POST", "regions", {"region": "me-central-1"})
    assert client(testbed, "sts", region="me-central-1").get_caller_identity()["Account"] == ACCOUNT


def test_a_session_needs_its_token(testbed: TestBed) -> None:
    keys = client(testbed, "sts").assume_role(RoleArn=ROLE, RoleSessionName="night-shift")
    assert set(keys) - {"ResponseMetadata"} == {"Credentials", "AssumedRoleUser"}
    own = {"key": keys["Credentials"]["AccessKeyId"], "secret": keys["Credentials"]["SecretAccessKey"]}
    token = keys["Credentials"]["SessionToken"]
    session = client(testbed, "sts", **own, aws_session_token=token)
    assert session.get_caller_identity()["Arn"] == f"arn:aws:sts::{OTHER}:assumed-role/dns-editor/night-shift"
    assert refusal(testbed, "ec2", **own) == NOBODY["ec2"]
    assert refusal(testbed, "ssm", **own, aws_session_token=f"{token}x") == NOBODY["ssm"]


def create_role(testbed: TestBed, name: str, principal: t.Any, **more: t.Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn: str = client(testbed, "iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    return arn


def assumed(testbed: TestBed, arn: str, name: str = "one", **more: t.Any) -> tuple[str, str]:
    try:
        client(testbed, "sts").assume_role(RoleArn=arn, RoleSessionName=name, **more)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return "", ""


def test_a_role_is_assumed_only_by_those_that_it_trusts(testbed: TestBed) -> None:
    external = {"Condition": {"StringEquals": {"sts:ExternalId": "ours"}}}
    trusting = create_role(testbed, "trusting", {"AWS": OPERATOR})
    others = create_role(testbed, "others", {"AWS": f"arn:aws:iam::{OTHER}:root"})
    service = create_role(testbed, "service", {"Service": "cloudformation.amazonaws.com"})
    conditional = create_role(testbed, "conditional", {"AWS": ACCOUNT}, **external)
    nowhere = f"arn:aws:iam::{ACCOUNT}:role/nowhere"
    elsewhere = trusting.replace(":role/", ":role/path/")
    assert assumed(testbed, trusting) == ("", "")
    assert assumed(testbed, conditional, ExternalId="ours") == ("", "")
    for arn in (others, service, conditional, nowhere, elsewhere):
        words = f"User: {OPERATOR} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        assert assumed(testbed, arn) == ("AccessDenied", words)


@pytest.mark.parametrize(
    ("arn", "name", "words"),
    [
        ("arn:a::::something/test-role", "one", "arn:a::::something/test-role is invalid"),
        (ROLE, "one:two", r"Member must satisfy regular expression pattern: [\w+=,.@-]*"),
        (ROLE, "x" * 65, "Member must have length less than or equal to 64"),
    ],
)
def test_malformed_requests_for_a_role_are_refused(testbed: TestBed, arn: str, name: str, words: str) -> None:
    code, message = assumed(testbed, arn, name)
    assert code == "ValidationError"
    assert message.endswith(words)


def test_a_session_lasts_no_longer_than_the_role_allows(testbed: TestBed) -> None:
    code, message = assumed(testbed, ROLE, DurationSeconds=7200)
    assert code == "ValidationError"
    assert "MaxSessionDuration" in message
