# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory wants of a runner's settings, as options of the modules that keep them. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import Options, Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.desired import connection
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import NEXT_STEPS

PREFIX = "gitpod_runner_settings_"
CLASSES, INTEGRATIONS = f"{PREFIX}environment_classes", f"{PREFIX}scm_integrations"
SHARING, MODELS, POOLS = f"{PREFIX}sharing", f"{PREFIX}llm_integrations", f"{PREFIX}warm_pools"


Entry = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of settings, which is a stage of its own.

    :param module: keeps one entry.
    :param returns: name of the entry in the module's result.
    :param label: says which entry it is, without a secret.
    :param key: by which an entry is known, as its module compares it.
    :param renewal: option that has the entry's secret sent again, or empty.
    """

    module: str
    returns: str
    label: t.Callable[[Entry], str]
    key: t.Callable[[Entry], tuple[str, ...]]
    renewal: str = ""


def _texts(entry: Entry, *names: str) -> tuple[str, ...]:
    return tuple(str(entry[name]).strip() for name in names)


KINDS: t.Mapping[str, Kind] = {
    "environment_classes": Kind(
        "runner_environment_class",
        "environment_class",
        lambda entry: str(entry["display_name"]),
        lambda entry: _texts(entry, "display_name"),
    ),
    "scm_integrations": Kind(
        "runner_scm_integration",
        "integration",
        lambda entry: f"{entry['scm_id']} at {entry['host']}",
        lambda entry: (*_texts(entry, "scm_id"), *(text.lower() for text in _texts(entry, "host"))),
        "renew_client_secret",
    ),
    "sharing": Kind(
        "runner_sharing",
        "policy",
        lambda entry: f"the group {entry['group']}",
        lambda entry: _texts(entry, "group"),
    ),
    "llm_integrations": Kind(
        "runner_llm_integration",
        "integration",
        lambda entry: str(entry["endpoint"]),
        lambda entry: tuple(text.rstrip("/") for text in _texts(entry, "endpoint")),
        "renew_api_key",
    ),
    "warm_pools": Kind(
        "runner_warm_pool",
        "warm_pool",
        lambda entry: f"{entry['environment_class']} of the project {entry['project']}",
        lambda entry: _texts(entry, "project", "environment_class"),
    ),
}


@dataclasses.dataclass(frozen=True)
class Item:
    """One entry of the inventory's lists.

    :param label: says which, without a secret.
    """

    kind: str
    label: str
    options: Options = dataclasses.field(repr=False)

    @property
    def module(self) -> str:
        """That keeps it."""
        return KINDS[self.kind].module


def declared(values: Values) -> tuple[str, ...]:
    """The kinds that the inventory lists entries of, in their order."""
    return tuple(kind for kind in NEXT_STEPS if values.get(f"{PREFIX}{kind}"))


def find(values: Values) -> Options:
    """Options of runner_registration_info that find the runner by its name."""
    return {**connection(values), "name": values["gitpod_runner_name"], "region": values["gitpod_region"]}


def items(values: Values, kinds: t.Iterable[str] = NEXT_STEPS) -> list[Item]:
    """Every entry of these kinds, in the inventory's order.

    :param values: typed, so each entry has the names that its module takes, and those by which it is known.
    """
    renews = bool(values.get("gitpod_renew_secrets"))
    found = []
    for name in kinds:
        kind = KINDS[name]
        renewal = {kind.renewal: True} if renews and kind.renewal else {}
        for entry in values.get(f"{PREFIX}{name}") or []:
            found.append(Item(name, kind.label(entry), {**entry, **renewal}))
    return found
