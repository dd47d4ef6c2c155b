# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's inventory: runners, groups of regions, and the source of the management plane's runners. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import confidential
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.model import (
    GROUP,
    Names,
    Object,
    without_unset,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values


def region_group(region: str) -> str:
    """The group of a region, as the inventory plugin's example calls it."""
    return f"region_{region.replace('-', '_')}"


def inventory(values: Values, names: Names) -> list[Object]:
    """The inventory with its runners, their groups, and the source."""
    arguments = {
        "name": names.inventory,
        "organization": names.organization,
        # Left out, the module would send null, which is none of AWX's kinds.
        "kind": "",
        "variables": values["gitpod_controller_inventory_variables"],
    }
    found = [Object("inventory", "inventory", names.inventory, arguments)]
    runners: t.Mapping[str, t.Mapping[str, t.Any]] = values["gitpod_controller_runners"]
    for host, variables_of_it in sorted(runners.items()):
        options = {"name": host, "inventory": names.inventory, "variables": dict(variables_of_it)}
        found.append(Object("inventory", "host", host, options))
    regions: dict[str, list[str]] = {}
    for host, variables_of_it in sorted(runners.items()):
        regions.setdefault(region_group(str(variables_of_it["gitpod_region"])), []).append(host)
    for group, hosts in sorted(regions.items()):
        found.append(_group(names, group, hosts=hosts))
    further = dict(values["gitpod_controller_groups"])
    found.append(_runners(names, sorted(regions), further.pop(GROUP, {})))
    # Each exists before another names it as its child.
    found += [_group(names, group, variables=further[group].get("variables")) for group in sorted(further)]
    for group, options in sorted(further.items()):
        if options.get("hosts") or options.get("children"):
            found.append(_group(names, group, options.get("hosts"), options.get("children"), options.get("variables")))
    return found + _source(values, names)


def _runners(names: Names, regions: list[str], further: t.Mapping[str, t.Any]) -> Object:
    """The group of all runners: what it reads of the credentials, and what else is said of it."""
    children = [*regions, *(one for one in further.get("children") or () if one not in regions)]
    variables = {**confidential.OF_THE_GROUP, **(further.get("variables") or {})}
    return _group(names, GROUP, further.get("hosts"), children, variables)


def _group(
    names: Names,
    group: str,
    hosts: t.Sequence[str] | None = None,
    children: t.Sequence[str] | None = None,
    variables: t.Mapping[str, t.Any] | None = None,
) -> Object:
    arguments = {
        "name": group,
        "inventory": names.inventory,
        "hosts": list(hosts or ()) or None,
        "children": list(children or ()) or None,
        "variables": dict(variables or {}),
        # What others put there stays.
        "preserve_existing_hosts": True,
        "preserve_existing_children": True,
    }
    return Object("inventory", "group", group, without_unset(arguments))


def _source(values: Values, names: Names) -> list[Object]:
    path = values["gitpod_controller_inventory_source"]
    if not path:
        return []
    token = "api_token" in values["gitpod_controller_managed_credentials"]
    name = "management plane"
    arguments = {
        "name": name,
        "inventory": names.inventory,
        "organization": names.organization,
        "source": "scm",
        "source_project": names.project,
        "source_path": path,
        "source_vars": dict(values["gitpod_controller_inventory_source_variables"]),
        "credential": names.credential("api_token") if token else None,
        "execution_environment": names.execution_environment,
        "overwrite": True,
        "update_on_launch": values["gitpod_controller_inventory_source_update_on_launch"],
    }
    return [Object("inventory", "inventory_source", name, without_unset(arguments))]
