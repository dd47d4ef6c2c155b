# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What took the time: a stack's resources as a waterfall, and the runners of a fleet beside each other."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html.parts import (
    about,
    duration,
    escape,
    number,
)

# Distances between marks of the axis, in seconds; the first that gives at most MOST_MARKS is taken.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200)
MOST_MARKS = 6
# A waterfall shows the longest of many resources at once and the others on demand.
SHOWN = 14
FAILED, SO_FAR = "failed", "so far"
# Where a mark's label, in its middle, would go beyond the axis; of the axis's length.
LATE = 0.9


def step_of(total: float) -> float:
    """Seconds between two marks of an axis."""
    return next((float(step) for step in _STEPS if total / step <= MOST_MARKS), total / MOST_MARKS)


def waterfall(timeline: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """A stack's resources: C(start) and C(end) in seconds since the operation began."""
    entries = [{**entry, "start": number(entry.get("start")), "end": number(entry.get("end"))} for entry in timeline]
    total = max((entry["end"] for entry in entries), default=0.0)
    if total <= 0:
        return ""
    longest = sorted(entries, key=lambda entry: entry["start"] - entry["end"])
    failed = [entry for entry in entries if _failed(entry)]
    shown = [*failed, *(entry for entry in longest if entry not in failed)][:SHOWN]
    others = [entry for entry in entries if entry not in shown]
    top = longest[0]
    took = "has taken" if _outcome(top.get("status")) == SO_FAR else "took"
    told = (
        f'<p class="quiet">{escape(top.get("resource", ""))} {took} {duration(top["end"] - top["start"])} of '
        f"{duration(total)}. {len(entries)} resource{'' if len(entries) == 1 else 's'}.</p>"
    )
    more = _more(_rows(others, total), [entry["end"] - entry["start"] for entry in others])
    return f'<h3>What took the time</h3>{told}<div class="chart">{_axis(total)}{_rows(shown, total)}{more}</div>'


def _more(rows: str, taken: t.Sequence[float]) -> str:
    """The lines that are shown on demand.

    :param taken: how long each took, in seconds.
    """
    if not taken:
        return ""
    told = f"{len(taken)} more, none above {duration(max(taken))}"
    return f'<details class="more"><summary>{told}</summary>{rows}</details>'


def _outcome(status: t.Any) -> str:
    """What a bar's colour alone would not tell: C(failed), C(so far), or empty; what is rolled back has failed."""
    text = str(status or "")
    if text.endswith("FAILED") or "ROLLBACK" in text:
        return FAILED
    return SO_FAR if text.endswith("IN_PROGRESS") else ""


def _failed(entry: t.Mapping[str, t.Any]) -> bool:
    return _outcome(entry.get("status")) == FAILED


def _axis(total: float) -> str:
    step = step_of(total)
    marks, at, index = "", 0.0, 0
    while at <= total:
        css = "minor" if index % 2 else "late" if at > LATE * total else ""
        marks += f'<span class="{css}" style="left:{100 * at / total:.2f}%">{duration(at) if at else "0"}</span>'
        at, index = at + step, index + 1
    return f'<div class="axis" aria-hidden="true"><span></span><div>{marks}</div><span></span></div>'


def _rows(entries: t.Iterable[t.Mapping[str, t.Any]], total: float) -> str:
    rows = ""
    for entry in sorted(entries, key=lambda item: (item["start"], item["end"])):
        kind = str(entry.get("type", "")).replace("AWS::", "", 1).replace("::", " ")
        rows += chart_line(
            f"<b>{escape(entry.get('resource', ''))}</b><span>{escape(kind)}</span>",
            f"{entry.get('resource', '')} {entry.get('type', '')} {entry.get('status', '')} after "
            f"{duration(entry['start'])}, for {duration(entry['end'] - entry['start'])}",
            (entry["start"], entry["end"], total),
            about(entry["end"] - entry["start"]),
            _outcome(entry.get("status")),
        )
    return rows


def chart_line(name: str, title: str, span: tuple[float, float, float], took: str, outcome: str) -> str:
    """One line of a chart.

    :param name: escaped HTML.
    :param span: beginning, end and the chart's whole length, in seconds.
    :param outcome: C(failed), C(so far), or empty.
    """
    start, end, total = span
    told = f"{took} {outcome}".strip()
    return (
        f'<div class="row"><span class="name" title="{escape(title)}">{name}</span>'
        f'<span class="track" style="--tick:{100 * step_of(total) / total:.3f}%">'
        f'<i class="{"bad" if outcome == FAILED else ""}" style="left:{100 * start / total:.2f}%;'
        f'width:{100 * max(0.0, end - start) / total:.2f}%"></i></span><span class="took">{told}</span></div>'
    )


def fleet_chart(runners: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """How long each stack took, when more than one was deployed."""
    taken = [(runner, number((runner.get("stack") or {}).get("duration"))) for runner in runners]
    taken = sorted(((runner, took) for runner, took in taken if took > 0), key=lambda pair: -pair[1])
    if len(taken) < 2:  # noqa: PLR2004
        return ""
    total = taken[0][1]
    rows = [
        chart_line(
            f"<b>{escape(runner.get('runner', ''))}</b>",
            f"{runner.get('runner', '')} {runner.get('region', '')} {duration(took)}",
            (0.0, took, total),
            about(took),
            _outcome((runner.get("stack") or {}).get("status")),
        )
        for runner, took in taken
    ]
    more = _more("".join(rows[SHOWN:]), [took for _runner, took in taken[SHOWN:]])
    shown = "".join(rows[:SHOWN])
    head = '<div class="bar"><h2>Time of the stacks</h2></div>'
    return f'{head}<div class="card chart">{_axis(total)}{shown}{more}</div>'
