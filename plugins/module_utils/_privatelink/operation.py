# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module runner_endpoint does: options in, having the endpoint or having none, result out."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api as Stacks
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import users_of_vpc
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import neighbours, users, wait
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.absent import absent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    ACCEPTANCE,
    Wanted,
    stage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.outcome import Mode, Outcome, State
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import choose
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.present import present
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_endpoint does."""
    options = module.params
    api = Api(client(module, "ec2"), module.region)
    mode = Mode(module.check_mode, options["wait"] or options["join"], options["timeout"])
    wanted = Wanted.of(options)
    if options["join"]:
        outcome = join(api, wanted, mode)
    elif options["state"] == "absent":
        outcome = absent(api, wanted, mode)
    else:
        look = neighbours.once(lambda: _in_the_vpc(module, wanted))
        outcome = present(api, wanted, module.region, options["enable_vpc_dns"], mode, look)
    return _result(outcome, wanted)


def _in_the_vpc(module: t.Any, wanted: Wanted) -> list[users.User]:
    """Other runners whose stacks are in the VPC, by CloudFormation."""
    stacks = Stacks(client(module, "cloudformation"), lambda: client(module, "elbv2")).stacks()
    found = users_of_vpc(stacks, Runner(wanted.name, wanted.runner_id), wanted.vpc_id)
    return [users.User(runner.name, runner.id) for runner in found]


def joined(
    options: t.Mapping[str, t.Any],
    clients: t.Callable[[str], t.Any],
    region: str,
    check: bool,
    clock: Clock,
    observe: t.Callable[[str], None],
) -> dict[str, t.Any]:
    """What the module does with C(join), for whoever waits for several endpoints at once.

    :param options: C(name), C(vpc_id), C(service_name), C(service_region), C(private_dns_enabled) and C(timeout).
    :param clients: makes the client of a service.
    :param observe: is told the endpoint's state at every look.
    """
    wanted = Wanted.of(options)
    mode = Mode(check, wait=True, timeout=options["timeout"], clock=clock, observe=observe)
    return _result(join(Api(clients("ec2"), region), wanted, mode), wanted)


def join(api: Api, wanted: Wanted, mode: Mode) -> Outcome:
    """Wait for what was started, and switch private DNS when that had to wait; start nothing else."""
    current = choose(api.endpoints(wanted.vpc_id, wanted.service_name), wanted)
    if mode.check:
        return Outcome(State(current), State(current))
    current = current or wait.appeared(api, wanted, mode)
    endpoint = wait.finish(api, wanted, current, mode)
    switched = endpoint.private_dns != current.private_dns
    actions = (f"switch private DNS on on {endpoint.id}",) if switched else ()
    return Outcome(State(endpoint), State(current), State(endpoint), changed=switched, actions=actions)


def _result(outcome: Outcome, wanted: Wanted) -> dict[str, t.Any]:
    endpoint, group = outcome.now.endpoint, outcome.now.group
    first = users.owner(endpoint.tags) if endpoint else None
    found: dict[str, t.Any] = {
        "changed": outcome.changed,
        "in_progress": outcome.in_progress,
        "endpoint": endpoint.as_result() if endpoint else None,
        "security_group": {**group.as_result(), "created": outcome.group_created} if group else None,
        "owner": first.as_result() if first else None,
        "shared_with": users.names(users.others(endpoint.tags, wanted.user)) if endpoint else [],
        "service": outcome.service.as_result() if outcome.service else None,
        "actions": list(outcome.actions),
        "left_out_subnet_ids": list(outcome.left_out),
        "left_alone": list(outcome.left_alone),
        "waiting_for": _waiting_for(outcome),
        "waiting_for_acceptance": _waits_for_acceptance(outcome),
    }
    if outcome.changed:
        found["diff"] = {
            "before": outcome.before.as_diff(),
            "after": (outcome.after or outcome.now).as_diff(),
            "before_header": "endpoint",
            "after_header": "; ".join(outcome.actions) or "endpoint",
        }
    return found


def _waits_for_acceptance(outcome: Outcome) -> bool:
    seen = outcome.now.endpoint
    return outcome.in_progress and seen is not None and stage(seen.state) == ACCEPTANCE


def _waiting_for(outcome: Outcome) -> str:
    """What is still to happen, and whose turn it is; empty when nothing is."""
    seen = outcome.now.endpoint
    if not outcome.in_progress or seen is None:
        return ""
    if _waits_for_acceptance(outcome):
        return f"{wait.OWNER} {wait.ASK.format(seen.id)}"
    return f"AWS is at work on {seen.id}, which is {seen.state}."
