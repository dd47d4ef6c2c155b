# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at everything that there is of a runner in its region. Nothing is changed."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _ownership as ownership
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client, intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import (
    Api,
    load_balancer_names,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import (
    GONE,
    Found,
    find,
    others_with_id,
    users_of_vpc,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.result import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.standing import DOMAIN, made_good
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.model import (
    is_for_the_network,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._paging import every
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
    api, clients = api_of(module), (client(module, "ec2"), client(module, "s3"))
    take_over = options["take_over"] or ""
    names = {options["name"], *options["former_names"], *([take_over] if take_over else [])}
    return look(api, *clients, runner, find(api, runner, options["name"], take_over), names)


def look(api: Api, ec2: t.Any, s3: t.Any, runner: Runner, found: Found, names: t.Collection[str]) -> dict[str, t.Any]:
    """Everything that there is of the runner, each with what tells whose it is.

    :param found: its stack, or what stands in its place.
    :param names: that deleted stacks of it may have had.
    """
    stack = found.stack
    ours = found.verdict.relation == ownership.OURS
    # A stack in review has neither resources nor a template that could be summed up.
    full = ours and status.exists(stack.status)
    listed = api.resources(stack.id) if full else []
    going = stack.status == "DELETE_IN_PROGRESS"
    load_balancer = api.load_balancer(stack) if full and not going else None
    deleted = deleted_stacks(api, runner, {*names, stack.name})
    former = [*load_balancer_names(listed), *(name for gone in deleted for name in load_balancer_names(gone.resources))]
    current = str((load_balancer or {}).get("dns_name") or "").lower()
    shared_things = Shared(api, ec2, runner, stays=found.verdict.relation in (ownership.BY_HAND, ownership.UNKNOWN))
    return {
        "changed": False,
        # Of a runner that had none here, the management plane alone may know of one elsewhere.
        "stack": {
            **_told_of(found),
            "buckets": _buckets(listed),
            "was_here": ours or bool(deleted),
            "others_with_id": others_with_id(shared_things.stacks(), runner, stack) if ours else [],
        },
        "load_balancer": load_balancer,
        # Records that point to one of these are the runner's too: nobody else's load balancer will have such a name.
        "former_load_balancers": [name for name in dict.fromkeys(former) if name != current],
        "domain_name": made_good(api, stack, {}).get(DOMAIN, "") if full else "",
        "endpoints": shared_things.endpoints(),
        "security_groups": shared_things.security_groups(),
        "retained_buckets": [bucket.as_result() for bucket in retained(s3, deleted)],
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


def _buckets(resources: t.Iterable[t.Mapping[str, str]]) -> list[str]:
    """Buckets of a stack that is still there; which of them it will leave is the template's to say."""
    return sorted(
        entry["physical_id"]
        for entry in resources
        # A deletion that failed has taken some of them.
        if entry["type"] == BUCKET_TYPE and entry["physical_id"] and entry["status"] != "DELETE_COMPLETE"
    )


# Only what this collection made; for whom, several tags tell.
_FILTERS = [{"Name": f"tag:{MANAGED_BY_TAG}", "Values": [MANAGED_BY]}]


class Shared:
    """What the runners of a VPC share: the endpoint and its security group, as far as this runner uses them.

    :param stays: whether a stack stays that may be this runner's; what it needs stays with it.
    """

    def __init__(self, api: Api, ec2: t.Any, runner: Runner, stays: bool = False) -> None:
        self._api = api
        self._ec2 = ec2
        self._runner = runner
        self._stays = stays
        self._stacks: list[Stack] | None = None

    def endpoints(self) -> list[dict[str, t.Any]]:
        """The endpoints that go, or this runner's part of them."""
        if self._stays:
            return []
        with intent("list the endpoints"):
            found = every(self._ec2.describe_vpc_endpoints, "VpcEndpoints", Filters=_FILTERS)
        there = [raw for raw in found if raw.get("State", "").lower() not in GONE_STATES]
        return [
            {"id": raw["VpcEndpointId"], "service_name": raw.get("ServiceName", ""), "network": _network(raw), **told}
            for raw in there
            if (told := self._told(raw))
        ]

    def security_groups(self) -> list[dict[str, t.Any]]:
        """The groups that go, or this runner's part of them."""
        if self._stays:
            return []
        with intent("list the security groups"):
            found = every(self._ec2.describe_security_groups, "SecurityGroups", Filters=_FILTERS)
        return [
            {"id": raw["GroupId"], "name": raw["GroupName"], "network": _network(raw), **told}
            for raw in found
            if (told := self._told(raw))
        ]

    def _told(self, raw: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """What is told of one that goes, or this runner's part of it; empty of one that this runner does not use."""
        vpc_id = raw.get("VpcId", "")
        if not shared(raw, self._runner).goes:
            return {}
        also = self._in(vpc_id)
        whose = shared(raw, self._runner, also)
        users_too = [{"name": user.name, "id": user.id} for user in also]
        shared_with = list(whose.shared_with)
        return {"vpc_id": vpc_id, "shared_with": shared_with, "reason": whose.reason, "also_used_by": users_too}

    def _in(self, vpc_id: str) -> list[Runner]:
        return users_of_vpc(self.stacks(), self._runner, vpc_id)

    def stacks(self) -> list[Stack]:
        """All of the region, read once."""
        if self._stacks is None:
            self._stacks = self._api.stacks()
        return self._stacks


def _network(raw: t.Mapping[str, t.Any]) -> bool:
    """Whether it is for services of AWS, which has a stage of its own."""
    return is_for_the_network({entry["Key"]: entry["Value"] for entry in raw.get("Tags", [])})


def shared(raw: t.Mapping[str, t.Any], runner: Runner, also_used_by: t.Iterable[Runner] = ()) -> ownership.Verdict:
    """Whose an endpoint or a group is; a stack's own groups carry the stack's tags, and go with it.

    :param also_used_by: other runners in the VPC, whose use no tag records.
    """
    tags = {entry["Key"]: entry["Value"] for entry in raw.get("Tags", [])}
    me = users.User(runner.name, runner.id)
    uses = users.is_ours(tags) and any(user.is_same(me) for user in users.users(tags))
    known, _missing = users.with_users(tags, [users.User(user.name, user.id) for user in also_used_by], me)
    first = users.owner(tags)
    return ownership.of_shared(runner, tags, uses, users.names(users.others(known, me)), first.name if first else "")
