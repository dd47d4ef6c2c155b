# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A runner whose every prerequisite is met; the tables of the tests break one thing at a time."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import Certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Parameter,
    Stack,
    Template,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.registry import all_actions
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.account import QUOTAS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.capacity import MachineClass
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    AclEntry,
    CaBundle,
    CaCertificate,
    Caller,
    Decision,
    Facts,
    Instances,
    ManagementPlane,
    NetworkAcl,
    Permission,
    Quota,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcDns,
    VpcEndpoint,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    SERVICE_NAME,
    Endpoint,
    Service,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.plan import Zone

NOW = datetime.datetime(2026, 11, 24, tzinfo=datetime.timezone.utc)
REGION, VPC, ACCOUNT = "eu-central-1", "vpc-1", "123456789012"
ARN = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/abc"
RUNNER = Runner("runner-1", "gitpod-eu", region=REGION, variant="enterprise", phase="active")
ZONE = Zone("Z1", "gitpod.example.com", False)


def days(count: int) -> datetime.datetime:
    """So many days after the look."""
    return NOW + datetime.timedelta(days=count)


WANTED = Wanted(
    name="gitpod-eu",
    stack_name="gitpod-eu",
    region=REGION,
    runner_id="runner-1",
    account_id=ACCOUNT,
    api_endpoint="https://app.gitpod.io/api",
    vpc_id=VPC,
    availability_zones=("eu-central-1a", "eu-central-1b"),
    ec2_subnet_ids=("subnet-e1", "subnet-e2"),
    load_balancer_subnet_ids=("subnet-l1", "subnet-l2"),
    load_balancer_security_group_id="sg-1",
    http_proxy="http://proxy.example.com:3128",
    https_proxy="http://proxy.example.com:3128",
    no_proxy=(".internal", "169.254.0.0/16", "app.gitpod.io", ".amazonaws.com"),
    custom_ca="ssm:/gitpod/ca",
    load_balancer_visibility="internal",
    domain_name="eu.gitpod.example.com",
    certificate_arn=ARN,
    expected_environments=20,
    environment_classes=(MachineClass("Regular", "m6i.2xlarge", 100),),
    parameters={"Domain Name": "eu.gitpod.example.com"},
    capabilities=("CAPABILITY_IAM",),
    privatelink_enabled=True,
    privatelink_subnet_ids=("subnet-e1", "subnet-e2"),
    privatelink_service_name=SERVICE_NAME,
    privatelink_service_region="us-east-1",
)
ALLOW = AclEntry(100, False, True, "-1", "0.0.0.0/0")
ACL = NetworkAcl(
    "acl-1",
    ("subnet-e1", "subnet-e2", "subnet-l1", "subnet-l2"),
    (ALLOW, dataclasses.replace(ALLOW, egress=True)),
)
LOCAL, NAT = Route("10.0.0.0/16", "local"), Route("0.0.0.0/0", "nat-1")
TABLE = RouteTable("rtb-main", True, (), (LOCAL, NAT))
GROUP = SecurityGroup(
    "sg-1",
    "load-balancer",
    VPC,
    (Permission("tcp", 80, 80, ("10.0.0.0/8",)), Permission("tcp", 443, 443, ("10.0.0.0/8",))),
    (Permission("-1", 0, 65535, ("0.0.0.0/0",)),),
)
SUBNETS = (
    Subnet("subnet-e1", VPC, "eu-central-1a", "10.0.0.0/20", 4000),
    Subnet("subnet-e2", VPC, "eu-central-1b", "10.0.16.0/20", 4000),
    Subnet("subnet-l1", VPC, "eu-central-1a", "10.0.128.0/24", 250),
    Subnet("subnet-l2", VPC, "eu-central-1b", "10.0.129.0/24", 250),
)
CERTIFICATE = Certificate(
    ARN,
    "ISSUED",
    ("*.eu.gitpod.example.com", "eu.gitpod.example.com"),
    "RSA_2048",
    validation="DNS",
    expires=days(200),
)
CA = CaCertificate("CN=Example CA", days(1000), True)
TEMPLATE = Template(
    {"TemplateURL": "https://bucket.s3.amazonaws.com/template.json"},
    (Parameter("DomainName", "Domain Name"),),
    ("CAPABILITY_IAM",),
    ("AWS::ECS::Cluster", "AWS::EC2::EIP"),
    2,
)
PLENTY = Quota(1000.0, 1.0)
FACTS = Facts(
    region=REGION,
    now=NOW,
    caller=Caller(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/me"),
    zones=("eu-central-1a", "eu-central-1b", "eu-central-1c"),
    vpc=Vpc(VPC, ("10.0.0.0/16",)),
    vpc_dns=VpcDns(True, True),
    subnets=SUBNETS,
    route_tables=(TABLE,),
    network_acls=(ACL,),
    security_groups=(GROUP,),
    endpoints=(),
    service=Service(SERVICE_NAME, "us-east-1", ("us-east-1a",), "app.gitpod.io"),
    certificate=CERTIFICATE,
    custom_ca=CaBundle((CA,)),
    hosted_zones=(ZONE,),
    records={"Z1": ()},
    vpc_zones=(),
    answers=(),
    stack=Stack("gitpod-eu"),
    template=TEMPLATE,
    quotas=dict.fromkeys(QUOTAS, PLENTY),
    instances=Instances(),
    instance_types={"m6i.2xlarge": 8},
    ecs_role=True,
    simulation=dict.fromkeys(all_actions(), Decision("allowed")),
    images={"995913728426": "ec2-runner-ami-1", "149721548608": "bottlerocket-1"},
    management_plane=ManagementPlane(True, authenticated=True, runners=(RUNNER,)),
)


def refused(action: str) -> Unread:
    """A call that was not allowed."""
    return Unread(action, "not authorized", "UnauthorizedOperation")


def endpoint(service: str, kind: str = "Interface", **changes: t.Any) -> VpcEndpoint:
    """An available endpoint of the VPC; C(tables) are the route tables of a gateway endpoint."""
    tables = changes.pop("tables", ())
    return VpcEndpoint(
        Endpoint(**{"id": f"vpce-{service}", "state": "available", "service_name": service, **changes}), kind, tables
    )


def look(check: t.Any, wanted: dict[str, t.Any], facts: dict[str, t.Any]) -> t.Any:
    """What the check finds with these changes."""
    return check.run(dataclasses.replace(WANTED, **wanted), dataclasses.replace(FACTS, **facts))
