# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having the endpoints: look, plan, carry out; after a conflict or a lost answer the same again.

Runs that begin at the same time make no doubles: private DNS and the routes of a gateway can each exist once, so
whoever comes second is refused, looks again and attaches to what is there.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    InputError,
    RunnerError,
    TimeoutExceededError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import (
    GATEWAY,
    listed,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.ground import complete
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.model import (
    GROUP_NAME,
    Asked,
    Ground,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.plan import (
    Step,
    Todo,
    choose_group,
    group_after,
    leaving,
    plan,
    settled,
    wanted_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.serving import is_ours
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users, wait
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.carry import (
    change_endpoint,
    change_group,
    until_it_stands,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    BROKEN,
    LEAVING,
    Endpoint,
    Subnet,
    stage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.outcome import (
    Journal,
    Mode,
    look_again,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.present import (
    client_token,
    created_once,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import poll
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import is_refused


@dataclasses.dataclass(frozen=True)
class Found:
    """What there is at one moment."""

    ground: Ground
    endpoints: tuple[Endpoint, ...]
    group: Group | None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode would be.

    :param now: this stage's endpoints that the runner uses, and those of others that serve it, by short name.
    :param before: this stage's, by short name; after likewise.
    """

    now: t.Mapping[str, Endpoint]
    before: t.Mapping[str, Endpoint]
    after: t.Mapping[str, Endpoint]
    group: Group | None = None
    group_before: Group | None = None
    group_after: Group | None = None
    changed: bool = False
    in_progress: bool = False
    actions: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()


def present(api: Api, asked: Asked, region: str, mode: Mode, claimed: frozenset[str] = frozenset()) -> Outcome:
    """Have every endpoint of the list that nobody else's serves.

    :param claimed: names of private hosted zones that answer in the VPC.
    """
    if not asked.subnet_ids:
        raise InputError("Endpoints need the runner's subnets", next_step="Name them (gitpod_ec2_subnet_ids)")
    offered, subnets = api.offered(), api.subnets(asked.subnet_ids)
    _require_place(asked, subnets)
    _require_dns(api, asked)
    tables = api.route_tables(asked.vpc_id)

    def look() -> Found:
        endpoints = api.of_vpc(asked.vpc_id)
        ground = complete(api, region, subnets, tables, endpoints, offered, claimed)
        return Found(ground, endpoints, _group(api, asked, endpoints, ground))

    found = look()
    todo = plan(asked, found.ground, found.endpoints, found.group)
    outcome = _predicted(found, todo, asked)
    if mode.check:
        return outcome
    journal, past = Journal(), tuple(sorted(endpoint.id for endpoint in found.endpoints))
    group, made = until_it_stands(
        look, lambda seen: _carry_out(api, asked, seen, past, mode, journal), found, mode, journal
    )
    return _awaited(api, outcome, group, made, mode, journal)


def _require_place(asked: Asked, subnets: t.Sequence[Subnet]) -> None:
    foreign = sorted(subnet.id for subnet in subnets if subnet.vpc_id != asked.vpc_id)
    if foreign:
        raise InputError(
            f"Subnets of another VPC than {asked.vpc_id}: {', '.join(foreign)}",
            next_step="Name subnets of this VPC (gitpod_ec2_subnet_ids)",
        )


def _require_dns(api: Api, asked: Asked) -> None:
    """Private DNS needs both attributes of the VPC; they are the VPC's owner's to switch."""
    off = [attribute for attribute, on in api.vpc_dns(asked.vpc_id).items() if not on]
    if off:
        raise RunnerError(
            f"The VPC {asked.vpc_id} has {' and '.join(off)} off, which private DNS needs; nothing was changed",
            next_step="Switch them on (aws ec2 modify-vpc-attribute)",
        )


def _group(api: Api, asked: Asked, endpoints: t.Sequence[Endpoint], ground: Ground) -> Group | None:
    carried = {
        group: ground.groups[group]
        for endpoint in endpoints
        if is_ours(endpoint)
        for group in endpoint.security_group_ids
        if group in ground.groups
    }
    return choose_group(api.groups.named(asked.vpc_id, GROUP_NAME), list(carried.values()), asked)


def _predicted(found: Found, todo: Todo, asked: Asked) -> Outcome:
    before = {step.service.short: step.current for step in todo.steps if step.current}
    used = {verdict.service.short: verdict.endpoints[0] for verdict in todo.used if verdict.endpoints}
    return Outcome(
        now={**used, **before},
        before=before,
        after={step.service.short: step.planned for step in todo.steps},
        group=found.group,
        group_before=found.group,
        group_after=group_after(todo, asked),
        changed=bool(todo.actions),
        in_progress=any(not settled(endpoint) for endpoint in before.values()),
        actions=todo.actions,
        left_alone=todo.remarks,
    )


def _carry_out(
    api: Api, asked: Asked, found: Found, past: t.Sequence[str], mode: Mode, journal: Journal
) -> tuple[Group | None, dict[str, Endpoint]]:
    """Every step, also after one that another run was quicker to take; the error of that has the caller look again."""
    todo = plan(asked, found.ground, found.endpoints, found.group)
    group = _have_group(api, asked, todo, journal)
    if group and not found.group:
        # The group has its ID now.
        todo = plan(asked, found.ground, found.endpoints, group)
    made: dict[str, Endpoint] = {}
    failure: ApiError | None = None
    for step in todo.steps:
        try:
            made[step.service.short] = _take(api, step, found, past, mode, journal)
        except ApiError as error:
            if is_refused(error) or not look_again(error, journal):
                raise
            failure = error
    if failure:
        raise failure
    return group, made


def _have_group(api: Api, asked: Asked, todo: Todo, journal: Journal) -> Group | None:
    group = group_after(todo, asked)
    if group is None or todo.group is None:
        return group
    if todo.group.create:
        with journal.step(todo.group.said["create"]):
            identifier = api.groups.create(
                wanted_of(asked), todo.group.add_tags, "HTTPS from the subnets of runners to services of AWS"
            )
        group = dataclasses.replace(group, id=identifier)
    change_group(api.groups, group, todo.group, journal)
    return group


def _take(api: Api, step: Step, found: Found, past: t.Sequence[str], mode: Mode, journal: Journal) -> Endpoint:
    """One endpoint as it is wanted, as far as AWS makes it at once."""
    todo, current = step.todo, step.current
    if todo.delete:
        with journal.step(*todo.said["delete"]):
            api.delete(todo.delete)
    if todo.create or current is None:
        going = [entry for entry in leaving(found.endpoints) if entry.service_name == step.wanted.service_name]
        for old in (*going, *([current] if current else [])):
            wait.gone(api, old.id, mode)
        with journal.step(*todo.said["create"]):
            return _created(api, step, past, mode)
    change_endpoint(api, current, todo, mode, journal)
    return (api.endpoint(current.id) if todo.changes else None) or current


def _created(api: Api, step: Step, past: t.Sequence[str], mode: Mode) -> Endpoint:
    wanted = dataclasses.replace(step.wanted, tags=step.todo.add_tags)
    if step.service.kind == GATEWAY:
        tables = step.table_ids
        return created_once(
            api,
            mode,
            past,
            lambda words: client_token(wanted, tables, False, words),
            lambda token: api.create_gateway(wanted, tables, token),
        )
    subnets = step.placement.subnet_ids
    return created_once(
        api,
        mode,
        past,
        lambda words: client_token(wanted, subnets, True, words),
        lambda token: api.create(wanted, subnets, True, token),
    )


def _awaited(
    api: Api, outcome: Outcome, group: Group | None, made: dict[str, Endpoint], mode: Mode, journal: Journal
) -> Outcome:
    unfinished = [endpoint for endpoint in made.values() if not settled(endpoint)]
    if unfinished and mode.wait:
        waited = finish(api, unfinished, mode)
        made = {short: waited.get(endpoint.id, endpoint) for short, endpoint in made.items()}
    return dataclasses.replace(
        outcome,
        now={**outcome.now, **made},
        after=made,
        group=group,
        group_after=group,
        changed=bool(journal.done),
        actions=journal.done,
        in_progress=bool(unfinished) and not mode.wait,
    )


def finish(api: Api, started: t.Sequence[Endpoint], mode: Mode) -> dict[str, Endpoint]:
    """Wait until endpoints work; as they are then, by ID.

    :raises RunnerError: one broke.
    :raises TimeoutExceededError: not in time.
    """
    seen, open_ones = {endpoint.id: endpoint for endpoint in started}, list(started)
    for _elapsed in poll(mode.clock, mode.timeout, wait.PACE):
        # Right after its creation an endpoint may not be listed yet.
        listing = {entry.id: entry for entry in api.of_vpc(started[0].vpc_id)}
        seen = {identifier: listing.get(identifier, entry) for identifier, entry in seen.items()}
        broken = [entry for entry in seen.values() if stage(entry.state) in (BROKEN, LEAVING)]
        if broken:
            told = (f"{entry.id} for {entry.service_name} is {entry.state} {entry.reason}" for entry in broken)
            raise RunnerError(
                "Endpoints for services of AWS do not come up",
                "; ".join(line.strip() for line in told),
                "Remove the cause, then run again: they are made anew",
            )
        open_ones = [entry for entry in seen.values() if not settled(entry)]
        mode.observe(f"{len(seen) - len(open_ones)} of {len(seen)} available")
        if not open_ones:
            return seen
    listed_ones = ", ".join(f"{entry.id} ({entry.service_name}) is {entry.state}" for entry in open_ones)
    raise TimeoutExceededError(
        f"Endpoints are still not available after {mode.timeout:.0f} s",
        listed_ones,
        "AWS goes on with them; run again",
        {"in_progress": True},
    )


def join(api: Api, asked: Asked, region: str, mode: Mode) -> Outcome:
    """Wait for what was started; start nothing."""
    me = users.User(asked.name, asked.runner_id)

    def mine() -> dict[str, Endpoint]:
        there = (entry for entry in api.of_vpc(asked.vpc_id) if is_ours(entry) and stage(entry.state) != LEAVING)
        used = (entry for entry in there if any(user.is_same(me) for user in users.users(entry.tags)))
        return {found.short: entry for entry in used if (found := listed(entry.service_name, region))}

    before = mine()
    waiting = [endpoint for endpoint in before.values() if not settled(endpoint)]
    if waiting and not mode.check:
        waited = finish(api, waiting, mode)
        after = {short: waited.get(endpoint.id, endpoint) for short, endpoint in before.items()}
        return Outcome(after, before, after)
    return Outcome(before, before, before, in_progress=bool(waiting))
