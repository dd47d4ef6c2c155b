# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other runners in the VPC, whom no tag names: what is taken away from a shared thing may be what they need.

A runner that was deployed by hand uses the VPC's endpoint as every other (private DNS answers in the whole VPC), and
somebody may have let its subnets in by hand. So nothing is taken away before the VPC's stacks were looked at.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import (
    Group,
    GroupPlan,
    keeps_group,
    plan_group,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint, Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import Placement, Plan, plan


@dataclasses.dataclass(frozen=True)
class Neighbours:
    """The other runners with a stack in the VPC.

    :param unread: why they are not known; empty where they are.
    """

    found: tuple[users.User, ...] = ()
    unread: str = ""

    def heeded(self, wanted: Wanted) -> Wanted:
        """What is wanted, with them in mind."""
        return dataclasses.replace(
            wanted, also_used_by=(*wanted.also_used_by, *self.found), others_unread=self.unread or wanted.others_unread
        )


Look = t.Callable[[], Neighbours]


def unread(words: str) -> Neighbours:
    """That the stacks could not be listed, in the plan of the prerequisites as in the run.

    :param words: AWS's own.
    """
    return Neighbours(unread=f"the stacks could not be listed, cloudformation:DescribeStacks: {words.rstrip('.')}")


def once(read: t.Callable[[], t.Sequence[users.User]]) -> Look:
    """A look that is made when it is first needed, and told instead of raised where it fails."""

    @functools.lru_cache(maxsize=1)
    def look() -> Neighbours:
        try:
            return Neighbours(tuple(read()))
        except RunnerError as error:
            return unread(Unread.of(error).message)

    return look


def plans(
    endpoint: Endpoint | None,
    group: Group | None,
    wanted: Wanted,
    ranges: t.Collection[str],
    placement: Placement,
    zones: t.Mapping[str, str],
    look: Look,
) -> tuple[GroupPlan, Plan, Wanted]:
    """Both plans, and what is wanted with the group's ID; while it has none yet, its name stands for it.

    :param look: is made only where something would be taken away.
    :raises RunnerError: the endpoint is broken, and replacing it is not allowed or not ours to do.
    """
    found = _plans(endpoint, group, wanted, ranges, placement, zones)
    taken = _taken(*found)
    if not taken or wanted.beside:
        return found
    heeding = look().heeded(wanted)
    if not heeding.beside:
        return found
    todo_group, todo, goal = _plans(endpoint, group, heeding, ranges, placement, zones)
    kept = [action for action in taken if action not in _taken(todo_group, todo, goal)]
    told = tuple(f"{action}: not done, because {_why(heeding)}" for action in kept)
    return todo_group, dataclasses.replace(todo, left_alone=(*told, *found[1].left_alone)), goal


def _plans(
    endpoint: Endpoint | None,
    group: Group | None,
    wanted: Wanted,
    ranges: t.Collection[str],
    placement: Placement,
    zones: t.Mapping[str, str],
) -> tuple[GroupPlan, Plan, Wanted]:
    todo_group = GroupPlan()
    if keeps_group(wanted):
        todo_group = plan_group(group, wanted, ranges)
        wanted = dataclasses.replace(wanted, security_group_ids=(group.id if group else wanted.security_group_name,))
    return todo_group, plan(endpoint, wanted, placement, zones), wanted


def _taken(todo_group: GroupPlan, todo: Plan, _goal: Wanted) -> tuple[str, ...]:
    """What both plans take away, in words."""
    revoked = todo_group.said.get("revoke")
    return (*([revoked] if revoked else []), *todo.takes)


def _why(wanted: Wanted) -> str:
    if wanted.others_unread:
        return f"it is not known who else needs it ({wanted.others_unread})"
    names = users.names(user for user in wanted.also_used_by if not user.is_same(wanted.user))
    return f"{', '.join(names)} in {wanted.vpc_id} may need it"
