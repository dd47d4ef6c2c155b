# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the next steps have to do, from what the management plane has. Pure but for C(look)."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _stage_plan as stages
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    NotFoundError,
    RunnerError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    EnvironmentClass,
    Integration,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.settings import (
    Group,
    LlmIntegration,
    Policy,
    WarmPool,
    known_models,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import (
    desired,
    environment_class,
    integration,
    llm,
    sharing,
    warm_pool,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import StagePlan

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api

Values = t.Mapping[str, t.Any]
# What cannot be so, and what to do.
Fault = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Present:
    """What the management plane has of a runner, as far as anything of it is declared.

    :param groups: those that are named, by the name; likewise C(projects). One that there is none of is left out.
    :param promised: display names of classes that the inventory wants, which the run makes before the pools.
    :param classes_after: the environment classes as the run leaves them.
    :param known: whether groups and projects were read.
    :param complete: whether the runner has its environment classes; one that comes up with the run makes some itself.
    """

    classes: tuple[EnvironmentClass, ...] = ()
    integrations: tuple[Integration, ...] = ()
    policies: tuple[Policy, ...] = ()
    groups: t.Mapping[str, Group] = dataclasses.field(default_factory=dict)
    models: tuple[LlmIntegration, ...] = ()
    pools: tuple[WarmPool, ...] = ()
    projects: t.Mapping[str, Group] = dataclasses.field(default_factory=dict)
    promised: frozenset[str] = frozenset()
    classes_after: tuple[EnvironmentClass, ...] = ()
    known: bool = True
    complete: bool = True


UNREAD = Present(known=False, complete=False)


def look(api: Api, runner_id: str, values: Values, accepts: bool = False) -> Present:
    """Read what the declared kinds have to be compared with.

    :param runner_id: empty for one that is about to be registered: it has nothing yet; groups and projects are there.
    :param accepts: whether an acceptance will choose one of the environment classes.
    :raises ApiError: the management plane refuses, or does not answer.
    """
    kinds = desired.declared(values) if runner_id else ()
    pooled, shared = values.get(desired.POOLS) or [], values.get(desired.SHARING) or []
    read = {"environment_classes", "warm_pools"} & set(kinds) or (runner_id and accepts)
    classes = tuple(api.environment_classes(runner_id)) if read else ()
    named = {str(entry["environment_class"]).strip() for entry in pooled}
    class_ids = tuple(entry.id for entry in classes if entry.name in named)
    return Present(
        classes=classes,
        integrations=tuple(api.integrations(runner_id)) if "scm_integrations" in kinds else (),
        policies=tuple(api.policies(runner_id)) if "sharing" in kinds else (),
        groups=_named((entry["group"] for entry in shared), lambda name: sharing.group_of(api, name)),
        models=tuple(api.llm_integrations(runner_id)) if "llm_integrations" in kinds else (),
        pools=tuple(api.warm_pools(class_ids)) if class_ids else (),
        projects=_named((entry["project"] for entry in pooled), lambda name: warm_pool.project_of(api, name)),
    )


def _named(names: t.Iterable[t.Any], find: t.Callable[[str], Group]) -> dict[str, Group]:
    """Each by its name; which one is meant where that is not clear, the stage tells."""
    found = {}
    for name in {str(name).strip() for name in names}:
        try:
            found[name] = find(name)
        except RunnerError as error:
            if getattr(error, "code", "") not in ("", "not_found"):
                raise
    return found


def foresee(values: Values, present: Present | None, exists: bool | None = True) -> list[StagePlan]:
    """A plan for each kind that is declared.

    :param present: C(None) where it could not be read.
    :param exists: whether the runner is there; C(None) when nobody knows.
    """
    if present is None and exists is not False:
        return [
            StagePlan(kind, stages.UNKNOWN, ("the management plane could not be read",))
            for kind in desired.declared(values)
        ]
    seen = _with_promised(values, present or UNREAD)
    return [_planned(kind, desired.items(values, (kind,)), seen) for kind in desired.declared(values)]


def faults(values: Values, present: Present) -> tuple[Fault, ...]:
    """What is declared and cannot be so, with what to do: its stage would say so after the deployment."""
    found = []
    seen = _with_promised(values, present)
    for item in desired.items(values, desired.declared(values)):
        try:
            actions(item, seen)
        except RunnerError as error:
            what = error.what.removesuffix("; nothing was changed")
            found.append((". ".join(part for part in (what, error.why) if part), error.next_step))
    return tuple(found)


def _with_promised(values: Values, present: Present) -> Present:
    return dataclasses.replace(present, promised=promised(values), classes_after=afterwards(values, present.classes))


def promised(values: Values) -> frozenset[str]:
    """Display names of the environment classes that are enabled after the run, because they are declared so."""
    wanted = [environment_class.wanted_of(entry) for entry in values.get(desired.CLASSES) or []]
    return frozenset(entry.name for entry in wanted if entry.enabled)


def afterwards(values: Values, classes: t.Sequence[EnvironmentClass]) -> tuple[EnvironmentClass, ...]:
    """The runner's environment classes once those that are declared are so; one that is made has no ID yet.

    An entry that cannot be so changes nothing, and its own fault is told.
    """
    for entry in values.get(desired.CLASSES) or []:
        try:
            todo = environment_class.plan(classes, environment_class.wanted_of(entry))
        except RunnerError:
            continue
        kept = [dataclasses.replace(one, enabled=one.enabled and one.id not in todo.disable) for one in classes]
        changed = todo.after if todo.create or todo.update else None
        classes = [changed if changed and changed.id == one.id else one for one in kept]
        classes += [changed] if changed and todo.create else []
    return tuple(classes)


def _planned(kind: str, items: t.Sequence[desired.Item], present: Present) -> StagePlan:
    """While one entry of a kind cannot be as it is declared, none of them is written."""
    told: list[str] = []
    faults: list[str] = []
    for item in items:
        try:
            told += actions(item, present)
        except RunnerError as error:
            faults.append(error.what.removesuffix("; nothing was changed"))
    if faults:
        return StagePlan(kind, stages.UNKNOWN, tuple(faults))
    return StagePlan(kind, stages.UPDATE if told else stages.NOTHING, tuple(told))


def actions(item: desired.Item, present: Present) -> list[str]:
    """What is done to have an entry as it is declared, in sentences.

    :raises RunnerError: it cannot be so.
    """
    return _OF_KIND[item.kind](item.options, present)


def _class(options: Values, present: Present) -> list[str]:
    wanted = environment_class.wanted_of(options)
    there = any(entry.name == wanted.name for entry in present.classes)
    if wanted.enabled and wanted.configuration is None and not there and not present.complete:
        # A runner that comes up makes some itself; which, its stage sees.
        return [f"have the environment class {wanted.name} as it is declared, once the runner has it"]
    return environment_class.actions(environment_class.plan(present.classes, wanted), wanted.name)


def _integration(options: Values, present: Present) -> list[str]:
    wanted = integration.wanted_of(options)
    current = integration.choose(present.integrations, wanted)
    if options.get("state") == "absent":
        todo = integration.Plan(delete=current is not None, before=current)
    else:
        todo = integration.plan(current, wanted)
    return integration.actions(todo, wanted)


def _policy(options: Values, present: Present) -> list[str]:
    named, absent = str(options["group"]).strip(), options.get("state") == "absent"
    group = present.groups.get(named)
    if group is None and present.known and not absent:
        raise NotFoundError(f"There is no group {named}, or several have that name")
    if group is None:
        return [] if absent else [f"share the runner with the group {named}"]
    role = "" if absent else str(options.get("role") or sharing.ROLES[0])
    return sharing.plan(present.policies, group, role).actions()


def _model(options: Values, present: Present) -> list[str]:
    wanted = llm.wanted_of(options)
    # Where the SDK is missing, nothing of this could be done, and the prerequisites say so.
    with contextlib.suppress(ImportError):
        llm.require_known(wanted, known_models())
    return llm.plan(present.models, wanted).actions()


def _pool(options: Values, present: Present) -> list[str]:
    wanted = warm_pool.wanted_of(options)
    found = warm_pool.class_of(present.classes_after, wanted.class_name)
    project = present.projects.get(wanted.project)
    if wanted.absent:
        class_ids = warm_pool.classes_of(present.classes, wanted.class_name)
        return warm_pool.removal(present.pools, project.id if project else "", class_ids).actions(wanted)
    if found is None and present.complete and wanted.class_name not in present.promised:
        named = wanted.class_name
        raise NotFoundError(f"The runner has no environment class {named} that can be chosen; nothing was changed")
    if project is None and present.known:
        raise NotFoundError(f"There is no project {wanted.project}, or several have that name")
    pools = present.pools if found and project else ()
    todo = warm_pool.plan(pools, project.id if project else "", found.id if found else "", wanted)
    return todo.actions(wanted)


_OF_KIND: t.Mapping[str, t.Callable[[Values, Present], list[str]]] = {
    "environment_classes": _class,
    "scm_integrations": _integration,
    "sharing": _policy,
    "llm_integrations": _model,
    "warm_pools": _pool,
}
