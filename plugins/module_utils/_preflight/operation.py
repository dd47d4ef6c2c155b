# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather, check, and say what was found."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    FAIL,
    PASS,
    WARN,
    Finding,
    skipped,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired as stack_desired
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.secrecy import secret_texts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import Source
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.clients import FleetConnections
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.fleet import Fleet, Host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.gathering import Gathering
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.module import Connected, looked
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import checks, registering, stepping
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import Check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Caller, Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.gather import gather
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.needs import Needs, needs_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.plan import plans, seen
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.policies import policies
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.together import together
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted, deployed_values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import recorded


def run(module: t.Any, connected: Connected = FleetConnections) -> dict[str, t.Any]:
    """What the module runner_preflight_info does.

    :param connected: makes the clients.
    """
    shared: dict[str, Needs] = {}

    def remembering(fleet: Fleet, host: Host) -> dict[str, t.Any]:
        return look(fleet, host, lambda needs: shared.update({host.name: needs}))

    found = looked(module, remembering, "looked at", connected)
    worse = together(shared)
    runners = {name: added_up(result, worse.get(name, {})) for name, result in found["runners"].items()}
    return {**found, "runners": runners}


def added_up(result: dict[str, t.Any], others: t.Mapping[str, Finding]) -> dict[str, t.Any]:
    """A runner's result with what is worse because of the other runners.

    :param others: what was found because of them, by check.
    """
    if not others:
        return result
    by_id = {check.id: check for check in checks.ALL}
    found = []
    for alone in result["checks"]:
        worse = others.get(alone["id"])
        # What was left out, or could not be seen, says nothing either way.
        counts = worse is not None and (alone["status"], worse.status) in ((PASS, WARN), (PASS, FAIL), (WARN, FAIL))
        found.append(by_id[alone["id"]].result(worse).as_result() if worse is not None and counts else alone)
    return {**result, "checks": found, "ready": not any(one["status"] == FAIL for one in found)}


def _to_nobody(_needs: Needs) -> None:
    """Nobody adds up."""


def look(fleet: Fleet, host: Host, tell: t.Callable[[Needs], None] = _to_nobody) -> dict[str, t.Any]:
    """One runner's part of what the module runner_preflight_info returns.

    :param tell: is told what the runner needs of what others may need too.
    :raises RunnerError: nothing can be said of it, for its profile, its region or a check that does not exist.
    """
    values, earlier = host.values, host.earlier
    skip = tuple(values.get("gitpod_prerequisites_skip") or ())
    warn_only = tuple(values.get("gitpod_prerequisites_warn_only") or ())
    require_known((*skip, *warn_only), checks.ALL)
    profile = values.get("gitpod_aws_profile") or ""
    gathering = Gathering(fleet.clients(host), fleet.zone_clients(host), fleet.pool, profile)
    given = values.get("gitpod_stack_parameters")
    facts, wanted = gather(template_options(fleet, host), Wanted.of(values, earlier), gathering, given)
    if isinstance(facts.template, Template):
        fleet.hide(secret_texts(wanted.parameters, facts.template))
    release = _release(wanted, facts)
    ahead = stepping.look_ahead(values, wanted, facts, fleet.pool, deployed=release["exists"])
    facts = dataclasses.replace(facts, settings=ahead.settings, acceptance=ahead.acceptance)
    found = evaluate(checks.ALL, wanted, facts, skip, warn_only)
    ready = not any(result["status"] == FAIL for result in found)
    if ready:
        # One that is refused is not deployed, and takes nothing from the others.
        tell(needs_of(wanted, facts, warn_only))
    deploying = plans(values, earlier, wanted, facts)
    return {
        "name": wanted.name,
        "region": wanted.region,
        "ready": ready,
        "checks": found,
        "plan": [stage.as_result() for stage in (*deploying, *ahead.plans)],
        "seen": {**seen(values, earlier, wanted, facts, deploying), **stepping.seen(ahead.plans)},
        "stack_exists": release["exists"] if isinstance(facts.stack, Stack) else None,
        "release": release,
        "deployed": deployed_values(wanted, values),
        "account_id": facts.caller.account if isinstance(facts.caller, Caller) else "",
        "policies": policies(wanted, facts) if values.get("gitpod_prerequisites_artifacts") else {},
    }


def _release(wanted: Wanted, facts: Facts) -> dict[str, t.Any]:
    """What is there, what runs, and what will be there; each empty where it is not known."""
    stack = facts.stack if isinstance(facts.stack, Stack) and status.exists(facts.stack.status) else None
    source = facts.source if isinstance(facts.source, Source) else Source({})
    return {
        "exists": stack is not None,
        "deployed": recorded(stack.tags) if stack else "",
        "running": registering.running_release(wanted, facts),
        "target": source.version,
        "channel": source.channel,
    }


def template_options(fleet: Fleet, host: Host) -> dict[str, t.Any]:
    """Options of runner_stack, a file of the control node with its content.

    :raises InputError: the file could not be read there.
    """
    options = stack_desired.start(host.values, host.earlier)
    path = options.pop("template_file", None)
    if not path:
        return options
    if path not in fleet.template_bodies:
        raise InputError(
            f"The template {path} could not be read on the control node", next_step="Correct gitpod_stack_template_file"
        )
    return {**options, "template_body": fleet.template_bodies[path]}


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
