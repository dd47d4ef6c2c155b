# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet as one document, as the small summary for controllers, and as messages for webhooks. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import (
    SCHEMA_VERSION,
    STATES,
    in_order,
    state_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_next import of_fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

# Signs beside the words, for channels that render no colours.
SIGNS: t.Mapping[str, str] = {"failed": "\u2717", "waiting": "\u2026", "unverified": "\u2013", "verified": "\u2713"}
# Slack cuts a section's text at 3,000 characters and a message at 50 blocks (Slack, "Block Kit reference").
SLACK_TEXT = 2900
LONGEST_REASON = 300
# Of one runner in an artifact.
MOST_PROBLEMS, MOST_CHANGES = 5, 20
SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")


@dataclasses.dataclass(frozen=True)
class Fleet:
    """Runners of one run.

    :param title: such as C(Run of 2026-11-24 17:30 UTC).
    :param generated: the time in ISO 8601.
    """

    runners: tuple[t.Mapping[str, t.Any], ...]
    title: str
    generated: str = ""

    @classmethod
    def of(cls, runners: t.Iterable[t.Mapping[str, t.Any]], title: str, generated: str = "") -> Fleet:
        """By region, then by name."""
        return cls(tuple(in_order(runners)), title, generated)

    @property
    def counts(self) -> dict[str, int]:
        """How many runners are in each state."""
        return {state: sum(state_of(runner) == state for runner in self.runners) for state in STATES}

    @property
    def headline(self) -> str:
        """The run in one line."""
        told = ", ".join(f"{count} {state}" for state, count in self.counts.items() if count)
        number = len(self.runners)
        return f"{number} runner{'' if number == 1 else 's'}: {told}" if told else "no runners"

    def document(self) -> dict[str, t.Any]:
        """What fleet.json holds (docs/report.schema.json)."""
        return {
            "schema_version": SCHEMA_VERSION,
            "title": self.title,
            "generated": self.generated,
            "counts": self.counts,
            "runners": [dict(runner) for runner in self.runners],
            "next_steps": of_fleet(self.runners),
        }

    def summary(self) -> dict[str, t.Any]:
        """The small part of it that controllers and webhooks get: no outputs, no checks, no addresses."""
        return {
            "schema_version": SCHEMA_VERSION,
            "title": self.title,
            "headline": self.headline,
            "counts": self.counts,
            # Whether anything waits for somebody: an approval, or records that somebody else adds.
            "needed": self.counts["waiting"] > 0,
            "runners": [_row(runner) for runner in self.runners],
        }


def _row(runner: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    stack, failure = runner.get("stack") or {}, runner.get("failure") or {}
    row: dict[str, t.Any] = {
        "region": clean(runner.get("region", "")),
        "runner": clean(runner.get("runner", "")),
        "state": state_of(runner),
        "stack": clean(stack.get("status") or ""),
    }
    if failure:
        row["task"] = shortened(str(failure.get("task", "")), LONGEST_REASON)
        row["reason"] = shortened(str(failure.get("message", "")), LONGEST_REASON)
    problems = [_problem(check) for check in _failed_checks(runner)]
    if problems:
        row["problems"] = problems[:MOST_PROBLEMS]
    if row["state"] == "waiting":
        row.update(_waits_for(runner))
    return row


def _failed_checks(runner: t.Mapping[str, t.Any]) -> list[t.Mapping[str, t.Any]]:
    stages = (runner.get(key) or {} for key in ("prerequisites", "verification"))
    return [check for stage in stages for check in stage.get("checks") or [] if check.get("status") == "fail"]


def _problem(check: t.Mapping[str, t.Any]) -> dict[str, str]:
    keys = ("id", "summary", "remediation")
    return {key: shortened(str(check.get(key) or ""), LONGEST_REASON) for key in keys}


def _waits_for(runner: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What a runner waits for: changes that somebody approves, records that somebody adds, or AWS."""
    waiting = [str(stage.get("stage")) for stage in runner.get("stages") or [] if stage.get("state") == "waiting"]
    found: dict[str, t.Any] = {"waits_for": ", ".join(waiting)}
    changes = [shortened(str(line), LONGEST_REASON) for line in (runner.get("stack") or {}).get("changes") or []]
    if changes:
        more = [f"and {len(changes) - MOST_CHANGES} more"] if len(changes) > MOST_CHANGES else []
        found["changes"] = [*changes[:MOST_CHANGES], *more]
    records = (runner.get("dns") or {}).get("awaited_records") or []
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


def slack_message(summary: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The summary as a message for an incoming webhook of Slack, and of what is compatible with it.

    Failed and waiting runners are listed; the others are counted, so that fifty good regions stay one line.
    """
    told = [row for row in summary["runners"] if row["state"] in ("failed", "waiting")]
    lines = []
    for row in told:
        line = f"{SIGNS[row['state']]} {row['runner']} ({row['region']}) {row['state']}"
        lines.append(slack_escape(f"{line}: {row['task']}: {row['reason']}" if row.get("reason") else line))
    text = slack_escape(shortened(f"{summary['title']}: {summary['headline']}", SLACK_TEXT))
    blocks: list[dict[str, t.Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]
    page = (summary.get("report") or {}).get("page") or {}
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


def message(summary: t.Mapping[str, t.Any], kind: str, host: str) -> dict[str, t.Any]:
    """What is posted.

    :param kind: C(slack), C(json), or C(auto), which asks the receiver's host.
    """
    slack = kind == "slack" or (kind == "auto" and host.lower() in SLACK_HOSTS)
    return slack_message(summary) if slack else dict(summary)
