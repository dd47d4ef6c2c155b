# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The permissions of each stage: the one list."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import actions as known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.actions import Action, actions

# A runner's stack is found by its tags, under any name: listing takes both, and no single stack's ARN covers it.
FINDING = actions("cloudformation", "DescribeStacks", "ListStacks")
# Values of parameters of the types AWS::EC2::... are looked up with the caller's rights before anything begins.
PARAMETER_TYPES = actions(
    "ec2", "DescribeAvailabilityZones", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"
)
# A dynamic reference is resolved with the caller's rights, or the service role's.
DYNAMIC_REFERENCES = (
    *actions("ssm", "GetParameters", scopes=known.CA_PARAMETER, when=known.PARAMETER),
    *actions("secretsmanager", "GetSecretValue", scopes=known.CA_SECRET, when=known.CA_IN_SECRETS),
)

PREREQUISITES = (
    *actions("sts", "GetCallerIdentity"),
    *actions(
        "ec2",
        "DescribeAvailabilityZones",
        "DescribeVpcs",
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
    *actions("ec2", "DescribeInstanceTypes", "DescribeVolumes", when=known.CLASSES, optional=True),
    *actions("ec2", "DescribeVpcAttribute", scopes=known.VPC, optional=True),
    # Also of what is missing where there is no way out.
    *actions("ec2", "DescribeVpcEndpointServices", optional=True),
    *actions("acm", "DescribeCertificate", scopes=known.CERTIFICATES, optional=True),
    *actions("acm", "ListCertificates", when=known.CERTIFICATE, optional=True),
    *actions("acm", "ListTagsForCertificate", scopes=known.CERTIFICATES, when=known.CERTIFICATE, optional=True),
    *actions("ssm", "GetParameter", scopes=known.CA_PARAMETER, when=known.PARAMETER, optional=True),
    *actions("secretsmanager", "GetSecretValue", scopes=known.CA_SECRET, when=known.CA_IN_SECRETS, optional=True),
    *actions("route53", "ListHostedZones", when=known.ROUTE53, optional=True),
    *actions("route53", "ListHostedZonesByVPC", optional=True),
    *actions("sts", "AssumeRole", scopes=known.ROLE, when=known.ASSUMED),
    *actions("route53", "ListResourceRecordSets", scopes=known.ZONE, when=known.ROUTE53, optional=True),
    *FINDING,
    *actions("cloudformation", "ListStackResources", scopes=known.STACK),
    # DescribeType: what a resource type needs that the collection does not know by itself.
    *actions("cloudformation", "GetTemplateSummary", "DescribeType", optional=True),
    *actions("cloudformation", "GetTemplate", "DescribeChangeSet", "ListChangeSets", scopes=known.STACK, optional=True),
    *actions("cloudformation", "GetStackPolicy", scopes=known.STACK, when=known.POLICY, optional=True),
    *actions("elasticloadbalancing", "DescribeLoadBalancers"),
    *actions("servicequotas", "GetServiceQuota", scopes=known.QUOTAS, optional=True),
    *actions("servicequotas", "GetAWSDefaultServiceQuota", optional=True),
    # Today's use of a quota, in the metric that Service Quotas names for it.
    *actions("cloudwatch", "GetMetricStatistics", optional=True),
    # Service Quotas asks the services for them (Service Authorization Reference, dependent actions).
    *actions("cloudformation", "DescribeAccountLimits", optional=True),
    *actions("elasticloadbalancing", "DescribeAccountLimits", optional=True),
    *actions("s3", "GetObject", scopes=known.TEMPLATE, optional=True),
    *actions("iam", "GetRole", scopes=known.ROLES, optional=True),
    *actions("iam", "SimulatePrincipalPolicy", scopes=known.CALLER, optional=True),
)

CERTIFICATE = (
    *actions("acm", "ListCertificates", when=known.CERTIFICATE),
    *actions("acm", "RequestCertificate", scopes=known.NEW_CERTIFICATE, when=known.CERTIFICATE),
    *actions(
        "acm",
        "ListTagsForCertificate",
        "DescribeCertificate",
        "AddTagsToCertificate",
        "DeleteCertificate",
        scopes=known.CERTIFICATES,
        when=known.CERTIFICATE,
    ),
)

PRIVATELINK = (
    *actions(
        "ec2",
        "DescribeVpcEndpointServices",
        "DescribeVpcEndpoints",
        "DescribeSubnets",
        when=known.PRIVATELINK,
    ),
    *actions("ec2", "DescribeVpcAttribute", scopes=known.VPC, when=known.PRIVATELINK),
    *actions("ec2", "CreateVpcEndpoint", scopes=(known.NEW_ENDPOINT, known.PLACE), when=known.PRIVATELINK),
    # An endpoint that others made is used too, and gets what is missing: it has no tag of ours.
    *actions("ec2", "ModifyVpcEndpoint", scopes=(known.ENDPOINT, known.ATTACHED), when=known.PRIVATELINK),
    *actions("ec2", "DeleteVpcEndpoints", scopes=known.OWN_ENDPOINT, when=known.PRIVATELINK),
    *actions("ec2", "CreateTags", scopes=(known.TAGGED_AT_CREATION, known.OWN_THINGS), when=known.PRIVATELINK),
    *actions("ec2", "DeleteTags", scopes=known.OWN_THINGS, when=known.PRIVATELINK),
    # Reference data: an endpoint whose service is in another region, and one with private DNS. No account was at hand.
    *actions("vpce", "AllowMultiRegion", scopes=known.ENDPOINT, when=known.PRIVATELINK),
    *actions("route53", "AssociateVPCWithHostedZone", scopes=known.PRIVATE_NAME, when=known.PRIVATELINK),
    *actions("ec2", "DescribeVpcs", when=known.PRIVATELINK),
    *actions("ec2", "DescribeSecurityGroups", when=known.OWN_GROUP),
    *actions("ec2", "CreateSecurityGroup", scopes=(known.NEW_GROUP, known.VPC), when=known.OWN_GROUP),
    *actions(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        "RevokeSecurityGroupIngress",
        "DeleteSecurityGroup",
        scopes=known.OWN_GROUPS,
        when=known.OWN_GROUP,
    ),
    *actions("ec2", "DescribeNetworkInterfaces", when=known.PRIVATELINK, optional=True),
    *actions("ec2", "ModifyVpcAttribute", scopes=known.VPC, when=known.VPC_DNS),
    # Before something is taken away: who else has a runner in the VPC.
    *actions("cloudformation", "DescribeStacks", "ListStacks", when=known.PRIVATELINK, optional=True),
)

NETWORK_ENDPOINTS = (
    *actions(
        "ec2",
        "DescribeVpcEndpointServices",
        "DescribeVpcEndpoints",
        "DescribeSubnets",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeVpcs",
        when=known.NETWORK,
    ),
    *actions("ec2", "DescribeVpcAttribute", scopes=known.VPC, when=known.NETWORK),
    *actions("ec2", "CreateVpcEndpoint", scopes=(known.NEW_ENDPOINT, known.PLACES), when=known.NETWORK),
    # Nothing that others made is changed.
    *actions("ec2", "ModifyVpcEndpoint", scopes=(known.OWN_ENDPOINT, known.ADDED), when=known.NETWORK),
    *actions("ec2", "DeleteVpcEndpoints", scopes=known.OWN_ENDPOINT, when=known.NETWORK),
    *actions("ec2", "CreateTags", scopes=(known.TAGGED_AT_CREATION, known.OWN_THINGS), when=known.NETWORK),
    *actions("ec2", "DeleteTags", scopes=known.OWN_THINGS, when=known.NETWORK),
    # IAM's is across regions; private DNS takes a hidden zone of the VPC.
    *actions("vpce", "AllowMultiRegion", scopes=known.ENDPOINT, when=known.NETWORK),
    *actions("route53", "AssociateVPCWithHostedZone", scopes=known.PRIVATE_NAME, when=known.NETWORK),
    *actions("ec2", "CreateSecurityGroup", scopes=(known.NEW_GROUP, known.VPC), when=known.NETWORK),
    *actions(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        "RevokeSecurityGroupIngress",
        "DeleteSecurityGroup",
        scopes=known.OWN_GROUPS,
        when=known.NETWORK,
    ),
    # Names that lead elsewhere already need no endpoint.
    *actions("route53", "ListHostedZonesByVPC", when=known.NETWORK, optional=True),
    # Before something is removed: who else has a runner in the VPC.
    *actions("cloudformation", "DescribeStacks", "ListStacks", when=known.NETWORK, optional=True),
)

STACK = (
    *FINDING,
    *PARAMETER_TYPES,
    *DYNAMIC_REFERENCES,
    *actions("cloudformation", "GetTemplateSummary"),
    *actions(
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
        scopes=known.STACK,
    ),
    *actions("cloudformation", "TagResource", scopes=known.STACK_AND_SETS),
    *actions("cloudformation", "DescribeEvents", scopes=known.STACK_AND_SETS, optional=True),
    *actions("cloudformation", "GetTemplate", scopes=known.STACK, optional=True),
    *actions("s3", "GetObject", scopes=known.TEMPLATE),
    *actions("iam", "PassRole", scopes=known.PASSED, when=known.SERVICE_ROLE),
    *actions("cloudformation", "CancelUpdateStack", scopes=known.STACK, when=known.CANCEL),
    *actions("cloudformation", "ContinueUpdateRollback", scopes=known.STACK, when=known.ROLLBACK),
    *actions("cloudformation", "GetStackPolicy", "SetStackPolicy", scopes=known.STACK, when=known.POLICY),
    *actions("s3", "GetBucketLocation", scopes=known.BUCKET, when=known.UPLOAD),
    *actions("s3", "PutObject", "GetObject", "GetObjectVersion", scopes=known.OBJECTS, when=known.UPLOAD),
    *actions(
        "cloudformation",
        "DetectStackDrift",
        "DetectStackResourceDrift",
        "DescribeStackResourceDrifts",
        scopes=known.STACK,
        when=known.DRIFT,
    ),
    *actions("cloudformation", "DescribeStackDriftDetectionStatus", when=known.DRIFT),
    *actions("elasticloadbalancing", "DescribeLoadBalancers"),
)

DNS = (
    *actions("route53", "ListHostedZones", when=known.ROUTE53),
    *actions("route53", "GetHostedZone", "ListResourceRecordSets", scopes=known.ZONE, when=known.ROUTE53),
    *actions("route53", "ChangeResourceRecordSets", scopes=known.RECORDS, when=known.ROUTE53),
    *actions("route53", "GetChange", scopes=known.CHANGE, when=known.ROUTE53),
    *actions("sts", "AssumeRole", scopes=known.ROLE, when=known.ASSUMED),
    *actions("route53", "AssociateVPCWithHostedZone", scopes=known.ZONE, when=known.ASSOCIATED),
    *actions("ec2", "DescribeVpcs", when=known.ASSOCIATED),
)

VERIFY = (
    *FINDING,
    # Of a runner whose inventory leaves out what its stack has.
    *actions("cloudformation", "GetTemplateSummary", optional=True),
    *actions("cloudformation", "DescribeChangeSet", "ListChangeSets", scopes=known.STACK, optional=True),
    *actions("cloudformation", "ListStackResources", scopes=known.STACK),
    *actions(
        "elasticloadbalancing",
        "DescribeLoadBalancers",
        "DescribeListeners",
        "DescribeTargetGroups",
        "DescribeTargetHealth",
        optional=True,
    ),
    *actions("iam", "GetRole", scopes=known.ROLES, optional=True),
    *actions("iam", "GetInstanceProfile", scopes=known.PROFILES, optional=True),
    *actions(
        "ec2",
        "DescribeVpcEndpoints",
        "DescribeVpcEndpointServices",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        when=known.PRIVATELINK,
        optional=True,
    ),
    *actions(
        "ec2",
        "DescribeVpcEndpointServices",
        "DescribeVpcEndpoints",
        "DescribeSubnets",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        when=known.NETWORK,
        optional=True,
    ),
    *actions("route53", "ListHostedZonesByVPC", when=known.NETWORK, optional=True),
    *actions("route53", "GetChange", scopes=known.CHANGE, when=known.ROUTE53),
    *actions("sts", "AssumeRole", scopes=known.ROLE, when=known.ASSUMED),
    *actions("ssm", "SendCommand", scopes=(known.DOCUMENT, known.INSTANCES), when=known.PROBES, optional=True),
    *actions(
        "ssm",
        "DescribeInstanceInformation",
        "GetCommandInvocation",
        "CancelCommand",
        when=known.PROBES,
        optional=True,
    ),
    *actions("ec2", "DescribeInstances", when=known.PROBES, optional=True),
)

STATUS = (
    *actions("cloudformation", "DescribeStacks", "ListStacks", when=known.STATUS),
    # Of a runner whose inventory leaves out what its stack has.
    *actions("cloudformation", "GetTemplateSummary", when=known.STATUS, optional=True),
    *actions(
        "cloudformation", "DescribeChangeSet", "ListChangeSets", scopes=known.STACK, when=known.STATUS, optional=True
    ),
    *actions("cloudformation", "DescribeStackResourceDrifts", scopes=known.STACK, when=known.STATUS, optional=True),
    # Drift is found with the caller's rights to read each resource of the template.
    *actions(
        "cloudformation",
        "DetectStackDrift",
        "DetectStackResourceDrift",
        scopes=known.STACK,
        when=known.DETECT,
        optional=True,
    ),
    *actions("cloudformation", "DescribeStackDriftDetectionStatus", when=known.DETECT, optional=True),
    *actions("acm", "DescribeCertificate", scopes=known.CERTIFICATES, when=known.STATUS, optional=True),
    *actions("ec2", "DescribeVpcEndpoints", when=known.STATUS, optional=True),
)

ADOPT = (
    *actions("cloudformation", "DescribeStacks", "ListStacks", "GetTemplateSummary", when=known.ADOPT),
    *actions("cloudformation", "ListStackResources", scopes=known.STACK, when=known.ADOPT),
    *actions("elasticloadbalancing", "DescribeLoadBalancers", when=known.ADOPT),
    *actions("route53", "ListHostedZones", when=known.ADOPT, optional=True),
    *actions("route53", "ListResourceRecordSets", scopes=known.ZONE, when=known.ADOPT, optional=True),
    *actions("ec2", "DescribeVpcEndpoints", when=known.ADOPT, optional=True),
    *actions("sts", "AssumeRole", scopes=known.ROLE, when=known.ASSUMED),
)

TEARDOWN = (
    *actions(
        "cloudformation",
        "ListStackResources",
        "DescribeStackEvents",
        "UpdateTerminationProtection",
        "DeleteStack",
        scopes=known.STACK,
        when=known.TEARDOWN,
    ),
    *actions("cloudformation", "DescribeStacks", "ListStacks", "GetTemplateSummary", when=known.TEARDOWN),
    *actions(
        "cloudformation", "DescribeChangeSet", "ListChangeSets", scopes=known.STACK, when=known.TEARDOWN, optional=True
    ),
    *actions("iam", "PassRole", scopes=known.PASSED, when=known.SERVICE_ROLE),
    *actions("elasticloadbalancing", "DescribeLoadBalancers", when=known.TEARDOWN),
    *actions("ec2", "DescribeVpcEndpoints", "DescribeSecurityGroups", when=known.TEARDOWN),
    *actions("ec2", "DeleteVpcEndpoints", scopes=known.OWN_ENDPOINT, when=known.TEARDOWN),
    *actions("ec2", "DeleteSecurityGroup", "RevokeSecurityGroupIngress", scopes=known.OWN_GROUPS, when=known.TEARDOWN),
    # What others use too stays; it loses this runner's tag and what only this runner needed.
    *actions("ec2", "ModifyVpcEndpoint", scopes=(known.OWN_ENDPOINT, known.ADDED), when=known.TEARDOWN),
    *actions("ec2", "CreateTags", "DeleteTags", scopes=known.OWN_THINGS, when=known.TEARDOWN),
    *actions("acm", "ListCertificates", when=known.CERTIFICATE),
    *actions(
        "acm",
        "ListTagsForCertificate",
        "DescribeCertificate",
        "DeleteCertificate",
        scopes=known.CERTIFICATES,
        when=known.CERTIFICATE,
    ),
    *actions("s3", "ListBucketVersions", "GetBucketTagging", scopes=known.KEPT, when=known.TEARDOWN, optional=True),
    *actions(
        "s3",
        "ListBucketVersions",
        "ListBucketMultipartUploads",
        "DeleteBucket",
        scopes=known.KEPT,
        when=known.DELETE_BUCKETS,
    ),
    *actions(
        "s3",
        "DeleteObject",
        "DeleteObjectVersion",
        "AbortMultipartUpload",
        scopes=known.KEPT_OBJECTS,
        when=known.DELETE_BUCKETS,
    ),
)

# Without ListBucket, S3 refuses an object that is not there instead of saying so (S3 API reference, GetObject). No
# permission to delete: retention is the bucket's lifecycle. A report that cannot be kept is a warning.
REPORT = (
    *actions("s3", "GetObject", "PutObject", scopes=known.REPORT_OBJECTS, when=known.REPORT, optional=True),
    *actions("s3", "ListBucket", scopes=known.REPORTS, when=known.REPORT, optional=True),
    *actions("kms", "GenerateDataKey", "Decrypt", scopes=known.KEY, when=known.REPORT_KEY, optional=True),
)

STAGES: t.Mapping[str, t.Sequence[Action]] = {
    "prerequisites": PREREQUISITES,
    "certificate": CERTIFICATE,
    "network_endpoints": NETWORK_ENDPOINTS,
    "privatelink": PRIVATELINK,
    "stack": STACK,
    "dns": DNS,
    "verify": VERIFY,
    "report": REPORT,
    "status": STATUS,
    "adopt": ADOPT,
    "teardown": TEARDOWN,
}

# Which stages' permissions a playbook takes.
PLAYBOOKS: t.Mapping[str, tuple[str, ...]] = {
    "prerequisites": ("prerequisites",),
    "site": ("prerequisites", "certificate", "network_endpoints", "privatelink", "stack", "dns", "verify"),
    "status": ("status", "verify"),
    "upgrade": ("stack", "dns", "verify"),
    "adopt": ("adopt",),
    "teardown": ("teardown", "dns"),
}
