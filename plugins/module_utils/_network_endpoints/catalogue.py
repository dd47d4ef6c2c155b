# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's list of endpoints for a VPC without egress, and what AWS calls each of them. Pure.

Source of the list: the vendor's documentation (facts/runner.md, "Network prerequisites"). Of the names: AWS PrivateLink
guide, "AWS services that integrate with AWS PrivateLink", which has both spellings for China (cn.com.amazonaws for some
services, com.amazonaws for others), and "Cross-region enabled AWS services", which has com.amazonaws.iam. Of the other
partitions' prefixes: eksctl, pkg/apis/eksctl.io/v1alpha5/partitions.go, and aws-cdk, aws-ec2/lib/vpc-endpoint.ts; which
services have them differs, and AWS tells.
"""

from __future__ import annotations

import dataclasses

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import (
    ALWAYS_ENABLED,
    partition_of,
)

INTERFACE, GATEWAY = "Interface", "Gateway"
# What names may begin with beside com.amazonaws, by partition.
PREFIXES = {
    "aws-cn": "cn.com.amazonaws",
    "aws-eusc": "eu.amazonaws",
    "aws-iso": "gov.ic.c2s",
    "aws-iso-b": "gov.sgov.sc2s",
    "aws-iso-e": "uk.adc-e.cloud",
    "aws-iso-f": "gov.ic.hci.csp",
}


@dataclasses.dataclass(frozen=True)
class Listed:
    """One service of the list.

    :param short: as the vendor calls it, such as C(ecr.api).
    :param kind: C(Interface) or C(Gateway).
    :param everywhere: whether it is one service for all regions of a partition, offered where that is kept.
    """

    short: str
    kind: str = INTERFACE
    everywhere: bool = False

    def names(self, region: str) -> tuple[str, ...]:
        """The names that AWS may have for it; which one it is, DescribeVpcEndpointServices tells."""
        place = "" if self.everywhere else f".{region}"
        other = PREFIXES.get(partition_of(region))
        prefixes = ("com.amazonaws", other) if other else ("com.amazonaws",)
        return tuple(f"{prefix}{place}.{self.short}" for prefix in prefixes)

    def region(self, region: str) -> str:
        """Where it is offered: for IAM where the control plane of the partition is (IAM user guide, "Resilience")."""
        return ALWAYS_ENABLED[partition_of(region)] if self.everywhere else region


# The runner dials these and reports a degraded network without them (facts/runner.md).
DIALLED = ("secretsmanager", "logs", "ecr.api", "ecr.dkr", "s3")
SERVICES = (
    *(
        Listed(short, everywhere=short == "iam")
        for short in (
            "acm",
            "cloudformation",
            "ec2",
            "ec2messages",
            "ecr.api",
            "ecr.dkr",
            "ecs",
            "ecs-agent",
            "ecs-telemetry",
            "elasticloadbalancing",
            "iam",
            "logs",
            "secretsmanager",
            "ssm",
            "ssmmessages",
            "sts",
        )
    ),
    Listed("s3", GATEWAY),
    Listed("dynamodb", GATEWAY),
)


def listed(service_name: str, region: str) -> Listed | None:
    """Which of the list a service is by the name that AWS has for it; C(None) for every other one.

    The same service of another region is another one: its private DNS answers for that region's name.
    """
    return next((service for service in SERVICES if service_name in service.names(region)), None)


def names(region: str) -> list[str]:
    """Every name that the list may have in a region."""
    return [name for service in SERVICES for name in service.names(region)]
