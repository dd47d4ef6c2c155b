# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having no endpoint any more, and no security group of it: what this runner alone uses goes, what others use stays."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users, wait
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.carry import (
    change_endpoint,
    change_group,
    until_it_stands,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import (
    Group,
    GroupPlan,
    planned_group,
    release_group,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    LEAVING,
    Endpoint,
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
    planned,
    release,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import (
    MANAGED_BY,
    MANAGED_BY_TAG,
    PURPOSE_TAG,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import poll

# A network interface that is being detached holds its groups for a while longer than its endpoint is there; seconds.
LONGEST_HELD = 180.0


@dataclasses.dataclass(frozen=True)
class Departure:
    """What goes and what stays.

    :param remove: endpoints to delete.
    :param going: endpoints of ours that are being deleted already.
    :param release: endpoints that stay, with what this runner does to them.
    :param remove_groups: groups to delete, after the endpoints.
    :param release_groups: groups that stay, with what this runner does to them.
    :param left_alone: groups of this runner that cannot go, in words.
    """

    remove: tuple[Endpoint, ...] = ()
    going: tuple[Endpoint, ...] = ()
    release: tuple[tuple[Endpoint, Plan], ...] = ()
    remove_groups: tuple[Group, ...] = ()
    release_groups: tuple[tuple[Group, GroupPlan], ...] = ()
    left_alone: tuple[str, ...] = ()

    @property
    def actions(self) -> tuple[str, ...]:
        """All of it in words, in its order."""
        return (
            *(deleting(endpoint) for endpoint in self.remove),
            *(sentence for _endpoint, todo in self.release for sentence in todo.actions),
            *(sentence for _group, todo in self.release_groups for sentence in todo.actions),
            *(deleting_group(group) for group in self.remove_groups),
        )


def deleting(endpoint: Endpoint) -> str:
    """The step in words."""
    return f"delete the endpoint {endpoint.id}"


def deleting_group(group: Group) -> str:
    """The step in words."""
    return f"delete the security group {group.name} ({group.id})"


def depart(endpoints: t.Sequence[Endpoint], groups: t.Sequence[Group], wanted: Wanted) -> Departure:
    """What a runner that leaves takes with it. Pure.

    :param endpoints: those for the service in the VPC, whoever made them.
    :param groups: those of the VPC that this collection made.
    """
    me = wanted.user

    def decision(tags: t.Mapping[str, str]) -> str:
        found = (*users.users(tags), *wanted.also_used_by)
        return users.departure(found, me) if users.is_ours(tags) else users.NOT_A_USER

    last = [endpoint for endpoint in endpoints if decision(endpoint.tags) == users.REMOVE]
    staying = [endpoint for endpoint in endpoints if endpoint not in last and stage(endpoint.state) != LEAVING]
    own = [group for group in groups if decision(group.tags) == users.REMOVE]
    # An endpoint has at least one group: where all of one that stays would go, its first stays too.
    going = {group.id for group in own}
    needed = {
        min(endpoint.security_group_ids): endpoint.id
        for endpoint in staying
        if endpoint.security_group_ids and going.issuperset(endpoint.security_group_ids)
    }
    gone = [group for group in own if group.id not in needed]
    shared = [group for group in groups if decision(group.tags) == users.RELEASE]
    released = [(endpoint, release(endpoint, wanted, [group.id for group in gone])) for endpoint in staying]
    return Departure(
        remove=tuple(endpoint for endpoint in last if stage(endpoint.state) != LEAVING),
        going=tuple(endpoint for endpoint in last if stage(endpoint.state) == LEAVING),
        release=tuple((endpoint, todo) for endpoint, todo in released if todo.changes),
        remove_groups=tuple(gone),
        release_groups=tuple((group, release_group(group, me, wanted.also_used_by)) for group in shared),
        left_alone=tuple(
            f"the security group {group.name} ({group.id}), the only one of {needed[group.id]}, which is not this"
            " runner's alone"
            for group in own
            if group.id in needed
        ),
    )


def absent(api: Api, wanted: Wanted, mode: Mode, look: t.Callable[[], Departure] | None = None) -> Outcome:
    """Have nothing of this runner's own for the service in the VPC. A deletion that goes on is waited for.

    :param look: what goes, where that is not the endpoint of one service and its group.
    """
    look = look or (lambda: _look(api, wanted))
    found = look()
    outcome = _predicted(found, wanted)
    if mode.check:
        return outcome
    journal = Journal()
    unfinished = until_it_stands(look, lambda seen: _carry_out(api, seen, mode, journal), found, mode, journal)
    return dataclasses.replace(
        outcome, changed=bool(journal.done), actions=journal.done, in_progress=unfinished, now=_left(outcome)
    )


def _left(outcome: Outcome) -> State:
    return outcome.after or State()


def _look(api: Api, wanted: Wanted) -> Departure:
    groups = api.groups.ours(wanted.vpc_id, (MANAGED_BY_TAG, MANAGED_BY)) if wanted.security_group_name else []
    # One with a purpose is another stage's, and goes with that stage's endpoints.
    groups = [group for group in groups if PURPOSE_TAG not in group.tags]
    return depart(api.endpoints(wanted.vpc_id, wanted.service_name), groups, wanted)


def _predicted(found: Departure, wanted: Wanted) -> Outcome:
    """Of several endpoints or groups the difference shows the first; the actions name all."""
    endpoint = next(iter((*found.remove, *(entry for entry, _todo in found.release))), None)
    group = next(iter((*found.remove_groups, *(entry for entry, _todo in found.release_groups))), None)
    after = State(
        next((planned(entry, wanted, Placement(()), todo) for entry, todo in found.release), None),
        next((planned_group(entry, wanted, todo) for entry, todo in found.release_groups), None),
    )
    before = State(endpoint, group)
    return Outcome(
        now=before if found.release or found.release_groups else State(),
        before=before,
        after=after,
        changed=bool(found.actions),
        actions=found.actions,
        left_alone=found.left_alone,
    )


def _carry_out(api: Api, found: Departure, mode: Mode, journal: Journal) -> bool:
    """Do it; whether AWS is still at work."""
    for endpoint in found.remove:
        with journal.step(deleting(endpoint)):
            api.delete(endpoint.id)
    for endpoint, todo in found.release:
        change_endpoint(api, endpoint, todo, mode, journal)
    for group, todo_group in found.release_groups:
        change_group(api.groups, group, todo_group, journal)
    if not mode.wait and (found.remove or found.going):
        # Until they are gone, they hold their groups; the next run removes those.
        return True
    for endpoint in (*found.remove, *found.going):
        wait.gone(api, endpoint.id, mode)
    for group in found.remove_groups:
        with journal.step(deleting_group(group)):
            _delete_group(api, group, mode)
    return False


def _delete_group(api: Api, group: Group, mode: Mode) -> None:
    """Delete a group, a bounded while after whatever holds it.

    :raises RunnerError: something goes on holding it.
    """
    for _elapsed in poll(mode.clock, min(mode.timeout, LONGEST_HELD), wait.PACE):
        if api.groups.delete(group.id):
            return
    raise RunnerError(
        f"The security group {group.name} ({group.id}) cannot be deleted",
        "A network interface or another group's rule still refers to it (DependencyViolation)",
        "Detach it there (console: Network interfaces, filter by the group), then run again",
        {"security_group": group.as_result()},
    )
