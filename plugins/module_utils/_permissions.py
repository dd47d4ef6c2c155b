# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every AWS permission that the collection uses, by stage: the one place where they are listed.

The prerequisites simulate them, docs/permissions.md is generated from them, and tests hold them equal to the calls in
the code and to the calls that the test bed saw.
"""

from __future__ import annotations

import dataclasses
import typing as t

# What a permission can be limited to; everything else takes no resource, or is looked up before its name is known.
ANY, STACK, ZONE, BUCKET, CA_PARAMETER, CA_SECRET, TEMPLATE, ROLE, KEPT = (
    "any",
    "stack",
    "zone",
    "bucket",
    "ca_parameter",
    "ca_secret",
    "template",
    "role",
    "kept_bucket",
)

# Without a condition an action is always needed; these name the setting that brings it in.
PRIVATELINK = "gitpod_privatelink_enabled"
VPC_DNS = "gitpod_privatelink_enable_vpc_dns"
OWN_GROUP = "gitpod_privatelink_security_group_ids is empty"
ROUTE53 = "gitpod_dns_provider is route53"
PARAMETER = "gitpod_custom_ca begins with ssm:"
CA_IN_SECRETS = "gitpod_custom_ca begins with secretsmanager:"
UPLOAD = "gitpod_stack_template_bucket"
POLICY = "gitpod_stack_policy"
ROLLBACK = "gitpod_stack_continue_rollback"
DRIFT = "include_drift of runner_stack_info"
STATUS = "the playbook status.yml"
DETECT = "gitpod_status_drift is detect"
TEARDOWN = "the playbook teardown.yml"
DELETE_BUCKETS = "gitpod_teardown_delete_buckets"
CANCEL = "gitpod_stack_cancel_update"
CERTIFICATE = "gitpod_certificate_request"
ASSUMED = "gitpod_dns_role_arn"
ASSOCIATED = "gitpod_dns_associate_vpc"
PROBES = "gitpod_verify_probe_instances or gitpod_verify_probe_instance_tags"


# What the documented policies are limited to; the partition is aws, aws-us-gov or aws-cn.
RESOURCES: t.Mapping[str, str] = {
    ANY: "*",
    STACK: "arn:aws:cloudformation:<region>:<account>:stack/<stack name>/*",
    ZONE: "arn:aws:route53:::hostedzone/<hosted zone>",
    BUCKET: "arn:aws:s3:::<template bucket>*",
    KEPT: "arn:aws:s3:::<stack name>-*",
    CA_PARAMETER: "arn:aws:ssm:<region>:<account>:parameter<path>",
    CA_SECRET: "arn:aws:secretsmanager:<region>:<account>:secret:<secret>*",
    TEMPLATE: "arn:aws:s3:::gitpod-flex-releases/*",
    ROLE: "<the role>",
}


@dataclasses.dataclass(frozen=True)
class Action:
    """A permission.

    :param name: as IAM spells it, such as C(cloudformation:CreateStack).
    :param resource: what it is limited to in the documented policy.
    :param when: setting without which it is not needed; empty for always.
    :param optional: whether the collection goes on without it, with less to say.
    """

    name: str
    resource: str = ANY
    when: str = ""
    optional: bool = False


def _actions(service: str, *names: str, resource: str = ANY, when: str = "", optional: bool = False) -> list[Action]:
    return [Action(f"{service}:{name}", resource, when, optional) for name in names]


# A runner's stack is found by its tags, under any name: listing takes both, and no single stack's ARN covers it.
FINDING = _actions("cloudformation", "DescribeStacks", "ListStacks")

STAGES: t.Mapping[str, t.Sequence[Action]] = {
    "prerequisites": [
        *_actions("sts", "GetCallerIdentity"),
        *_actions(
            "ec2",
            "DescribeAvailabilityZones",
            "DescribeVpcs",
            "DescribeVpcAttribute",
            "DescribeSubnets",
            "DescribeRouteTables",
            "DescribeNetworkAcls",
            "DescribeSecurityGroups",
            "DescribeVpcEndpoints",
            "DescribeAddresses",
            "DescribeInstances",
            "DescribeImages",
            optional=True,
        ),
        *_actions("ec2", "DescribeVpcEndpointServices", when=PRIVATELINK, optional=True),
        *_actions("acm", "DescribeCertificate", optional=True),
        *_actions("acm", "ListCertificates", "ListTagsForCertificate", when=CERTIFICATE, optional=True),
        *_actions("ssm", "GetParameter", resource=CA_PARAMETER, when=PARAMETER, optional=True),
        *_actions("secretsmanager", "GetSecretValue", resource=CA_SECRET, when=CA_IN_SECRETS, optional=True),
        *_actions("route53", "ListHostedZones", when=ROUTE53, optional=True),
        *_actions("route53", "ListHostedZonesByVPC", optional=True),
        *_actions("sts", "AssumeRole", resource=ROLE, when=ASSUMED),
        *_actions("route53", "ListResourceRecordSets", resource=ZONE, when=ROUTE53, optional=True),
        *FINDING,
        *_actions("cloudformation", "ListStackResources", resource=STACK),
        *_actions("cloudformation", "GetTemplateSummary", optional=True),
        *_actions(
            "cloudformation", "GetTemplate", "DescribeChangeSet", "ListChangeSets", resource=STACK, optional=True
        ),
        *_actions("cloudformation", "GetStackPolicy", resource=STACK, when=POLICY, optional=True),
        *_actions("elasticloadbalancing", "DescribeLoadBalancers"),
        *_actions("servicequotas", "GetServiceQuota", "GetAWSDefaultServiceQuota", optional=True),
        *_actions("s3", "GetObject", resource=TEMPLATE, optional=True),
        *_actions("iam", "GetRole", "SimulatePrincipalPolicy", optional=True),
    ],
    "certificate": [
        *_actions(
            "acm",
            "ListCertificates",
            "ListTagsForCertificate",
            "DescribeCertificate",
            "RequestCertificate",
            "AddTagsToCertificate",
            "DeleteCertificate",
            when=CERTIFICATE,
        ),
    ],
    "privatelink": [
        *_actions(
            "ec2",
            "DescribeVpcEndpointServices",
            "DescribeVpcEndpoints",
            "DescribeSubnets",
            "DescribeVpcAttribute",
            "CreateVpcEndpoint",
            "ModifyVpcEndpoint",
            "DeleteVpcEndpoints",
            "CreateTags",
            "DeleteTags",
            when=PRIVATELINK,
        ),
        *_actions(
            "ec2",
            "DescribeSecurityGroups",
            "CreateSecurityGroup",
            "AuthorizeSecurityGroupIngress",
            "RevokeSecurityGroupIngress",
            "DeleteSecurityGroup",
            when=OWN_GROUP,
        ),
        *_actions("ec2", "DescribeNetworkInterfaces", when=PRIVATELINK, optional=True),
        *_actions("ec2", "ModifyVpcAttribute", when=VPC_DNS),
        # Before something is taken away: who else has a runner in the VPC.
        *_actions("cloudformation", "DescribeStacks", when=PRIVATELINK, optional=True),
    ],
    "stack": [
        *FINDING,
        *_actions("cloudformation", "GetTemplateSummary"),
        *_actions(
            "cloudformation",
            "CreateStack",
            "CreateChangeSet",
            "DescribeChangeSet",
            "ListChangeSets",
            "ExecuteChangeSet",
            "DeleteChangeSet",
            "DescribeStackEvents",
            "ListStackResources",
            "UpdateTerminationProtection",
            "DeleteStack",
            "TagResource",
            resource=STACK,
        ),
        *_actions("cloudformation", "DescribeEvents", "GetTemplate", resource=STACK, optional=True),
        *_actions("s3", "GetObject", resource=TEMPLATE, optional=True),
        *_actions("cloudformation", "CancelUpdateStack", resource=STACK, when=CANCEL),
        *_actions("cloudformation", "ContinueUpdateRollback", resource=STACK, when=ROLLBACK),
        *_actions("cloudformation", "GetStackPolicy", "SetStackPolicy", resource=STACK, when=POLICY),
        *_actions("s3", "GetBucketLocation", "PutObject", resource=BUCKET, when=UPLOAD),
        *_actions("cloudformation", "DetectStackDrift", "DescribeStackResourceDrifts", resource=STACK, when=DRIFT),
        *_actions("cloudformation", "DescribeStackDriftDetectionStatus", when=DRIFT),
        *_actions("elasticloadbalancing", "DescribeLoadBalancers"),
    ],
    "dns": [
        *_actions("route53", "ListHostedZones", when=ROUTE53),
        *_actions(
            "route53",
            "GetHostedZone",
            "ListResourceRecordSets",
            "ChangeResourceRecordSets",
            resource=ZONE,
            when=ROUTE53,
        ),
        *_actions("route53", "GetChange", when=ROUTE53),
        *_actions("sts", "AssumeRole", resource=ROLE, when=ASSUMED),
        *_actions("route53", "AssociateVPCWithHostedZone", resource=ZONE, when=ASSOCIATED),
        *_actions("ec2", "DescribeVpcs", when=ASSOCIATED),
    ],
    "verify": [
        *FINDING,
        *_actions("cloudformation", "DescribeChangeSet", "ListChangeSets", resource=STACK, optional=True),
        *_actions("cloudformation", "ListStackResources", resource=STACK),
        *_actions(
            "elasticloadbalancing",
            "DescribeLoadBalancers",
            "DescribeListeners",
            "DescribeTargetGroups",
            "DescribeTargetHealth",
            optional=True,
        ),
        *_actions("iam", "GetRole", "GetInstanceProfile", optional=True),
        *_actions(
            "ec2",
            "DescribeVpcEndpoints",
            "DescribeVpcEndpointServices",
            "DescribeNetworkInterfaces",
            "DescribeSubnets",
            when=PRIVATELINK,
            optional=True,
        ),
        *_actions("route53", "GetChange", when=ROUTE53),
        *_actions("sts", "AssumeRole", resource=ROLE, when=ASSUMED),
        *_actions(
            "ssm",
            "DescribeInstanceInformation",
            "SendCommand",
            "GetCommandInvocation",
            "CancelCommand",
            when=PROBES,
            optional=True,
        ),
        *_actions("ec2", "DescribeInstances", when=PROBES, optional=True),
    ],
    "status": [
        *_actions("cloudformation", "DescribeStacks", "ListStacks", when=STATUS),
        *_actions("cloudformation", "DescribeChangeSet", "ListChangeSets", resource=STACK, when=STATUS, optional=True),
        *_actions("cloudformation", "DescribeStackResourceDrifts", resource=STACK, when=STATUS, optional=True),
        *_actions("cloudformation", "DetectStackDrift", resource=STACK, when=DETECT, optional=True),
        *_actions("cloudformation", "DescribeStackDriftDetectionStatus", when=DETECT, optional=True),
        *_actions("acm", "DescribeCertificate", when=STATUS, optional=True),
        *_actions("ec2", "DescribeVpcEndpoints", when=STATUS, optional=True),
    ],
    "teardown": [
        *_actions(
            "cloudformation",
            "ListStackResources",
            "GetTemplateSummary",
            "DescribeStackEvents",
            "UpdateTerminationProtection",
            "DeleteStack",
            resource=STACK,
            when=TEARDOWN,
        ),
        *_actions("cloudformation", "DescribeStacks", "ListStacks", when=TEARDOWN),
        *_actions(
            "cloudformation", "DescribeChangeSet", "ListChangeSets", resource=STACK, when=TEARDOWN, optional=True
        ),
        *_actions("elasticloadbalancing", "DescribeLoadBalancers", when=TEARDOWN),
        *_actions("ec2", "DescribeVpcEndpoints", "DescribeSecurityGroups", when=TEARDOWN),
        *_actions("ec2", "DeleteVpcEndpoints", "DeleteSecurityGroup", when=TEARDOWN),
        # What others use too stays; it loses this runner's tag and what only this runner needed.
        *_actions("ec2", "ModifyVpcEndpoint", "RevokeSecurityGroupIngress", "CreateTags", "DeleteTags", when=TEARDOWN),
        *_actions("s3", "ListBucketVersions", "GetBucketTagging", resource=KEPT, when=TEARDOWN, optional=True),
        *_actions(
            "s3",
            "DeleteObject",
            "DeleteObjectVersion",
            "ListBucketMultipartUploads",
            "AbortMultipartUpload",
            "DeleteBucket",
            resource=KEPT,
            when=DELETE_BUCKETS,
        ),
    ],
}


def all_actions() -> dict[str, Action]:
    """Every action once; one that some stage cannot do without is not optional."""
    found: dict[str, Action] = {}
    for stage in STAGES.values():
        for action in stage:
            if action.name not in found or found[action.name].optional:
                found[action.name] = action
    return found


def needed(settings: t.Collection[str]) -> tuple[Action, ...]:
    """The actions of all stages with these settings, each once.

    :param settings: conditions that hold.
    """
    found: dict[str, Action] = {}
    for stage in STAGES.values():
        for action in stage:
            if (not action.when or action.when in settings) and (
                action.name not in found or found[action.name].optional
            ):
                found[action.name] = action
    return tuple(found.values())


def policy(stage: str) -> dict[str, t.Any]:
    """The least-privilege IAM policy of a stage, with placeholders in angle brackets.

    An action is limited to its resource; those of an option stand in a statement of their own, so that they can be left
    out.
    """
    statements: dict[tuple[str, str], list[str]] = {}
    for action in STAGES[stage]:
        statements.setdefault((action.when, action.resource), []).append(action.name)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": sorted(names), "Resource": RESOURCES[resource]}
            for (_when, resource), names in statements.items()
        ],
    }


def conditions(stage: str) -> list[tuple[str, list[str]]]:
    """Setting and the actions that it brings in."""
    found: dict[str, list[str]] = {}
    for action in STAGES[stage]:
        if action.when:
            found.setdefault(action.when, []).append(action.name)
    return [(when, sorted(names)) for when, names in found.items()]
