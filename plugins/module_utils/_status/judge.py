# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was seen to one verdict an area. Pure."""

from __future__ import annotations

import re
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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import VERSION_TAG
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
DETECT = "Let it compare: gitpod_status_drift: detect."
_RANK = {FAIL: 3, WARN: 2, PASS: 1, SKIP: 0}


def order(version: str) -> tuple[int, ...]:
    """A release version as numbers, so that C(20260115.10) is newer than C(20260115.9)."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


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
    """The release that the stack's tags record, or else the one that the runner reports, or empty."""
    tagged = seen.stack.tags.get(VERSION_TAG, "")
    return tagged or (seen.runner.version if isinstance(seen.runner, Phase) else "")


def _version(wanted: Wanted, seen: Seen) -> Result:
    deployed = deployed_version(seen)
    if isinstance(seen.newest, Unread):
        return unseen("version", seen.newest)
    if not status.exists(seen.stack.status) or not seen.newest:
        return Result("version", SKIP, "Nothing to compare.")
    if not deployed:
        return Result(
            "version",
            SKIP,
            f"The stack records no release; newest in {wanted.channel} is {seen.newest}.",
            "Deploy with gitpod_stack_release_version or gitpod_stack_release_channel, which records it.",
        )
    if order(deployed) < order(seen.newest):
        return Result(
            "version", WARN, f"{deployed}; newest in {wanted.channel} is {seen.newest}.", "Upgrade with upgrade.yml."
        )
    return Result("version", PASS, f"{deployed}, the newest in {wanted.channel} is {seen.newest}.")


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
        return Result("drift", WARN, told, "It compares with the caller's own rights: allow what AWS names.")
    if seen.drift["status"] != drift.DRIFTED:
        return Result("drift", SKIP, f"Unknown to AWS ({seen.drift['status']}).", DETECT)
    listed = "; ".join(_drifted(resource) for resource in seen.drift["resources"])
    more = f" AWS could not compare everything: {partial}." if partial else ""
    return Result(
        "drift", WARN, f"Changed by others{when}: {listed}.{more}", "Undo it, or take it over in the template."
    )


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
        return Result(area, SKIP, "No domain name is known (gitpod_domain_name).")
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
