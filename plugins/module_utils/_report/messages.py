# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet as the small summary for controllers, and as messages for webhooks. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import Finding
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.attention import WAITING, problems_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet, Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import SCHEMA_VERSION
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

# Signs beside the words, for channels that render no colours.
SIGNS: t.Mapping[str, str] = {"failed": "\u2717", "waiting": "\u2026", "unverified": "\u2013", "verified": "\u2713"}
# Slack cuts a section's text at 3,000 characters and a message at 50 blocks (Slack, "Block Kit reference").
SLACK_TEXT = 2900
LONGEST_REASON = 300
# Of one runner in an artifact.
MOST_PROBLEMS, MOST_CHANGES = 5, 20
SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")


def summary(fleet: Fleet) -> dict[str, t.Any]:
    """The small part of fleet.json that controllers and webhooks get: no outputs, no checks, no addresses."""
    return {
        "schema_version": SCHEMA_VERSION,
        "title": fleet.title,
        "headline": fleet.headline,
        "counts": fleet.counts,
        "checks": fleet.check_counts.as_result(),
        # Whether anything waits for somebody: an approval, or records that somebody else adds.
        "needed": fleet.counts["waiting"] > 0,
        "runners": [_row(runner) for runner in fleet.runners],
    }


def _row(runner: Runner) -> dict[str, t.Any]:
    row: dict[str, t.Any] = {
        "region": runner.region,
        "runner": runner.name,
        "state": runner.state,
        "stack": clean(runner.document["stack"].get("status") or ""),
        "release": runner.release,
    }
    if runner.failure:
        row["task"] = shortened(runner.failure.task, LONGEST_REASON)
        row["reason"] = shortened(runner.failure.message, LONGEST_REASON)
    failed = problems_of(runner)
    if failed:
        row["problems"] = [_problem(finding) for finding in failed[:MOST_PROBLEMS]]
    if runner.state == WAITING:
        row.update(_waits_for(runner))
    return row


def _problem(finding: Finding) -> dict[str, str]:
    told = {"id": finding.id, "summary": finding.summary, "remediation": finding.remediation}
    return {key: shortened(text, LONGEST_REASON) for key, text in told.items()}


def _waits_for(runner: Runner) -> dict[str, t.Any]:
    """What a runner waits for: changes that somebody approves, records that somebody adds, or AWS."""
    waiting = [stage.name for stage in runner.stages if stage.state == WAITING]
    found: dict[str, t.Any] = {"waits_for": ", ".join(waiting)}
    changes = [shortened(str(line), LONGEST_REASON) for line in runner.document["stack"].get("changes") or []]
    if changes:
        more = [f"and {len(changes) - MOST_CHANGES} more"] if len(changes) > MOST_CHANGES else []
        found["changes"] = [*changes[:MOST_CHANGES], *more]
    records = runner.document["dns"].get("awaited_records") or []
    if records:
        found["records"] = [{key: record.get(key) for key in ("name", "type", "value", "ttl")} for record in records]
    return found


def shortened(text: str, length: int) -> str:
    """One printable line of at most that many characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= length else f"{line[: length - 3]}..."


def slack_escape(text: str) -> str:
    """Text that Slack takes for text: its three control characters are written as it asks."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def slack_message(small: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The summary as a message for an incoming webhook of Slack, and of what is compatible with it.

    Failed and waiting runners are listed; the others are counted, so that fifty good regions stay one line.
    """
    told = [row for row in small["runners"] if row["state"] in ("failed", "waiting")]
    lines = []
    for row in told:
        line = f"{SIGNS[row['state']]} {row['runner']} ({row['region']}) {row['state']}"
        lines.append(slack_escape(f"{line}: {row['task']}: {row['reason']}" if row.get("reason") else line))
    text = slack_escape(shortened(f"{small['title']}: {small['headline']}", SLACK_TEXT))
    blocks: list[dict[str, t.Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]
    page = (small.get("report") or {}).get("page") or {}
    link = page.get("url") or page.get("uri")
    if link:
        lines.insert(0, slack_escape(f"Report: {link}"))
    body = _fitting(lines)
    if body:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": body}})
    return {"text": text, "blocks": blocks}


def _fitting(lines: t.Sequence[str]) -> str:
    """As many whole lines as one section takes, and how many are left out."""
    kept: list[str] = []
    for index, line in enumerate(lines):
        if sum(len(each) + 1 for each in kept) + len(line) > SLACK_TEXT:
            return "\n".join([*kept, f"... and {len(lines) - index} more"])
        kept.append(line)
    return "\n".join(kept)


def message(small: t.Mapping[str, t.Any], kind: str, host: str) -> dict[str, t.Any]:
    """What is posted.

    :param kind: C(slack), C(json), or C(auto), which asks the receiver's host.
    """
    slack = kind == "slack" or (kind == "auto" and host.lower() in SLACK_HOSTS)
    return slack_message(small) if slack else dict(small)
