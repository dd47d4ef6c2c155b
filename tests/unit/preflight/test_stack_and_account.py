# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outcomes of the checks of stack, permissions, images, management plane; the registry of permissions."""

from __future__ import annotations

import ast
import dataclasses
import pathlib
import typing as t

import pytest
from samples import FACTS, RUNNER, TEMPLATE, WANTED, endpoint, look, network, refused

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import finding
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Parameter, Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import Source
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    Configuration,
    Metrics,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import SERVICES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner as Owner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import policy
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import registry as _permissions
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.needs import needs
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.stages import STAGES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import checks, simulating
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.capacity import MachineClass
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import (
    capacity,
    images,
    management_plane,
    permissions,
    quotas,
    release,
    stack,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    Caller,
    Decision,
    ManagementPlane,
    Quota,
    Subnet,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import SERVICE_NAME
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags

PLUGINS = pathlib.Path(__file__).parents[3] / "plugins"
# Permissions without a call of the same name in the code: those of amazon.aws's modules, and of tags in a request.
WITHOUT_A_CALL = {
    "acm:AddTagsToCertificate",
    "cloudformation:DescribeAccountLimits",
    "cloudformation:DetectStackResourceDrift",
    "cloudformation:TagResource",
    "elasticloadbalancing:DescribeAccountLimits",
    "iam:PassRole",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "s3:DeleteObjectVersion",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "ssm:GetParameters",
    "vpce:AllowMultiRegion",
}
# IAM spells some operations of S3 differently (Service Authorization Reference, "Actions for Amazon S3").
SPELLED = {
    "deleteobjects": "deleteobject",
    "listmultipartuploads": "listbucketmultipartuploads",
    "listobjectversions": "listbucketversions",
}


def is_(status: str, **changes: t.Any) -> dict[str, t.Any]:
    return {"stack": Stack("gitpod-eu", status, "arn:stack", **changes)}


def has(version: str) -> dict[str, t.Any]:
    return is_("UPDATE_COMPLETE", tags={"gitpod:release-version": version})


def deploys(version: str, channel: str = "") -> Source:
    return Source({"TemplateURL": "https://b"}, {"gitpod:release-version": version}, version, channel=channel)


def kept(version: str) -> Source:
    return dataclasses.replace(deploys(version), kept=True)


def runs(version: str) -> dict[str, t.Any]:
    own = dataclasses.replace(RUNNER, id=WANTED.runner_id, version=version)
    return {"management_plane": ManagementPlane(True, authenticated=True, runners=(own,))}


OWN = ownership_tags("gitpod-eu", "runner-1")


def whose(
    tags: dict[str, str],
    status: str = "CREATE_COMPLETE",
    named: bool = False,
    runner_id: str = "runner-1",
    **parameters: str,
) -> dict[str, t.Any]:
    """A stack with these tags and parameters, judged as the look judges it."""
    found = Stack("gitpod-eu", status, "arn:stack", parameters=parameters, tags=tags)
    judged = finding.judged(t.cast("t.Any", None), found, Owner("gitpod-eu", runner_id), "gitpod-eu" if named else "")
    return {"owned": judged, "stack": judged.seen}


GATEWAYLESS = network(without=("s3", "dynamodb"))
LISTED = tuple(service.short for service in SERVICES)


def quota(name: str, limit: t.Any, used: t.Any) -> dict[str, t.Any]:
    return {"quotas": {**FACTS.quotas, name: Quota(limit, used)}}


def plane(**changes: t.Any) -> dict[str, t.Any]:
    assert FACTS.management_plane is not None
    return {"management_plane": dataclasses.replace(FACTS.management_plane, **changes)}


def registered(**changes: t.Any) -> dict[str, t.Any]:
    return plane(runners=(dataclasses.replace(RUNNER, **changes),))


# The inventory gives a token and names no runner.
FOUND_BY_NAME = {"runner_id": "", "api_token": "token"}
EXPIRED = "The exchange token has expired"
DONE = is_("CREATE_COMPLETE", parameters={"DomainName": "eu.gitpod.example.com"})
NOBODY = {"management_plane": None}
ROOT = {"simulation": None, "caller": Caller("123456789012", "arn:aws:iam::123456789012:root")}
MISSING_TEMPLATE = Unread("cloudformation:GetTemplateSummary", "S3 error: Access Denied", "ValidationError")
DENIED = Decision("implicitDeny")
ON_INSTANCES = {
    "template": dataclasses.replace(TEMPLATE, resource_types=("AWS::ECS::Cluster", "AWS::ECS::CapacityProvider"))
}
CLUSTER = {
    "template_needs": needs(("AWS::ECS::Cluster",), {}),
    "template_simulation": dict.fromkeys(needs(("AWS::ECS::Cluster",), {}).actions, Decision("allowed")),
}


def sized(size: str) -> dict[str, t.Any]:
    """A template whose size is this one by default."""
    parameter = Parameter("RunnerSize", "Runner size", default=size)
    return {"template": dataclasses.replace(TEMPLATE, parameters=(*TEMPLATE.parameters, parameter))}


GPU = {"environment_classes": (MachineClass("GPU", "g4dn.xlarge"), *WANTED.environment_classes)}
TYPES = {"instance_types": {"g4dn.xlarge": 4, "m6i.2xlarge": 8}}
MANY_RUN = {"expected_environments": 2000, "expected_running_environments": 301}
WIDE = {
    "availability_zones": ("eu-central-1a", "eu-central-1b", "eu-central-1c"),
    "ec2_subnet_ids": ("subnet-w1",),
    "registration_metrics": {"managed": True},
}
LARGE_ONE = {
    **sized("large"),
    "subnets": (*FACTS.subnets, Subnet("subnet-w1", "vpc-1", "eu-central-1a", "100.64.0.0/16", 65000)),
}
DEPLOYED_LARGE = is_("UPDATE_COMPLETE", parameters={"RunnerSize": "large"})
MANAGED = registered(configuration=Configuration(metrics=Metrics(managed=True)))
CASES: list[tuple[t.Any, dict[str, t.Any], dict[str, t.Any], str]] = [
    (stack.state, {}, {}, "pass"),
    (stack.state, {}, DONE, "pass"),
    (stack.state, {}, whose({"gitpod:runner-id": "runner-2"}), "skip"),
    (stack.state, {}, whose(OWN), "pass"),
    (release.release, {}, {}, "skip"),
    (release.release, {}, {"source": deploys("20260105.12", "stable")}, "pass"),
    (release.release, {}, {**has("20260105.12"), "source": kept("20260105.12")}, "pass"),
    (release.release, {}, {**has("20260105.12"), "source": deploys("20260115.2")}, "pass"),
    (release.release, {}, {**has("20260105.12"), "source": deploys("20251203.4")}, "fail"),
    (release.release, {"allow_downgrade": True}, {**has("20260105.12"), "source": deploys("20251203.4")}, "warn"),
    # The runner has updated itself beyond what is pinned; what the stack has already is pinned without harm.
    (release.release, {}, {**has("20251203.4"), **runs("20260115.2"), "source": deploys("20260105.12")}, "fail"),
    (release.release, {}, {**has("20260105.12"), **runs("20260115.2"), "source": deploys("20260105.12")}, "pass"),
    (release.release, {}, {**has("20250110.1"), "source": deploys("20260105.12")}, "warn"),
    (release.release, {}, {**is_("CREATE_COMPLETE", created="2025-01-10"), "source": deploys("20260105.12")}, "warn"),
    (stack.owner, {}, {}, "skip"),
    (stack.owner, {}, {"owned": refused("cloudformation:DescribeStacks")}, "skip"),
    (stack.owner, {}, whose({}, "ABSENT"), "pass"),
    (stack.owner, {}, whose(OWN), "pass"),
    (stack.owner, {}, whose({"gitpod:runner-id": "runner-2"}), "fail"),
    (stack.owner, {}, whose({"team": "payments"}), "fail"),
    (stack.owner, {}, whose({"team": "payments"}, "CREATE_FAILED"), "fail"),
    (stack.owner, {}, whose({"team": "payments"}, "ROLLBACK_COMPLETE"), "fail"),
    (stack.owner, {}, whose({}, Key="runner-1"), "fail"),
    (stack.owner, {"stack_take_over": "gitpod-eu"}, whose({}, named=True, Key="runner-1"), "pass"),
    # The inventory has no ID: the one of the registration that is found tells.
    (stack.owner, FOUND_BY_NAME, whose({}, runner_id="", RunnerId="runner-1"), "fail"),
    (stack.owner, FOUND_BY_NAME, whose({}, runner_id="", named=True, RunnerId="runner-1"), "pass"),
    # Registered anew, it would get another ID: the stack would be another's in the middle of the run.
    (stack.owner, FOUND_BY_NAME, {**whose(OWN, runner_id=""), **plane(runners=())}, "fail"),
    (stack.owner, FOUND_BY_NAME, whose(OWN, runner_id=""), "pass"),
    (stack.owner, {"runner_id": ""}, whose({}, runner_id="", named=True, RunnerId="runner-1"), "warn"),
    (stack.state, {}, is_("DELETE_FAILED", status_reason="bucket not empty"), "fail"),
    (stack.state, {}, is_("UPDATE_ROLLBACK_FAILED"), "fail"),
    (stack.state, {"continue_rollback": True}, is_("UPDATE_ROLLBACK_FAILED"), "warn"),
    (stack.state, {}, is_("ROLLBACK_COMPLETE"), "warn"),
    (stack.state, {"recreate_failed": False}, is_("ROLLBACK_COMPLETE"), "fail"),
    (stack.state, {"recreate_failed": False}, is_("CREATE_FAILED"), "fail"),
    (stack.state, {"recreate_failed": False}, is_("ROLLBACK_IN_PROGRESS"), "fail"),
    (stack.state, {}, is_("ROLLBACK_IN_PROGRESS"), "warn"),
    (stack.state, {}, is_("UPDATE_IN_PROGRESS"), "warn"),
    (stack.state, {"cancel_update": True}, is_("UPDATE_IN_PROGRESS"), "warn"),
    (stack.state, {}, {"stack": refused("cloudformation:DescribeStacks")}, "skip"),
    (stack.template, {}, {}, "pass"),
    (stack.template, {}, {"template": MISSING_TEMPLATE}, "fail"),
    (stack.template, {}, {"template": refused("cloudformation:GetTemplateSummary")}, "skip"),
    (stack.template, {}, {"template": None}, "skip"),
    (stack.values, {}, {}, "pass"),
    (stack.values, {"parameters": {"Domian Name": "x"}}, {}, "fail"),
    (stack.values, {"parameters": {}}, {}, "skip"),
    (stack.values, {}, {"template": None}, "skip"),
    (stack.capabilities, {}, {}, "pass"),
    (stack.capabilities, {"capabilities": ()}, {}, "fail"),
    (stack.capabilities, {}, {"template": MISSING_TEMPLATE}, "skip"),
    (quotas.quota_stacks, {}, {}, "pass"),
    (quotas.quota_stacks, {}, quota("stacks", 200.0, 200), "fail"),
    (quotas.quota_stacks, {}, quota("stacks", 200.0, 190), "warn"),
    (quotas.quota_stacks, {}, quota("stacks", refused("servicequotas:GetServiceQuota"), 1), "skip"),
    (quotas.quota_stacks, {}, DONE, "skip"),
    (quotas.quota_load_balancers, {}, {}, "pass"),
    (quotas.quota_load_balancers, {}, quota("load_balancers", 50.0, 50), "fail"),
    (quotas.quota_load_balancers, {}, quota("load_balancers", None, 50), "skip"),
    (quotas.quota_vcpus, {}, {}, "pass"),
    (quotas.quota_vcpus, {}, quota("vcpus", 159.0, 0), "warn"),
    (quotas.quota_vcpus, {}, quota("vcpus", 161.0, 0), "warn"),
    (quotas.quota_vcpus, {}, quota("vcpus", 180.0, 0), "pass"),
    (quotas.quota_vcpus, {}, quota("vcpus", None, 0), "skip"),
    (quotas.quota_vcpus, {}, {"instance_types": refused("ec2:DescribeInstanceTypes")}, "skip"),
    (quotas.quota_vcpus, {}, {"instance_types": {}}, "skip"),
    (quotas.quota_vcpus, {"environment_classes": ()}, quota("vcpus", 89.0, 0), "pass"),
    (quotas.quota_vcpus, {"environment_classes": ()}, quota("vcpus", 79.0, 0), "warn"),
    (quotas.quota_vcpus, {"expected_running_environments": 5}, quota("vcpus", 50.0, 0), "pass"),
    (quotas.quota_vcpus, {"expected_environments": 4000}, quota("vcpus", 2700.0, 0), "pass"),
    (quotas.quota_vcpus, GPU, TYPES, "pass"),
    (quotas.quota_vcpus, GPU, {**TYPES, **quota("vcpus_g", 0.0, 0)}, "warn"),
    (quotas.quota_vcpus, GPU, {**TYPES, **quota("vcpus_g", refused("servicequotas:GetServiceQuota"), 0)}, "skip"),
    (quotas.quota_fargate, {}, {}, "pass"),
    (quotas.quota_fargate, {}, quota("fargate", 6.0, 5.0), "fail"),
    (quotas.quota_fargate, {}, quota("fargate", 2.0, 0.4), "warn"),
    (quotas.quota_fargate, {}, quota("fargate", 6.0, None), "skip"),
    (quotas.quota_fargate, {}, quota("fargate", 6.0, refused("cloudwatch:GetMetricStatistics")), "skip"),
    (quotas.quota_fargate, {}, DONE, "skip"),
    (quotas.quota_fargate, {}, {**ON_INSTANCES, **quota("fargate", 0.0, 0)}, "skip"),
    (quotas.quota_volumes, {}, {}, "pass"),
    (quotas.quota_volumes, {}, quota("volumes", 50.0, 48.5), "warn"),
    (quotas.quota_volumes, {"expected_environments": 600}, quota("volumes", 50.0, 0.0), "warn"),
    (quotas.quota_volumes, {"environment_classes": ()}, {}, "skip"),
    (quotas.quota_volumes, {}, quota("volumes", 50.0, refused("ec2:DescribeVolumes")), "skip"),
    *(
        (capacity.size, {"expected_environments": most}, sized("small"), told)
        for most, told in ((5000, "pass"), (5001, "warn"))
    ),
    (capacity.size, MANY_RUN, sized("small"), "warn"),
    (capacity.size, MANY_RUN, sized("large"), "pass"),
    (capacity.size, {"expected_environments": 5001}, {}, "warn"),
    (capacity.size, {}, sized("large"), "pass"),
    (capacity.size, {}, {}, "skip"),
    (capacity.size, {}, sized("huge"), "skip"),
    (capacity.size, {}, {"template": MISSING_TEMPLATE}, "skip"),
    (capacity.large, {}, sized("small"), "skip"),
    (capacity.large, WIDE, LARGE_ONE, "pass"),
    (capacity.large, {**WIDE, "availability_zones": ("eu-central-1a", "eu-central-1b")}, LARGE_ONE, "fail"),
    (
        capacity.large,
        {**WIDE, "availability_zones": ("eu-central-1a", "eu-central-1b")},
        {**LARGE_ONE, **DEPLOYED_LARGE},
        "warn",
    ),
    (capacity.large, {**WIDE, "privatelink_enabled": False}, LARGE_ONE, "fail"),
    (
        capacity.large,
        {**WIDE, "privatelink_enabled": False},
        {**LARGE_ONE, "endpoints": (endpoint(SERVICE_NAME),)},
        "pass",
    ),
    (
        capacity.large,
        {**WIDE, "privatelink_enabled": False},
        {**LARGE_ONE, "endpoints": (endpoint(SERVICE_NAME, state="rejected"),)},
        "fail",
    ),
    (
        capacity.large,
        {**WIDE, "privatelink_enabled": False},
        {**LARGE_ONE, "endpoints": refused("ec2:DescribeVpcEndpoints")},
        "skip",
    ),
    (capacity.large, {**WIDE, "registration_metrics": {"enabled": True}}, LARGE_ONE, "fail"),
    (capacity.large, {**WIDE, "registration_metrics": None}, {**LARGE_ONE, **NOBODY}, "skip"),
    (capacity.large, {**WIDE, "registration_metrics": None, **FOUND_BY_NAME}, {**LARGE_ONE, **MANAGED}, "pass"),
    (capacity.large, {**WIDE, "registration_metrics": None, **FOUND_BY_NAME}, LARGE_ONE, "fail"),
    (capacity.large, {**WIDE, "ec2_subnet_ids": ("subnet-e1",)}, LARGE_ONE, "warn"),
    (capacity.classes, {}, {}, "pass"),
    (capacity.classes, {}, {"instance_types": {"t3.large": 2}}, "fail"),
    (capacity.classes, {"environment_classes": ()}, {}, "skip"),
    (capacity.classes, {}, {"instance_types": refused("ec2:DescribeInstanceTypes")}, "skip"),
    (quotas.quota_vcpus, {}, quota("vcpus", 320.0, refused("ec2:DescribeInstances")), "skip"),
    (quotas.quota_endpoints, {}, {}, "pass"),
    (quotas.quota_endpoints, {}, quota("endpoints", 0.0, None), "fail"),
    (quotas.quota_endpoints, {}, {"endpoints": (endpoint(SERVICE_NAME),)}, "skip"),
    (quotas.quota_endpoints, {"privatelink_enabled": False}, {}, "skip"),
    (
        quotas.quota_endpoints,
        {"network_endpoints": True},
        {**quota("endpoints", 16.0, None), "network_endpoints": network(without=LISTED)},
        "fail",
    ),
    (
        quotas.quota_endpoints,
        {"network_endpoints": True, "privatelink_enabled": False},
        {**quota("endpoints", 50.0, None), "network_endpoints": network(without=LISTED)},
        "pass",
    ),
    (
        quotas.quota_endpoints,
        {"network_endpoints": True, "privatelink_enabled": False},
        {"network_endpoints": network()},
        "skip",
    ),
    # Endpoints of Gateway Load Balancers count with them.
    (
        quotas.quota_endpoints,
        {},
        {**quota("endpoints", 2.0, None), "endpoints": (endpoint("a", "GatewayLoadBalancer"), endpoint("b"))},
        "fail",
    ),
    (quotas.quota_endpoints, {}, {**quota("endpoints", 2.0, None), "endpoints": (endpoint("a", "Gateway"),)}, "pass"),
    (quotas.quota_gateway_endpoints, {}, {}, "skip"),
    (quotas.quota_gateway_endpoints, {"network_endpoints": True}, {"network_endpoints": network()}, "skip"),
    (quotas.quota_gateway_endpoints, {"network_endpoints": True}, {"network_endpoints": GATEWAYLESS}, "pass"),
    (
        quotas.quota_gateway_endpoints,
        {"network_endpoints": True},
        {**quota("gateway_endpoints", 20.0, 19.0), "network_endpoints": GATEWAYLESS},
        "fail",
    ),
    (
        quotas.quota_gateway_endpoints,
        {"network_endpoints": True},
        {**quota("gateway_endpoints", 20.0, 17.0), "network_endpoints": GATEWAYLESS},
        "warn",
    ),
    (quotas.quota_addresses, {}, {}, "pass"),
    (quotas.quota_addresses, {}, quota("addresses", 5.0, 5), "fail"),
    (quotas.quota_addresses, {}, {"template": dataclasses.replace(TEMPLATE, resource_types=())}, "skip"),
    (stack.ecs_role, {}, {}, "pass"),
    (stack.ecs_role, {}, {"ecs_role": False}, "warn"),
    (stack.ecs_role, {}, DONE, "skip"),
    (stack.ecs_role, {}, {"ecs_role": refused("iam:GetRole")}, "skip"),
    (permissions.needed, {}, {}, "pass"),
    (permissions.needed, {}, {"simulation": {"cloudformation:CreateStack": Decision("implicitDeny")}}, "fail"),
    # What IAM says nothing of is not allowed thereby.
    (permissions.needed, {}, {"simulation": {"cloudformation:CreateStack": Decision("allowed")}}, "skip"),
    (permissions.looking, {}, {"simulation": {"ec2:DescribeNetworkAcls": Decision("allowed")}}, "skip"),
    (permissions.needed, {}, ROOT, "skip"),
    (permissions.needed, {}, {"simulation": refused("iam:SimulatePrincipalPolicy")}, "skip"),
    (permissions.looking, {}, {}, "pass"),
    (permissions.looking, {}, {"simulation": {"ec2:DescribeNetworkAcls": Decision("explicitDeny")}}, "warn"),
    (permissions.looking, {}, {"simulation": None}, "skip"),
    # test_template_needs.py has every outcome of this one.
    (permissions.template, {}, CLUSTER, "pass"),
    (permissions.template, {}, {**CLUSTER, "template_simulation": {"ecs:CreateCluster": DENIED}}, "warn"),
    (permissions.template, {}, {"template": None}, "skip"),
    (images.environments, {}, {}, "pass"),
    (images.environments, {}, {"images": {}}, "fail"),
    (images.environments, {}, {"images": refused("ec2:DescribeImages")}, "skip"),
    (images.bottlerocket, {}, ON_INSTANCES, "pass"),
    (images.bottlerocket, {}, {**ON_INSTANCES, "images": {}}, "fail"),
    (images.bottlerocket, {}, {**ON_INSTANCES, "images": None}, "skip"),
    # Today's template runs its services on Fargate; its launch template is the environments'.
    (images.bottlerocket, {}, {"images": {}}, "skip"),
    (images.bottlerocket, {}, {"template": MISSING_TEMPLATE, "images": {}}, "skip"),
    (images.bottlerocket, {}, {"template": None, "images": {}}, "warn"),
    (images.bottlerocket, {}, {"template": None}, "pass"),
    (management_plane.reachable, {}, {}, "pass"),
    (management_plane.reachable, {}, {"management_plane": ManagementPlane(False, "timed out")}, "fail"),
    (management_plane.reachable, {}, plane(reached=False, installed=False, detail="no SDK"), "warn"),
    (management_plane.reachable, FOUND_BY_NAME, plane(reached=False, installed=False, detail="no SDK"), "fail"),
    (management_plane.reachable, {}, NOBODY, "skip"),
    (management_plane.token, {}, {}, "pass"),
    (management_plane.token, {}, plane(authenticated=False, detail="HTTP 401"), "fail"),
    (management_plane.token, {}, NOBODY, "skip"),
    (management_plane.runner, {}, {}, "pass"),
    (management_plane.settings, {}, {}, "skip"),
    (management_plane.settings, {}, {"settings": ()}, "pass"),
    # Of a runner that is not deployed yet as well: a missing group is not there after 25 minutes either.
    (management_plane.settings, {}, {"settings": (("No", "Do"), ("Nor this", ""))}, "fail"),
    (management_plane.acceptance, {}, {}, "skip"),
    (management_plane.acceptance, {}, {"acceptance": ()}, "pass"),
    (management_plane.acceptance, {}, {"acceptance": (("No class Huge", "Name another"),)}, "fail"),
    (management_plane.runner, {}, plane(runners=(), detail="not found"), "fail"),
    (management_plane.runner, {}, registered(region="us-east-1"), "fail"),
    (management_plane.runner, {}, registered(phase="deleted"), "fail"),
    (management_plane.runner, {}, registered(phase="degraded"), "warn"),
    (management_plane.runner, {}, registered(phase="degraded", message=EXPIRED), "warn"),
    (management_plane.runner, FOUND_BY_NAME, {}, "pass"),
    (management_plane.runner, FOUND_BY_NAME, plane(runners=()), "pass"),
    (management_plane.runner, FOUND_BY_NAME, plane(runners=(RUNNER, dataclasses.replace(RUNNER, id="2"))), "fail"),
    (management_plane.runner, FOUND_BY_NAME, registered(region="us-east-1"), "fail"),
    (management_plane.runner, FOUND_BY_NAME, registered(phase="degraded", message=EXPIRED), "warn"),
    (management_plane.runner, {**FOUND_BY_NAME, "name": "ab"}, {}, "fail"),
    (management_plane.runner, {}, plane(authenticated=False), "skip"),
]


@pytest.mark.parametrize(("check", "wanted", "facts", "status"), CASES)
def test_outcomes(check: t.Any, wanted: dict[str, t.Any], facts: dict[str, t.Any], status: str) -> None:
    found = look(check, wanted, facts)
    assert found.status == status, found
    assert found.summary.endswith(".")
    if status in ("fail", "warn"):
        assert found.remediation


def test_permissions_that_iam_cannot_simulate_are_not_verifiable_and_the_root_users_need_not_be() -> None:
    principal = dataclasses.replace(FACTS, simulation=None)
    root = dataclasses.replace(FACTS, **ROOT)
    for check in (permissions.needed, permissions.looking):
        found = check.run(WANTED, principal)
        assert (found.unverifiable, "docs/permissions.md" in found.remediation) == (True, True)
        assert not check.run(WANTED, root).unverifiable


def test_every_check_of_these_groups_has_each_of_its_outcomes() -> None:
    for group_name in ("stack", "capacity", "permissions", "images", "management_plane"):
        for check in (check for check in checks.ALL if check.group == group_name):
            seen = {status for entry, _wanted, _facts, status in CASES if entry is check}
            assert "skip" in seen, check.id
            assert "pass" in seen, check.id
            assert seen & {"fail", "warn"}, check.id


def test_a_runner_whose_prerequisites_are_met_fails_nothing() -> None:
    found = {check.id: check.run(WANTED, FACTS).status for check in checks.ALL}
    assert {name for name, status in found.items() if status not in ("pass", "skip")} == set()


def test_identifiers_are_unique_and_documented() -> None:
    identifiers = [check.id for check in checks.ALL]
    assert len(set(identifiers)) == len(identifiers)
    document = (PLUGINS.parent / "docs/prerequisites.md").read_text("utf-8")
    for check in checks.ALL:
        assert f"\n### {check.id}\n" in document
        assert check.anchor == f"docs/prerequisites.md#{check.id.replace('.', '')}"


def calls_in_the_code() -> dict[str, set[str]]:
    """Names of the SDK's operations that the plugins call, folded, with the files."""
    found: dict[str, set[str]] = {}
    for path in PLUGINS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            name = node.func.attr
            if name == "get_paginator" and isinstance(node.args[0], ast.Constant):
                found.setdefault(str(node.args[0].value).replace("_", ""), set()).add(path.name)
            elif any(keyword.arg in ("aws_retry", None) for keyword in node.keywords):
                found.setdefault(name.replace("_", ""), set()).add(path.name)
    for name in read_to_the_end():
        found.setdefault(name, set()).add("_paging.py")
    found.pop("call", None)
    return {SPELLED.get(name, name): files for name, files in found.items()}


def read_to_the_end() -> set[str]:
    """What is handed to _paging.every, which makes the calls."""
    return {
        t.cast(ast.Attribute, node.args[0]).attr.replace("_", "")
        for path in PLUGINS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "every"
    }


def test_the_registry_of_permissions_holds_every_call_in_the_code_and_no_other() -> None:
    """A new call has to be listed in plugins/module_utils/_permissions.py, where docs/permissions.md comes from."""
    listed = {name.partition(":")[2].lower() for name in _permissions.all_actions()}
    calls = calls_in_the_code()
    marked = read_to_the_end() | {
        SPELLED.get(node.func.attr.replace("_", ""), node.func.attr.replace("_", ""))
        for path in PLUGINS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and any(keyword.arg == "aws_retry" for keyword in node.keywords)
    }
    assert {name: calls[name] for name in marked if name not in listed} == {}
    unused = {name for name in _permissions.all_actions() if name.partition(":")[2].lower() not in calls}
    assert unused == WITHOUT_A_CALL


def test_only_what_the_settings_bring_in_is_simulated() -> None:
    plain = dataclasses.replace(WANTED, privatelink_enabled=False, dns_provider="manual")
    names = {action.name for action in simulating.simulated(plain)}
    assert "ec2:CreateVpcEndpoint" not in names
    assert "route53:ChangeResourceRecordSets" not in names
    assert "cloudformation:CreateStack" in names
    assert "ec2:CreateVpcEndpoint" in {action.name for action in simulating.simulated(WANTED)}


@pytest.mark.parametrize(
    ("switch", "actions"),
    [
        ({"cancel_update": True}, {"cloudformation:CancelUpdateStack"}),
        ({"dns_associate_vpc": True}, {"route53:AssociateVPCWithHostedZone"}),
        ({"continue_rollback": True}, {"cloudformation:ContinueUpdateRollback"}),
    ],
)
def test_a_switch_brings_its_permissions_in(switch: dict[str, t.Any], actions: set[str]) -> None:
    plain = dataclasses.replace(WANTED, privatelink_enabled=False)
    simulated = {action.name for action in simulating.simulated(dataclasses.replace(plain, **switch))}
    assert simulated - {action.name for action in simulating.simulated(plain)} == actions
    assert "ec2:DescribeVpcs" in simulated
    refused_one = {
        "simulation": {
            **t.cast("dict[str, Decision]", FACTS.simulation),
            **dict.fromkeys(actions, Decision("implicitDeny")),
        }
    }
    off = {"privatelink_enabled": False}
    assert look(permissions.needed, {**off, **switch}, refused_one).status == "fail"
    assert look(permissions.needed, off, refused_one).status == "pass"


def test_what_another_accounts_credentials_do_is_not_simulated() -> None:
    plain = dataclasses.replace(WANTED, privatelink_enabled=False)
    elsewhere = dataclasses.replace(plain, dns_associate_vpc=True, dns_role_arn="arn:aws:iam::2:role/dns")
    assert "route53:AssociateVPCWithHostedZone" not in {action.name for action in simulating.simulated(elsewhere)}


def test_a_switch_that_is_off_is_told_by_its_name() -> None:
    found = look(stack.state, {"recreate_failed": False}, is_("ROLLBACK_COMPLETE", status_reason="Boom"))
    assert "gitpod_stack_recreate_failed" in found.remediation
    assert "Boom" in found.summary


def test_a_policy_allows_every_action_of_its_stage() -> None:
    for stage, actions in STAGES.items():
        statements = policy.policy(stage)["Statement"]
        listed = {name for statement in statements for name in statement["Action"]}
        assert listed == {action.name for action in actions}
        assert len({statement["Sid"] for statement in statements}) == len(statements)
