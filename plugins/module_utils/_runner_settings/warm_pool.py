# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Warm pools: planning, and carrying the plan out.

A pool keeps environments of one project and one environment class ready, so the two together are what it is known by.
The project needs prebuilds of that class (vendor's provider, ona_warm_pool); where it has none, the management plane
refuses.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, NotFoundError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import EnvironmentClass
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.settings import Group, WarmPool
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.operation import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.outcome import as_lines, result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.sharing import choose, is_id
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api

LEFT = (
    "The warm pool {id} of {name} belongs to another class of that name, which is disabled ({class_id}): its"
    " environments cost money while they wait. Delete it in the dashboard."
)
# Messages CreateWarmPoolRequest and UpdateWarmPoolRequest.
SMALLEST, LARGEST = 0, 20


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A pool as it is wanted, or none.

    :param project: ID or name; likewise the class's display name.
    """

    project: str
    class_name: str
    min_size: int | None = None
    max_size: int | None = None
    absent: bool = False

    @property
    def name(self) -> str:
        """By which it is told."""
        return f"{self.class_name} of the project {self.project}"


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do.

    :param delete: IDs of pools.
    :param changes: C(min_size) and C(max_size), what is to change.
    """

    create: bool = False
    delete: tuple[str, ...] = ()
    changes: t.Mapping[str, int] = dataclasses.field(default_factory=dict)
    before: WarmPool | None = None
    after: WarmPool | None = None

    def actions(self, wanted: Wanted) -> list[str]:
        """What is done, in sentences."""
        if self.create or self.delete:
            return [f"{'create' if self.create else 'delete'} the warm pool {wanted.name}"]
        told = ", ".join(f"{key} to {value}" for key, value in self.changes.items())
        return [f"set {told} of the warm pool {wanted.name}"] if told else []


def wanted_of(options: t.Mapping[str, t.Any]) -> Wanted:
    """From a module's options, or an entry of the inventory.

    :raises InputError: sizes that cannot be.
    """
    least, most = options.get("min_size"), options.get("max_size")
    wanted = Wanted(
        str(options["project"]).strip(),
        str(options["environment_class"]).strip(),
        least,
        most,
        options.get("state") == "absent",
    )
    problems = []
    if least is not None and not SMALLEST <= least <= LARGEST:
        problems.append(f"min_size must be from {SMALLEST} to {LARGEST}")
    if most is not None and not 1 <= most <= LARGEST:
        problems.append(f"max_size must be from 1 to {LARGEST}")
    if least is not None and most is not None and least > most:
        problems.append("min_size is larger than max_size")
    if problems:
        raise InputError(f"The warm pool {wanted.name} cannot be so; nothing was changed", "; ".join(problems))
    return wanted


def class_of(classes: t.Sequence[EnvironmentClass], name: str) -> EnvironmentClass | None:
    """The runner's class of that name that can be chosen."""
    return next((entry for entry in classes if entry.name == name and entry.enabled), None)


def classes_of(classes: t.Sequence[EnvironmentClass], name: str) -> tuple[str, ...]:
    """IDs of the runner's classes of that name, disabled ones too: a pool of one that was disabled costs on."""
    return tuple(entry.id for entry in classes if entry.name == name)


def removal(pools: t.Sequence[WarmPool], project_id: str, class_ids: t.Collection[str]) -> Plan:
    """What has to be done to have no pool of a project and of any class of that name."""
    there = [pool for pool in pools if pool.project_id == project_id and pool.class_id in class_ids]
    return Plan(delete=tuple(pool.id for pool in there), before=there[0] if there else None)


def plan(pools: t.Sequence[WarmPool], project_id: str, class_id: str, wanted: Wanted) -> Plan:
    """What has to be done to have the pool.

    :param class_id: empty while the class is about to be made.
    :raises InputError: a new one needs a size, or the two would contradict.
    """
    there = (pool for pool in pools if (pool.project_id, pool.class_id) == (project_id, class_id))
    before = next(there, None)
    if before is None:
        if wanted.max_size is None:
            raise InputError(
                f"The warm pool {wanted.name} does not exist, and a new one needs max_size; nothing was changed",
                next_step="Set max_size, and min_size if some environments are to be ready always",
            )
        after = WarmPool("", project_id, class_id, wanted.min_size or 0, wanted.max_size)
        return Plan(create=True, after=after)
    given: dict[str, int | None] = {"min_size": wanted.min_size, "max_size": wanted.max_size}
    changes: dict[str, t.Any] = {
        key: value for key, value in given.items() if value is not None and value != getattr(before, key)
    }
    after = dataclasses.replace(before, **changes)
    if after.min_size > after.max_size:
        raise InputError(
            f"The warm pool {wanted.name} cannot be so; nothing was changed",
            f"min_size would be {after.min_size}, max_size {after.max_size}",
            "Set both",
        )
    return Plan(changes=changes, before=before, after=after)


def project_of(api: Api, named: str) -> Group:
    """The project that is meant by its ID or its name."""
    return Group(named.lower(), named) if is_id(named) else choose(api.projects(named), named, "project")


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_warm_pool does."""
    wanted = wanted_of(module.params)
    api, runner_id = api_of(module), module.params["runner_id"]
    classes = api.environment_classes(runner_id)
    found, class_ids = class_of(classes, wanted.class_name), classes_of(classes, wanted.class_name)
    if wanted.absent:
        return _told(wanted, _removed(module, api, wanted, class_ids))
    if found is None and not module.check_mode:
        raise NotFoundError(
            f"The runner has no environment class {wanted.class_name} that can be chosen; nothing was changed",
            next_step="Create or enable it first (gitpod_runner_settings_environment_classes)",
        )
    project = project_of(api, wanted.project)
    class_id = found.id if found else ""
    pools = api.warm_pools(class_ids) if class_ids else []
    todo = plan(pools, project.id, class_id, wanted)
    for pool in pools:
        if pool.project_id == project.id and pool.class_id != class_id:
            module.warn(clean(LEFT.format(name=wanted.name, id=pool.id, class_id=pool.class_id)))
    return _told(wanted, todo, todo.after if module.check_mode else _carry_out(api, todo))


def _removed(module: t.Any, api: Api, wanted: Wanted, class_ids: tuple[str, ...]) -> Plan:
    """What is, or in check mode would be, removed; of a project that is gone nothing is left."""
    try:
        project = project_of(api, wanted.project)
    except NotFoundError:
        return Plan()
    todo = removal(api.warm_pools(class_ids) if class_ids else [], project.id, class_ids)
    for pool_id in () if module.check_mode else todo.delete:
        # A try whose answer was lost has deleted it.
        with contextlib.suppress(NotFoundError):
            api.delete_warm_pool(pool_id)
    return todo


def _told(wanted: Wanted, todo: Plan, pool: WarmPool | None = None) -> dict[str, t.Any]:
    return result(
        todo.actions(wanted),
        f"warm pool {wanted.name}",
        _text(todo.before),
        _text(todo.after),
        warm_pool=pool.as_result() if pool else None,
    )


def _text(pool: WarmPool | None) -> str:
    return as_lines(pool.as_result(), ("id", "phase", "failure_message")) if pool else ""


def _carry_out(api: Api, todo: Plan) -> WarmPool | None:
    if todo.create and todo.after:
        return dataclasses.replace(todo.after, id=api.create_warm_pool(todo.after))
    if todo.changes and todo.before:
        api.update_warm_pool(todo.before.id, dict(todo.changes))
    return todo.after
