# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With whom a runner is shared: planning, and carrying the plan out.

A group has one role with a runner (RunnerService, policies). Groups that nobody names keep what they have.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t
import uuid

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, NotFoundError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.settings import Group, Policy
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.operation import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.outcome import result

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api

ROLES = ("user", "admin")


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do with a group's policy.

    :param before: the role that it has, or empty; likewise after.
    """

    group: Group
    before: str = ""
    after: str = ""

    def actions(self) -> list[str]:
        """What is done, in sentences."""
        if self.before == self.after:
            return []
        name = f"the group {self.group.name}"
        if not self.after:
            return [f"share the runner with {name} no longer"]
        if not self.before:
            return [f"share the runner with {name} as {self.after}"]
        return [f"make {name} {self.after} of the runner, not {self.before}"]


def is_id(text: str) -> bool:
    """Whether a group, or a project, is meant by its ID."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def choose(found: t.Sequence[Group], name: str, kind: str) -> Group:
    """The one of that name.

    :param kind: what it is, such as C(group).
    :raises RunnerError: there is none, or several.
    """
    named = [entry for entry in found if entry.name == name]
    if not named:
        near = ", ".join(sorted(entry.name for entry in found)[:5])
        raise NotFoundError(
            f"There is no {kind} {name}; nothing was changed",
            f"Near it are {near}" if near else "",
            f"Correct the name, or name the {kind} by its ID",
        )
    if len(named) > 1:
        raise InputError(
            f"Several {kind}s are named {name}; nothing was changed",
            ", ".join(entry.id for entry in named),
            f"Name the {kind} by its ID",
        )
    return named[0]


def plan(policies: t.Sequence[Policy], group: Group, role: str) -> Plan:
    """:param role: empty for none."""
    before = next((policy.role for policy in policies if policy.group_id == group.id), "")
    return Plan(group, before, role)


def group_of(api: Api, named: str) -> Group:
    """The group that is meant by its ID or its name."""
    return Group(named.lower(), named) if is_id(named) else choose(api.groups(named), named, "group")


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_sharing does."""
    options = module.params
    api, runner_id, named = api_of(module), options["runner_id"], options["group"].strip()
    try:
        group = group_of(api, named)
    except NotFoundError:
        if options["state"] == "present":
            raise
        return result([], "", "", "", policy=None)
    todo = plan(api.policies(runner_id), group, options["role"] if options["state"] == "present" else "")
    if not module.check_mode:
        _carry_out(api, runner_id, todo)
    policy = {"group_id": group.id, "group": group.name, "role": todo.after} if todo.after else None
    header = f"sharing with the group {group.name}"
    texts = (f"role: {role}\n" if role else "" for role in (todo.before, todo.after))
    return result(todo.actions(), header, *texts, policy=policy)


def _carry_out(api: Api, runner_id: str, todo: Plan) -> None:
    if todo.before == todo.after:
        return
    if not todo.after:
        # A try whose answer was lost has deleted it.
        with contextlib.suppress(NotFoundError):
            api.delete_policy(runner_id, todo.group.id)
    elif todo.before:
        api.update_policy(runner_id, Policy(todo.group.id, todo.after))
    else:
        api.create_policy(runner_id, Policy(todo.group.id, todo.after))
