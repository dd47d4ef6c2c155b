# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was seen to one verdict an area. Pure."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import Certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    FAIL,
    PASS,
    SKIP,
    WARN,
    Result,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import drift, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.checks import tls
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import model as privatelink
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import is_older, recorded
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.areas import AREAS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.model import (
    Phase,
    Seen,
    Wanted,
)

# In these areas a warning is what one wants to be told of: it says that something has to be done, not that the look was
# incomplete.
WARNING_ALERTS = frozenset({"version", "drift", "certificate", "stack"})
# Which checks of the runner's names belong to which area; the end of the certificate is judged from ACM.
_CHECKS = {"dns": ("dns.",), "health": ("health.", tls.chain.id, tls.names.id)}
CORRECT = "Correct gitpod_stack_name, gitpod_runner_id or gitpod_runner_name; docs/ownership.md has the rules."
PARTIAL = "It compares with the caller's own rights: allow what AWS names."
DETECT = "Let it compare: gitpod_status_drift: detect."
_RANK = {FAIL: 3, WARN: 2, PASS: 1, SKIP: 0}


def judge(wanted: Wanted, seen: Seen) -> tuple[Result, ...]:
    """One verdict an area, in a fixed order."""
    looks: dict[str, t.Callable[[Wanted, Seen], Result]] = {
        "stack": _stack,
        "version": _version,
        "drift": _drift,
        "certificate": _certificate,
        "dns": lambda _wanted, seen: _of_checks("dns", seen),
        "endpoint": _endpoint,
        "health": lambda _wanted, seen: _of_checks("health", seen),
        "phase": _phase,
    }
    return tuple(looks[area](wanted, seen) for area in AREAS)


def alerts(checks: t.Iterable[Result], areas: t.Collection[str]) -> list[Result]:
    """The verdicts that shall fail a run.

    :param areas: those that count.
    """
    return [
        check
        for check in checks
        if check.identifier in areas
        and (check.status == FAIL or (check.status == WARN and check.identifier in WARNING_ALERTS))
    ]


def unseen(area: str, unread: Unread) -> Result:
    """An area that could not be looked at."""
    return Result(area, SKIP, f"Could not look: {unread}.", unread.remedy, unverifiable=True)


def _stack(wanted: Wanted, seen: Seen) -> Result:
    stack = seen.stack
    row = status.meaning(stack.status)
    if wanted.no_stack and not status.exists(stack.status):
        return Result("stack", FAIL, wanted.no_stack, CORRECT)
    if stack.status == "REVIEW_IN_PROGRESS":
        # It may have a change set that waits for approval, or nothing at all.
        told = f"The stack {stack.name} is in review: nothing of it was created yet."
        return Result(
            "stack", FAIL, told, "Run site.yml without gitpod_stack_review, which executes what was reviewed."
        )
    if not status.exists(stack.status):
        return Result("stack", FAIL, f"There is no stack {stack.name} ({stack.status}).", "Deploy it with site.yml.")
    reason = f": {stack.status_reason}" if stack.status_reason else ""
    if stack.status == "UPDATE_ROLLBACK_COMPLETE":
        return Result("stack", WARN, f"The last update was rolled back{reason}.", "Run site.yml to see why.")
    if row.failing or not (row.good or row.in_progress):
        return Result("stack", FAIL, f"{stack.status}{reason}.", "Run site.yml, which repairs what can be repaired.")
    if row.in_progress:
        return Result("stack", WARN, f"{stack.status}.", "Look again when AWS is done.")
    return Result("stack", PASS, f"{stack.status}.")


def deployed_version(seen: Seen) -> str:
    """The release of the template that the stack has, as its tags record it, or empty."""
    return recorded(seen.stack.tags)


def running_version(seen: Seen) -> str:
    """The release that the runner reports, which updates itself; empty where nobody was asked."""
    return seen.runner.version if isinstance(seen.runner, Phase) else ""


