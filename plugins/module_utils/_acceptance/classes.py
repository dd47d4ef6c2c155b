# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which environment class the environment is made of. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import EnvironmentClass

VARIABLE = "gitpod_acceptance_environment_class"
# The SDK's own order (ona_sdk.environments, _default_environment_class).
PREFERRED = ("Small", "Regular", "Large", "Extra Large")
COSTLY = ("gpu", "spot")
MOST_NAMED = 8
NONE = "Declare one (gitpod_runner_settings_environment_classes), or enable one in the dashboard"


def choose(classes: t.Sequence[EnvironmentClass], wanted: str, runner: str) -> EnvironmentClass:
    """The class that is named, or one that every runner has.

    :param wanted: name or ID, or empty.
    :param runner: its name, for the message.
    :raises InputError: there is none, or not exactly one that can be used.
    """
    enabled = [entry for entry in classes if entry.enabled]
    if wanted:
        return _named(classes, wanted, runner)
    if not enabled:
        why = "All of its classes are disabled" if classes else "It has none"
        raise InputError(
            f"The runner {runner} has no environment class of which an environment could be made",
            why,
            NONE,
        )
    for name in PREFERRED:
        found = next((entry for entry in enabled if entry.name == name), None)
        if found:
            return found
    usual = [entry for entry in enabled if not any(word in entry.name.lower() for word in COSTLY)]
    return min(usual or enabled, key=lambda entry: (entry.name, entry.id))


def _named(classes: t.Sequence[EnvironmentClass], wanted: str, runner: str) -> EnvironmentClass:
    found = [entry for entry in classes if wanted in (entry.id, entry.name)]
    enabled = [entry for entry in found if entry.enabled]
    if not found:
        raise InputError(
            f"The runner {runner} has no environment class {wanted}",
            f"It has {_listed(classes)}",
            f"Name one of them with {VARIABLE}, or leave it out" if classes else NONE,
        )
    if not enabled:
        raise InputError(
            f"The environment class {wanted} of the runner {runner} is disabled",
            "Nothing can be created of it",
            f"Enable it, or name another with {VARIABLE}: {_listed(entry for entry in classes if entry.enabled)}",
        )
    if len(enabled) > 1:
        identifiers = ", ".join(sorted(entry.id for entry in enabled))
        raise InputError(
            f"The runner {runner} has {len(enabled)} environment classes {wanted}",
            f"Their IDs are {identifiers}",
            f"Name one of the IDs with {VARIABLE}",
        )
    return enabled[0]


def _listed(classes: t.Iterable[EnvironmentClass]) -> str:
    names = sorted(entry.name + ("" if entry.enabled else " (disabled)") for entry in classes)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more if names else "none"
