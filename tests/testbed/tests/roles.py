# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles of the test bed with policies of a test's own, and sessions of them."""

from __future__ import annotations

import json
import typing as t
import uuid

import boto3
import pytest
from botocore.exceptions import ClientError

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

ACCOUNT, REGION = "123456789012", "ap-southeast-2"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/runner/*"
Statement = dict[str, t.Any]


def allow(*actions: str, resource: str = "*", **condition: t.Any) -> Statement:
    statement: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


EVERYTHING = allow("*")


def deny(*actions: str) -> Statement:
    return {"Effect": "Deny", "Action": list(actions), "Resource": "*"}


def document(*statements: Statement) -> dict[str, t.Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


class Role:
    """A role of the test bed, and a session of it."""

    def __init__(self, testbed: TestBed, *statements: Statement, boundary: Statement | None = None) -> None:
        self.testbed = testbed
        self.name = f"Role-{uuid.uuid4()}"
        iam = self.of_account("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        options: dict[str, t.Any] = {"AssumeRolePolicyDocument": json.dumps(document(trust)), "Path": "/teams/"}
        if boundary:
            text = json.dumps(document(boundary))
            made = iam.create_policy(PolicyName=f"Boundary-{uuid.uuid4()}", PolicyDocument=text)
            options["PermissionsBoundary"] = made["Policy"]["Arn"]
        self.arn = iam.create_role(RoleName=self.name, **options)["Role"]["Arn"]
        text = json.dumps(document(*statements))
        iam.put_role_policy(RoleName=self.name, PolicyName="Inline", PolicyDocument=text)
        self._keys = self.of_account("sts").assume_role(RoleArn=self.arn, RoleSessionName="test")["Credentials"]
        self.session_arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.name}/test"

    def of_account(self, service: str) -> t.Any:
        keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=REGION, endpoint_url=self.testbed.aws_endpoint_url, **keys)

    def client(self, service: str) -> t.Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.testbed.aws_endpoint_url,
            aws_access_key_id=self._keys["AccessKeyId"],
            aws_secret_access_key=self._keys["SecretAccessKey"],
            aws_session_token=self._keys["SessionToken"],
        )

    def refusal(self, service: str, operation: str, **parameters: t.Any) -> tuple[str, str]:
        """Code and message."""
        with pytest.raises(ClientError) as refused:
            getattr(self.client(service), operation)(**parameters)
        error = refused.value.response["Error"]
        return error["Code"], error["Message"]

    def simulated(self, *actions: str, **options: t.Any) -> list[dict[str, t.Any]]:
        answered = self.of_account("iam").simulate_principal_policy(
            PolicySourceArn=self.arn, ActionNames=list(actions), **options
        )
        results: list[dict[str, t.Any]] = answered["EvaluationResults"]
        return results
