# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies: sizes, splitting, placeholders; and the simulation of what they allow, in the shapes of AWS's answers."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
import subprocess
import typing as t

import pytest
from samples import FACTS, WANTED, look

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import policy
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.actions import SCOPES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.stages import PLAYBOOKS, STAGES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import simulating
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import permissions
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Caller, Decision

DOCS = pathlib.Path("docs")
CALLER = Caller("123456789012", "arn:aws:sts::123456789012:assumed-role/Deployer/session")
PLAIN = dataclasses.replace(WANTED, privatelink_enabled=False, dns_provider="manual")


def test_no_policy_is_larger_than_a_managed_policy_may_be() -> None:
    for playbook in PLAYBOOKS:
        documents = policy.policies_of_playbook(playbook)
        assert all(policy.size(document) <= policy.LARGEST for document in documents), playbook
    assert 1 < len(policy.policies_of_playbook("site")) <= 3
    assert policy.size({"a": [1, "b c"]}) == len('{"a":[1,"bc"]}')


def test_a_playbook_s_policies_hold_the_actions_of_its_stages_each_limited_as_there() -> None:
    for playbook, stages in PLAYBOOKS.items():
        statements = [one for document in policy.policies_of_playbook(playbook) for one in document["Statement"]]
        listed = {name for statement in statements for name in statement["Action"]}
        assert listed == {action.name for stage in stages for action in STAGES[stage]}
        assert len({statement["Sid"] for statement in statements}) == len(statements)
        assert all(statement["Sid"].isalnum() for statement in statements)


def test_an_option_that_is_not_used_is_left_out() -> None:
    documents = policy.policies_of_playbook("site", settings=())
    text = json.dumps(documents)
    assert "AssumeRole" not in text
    assert "CreateStack" in text
    assert {statement["Sid"].rstrip("0123456789") for one in documents for statement in one["Statement"]} == {"Always"}


def test_every_placeholder_is_filled_and_a_missing_value_is_told() -> None:
    document = policy.policy("dns")
    names = [name[1:-1] for name in policy.placeholders(document)]
    assert names == ["domain", "hosted zone", "partition", "the role"]
    filled = policy.filled(document, dict.fromkeys(names, 'x"y'))
    assert policy.placeholders(filled) == []
    with pytest.raises(InputError, match="needs a value for <domain>"):
        policy.filled(document, {"partition": "aws", "hosted zone": "Z1", "the role": "r"})


def test_no_partition_region_or_account_is_written_down() -> None:
    resources = [resource for scope in SCOPES.values() for resource in scope.resources]
    assert [resource for resource in resources if resource.startswith("arn:aws")] == []


def test_the_pages_to_copy_are_the_policies() -> None:
    assert json.loads((DOCS / "policies/status.json").read_text("utf-8")) == policy.policies_of_playbook("status")[0]


def test_the_command_that_the_page_shows_fills_a_policy_in() -> None:
    (command,) = re.findall(r"```sh\n(.*?)```", (DOCS / "permissions.md").read_text("utf-8"), re.DOTALL)
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    left = policy.placeholders(json.loads(done.stdout))
    assert left == ["<the role>"], "of an option, whose statement can be left out"


@pytest.mark.parametrize(
    ("custom_ca", "scope", "arn"),
    [
        ("ssm:/gitpod/ca:3", "parameter of the CA", "arn:aws:ssm:{}:123456789012:parameter/gitpod/ca"),
        (
            "secretsmanager:ca:SecretString:pem",
            "secret of the CA",
            "arn:aws:secretsmanager:{}:123456789012:secret:ca-a1b2c3",
        ),
    ],
)
def test_a_ca_is_simulated_by_its_name_alone(custom_ca: str, scope: str, arn: str) -> None:
    wanted = dataclasses.replace(PLAIN, custom_ca=custom_ca)
    found = simulating.resources(simulating.Ground(CALLER, wanted, CALLER.policy_source))
    assert found[scope] == (arn.format(PLAIN.region),)


class Iam:
    """IAM as it answers a simulation: pages, and whatever a test has it decide."""

    class exceptions:  # noqa: N801 - the SDK's name
        class ClientError(Exception):
            """Never raised here."""

    def __init__(self, decide: t.Callable[[str, str], dict[str, t.Any]], page: int = 1000) -> None:
        self._decide, self._page = decide, page
        self.asked: list[dict[str, t.Any]] = []

    def get_paginator(self, operation: str) -> Iam:
        assert operation == "simulate_principal_policy"
        return self

    def paginate(self, **asked: t.Any) -> t.Iterator[dict[str, t.Any]]:
        self.asked.append(asked)
        pairs = [(name, arn) for name in asked["ActionNames"] for arn in asked["ResourceArns"]]
        results = [{"EvalActionName": name, "EvalResourceName": arn, **self._decide(name, arn)} for name, arn in pairs]
        for first in range(0, len(results), self._page):
            yield {"EvaluationResults": results[first : first + self._page]}


