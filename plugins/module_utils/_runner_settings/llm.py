# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Integrations of language models: planning, and carrying the plan out.

One is known by its runner and endpoint; the API gives it no name. The API key is write-only and cannot be compared: it
is sent when the integration is created, and again only on request.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    InputError,
    NotFoundError,
    RunnerError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane import rivals
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.settings import LlmIntegration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.operation import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.outcome import as_lines, result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import fault as url_fault

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api

SENT = "api_key: (sent)\n"
# What nobody declares, and a diff does not show.
STATE = ("id", "phase_reason")


@dataclasses.dataclass(frozen=True)
class Wanted:
    """An integration as it is wanted; C(None) keeps the present value, of a new one that of the API.

    :param renew: whether the API key is sent again.
    """

    endpoint: str
    models: tuple[str, ...] | None = None
    max_tokens: int | None = None
    enabled: bool | None = None
    api_key: str = dataclasses.field(default="", repr=False)
    renew: bool = False
    absent: bool = False


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do.

    :param changes: fields of LlmIntegration with their new values.
    :param send_key: whether the API key goes along.
    """

    create: bool = False
    delete: bool = False
    changes: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    send_key: bool = False
    before: LlmIntegration | None = None
    after: LlmIntegration | None = None

    def actions(self) -> list[str]:
        """What is done, in sentences."""
        entry = self.after or self.before
        name = f"the LLM integration {entry.name}" if entry else ""
        if self.create or self.delete:
            return [f"{'create' if self.create else 'delete'} {name}"]
        found = [f"change {', '.join(sorted(self.changes))} of {name}"] if self.changes else []
        return found + ([f"send the API key of {name}"] if self.send_key else [])


def wanted_of(options: t.Mapping[str, t.Any]) -> Wanted:
    """From a module's options, or an entry of the inventory.

    :raises InputError: with every value that cannot be.
    """
    endpoint = str(options.get("endpoint") or "").strip()
    models, tokens = options.get("models"), options.get("max_tokens")
    problems = [f"endpoint {url_fault(endpoint)}"] if endpoint and url_fault(endpoint) else []
    if models is not None and not models:
        problems.append("models has none")
    if tokens is not None and tokens < 0:
        problems.append("max_tokens is negative")
    if problems:
        raise InputError(f"The LLM integration {endpoint} cannot be so; nothing was changed", "; ".join(problems))
    return Wanted(
        endpoint,
        # The API's own names have their prefix, which counts as none.
        None if models is None else tuple(sorted({str(model).strip().lower() for model in models})),
        tokens,
        options.get("enabled"),
        str(options.get("api_key") or ""),
        bool(options.get("renew_api_key")),
        options.get("state") == "absent",
    )


def require_known(wanted: Wanted, known: t.Sequence[str]) -> None:
    """:raises InputError: a model that the SDK does not know."""
    unknown = sorted(set(wanted.models or ()) - set(known))
    if unknown:
        raise InputError(
            f"No model is named {', '.join(unknown)}; nothing was changed",
            f"This gitpod-sdk knows {', '.join(known)}",
            "Correct models, or install a newer gitpod-sdk",
        )


def plan(integrations: t.Sequence[LlmIntegration], wanted: Wanted) -> Plan:
    """What has to be done to have the integration, or none.

    :raises RunnerError: several have that endpoint, or something of a new one is missing.
    """
    there = [entry for entry in integrations if entry.endpoint.rstrip("/") == wanted.endpoint.rstrip("/")]
    if len(there) > 1:
        raise RunnerError(
            f"Several LLM integrations have the endpoint {there[0].name}; nothing was changed",
            ", ".join(entry.id for entry in there),
            "Delete all but one in the dashboard",
        )
    if wanted.absent:
        return Plan(delete=bool(there), before=there[0] if there else None)
    return _kept(there[0], wanted) if there else _creation(wanted)


def _kept(before: LlmIntegration, wanted: Wanted) -> Plan:
    given = {"models": wanted.models, "max_tokens": wanted.max_tokens, "enabled": wanted.enabled}
    changes: dict[str, t.Any] = {
        key: value for key, value in given.items() if value is not None and value != getattr(before, key)
    }
    after = dataclasses.replace(before, **changes)
    return Plan(changes=changes, send_key=wanted.renew and bool(wanted.api_key), before=before, after=after)


def _creation(wanted: Wanted) -> Plan:
    after = LlmIntegration(
        "", wanted.endpoint, wanted.models or (), wanted.max_tokens or 0, wanted.enabled is not False
    )
    missing = [name for name, given in (("models", wanted.models), ("api_key", wanted.api_key)) if not given]
    if missing:
        raise InputError(
            f"The LLM integration {after.name} does not exist, and a new one needs {' and '.join(missing)}; "
            "nothing was changed",
            next_step=f"Set {' and '.join(missing)}",
        )
    return Plan(create=True, send_key=True, after=after)


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_llm_integration does."""
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.settings import (
        known_models,
    )

    wanted = wanted_of(module.params)
    require_known(wanted, known_models())
    api, runner_id = api_of(module), module.params["runner_id"]
    todo = plan(api.llm_integrations(runner_id), wanted)
    found = todo.after if module.check_mode else _carry_out(api, runner_id, wanted, todo)
    entry = todo.after or todo.before
    return result(
        todo.actions(),
        f"LLM integration {entry.name if entry else wanted.endpoint}",
        as_lines(todo.before.as_result(), STATE) if todo.before else "",
        (as_lines(todo.after.as_result(), STATE) if todo.after else "") + (SENT if todo.send_key else ""),
        integration=found.as_result() if found else None,
        api_key_sent=todo.send_key,
    )


def _carry_out(api: Api, runner_id: str, wanted: Wanted, todo: Plan) -> LlmIntegration | None:
    if todo.delete and todo.before:
        # A try whose answer was lost has deleted it.
        with contextlib.suppress(NotFoundError):
            api.delete_llm_integration(todo.before.id)
        return None
    found = todo.after
    if todo.create and found:
        made = api.create_llm_integration(runner_id, found, wanted.api_key)
        found = dataclasses.replace(found, id=_first(api, runner_id, made, found.endpoint))
        if not found.enabled:
            # A new one is enabled, whatever is wanted.
            api.update_llm_integration(found.id, {"enabled": False})
    elif todo.before and (todo.changes or todo.send_key):
        api.update_llm_integration(todo.before.id, todo.changes, wanted.api_key if todo.send_key else "")
    return found


def _first(api: Api, runner_id: str, made: str, endpoint: str) -> str:
    """The ID that stays: the API takes a second one of an endpoint, which another run may make at the same time."""

    def look() -> dict[str, rivals.Order]:
        # IDs are UUIDs that grow with time.
        return {entry.id: (entry.id, "") for entry in api.llm_integrations(runner_id) if entry.endpoint == endpoint}

    stays = rivals.first(look, made, (made, ""), api.clock)
    if stays != made:
        with contextlib.suppress(NotFoundError):
            api.delete_llm_integration(made)
    return stays
