# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small parts of the page: escaped text, icons, chips, durations, copy buttons."""

from __future__ import annotations

import html
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import printable

# Paths of 24 by 24 icons, drawn with strokes.
_ICONS: t.Mapping[str, str] = {
    "pass": '<path d="M5 12.5l4.5 4.5L19 7.5"/>',
    "fail": '<path d="M6.5 6.5l11 11M17.5 6.5l-11 11"/>',
    "warn": '<path d="M12 4L2.8 20h18.4z"/><path d="M12 10v4.5M12 17.4v.1"/>',
    "wait": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>',
    "skip": '<path d="M6 12h12"/>',
    "changed": '<path d="M12 5v14M5 12h14"/>',
    "turn": '<path d="M9 6l6 6-6 6"/>',
    "copy": (
        '<rect x="9" y="9" width="11" height="11" rx="2"/>'
        '<path d="M15 9V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h3"/>'
    ),
    "remedy": '<path d="M14.5 6.5a4 4 0 0 0-5.3 5.3L4 17l3 3 5.2-5.2a4 4 0 0 0 5.3-5.3L15 12l-3-3z"/>',
    "mark": '<path d="M4 17l8-11 8 11"/><path d="M9 17h6"/>',
}
# State of a runner, of a stage, or of a check: colour, icon and word. Never the colour alone.
_LOOKS: t.Mapping[str, tuple[str, str, str]] = {
    "verified": ("good", "pass", "verified"),
    "failed": ("bad", "fail", "failed"),
    "waiting": ("care", "wait", "waiting"),
    "unverified": ("off", "skip", "not verified"),
    "changed": ("good", "changed", "changed"),
    "unchanged": ("good", "pass", "unchanged"),
    "left out": ("off", "skip", "left out"),
    "not reached": ("off", "wait", "not reached"),
    "pass": ("good", "pass", "passed"),
    "fail": ("bad", "fail", "failed"),
    "warn": ("care", "warn", "warning"),
    "skip": ("off", "skip", "skipped"),
}
MINUTE, HOUR = 60, 3600


def escape(value: t.Any) -> str:
    """Text of a value, safe between tags and inside quoted attributes, and without control characters."""
    return html.escape(printable(str(value)), quote=True)


def symbols() -> str:
    """All icons once; the page refers to them."""
    listed = "".join(f'<symbol id="i-{name}" viewBox="0 0 24 24">{path}</symbol>' for name, path in _ICONS.items())
    return f'<svg width="0" height="0" style="position:absolute" aria-hidden="true">{listed}</svg>'


def icon(name: str, css: str = "") -> str:
    """A drawing beside a word, which says the same to those who do not see it."""
    return f'<svg class="icon {css}" aria-hidden="true"><use href="#i-{name}"/></svg>'


def look(state: t.Any) -> tuple[str, str, str]:
    """Colour, icon and word of a state; an unknown one looks like one that was left out."""
    return _LOOKS.get(str(state), ("off", "skip", escape(state)))


def chip(state: t.Any, word: str = "") -> str:
    """A state as a small coloured label."""
    css, drawing, usual = look(state)
    return f'<span class="chip {css}">{icon(drawing)}{word or usual}</span>'


def badge(state: t.Any) -> str:
    """A state as an icon on its colour; a word stands beside it."""
    css, drawing, _word = look(state)
    return f'<span class="badge {css}">{icon(drawing)}</span>'


def apart(*texts: t.Any) -> str:
    """Texts with a dot between them; a line ends between two rather than within one, such as at a name's hyphen."""
    given = [escape(text) for text in texts if text]
    ends = [" \u00b7"] * (len(given) - 1) + [""]
    return " ".join(f'<span class="part">{text}{end}</span>' for text, end in zip(given, ends))


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


def copy_button(value: t.Any, what: str, word: str = "Copy") -> str:
    """A button that copies the value; it shows only where scripts run."""
    return (
        f'<button type="button" class="scripted" data-copy="{escape(value)}" aria-label="{escape(f"Copy {what}")}">'
        f"{icon('copy')}<span>{escape(word)}</span></button>"
    )


def number(value: t.Any) -> float:
    """A number of a report, or zero: a style attribute takes nothing else."""
    try:
        return max(0.0, float(value))
    except (TypeError, ValueError):
        return 0.0
