# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environment classes: planning, and carrying the plan out.

A class is known by its display name. Its configuration is fixed when it is created, and it is disabled rather than
deleted, because the API has no deletion (service RunnerConfigurationService).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane import rivals
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import EnvironmentClass
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.operation import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import validation

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api

LENGTHS = {"display_name": (3, 127), "description": (3, 200)}


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A class as it is wanted.

    :param description: C(None) keeps the present one.
    :param configuration: C(None) takes the class as it is.
    """

    name: str
    description: str | None = None
    configuration: t.Mapping[str, str] | None = None
    enabled: bool = True
    replace: bool = False


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do, in this order: disable, create, update.

    :param disable: IDs of classes that must not be offered any more.
    :param update: ID of the class to change, or empty.
    """

    create: bool = False
    disable: tuple[str, ...] = ()
    update: str = ""
    changes: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    before: EnvironmentClass | None = None
    after: EnvironmentClass | None = None

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return self.create or bool(self.disable or self.changes)


def wanted_of(options: t.Mapping[str, t.Any]) -> Wanted:
    """:raises InputError: with every value that the management plane would refuse."""
    name, description = str(options["display_name"]).strip(), options.get("description")
    problems = [
        f"{key} must have {shortest} to {longest} characters"
        for key, (shortest, longest) in LENGTHS.items()
        if (value := name if key == "display_name" else description) is not None
        and not shortest <= len(value) <= longest
    ]
    if problems:
        raise InputError(f"The environment class {name!r} cannot be so; nothing was changed", "; ".join(problems))
    given = options.get("configuration")
    configuration = None if given is None else {str(key): _text(value) for key, value in given.items()}
    enabled = options.get("enabled") is not False and options.get("state") != "absent"
    return Wanted(name, description, configuration, enabled, bool(options.get("replace")))


def _text(value: t.Any) -> str:
    """As the API has values: texts, booleans in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _same(left: t.Mapping[str, str], right: t.Mapping[str, str]) -> bool:
    """Whether what is wanted is there; keys that the management plane added do not count."""
    return all(right.get(key) == value for key, value in left.items())


def plan(classes: t.Sequence[EnvironmentClass], wanted: Wanted) -> Plan:
    """What has to be done to have the class.

    :raises RunnerError: its configuration is another one and may not be replaced, or two that are enabled match.
    """
    named = [entry for entry in classes if entry.name == wanted.name]
    fitting = [
        entry for entry in named if wanted.configuration is None or _same(wanted.configuration, entry.configuration)
    ]
    enabled = [entry for entry in named if entry.enabled]
    if wanted.enabled and len([entry for entry in fitting if entry.enabled]) > 1:
        raise RunnerError(
            f"Several enabled environment classes are named {wanted.name}; nothing was changed",
            ", ".join(entry.id for entry in enabled),
            "Disable all but one in the dashboard",
        )
    others = [entry for entry in enabled if entry not in fitting]
    if others and wanted.enabled and not wanted.replace:
        raise RunnerError(
            f"The environment class {wanted.name} has another configuration; nothing was changed",
            f"A configuration never changes. It is {_shown(others[0])}, wanted is {dict(wanted.configuration or {})}",
            "Use another display name, or allow it with replace: a new class with another ID is made, and this one is "
            "disabled for new environments",
        )
    # An enabled class is taken before a disabled one, the newest first (IDs are UUIDs that grow with time).
    fitting.sort(key=lambda entry: (entry.enabled, entry.id), reverse=True)
    retired = tuple(entry.id for entry in others) if wanted.enabled else tuple(entry.id for entry in enabled)
    if not fitting and wanted.enabled:
        return _creation(wanted, others, retired)
    if not fitting or not wanted.enabled:
        before = enabled[0] if enabled else (named[0] if named else None)
        after = dataclasses.replace(before, enabled=False) if before else None
        return Plan(disable=retired, before=before, after=after)
    current = fitting[0]
    changes: dict[str, t.Any] = {} if current.enabled else {"enabled": True}
    if wanted.description is not None and wanted.description != current.description:
        changes["description"] = wanted.description
    after = dataclasses.replace(current, **changes)
    return Plan(disable=retired, update=current.id, changes=changes, before=current, after=after)


def _creation(wanted: Wanted, others: t.Sequence[EnvironmentClass], retired: tuple[str, ...]) -> Plan:
    if wanted.configuration is None:
        raise InputError(
            f"The environment class {wanted.name} does not exist, and a new one needs a configuration",
            next_step="Set configuration; the dashboard shows the keys of the runner's provider",
        )
    description = wanted.description or (others[0].description if others else wanted.name)
    after = EnvironmentClass("", wanted.name, description, dict(wanted.configuration))
    return Plan(create=True, disable=retired, before=others[0] if others else None, after=after)


def _shown(entry: EnvironmentClass) -> str:
    return str(dict(entry.configuration))


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_environment_class does."""
    options = module.params
    wanted = wanted_of(options)
    api, runner_id = api_of(module), options["runner_id"]
    todo = plan(api.environment_classes(runner_id), wanted)
    if todo.create and todo.after:
        validation.environment_class(module, api, runner_id, todo.after)
    found = todo.after
    if not module.check_mode:
        found = _carry_out(api, runner_id, todo)
    result: dict[str, t.Any] = {
        "changed": todo.changed,
        "environment_class": found.as_result() if found else None,
        "actions": actions(todo, wanted.name),
    }
    if todo.changed:
        header = f"environment class {wanted.name}"
        texts = {"before": as_text(todo.before), "after": as_text(todo.after)}
        result["diff"] = {**texts, "before_header": header, "after_header": header}
    return result


