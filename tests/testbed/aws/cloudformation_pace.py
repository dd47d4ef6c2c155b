# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the simulated CloudFormation takes for each resource."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass
class Pace:
    """The speed of all stacks: ``stack_seconds`` is about how long creating the runner stack takes; may change.

    ``hurried`` counts how often what was under way was ended at once.
    """

    stack_seconds: float = 30.0
    hurried: int = 0


pace = Pace()

# How long a resource takes relative to a security group. The order is AWS's (a cache cluster takes minutes, a log group
# a second); the spread is compressed so that a demonstration still shows every resource.
_WEIGHTS: dict[str, float] = {
    "AWS::MemoryDB::Cluster": 14.0,
    "AWS::ElastiCache::ServerlessCache": 12.0,
    "AWS::ElastiCache::ReplicationGroup": 14.0,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": 9.0,
    "AWS::ECS::Service": 8.0,
    "AWS::ServiceDiscovery::PrivateDnsNamespace": 5.0,
    "AWS::IAM::InstanceProfile": 5.0,
    "AWS::DynamoDB::Table": 3.0,
    "AWS::IAM::Role": 2.5,
    "AWS::IAM::ManagedPolicy": 2.5,
    "AWS::S3::Bucket": 2.5,
    "AWS::SQS::Queue": 3.0,
    "AWS::Events::Rule": 3.0,
    "AWS::IAM::Policy": 2.0,
    "AWS::Logs::LogGroup": 0.5,
    "AWS::SSM::Parameter": 0.5,
    "AWS::SecretsManager::Secret": 0.7,
    "AWS::EC2::SecurityGroupIngress": 0.5,
}
_DEFAULT_WEIGHT = 1.0
# Sum of the weights along the longest chain of the runner template (subnet group, cluster, task definition, service and
# what they wait for); tests/testbed/tests/test_aws_cloudformation.py measures the result.
_LONGEST_CHAIN = 18.0
_OPERATION_FACTORS = {"CREATE": 1.0, "UPDATE": 0.6, "DELETE": 0.5}


def seconds(resource_type: str, logical_id: str, operation: str) -> float:
    """How long CREATE, UPDATE or DELETE of one resource takes, in seconds; always the same for the same resource."""
    weight = _WEIGHTS.get(resource_type, _DEFAULT_WEIGHT)
    # Up to 15 % shorter, by name, so that resources of one type do not all finish in the same instant.
    spread = 1.0 - 0.15 * hashlib.sha256(logical_id.encode()).digest()[0] / 255.0
    return weight * spread * _OPERATION_FACTORS[operation] * pace.stack_seconds / _LONGEST_CHAIN


def moment() -> float:
    """How long a step of the stack itself takes (a change set's status, the start of an operation), in seconds."""
    return min(pace.stack_seconds * 0.02, 2.0)
