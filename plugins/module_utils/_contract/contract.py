# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract over typed values: what is wrong with each host's inventory, and between hosts. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules, rules_dns, rules_settings
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.fleet import fleet_problems
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    MISSING,
    UNKNOWN,
    Inventory,
    Problem,
    nearest,
    shown,
)

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values

_HEADINGS = {
    "missing": "Missing (needed unless the stack exists already):",
    "unknown": "Unknown:",
    "malformed": "Malformed:",
    "contradictory": "Contradictory:",
}

# What a stage finds or makes when this switch is on, and so need not be given.
MADE_BY_A_STAGE = {"gitpod_certificate_arn": "gitpod_certificate_request"}
RULES = (rules.identifiers, *rules.RULES, *rules_dns.RULES, *rules_settings.RULES)
# What an API token stands for: the runner is registered, and its token minted.
_REGISTERED = ("gitpod_runner_id", "gitpod_exchange_token")


def of_fleet(fleet: t.Mapping[str, Values], beyond: t.Mapping[str, Values] | None = None) -> dict[str, list[Problem]]:
    """Every problem by host, in a stable order; what hosts have in common that they may not is told at each.

    :param beyond: hosts that the run leaves out, as far as they tell whether one of the run is a copy.
    """
    left_out = {host: values.given for host, values in (beyond or {}).items()}
    between = fleet_problems({host: values.given for host, values in fleet.items()}, left_out)
    return {host: [*of_host(values), *between[host]] for host, values in fleet.items()}


def of_what_is_set(values: Values) -> list[Problem]:
    """The same for a stage, or a role that is used alone: it needs a part of it all, and tasks give it further names.

    Such as C(gitpod_dns_records), which the tasks of a DNS provider are given.
    """
    return [problem for problem in of_host(values) if problem.kind not in (MISSING, UNKNOWN)]


def of_a_search(values: Values) -> list[Problem]:
    """The same for a search for runners, whose host is none."""
    return [*_unknown(values), *values.problems]


def of_host(values: Values) -> list[Problem]:
    """Every problem of one host's inventory that needs no other host to be seen."""
    inventory = Inventory.of(values.given, values.host)
    found = [*_missing(values), *_unknown(values), *values.problems]
    # A value that is malformed by itself says nothing about others: no problem is told twice.
    for rule in RULES:
        found += rule(inventory)
    return found


def needs_a_stack(problems: t.Iterable[Problem], declared: t.Mapping[str, Variable]) -> bool:
    """Whether nothing is wrong but that values are left out, which an existing stack makes good."""
    return all(problem.kind == MISSING and declared[problem.variable].needed_for_a_new_stack for problem in problems)


def _missing(values: Values) -> list[Problem]:
    """What every stage needs, or a new stack, and is not set; with an API token, the runner is registered."""
    malformed = {problem.variable for problem in values.problems}
    otherwise = _REGISTERED if "gitpod_api_token" in values.given else ()
    return [
        Problem(MISSING, name, "Not set, and there is no default.", _how_to_set(variable))
        for name, variable in values.declared.items()
        if (variable.required or (variable.needed_for_a_new_stack and name not in otherwise))
        and values.given.get(name) in (None, [], {})
        and name not in malformed
        and not values.given.get(MADE_BY_A_STAGE.get(name, ""))
    ]


def _how_to_set(variable: Variable) -> str:
    instead = ", or gitpod_api_token to have the runner registered" if variable.name in _REGISTERED else ""
    emptied = "; an environment variable that is not set gives an empty text" if variable.secret else ""
    return f"Set it{instead}{emptied}: {variable.meaning}"


def _unknown(values: Values) -> list[Problem]:
    """Names that nothing reads: a typo must not silently deploy a default."""
    problems = []
    for name in values.unknown:
        close = nearest(name, values.declared)
        remediation = f"Did you mean {close}?" if close else "Remove it, or rename it to begin with another prefix."
        problems.append(Problem(UNKNOWN, shown(name), "No stage reads this variable.", remediation))
    return problems


def describe(host: str, problems: t.Sequence[Problem]) -> str:
    """The report that a person reads: grouped by kind, the remediation under each problem."""
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    lines = [f"The inventory of {shown(host)} has {count}; nothing was changed."]
    for kind, heading in _HEADINGS.items():
        of_kind = [problem for problem in problems if problem.kind == kind]
        if of_kind:
            lines.append(heading)
        for problem in of_kind:
            lines.append(f"  - {problem.variable}: {problem.summary}")
            lines.append(f"    -> {problem.remediation}")
    return "\n".join(lines)
