# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather, check, and say what was found."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    FAIL,
    WARN,
    skipped,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import checks
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import Check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.clients import Clients, connect
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Caller, Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.gather import gather
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.plan import plans, seen
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

Connect = t.Callable[[t.Any, t.Optional[str]], Clients]


def run(module: t.Any, connected: Connect = connect) -> dict[str, t.Any]:
    """What the module runner_preflight_info does.

    :param connected: makes the clients of the module, or those of another profile.
    """
    options = module.params
    skip, warn_only = tuple(options["skip"]), tuple(options["warn_only"])
    require_known((*skip, *warn_only), checks.ALL)
    clients = connected(module, None)
    zone_clients = connected(module, options["dns_profile"]) if options["dns_profile"] else clients
    if options["dns_role_arn"]:
        zone_clients = zone_clients.assuming(options["dns_role_arn"])
    facts, wanted = gather(options, Wanted.of(options, module.region), clients, zone_clients)
    found = evaluate(checks.ALL, wanted, facts, skip, warn_only)
    stages = plans(options, wanted, facts)
    return {
        "changed": False,
        "name": wanted.name,
        "region": wanted.region,
        "ready": not any(result["status"] == FAIL for result in found),
        "checks": found,
        "plan": [stage.as_result() for stage in stages],
        "seen": seen(options, wanted, facts, stages),
        "stack_exists": status.exists(facts.stack.status) if isinstance(facts.stack, Stack) else None,
        "account_id": facts.caller.account if isinstance(facts.caller, Caller) else "",
    }


def named(check: Check, names: t.Collection[str]) -> bool:
    """Whether a check is meant by its ID or by its group."""
    return check.id in names or check.group in names


def require_known(names: t.Iterable[str], everything: t.Sequence[Check]) -> None:
    """Refuse names of checks that do not exist: a typo must not leave a check on.

    :raises InputError: with all of them.
    """
    existing = {name for check in everything for name in (check.id, check.group)}
    unknown = sorted(set(names) - existing)
    if unknown:
        raise InputError(
            f"No check is named {', '.join(unknown)}",
            next_step=f"The groups are {', '.join(sorted({check.group for check in everything}))};"
            " docs/prerequisites.md lists the checks",
        )


def evaluate(
    everything: t.Sequence[Check],
    wanted: Wanted,
    facts: Facts,
    skip: t.Collection[str] = (),
    warn_only: t.Collection[str] = (),
) -> list[dict[str, t.Any]]:
    """Every check's result as plain data.

    A failed check of the group C(identity) leaves out the others: with the wrong credentials nothing else is true.
    """
    results = []
    wrong = ""
    for check in everything:
        if named(check, skip):
            finding = skipped("Left out on request.")
        elif wrong:
            finding = skipped(f"Not looked at, because {wrong} failed.")
        else:
            finding = check.run(wanted, facts)
        if finding.status == FAIL and named(check, warn_only):
            finding = dataclasses.replace(finding, status=WARN)
        if finding.status == FAIL and check.group == checks.IDENTITY:
            wrong = wrong or check.id
        results.append(check.result(finding).as_result())
    return results
