# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a template's resources need: computed from its types, simulated for whoever deploys them, written as policies.

The answers have the shapes that AWS recorded (EvaluationResult with ResourceSpecificResults, MissingContextValues,
OrganizationsDecisionDetail); what IAM would decide is a small evaluator's, which knows patterns and equal strings.
"""

from __future__ import annotations

import collections
import dataclasses
import fnmatch
import json
import pathlib
import typing as t

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from samples import FACTS, WANTED, look, refused

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import needs, needs_policy, policy
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.place import Place
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.schema import Handlers, of_schema
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import policies, template_needs
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import permissions
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Caller, Decision

ROOT = pathlib.Path(__file__).parents[3]
TEMPLATE = json.loads(
    (ROOT / "tests/testbed/template/gitpod-ec2-runner-enterprise-fargate-private-ecr.json").read_text("utf-8")
)
TYPES = tuple(sorted({resource["Type"] for resource in TEMPLATE["Resources"].values()}))
NEEDS = needs.needs(TYPES, {})
SEEN = Template({}, (), ("CAPABILITY_IAM",), TYPES, len(TEMPLATE["Resources"]))
CALLER = Caller("123456789012", "arn:aws:sts::123456789012:assumed-role/Deployer/me")
PLACE = Place("aws", "eu-central-1", "123456789012", "gitpod-eu")
EVERYTHING = {"Effect": "Allow", "Action": ["*"], "Resource": "*"}


class Iam:
    """Simulates as IAM does: each action for each ARN; parameters are validated against the service's model."""

    def __init__(self, *statements: t.Mapping[str, t.Any], page: int = 1000, scp: bool = True) -> None:
        self.statements, self.page, self.scp = statements, page, scp
        self.requests: list[dict[str, t.Any]] = []
        model = botocore.session.get_session().get_service_model("iam").operation_model("SimulatePrincipalPolicy")
        self._shape = model.input_shape
        self.exceptions = type("Exceptions", (), {"ClientError": ClientError})

    def get_paginator(self, name: str) -> t.Any:
        assert name == "simulate_principal_policy"
        return self

    def paginate(self, **arguments: t.Any) -> t.Iterator[dict[str, t.Any]]:
        asked = {key: value for key, value in arguments.items() if key != "PaginationConfig"}
        report = botocore.validate.ParamValidator().validate(asked, self._shape)
        assert not report.has_errors(), report.generate_report()
        assert not any("*" in name for name in asked["ActionNames"])
        self.requests.append(asked)
        results = [self._result(name, asked) for name in asked["ActionNames"]]
        for begin in range(0, len(results), self.page):
            yield {"EvaluationResults": results[begin : begin + self.page]}

    def _result(self, name: str, asked: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        context = {entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in asked["ContextEntries"]}
        specific = [self._decided(name, arn, context) for arn in asked["ResourceArns"]]
        return {
            "EvalActionName": name,
            "EvalResourceName": asked["ResourceArns"][0],
            "EvalDecision": specific[0]["EvalResourceDecision"],
            "MissingContextValues": [],
            "OrganizationsDecisionDetail": {"AllowedByOrganizations": self.scp},
            "ResourceSpecificResults": specific,
        }

    def _decided(self, name: str, arn: str, context: t.Mapping[str, list[str]]) -> dict[str, t.Any]:
        missing: set[str] = set()
        allowed = False
        for statement in self.statements:
            resources = statement["Resource"]
            fits = [resources] if isinstance(resources, str) else resources
            if not any(fnmatch.fnmatchcase(name, pattern) for pattern in statement["Action"]):
                continue
            if not any(fnmatch.fnmatchcase(arn, pattern) for pattern in fits):
                continue
            keys = statement.get("Condition", {}).get("StringEquals", {})
            missing |= set(keys) - set(context)
            allowed |= all(set(context.get(key, [])) & _several(value) for key, value in keys.items())
        decision = "allowed" if allowed and self.scp else "implicitDeny"
        return {"EvalResourceName": arn, "EvalResourceDecision": decision, "MissingContextValues": sorted(missing)}


def _several(value: str | list[str]) -> set[str]:
    return {value} if isinstance(value, str) else set(value)


def simulated(iam: Iam, role: str = "", caller: Caller = CALLER, seen: needs.Needs = NEEDS) -> t.Any:
    return template_needs.simulation(iam, caller, WANTED, role, (SEEN, seen))


def not_allowed(found: t.Mapping[str, Decision]) -> list[str]:
    return [name for name, decision in found.items() if not decision.allowed]


def test_every_type_of_a_runners_template_is_known_without_a_call() -> None:
    assert len(TYPES) == 27
    assert needs.unknown_to_the_collection(TYPES) == []
    assert NEEDS.unknown == {}
    assert {"ecs:CreateCluster", "memorydb:CreateCluster", "iam:CreateRole", "iam:PassRole"} <= set(NEEDS.create)
    assert {"ecs:DeleteCluster", "ecs:UpdateService", "iam:DeleteRole"} <= set(NEEDS.later)
    assert not set(NEEDS.create) & set(NEEDS.later)
    assert {"ecs-tasks.amazonaws.com", "ec2.amazonaws.com"} <= set(NEEDS.passed_to)
    linked = {f"{name}.amazonaws.com" for name in ("ecs", "elasticloadbalancing", "memorydb", "elasticache")}
    assert set(NEEDS.linked) == linked
    scaled = needs.needs(["AWS::ApplicationAutoScaling::ScalableTarget"], {})
    assert "ecs.application-autoscaling.amazonaws.com" in scaled.linked


def test_tags_count_and_policies_of_users_only_where_there_are_users() -> None:
    assert "memorydb:TagResource" in NEEDS.create
    assert "iam:PutUserPolicy" not in NEEDS.actions
    assert "iam:PutUserPolicy" in needs.needs(["AWS::IAM::Policy", "AWS::IAM::User"], {}).actions


def test_other_types_are_asked_of_the_registry_or_named() -> None:
    types = ["AWS::Batch::JobQueue", "Custom::Thing", "AWS::New::Thing", "AWS::CloudFormation::WaitConditionHandle"]
    assert needs.unknown_to_the_collection(types) == ["AWS::Batch::JobQueue", "AWS::New::Thing"]
    read = {"AWS::Batch::JobQueue": Handlers(frozenset({"batch:CreateJobQueue"})), "AWS::New::Thing": "not allowed"}
    found = needs.needs(types, read)
    assert found.create == {"batch:CreateJobQueue": ("AWS::Batch::JobQueue",)}
    assert found.unknown == {"AWS::New::Thing": "not allowed", "Custom::Thing": "a custom resource"}


def test_a_schema_from_outside_is_data() -> None:
    schema = {
        "handlers": {
            "create": {"permissions": ["batch:CreateJobQueue", 'x"}', 7, "ecs:*"]},
            "list": {"permissions": ["batch:List"]},
            "delete": {},
        },
        "tagging": {"permissions": ["batch:TagResource"]},
    }
    assert of_schema(schema) == Handlers(frozenset({"batch:CreateJobQueue", "batch:TagResource", "ecs:*"}))
    for nothing in (None, [], {}, {"handlers": {}}, {"handlers": "none"}):
        assert of_schema(nothing) is None


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (
            {"Schema": json.dumps({"handlers": {"create": {"permissions": ["batch:A"]}}})},
            Handlers(frozenset({"batch:A"})),
        ),
        ({"Schema": "{}"}, "the registry names no handlers"),
        ({"Schema": "{"}, "its schema is no JSON"),
        ({}, "the registry names no handlers"),
        ("AccessDenied", "cloudformation:DescribeType: AccessDenied"),
        ("TypeNotFoundException", "cloudformation:DescribeType: TypeNotFoundException"),
    ],
)
def test_a_type_is_read_from_the_registry(answer: t.Any, found: t.Any) -> None:
    client = botocore.session.get_session().create_client(
        "cloudformation", "eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stubber:
        if isinstance(answer, str):
            stubber.add_client_error("describe_type", answer)
        else:
            stubber.add_response("describe_type", answer, {"Type": "RESOURCE", "TypeName": "AWS::Batch::JobQueue"})
        plain = type("Client", (), {"describe_type": lambda _self, aws_retry, **given: client.describe_type(**given)})
        assert template_needs.handlers(plain(), "AWS::Batch::JobQueue") == found


def test_policies_hold_what_is_needed_and_no_more_than_a_managed_policy_may() -> None:
    documents = needs_policy.documents(NEEDS, PLACE)
    assert len(documents) > 1
    for document in documents:
        assert len("".join(json.dumps(document).split())) <= 6144
    allowed = [action for document in documents for entry in document["Statement"] for action in entry["Action"]]
    assert sorted(allowed) == list(NEEDS.actions)
    sids = [entry["Sid"] for document in documents for entry in document["Statement"]]
    assert max(collections.Counter(sids).values()) == 1
    assert all(sid.isalnum() for sid in sids)
    assert needs_policy.documents(needs.Needs(), PLACE) == []


def test_roles_are_limited_to_the_stacks_and_to_who_gets_them() -> None:
    statements = [entry for document in needs_policy.documents(NEEDS, PLACE) for entry in document["Statement"]]
    by_action = {action: entry for entry in statements for action in entry["Action"]}
    role = "arn:aws:iam::123456789012:role/gitpod-eu-*"
    assert role in by_action["iam:CreateRole"]["Resource"]
    assert by_action["iam:PassRole"]["Resource"] == [role, "arn:aws:iam::123456789012:role/*/gitpod-eu-*"]
    passed = by_action["iam:PassRole"]["Condition"]["StringEquals"]["iam:PassedToService"]
    assert passed == list(NEEDS.passed_to)
    linked = by_action["iam:CreateServiceLinkedRole"]
    assert linked["Condition"]["StringEquals"]["iam:AWSServiceName"] == list(NEEDS.linked)
    assert all(":role/aws-service-role/" in arn for arn in linked["Resource"])
    assert by_action["ecs:CreateCluster"]["Condition"]["StringEquals"] == {"aws:RequestedRegion": "eu-central-1"}
    assert "Condition" not in by_action["route53:CreateHostedZone"]


def test_names_that_cloudformation_cuts_or_the_template_gives() -> None:
    long = dataclasses.replace(PLACE, stack_name="a-very-long-name-of-a-stack")
    assert long.owned("role")[0] == "arn:aws:iam::123456789012:role/a-very-long-name-of-*"
    assert dataclasses.replace(PLACE, named=True).owned("role") == ["arn:aws:iam::123456789012:role/*"]
    china = Place("aws-cn", "cn-north-1", "123456789012", "gitpod")
    assert "ec2.amazonaws.com.cn" in china.receivers(NEEDS.passed_to)
    assert china.owned("role")[0].startswith("arn:aws-cn:iam::")


def test_the_policies_of_the_file_allow_everything_in_the_simulation() -> None:
    statements = [entry for document in needs_policy.documents(NEEDS, PLACE) for entry in document["Statement"]]
    found = simulated(Iam(*statements))
    assert not_allowed(found) == []
    assert {name.partition(" ")[0] for name in found} == set(NEEDS.actions)
    assert "iam:PassRole for ecs-tasks.amazonaws.com" in found


@pytest.mark.parametrize("action", ["ecs:CreateCluster", "iam:PutRolePolicy", "iam:PassRole", "logs:CreateLogGroup"])
def test_one_action_less_is_named(action: str) -> None:
    documents = json.loads(json.dumps(needs_policy.documents(NEEDS, PLACE)))
    for entry in (entry for document in documents for entry in document["Statement"]):
        entry["Action"] = [name for name in entry["Action"] if name != action]
    found = simulated(Iam(*(entry for document in documents for entry in document["Statement"])))
    assert {name.partition(" ")[0] for name in not_allowed(found)} == {action}


def test_who_may_do_everything_is_asked_in_few_requests_and_pages_are_read() -> None:
    iam = Iam(EVERYTHING, page=10)
    found = simulated(iam)
    assert set(found) == set(NEEDS.actions)
    assert len(iam.requests) == 5
    assert {request["PolicySourceArn"] for request in iam.requests} == {"arn:aws:iam::123456789012:role/Deployer"}


def test_requests_carry_the_context_of_cloudformations_calls() -> None:
    iam = Iam(EVERYTHING)
    simulated(iam)
    regions = {}
    for request in iam.requests:
        context = {entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in request["ContextEntries"]}
        regions[request["ActionNames"][0].partition(":")[0]] = context["aws:RequestedRegion"]
        assert context["aws:RequestTag/gitpod:runner-name"] == ["gitpod-eu"]
        assert context["aws:CalledVia"] == ["cloudformation.amazonaws.com"]
        assert context["aws:ViaAWSService"] == ["true"]
    assert (regions["iam"], regions["cognito-idp"]) == (["us-east-1"], ["eu-central-1"])


def test_a_service_role_is_simulated_itself_and_not_as_called_by_somebody() -> None:
    iam = Iam(EVERYTHING)
    role = "arn:aws:iam::123456789012:role/teams/Deploys"
    root = Caller("123456789012", "arn:aws:iam::123456789012:root")
    assert set(simulated(iam, role, root)) == set(NEEDS.actions)
    assert {request["PolicySourceArn"] for request in iam.requests} == {role}
    keys = {entry["ContextKeyName"] for request in iam.requests for entry in request["ContextEntries"]}
    assert "aws:CalledVia" not in keys
    assert simulated(iam, "", root) is None


class Elsewhere(Iam):
    """The role has a path that the ARN leaves out."""

    FOUND = "arn:aws:iam::123456789012:role/teams/Deployer"

    def paginate(self, **arguments: t.Any) -> t.Iterator[dict[str, t.Any]]:
        if arguments["PolicySourceArn"] != self.FOUND:
            answer = {"Error": {"Code": "NoSuchEntity", "Message": "Unable to retrieve specified IAM entity."}}
            raise ClientError(answer, "SimulatePrincipalPolicy")
        return super().paginate(**arguments)

    def get_role(self, RoleName: str, aws_retry: bool) -> t.Any:  # noqa: N803
        assert (RoleName, aws_retry) == ("Deployer", True)
        return {"Role": {"Arn": self.FOUND}}


def test_a_sessions_role_is_found_under_its_path_once() -> None:
    iam = Elsewhere(EVERYTHING)
    assert not_allowed(simulated(iam)) == []
    assert {request["PolicySourceArn"] for request in iam.requests} == {Elsewhere.FOUND}


def test_a_service_role_under_another_path_is_none() -> None:
    with pytest.raises(RunnerError, match=f"the role's ARN is {Elsewhere.FOUND}"):
        simulated(Elsewhere(EVERYTHING), "arn:aws:iam::123456789012:role/Deployer")


def test_a_role_that_is_passed_to_one_service_only_is_told_by_service() -> None:
    to_tasks = {
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": "*",
        "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    }
    rest = {**EVERYTHING, "Action": [action for action in NEEDS.actions if action != "iam:PassRole"]}
    found = simulated(Iam(to_tasks, rest))
    assert found["iam:PassRole for ecs-tasks.amazonaws.com"].allowed
    assert "iam:PassRole for ec2.amazonaws.com" in not_allowed(found)
    assert all(name.startswith("iam:PassRole for") for name in not_allowed(found))


def test_a_policy_that_is_limited_to_the_kinds_of_resources_is_enough() -> None:
    rest = {**EVERYTHING, "Action": [action for action in NEEDS.actions if not action.startswith("ecs:")]}
    arn = "arn:aws:ecs:eu-central-1:123456789012:"
    mine = {**EVERYTHING, "Action": ["ecs:*"], "Resource": [f"{arn}cluster/*", f"{arn}service/*"]}
    assert not_allowed(simulated(Iam(rest, mine))) == []


def test_a_wildcard_of_the_registry_is_in_the_policy_and_not_in_the_simulation() -> None:
    seen = needs.needs(["AWS::Batch::JobQueue"], {"AWS::Batch::JobQueue": Handlers(frozenset({"batch:*", "batch:A"}))})
    assert set(simulated(Iam(EVERYTHING), seen=seen)) == {"batch:A"}
    assert needs_policy.documents(seen, PLACE)[0]["Statement"][0]["Action"] == ["batch:*", "batch:A"]


ALLOWED = dict.fromkeys(NEEDS.actions, Decision("allowed"))
DENIED = Decision("implicitDeny")
KNOWN: dict[str, t.Any] = {"template_needs": NEEDS, "template_simulation": ALLOWED}
ROLE = {"service_role_arn": "arn:aws:iam::123456789012:role/Deploys"}
STRANGE = dataclasses.replace(NEEDS, unknown={"Custom::Thing": "a custom resource"})


def seen_as(**decisions: Decision) -> dict[str, t.Any]:
    return {**KNOWN, "template_simulation": {**ALLOWED, **{k.replace("_", ":", 1): v for k, v in decisions.items()}}}


CASES: list[tuple[dict[str, t.Any], dict[str, t.Any], str, str]] = [
    ({}, KNOWN, "pass", "The caller may do all"),
    (ROLE, KNOWN, "pass", "The service role arn:aws:iam::123456789012:role/Deploys may do all"),
    ({}, seen_as(ecs_CreateCluster=DENIED), "warn", "The caller may not do ecs:CreateCluster (AWS::ECS::Cluster)."),
    (
        {},
        seen_as(ecs_CreateCluster=Decision("explicitDeny", (), "its permissions boundary")),
        "warn",
        "ecs:CreateCluster (refused by its permissions boundary)",
    ),
    (
        {},
        seen_as(ecs_CreateCluster=Decision("implicitDeny", ("aws:PrincipalTag/team",))),
        "warn",
        "may or may not do ecs:CreateCluster (aws:PrincipalTag/team)",
    ),
    ({}, {**KNOWN, "template_simulation": {"ecs:CreateCluster": Decision("allowed")}}, "skip", "is not known"),
    ({}, {**KNOWN, "template_needs": STRANGE}, "skip", "what Custom::Thing (a custom resource) needs is not known"),
    ({}, {**KNOWN, "template_simulation": refused("iam:SimulatePrincipalPolicy")}, "skip", "SimulatePrincipalPolicy"),
    (
        ROLE,
        {**KNOWN, "template_simulation": Unread("a", "gone", "NoSuchEntity")},
        "warn",
        "role/Deploys does not exist",
    ),
    ({}, {**KNOWN, "template_simulation": None}, "skip", "IAM has no policies to simulate"),
    ({}, {**KNOWN, "template": None}, "skip", "The template is not known."),
    ({}, {**KNOWN, "template": refused("cloudformation:GetTemplateSummary")}, "skip", "The template is not known."),
    ({}, {**KNOWN, "template_needs": None}, "skip", "The template is not known."),
]


@pytest.mark.parametrize(("wanted", "facts", "status", "told"), CASES)
def test_outcomes(wanted: dict[str, t.Any], facts: dict[str, t.Any], status: str, told: str) -> None:
    found = look(permissions.template, wanted, facts)
    assert (found.status, told in found.summary) == (status, True), found
    assert found.status != "warn" or found.remediation


def test_what_creating_takes_of_the_types_own_services_is_told_first() -> None:
    every = dict.fromkeys(NEEDS.actions, DENIED)
    found = look(permissions.template, {}, {**KNOWN, "template_simulation": every})
    first = found.evidence["not_allowed"]
    assert first.index("ecs:CreateCluster") < first.index("kms:CreateGrant") < first.index("ecs:DeleteCluster")
    assert "more" in found.summary


def test_the_role_that_a_stack_has_stays_its_deployer() -> None:
    kept = Stack("gitpod-eu", "CREATE_COMPLETE", role_arn="arn:aws:iam::123456789012:role/Kept")
    assert template_needs.deployer(WANTED, kept) == "arn:aws:iam::123456789012:role/Kept"
    given = dataclasses.replace(WANTED, **ROLE)
    assert template_needs.deployer(given, kept) == ROLE["service_role_arn"]
    assert template_needs.deployer(WANTED, dataclasses.replace(kept, status="DELETE_COMPLETE")) == ""
    assert template_needs.deployer(WANTED, refused("cloudformation:DescribeStacks")) == ""


def test_a_runners_policies_are_ready_to_attach() -> None:
    facts = dataclasses.replace(FACTS, template=SEEN, template_needs=NEEDS)
    found = policies.policies(WANTED, facts)
    assert {"site-1", "template-1", "template-2"} <= set(found)
    for document in found.values():
        assert policy.placeholders(document) == []
        assert policy.size(document) <= 6144
    text = json.dumps(found)
    assert "arn:aws:cloudformation:eu-central-1:123456789012:stack/gitpod-eu/*" in text
    assert "parameter/gitpod/ca" in text
    assert "hostedzone/Z1" in text
    assert not any(name.startswith("template") for name in policies.policies(WANTED, FACTS))
    assert policies.policies(WANTED, dataclasses.replace(FACTS, caller=None)) == {}


@pytest.mark.parametrize(
    ("custom_ca", "placeholder", "value"),
    [
        ("ssm:/gitpod/ca:3", "path", "/gitpod/ca"),
        ("secretsmanager:gitpod-ca", "secret", "gitpod-ca"),
        ("secretsmanager:arn:aws:secretsmanager:eu-central-1:1:secret:gitpod-ca-a1B2c3", "secret", "gitpod-ca"),
        ("", "path", "*"),
    ],
)
def test_the_custom_ca_stands_in_the_policies(custom_ca: str, placeholder: str, value: str) -> None:
    wanted = dataclasses.replace(WANTED, custom_ca=custom_ca)
    assert policies.values(wanted, FACTS, CALLER)[placeholder] == value
