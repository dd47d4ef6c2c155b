# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory wants of a runner's settings, as options of the modules that keep them. Pure."""

from __future__ import annotations

import dataclasses
import difflib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import Options, Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.desired import connection
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.declared import (
    CLASS_OPTIONS,
    INTEGRATION_OPTIONS,
)

CLASSES = "gitpod_runner_settings_environment_classes"
INTEGRATIONS = "gitpod_runner_settings_scm_integrations"
# Of an entry of the inventory's lists; the rest of the modules' options is the same for all entries.


@dataclasses.dataclass(frozen=True)
class Item:
    """One entry of the inventory's lists.

    :param label: says which, without a secret.
    :param key: of an integration, by which the version of its secret is remembered.
    """

    module: str
    label: str
    options: Options = dataclasses.field(repr=False)
    key: str = ""


def find(values: Values) -> Options:
    """Options of runner_registration_info that find the runner by its name."""
    return {**connection(values), "name": values["gitpod_runner_name"], "region": values["gitpod_region"]}


def items(values: Values, sent: t.Mapping[str, str]) -> list[Item]:
    """Every class, then every integration, in the inventory's order.

    :param sent: versions of client secrets as they were sent last, by C(key_of).
    :raises InputError: an entry has a name that nobody reads, or lacks the one by which it is known.
    """
    classes = _entries(values, CLASSES, CLASS_OPTIONS, ("display_name",))
    integrations = _entries(values, INTEGRATIONS, INTEGRATION_OPTIONS, ("scm_id", "host"))
    found = [Item("runner_environment_class", str(entry["display_name"]), entry) for entry in classes]
    for entry in integrations:
        key = key_of(entry)
        version = {"sent_oauth_client_secret_version": sent[key]} if sent.get(key) else {}
        label = f"{entry['scm_id']} at {entry['host']}"
        found.append(Item("runner_scm_integration", label, {**entry, **version}, key))
    return found


def key_of(integration: t.Mapping[str, t.Any]) -> str:
    """System and host, as the management plane knows an integration."""
    return f"{integration['scm_id']} {str(integration['host']).lower()}"


def _entries(values: Values, variable: str, known: t.Collection[str], needed: t.Sequence[str]) -> list[Options]:
    """What is set of each entry; empty counts as unset, and blanks around texts do not count."""
    found = []
    for number, entry in enumerate(values.get(variable) or [], 1):
        options = {name: value.strip() if isinstance(value, str) else value for name, value in entry.items()}
        options = {name: value for name, value in options.items() if value not in (None, "")}
        unknown = sorted(set(options) - set(known))
        missing = [name for name in needed if name not in options]
        if unknown:
            close = difflib.get_close_matches(unknown[0], list(known), n=1)
            raise InputError(
                f"Entry {number} of {variable} has {', '.join(unknown)}, which nothing reads; nothing was changed",
                next_step=f"Did you mean {close[0]}?" if close else f"The names are {', '.join(known)}",
            )
        if missing:
            raise InputError(
                f"Entry {number} of {variable} has no {' and no '.join(missing)}; nothing was changed",
                next_step="Set it",
            )
        found.append(options)
    return found


def versions(sent: t.Mapping[str, str], done: t.Sequence[tuple[Item, t.Mapping[str, t.Any]]]) -> dict[str, str]:
    """Versions of the client secrets that the management plane has now, by C(key_of).

    Of an integration that failed, what was known stays; one that is gone, or that nobody lists, is forgotten.

    :param done: every integration with its result.
    """
    found = {}
    for item, result in done:
        if result.get("failed"):
            version = sent.get(item.key)
        else:
            version = result.get("oauth_client_secret_version") if result.get("integration") else ""
        if version:
            found[item.key] = str(version)
    return found
