# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page's templates ask for: looks of states, values to copy, links. Pure; the templates escape."""

from __future__ import annotations

import json
import re
import typing as t
import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import Counts, Finding
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.records import zone_file_lines

# Paths of 24 by 24 icons, drawn with strokes.
ICONS: t.Mapping[str, str] = {
    "pass": '<path d="M5 12.5l4.5 4.5L19 7.5"/>',
    "fail": '<path d="M6.5 6.5l11 11M17.5 6.5l-11 11"/>',
    "warn": '<path d="M12 4L2.8 20h18.4z"/><path d="M12 10v4.5M12 17.4v.1"/>',
    "wait": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>',
    "skip": '<path d="M6 12h12"/>',
    "unseen": '<path d="M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.4v.1"/>',
    "changed": '<path d="M12 5v14M5 12h14"/>',
    "turn": '<path d="M9 6l6 6-6 6"/>',
    "copy": '<rect x="9" y="9" width="11" height="11" rx="2"/>'
    '<path d="M15 9V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h3"/>',
    "remedy": '<path d="M14.5 6.5a4 4 0 0 0-5.3 5.3L4 17l3 3 5.2-5.2a4 4 0 0 0 5.3-5.3L15 12l-3-3z"/>',
    "mark": '<path d="M4 17l8-11 8 11"/><path d="M9 17h6"/>',
}


class Look(t.NamedTuple):
    """How a state is shown: never by the colour alone."""

    css: str
    icon: str
    word: str


# State of a runner, of a stage, or kind of a finding.
_LOOKS: t.Mapping[str, Look] = {
    "verified": Look("good", "pass", "verified"),
    "failed": Look("bad", "fail", "failed"),
    "waiting": Look("care", "wait", "waiting"),
    "unverified": Look("off", "skip", "not verified"),
    "changed": Look("good", "changed", "changed"),
    "unchanged": Look("good", "pass", "unchanged"),
    "passed": Look("good", "pass", "passed"),
    "warning": Look("care", "warn", "warning"),
    "warnings": Look("care", "warn", "warning"),
    "unverifiable": Look("off", "unseen", "not verifiable"),
    "not_made": Look("off", "skip", "not made"),
    "warned": Look("care", "warn", "warning"),
    "left out": Look("off", "skip", "left out"),
    "not reached": Look("off", "wait", "not reached"),
}
_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
_STACK_ARN = re.compile(
    r"arn:(aws|aws-cn|aws-us-gov):cloudformation:([a-z0-9-]+):\d*:stack/[A-Za-z0-9-]+/[A-Za-z0-9-]+"
)


def look(state: str) -> Look:
    """How a state looks; an unknown one like one that was left out, under its own name."""
    return _LOOKS.get(state, Look("off", "skip", state))


def words(runner: Runner) -> str:
    """What the filter searches."""
    parts = (runner.name, runner.region, runner.state, look(runner.state).word, runner.domain, runner.release)
    return " ".join(parts).lower()


def phrase(checks: t.Iterable[Finding]) -> str:
    """Findings counted, in words."""
    return Counts.of(checks).phrase()


def of_kind(checks: t.Iterable[Finding], *kinds: str) -> list[Finding]:
    """The findings of these kinds, in the order of the kinds."""
    listed = list(checks)
    return [finding for kind in kinds for finding in listed if finding.kind == kind]


def values_of(values: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Names and values as text, by name; without what is empty."""
    shown = {str(name): value for name, value in values.items() if value not in (None, "", [], {})}
    return {name: _text(value) for name, value in sorted(shown.items())}


def as_json(values: t.Mapping[str, t.Any]) -> str:
    """The same as JSON, to copy."""
    shown = {str(name): value for name, value in values.items() if value not in (None, "", [], {})}
    return json.dumps(shown, indent=2, sort_keys=True, default=str)


def zone_file(records: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    """The records that a zone file can have, as lines of one; empty without any."""
    return "\n".join(
        zone_file_lines([one for one in records if all(one.get(key) for key in ("name", "type", "value", "ttl"))])
    )


def console(stack: t.Mapping[str, t.Any]) -> str:
    """A link to the stack in AWS's console when its ID is one, else empty."""
    match = _STACK_ARN.fullmatch(str(stack.get("id") or ""))
    if not match:
        return ""
    query = urllib.parse.urlencode({"stackId": match[0]})
    return f"https://{_CONSOLES[match[1]]}/cloudformation/home?region={match[2]}#/stacks/stackinfo?{query}"


def _text(value: t.Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(str(item) for item in value) if isinstance(value, (list, tuple)) else str(value)
