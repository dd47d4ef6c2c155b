# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory wants of a runner's settings, as options of the modules that keep them. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import Options, Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.desired import connection

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

    :param values: typed, so each entry has the names that its module takes, and those by which it is known.
    :param sent: versions of client secrets as they were sent last, by C(key_of).
    """
    classes = values.get(CLASSES) or []
    found = [Item("runner_environment_class", str(entry["display_name"]), dict(entry)) for entry in classes]
    for entry in values.get(INTEGRATIONS) or []:
        key = key_of(entry)
        version = {"sent_oauth_client_secret_version": sent[key]} if sent.get(key) else {}
        label = f"{entry['scm_id']} at {entry['host']}"
        found.append(Item("runner_scm_integration", label, {**entry, **version}, key))
    return found


def key_of(integration: t.Mapping[str, t.Any]) -> str:
    """System and host, as the management plane knows an integration."""
    return f"{integration['scm_id']} {str(integration['host']).lower()}"


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