def _carry_out(api: Api, runner_id: str, todo: Plan) -> EnvironmentClass | None:
    """Create before disabling: a failure in between leaves two classes to choose from rather than none."""
    found = todo.after
    if todo.create and found:
        class_id = api.create_environment_class(runner_id, found.name, found.description, found.configuration)
        stays = rivals.first(lambda: _equal(api, runner_id, todo), class_id, (class_id, ""), api.clock)
        if stays != class_id:
            # Another run made the same class at the same time; this run's own can only be disabled.
            api.update_environment_class(class_id, {"enabled": False})
        found = dataclasses.replace(found, id=stays)
    elif todo.changes:
        api.update_environment_class(todo.update, todo.changes)
    for class_id in todo.disable:
        api.update_environment_class(class_id, {"enabled": False})
    return found


def _equal(api: Api, runner_id: str, todo: Plan) -> dict[str, rivals.Order]:
    """The enabled classes that are as the new one, by ID; IDs are UUIDs that grow with time."""
    new = todo.after or EnvironmentClass("", "")
    found = [entry for entry in api.environment_classes(runner_id) if entry.enabled and entry.id not in todo.disable]
    return {
        entry.id: (entry.id, "")
        for entry in found
        if entry.name == new.name and _same(new.configuration, entry.configuration)
    }


def actions(todo: Plan, name: str) -> list[str]:
    """What is done, in sentences."""
    found = [f"create the environment class {name}"] if todo.create else []
    if "enabled" in todo.changes:
        found.append(f"enable the environment class {name}")
    if "description" in todo.changes:
        found.append(f"change description of the environment class {name}")
    return found + [f"disable the environment class {name} ({class_id})" for class_id in todo.disable]


def as_text(entry: EnvironmentClass | None) -> str:
    """For a diff."""
    if entry is None:
        return ""
    lines = [
        f"display_name: {entry.name}",
        f"description: {entry.description}",
        f"enabled: {str(entry.enabled).lower()}",
    ]
    lines += [f"{key}: {value}" for key, value in sorted(entry.configuration.items())]
    return "".join(f"{line}\n" for line in lines)
