# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at everything that there is of a runner in its region. Nothing is changed."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client, intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import parameters, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.result import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import (
    MANAGED_BY,
    MANAGED_BY_TAG,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.buckets import BUCKET_TYPE, retained
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.model import Runner, stack_is_ours

GONE_STATES = ("deleting", "deleted")


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_teardown_info does."""
    options = module.params
    api, ec2 = api_of(module), client(module, "ec2")
    name = options["name"]
    stack = api.stack(name)
    runner = Runner(options["runner_name"] or name, name, options["runner_id"] or "")
    exists = status.exists(stack.status)
    ours = stack_is_ours(stack, runner)
    endpoints, groups = _endpoints(ec2, runner), _security_groups(ec2, runner)
    return {
        "changed": False,
        "stack": {
            "name": name,
            "exists": exists,
            "ours": ours,
            "status": stack.status,
            "termination_protection": stack.protected,
            "buckets": _buckets_of(api, stack) if exists else [],
        },
        "load_balancer": api.load_balancer(stack) if exists and stack.status != "DELETE_IN_PROGRESS" else None,
        "domain_name": _domain(api, stack) if exists else "",
        "endpoints": endpoints,
        "security_groups": groups,
        "retained_buckets": [bucket.as_result() for bucket in retained(api, client(module, "s3"), runner)],
    }


def _domain(api: Api, stack: Stack) -> str:
    """The stack's own domain, by the label of the guide; empty when the template has none."""
    found = parameters.find("Domain Name", api.template({"StackName": stack.id}).parameters)
    return stack.parameters.get(found[0].key, "") if len(found) == 1 else ""


def _buckets_of(api: Api, stack: Stack) -> list[str]:
    """Buckets of a stack that is still there; which of them it will leave is the template's to say."""
    return sorted(
        entry["physical_id"]
        for entry in api.resources(stack.id)
        if entry["type"] == BUCKET_TYPE and entry["physical_id"]
    )


# Only what this collection made; for whom, several tags tell.
_FILTERS = [{"Name": f"tag:{MANAGED_BY_TAG}", "Values": [MANAGED_BY]}]


def _endpoints(ec2: t.Any, runner: Runner) -> list[dict[str, t.Any]]:
    with intent("list the endpoints"):
        found = ec2.describe_vpc_endpoints(Filters=_FILTERS, aws_retry=True)["VpcEndpoints"]
    return [
        {
            "id": raw["VpcEndpointId"],
            "vpc_id": raw.get("VpcId", ""),
            "service_name": raw.get("ServiceName", ""),
            "shared_with": _others(raw, runner),
        }
        for raw in found
        if raw.get("State", "").lower() not in GONE_STATES and _uses(raw, runner)
    ]


def _security_groups(ec2: t.Any, runner: Runner) -> list[dict[str, t.Any]]:
    with intent("list the security groups"):
        found = ec2.describe_security_groups(Filters=_FILTERS, aws_retry=True)["SecurityGroups"]
    return [
        {
            "id": raw["GroupId"],
            "name": raw["GroupName"],
            "vpc_id": raw.get("VpcId", ""),
            "shared_with": _others(raw, runner),
        }
        for raw in found
        if _uses(raw, runner)
    ]


def _uses(raw: t.Mapping[str, t.Any], runner: Runner) -> bool:
    """Whether the runner uses it, alone or with others; a stack's own groups carry the stack's tags, and go with it."""
    tags = _tags(raw)
    me = users.User(runner.name, runner.id)
    return users.is_ours(tags) and users.departure(users.users(tags), me) != users.NOT_A_USER


def _others(raw: t.Mapping[str, t.Any], runner: Runner) -> list[str]:
    return users.names(users.others(_tags(raw), users.User(runner.name, runner.id)))


def _tags(raw: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {entry["Key"]: entry["Value"] for entry in raw.get("Tags", [])}