def _version(wanted: Wanted, seen: Seen) -> Result:
    """What the runner runs counts; its stack's release says how old the template is."""
    deployed, running = deployed_version(seen), running_version(seen)
    if isinstance(seen.newest, Unread):
        return unseen("version", seen.newest)
    if not status.exists(seen.stack.status) or not seen.newest:
        return Result("version", SKIP, "Nothing to compare.")
    if not deployed and not running:
        return Result(
            "version",
            SKIP,
            f"The stack records no release; newest in {wanted.channel} is {seen.newest}.",
            "With gitpod_api_token the runner tells its own; upgrade.yml records one.",
        )
    told = f"{_releases(deployed, running)}; newest in {wanted.channel} is {seen.newest}."
    if is_older(running, deployed):
        return Result("version", WARN, told, "Look whether its services have come up: the ECS console, and its log.")
    if not is_older(running or deployed, seen.newest):
        return Result("version", PASS, told)
    if _goes_on_by_itself(wanted, seen):
        return Result("version", PASS, f"{told} The runner goes on to it by itself, in its update window.")
    return Result("version", WARN, told, "Upgrade with upgrade.yml.")


# Days after which a runner that updates itself has had its window. It goes on only where the infrastructure's version
# fits (vendor's page on updates), so one that is still behind needs a newer template.
_OWN_TIME = 7


def _goes_on_by_itself(wanted: Wanted, seen: Seen) -> bool:
    """Whether the runner's updater has not had the time yet; the newest release tells the day of its publication."""
    runner, day = seen.runner, str(seen.newest)[:8]
    if not isinstance(runner, Phase) or not runner.updates_itself or runner.channel != wanted.channel:
        return False
    return day > f"{seen.now - datetime.timedelta(days=_OWN_TIME):%Y%m%d}"


def _releases(deployed: str, running: str) -> str:
    """What runs and what the stack has, once where they are the same."""
    if not running or running == deployed:
        return deployed
    if not deployed:
        return f"The runner runs {running}, its stack records none"
    itself = "has updated itself to" if is_older(deployed, running) else "runs"
    return f"The runner {itself} {running}, its stack's template is of {deployed}"


def _drift(wanted: Wanted, seen: Seen) -> Result:
    if isinstance(seen.drift, Unread):
        return unseen("drift", seen.drift)
    if seen.drift is None:
        told = "Not asked for." if wanted.drift == "skip" else "Not looked at while there is no finished stack."
        return Result("drift", SKIP, told)
    # Somebody may have compared long ago; what came after it is not in the verdict.
    when = f" when AWS last compared ({seen.drift['compared']})" if wanted.drift == "last" else ""
    if seen.drift["status"] == "IN_SYNC":
        return Result("drift", PASS, f"Nothing was changed by others{when}.")
    if seen.drift["status"] == drift.NOT_CHECKED:
        return Result("drift", SKIP, "AWS has never compared this stack with its template.", DETECT)
    partial = seen.drift.get("incomplete", "")
    if seen.drift["status"] != drift.DRIFTED and partial:
        told = f"AWS could not compare everything: {partial}; of what it compared nothing was changed by others."
        return Result("drift", WARN, told, PARTIAL)
    if seen.drift["status"] != drift.DRIFTED:
        return Result("drift", SKIP, f"Unknown to AWS ({seen.drift['status']}).", DETECT)
    updated = [resource for resource in seen.drift["resources"] if of_the_updater(resource, seen)]
    others = [resource for resource in seen.drift["resources"] if resource not in updated]
    own = f"The runner's updater: {'; '.join(map(_drifted, updated))}" if updated else ""
    more = f" AWS could not compare everything: {partial}." if partial else ""
    if updated and not others:
        told = f"{own}. That is its work, and nothing to undo{when}.{more}"
        return Result("drift", WARN, told, PARTIAL) if partial else Result("drift", PASS, told)
    listed = "; ".join(map(_drifted, others))
    also = f" {own}, which is nothing to undo." if own else ""
    return Result(
        "drift", WARN, f"Changed by others{when}: {listed}.{also}{more}", "Undo it, or take it over in the template."
    )


# What the updater changes: it registers a task definition and points the services to it (vendor's page on updates).
_SERVICE, _TASK = "AWS::ECS::Service", "AWS::ECS::TaskDefinition"


def of_the_updater(resource: t.Mapping[str, t.Any], seen: Seen) -> bool:
    """Whether a resource differs as the runner's updater leaves it.

    Where it is known that the runner runs its stack's release, or that it does not update itself and runs nothing
    newer, it was somebody else.
    """
    properties = {entry["property"].strip("/").split("/")[0] for entry in resource["differences"]}
    if resource["type"] == _SERVICE:
        alike = resource["status"] == "MODIFIED" and properties == {"TaskDefinition"}
    else:
        # A revision that a newer one has replaced may be deregistered.
        alike = resource["type"] == _TASK and resource["status"] == "DELETED"
    deployed, running = deployed_version(seen), running_version(seen)
    return alike and not (deployed and running and not is_older(deployed, running))


