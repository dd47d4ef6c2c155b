# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All problems of one host's inventory at once."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules, rules_dns, specification
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    MISSING,
    Inventory,
    Problem,
)

_HEADINGS = {
    "missing": "Missing (needed unless the stack exists already):",
    "unknown": "Unknown:",
    "malformed": "Malformed:",
    "contradictory": "Contradictory:",
}


def validate(variables: t.Mapping[str, t.Any], options: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[Problem]:
    """Every problem of the gitpod_* variables, one a variable and kind, in a stable order.

    :param variables: the host's gitpod_* variables with their templated values.
    :param options: the options of all roles' argument specifications.
    """
    inventory = Inventory.of(variables)
    found = specification.missing_variables(inventory, options)
    found += specification.unknown_variables(variables, options)
    malformed = specification.malformed_values(inventory, options)
    malformed += rules.identifiers(inventory.without(problem.variable for problem in malformed))
    # A value that is malformed by itself says nothing about others: no problem is told twice.
    usable = inventory.without(problem.variable for problem in malformed)
    found += malformed
    for rule in (*rules.RULES, *rules_dns.RULES):
        found += rule(usable)
    return found


def an_existing_stack_suffices(problems: t.Sequence[Problem]) -> bool:
    """Whether nothing is wrong but that values are left out, which an existing stack makes good."""
    return all(
        problem.kind == MISSING and problem.variable in specification.REQUIRED_FOR_A_NEW_STACK for problem in problems
    )


def describe(host: str, problems: t.Sequence[Problem]) -> str:
    """The report that a person reads: grouped by kind, the remediation under each problem."""
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    lines = [f"The inventory of {host} has {count}; nothing was changed."]
    for kind, heading in _HEADINGS.items():
        of_kind = [problem for problem in problems if problem.kind == kind]
        if of_kind:
            lines.append(heading)
        for problem in of_kind:
            lines.append(f"  - {problem.variable}: {problem.summary}")
            lines.append(f"    -> {problem.remediation}")
    return "\n".join(lines)
