# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of a fleet as lines of text. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.wrapping import listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.areas import AREAS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.tables import fitted_table
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import (
    DOMAIN,
    REGION,
    RUNNER,
    anyones,
    brief,
    clean,
)

COLUMNS = ("region", "runner", *AREAS)
# The name tells where a runner is; "stack" is told below where it is not in order.
EXPENDABLE = ("region", "stack", "version")
# Characters of each text in an artifact.
MOST_TEXT = 240
WORDS = {"pass": "ok", "warn": "WARN", "fail": "FAIL", "skip": "-"}


def status_lines(runners: t.Sequence[t.Mapping[str, t.Any]], width: int | None = None) -> list[str]:
    """A line a runner, by region and name, and below what is not as it should be, with what to do.

    :param runners: each with C(region), C(runner), C(domain), and C(status), the result of the module, or C(failure), a
        message.
    :param width: of the terminal; columns that do not fit are left out.
    """
    ordered = sorted(runners, key=lambda runner: (str(runner.get("region")), str(runner.get("runner"))))
    lines = [headline(ordered), "", *fitted_table(COLUMNS, [_row(runner) for runner in ordered], width, EXPENDABLE)]
    for title, told in _alike(ordered):
        lines += ["", clean(title), *(f"  {clean(text)}" for text in told)]
    return lines


def _alike(runners: t.Sequence[t.Mapping[str, t.Any]]) -> list[tuple[str, list[str]]]:
    """Who is not as it should be, and in what; once for those whose texts differ in their own names alone."""
    groups: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}
    for runner in runners:
        told = _wrong(runner)
        if told:
            name = str(runner["runner"])
            own = {str(runner.get("region") or ""): REGION, name: RUNNER, str(runner.get("domain") or ""): DOMAIN}
            groups.setdefault(tuple(anyones(text, own) for text in told), []).append((name, told))
    found = []
    for shared, members in groups.items():
        names = [name for name, _told in members]
        found.append(members[0] if len(names) == 1 else (f"{len(names)} runners ({listed(names)})", list(shared)))
    return found


def _wrong(runner: t.Mapping[str, t.Any]) -> list[str]:
    if runner.get("failure"):
        return [f"could not look: {runner['failure']}"]
    bad = [check for check in _checks(runner) if check["status"] in ("warn", "fail") or check.get("unverifiable")]
    return [text for check in bad for text in _told(check)]


def headline(runners: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """The fleet in one line."""
    counts = [_worst(runner) for runner in runners]
    told = ", ".join(f"{counts.count(kind)} {word}" for kind, word in _KINDS if kind in counts)
    return f"{len(counts)} runner{'' if len(counts) == 1 else 's'}: {told or 'none'}"


def summary(runners: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """What a controller's artifact has of it, small: who needs attention, in what, and what to do.

    :param runners: as for C(status_lines), each with C(alerts), the areas that gitpod_status_fail_on lists.
    """
    attention = [row for runner in runners if (row := _attention(runner))]
    return {
        "runners": len(runners),
        "headline": headline(runners),
        "alerts": {str(row["runner"]): row["alerts"] for row in runners if row["alerts"] or row["failure"]},
        "attention": attention,
        "needed": bool(attention),
    }


def _attention(runner: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Of one runner; empty when all that could be seen is in order."""
    found = [check for check in _checks(runner) if check["status"] in ("warn", "fail")]
    if not found and not runner.get("failure"):
        return {}
    keys = ("id", "status", "summary", "remediation")
    row: dict[str, t.Any] = {"runner": clean(runner.get("runner", "")), "region": clean(runner.get("region", ""))}
    row["problems"] = [{key: brief(check.get(key) or "", MOST_TEXT) for key in keys} for check in found]
    return {**row, "failure": brief(runner["failure"], MOST_TEXT)} if runner.get("failure") else row


# What could not be looked at is not in order.
UNSEEN = "unseen"
_KINDS = (("fail", "failing"), ("warn", "with warnings"), (UNSEEN, "not wholly seen"), ("pass", "in order"))


def _worst(runner: t.Mapping[str, t.Any]) -> str:
    found = {check["status"] for check in _checks(runner)}
    if runner.get("failure") or "fail" in found:
        return "fail"
    if "warn" in found:
        return "warn"
    return UNSEEN if any(check.get("unverifiable") for check in _checks(runner)) else "pass"


def _checks(runner: t.Mapping[str, t.Any]) -> list[t.Mapping[str, t.Any]]:
    return list((runner.get("status") or {}).get("checks") or [])


def _word(check: t.Mapping[str, t.Any]) -> str:
    return "?" if check.get("unverifiable") else WORDS[check["status"]]


def _told(check: t.Mapping[str, t.Any]) -> list[str]:
    told = [f"{check['id']} {_word(check)}: {check['summary']}"]
    return [*told, f"  -> {check['remediation']}"] if check["remediation"] else told


def _row(runner: t.Mapping[str, t.Any]) -> dict[str, str]:
    row = {"region": str(runner.get("region", "")), "runner": str(runner.get("runner", ""))}
    if runner.get("failure"):
        return {**row, "stack": "UNKNOWN"}
    facts = _facts(runner.get("status") or {})
    for check in _checks(runner):
        word, fact = _word(check), facts.get(check["id"], "")
        row[check["id"]] = f"{word} {fact}" if fact and word.isupper() else fact or word
    return row


def _version(found: t.Mapping[str, t.Any]) -> str:
    """What runs, and beside it the stack's release where that is another."""
    deployed, running = (str(found.get(key) or "") for key in ("deployed", "running"))
    return f"{running} (stack {deployed or 'not recorded'})" if running and running != deployed else deployed


def _facts(found: t.Mapping[str, t.Any]) -> dict[str, str]:
    """What says more than a verdict."""
    certificate = found.get("certificate") or {}
    days = certificate.get("days_left")
    return {
        "stack": str((found.get("stack") or {}).get("status") or ""),
        "version": _version(found.get("version") or {}),
        "certificate": f"{days} days" if days is not None else "",
        "phase": str((found.get("runner") or {}).get("phase") or ""),
    }
