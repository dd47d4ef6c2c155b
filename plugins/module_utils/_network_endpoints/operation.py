# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module runner_network_endpoints does: options in, having the endpoints or having none, result out."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api as Stacks
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import users_of_vpc
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.absent import absent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.api import Api, claimed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.model import Asked, as_result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.plan import settled
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.present import (
    Outcome,
    join,
    present,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.serving import is_ours
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import neighbours, users
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.outcome import Mode
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module does."""
    options = module.params
    api, asked = Api(client(module, "ec2"), module.region), Asked.of(options)
    mode = Mode(module.check_mode, options["wait"] or options["join"], options["timeout"])
    if options["join"]:
        outcome = join(api, asked, module.region, mode)
    elif options["state"] == "absent":
        outcome = absent(api, asked, module.region, neighbours.once(lambda: _in_the_vpc(module, asked))(), mode)
    else:
        outcome = present(api, asked, module.region, mode, _claimed(module, asked))
    return result(outcome, asked)


def _claimed(module: t.Any, asked: Asked) -> frozenset[str]:
    """They only tell that a name leads elsewhere. Where they cannot be read, AWS itself refuses an endpoint whose name
    is taken (EC2 API reference, CreateVpcEndpoint), and from a VPC without egress Route 53 is not reached at all."""
    try:
        return claimed(client(module, "route53"), asked.vpc_id, module.region)
    except ApiError:
        return frozenset()


def _in_the_vpc(module: t.Any, asked: Asked) -> list[users.User]:
    """Other runners whose stacks are in the VPC, by CloudFormation."""
    stacks = Stacks(client(module, "cloudformation"), lambda: client(module, "elbv2")).stacks()
    found = users_of_vpc(stacks, Runner(asked.name, asked.runner_id), asked.vpc_id)
    return [users.User(runner.name, runner.id) for runner in found]


def joined(
    options: t.Mapping[str, t.Any],
    clients: t.Callable[[str], t.Any],
    region: str,
    check: bool,
    clock: Clock,
    observe: t.Callable[[str], None],
) -> dict[str, t.Any]:
    """What the module does with C(join), for whoever waits for several runners at once.

    :param options: C(name), C(vpc_id), C(timeout), and C(runner_id) where it is known.
    :param clients: makes the client of a service.
    :param observe: is told at every look how many are available.
    """
    asked = Asked.of(options)
    mode = Mode(check, wait=True, timeout=options["timeout"], clock=clock, observe=observe)
    return result(join(Api(clients("ec2"), region), asked, region, mode), asked)


def result(outcome: Outcome, asked: Asked) -> dict[str, t.Any]:
    """Plain data of an outcome."""
    found: dict[str, t.Any] = {
        "changed": outcome.changed,
        "in_progress": outcome.in_progress,
        "endpoints": [_told(short, endpoint, asked) for short, endpoint in sorted(outcome.now.items())],
        "security_group": outcome.group.as_result() if outcome.group and outcome.group.id else None,
        "actions": list(outcome.actions),
        "left_alone": list(outcome.left_alone),
        "waiting_for": _waiting_for(outcome),
    }
    if outcome.changed:
        found["diff"] = {
            "before": _side(outcome.before, outcome.group_before),
            "after": _side(outcome.after, outcome.group_after),
            "before_header": "network endpoints",
            "after_header": f"network endpoints ({len(outcome.actions)} changes)",
        }
    return found


def _told(short: str, endpoint: Endpoint, asked: Asked) -> dict[str, t.Any]:
    """An endpoint and whose it is."""
    me = users.User(asked.name, asked.runner_id)
    owner = users.owner(endpoint.tags) if is_ours(endpoint) else None
    return {
        "service": short,
        **as_result(endpoint),
        "ours": is_ours(endpoint),
        "owner": owner.as_result() if owner else None,
        "shared_with": users.names(users.others(endpoint.tags, me)) if is_ours(endpoint) else [],
    }


def _side(endpoints: t.Mapping[str, Endpoint], group: Group | None) -> dict[str, t.Any]:
    """One side of a difference: what this stage keeps, without what AWS alone decides."""
    shown = {
        short: {
            key: value
            for key, value in as_result(endpoint).items()
            if key in ("id", "subnet_ids", "security_group_ids", "private_dns_enabled", "route_table_ids", "tags")
        }
        for short, endpoint in sorted(endpoints.items())
    }
    return {**shown, **({"security_group": group.as_result()} if group else {})}


def _waiting_for(outcome: Outcome) -> str:
    open_ones = sorted(short for short, entry in outcome.now.items() if is_ours(entry) and not settled(entry))
    return f"AWS is at work on the endpoints for {', '.join(open_ones)}." if outcome.in_progress and open_ones else ""
