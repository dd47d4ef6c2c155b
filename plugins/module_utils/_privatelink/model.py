# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint and its service, as they are and as they are wanted."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.users import User
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import RUNNER_ID_TAG, ownership_tags

if t.TYPE_CHECKING:
    import datetime

SERVICE_NAME = "com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2"
SERVICE_REGION = "us-east-1"

AVAILABLE, WAITING, ACCEPTANCE, BROKEN, LEAVING = "available", "waiting", "acceptance", "broken", "leaving"
# States compare without case: the API spells them pendingAcceptance, its documentation PendingAcceptance.
_STATES = {
    "available": AVAILABLE,
    "pending": WAITING,
    "pendingacceptance": ACCEPTANCE,
    "partial": WAITING,
    "rejected": BROKEN,
    "failed": BROKEN,
    "expired": BROKEN,
    "deleting": LEAVING,
    "deleted": LEAVING,
}


def stage(state: str) -> str:
    """What an endpoint's state means for us; an unknown one is waited for."""
    return _STATES.get(state.lower(), WAITING)


@dataclasses.dataclass(frozen=True)
class Service:
    """An endpoint service as DescribeVpcEndpointServices has it.

    :param zones: names of its Availability Zones, as this account spells them; they mean nothing in another region.
    :param zone_ids: IDs of the same zones, which are the same in every account.
    :param private_dns_names: all of its names, the first among them (EC2 API reference, ServiceDetail).
    """

    name: str
    region: str
    zones: tuple[str, ...] = ()
    private_dns_name: str = ""
    acceptance_required: bool = False
    zone_ids: tuple[str, ...] = ()
    private_dns_names: tuple[str, ...] = ()

    @property
    def private_names(self) -> tuple[str, ...]:
        """The names that private DNS answers for, each once, in small letters."""
        named = (self.private_dns_name, *self.private_dns_names)
        return tuple(dict.fromkeys(name.lower() for name in named if name))

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "name": self.name,
            "region": self.region,
            "availability_zones": list(self.zones),
            "availability_zone_ids": list(self.zone_ids),
            "private_dns_name": self.private_dns_name,
            "acceptance_required": self.acceptance_required,
        }


@dataclasses.dataclass(frozen=True)
class Subnet:
    """A subnet's place.

    :param zone: name of its Availability Zone.
    :param cidr: its IPv4 range.
    """

    id: str
    zone: str
    vpc_id: str
    zone_id: str = ""
    cidr: str = ""


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """An interface endpoint as DescribeVpcEndpoints has it.

    :param id: empty where it does not exist yet.
    :param created: when AWS made it; C(None) where the answer does not say.
    """

    id: str
    state: str
    vpc_id: str = ""
    service_name: str = ""
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    private_dns: bool = False
    ip_address_type: str = ""
    policy: str = ""
    tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    dns_names: tuple[str, ...] = ()
    interface_ids: tuple[str, ...] = ()
    reason: str = ""
    service_region: str = ""
    created: datetime.datetime | None = None

    @classmethod
    def from_api(cls, raw: t.Mapping[str, t.Any]) -> Endpoint:
        """The endpoint from an element of DescribeVpcEndpoints."""
        error = raw.get("LastError") or {}
        return cls(
            id=raw["VpcEndpointId"],
            state=raw.get("State", ""),
            vpc_id=raw.get("VpcId", ""),
            service_name=raw.get("ServiceName", ""),
            subnet_ids=tuple(sorted(raw.get("SubnetIds", []))),
            security_group_ids=tuple(sorted(group["GroupId"] for group in raw.get("Groups", []))),
            private_dns=bool(raw.get("PrivateDnsEnabled", False)),
            ip_address_type=raw.get("IpAddressType", ""),
            policy=raw.get("PolicyDocument", ""),
            tags={entry["Key"]: entry["Value"] for entry in raw.get("Tags", [])},
            dns_names=tuple(entry["DnsName"] for entry in raw.get("DnsEntries", []) if entry.get("DnsName")),
            interface_ids=tuple(raw.get("NetworkInterfaceIds", [])),
            reason=_reason(error, raw.get("FailureReason", "")),
            service_region=raw.get("ServiceRegion", ""),
            created=raw.get("CreationTimestamp"),
        )

    @property
    def private_name(self) -> str:
        """The name that its private DNS answers for: the one among its names that is not the endpoint's own."""
        return next((name for name in self.dns_names if not name.endswith(".vpce.amazonaws.com")), "")

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "id": self.id,
            "state": self.state,
            "vpc_id": self.vpc_id,
            "service_name": self.service_name,
            "service_region": self.service_region,
            "subnet_ids": list(self.subnet_ids),
            "security_group_ids": list(self.security_group_ids),
            "private_dns_enabled": self.private_dns,
            "ip_address_type": self.ip_address_type,
            "dns_entries": list(self.dns_names),
            "network_interface_ids": list(self.interface_ids),
            "tags": dict(self.tags),
            "failure_reason": self.reason,
        }