def allowed(_name: str, _arn: str) -> dict[str, t.Any]:
    return {"EvalDecision": "allowed", "MissingContextValues": []}


def simulated(iam: Iam, wanted: t.Any = PLAIN) -> dict[str, Decision]:
    found = simulating.simulation(iam, CALLER, wanted, "Z0123")
    assert found is not None
    return found


def test_all_pages_are_read_and_a_few_requests_suffice() -> None:
    iam = Iam(allowed, page=7)
    found = simulated(iam, WANTED)
    assert set(found) == {action.name for action in simulating.simulated(WANTED)}
    assert all(decision.allowed for decision in found.values())
    assert len(iam.asked) <= 4


def test_resources_are_those_of_the_run_and_the_context_is_that_of_its_calls() -> None:
    iam = Iam(allowed)
    simulated(iam)
    arns = {arn for asked in iam.asked for arn in asked["ResourceArns"]}
    assert f"arn:aws:cloudformation:{PLAIN.region}:123456789012:stack/{PLAIN.stack_name}/{simulating.NEW_STACK}" in arns
    given = {entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in iam.asked[0]["ContextEntries"]}
    assert given["aws:RequestedRegion"] == [PLAIN.region]
    assert given["aws:RequestTag/gitpod:managed-by"] == ["gitpod.enterprise_runner"]
    assert given["iam:PassedToService"] == ["cloudformation.amazonaws.com"]
    assert given["ec2:CreateAction"] == ["CreateVpcEndpoint"]


def test_what_iam_said_nothing_of_is_not_simulated_and_never_allowed() -> None:
    iam = Iam(allowed)
    iam.paginate = lambda **asked: iter([{"EvaluationResults": []}])  # type: ignore[method-assign]
    assert simulated(iam) == {}
    finding = look(permissions.needed, {}, {"simulation": {}})
    assert (finding.status, "IAM decided nothing on" in finding.summary) == ("skip", True)


def test_a_missing_condition_key_is_a_warning_that_names_it() -> None:
    """As recorded in openshift/installer#1322."""

    def decide(name: str, arn: str) -> dict[str, t.Any]:
        if name != "cloudformation:CreateStack":
            return allowed(name, arn)
        return {"EvalDecision": "implicitDeny", "MissingContextValues": ["aws:PrincipalOrgID"], "MatchedStatements": []}

    found = simulated(Iam(decide))
    assert found["cloudformation:CreateStack"].open
    finding = look(permissions.needed, {}, {"simulation": {**(FACTS.simulation or {}), **found}})  # type: ignore[dict-item]
    assert (finding.status, "CreateStack (aws:PrincipalOrgID)" in finding.summary) == ("warn", True)


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ({"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}, "a service control policy"),
        ({"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}}, "its permissions boundary"),
    ],
)
def test_who_refuses_is_told(detail: dict[str, t.Any], told: str) -> None:
    def decide(name: str, arn: str) -> dict[str, t.Any]:
        if name != "cloudformation:CreateStack":
            return allowed(name, arn)
        specific = [{"EvalResourceName": arn, "EvalResourceDecision": "explicitDeny", "MissingContextValues": []}]
        return {"EvalDecision": "explicitDeny", "ResourceSpecificResults": specific, **detail}

    found = simulated(Iam(decide))
    finding = look(permissions.needed, {}, {"simulation": {**(FACTS.simulation or {}), **found}})  # type: ignore[dict-item]
    assert finding.status == "fail"
    assert f"cloudformation:CreateStack (by {told}" in finding.summary


def test_one_resource_of_several_that_is_refused_refuses_the_action() -> None:
    def decide(_name: str, arn: str) -> dict[str, t.Any]:
        return {"EvalDecision": "implicitDeny" if ":subnet/" in arn else "allowed"}

    wanted = dataclasses.replace(WANTED, privatelink_subnet_ids=("subnet-1",))
    found = simulated(Iam(decide), wanted)
    assert not found["ec2:CreateVpcEndpoint"].allowed
    assert found["ec2:CreateTags"].allowed, "what a tag is not put on does not count"
