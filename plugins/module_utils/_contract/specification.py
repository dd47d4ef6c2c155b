# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Types, choices and spelling: the inventory against the roles' argument specifications.

The specifications are the one place where a variable is declared; nothing here names a variable.
"""

from __future__ import annotations

import difflib
import re
import typing as t

from ansible.module_utils.common.validation import check_type_bool, check_type_dict, check_type_float, check_type_int

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    MALFORMED,
    MISSING,
    UNKNOWN,
    Inventory,
    Problem,
)

PREFIX = "gitpod_"
# Facts that the roles set for later stages and for the user's own tasks; each role's README names them.
# The guide's required parameters. An existing stack keeps what the inventory leaves out, so the argument specification,
# which knows no such condition, cannot state them.
REQUIRED_FOR_A_NEW_STACK = frozenset(
    {
        "gitpod_availability_zones",
        "gitpod_certificate_arn",
        "gitpod_domain_name",
        "gitpod_ec2_subnet_ids",
        "gitpod_load_balancer_subnet_ids",
        "gitpod_load_balancer_visibility",
        "gitpod_runner_id",
        "gitpod_vpc_id",
    }
)
# What a stage finds or makes when this switch is on, and so need not be given.
MADE_BY_A_STAGE = {"gitpod_certificate_arn": "gitpod_certificate_request"}
RESULT_SUFFIXES = ("_result", "_started")


def known_options(specifications: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, dict[str, t.Any]]:
    """All options of the given C(argument_specs) documents, by name; the first declaration of a name counts."""
    options: dict[str, dict[str, t.Any]] = {}
    for document in specifications:
        for entry_point in document.get("argument_specs", {}).values():
            for name, option in entry_point.get("options", {}).items():
                options.setdefault(name, option)
    return options


def unknown_variables(names: t.Iterable[str], options: t.Mapping[str, t.Any]) -> list[Problem]:
    """gitpod_* names that nothing reads: a typo must not silently deploy a default."""
    problems = []
    for name in sorted(names):
        if name in options or not name.startswith(PREFIX) or name.endswith(RESULT_SUFFIXES):
            continue
        close = difflib.get_close_matches(name, options, n=1, cutoff=0.6)
        remediation = f"Did you mean {close[0]}?" if close else "Remove it, or rename it to begin with another prefix."
        problems.append(Problem(UNKNOWN, name, "No stage reads this variable.", remediation))
    return problems


def missing_variables(inventory: Inventory, options: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[Problem]:
    """What is needed always (required in the specification), or for a new stack, and is not set.

    With an API token, the runner is registered, and its ID found.
    """
    found_otherwise = {"gitpod_runner_id"} if "gitpod_api_token" in inventory.values else set()
    return [
        Problem(MISSING, name, "Not set, and there is no default.", _how_to_set(name, option))
        for name, option in options.items()
        if (option.get("required") or name in REQUIRED_FOR_A_NEW_STACK - found_otherwise)
        and name not in inventory.values
        and not inventory.switch(MADE_BY_A_STAGE.get(name, ""))
    ]


def _how_to_set(name: str, option: t.Mapping[str, t.Any]) -> str:
    instead = ", or gitpod_api_token to have the runner registered" if name == "gitpod_runner_id" else ""
    return f"Set it{instead}: {first_sentence(option)}"


def first_sentence(option: t.Mapping[str, t.Any]) -> str:
    """The first sentence of an option's description, without semantic markup."""
    description = option.get("description", "")
    text = description[0] if isinstance(description, list) else str(description)
    return re.sub(r"\b[A-Z]\(([^)]*)\)", r"\1", text)


def _is_list(value: t.Any) -> None:
    if not isinstance(value, (list, tuple, str)):
        raise TypeError


def _is_text(value: t.Any) -> None:
    if isinstance(value, (list, tuple, dict, bool)):
        raise TypeError


_TYPE_CHECKS: dict[str, t.Callable[[t.Any], t.Any]] = {
    "bool": check_type_bool,
    "dict": check_type_dict,
    "float": check_type_float,
    "int": check_type_int,
    "list": _is_list,
    "path": _is_text,
    "str": _is_text,
}
_TYPE_NAMES = {
    "bool": "true or false",
    "dict": "a dictionary",
    "int": "a whole number",
    "list": "a list",
    "str": "text",
}


def malformed_values(inventory: Inventory, options: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[Problem]:
    """Values of the wrong type, or not among the choices."""
    problems = []
    for name, value in inventory.values.items():
        option = options.get(name)
        if option is None:
            continue
        kind = option.get("type", "str")
        if not _has_type(value, kind):
            wanted = _TYPE_NAMES.get(kind, kind)
            problems.append(Problem(MALFORMED, name, f"Must be {wanted}.", f"Write {wanted}: {first_sentence(option)}"))
        elif option.get("choices"):
            items = Inventory({name: value}).items(name) if kind == "list" else (value,)
            wrong = [item for item in items if item not in option["choices"]]
            problems += [_not_a_choice(name, item, option["choices"]) for item in wrong[:1]]
    return problems


def _has_type(value: t.Any, kind: str) -> bool:
    check = _TYPE_CHECKS.get(kind)
    try:
        if check:
            check(value)
    except (TypeError, ValueError):
        return False
    return True


def _not_a_choice(name: str, value: t.Any, choices: t.Sequence[t.Any]) -> Problem:
    listed = ", ".join(str(choice) for choice in choices)
    close = difflib.get_close_matches(str(value), [str(choice) for choice in choices], n=1)
    suggestion = f"Did you mean {close[0]}? The choices are {listed}." if close else f"Choose one of {listed}."
    return Problem(MALFORMED, name, f"{str(value)!r} is not one of the choices.", suggestion)
