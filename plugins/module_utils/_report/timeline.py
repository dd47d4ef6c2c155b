# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What took the time: a stack's resources as a waterfall, and the stacks of a fleet beside each other. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Runner, counted, number
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

# Distances between marks of the axis, in seconds; the first that gives at most MOST_MARKS is taken.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200)
MOST_MARKS = 6
# A chart shows the longest of many lines at once and the others on demand.
SHOWN = 16
FAILED, SO_FAR = "failed", "so far"
# Where a mark's label, in its middle, would go beyond the axis; of the axis's length.
LATE = 0.9
MINUTE, HOUR = 60, 3600


@dataclasses.dataclass(frozen=True)
class Mark:
    """A label of the axis.

    :param at: where, in percent of the axis.
    :param kind: C(minor) may be left out where there is little room, C(late) ends where it stands; or empty.
    """

    label: str
    at: float
    kind: str


@dataclasses.dataclass(frozen=True)
class Bar:
    """One line of a chart.

    :param left: where it begins, in percent of the axis.
    :param width: likewise.
    :param took: how long, in words.
    :param outcome: C(failed), C(so far), or empty.
    """

    name: str
    kind: str
    title: str
    left: float
    width: float
    took: str
    outcome: str


@dataclasses.dataclass(frozen=True)
class Chart:
    """Bars over one axis.

    :param told: the chart in a sentence; may be empty.
    :param tick: between two marks, in percent of the axis.
    :param more: bars that are shown on demand, and C(more_told) of them in words.
    """

    told: str
    marks: tuple[Mark, ...]
    tick: float
    bars: tuple[Bar, ...]
    more: tuple[Bar, ...] = ()
    more_told: str = ""


@dataclasses.dataclass(frozen=True)
class _Span:
    name: str
    kind: str
    status: str
    start: float
    end: float

    @property
    def took(self) -> float:
        return max(0.0, self.end - self.start)

    @property
    def outcome(self) -> str:
        """What a bar's colour alone would not tell; what is rolled back has failed."""
        if self.status.endswith("FAILED") or "ROLLBACK" in self.status:
            return FAILED
        return SO_FAR if self.status.endswith("IN_PROGRESS") else ""


def duration(seconds: float) -> str:
    """Seconds as a person says them: 8 s, 2 min 5 s, 1 h 3 min."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min" + (f" {whole % MINUTE} s" if whole % MINUTE else "")
    return f"{whole // HOUR} h" + (f" {whole % HOUR // MINUTE} min" if whole % HOUR // MINUTE else "")


def about(seconds: float) -> str:
    """Seconds in few characters: from ten minutes on, in whole minutes."""
    return duration(seconds) if seconds < 10 * MINUTE else duration(round(seconds / MINUTE) * MINUTE)


def step_of(total: float) -> float:
    """Seconds between two marks of an axis."""
    return next((float(step) for step in _STEPS if total / step <= MOST_MARKS), total / MOST_MARKS)


def waterfall(timeline: t.Sequence[t.Mapping[str, t.Any]]) -> Chart | None:
    """A stack's resources; what failed and what took longest at once, in the order in which they began.

    :param timeline: C(start) and C(end) in seconds since the operation began.
    """
    spans = [_span(entry) for entry in timeline]
    total = max((span.end for span in spans), default=0.0)
    if total <= 0:
        return None
    longest = sorted(spans, key=lambda span: (span.outcome != FAILED, -span.took))
    top = max(spans, key=lambda span: span.took)
    took = "has taken" if top.outcome == SO_FAR else "took"
    told = f"{top.name} {took} {duration(top.took)} of {duration(total)}. {counted(len(spans), 'resource')}."
    return _chart(longest, total, told, by_time=True)


def fleet_chart(runners: t.Sequence[Runner]) -> Chart | None:
    """How long each stack took, the longest first, when more than one was deployed."""
    spans = [
        _Span(runner.name, runner.region, clean(runner.document["stack"].get("status") or ""), 0.0, runner.took)
        for runner in runners
        if runner.took
    ]
    if len(spans) < 2:  # noqa: PLR2004
        return None
    spans.sort(key=lambda span: -span.took)
    return _chart(spans, spans[0].took, "", by_time=False)


def _span(entry: t.Mapping[str, t.Any]) -> _Span:
    return _Span(
        name=clean(entry.get("resource") or ""),
        kind=clean(entry.get("type") or "").replace("AWS::", "", 1).replace("::", " "),
        status=clean(entry.get("status") or ""),
        start=number(entry.get("start")),
        end=number(entry.get("end")),
    )


def _chart(spans: t.Sequence[_Span], total: float, told: str, by_time: bool) -> Chart:
    shown, others = list(spans[:SHOWN]), list(spans[SHOWN:])
    if by_time:
        shown.sort(key=lambda span: (span.start, span.end))
        others.sort(key=lambda span: (span.start, span.end))
    longest = max((span.took for span in others), default=0.0)
    return Chart(
        told=told,
        marks=tuple(_marks(total)),
        tick=100 * step_of(total) / total,
        bars=tuple(_bar(span, total) for span in shown),
        more=tuple(_bar(span, total) for span in others),
        more_told=f"{len(others)} more, none above {duration(longest)}" if others else "",
    )


def _marks(total: float) -> t.Iterator[Mark]:
    step, index = step_of(total), 0
    while index * step <= total:
        at = index * step
        yield Mark(
            duration(at) if at else "0", 100 * at / total, "minor" if index % 2 else "late" if at > LATE * total else ""
        )
        index += 1


def _bar(span: _Span, total: float) -> Bar:
    return Bar(
        name=span.name,
        kind=span.kind,
        title=f"{span.name} {span.kind} {span.status} after {duration(span.start)}, for {duration(span.took)}",
        left=min(100.0, 100 * span.start / total),
        width=100 * span.took / total,
        took=about(span.took),
        outcome=span.outcome,
    )
