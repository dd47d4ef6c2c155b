# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of many accounts and regions: whose credentials, how often they try, and what is made once for all."""

from __future__ import annotations

import concurrent.futures
import pathlib
import typing as t

import pytest
from botocore.stub import Stubber

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.clients import (
    UNREAD,
    Clients,
    FleetConnections,
    Role,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.gathering import attempt
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import registry as _permissions


class Module:
    """A module with amazon.aws's options, all unset but these."""

    def __init__(self, **options: t.Any) -> None:
        names = ("profile", "access_key", "secret_key", "session_token", "endpoint_url", "region", "aws_config")
        self.params = {**dict.fromkeys((*names, "aws_ca_bundle")), "validate_certs": True, **options}

    def fail_json(self, **result: t.Any) -> None:
        raise AssertionError(result)


@pytest.fixture(autouse=True)
def configuration(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two profiles of two accounts, and nothing of the machine's own."""
    file = tmp_path / "credentials"
    file.write_text(
        "[one]\naws_access_key_id = KEYONE\naws_secret_access_key = x\n"
        "[two]\naws_access_key_id = KEYTWO\naws_secret_access_key = x\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)


def key(client: t.Any) -> str:
    """Whose credentials a client has."""
    return str(client.client._request_signer._credentials.access_key)


def test_each_runner_has_its_own_profile_and_region_and_the_modules_where_it_names_none() -> None:
    connections = FleetConnections(Module(access_key="OWN", secret_key="x", region="eu-west-1"))
    own, one, two = (
        connections.of("", ""),
        connections.of("us-east-1", "one"),
        connections.of("us-east-1", "two"),
    )
    assert [key(clients("ec2")) for clients in (own, one, two)] == ["OWN", "KEYONE", "KEYTWO"]
    assert [clients("ec2").meta.region_name for clients in (own, one)] == ["eu-west-1", "us-east-1"]
    by_profile = FleetConnections(Module(profile="one", region="eu-west-1"))
    assert [key(by_profile.of("", name)("ec2")) for name in ("", "two")] == ["KEYONE", "KEYTWO"]


def test_a_client_is_made_once_for_the_runners_of_a_region_and_a_global_one_for_all_regions() -> None:
    connections = FleetConnections(Module(access_key="OWN", secret_key="x"))
    regions = ["us-east-1", "eu-central-1"] * 8
    with concurrent.futures.ThreadPoolExecutor(16) as threads:
        ec2 = list(threads.map(lambda region: connections.of(region)("ec2"), regions))
    assert len({id(client) for client in ec2}) == 2
    iam = [connections.of(region)("iam") for region in ("us-east-1", "eu-central-1", "us-gov-west-1")]
    assert iam[0] is iam[1]
    assert iam[2] is not iam[0]
    assert connections.of("us-east-1", "one")("iam") is not iam[0]


def test_of_a_large_service_there_is_what_the_collection_calls() -> None:
    ec2 = FleetConnections(Module(access_key="OWN", secret_key="x")).of("us-east-1")("ec2")
    operations = set(ec2.meta.service_model.operation_names)
    listed = {name.partition(":")[2] for name in _permissions.all_actions() if name.startswith("ec2:")}
    assert operations == listed
    assert ec2.can_paginate("describe_instances")


def test_of_a_simulations_answer_there_is_what_the_prerequisites_read() -> None:
    iam = FleetConnections(Module(access_key="OWN", secret_key="x")).of("us-east-1")("iam")
    with Stubber(iam.client) as stub:
        answer = {
            "EvaluationResults": [
                {
                    "EvalActionName": "s3:GetObject",
                    "EvalResourceName": "*",
                    "EvalDecision": "implicitDeny",
                    "MissingContextValues": ["aws:SourceIp"],
                    "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
                    "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": True},
                    "ResourceSpecificResults": [
                        {"EvalResourceName": "arn:aws:s3:::a/b", "EvalResourceDecision": "allowed"}
                    ],
                }
            ]
        }
        asked = {"PolicySourceArn": "arn:aws:iam::111122223333:user/me", "ActionNames": ["s3:GetObject"]}
        stub.add_response("simulate_principal_policy", answer, asked)
        assert iam.simulate_principal_policy(**asked) == answer
    shapes = iam.meta.service_model.shape_for
    for shape, unread in UNREAD["iam"].items():
        assert shapes(shape).members.keys().isdisjoint(unread)


def test_clients_give_up_in_seconds_and_try_again_what_was_reset() -> None:
    config = FleetConnections(Module(access_key="OWN", secret_key="x")).of("us-east-1")("ec2").meta.config
    assert config.connect_timeout <= 5
    # The one layer that tries again is the collection's own (_retry), which tests/unit/aws shows with real clients.
    assert config.retries["total_max_attempts"] == 1


def test_what_cannot_be_used_ends_the_runners_look_at_once() -> None:
    connections = FleetConnections(Module(access_key="OWN", secret_key="x"))
    with pytest.raises(InputError, match="No region"):
        connections.of("")
    with pytest.raises(InputError, match=r"nobody.*gitpod_aws_profile"):
        connections.of("us-east-1", "nobody")
    assert key(connections.of("us-east-1", "one")("ec2")) == "KEYONE"


def test_nobody_is_asked_for_an_mfa_code(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK would prompt at the terminal, and its end of input would be told as a fault of the collection."""
    (tmp_path / "config").write_text(
        "[profile coded]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = one\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/me\n"
    )
    monkeypatch.setattr("getpass.getpass", lambda *_prompt: pytest.fail("somebody was asked"))
    clients = FleetConnections(Module(endpoint_url="http://127.0.0.1:1")).of("us-east-1", "coded")
    found = attempt("sts:GetCallerIdentity", lambda: clients("sts").get_caller_identity(aws_retry=True))
    assert isinstance(found, Unread)
    assert "MFA code (mfa_serial)" in found.message
    assert "name a profile" in found.message


class Sts:
    """Notes how often a role is assumed."""

    def __init__(self) -> None:
        self.assumed: list[str] = []

    def assume_role(self, RoleArn: str, **_more: t.Any) -> dict[str, t.Any]:  # noqa: N803 - the SDK's name
        self.assumed.append(RoleArn)
        return {"Credentials": {"AccessKeyId": "ROLE", "SecretAccessKey": "x", "SessionToken": "y"}}


def test_a_role_is_assumed_once_for_all_regions_and_only_when_it_is_needed() -> None:
    sts, made = Sts(), []

    def make(service: str, **credentials: str) -> t.Any:
        made.append((service, credentials.get("aws_access_key_id", "")))
        return sts if service == "sts" else service

    here, there = Clients(make), Clients(make)
    role = Role("arn:aws:iam::2:role/dns", lambda: here("sts"))
    zones = [clients.assuming("arn:aws:iam::2:role/dns", role) for clients in (here, there)]
    assert sts.assumed == []
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda clients: clients("route53"), zones * 4))
    assert sts.assumed == ["arn:aws:iam::2:role/dns"]
    assert made.count(("route53", "ROLE")) == 2
