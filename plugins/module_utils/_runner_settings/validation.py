# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management plane's own validation, asked before anything is written.

It refuses with the field and the reason, where a write would say less or, of a client secret that does not fit, nothing
at all (ValidateRunnerConfiguration and GetRunnerConfigurationSchema of RunnerConfigurationService).
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    EnvironmentClass,
    Integration,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.settings import Field
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api

# What is answered where there is no validation to be had; the write itself is refused then, or is not.
UNVALIDATED = ("unimplemented", "failed_precondition")
_HIDDEN = "********"


def environment_class(module: t.Any, api: Api, runner_id: str, wanted: EnvironmentClass) -> None:
    """:raises InputError: the management plane takes no such class, with what the runner takes."""
    faults = _asked(
        module,
        f"environment class {wanted.name}",
        lambda: api.class_faults(runner_id, wanted.name, wanted.description, wanted.configuration),
    )
    if faults:
        raise InputError(
            f"The management plane does not take the environment class {wanted.name}; nothing was changed",
            told(faults),
            _classes_taken(api, runner_id),
        )


def integration(module: t.Any, api: Api, runner_id: str, wanted: Integration, secret: str) -> None:
    """The same of a source control integration.

    :param secret: the client secret that will be sent, or empty.
    """
    name = f"{wanted.scm_id} at {wanted.host}"
    faults = _asked(module, f"integration of {name}", lambda: api.integration_faults(runner_id, wanted, secret))
    if faults:
        raise InputError(
            f"The management plane does not take the integration of {name}; nothing was changed",
            told(faults, secret),
            _systems_taken(api, runner_id, wanted.scm_id),
        )


def _asked(module: t.Any, name: str, ask: Callable[[], list[Field]]) -> list[Field]:
    try:
        return ask()
    except ApiError as error:
        if error.code not in UNVALIDATED:
            raise
        module.warn(f"The {name} was not validated beforehand: {clean(error.why)}")
        return []


def told(faults: t.Sequence[Field], secret: str = "") -> str:
    """Faults in words, with nothing of the secret that was sent to be judged."""
    text = "; ".join(f"{fault.name}: {fault.text}" if fault.name else fault.text for fault in faults)
    return clean(text.replace(secret, _HIDDEN) if secret else text)


def _classes_taken(api: Api, runner_id: str) -> str:
    try:
        fields = api.schema(runner_id).classes
    except RunnerError:
        fields = ()
    known = "; ".join(f"{field.name} ({field.text})" for field in fields)
    return clean(f"Correct the configuration. The runner takes {known}") if known else "Correct the configuration"


def _systems_taken(api: Api, runner_id: str, scm_id: str) -> str:
    try:
        systems = api.schema(runner_id).systems
    except RunnerError:
        systems = {}
    if systems and scm_id not in systems:
        return clean(f"The runner knows the systems {', '.join(sorted(systems))}")
    callback = systems.get(scm_id)
    also = f"; the callback URL of the OAuth application is {callback}" if callback else ""
    return clean(f"Correct the integration{also}")
