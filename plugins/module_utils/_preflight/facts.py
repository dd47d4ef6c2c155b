# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen: plain values, gathered once, judged by the checks and planned from by the stages' planners.

Every fact is a value, C(None) when the thing does not exist or was not asked for, or C(Unread) when it could not be
read.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import Certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import Found
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.leftovers import Leftover
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import Source
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.foresee import NetworkFacts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner as Owner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.needs import Needs
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint, Service
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import Record, Zone
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route_tables import RouteTable

ASSUME_ROLE = "sts:AssumeRole"


@dataclasses.dataclass(frozen=True)
class Caller:
    """Whose credentials these are.

    :param arn: of the user, or of the session of a role.
    """

    account: str
    arn: str

    @property
    def partition(self) -> str:
        """The partition of AWS, such as C(aws) or C(aws-us-gov)."""
        return self.arn.split(":")[1] if self.arn.count(":") > 1 else "aws"

    @property
    def policy_source(self) -> str:
        """The ARN whose policies count: that of the role for a session of it.

        A session's ARN leaves out the role's path, so a role with a path has to be looked up by its name.
        """
        head, _separator, tail = self.arn.partition(":assumed-role/")
        if not tail:
            return self.arn
        return f"{head.replace(':sts:', ':iam:')}:role/{tail.split('/')[0]}"

    @property
    def is_root(self) -> bool:
        """Whether it is the account's root user, whose policies cannot be simulated."""
        return self.arn.endswith(":root")


@dataclasses.dataclass(frozen=True)
class Decision:
    """What IAM's simulation says of an action.

    :param result: C(allowed), C(implicitDeny) or C(explicitDeny).
    :param missing: condition keys that a policy asks for and the simulation did not give.
    :param by: what refuses where it is not the principal's own policies.
    """

    result: str
    missing: tuple[str, ...] = ()
    by: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the call will be allowed, as far as IAM knows."""
        return self.result == "allowed"

    @property
    def open(self) -> bool:
        """Whether it depends on what was not given."""
        return not self.allowed and bool(self.missing) and self.result != "explicitDeny"

    @property
    def weight(self) -> int:
        """The worse, the more."""
        return 0 if self.allowed else 1 if self.open else 2


@dataclasses.dataclass(frozen=True)
class Vpc:
    """A VPC."""

    id: str
    cidrs: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class VpcDns:
    """The VPC's two DNS attributes."""

    support: bool
    hostnames: bool


@dataclasses.dataclass(frozen=True)
class Subnet:
    """A subnet.

    :param free: addresses that are not in use.
    :param public_addresses: whether instances get a public address when they start.
    """

    id: str
    vpc_id: str
    zone: str
    cidr: str
    free: int
    public_addresses: bool = False
    zone_id: str = ""


@dataclasses.dataclass(frozen=True)
class AclEntry:
    """A numbered rule of a network ACL.

    :param protocol: number as text, C(-1) for all.
    """

    number: int
    egress: bool
    allow: bool
    protocol: str
    cidr: str
    first_port: int = 0
    last_port: int = 65535


@dataclasses.dataclass(frozen=True)
class NetworkAcl:
    """A network ACL."""

    id: str
    subnet_ids: tuple[str, ...]
    entries: tuple[AclEntry, ...]


@dataclasses.dataclass(frozen=True)
class Permission:
    """A rule of a security group.

    :param protocol: C(tcp), C(udp), ... or C(-1) for all.
    :param sources: address ranges, prefix lists and groups; destinations of an outbound rule.
    """

    protocol: str
    first_port: int
    last_port: int
    sources: tuple[str, ...]

    def admits(self, port: int) -> bool:
        """Whether TCP to this port is allowed for the sources."""
        return self.protocol == "-1" or (self.protocol == "tcp" and self.first_port <= port <= self.last_port)


@dataclasses.dataclass(frozen=True)
class SecurityGroup:
    """A security group."""

    id: str
    name: str
    vpc_id: str
    inbound: tuple[Permission, ...]
    outbound: tuple[Permission, ...]
    tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class VpcEndpoint:
    """An endpoint of the VPC.

    :param kind: C(Interface), C(Gateway), C(GatewayLoadBalancer), ...
    """

    endpoint: Endpoint
    kind: str
    route_table_ids: tuple[str, ...] = ()


def serves(certificate: t.Any, domain: str, now: datetime.datetime) -> bool:
    """Whether a fact is a certificate that a load balancer can serve now for the domain and its wildcard."""
    return isinstance(certificate, Certificate) and certificate.covers(domain) and certificate.usable(now)


@dataclasses.dataclass(frozen=True)
class CaCertificate:
    """A certificate of the custom authority; never its content."""

    subject: str
    expires: datetime.datetime
    authority: bool


@dataclasses.dataclass(frozen=True)
class CaBundle:
    """What the custom CA's reference leads to.

    :param unreadable: number of PEM blocks that do not parse.
    :param encrypted: whether it is a SecureString, whose content is not seen.
    :param leaving: whether it is a secret that waits for its deletion, which nobody can read.
    :param version: of what is there now.
    :param changed: when that was put there; C(None) where the answer does not tell.
    """

    certificates: tuple[CaCertificate, ...]
    unreadable: int = 0
    private_key: bool = False
    encrypted: bool = False
    leaving: bool = False
    version: str = ""
    changed: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True)
class Quota:
    """A limit of Service Quotas and today's use, either of which may not be known.

    :param used: without what the runner's own environments use.
    :param own: that.
    """

    limit: float | Unread | None
    used: float | Unread | None
    own: float = 0.0


