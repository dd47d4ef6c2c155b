# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All vantage points in one report. Pure: results of the modules in, one verdict out."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import FAIL, SKIP, evaluate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import verdict
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.vantage import CHECKS

AWS, CONTROL_NODE = "AWS", "control node"
Check = dict[str, t.Any]


def together(sources: t.Sequence[t.Mapping[str, t.Any]], required: t.Sequence[str]) -> dict[str, t.Any]:
    """The verdict on everything that was seen.

    :param sources: C(vantage) and C(result) of each look. A result without checks is a look that did not take place,
        and fails.
    """
    checks: list[Check] = []
    certificate = None
    for source in sources:
        vantage, result = str(source["vantage"]), source["result"]
        unreached = [found.as_result() for found in evaluate(CHECKS, result, None)]
        checks += [_placed(check, vantage) for check in unreached or result["checks"]]
        certificate = certificate or result.get("certificate")
    pairs = [(check["id"], check["status"]) for check in checks]
    return {
        "healthy": verdict.healthy(pairs, required),
        "checks": checks,
        "certificate": certificate,
        "missing": verdict.missing(pairs, required),
        "vantages": [str(source["vantage"]) for source in sources],
    }


def _placed(check: t.Mapping[str, t.Any], vantage: str) -> Check:
    summary = check["summary"] if vantage in (AWS, CONTROL_NODE) else f"[{vantage}] {check['summary']}"
    return {**check, "vantage": vantage, "summary": summary}


def explain(found: t.Mapping[str, t.Any], required: t.Sequence[str]) -> str:
    """Why the runner is not verified, with everything to do."""
    failed = [check for check in found["checks"] if check["status"] == FAIL and verdict.counts(check["id"], required)]
    parts = [f"The runner is not verified: {len(failed)} of {len(found['checks'])} checks failed."]
    parts += [f"[{check['id']}] {check['summary']}" for check in failed]
    unproven = [identifier for identifier in found["missing"] if identifier not in {check["id"] for check in failed}]
    if unproven:
        parts.append(f"Required, and seen to pass from nowhere: {', '.join(unproven)}.")
        own = [check for check in found["checks"] if check["id"] in unproven]
        parts += list(dict.fromkeys(check["remediation"] for check in own if check["remediation"]))
    parts += list(dict.fromkeys(check["remediation"] for check in failed if check["remediation"]))
    return " ".join(parts)


def unseen_lines(found: t.Mapping[str, t.Any]) -> list[str]:
    """What no vantage point could see, and where to look; what is the same for several checks is said once."""
    proven = {check["id"] for check in found["checks"] if check["status"] != SKIP}
    hidden = {
        check["id"]: check for check in found["checks"] if check["id"] not in proven and check.get("unverifiable")
    }
    named: dict[str, list[str]] = {}
    for identifier, check in sorted(hidden.items()):
        named.setdefault(f"{check['summary']} {check['remediation']}", []).append(identifier)
    return [f"{', '.join(identifiers)}: {text}" for text, identifiers in named.items()]


def sources(seen: t.Mapping[str, t.Any], probes: t.Sequence[t.Mapping[str, t.Any]] = ()) -> list[dict[str, t.Any]]:
    """The looks of every vantage point.

    :param seen: one runner's result of M(gitpod.enterprise_runner.runner_verification_info).
    :param probes: results of the probe hosts, each with its C(item).
    """
    found = [{"vantage": AWS, "result": seen}]
    if seen.get("network") is not None:
        found.append({"vantage": CONTROL_NODE, "result": seen["network"]})
    looks = [*(seen.get("instances") or []), *probes]
    return found + [{"vantage": probe["item"], "result": probe} for probe in looks]


def verdict_of(
    seen: t.Mapping[str, t.Any],
    required: t.Sequence[str],
    check_mode: bool,
    probes: t.Sequence[t.Mapping[str, t.Any]] = (),
) -> dict[str, t.Any]:
    """The verdict on a runner as a task's result; a failure unless in check mode, where nothing stands yet."""
    if seen.get("failed"):
        return {"failed": True, "msg": str(seen.get("msg") or "It could not be looked at")}
    if check_mode and not seen.get("exists"):
        return {"checks": []}
    found = together(sources(seen, probes), required)
    failed = {} if found["healthy"] or check_mode else {"failed": True, "msg": explain(found, required)}
    return {**found, **failed}


def told(seen: t.Mapping[str, t.Any], found: t.Mapping[str, t.Any]) -> list[str]:
    """What is shown of a runner's verification: the management plane's words, and what nobody could see."""
    runner = seen.get("runner")
    lines = unseen_lines(found) if found.get("checks") else []
    if runner:
        message = f", {runner['message']}" if runner.get("message") else ""
        lines.insert(0, f"{runner['phase']}, version {runner.get('version') or 'unknown'}{message}")
    return lines
