# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory wants of the names' records, as options of the modules that keep them. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import Options, Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import module_options

ROUTE53 = "route53"


def provider(values: Values, variable: str = "gitpod_dns_provider") -> str:
    """Where the records are kept, by its present name."""
    found = registry.find(str(values[variable] or ""))
    return found.name if found else str(values[variable])


def zone_ids(values: Values) -> list[str]:
    """The hosted zones that the inventory names, each once."""
    named = [values.get("gitpod_dns_hosted_zone_id"), *values["gitpod_dns_further_hosted_zone_ids"]]
    return list(dict.fromkeys(zone for zone in named if zone))


def _zone(values: Values) -> Options:
    found: Options = {
        "region": values["gitpod_region"],
        "profile": values.get("gitpod_dns_aws_profile"),
        "assume_role_arn": values.get("gitpod_dns_role_arn"),
        "domain_name": values.get("gitpod_domain_name"),
    }
    return {option: value for option, value in found.items() if value}


def route53(values: Values, load_balancer: t.Mapping[str, t.Any], joined_later: bool) -> Options:
    """Options of M(gitpod.enterprise_runner.runner_dns) for both names.

    :param joined_later: whether the verification waits until Route 53 has the change everywhere.
    """
    zones = zone_ids(values)
    return {
        **module_options(VARIABLES, values),
        **_zone(values),
        "load_balancer_dns_name": load_balancer["dns_name"],
        "load_balancer_hosted_zone_id": load_balancer["canonical_hosted_zone_id"],
        "dual_stack": load_balancer.get("ip_address_type") == "dualstack",
        "wait": not joined_later,
        **({"hosted_zone_ids": zones} if zones else {}),
    }


def validation(values: Values, records: t.Sequence[t.Mapping[str, t.Any]]) -> Options:
    """Options for the records that validate a certificate: ACM asks in public, and asks again and again."""
    zone = values.get("gitpod_certificate_hosted_zone_id")
    return {
        **_zone(values),
        "records": list(records),
        "overwrite": values["gitpod_dns_overwrite"],
        "wait": False,
        **({"hosted_zone_ids": [zone]} if zone else {}),
    }


def removal(values: Values, domain: str, targets: t.Sequence[str]) -> Options:
    """Options that remove the records that point to one of the load balancers; the stack's own comes first."""
    zones = zone_ids(values)
    return {
        **_zone(values),
        "domain_name": domain,
        "load_balancer_dns_name": targets[0],
        "former_load_balancer_dns_names": list(targets[1:]),
        "split_horizon": values["gitpod_dns_split_horizon"],
        "private_zone": values["gitpod_dns_private_zone"],
        "state": "absent",
        **({"hosted_zone_ids": zones} if zones else {}),
    }


def asked(values: Values, task: t.Mapping[str, t.Any]) -> Options:
    """Options of M(gitpod.enterprise_runner.runner_propagation_info).

    :param task: C(records); C(intent) and C(provider) where records are about to be touched; C(wait) to wait for them.
    """
    found = {
        "records": list(task.get("records") or []),
        "provider": task.get("provider") or provider(values),
        "intent": task.get("intent"),
        "overwrite": values["gitpod_dns_overwrite"] if task.get("intent") == "write" else None,
        "zone": values.get("gitpod_dns_zone"),
        "resolvers": values["gitpod_resolvers"],
        "authoritative_servers": values["gitpod_dns_authoritative_servers"],
        "update_server": values.get("gitpod_dns_server"),
        "update_server_port": values["gitpod_dns_server_port"],
    }
    if task.get("wait"):
        found.update(wait_timeout=values["gitpod_dns_wait"], fail_when_missing=True)
    return {option: value for option, value in found.items() if value is not None}
