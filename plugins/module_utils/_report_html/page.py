# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole page. Pure: a fleet in, text out; every value is escaped.

No font, no image and no script is fetched: the page is read from a controller's artifacts, an e-mail or a ticket. State
is told by an icon and a word, never by colour alone.
"""

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import state_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_fleet import Fleet, shortened
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html.parts import (
    about,
    apart,
    badge,
    escape,
    icon,
    look,
    number,
    symbols,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html.regions import place
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html.runner import (
    domain_of,
    section,
    words_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html.script import POLICY, SCRIPT
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html.style import STYLE
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html.timeline import fleet_chart
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_next import of_fleet, whom

NAME = "Gitpod Enterprise AWS Runners"
EMPTY = "This run came to no runner."
LONGEST_REASON = 220
Numbered = tuple[int, t.Mapping[str, t.Any]]


def page(fleet: Fleet) -> str:
    """The whole page."""
    numbered = list(enumerate(fleet.runners, 1))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(fleet.title)} \u2013 {NAME}</title><style>{STYLE}</style></head><body>{symbols()}"
        f'<header class="top"><span class="mark">{icon("mark")}</span><div><h1>{NAME}</h1>'
        f'<p class="quiet">{escape(fleet.title)}</p></div></header><main>{_tally(fleet)}'
        f"{_attention(numbered)}{_overview(numbered)}{fleet_chart(fleet.runners)}{_details(numbered)}"
        f"{_next_steps(fleet)}"
        "<footer>Written by the Ansible collection gitpod.enterprise_runner. This page is complete: it loads nothing "
        f"and sends nothing.</footer></main><script>{SCRIPT}</script></body></html>\n"
    )


def _next_steps(fleet: Fleet) -> str:
    """What to do next, where nothing of it is declared; a link opens only when somebody follows it."""
    steps = "".join(
        f'<li><a href="{escape(step["url"])}" rel="noreferrer">{escape(step["title"])}</a> '
        f'<span class="quiet">{escape(whom(step, len(fleet.runners)))}</span>'
        + (f" or declare <code>{escape(step['variable'])}</code>" if step.get("variable") else "")
        + "</li>"
        for step in of_fleet(fleet.runners)
    )
    return (
        f'<div class="bar"><h2>Next steps</h2></div><section class="card"><ul>{steps}</ul></section>' if steps else ""
    )


def _tally(fleet: Fleet) -> str:
    """The run at a glance: how many runners are in which state."""
    cells, shares = "", ""
    for state, count in reversed(fleet.counts.items()):
        css, drawing, word = look(state)
        if count or state in ("verified", "failed"):
            css = css if count else "off"
            cells += f'<li><b class="{css}">{count}</b><span>{icon(drawing)} {word}</span></li>'
        if count:
            shares += f'<i class="{css}" style="flex:{count}"></i>'
    regions = len({str(runner.get("region")) for runner in fleet.runners})
    slowest = max((number((runner.get("stack") or {}).get("duration")) for runner in fleet.runners), default=0.0)
    cells += f"<li><b>{regions}</b><span>region{'' if regions == 1 else 's'}</span></li>"
    if slowest:
        cells += f"<li><b>{about(slowest)}</b><span>slowest stack</span></li>"
    share = f'<div class="share" aria-hidden="true">{shares}</div>' if shares else ""
    return (
        f'<section class="card" aria-label="{escape(fleet.headline)}"><ul class="tally">{cells}</ul>{share}</section>'
    )


def _attention(numbered: t.Sequence[Numbered]) -> str:
    """What a reader has to act on, before everything else, each with its reason in a few words."""
    tiles = ""
    for index, runner in sorted(numbered, key=lambda pair: state_of(pair[1])):
        state = state_of(runner)
        reason = _reason(runner)
        if state in ("failed", "waiting"):
            css, _icon, word = look(state)
            tiles += (
                f'<a class="tile" href="#runner-{index}">{badge(state)}<strong>{escape(runner.get("runner", ""))} '
                f'<span class="quiet">{escape(runner.get("region", ""))}</span></strong><span class="word {css}">{word}'
                f'</span><span class="quiet where">{escape(shortened(reason, LONGEST_REASON))}</span></a>'
            )
    head = '<div class="bar"><h2>Needs attention</h2></div>'
    return f'{head}<div class="card attention">{tiles}</div>' if tiles else ""


def _reason(runner: t.Mapping[str, t.Any]) -> str:
    """Why a runner needs a person: the failure's message, the first check that failed, or what is waited for."""
    failure = runner.get("failure") or {}
    if failure:
        return f"{failure.get('task', '')}: {failure.get('message', '')}"
    checks = (runner.get("verification") or {}).get("checks") or []
    failed = next((check for check in checks if check.get("status") == "fail"), None)
    if failed:
        return f"{failed.get('id', '')}: {failed.get('summary', '')}"
    waiting = [str(stage.get("stage")) for stage in runner.get("stages") or [] if stage.get("state") == "waiting"]
    return f"Waiting: {', '.join(waiting)}" if waiting else ""


def _overview(numbered: t.Sequence[Numbered]) -> str:
    """A card a region with its runners, each of which leads to its part of the page."""
    if not numbered:
        return f'<div class="bar"><h2>{EMPTY}</h2></div>'
    cards = ""
    for region, group in itertools.groupby(numbered, key=lambda pair: str(pair[1].get("region", ""))):
        tiles = "".join(_tile(index, runner) for index, runner in group)
        cards += (
            f'<section class="card region"><p><b>{escape(region)}</b><span class="quiet">{escape(place(region))}</span>'
            f"</p>{tiles}</section>"
        )
    return (
        '<div class="bar"><h2>Fleet by region</h2><span class="scripted field"><input id="filter" type="search" '
        'placeholder="Filter: name, region, state" aria-label="Filter runners by name, region or state"></span></div>'
        f'<div class="regions">{cards}</div><p class="quiet" id="unmatched" role="status" hidden>No runner matches.</p>'
    )


def _details(numbered: t.Sequence[Numbered]) -> str:
    """A part of the page for each runner."""
    if not numbered:
        return ""
    return (
        '<div class="bar"><h2>Runners</h2><button type="button" class="scripted" id="toggle"><span>Open all</span>'
        f"</button></div>{''.join(section(runner, index) for index, runner in numbered)}"
    )


def _tile(index: int, runner: t.Mapping[str, t.Any]) -> str:
    state = state_of(runner)
    css, _icon, word = look(state)
    stack = runner.get("stack") or {}
    status = stack.get("status") or (f"to {stack['operation']}" if stack.get("operation") else "no stack")
    return (
        f'<a class="tile" href="#runner-{index}" data-words="{words_of(runner)}">{badge(state)}'
        f'<strong>{escape(runner.get("runner", ""))}</strong><span class="word {css}">{word}</span>'
        f'<span class="quiet where">{apart(status, domain_of(runner))}</span></a>'
    )
