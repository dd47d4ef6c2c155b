# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at everything that there is of a runner in its region. Nothing is changed."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _ownership as ownership
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client, intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import parameters, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import (
    Api,
    load_balancer_names,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import GONE, Found, find
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.result import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import (
    MANAGED_BY,
    MANAGED_BY_TAG,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.buckets import (
    BUCKET_TYPE,
    deleted_stacks,
    retained,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

GONE_STATES = ("deleting", "deleted")


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_teardown_info does."""
    options = module.params
    runner = Runner(options["runner_name"] or options["name"], options["runner_id"] or "")
    names = {options["name"], *options["former_names"]}
    return look(api_of(module), client(module, "ec2"), client(module, "s3"), runner, options["name"], names)


def look(api: Api, ec2: t.Any, s3: t.Any, runner: Runner, name: str, names: t.Collection[str]) -> dict[str, t.Any]:
    """Everything that there is of the runner, each with what tells whose it is.

    :param name: of its stack, unless it has another.
    :param names: that deleted stacks of it may have had.
    """
    found = find(api, runner, name)
    stack = found.stack
    ours = found.verdict.relation == ownership.OURS
    # A stack in review has neither resources nor a template that could be summed up.
    full = ours and status.exists(stack.status)
    listed = api.resources(stack.id) if full else []
    going = stack.status == "DELETE_IN_PROGRESS"
    load_balancer = api.load_balancer(stack) if full and not going else None
    left = deleted_stacks(api, runner, {*names, stack.name})
    former = [*load_balancer_names(listed), *(name for entry in left for name in load_balancer_names(entry.resources))]
    current = str((load_balancer or {}).get("dns_name") or "").lower()
    return {
        "changed": False,
        "stack": {**_told_of(found), "buckets": _buckets(listed)},
        "load_balancer": load_balancer,
        # Records that point to one of these are the runner's too: nobody else's load balancer will have such a name.
        "former_load_balancers": [name for name in dict.fromkeys(former) if name != current],
        "domain_name": _domain(api, stack) if full else "",
        "endpoints": _endpoints(ec2, runner),
        "security_groups": _security_groups(ec2, runner),
        "retained_buckets": [bucket.as_result() for bucket in retained(s3, left)],
    }


def _told_of(found: Found) -> dict[str, t.Any]:
    stack, ours = found.stack, found.verdict.relation == ownership.OURS
    return {
        "name": stack.name,
        "exists": stack.status not in GONE,
        "ours": ours,
        "empty": found.empty,
        "in_progress": ours and status.exists(stack.status) and status.meaning(stack.status).in_progress,
        "relation": found.verdict.relation,
        "reason": found.verdict.reason,
        "told": found.told,
        "advice": found.advice,
        "status": stack.status,
        "status_reason": clean(stack.status_reason),
        "termination_protection": stack.protected,
    }


def _domain(api: Api, stack: Stack) -> str:
    """The stack's own domain, by the label of the guide; empty when the template has none."""
    found = parameters.find("Domain Name", api.template({"StackName": stack.id}).parameters)
    return stack.parameters.get(found[0].key, "") if len(found) == 1 else ""


def _buckets(resources: t.Iterable[t.Mapping[str, str]]) -> list[str]:
    """Buckets of a stack that is still there; which of them it will leave is the template's to say."""
    return sorted(entry["physical_id"] for entry in resources if entry["type"] == BUCKET_TYPE and entry["physical_id"])


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
            **_told(whose),
        }
        for raw in found
        if raw.get("State", "").lower() not in GONE_STATES and (whose := shared(raw, runner)).goes
    ]


def _security_groups(ec2: t.Any, runner: Runner) -> list[dict[str, t.Any]]:
    with intent("list the security groups"):
        found = ec2.describe_security_groups(Filters=_FILTERS, aws_retry=True)["SecurityGroups"]
    return [
        {"id": raw["GroupId"], "name": raw["GroupName"], "vpc_id": raw.get("VpcId", ""), **_told(whose)}
        for raw in found
        if (whose := shared(raw, runner)).goes
    ]


def shared(raw: t.Mapping[str, t.Any], runner: Runner) -> ownership.Verdict:
    """Whose an endpoint or a group is; a stack's own groups carry the stack's tags, and go with it."""
    tags = {entry["Key"]: entry["Value"] for entry in raw.get("Tags", [])}
    me = users.User(runner.name, runner.id)
    # The ID under another name is that of the runner whose inventory was copied, or of this one before it was renamed.
    mine = [user for user in users.users(tags) if user.is_same(me) and user.name == me.name]
    first = users.owner(tags)
    uses = users.is_ours(tags) and bool(mine)
    return ownership.of_shared(runner, tags, uses, users.names(users.others(tags, me)), first.name if first else "")


def _told(whose: ownership.Verdict) -> dict[str, t.Any]:
    return {"shared_with": list(whose.shared_with), "reason": whose.reason}