def _drifted(resource: t.Mapping[str, t.Any]) -> str:
    names = ", ".join(entry["property"] for entry in resource["differences"])
    return f"{resource['logical_id']} ({resource['type']}) {names or resource['status'].lower()}"


def _certificate(wanted: Wanted, seen: Seen) -> Result:
    found = seen.certificate
    if isinstance(found, Unread):
        return unseen("certificate", found)
    if found is None:
        return Result("certificate", SKIP, "The stack names no certificate of ACM.")
    days = found.days_left(seen.now)
    fix = "Renew it: ACM renews by itself while the validation records exist and the certificate is in use."
    if found.status != "ISSUED" or days is None:
        return Result("certificate", FAIL, f"{found.arn} is {found.status}.", fix)
    if days < 0:
        return Result("certificate", FAIL, f"{found.arn} ended {-days} days ago.", fix)
    if days < wanted.certificate_days:
        return Result("certificate", WARN, f"{days} days left{_renewal(found)}.", fix)
    return Result("certificate", PASS, f"{days} days left.")


def _renewal(found: Certificate) -> str:
    return f", renewal {found.renewal.lower().replace('_', ' ')}" if found.renewal else ""


def _endpoint(wanted: Wanted, seen: Seen) -> Result:
    if not wanted.endpoint:
        return Result("endpoint", SKIP, "This runner has none.")
    if isinstance(seen.endpoints, Unread):
        return unseen("endpoint", seen.endpoints)
    if seen.endpoints is None:
        return Result("endpoint", SKIP, "No VPC is known to look for it (gitpod_vpc_id).")
    if not seen.endpoints:
        return Result("endpoint", FAIL, "There is no endpoint to the management plane.", "Run site.yml.")
    best = min(seen.endpoints, key=lambda endpoint: privatelink.stage(endpoint.state) != privatelink.AVAILABLE)
    stage = privatelink.stage(best.state)
    told = f"{best.id} is {best.state}" + (f": {best.reason}" if best.reason else "") + "."
    if stage == privatelink.AVAILABLE:
        return Result("endpoint", PASS, told)
    if stage == privatelink.WAITING:
        return Result("endpoint", WARN, told, "Look again later.")
    fix = "Ask Gitpod to accept it." if stage == privatelink.ACCEPTANCE else "Run site.yml, which replaces it."
    return Result("endpoint", FAIL, told, fix)


def _of_checks(area: str, seen: Seen) -> Result:
    if isinstance(seen.checks, Unread):
        return unseen(area, seen.checks)
    mine = [check for check in seen.checks or () if check.identifier.startswith(_CHECKS[area])]
    if not mine:
        return Result(
            area, SKIP, "No domain name is known: neither the inventory nor the stack has one (gitpod_domain_name)."
        )
    worst = max(mine, key=lambda check: _RANK[check.status])
    if worst.status in (PASS, SKIP):
        told = {"dns": "Both names lead to the load balancer.", "health": "Both names answer /_health."}
        hidden = worst.status == SKIP and any(check.unverifiable for check in mine)
        return Result(area, worst.status, told[area] if worst.status == PASS else worst.summary, unverifiable=hidden)
    bad = [check for check in mine if check.status == worst.status]
    fixes = " ".join(dict.fromkeys(check.remediation for check in bad))
    return Result(area, worst.status, " ".join(check.summary for check in bad), fixes)


def _phase(wanted: Wanted, seen: Seen) -> Result:
    found = seen.runner
    if isinstance(found, Unread):
        return unseen("phase", found)
    if found is None:
        told = "No API token is set (gitpod_api_token)." if wanted.runner_id else "No runner ID is known."
        return Result("phase", SKIP, told)
    told = f"The runner is {found.phase}" + (f": {found.message}" if found.message else "") + "."
    if found.phase == "active":
        return Result("phase", PASS, told)
    return Result("phase", FAIL, told, "Look into the runner's log; docs/fleet.md names the usual causes.")
