# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory asks for, as far as it can be checked beforehand."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired as stack_desired
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import labels
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Parameter,
    Stack,
    Template,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.parameters import find, text_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.standing import SHARED, spelled
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.capacity import (
    SIZES,
    SMALL,
    MachineClass,
    declared,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.desired import security_group_name
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier

Values = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Wanted:
    """The inventory's values; texts and tuples are empty when they are not set.

    A field has the value of the variable of its name, C(gitpod_<field>) or C(gitpod_stack_<field>).

    :param left_out: names of fields that the inventory leaves out and that were taken from the existing stack.
    """

    name: str
    stack_name: str
    region: str
    stack_take_over: str = ""
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
    expected_running_environments: int = 0
    environment_classes: tuple[MachineClass, ...] = ()
    parameters: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    secret_parameters: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict, repr=False)
    capabilities: tuple[str, ...] = ()
    service_role_arn: str = ""
    network_endpoints: bool = False
    network_endpoints_further_ranges: tuple[str, ...] = ()
    privatelink_enabled: bool = False
    privatelink_subnet_ids: tuple[str, ...] = ()
    privatelink_source_subnet_ids: tuple[str, ...] = ()
    privatelink_security_group_ids: tuple[str, ...] = ()
    privatelink_security_group_name: str = ""
    privatelink_service_name: str = ""
    privatelink_service_region: str = ""
    privatelink_private_dns_enabled: bool = True
    privatelink_ip_address_type: str = ""
    privatelink_policy: t.Any = None
    privatelink_enable_vpc_dns: bool = False
    privatelink_adopt: bool = True
    privatelink_replace_failed: bool = False
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
    recreate_failed: bool = True
    allow_downgrade: bool = False
    cancel_update: bool = False
    continue_rollback: bool = False
    certificate_request: bool = False
    registration_release_channel: str = ""
    registration_auto_update: bool | None = None
    registration_update_window: t.Mapping[str, t.Any] | None = None
    registration_log_level: str = ""
    registration_devcontainer_image_cache: bool | None = None
    registration_metrics: t.Mapping[str, t.Any] | None = dataclasses.field(default=None, repr=False)
    registration_same_name_elsewhere: bool = False
    renews_password: bool = False
    probe_instances: bool = False
    prerequisites_skip: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Values, earlier: Earlier | None = None) -> Wanted:
        """What a runner's typed values ask for; C(None) counts as unset."""
        known = earlier or Earlier()
        found: dict[str, t.Any] = {}
        for field in dataclasses.fields(cls):
            value = _value(field.name, values)
            if value is not None:
                found[field.name] = tuple(value) if isinstance(value, list) else value
        profile = values.get("gitpod_dns_aws_profile")
        found.update(
            stack_policy=bool(values.get("gitpod_stack_policy")),
            parameters=stack_desired.parameters(values, known),
            secret_parameters=stack_desired.secret_parameters(values, known),
            privatelink_security_group_name=security_group_name(values),
            # Another account's only: a profile that is the same is no other account.
            dns_profile="" if not profile or profile == values.get("gitpod_aws_profile") else profile,
            probe_instances=bool(
                values.get("gitpod_verify_probe_instances") or values.get("gitpod_verify_probe_instance_tags")
            ),
            environment_classes=declared(values.get("gitpod_runner_settings_environment_classes")),
            registration_metrics=_without_password(values.get("gitpod_registration_metrics")),
            renews_password=bool(
                values.get("gitpod_renew_secrets") and (values.get("gitpod_registration_metrics") or {}).get("password")
            ),
        )
        return deployed(cls(**found), values.get("gitpod_stack_parameters") or {}, LABELLED)

    @property
    def subnet_ids(self) -> tuple[str, ...]:
        """Every subnet that is named, once."""
        endpoint = (*self.privatelink_subnet_ids, *self.privatelink_source_subnet_ids)
        named = (*self.ec2_subnet_ids, *self.load_balancer_subnet_ids, *endpoint)
        return tuple(dict.fromkeys(named))

    @property
    def running_environments(self) -> int:
        """How many environments run at one time: what is said, or all of them up to what a small runner is for."""
        most = SIZES[SMALL].running or 0
        return self.expected_running_environments or min(self.expected_environments, most)

    @property
    def instance_types(self) -> tuple[str, ...]:
        """Those of the classes that are declared, each once."""
        named = (entry.instance_type for entry in self.environment_classes if entry.instance_type)
        return tuple(dict.fromkeys(named))

    @property
    def declares_disks(self) -> bool:
        """Whether a declared class names the size of its disk."""
        return any(entry.disk for entry in self.environment_classes)

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


