# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of permissions against all calls that the collection made in a whole session: none missing, none unused.

An API call and the permission that it takes mostly have one name; where they have not, the mapping is AWS's (Service
Authorization Reference).
"""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

# The SDK's names of services where IAM has another.
IAM_NAMES = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
IAM_ACTIONS: t.Mapping[str, t.Sequence[str]] = {
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:HeadObject": ("s3:GetObject",),
}
# Permissions that go with another call: tags that are given while something is created, and what a service does in the
# caller's name (tests/testbed/aws/iam judges each of them).
IMPLIED: t.Mapping[str, t.Sequence[str]] = {
    "cloudformation:CreateStack": ("cloudformation:TagResource", "iam:PassRole", "ssm:GetParameters"),
    "cloudformation:DetectStackDrift": ("cloudformation:DetectStackResourceDrift",),
    "acm:RequestCertificate": ("acm:AddTagsToCertificate",),
    "ec2:CreateVpcEndpoint": ("ec2:CreateTags", "vpce:AllowMultiRegion"),
    "ec2:CreateSecurityGroup": ("ec2:CreateTags",),
    # What encrypts with a key of KMS asks for that key; the test bed has none.
    "s3:PutObject": ("s3:GetObjectVersion", "kms:GenerateDataKey", "kms:Decrypt"),
    # Without it, an object that is not there is refused.
    "s3:GetObject": ("s3:ListBucket",),
    "service-quotas:GetServiceQuota": (
        "cloudformation:DescribeAccountLimits",
        "elasticloadbalancing:DescribeAccountLimits",
    ),
}
# Calls that take no permission.
FREE = frozenset({"sts:GetCallerIdentity"})
# What the test bed cannot bring about: there, no change set fails AWS's validation, whose findings the first reads, and
# no template has a resource type that the collection does not know by itself, of which the other asks.
NOT_SIMULATED = frozenset({"cloudformation:DescribeEvents", "cloudformation:DescribeType"})


def keep(session: pathlib.Path, operations: t.Collection[str]) -> None:
    """Leave what one test bed saw where the end of the session finds it."""
    (session / f"operations-{os.getpid()}.json").write_text(json.dumps(sorted(operations)), "utf-8")


def kept(session: pathlib.Path) -> set[str]:
    """What all test beds of the session saw."""
    return {name for path in session.glob("operations-*.json") for name in json.loads(path.read_text("utf-8"))}


def actions(operations: t.Collection[str]) -> set[str]:
    """The permissions that the operations take."""
    found: set[str] = set()
    for operation in operations:
        service, _colon, name = operation.partition(":")
        plain = f"{IAM_NAMES.get(service, service)}:{name}"
        found.update(IAM_ACTIONS.get(operation, (plain,)), IMPLIED.get(operation, ()))
    return found


def differences(operations: t.Collection[str]) -> list[str]:
    """One sentence for each permission that the registry lacks, or has for nothing."""
    # pytest's configuration imports this file before it has made the collection importable.
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import registry as _permissions

    called, listed = actions(operations), set(_permissions.all_actions())
    missing = [f"{name} was used and is not in the registry" for name in sorted(called - listed - FREE)]
    unused = [f"{name} is in the registry and was never used" for name in sorted(listed - called - NOT_SIMULATED)]
    return missing + unused