def _reason(error: t.Mapping[str, str], failure: str) -> str:
    """AWS's own words: LastError's code and message, then FailureReason when that says something else."""
    last = ": ".join(filter(None, [error.get("Code", ""), error.get("Message", "")]))
    return ". ".join(dict.fromkeys(filter(None, [last.rstrip("."), failure.rstrip(".")])))


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the options ask for.

    :param name: the runner's name, also of the endpoint.
    :param runner_id: the runner's ID; empty where it is not known.
    :param security_group_name: of the group that is kept when none is given; empty for none.
    :param source_subnet_ids: subnets from which the runner reaches the endpoint; empty for the endpoint's own.
    :param policy: JSON, or empty for full access.
    :param adopt: use an endpoint that others made: it gets what is missing, and nothing of it is taken away.
    :param replace_failed: delete an endpoint of ours that is broken, and create it anew.
    :param also_used_by: runners that need it although its tags do not name them, for whom it stays.
    :param others_unread: why it is not known whether there are such; empty where it is.
    """

    name: str
    vpc_id: str
    service_name: str = SERVICE_NAME
    service_region: str = SERVICE_REGION
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    private_dns: bool = True
    ip_address_type: str = ""
    policy: str = ""
    tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    purge_tags: bool = False
    adopt: bool = True
    replace_failed: bool = False
    runner_id: str = ""
    security_group_name: str = ""
    source_subnet_ids: tuple[str, ...] = ()
    also_used_by: tuple[User, ...] = ()
    others_unread: str = ""

    @property
    def beside(self) -> bool:
        """Whether others need it, or may, whom its tags do not name."""
        return bool(self.others_unread) or any(not user.is_same(self.user) for user in self.also_used_by)

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any]) -> Wanted:
        """From options of runner_endpoint, of which all but name and VPC may be left out."""
        policy = options.get("policy") or ""
        tags = {key: str(value) for key, value in (options.get("tags") or {}).items()}
        runner_id = options.get("runner_id") or tags.get(RUNNER_ID_TAG, "")
        return cls(
            name=options["name"],
            vpc_id=options["vpc_id"],
            service_name=options.get("service_name") or SERVICE_NAME,
            service_region=options.get("service_region") or SERVICE_REGION,
            subnet_ids=tuple(options.get("subnet_ids") or ()),
            security_group_ids=tuple(sorted(options.get("security_group_ids") or ())),
            private_dns=options.get("private_dns_enabled", True),
            ip_address_type=options.get("ip_address_type") or "",
            policy=policy if isinstance(policy, str) else json.dumps(policy),
            tags={"Name": options["name"], **tags, **ownership_tags(options["name"], runner_id)},
            purge_tags=bool(options.get("purge_tags")),
            adopt=options.get("adopt", True),
            replace_failed=bool(options.get("replace_failed")),
            runner_id=runner_id,
            security_group_name=options.get("security_group_name") or "",
            source_subnet_ids=tuple(options.get("source_subnet_ids") or ()),
            also_used_by=tuple(
                User(entry["name"], entry.get("id") or "") for entry in options.get("also_used_by") or ()
            ),
        )

    @property
    def user(self) -> User:
        """The runner, as a user of the endpoint."""
        return User(self.name, self.runner_id)
