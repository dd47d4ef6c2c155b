# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the variables of the controller, all told together. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_a_search
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    MISSING,
    Problem,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules_stack import is_exchange_token
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import fault
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values, read

_RUNNERS = "gitpod_controller_runners"
_GROUPS = "gitpod_controller_groups"
_HOST = "gitpod_controller_host"
_SCHEDULES, _OPTIONS = "gitpod_controller_schedules", "gitpod_controller_template_options"
# One for all of them would make one template of all.
_EACH_ITS_OWN = frozenset(
    [
        "name",
        "new_name",
        "copy_from",
        "state",
        "description",
        "playbook",
        "organization",
        "extra_vars",
        "survey_spec",
        "survey_enabled",
    ]
)
_AROUND = "gitpod_controller_inventory_source_variables"
# Names of environment variables that are secrets by custom; a file's name is none.
_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)(?!.*_(FILE|PATH|ID)$)")
# What the controller shows, and what keeps a password for it.
_OF_ALL = {
    "gitpod_controller_project_url": "Make a credential for it, and name that as gitpod_controller_project_credential.",
    "gitpod_controller_galaxy_url": "Give it as gitpod_controller_galaxy_token.",
    "gitpod_controller_api_endpoint": "Give it as gitpod_controller_api_token.",
    "gitpod_controller_execution_environment_image": (
        "Make a credential for it, and name that as gitpod_controller_execution_environment_credential."
    ),
}
_NAME = re.compile(r"\w[\w.-]*")
_USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/\s@]+)@")
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
        found += _names(_RUNNERS, values[_RUNNERS])
        found += [problem for host, own in values[_RUNNERS].items() for problem in _of_runner(host, own, declared)]
    for name in ("gitpod_controller_inventory_variables", "gitpod_controller_extra_variables"):
        if name not in malformed:
            found += _described(name, name, values[name], declared)
    found += _of_runs(values, declared)
    if _GROUPS not in malformed:
        found += _names(_GROUPS, values[_GROUPS])
        found += [problem for group, own in values[_GROUPS].items() for problem in _of_group(group, own, declared)]
    return [*found, *_urls(values), *_notification(values)]


def _of_runs(values: Values, declared: t.Mapping[str, Variable]) -> list[Problem]:
    """What schedules bring, what every template is told besides, and what updates of the source find around them."""
    malformed, found = _malformed(values), []
    if _SCHEDULES not in malformed:
        for number, schedule in enumerate(values[_SCHEDULES], 1):
            found += _secret(_SCHEDULES, f"entry {number}", schedule.get("extra_data") or {}, declared)
    own = sorted(set(values[_OPTIONS]) & _EACH_ITS_OWN) if _OPTIONS not in malformed else []
    if own:
        remedy = "Leave it out; extra variables of every template are gitpod_controller_extra_variables."
        found.append(Problem(CONTRADICTORY, _OPTIONS, f"Each template has its own {', '.join(own)}.", remedy))
    if _AROUND not in malformed:
        named = [name for name, value in values[_AROUND].items() if value and _SECRET_NAME.search(name.upper())]
        remedy = "Leave it out: a credential of gitpod_controller_credentials brings it."
        found += [
            Problem(CONTRADICTORY, _AROUND, f"It has the secret {name}, and the controller shows it.", remedy)
            for name in named
        ]
    return found


def _names(variable: str, named: t.Iterable[str]) -> list[Problem]:
    """Names that a limit can have in it: what is no word means something else there, or nothing."""
    wrong = [name for name in named if not _NAME.fullmatch(name)]
    if not wrong:
        return []
    summary = f"{', '.join(map(quoted, wrong[:3]))} cannot be a name in an inventory."
    return [Problem(MALFORMED, variable, summary, "Write letters, digits, dots, hyphens and underscores.")]


