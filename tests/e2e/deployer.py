# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role in the test bed's IAM that has the documented policies and nothing else, with the placeholders filled in."""

from __future__ import annotations

import copy
import json
import pathlib
import typing as t
import uuid

import boto3

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import policy
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import registry as _permissions
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.stages import PLAYBOOKS

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

# The policies to copy, as docs/permissions.md offers them.
FILES = pathlib.Path(__file__).resolve().parents[2] / "docs/policies"
ZONE = "Z08A1B2C3D4E5F6G7H8I9"
ACCOUNT = "123456789012"
Policies = dict[str, dict[str, t.Any]]


def placeholders(host: str, variables: t.Mapping[str, t.Any], **more: str) -> dict[str, str]:
    """What stands for each placeholder of docs/permissions.md in the policies of one runner.

    :param variables: of its inventory.
    """
    kind, _colon, name = str(variables.get("gitpod_custom_ca", "")).partition(":")
    return {
        "partition": "aws",
        "region": variables["gitpod_region"],
        "account": ACCOUNT,
        "stack name": host,
        "stack name in lower case": host.lower(),
        "domain": str(variables.get("gitpod_domain_name", "example.com")),
        "hosted zone": ZONE,
        "path": name if kind == "ssm" else "/none",
        "secret": name if kind == "secretsmanager" else "none",
        "template bucket": str(variables.get("gitpod_stack_template_bucket", "none")),
        "service role": str(variables.get("gitpod_stack_service_role_arn", f"arn:aws:iam::{ACCOUNT}:role/none")),
        "the role": str(variables.get("gitpod_dns_role_arn", f"arn:aws:iam::{ACCOUNT}:role/none")),
        **more,
    }


def documented(host: str, variables: t.Mapping[str, t.Any], playbook: str = "", **more: str) -> Policies:
    """The documented policies for one runner, by a name: of one playbook, or of all of them.

    They are the very files that users copy.
    """
    values = placeholders(host, variables, **more)
    return {
        f"{host}-{path.stem}": policy.filled(json.loads(path.read_text("utf-8")), values)
        for name in ([playbook] if playbook else PLAYBOOKS)
        for path in files_of(name)
    }


def files_of(playbook: str) -> list[pathlib.Path]:
    """The files to copy for a playbook: one, or numbered ones where the policy is too large for one.

    :raises FileNotFoundError: there is none.
    """
    found = sorted([*FILES.glob(f"{playbook}.json"), *FILES.glob(f"{playbook}-[0-9].json")])
    if not found:
        raise FileNotFoundError(f"no policy of the playbook {playbook} in {FILES}")
    return found


def without(policies: Policies, actions: t.Collection[str]) -> Policies:
    """The same policies without these actions."""
    found = copy.deepcopy(policies)
    for document in found.values():
        for statement in document["Statement"]:
            statement["Action"] = [action for action in statement["Action"] if action not in actions]
        document["Statement"] = [statement for statement in document["Statement"] if statement["Action"]]
    return {name: document for name, document in found.items() if document["Statement"]}


def optional_actions() -> set[str]:
    """What the collection goes on without."""
    return {name for name, action in _permissions.all_actions().items() if action.optional}


class Deployer:
    """The role; its policies can be exchanged, so that one session serves many cases."""

    def __init__(self, testbed: TestBed, policies: Policies) -> None:
        self._iam = self._client(testbed, "iam")
        self._name = f"Deployer-{uuid.uuid4()}"
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        made = self._iam.create_role(RoleName=self._name, Path="/teams/", AssumeRolePolicyDocument=document)
        self.arn: str = made["Role"]["Arn"]
        self._given: set[str] = set()
        self.give(policies)
        sts = self._client(testbed, "sts")
        self.keys: dict[str, str] = sts.assume_role(RoleArn=self.arn, RoleSessionName="test")["Credentials"]

    @staticmethod
    def _client(testbed: TestBed, service: str) -> t.Any:
        keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test"}
        return boto3.client(service, region_name="us-east-1", endpoint_url=testbed.aws_endpoint_url, **keys)

    def give(self, policies: Policies) -> None:
        """These policies from now on, and no others."""
        for name in self._given - set(policies):
            self._iam.delete_role_policy(RoleName=self._name, PolicyName=name)
        for name, document in policies.items():
            self._iam.put_role_policy(RoleName=self._name, PolicyName=name, PolicyDocument=json.dumps(document))
        self._given = set(policies)

    @property
    def options(self) -> dict[str, str]:
        """The session's credentials as options of modules."""
        return {
            "access_key": self.keys["AccessKeyId"],
            "secret_key": self.keys["SecretAccessKey"],
            "session_token": self.keys["SessionToken"],
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same as AWS's SDKs read them."""
        return {
            "AWS_ACCESS_KEY_ID": self.keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": self.keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": self.keys["SessionToken"],
        }
