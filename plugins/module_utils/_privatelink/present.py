# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having the endpoint and its security group as they are wanted.

Look, plan, carry out; after a conflict or a lost answer the same again, so that whoever comes second attaches to what
is there.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import neighbours, users, wait
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.carry import (
    change_endpoint,
    change_group,
    until_it_stands,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import (
    Group,
    GroupPlan,
    check_name,
    keeps_group,
    planned_group,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    LEAVING,
    Endpoint,
    Service,
    Subnet,
    Wanted,
    stage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.outcome import (
    Journal,
    Mode,
    Outcome,
    State,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import (
    Placement,
    Plan,
    choose,
    leaving,
    place,
    plan,
    planned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import poll
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import (
    idempotent,
    may_be_done,
)

# An answer about an endpoint that is older than this is AWS's memory of an earlier call; seconds.
FRESH = 60.0
MOST_REPLAYS = 3


@dataclasses.dataclass(frozen=True)
class Ground:
    """What stands while the operation works.

    :param ranges: address ranges from which the runner reaches the endpoint.
    :param off: attributes of the VPC to switch on.
    :param neighbours: looks for runners in the VPC whom no tag names.
    :param past: IDs of the endpoints that there were when the operation began.
    """

    service: Service
    subnets: tuple[Subnet, ...]
    placement: Placement
    ranges: tuple[str, ...]
    off: tuple[str, ...]
    neighbours: neighbours.Look
    past: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Found:
    """What there is at the moment, and what has to be done about it.

    :param zones: of the wanted subnets and of those that the endpoint has, by subnet.
    """

    there: tuple[Endpoint, ...]
    state: State
    zones: t.Mapping[str, str]


def present(api: Api, wanted: Wanted, region: str, enable_vpc_dns: bool, mode: Mode, look: neighbours.Look) -> Outcome:
    """Have the endpoint, and its group when none is given, as they are wanted.

    :param look: for other runners in the VPC; made only before something is taken away.
    """
    if not wanted.subnet_ids:
        raise InputError("An endpoint needs subnets", next_step="Name one a zone (gitpod_privatelink_subnet_ids)")
    if keeps_group(wanted):
        check_name(wanted.security_group_name)
    ground = _ground(api, wanted, region, enable_vpc_dns, look)
    found = _look(api, wanted, ground)
    ground = dataclasses.replace(ground, past=tuple(sorted(endpoint.id for endpoint in found.there)))
    predicted = _predicted(found, wanted, ground)
    if mode.check:
        return predicted
    journal = Journal()
    for attribute in ground.off:
        with journal.step(_switched(attribute, wanted)):
            _switch_on(api, wanted, attribute, mode)
    state, todo = _converged(api, wanted, ground, found, mode, journal)
    outcome = dataclasses.replace(
        predicted,
        now=state,
        after=state,
        changed=bool(journal.done),
        actions=journal.done,
        group_created=bool(state.group and state.group.id == journal.group_id),
        left_alone=todo.left_alone,
    )
    return _awaited(api, wanted, outcome, todo, mode)


def _ground(api: Api, wanted: Wanted, region: str, enable_vpc_dns: bool, look: neighbours.Look) -> Ground:
    service = api.service(wanted.service_name, wanted.service_region)
    sources = (wanted.source_subnet_ids or wanted.subnet_ids) if keeps_group(wanted) else ()
    subnets = api.subnets(list(dict.fromkeys([*wanted.subnet_ids, *sources])))
    placement = place([entry for entry in subnets if entry.id in wanted.subnet_ids], service, wanted.vpc_id, region)
    off = _vpc_dns(api, wanted, enable_vpc_dns) if wanted.private_dns else ()
    ranges = tuple(sorted({entry.cidr for entry in subnets if entry.id in sources and entry.cidr}))
    return Ground(service, tuple(subnets), placement, ranges, off, look)


def _vpc_dns(api: Api, wanted: Wanted, enable: bool) -> tuple[str, ...]:
    """The VPC's attributes to switch on: private DNS needs both.

    :raises RunnerError: one is off, and switching it on was not asked for.
    """
    off = tuple(attribute for attribute, on in api.vpc_dns(wanted.vpc_id).items() if not on)
    if off and not enable:
        raise RunnerError(
            f"The VPC {wanted.vpc_id} has {' and '.join(off)} off, which private DNS needs; nothing was changed",
            next_step="Switch them on, or allow it with gitpod_privatelink_enable_vpc_dns",
        )
    return off


def _switch_on(api: Api, wanted: Wanted, attribute: str, mode: Mode) -> None:
    idempotent(lambda: api.switch_on_vpc_dns(wanted.vpc_id, attribute), mode.clock)


def _switched(attribute: str, wanted: Wanted) -> str:
    return f"switch on {attribute} of {wanted.vpc_id}"


def _look(api: Api, wanted: Wanted, ground: Ground) -> Found:
    there = tuple(api.endpoints(wanted.vpc_id, wanted.service_name))
    current = choose(there, wanted)
    group = api.groups.kept(wanted, current) if keeps_group(wanted) else None
    zones = {subnet.id: subnet.zone for subnet in ground.subnets}
    others = sorted(set(current.subnet_ids) - set(zones)) if current else []
    zones.update({subnet.id: subnet.zone for subnet in api.subnets(others)} if others else {})
    return Found(there, State(current, group), zones)


def _plans(found: Found, wanted: Wanted, ground: Ground) -> tuple[GroupPlan, Plan, Wanted]:
    """Both plans, and what is wanted with the group's ID; while it has none yet, its name stands for it.

    :raises RunnerError: the endpoint is broken, and replacing it is not allowed or not ours to do.
    """
    state = found.state
    return neighbours.plans(
        state.endpoint, state.group, wanted, ground.ranges, ground.placement, found.zones, ground.neighbours
    )


def _predicted(found: Found, wanted: Wanted, ground: Ground) -> Outcome:
    todo_group, todo, goal = _plans(found, wanted, ground)
    group = planned_group(found.state.group, wanted, todo_group) if keeps_group(wanted) else None
    actions = (*(_switched(attribute, wanted) for attribute in ground.off), *todo_group.actions, *todo.actions)
    return Outcome(
        now=found.state,
        before=found.state,
        after=State(planned(found.state.endpoint, goal, ground.placement, todo), group),
        service=ground.service,
        changed=bool(actions),
        actions=actions,
        left_out=ground.placement.left_out,
        left_alone=todo.left_alone,
    )


def _converged(
    api: Api, wanted: Wanted, ground: Ground, found: Found, mode: Mode, journal: Journal
) -> tuple[State, Plan]:
    """Carry out; after a conflict, a lost answer or another run's change all of it again, a bounded number of times."""

    def carry_out(seen: Found) -> tuple[State, Plan]:
        return _carry_out(api, wanted, ground, seen, mode, journal)

    done = until_it_stands(lambda: _look(api, wanted, ground), carry_out, found, mode, journal)
    _find_lost_group(api, wanted, journal)
    _drop_spare_group(api, wanted, done[0], journal)
    return done


def _carry_out(
    api: Api, wanted: Wanted, ground: Ground, found: Found, mode: Mode, journal: Journal
) -> tuple[State, Plan]:
    keeps = keeps_group(wanted)
    todo_group, todo, wanted = _plans(found, wanted, ground)
    current, group = found.state.endpoint, found.state.group
    if keeps:
        group = _have_group(api, wanted, group, todo_group, journal)
        wanted = dataclasses.replace(wanted, security_group_ids=(group.id,))
        todo = dataclasses.replace(plan(current, wanted, ground.placement, found.zones), left_alone=todo.left_alone)
    if todo.delete:
        with journal.step(*todo.said["delete"]):
            api.delete(todo.delete)
    if todo.create or current is None:
        for old in (*leaving(found.there), *([current] if current else [])):
            wait.gone(api, old.id, mode)
        with journal.step(*todo.said["create"]):
            endpoint = _create(api, dataclasses.replace(wanted, tags=todo.add_tags), ground, mode)
        return State(endpoint, group), todo
    change_endpoint(api, current, todo, mode, journal)
    endpoint = (api.endpoint(current.id) if todo.changes else None) or current
    return State(endpoint, group), todo


def _have_group(api: Api, wanted: Wanted, current: Group | None, todo: GroupPlan, journal: Journal) -> Group:
    group = planned_group(current, wanted, todo)
    if todo.create:
        with journal.step(todo.said["create"]):
            group = dataclasses.replace(group, id=_created_group(api, wanted, todo, journal))
        journal.group_id = group.id
    change_group(api.groups, group, todo, journal)
    return group


def _created_group(api: Api, wanted: Wanted, todo: GroupPlan, journal: Journal) -> str:
    try:
        return api.groups.create(wanted, todo.add_tags)
    except ApiError as error:
        journal.group_lost = journal.group_lost or may_be_done(error)
        raise


def _find_lost_group(api: Api, wanted: Wanted, journal: Journal) -> None:
    """The ID of the group that this run has made, where the answer with it was lost; nobody else uses that one."""
    if journal.group_lost and not journal.group_id:
        named = api.groups.named(wanted.vpc_id, wanted.security_group_name)
        if named and users.belongs_to(named.tags, wanted.user) and not users.others(named.tags, wanted.user):
            journal.group_id = named.id


def _drop_spare_group(api: Api, wanted: Wanted, state: State, journal: Journal) -> None:
    """Delete the group that this run has made for an endpoint that another runner was quicker to make, with its own."""
    if journal.group_id and state.group and state.group.id != journal.group_id:
        with journal.step(f"delete the security group {wanted.security_group_name} again, which is not needed"):
            api.groups.delete(journal.group_id)


def _create(api: Api, wanted: Wanted, ground: Ground, mode: Mode) -> Endpoint:
    """Create with private DNS; where AWS refuses that before the connection is accepted, without."""
    try:
        return _created(api, wanted, ground, wanted.private_dns, mode)
    except ApiError as error:
        refused = error.code in ("InvalidParameter", "OperationNotPermitted") and "accept" in error.why.lower()
        if not (wanted.private_dns and refused):
            raise
    return _created(api, wanted, ground, False, mode)


def _created(api: Api, wanted: Wanted, ground: Ground, private_dns: bool, mode: Mode) -> Endpoint:
    subnet_ids = ground.placement.subnet_ids
    return created_once(
        api,
        mode,
        ground.past,
        lambda past: client_token(wanted, subnet_ids, private_dns, past),
        lambda token: api.create(wanted, subnet_ids, private_dns, token),
    )


def created_once(
    api: Api,
    mode: Mode,
    past: t.Sequence[str],
    token_of: t.Callable[[t.Sequence[str]], str],
    create: t.Callable[[str], Endpoint],
) -> Endpoint:
    """Create; where AWS answers with an endpoint of long ago that is gone, with another token again.

    :param past: IDs of the endpoints that there were when the operation began.
    :param token_of: the request's token, which these and further words set apart.
    :param create: with a token.
    """
    for replay in range(MOST_REPLAYS):
        made = create(token_of([*past, *(["replay"] * replay)]))
        if not _is_memory(api, made, mode):
            break
    return made


def _is_memory(api: Api, made: Endpoint, mode: Mode) -> bool:
    """Whether AWS remembers an earlier call with this token, whose endpoint has gone since."""
    if stage(made.state) == LEAVING:
        return True
    if made.created is None:
        return False
    age = datetime.datetime.now(datetime.timezone.utc) - made.created
    if age.total_seconds() < FRESH:
        return False
    return all(api.endpoint(made.id) is None for _look in poll(mode.clock, wait.LONGEST_UNSEEN, wait.PACE))


def client_token(wanted: Wanted, subnet_ids: t.Sequence[str], private_dns: bool, past: t.Sequence[str]) -> str:
    """The same for the same request, so that one whose answer was lost is not carried out twice.

    EC2 remembers a token and refuses it with other parameters (EC2 API reference, "Ensuring idempotency").

    :param past: what sets a request apart from an earlier one that asked for the same, such as IDs of endpoints that
        go.
    :returns: at most 64 ASCII characters.
    """
    asked = (
        wanted.vpc_id,
        wanted.service_name,
        wanted.service_region,
        sorted(subnet_ids),
        sorted(wanted.security_group_ids),
        private_dns,
        wanted.policy,
        wanted.ip_address_type,
        sorted(wanted.tags.items()),
        list(past),
    )
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _awaited(api: Api, wanted: Wanted, outcome: Outcome, todo: Plan, mode: Mode) -> Outcome:
    endpoint = outcome.now.endpoint
    if endpoint is None or (wait.is_settled(endpoint, wanted) and not (todo.modify or todo.modify_first)):
        return outcome
    if not mode.wait:
        return dataclasses.replace(outcome, in_progress=True)
    finished = wait.finish(api, wanted, endpoint, mode)
    state = State(finished, outcome.now.group)
    changed = outcome.changed or finished.private_dns != endpoint.private_dns
    return dataclasses.replace(outcome, now=state, after=state, changed=changed)
