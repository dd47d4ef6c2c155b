# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a stack's resources will be, and the ARNs that they will have there. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

# Services with one endpoint a partition, which is in the region that C(aws:RequestedRegion) then says (IAM user guide,
# "AWS global condition context keys").
WORLDWIDE = frozenset({"cloudfront", "iam", "organizations", "route53", "sts"})
HOME: t.Mapping[str, str] = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
# CloudFormation makes names of the stack's name, the logical ID and a random part, and cuts long ones, so that a role's
# has at most 64 characters ("Name type"); where it cuts is not documented, and this much always stays.
KEPT = 20
# What does not exist yet has some ID of its kind.
_HEX, _UUID = "0a1b2c3d4e5f60718", "00000000-0000-0000-0000-000000000000"
_NAME = "{stack}-a-0A1B2C3D4E5F"
# By service, the ends of ARNs of what runners' templates make (Service Authorization Reference, "Resource types").
RESOURCES: t.Mapping[str, tuple[str, ...]] = {
    "acm": (f"certificate/{_UUID}",),
    "application-autoscaling": (f"scalable-target/{_HEX}",),
    "cloudwatch": (f"alarm:{_NAME}",),
    "dynamodb": (f"table/{_NAME}",),
    "ec2": tuple(
        f"{kind}/{prefix}-{_HEX}"
        for kind, prefix in {
            "instance": "i",
            "launch-template": "lt",
            "network-interface": "eni",
            "security-group": "sg",
            "security-group-rule": "sgr",
            "subnet": "subnet",
            "volume": "vol",
            "vpc": "vpc",
            "vpc-endpoint": "vpce",
        }.items()
    ),
    "ecr": (f"repository/{_NAME}",),
    "ecs": (f"cluster/{_NAME}", f"service/{_NAME}/{_NAME}", f"task-definition/{_NAME}:1"),
    "elasticache": tuple(f"{kind}:{_NAME}" for kind in ("replicationgroup", "serverlesscache", "subnetgroup", "user")),
    "elasticfilesystem": (f"file-system/fs-{_HEX}", f"access-point/fsap-{_HEX}"),
    "elasticloadbalancing": (
        f"loadbalancer/net/{_NAME}/0a1b2c3d4e5f6071",
        f"loadbalancer/app/{_NAME}/0a1b2c3d4e5f6071",
        f"targetgroup/{_NAME}/0a1b2c3d4e5f6071",
        f"listener/net/{_NAME}/0a1b2c3d4e5f6071/0a1b2c3d4e5f6071",
        f"listener/app/{_NAME}/0a1b2c3d4e5f6071/0a1b2c3d4e5f6071",
    ),
    "events": (f"rule/{_NAME}", f"event-bus/{_NAME}"),
    "iam": (f"role/{_NAME}", f"policy/{_NAME}", f"instance-profile/{_NAME}"),
    "kms": (f"key/{_UUID}", "alias/a"),
    "lambda": (f"function:{_NAME}",),
    "logs": (f"log-group:{_NAME}", f"log-group:{_NAME}:log-stream:a"),
    "memorydb": tuple(f"{kind}/{_NAME}" for kind in ("acl", "cluster", "parametergroup", "subnetgroup", "user")),
    "route53": ("hostedzone/Z0A1B2C3D4E5F6",),
    "s3": ("{lower}-a-0a1b2c3d4e5f", "{lower}-a-0a1b2c3d4e5f/a"),
    "scheduler": (f"schedule/default/{_NAME}",),
    "secretsmanager": (f"secret:{_NAME}-a1b2c3",),
    "servicediscovery": ("namespace/ns-0a1b2c3d4e5f6071", "service/srv-0a1b2c3d4e5f6071"),
    "sns": (_NAME,),
    "sqs": (_NAME,),
    "ssm": (f"parameter/{_NAME}", f"document/{_NAME}"),
}
NO_ACCOUNT = frozenset({"route53", "s3"})


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the stack will be.

    :param named: whether the template gives names of its own to roles and policies (CAPABILITY_NAMED_IAM).
    """

    partition: str
    region: str
    account: str
    stack_name: str
    named: bool = False

    def arn(self, service: str, rest: str) -> str:
        """An ARN; those of services with one endpoint name no region, and some not even the account."""
        region = "" if service in WORLDWIDE or service == "s3" else self.region
        account = "" if service in NO_ACCOUNT else self.account
        return f"arn:{self.partition}:{service}:{region}:{account}:{rest}"

    def requested_region(self, service: str) -> str:
        """What C(aws:RequestedRegion) is in calls of a service."""
        return HOME.get(self.partition, self.region) if service in WORLDWIDE else self.region

    @property
    def prefix(self) -> str:
        """What names begin with that CloudFormation makes."""
        return f"{self.stack_name}-" if len(self.stack_name) <= KEPT else self.stack_name[:KEPT]

    def owned(self, kind: str) -> list[str]:
        """ARNs with wildcards of the stack's own roles, policies or instance profiles, with and without a path."""
        if self.named:
            return [self.arn("iam", f"{kind}/*")]
        return [self.arn("iam", f"{kind}/{self.prefix}*"), self.arn("iam", f"{kind}/*/{self.prefix}*")]

    def examples(self, service: str) -> tuple[str, ...]:
        """An ARN of each kind of resource of a service; only C(*) of a service that is not known here."""
        names = {"stack": self.stack_name, "lower": self.stack_name.lower()}
        ends = [rest.format(**names) for rest in RESOURCES.get(service, ())]
        return ("*", *(self.arn(service, end) for end in ends))

    def linked_role(self, service: str, name: str = "*") -> str:
        """The ARN of a service-linked role, with wildcards where its name is left open."""
        return self.arn("iam", f"role/aws-service-role/{service}/{name}")

    def receivers(self, services: t.Iterable[str]) -> list[str]:
        """Services as a role is passed to them; EC2 in China has a name of its own there (C(AWS::URLSuffix))."""
        china = {"ec2.amazonaws.com"} if self.partition == "aws-cn" else set()
        return sorted({*services, *(f"{service}.cn" for service in china & set(services))})
