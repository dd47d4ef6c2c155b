# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One runner's part of the page: what failed, the stages, checks, values to copy, and what took the time."""

from __future__ import annotations

import json
import re
import typing as t
import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import (
    state_of,
    zone_file_lines,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html.parts import (
    apart,
    badge,
    chip,
    copy_button,
    duration,
    escape,
    icon,
    look,
    number,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html.timeline import waterfall

# What a step of the acceptance is shown as.
STEP_CHIPS: t.Mapping[str, str] = {"passed": "pass", "failed": "fail", "warned": "warn"}
_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
_STACK_ARN = re.compile(
    r"arn:(aws|aws-cn|aws-us-gov):cloudformation:([a-z0-9-]+):\d*:stack/[A-Za-z0-9-]+/[A-Za-z0-9-]+"
)


def domain_of(runner: t.Mapping[str, t.Any]) -> str:
    """The runner's domain, or empty while it has no records."""
    names = (runner.get("dns") or {}).get("names") or []
    return next((str(name) for name in names if not str(name).startswith("*")), "")


def words_of(runner: t.Mapping[str, t.Any]) -> str:
    """What the filter searches, as an attribute's value."""
    parts = (runner.get("runner"), runner.get("region"), state_of(runner), look(state_of(runner))[2], domain_of(runner))
    return escape(" ".join(str(part or "") for part in parts).lower())


def section(runner: t.Mapping[str, t.Any], index: int) -> str:
    """The whole part; open when it failed, because that is what a reader came for."""
    state = state_of(runner)
    stack = runner.get("stack") or {}
    took = number(stack.get("duration"))
    seen = f"as of {runner['as_of']}" if runner.get("as_of") else ""
    where = apart(runner.get("region"), domain_of(runner), seen)
    time = f'<span class="quiet time">{duration(took) if took else ""}</span>'
    parts = [
        _failure(runner.get("failure") or {}),
        _stages(runner.get("stages") or []),
        _checks(runner),
        _acceptance(runner.get("acceptance") or {}),
        _values("Outputs of the stack", stack.get("outputs") or {}),
        _resources(runner),
        _records((runner.get("dns") or {}).get("records") or []),
        waterfall(stack.get("timeline") or []),
        _console(stack),
    ]
    inside = "".join(parts) or '<p class="quiet">Nothing is known of this runner.</p>'
    return (
        f'<details class="runner" id="runner-{index}" data-words="{words_of(runner)}"'
        f"{' open' if state == 'failed' else ''}><summary>{icon('turn', 'turn')}"
        f'<h2>{escape(runner.get("runner", ""))}</h2><span class="quiet where">{where}</span>{time}{chip(state)}'
        f'</summary><div class="inside">{inside}</div></details>'
    )


def _failure(failure: t.Mapping[str, t.Any]) -> str:
    if not failure:
        return ""
    return (
        f'<div class="failure" role="alert">{icon("fail")}<strong>{escape(failure.get("task") or "A stage")} failed'
        f"</strong><p>{escape(failure.get('message', ''))}</p></div>"
    )


def _stages(stages: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    if not stages:
        return ""
    listed = ""
    for stage in stages:
        css, _icon, word = look(stage.get("state"))
        detail = f'<span class="quiet">{escape(stage["detail"])}</span>' if stage.get("detail") else ""
        listed += (
            f"<li>{badge(stage.get('state'))}<b>{escape(stage.get('stage', ''))}</b>"
            f'<span><span class="{css}">{word}</span>{"<br>" + detail if detail else ""}</span></li>'
        )
    return f'<h3>Stages</h3><ol class="steps">{listed}</ol>'


def _acceptance(acceptance: t.Mapping[str, t.Any]) -> str:
    """The steps of the proof, each with what it took."""
    steps = acceptance.get("steps") or []
    if not steps:
        return ""
    listed = ""
    for step in steps:
        took = number(step.get("seconds"))
        detail = apart(duration(took) if took else "", step.get("detail"))
        listed += (
            f"<li><span>{chip(STEP_CHIPS.get(str(step.get('state')), 'skip'))}</span>"
            f'<span class="id">{escape(step.get("step", ""))}</span><div class="found"><p>{detail}</p></div></li>'
        )
    return f'<h3>Acceptance</h3><ul class="checks">{listed}</ul>'


def _checks(runner: t.Mapping[str, t.Any]) -> str:
    """Of both stages that check; failures first."""
    order = {"fail": 0, "warn": 1, "pass": 2, "skip": 3}
    found = ""
    for title, key in (("Prerequisites", "prerequisites"), ("Verification", "verification")):
        checks = (runner.get(key) or {}).get("checks") or []
        listed = "".join(
            _check(check) for check in sorted(checks, key=lambda item: order.get(str(item.get("status")), 4))
        )
        found += f'<h3>{title}</h3><ul class="checks">{listed}</ul>' if listed else ""
    return found


def _check(check: t.Mapping[str, t.Any]) -> str:
    remedy = check.get("remediation")
    wanted = check.get("status") in ("fail", "warn") and remedy
    advice = f'<p class="remedy">{icon("remedy")}<span>{escape(remedy)}</span></p>' if wanted else ""
    return (
        f'<li><span>{chip(check.get("status"))}</span><span class="id">{escape(check.get("id", ""))}</span>'
        f'<div class="found"><p>{escape(check.get("summary", ""))}</p>{advice}</div></li>'
    )


def _values(title: str, values: t.Mapping[str, t.Any]) -> str:
    """Names and values, each to copy, and all together as JSON."""
    shown = {str(name): value for name, value in values.items() if value not in (None, "", [], {})}
    if not shown:
        return ""
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd><code>{escape(_text(value))}</code></dd>"
        f"{copy_button(_text(value), name)}</div>"
        for name, value in sorted(shown.items())
    )
    everything = copy_button(json.dumps(shown, indent=2, sort_keys=True, default=str), title, "Copy all as JSON")
    return f'<h3>{escape(title)}</h3><dl class="values">{rows}</dl><p>{everything}</p>'


def _text(value: t.Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(str(item) for item in value) if isinstance(value, (list, tuple)) else str(value)


def _resources(runner: t.Mapping[str, t.Any]) -> str:
    """What else stands in AWS and in the management plane."""
    parts = (
        ("Load balancer", "load_balancer"),
        ("Endpoint", "endpoint"),
        ("Certificate", "certificate"),
        ("Registration", "registration"),
    )
    return "".join(_values(title, runner.get(key) or {}) for title, key in parts)


def _records(records: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    if not records:
        return ""
    rows = "".join(
        f"<div><dt>{escape(record.get('name', ''))} <b>{escape(record.get('type', ''))}</b></dt>"
        f"<dd><code>{escape(record.get('value') or '')}</code></dd>"
        f"{copy_button(record.get('value') or '', str(record.get('name', '')))}</div>"
        for record in records
    )
    plain = [record for record in records if all(record.get(key) for key in ("name", "type", "value", "ttl"))]
    lines = "\n".join(zone_file_lines(plain))
    everything = f"<p>{copy_button(lines, 'the records', 'Copy as zone file')}</p>" if plain else ""
    return f'<h3>DNS records</h3><dl class="values">{rows}</dl>{everything}'


def _console(stack: t.Mapping[str, t.Any]) -> str:
    """A link to the stack in AWS's console, when its ID is one."""
    match = _STACK_ARN.fullmatch(str(stack.get("id") or ""))
    if not match:
        return ""
    query = urllib.parse.urlencode({"stackId": match[0]})
    url = f"https://{_CONSOLES[match[1]]}/cloudformation/home?region={match[2]}#/stacks/stackinfo?{query}"
    return f'<p class="console"><a href="{escape(url)}" rel="noreferrer">Open the stack in the AWS console</a></p>'
