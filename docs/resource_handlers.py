#!/usr/bin/env python3
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write plugins/module_utils/_permissions/handlers.py from the CloudFormation registry's schemas that cfn-lint ships.

A schema names, for each handler of a resource type, the permissions that CloudFormation needs of whoever deploys. What
is kept: the actions of creating (with those that tags take), and those of reading, updating and deleting. C(--check)
writes nothing and fails where the file is not what would be written.
"""

from __future__ import annotations

import json
import pathlib
import sys
import textwrap
import typing as t

import cfnlint

ROOT = pathlib.Path(__file__).resolve().parents[1]
TARGET = ROOT / "plugins/module_utils/_permissions/handlers.py"
SCHEMAS = pathlib.Path(cfnlint.__file__).parent / "data/schemas"
# The registry that names most types.
REGION = "us-east-1"
# What a runner's template has (vendor's reference architecture), and what its next release may take.
TYPES = {
    "ApplicationAutoScaling": "ScalableTarget ScalingPolicy",
    "CertificateManager": "Certificate",
    "CloudFormation": "Stack",
    "CloudWatch": "Alarm Dashboard",
    "DynamoDB": "Table",
    "EC2": "EIP EIPAssociation FlowLog Instance InternetGateway KeyPair LaunchTemplate NatGateway NetworkInterface"
    " PrefixList Route RouteTable SecurityGroup SecurityGroupEgress SecurityGroupIngress Subnet"
    " SubnetRouteTableAssociation VPC VPCEndpoint VPCGatewayAttachment Volume",
    "ECR": "Repository",
    "ECS": "CapacityProvider Cluster ClusterCapacityProviderAssociations Service TaskDefinition",
    "EFS": "AccessPoint FileSystem MountTarget",
    "ElastiCache": "ParameterGroup ReplicationGroup ServerlessCache SubnetGroup User UserGroup",
    "ElasticLoadBalancingV2": "Listener ListenerRule LoadBalancer TargetGroup",
    "Events": "EventBus Rule",
    "IAM": "InstanceProfile ManagedPolicy Policy Role RolePolicy ServiceLinkedRole",
    "KMS": "Alias Key",
    "Lambda": "EventSourceMapping Function Permission",
    "Logs": "LogGroup LogStream MetricFilter ResourcePolicy SubscriptionFilter",
    "MemoryDB": "ACL Cluster ParameterGroup SubnetGroup User",
    "Route53": "HostedZone RecordSet",
    "S3": "Bucket BucketPolicy",
    "SNS": "Subscription Topic TopicPolicy",
    "SQS": "Queue QueuePolicy",
    "SSM": "Document Parameter",
    "Scheduler": "Schedule ScheduleGroup",
    "SecretsManager": "ResourcePolicy Secret SecretTargetAttachment",
    "ServiceDiscovery": "Instance PrivateDnsNamespace Service",
}
# What the registry names and IAM does not have (Service Authorization Reference): calls without an action of their own,
# and spellings of other years. tests/testbed/tests/test_iam_handlers.py finds them.
NO_ACTIONS = frozenset(
    {
        "kms:ReEncrypt",
        "lambda:AssociateRuntimeAlias",
        "memorydb:ModifyReplicationGroup",
        "s3:DeleteBucketAnalyticsConfiguration",
        "s3:DeleteBucketCors",
        "s3:DeleteBucketEncryption",
        "s3:DeleteBucketLifecycle",
        "s3:DeleteBucketMetricsConfiguration",
        "s3:DeleteBucketReplication",
        "s3:DeleteBucketTagging",
        "s3:GetObjectMetadata",
        "s3:PutBucketReplication",
        "s3:PutObjectLockConfiguration",
        "s3:REST.PUT.OBJECT",
        "vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation",
    }
)
HEAD = '''# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM actions of resource types' handlers: written by docs/resource_handlers.py from the CloudFormation registry.

A paragraph a type: the actions of creating it, and after the bar the further ones of reading, updating and deleting it.
An action without a service is of the one before it. C(_permissions.schema.shipped) reads it.
"""

from __future__ import annotations

HANDLERS = """
'''


def schemas() -> dict[str, dict[str, t.Any]]:
    """The schema of each type that is kept.

    :raises KeyError: the registry does not have one.
    """
    index = json.loads((SCHEMAS / f"providers/{REGION}.json").read_text("utf-8"))
    names = [f"AWS::{service}::{kind}" for service, kinds in TYPES.items() for kind in kinds.split()]
    return {name: json.loads((SCHEMAS / f"resources/{index[name]}.json").read_text("utf-8")) for name in names}


def short(actions: t.Iterable[str]) -> str:
    """Sorted, each service once."""
    words, service = [], ""
    for action in sorted(set(actions) - NO_ACTIONS):
        own, _colon, name = action.partition(":")
        words.append(name if own == service else action)
        service = own
    return " ".join(words)


def text() -> str:
    """The file's content."""
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.schema import of_schema

    lines = []
    for name, schema in schemas().items():
        found = of_schema(schema)
        if found is None:
            raise SystemExit(f"The registry names no handlers of {name}: leave it out of TYPES")
        paragraph = f"{name} {short(found.create)} | {short(found.later)}".rstrip()
        lines += textwrap.wrap(paragraph, 120, subsequent_indent=" ", break_long_words=False, break_on_hyphens=False)
    return HEAD + "\n".join(lines) + '\n"""\n'


def main() -> int:
    """Write, or compare."""
    sys.path.insert(0, str(ROOT / ".work/collections"))
    written = text()
    if "--check" in sys.argv[1:]:
        same = TARGET.read_text("utf-8") == written
        sys.stdout.write("" if same else f"{TARGET} is out of date: run docs/resource_handlers.py\n")
        return 0 if same else 1
    TARGET.write_text(written, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