@dataclasses.dataclass(frozen=True)
class Limit:
    """A limit as Service Quotas tells it, with the CloudWatch metric of its use, where there is one."""

    value: float
    namespace: str = ""
    metric: str = ""
    dimensions: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Instances:
    """EC2 instances of the region.

    :param vcpus: virtual processors of others' on-demand instances that run, by the name of the quota.
    :param own: IDs of this runner's environments, stopped ones too.
    :param own_vcpus: as C(vcpus), of those of its environments that run.
    """

    vcpus: t.Mapping[str, int] = dataclasses.field(default_factory=dict)
    own: frozenset[str] = frozenset()
    own_vcpus: t.Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Volumes:
    """TiB of gp3 volumes: those of others, and those attached to the runner's own environments."""

    others: float = 0.0
    own: float = 0.0


@dataclasses.dataclass(frozen=True)
class NameAnswer:
    """What the resolvers say of a name.

    :param outcome: C(found), C(missing), C(empty), or what went wrong.
    """

    name: str
    kind: str
    outcome: str
    values: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class ManagementPlane:
    """What the management plane said.

    :param reached: whether it answered as the API does.
    :param detail: why not, or its own words of a refusal.
    :param advice: what to do about that.
    :param authenticated: whether it took the token.
    :param runners: those that may be meant: the one with the inventory's ID, or all where the inventory names none.
    :param installed: whether the SDK is.
    """

    reached: bool
    detail: str = ""
    advice: str = ""
    authenticated: bool = False
    runners: tuple[Runner, ...] = ()
    installed: bool = True


@dataclasses.dataclass(frozen=True)
class Facts:
    """Everything.

    :param now: when it was gathered; expiry is counted from here.
    :param zones: names of the region's Availability Zones.
    :param certificates: those of the region that cover the domain, when one is requested and the stack has none that
        serves; without tags.
    :param hosted_zones: of the account that keeps the domain's zone.
    :param records: by hosted zone ID, those of the zones that hold the domain: the domain's names, and every name
        between the zone's apex and the domain.
    :param vpc_zones: private hosted zones that answer in the runner's VPC.
    :param dns_vpc_zones: those that answer in the VPC that resolves the runner's names, where that is another.
    :param network_endpoints: endpoints for services of AWS, and what they stand on; C(None) also where nothing depends
        on them.
    :param endpoint_group: the security group that is kept for the endpoint when none is given.
    :param endpoint_neighbours: other runners in the VPC, where the endpoint or its group has more than is wanted.
    :param endpoint_subnets: further subnets, which the VPC's endpoint for the service has.
    :param fingerprint: of the stack's template.
    :param owned: whose the stack is; C(stack) is it as far as it is this runner's.
    :param policy: the stack policy, when one is wanted.
    :param reviewed: the change set that waits for approval.
    :param leftovers: change sets of runs that were broken off.
    :param instance_types: virtual processors by instance type, of those that the declared classes name and the region
        has.
    :param ecs_role: whether the ECS service-linked role exists.
    :param simulation: decision by IAM action; one of which IAM said nothing is not in it.
    :param template_needs: what the template's resources need of whoever deploys them.
    :param template_simulation: decision by action of C(template_needs), or by C(action for service).
    :param images: newest image's name by owner.
    """

    region: str
    now: datetime.datetime
    caller: Caller | Unread | None = None
    zones: tuple[str, ...] | Unread | None = None
    vpc: Vpc | Unread | None = None
    vpc_dns: VpcDns | Unread | None = None
    subnets: tuple[Subnet, ...] | Unread | None = None
    route_tables: tuple[RouteTable, ...] | Unread | None = None
    network_acls: tuple[NetworkAcl, ...] | Unread | None = None
    security_groups: tuple[SecurityGroup, ...] | Unread | None = None
    endpoints: tuple[VpcEndpoint, ...] | Unread | None = None
    network_endpoints: NetworkFacts | Unread | None = None
    endpoint_group: Group | Unread | None = None
    endpoint_subnets: tuple[Subnet, ...] | Unread | None = None
    endpoint_neighbours: tuple[Owner, ...] | Unread | None = None
    service: Service | Unread | None = None
    certificate: Certificate | Unread | None = None
    certificates: tuple[Certificate, ...] | Unread | None = None
    custom_ca: CaBundle | Unread | None = None
    hosted_zones: tuple[Zone, ...] | Unread | None = None
    records: t.Mapping[str, tuple[Record, ...] | Unread] = dataclasses.field(default_factory=dict)
    vpc_zones: tuple[Zone, ...] | Unread | None = None
    dns_vpc_zones: tuple[Zone, ...] | Unread | None = None
    answers: tuple[NameAnswer, ...] | Unread | None = None
    stack: Stack | Unread | None = None
    owned: Found | Unread | None = None
    source: Source | Unread | None = None
    template: Template | Unread | None = None
    fingerprint: str | Unread | None = None
    policy: str | Unread | None = None
    reviewed: t.Mapping[str, t.Any] | Unread | None = None
    leftovers: tuple[Leftover, ...] | Unread | None = None
    load_balancer: t.Mapping[str, str] | Unread | None = None
    quotas: t.Mapping[str, Quota] = dataclasses.field(default_factory=dict)
    instances: Instances | Unread | None = None
    instance_types: t.Mapping[str, int] | Unread | None = None
    ecs_role: bool | Unread | None = None
    simulation: t.Mapping[str, Decision] | Unread | None = None
    template_needs: Needs | Unread | None = None
    template_simulation: t.Mapping[str, Decision] | Unread | None = None
    images: t.Mapping[str, str] | Unread | None = None
    management_plane: ManagementPlane | None = None
    # What is declared of a runner's settings and cannot be so, each with what to do; C(None) where nobody looked.
    settings: tuple[tuple[str, str], ...] | Unread | None = None
    # Likewise what is in the way of the acceptance that this run would end with.
    acceptance: tuple[tuple[str, str], ...] | Unread | None = None