def _value(field: str, values: Values) -> t.Any:
    """The variable of the field's name, that of all stages before that of the stack's."""
    names = ("gitpod_runner_name",) if field == "name" else (f"gitpod_{field}", f"gitpod_stack_{field}")
    return next((values[name] for name in names if values.get(name) is not None), None)


def _without_password(metrics: t.Mapping[str, t.Any] | None) -> dict[str, t.Any] | None:
    """What can be compared of where metrics are sent."""
    shown = {key: value for key, value in (metrics or {}).items() if key != "password"}
    return shown or None


# The guide's labels of the parameters that an existing stack makes good.
LABELS: t.Mapping[str, str] = {variable.removeprefix("gitpod_"): label for label, variable in labels.LABELS.items()}


# Fields that fall back to another one, as their variables do (C(Variable.fallback)).
_FOLLOWERS: t.Mapping[str, str] = {
    "privatelink_subnet_ids": "ec2_subnet_ids",
    "privatelink_source_subnet_ids": "ec2_subnet_ids",
    "dns_vpc_id": "vpc_id",
}
# The same as a template would have them, where no template is known yet.
LABELLED: tuple[Parameter, ...] = tuple(Parameter(label, label) for label in LABELS.values())


def deployed(wanted: Wanted, given: t.Mapping[str, t.Any], parameters: t.Sequence[Parameter]) -> Wanted:
    """With what is given to the template by its own names (gitpod_stack_parameters), because that is what is deployed.

    :param parameters: of the template, or C(LABELLED).
    """
    meant = {found[0].key: name for name in given if len(found := find(name, parameters)) == 1}
    values: dict[str, t.Any] = {}
    for field, label in LABELS.items():
        found = find(label, parameters)
        name = meant.get(found[0].key) if len(found) == 1 else None
        if name is not None:
            values[field] = _as_field(getattr(wanted, field), text_of(given[name]))
    return dataclasses.replace(wanted, **_followed(wanted, values))


def _followed(wanted: Wanted, values: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """With the fields whose variables fall back to one of these, where nothing else was said for them."""
    followers = {
        name: values[field]
        for name, field in _FOLLOWERS.items()
        if field in values and getattr(wanted, name) in ((), "", getattr(wanted, field))
    }
    return {**values, **followers}


def deployed_values(wanted: Wanted, values: Values) -> dict[str, t.Any]:
    """What is deployed of what other stages need too, where the inventory's own variables do not say so, by variable.

    :param wanted: with what the existing stack makes good, and what the template is given by its own names.
    """
    fields = {name: getattr(wanted, name.removeprefix("gitpod_")) for name in SHARED}
    plain = {name: spelled(name, value) for name, value in fields.items() if value}
    return {name: value for name, value in plain.items() if value != values.get(name)}


def _as_field(present: t.Any, text: str) -> t.Any:
    """A parameter's text as the field has it."""
    return tuple(item.strip() for item in text.split(",") if item.strip()) if isinstance(present, tuple) else text


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
        values[field] = _as_field(getattr(wanted, field), present)
    return dataclasses.replace(wanted, **_followed(wanted, values), left_out=tuple(sorted(values)))
