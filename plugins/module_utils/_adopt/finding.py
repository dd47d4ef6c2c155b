# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding runners in a region and gathering what stands of them. Nothing is changed."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._adopt import variables
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client, client_elsewhere
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.result import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api as Ec2Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    LEAVING,
    SERVICE_NAME,
    stage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.api import Api as ZonesApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.plan import names


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_adopt_info does."""
    options = module.params
    api = api_of(module)
    found = []
    for stack, template in runners(api, options["names"] or []):
        if variables.is_managed(stack) and not options["include_managed"]:
            continue
        found.append(_adopted(module, api, stack, template))
    return {"changed": False, "runners": found}


def runners(api: Api, wanted: t.Sequence[str]) -> t.Iterator[tuple[Stack, Template]]:
    """Stacks of runners with their templates: those that are named, or all of the region.

    :raises RunnerError: one that is named is none, or is not there.
    """
    stacks = [api.stack(name) for name in wanted] if wanted else api.stacks()
    for stack in stacks:
        if not status.exists(stack.status):
            if wanted:
                raise RunnerError(f"There is no stack {stack.name}", next_step="Correct gitpod_adopt_names")
            continue
        if not wanted and not variables.is_candidate(stack):
            continue
        template = api.template({"StackName": stack.id})
        if variables.is_runner(template):
            # The list says less than the stack itself: what it leaves out is not off.
            yield (stack if wanted else api.stack(stack.id)), template
        elif wanted:
            labels = ", ".join(variables.TELLING_LABELS)
            raise RunnerError(f"The stack {stack.name} is not a runner's", f"Its template has not all of {labels}")


def _adopted(module: t.Any, api: Api, stack: Stack, template: Template) -> dict[str, t.Any]:
    values, notes = variables.of_stack(stack, template)
    found: dict[str, t.Any] = {"gitpod_region": module.region, "gitpod_account_id": stack.id.split(":")[4], **values}
    found.update(variables.names_of(stack))
    if stack.protected is False:
        found["gitpod_stack_termination_protection"] = False
    balancer = api.load_balancer(stack)
    for part, told in (_dns(module, found, balancer or {}), _endpoint(module, found)):
        found.update(part)
        notes += told
    return {"stack": stack.name, "status": stack.status, "region": module.region, "variables": found, "notes": notes}


def _dns(
    module: t.Any, found: t.Mapping[str, t.Any], balancer: t.Mapping[str, str]
) -> tuple[dict[str, t.Any], list[str]]:
    domain = str(found.get("gitpod_domain_name", ""))
    if not domain:
        return {}, ["the stack has no domain"]
    try:
        api = ZonesApi(client_elsewhere(module, "route53", module.params["dns_profile"], module.params["dns_role_arn"]))
        zones = [
            (zone.id, zone.private, api.records(zone, names(domain))[0]) for zone in api.zones() if zone.holds(domain)
        ]
    except ApiError as error:
        return {}, [f"the zones could not be read ({error.code or error.why}); set gitpod_dns_provider"]
    return variables.of_records(domain, balancer.get("dns_name", ""), zones, _elsewhere(module.params))


def _elsewhere(options: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The variables of the account that keeps the zones, as far as it is another one."""
    given = {"gitpod_dns_aws_profile": options["dns_profile"], "gitpod_dns_role_arn": options["dns_role_arn"]}
    return {name: value for name, value in given.items() if value}


def _endpoint(module: t.Any, found: t.Mapping[str, t.Any]) -> tuple[dict[str, t.Any], list[str]]:
    vpc_id = str(found.get("gitpod_vpc_id", ""))
    if not vpc_id:
        return {}, []
    try:
        endpoints = Ec2Api(client(module, "ec2"), module.region).endpoints(vpc_id, SERVICE_NAME)
    except ApiError as error:
        return {}, [f"the endpoints could not be read ({error.code or error.why}); set gitpod_privatelink_enabled"]
    there = [endpoint for endpoint in endpoints if stage(endpoint.state) != LEAVING]
    return (variables.of_endpoint(there[0]), []) if there else ({}, [])
