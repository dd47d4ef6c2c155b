# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory asks for, as far as it can be checked beforehand."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.parameters import find


@dataclasses.dataclass(frozen=True)
class Wanted:
    """The options of the module; texts and tuples are empty when they are not set.

    :param left_out: names of fields that the inventory leaves out and that were taken from the existing stack.
    """

    name: str
    stack_name: str
    region: str
    runner_id: str = ""
    account_id: str = ""
    api_endpoint: str = ""
    api_token: str = dataclasses.field(default="", repr=False)
    api_ca_path: str = ""
    vpc_id: str = ""
    availability_zones: tuple[str, ...] = ()
    ec2_subnet_ids: tuple[str, ...] = ()
    load_balancer_subnet_ids: tuple[str, ...] = ()
    load_balancer_security_group_id: str = ""
    http_proxy: str = ""
    https_proxy: str = ""
    no_proxy: tuple[str, ...] = ()
    custom_ca: str = ""
    load_balancer_visibility: str = ""
    domain_name: str = ""
    certificate_arn: str = ""
    expected_environments: int = 0
    parameters: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    secret_parameters: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict, repr=False)
    capabilities: tuple[str, ...] = ()
    service_role_arn: str = ""
    privatelink_enabled: bool = False
    privatelink_subnet_ids: tuple[str, ...] = ()
    privatelink_source_subnet_ids: tuple[str, ...] = ()
    privatelink_security_group_ids: tuple[str, ...] = ()
    privatelink_security_group_name: str = ""
    privatelink_service_name: str = ""
    privatelink_service_region: str = ""
    privatelink_private_dns_enabled: bool = True
    privatelink_enable_vpc_dns: bool = False
    dns_provider: str = "route53"
    dns_record_type: str = "alias"
    dns_ttl: int = 300
    dns_hosted_zone_id: str = ""
    dns_further_hosted_zone_ids: tuple[str, ...] = ()
    dns_split_horizon: bool = False
    dns_private_zone: bool = False
    dns_vpc_id: str = ""
    dns_associate_vpc: bool = False
    dns_overwrite: bool = False
    dns_apex_alias: bool = False
    dns_profile: str = ""
    dns_role_arn: str = ""
    resolvers: tuple[str, ...] = ()
    template_bucket: str = ""
    stack_policy: bool = False
    continue_rollback: bool = False
    certificate_request: bool = False
    registration_release_channel: str = ""
    registration_auto_update: bool | None = None
    registration_update_window: t.Mapping[str, t.Any] | None = None
    registration_log_level: str = ""
    registration_devcontainer_image_cache: bool | None = None
    registration_metrics: t.Mapping[str, t.Any] | None = dataclasses.field(default=None, repr=False)
    registration_same_name_elsewhere: bool = False
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any], region: str) -> Wanted:
        """The options as they are given; C(None) counts as unset."""
        values: dict[str, t.Any] = {"region": region}
        for field in dataclasses.fields(cls):
            value = options.get(field.name)
            if field.name in values or value is None:
                continue
            values[field.name] = tuple(value) if isinstance(value, list) else value
        values["stack_name"] = values.get("stack_name") or values["name"]
        return cls(**values)

    @property
    def subnet_ids(self) -> tuple[str, ...]:
        """Every subnet that is named, once."""
        endpoint = (*self.privatelink_subnet_ids, *self.privatelink_source_subnet_ids)
        named = (*self.ec2_subnet_ids, *self.load_balancer_subnet_ids, *endpoint)
        return tuple(dict.fromkeys(named))

    @property
    def dns_zone_ids(self) -> tuple[str, ...]:
        """The hosted zones that are named, each once."""
        named = (self.dns_hosted_zone_id, *self.dns_further_hosted_zone_ids)
        return tuple(dict.fromkeys(zone_id for zone_id in named if zone_id))

    @property
    def resolving_vpc_id(self) -> str:
        """The VPC in which a private hosted zone has to answer: the runner's, unless another is named."""
        return self.dns_vpc_id or self.vpc_id

    @property
    def security_group_ids(self) -> tuple[str, ...]:
        """Every security group that is named, once."""
        named = (self.load_balancer_security_group_id, *self.privatelink_security_group_ids)
        return tuple(dict.fromkeys(group for group in named if group))


# The guide's labels of the parameters that an existing stack makes good.
LABELS: t.Mapping[str, str] = {
    "runner_id": "Runner ID",
    "api_endpoint": "API Endpoint",
    "vpc_id": "VPC",
    "availability_zones": "Availability Zones",
    "ec2_subnet_ids": "EC2 Instances Subnet",
    "load_balancer_subnet_ids": "Loadbalance Subnets",
    "load_balancer_security_group_id": "Custom Security Group for Load Balancer",
    "http_proxy": "HTTP Proxy",
    "https_proxy": "HTTPS Proxy",
    "no_proxy": "No Proxy",
    "custom_ca": "Custom CA Certificate",
    "load_balancer_visibility": "Load Balancer Visibility",
    "domain_name": "Domain Name",
    "certificate_arn": "Certificate ARN",
}


def incomplete(wanted: Wanted) -> bool:
    """Whether anything that every stack has a value for is left out."""
    needed = ("vpc_id", "availability_zones", "ec2_subnet_ids", "load_balancer_subnet_ids", "domain_name")
    return not all(getattr(wanted, name) for name in (*needed, "load_balancer_visibility", "certificate_arn"))


def completed(wanted: Wanted, stack: Stack, template: Template) -> Wanted:
    """With what the inventory leaves out as the existing stack has it, because that is what stays."""
    values: dict[str, t.Any] = {}
    for field, label in LABELS.items():
        matching = find(label, template.parameters)
        present = stack.parameters.get(matching[0].key, "") if len(matching) == 1 else ""
        if getattr(wanted, field) or not present or set(present) == {"*"}:
            continue
        is_list = isinstance(getattr(wanted, field), tuple)
        values[field] = tuple(item.strip() for item in present.split(",") if item.strip()) if is_list else present
    if not wanted.privatelink_subnet_ids and wanted.privatelink_enabled:
        values["privatelink_subnet_ids"] = values.get("ec2_subnet_ids", wanted.ec2_subnet_ids)
    return dataclasses.replace(wanted, **values, left_out=tuple(sorted(values)))