def _urls(values: Values) -> list[Problem]:
    """Where secrets are sent in the open, and where they would stand for everybody to read."""
    host, found = values[_HOST] or "", []
    # Who switches the validation of certificates off has said that the way there is trusted.
    schemes = ("https",) if values["gitpod_controller_validate_certs"] else ("https", "http")
    host_fault = fault(host, schemes) if host and _HOST not in _malformed(values) else ""
    if host_fault:
        remedy = (
            "Write an https URL without user and password, or for a controller that has none, set"
            " gitpod_controller_validate_certs to false: the token then goes there in the open."
        )
        found.append(Problem(MALFORMED, _HOST, f"It {host_fault}.", remedy))
    for name, remedy in _OF_ALL.items():
        text = values[name] or ""
        if isinstance(text, str) and _has_password(text):
            summary = "It holds a user or a password, and the controller shows it to everybody who may see it."
            found.append(Problem(MALFORMED, name, summary, remedy))
    return found


def _has_password(text: str) -> bool:
    """Whether a URL in it has a password; with http and https, a user alone is a token."""
    return any(":" in found[2] or found[1].startswith("http") for found in _USER.finditer(text))


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
    if not isinstance(own, dict):
        return [Problem(MALFORMED, _RUNNERS, f"{quoted(host)} has no dictionary.", "Write its gitpod_* variables.")]
    found = _described(_RUNNERS, host, own, declared)
    if not own.get("gitpod_region") and not found:
        found.append(
            Problem(MISSING, _RUNNERS, f"{quoted(host)} has no gitpod_region.", "Set it: the runner's region.")
        )
    return found


def _described(
    variable: str, where: str, own: t.Mapping[str, t.Any], declared: t.Mapping[str, Variable]
) -> list[Problem]:
    """Runners' variables are held against their own declarations before a controller has them."""
    given = {name: value for name, value in own.items() if name.startswith("gitpod_") and "{{" not in str(value)}
    found = [
        Problem(problem.kind, variable, f"{quoted(where)}, {problem.variable}: {problem.summary}", problem.remediation)
        for problem in of_a_search(read(where, ".", declared, given))
    ]
    return found + _secret(variable, where, own, declared)


def _secret(
    variable: str, where: str, given: t.Mapping[str, t.Any], declared: t.Mapping[str, Variable]
) -> list[Problem]:
    """A controller shows variables to everybody who may see them; its credentials it shows to nobody."""
    secret = [told for name, value in given.items() if (told := _told_secret(name, value, declared.get(name)))]
    remedy = (
        "Leave it out: the credentials of gitpod_controller_managed_credentials bring it, and the group gitpod_runners"
        " reads it from them."
    )
    return [Problem(CONTRADICTORY, variable, f"{quoted(where)} has the secret {told}.", remedy) for told in secret]


def _told_secret(name: str, value: t.Any, declared: Variable | None) -> str:
    """What of a variable is a secret, by its name; empty where nothing is.

    In a dictionary, what its options or the template's label say to be one; a password in a URL anywhere.
    """
    if _has_password(str(value)):
        return f"in the URL of {name}"
    if declared is None or not declared.secret:
        return ""
    if declared.kind != "dict":
        return name
    options = declared.options or {}
    inner = [key for key in value if (options.get(key) or {}).get("no_log") or is_exchange_token(key)]
    return f"{name}, {inner[0]}" if inner else ""


def _of_group(group: str, own: t.Any, declared: t.Mapping[str, Variable]) -> list[Problem]:
    right = isinstance(own, dict) and all(isinstance(own.get(name, kind()), kind) for name, kind in _OF_A_GROUP.items())
    if right and set(own) <= set(_OF_A_GROUP):
        return _described(_GROUPS, group, own.get("variables") or {}, declared)
    summary = f"{quoted(group)} is not described by hosts, children and variables."
    return [Problem(MALFORMED, _GROUPS, summary, "Write hosts and children as lists, variables as a dictionary.")]


def _notification(values: Values) -> list[Problem]:
    name = "gitpod_controller_notification_configuration"
    if not values[name] or values["gitpod_controller_notification_type"]:
        return []
    return [Problem(CONTRADICTORY, name, "It has no type.", "Set gitpod_controller_notification_type as well.")]
