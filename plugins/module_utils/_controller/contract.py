# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the variables of the controller, all told together. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_a_search
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    MISSING,
    Problem,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values, read

_RUNNERS = "gitpod_controller_runners"
_GROUPS = "gitpod_controller_groups"
_OF_A_GROUP = {"hosts": list, "children": list, "variables": dict}


def problems(values: Values, declared: t.Mapping[str, Variable]) -> list[Problem]:
    """Everything that is wrong, in a stable order.

    :param values: of C(declared.VARIABLES).
    :param declared: the variables of runners.
    """
    found = of_a_search(values)
    malformed = {problem.variable for problem in found}
    if values["gitpod_controller_state"] == "present":
        found += _project(values)
    if _RUNNERS not in malformed:
        found += [problem for host, own in values[_RUNNERS].items() for problem in _of_runner(host, own, declared)]
    for name in ("gitpod_controller_inventory_variables", "gitpod_controller_extra_variables"):
        if name not in malformed:
            found += _secret(name, name, values[name], declared)
    if _GROUPS not in malformed:
        found += [problem for group, own in values[_GROUPS].items() for problem in _of_group(group, own)]
    found += _notification(values)
    return found


def _project(values: Values) -> list[Problem]:
    manual = values["gitpod_controller_project_type"] == "manual"
    name = "gitpod_controller_project_local_path" if manual else "gitpod_controller_project_url"
    if "project" not in values["gitpod_controller_parts"] or values[name] or name in _malformed(values):
        return []
    remedy = f"Set it, or leave project out of gitpod_controller_parts: {values.declared[name].meaning}"
    return [Problem(MISSING, name, "Not set, and there is no default.", remedy)]


def _malformed(values: Values) -> set[str]:
    return {problem.variable for problem in values.problems}


def _of_runner(host: str, own: t.Any, declared: t.Mapping[str, Variable]) -> list[Problem]:
    """A runner's variables are held against the runners' own declarations before a controller has them."""
    if not isinstance(own, dict):
        return [Problem(MALFORMED, _RUNNERS, f"{quoted(host)} has no dictionary.", "Write its gitpod_* variables.")]
    templates = [name for name, value in own.items() if "{{" in str(value)]
    given = {name: value for name, value in own.items() if name.startswith("gitpod_") and name not in templates}
    typed = read(host, ".", declared, given)
    found = [
        Problem(problem.kind, _RUNNERS, f"{quoted(host)}, {problem.variable}: {problem.summary}", problem.remediation)
        for problem in of_a_search(typed)
    ]
    if not typed.given.get("gitpod_region") and not found:
        found.append(
            Problem(MISSING, _RUNNERS, f"{quoted(host)} has no gitpod_region.", "Set it: the runner's region.")
        )
    return found + _secret(_RUNNERS, host, own, declared)


def _secret(
    variable: str, where: str, given: t.Mapping[str, t.Any], declared: t.Mapping[str, Variable]
) -> list[Problem]:
    """A controller shows variables to everybody who may see them; its credentials it shows to nobody."""
    secret = [name for name in given if name in declared and declared[name].secret and declared[name].kind != "dict"]
    remedy = (
        "Leave it out: the credentials of gitpod_controller_managed_credentials bring it, and variables of the"
        " inventory read it from them."
    )
    return [Problem(CONTRADICTORY, variable, f"{quoted(where)} has the secret {name}.", remedy) for name in secret]


def _of_group(group: str, own: t.Any) -> list[Problem]:
    right = isinstance(own, dict) and all(isinstance(own.get(name, kind()), kind) for name, kind in _OF_A_GROUP.items())
    if right and set(own) <= set(_OF_A_GROUP):
        return []
    summary = f"{quoted(group)} is not described by hosts, children and variables."
    return [Problem(MALFORMED, _GROUPS, summary, "Write hosts and children as lists, variables as a dictionary.")]


def _notification(values: Values) -> list[Problem]:
    name = "gitpod_controller_notification_configuration"
    if not values[name] or values["gitpod_controller_notification_type"]:
        return []
    return [Problem(CONTRADICTORY, name, "It has no type.", "Set gitpod_controller_notification_type as well.")]
