# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one self-contained HTML page. Pure: summaries in, text out; every value is escaped.

No script, no font and no image is fetched, and none is needed: the page is read from a controller's artifacts, an
e-mail or a ticket. State is told by a sign and a word, never by colour alone.
"""

from __future__ import annotations

import html
import typing as t

STYLE = """
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--text:#1b1f24;--quiet:#5b6470;--line:#d9dee5;
--good:#1a7f4b;--bad:#b42318;--care:#8a5a00;--bar:#3b6fd4;--bar-bad:#d0433a}
@media (prefers-color-scheme:dark){:root{--page:#12151a;--card:#1b2027;--text:#e6e9ee;--quiet:#9aa4b2;--line:#333b46;
--good:#4cc38a;--bad:#ff8a80;--care:#e8b44f;--bar:#6b9bff;--bar-bad:#ff7a70}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}
main{max-width:76rem;margin:0 auto;padding:1.25rem}
h1{font-size:1.4rem;margin:.25rem 0}h2{font-size:1.1rem;margin:0}h3{font-size:.95rem;margin:1.1rem 0 .35rem}
p{margin:.25rem 0}.quiet{color:var(--quiet)}
section,.runner{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem;margin:1rem 0}
.counts{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;margin:.6rem 0 0;padding:0;list-style:none}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--quiet);font-size:.85rem}td{overflow-wrap:anywhere}
th[scope=row]{width:16rem}
.checks td:nth-child(1){width:8rem}.checks td:nth-child(2){width:13rem}
.good{color:var(--good)}.bad{color:var(--bad)}.care{color:var(--care)}.state{font-weight:600;white-space:nowrap}
code{font:13px/1.45 ui-monospace,monospace;user-select:all;overflow-wrap:anywhere}
summary{cursor:pointer;display:flex;flex-wrap:wrap;gap:.25rem .8rem;align-items:baseline;list-style:none}
summary::before{content:"\\25b8";color:var(--quiet)}details[open]>summary::before{content:"\\25be"}
.failure{border-left:4px solid var(--bad);padding:.3rem .8rem;margin:.8rem 0}
.failure h3{margin:.2rem 0}.failure p{white-space:pre-wrap;overflow-wrap:anywhere}
.timeline{font-size:.8rem}
.row{display:grid;grid-template-columns:minmax(8rem,16rem) 1fr 4rem;gap:.6rem;align-items:center}
.row span:first-child{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.track{height:.7rem;position:relative;background:color-mix(in srgb,var(--line) 45%,transparent);border-radius:.2rem}
.track i{position:absolute;top:0;bottom:0;min-width:2px;background:var(--bar);border-radius:.2rem}
.track i.bad{background:var(--bar-bad)}
.row span:last-child{text-align:right;font-variant-numeric:tabular-nums}
@media (max-width:40rem){main{padding:.6rem}.wide thead{display:none}.wide tr{display:block;padding:.5rem 0;
border-bottom:1px solid var(--line)}.wide td{display:grid;grid-template-columns:7.5rem 1fr;border:0;padding:.1rem 0}
.wide td::before{content:attr(data-name);color:var(--quiet)}.row{grid-template-columns:7rem 1fr 3.2rem}
.wide.checks td{width:auto}th[scope=row]{width:9rem}}
"""
_STATES = {
    "pass": ("good", "\u2713", "passed"),
    "fail": ("bad", "\u2717", "failed"),
    "warn": ("care", "!", "warning"),
    "skip": ("quiet", "\u2013", "skipped"),
}


def escape(value: t.Any) -> str:
    """Text of a value, safe between tags and inside quoted attributes; control characters are dropped."""
    text = "".join(character for character in str(value) if character.isprintable() or character == "\n")
    return html.escape(text, quote=True)


def state(status: str, word: str = "") -> str:
    """A sign, a word and a colour."""
    css, sign, usual = _STATES.get(status, _STATES["skip"])
    return f'<span class="state {css}"><span aria-hidden="true">{sign}</span> {escape(word or usual)}</span>'


def overall(runner: t.Mapping[str, t.Any]) -> str:
    """One status of a runner: failed, verified, or not verified in this run."""
    if runner.get("failure"):
        return "fail"
    healthy = (runner.get("verification") or {}).get("healthy")
    return {True: "pass", False: "fail"}.get(healthy, "skip") if isinstance(healthy, bool) else "skip"


_WORDS = {"pass": "verified", "fail": "failed", "skip": "not verified"}


def page(runners: t.Sequence[t.Mapping[str, t.Any]], rows: t.Sequence[t.Mapping[str, str]], title: str) -> str:
    """The whole page.

    :param runners: summaries, one a runner, in the order of the page.
    :param rows: the same runners' cells of the fleet's table.
    :param title: heading of the page, such as the time of the run.
    """
    counts = [(status, sum(overall(runner) == status for runner in runners)) for status in _WORDS]
    listed = "".join(f"<li>{state(status, f'{number} {_WORDS[status]}')}</li>" for status, number in counts if number)
    details = "".join(_runner(runner) for runner in runners)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Gitpod Enterprise AWS Runners</title><style>{STYLE}</style></head><body><main>"
        f'<h1>Gitpod Enterprise AWS Runners</h1><p class="quiet">{escape(title)}</p><ul class="counts">{listed}</ul>'
        f"<section><h2>Fleet</h2>{_overview(runners, rows)}</section>{details}</main></body></html>\n"
    )


def _overview(runners: t.Sequence[t.Mapping[str, t.Any]], rows: t.Sequence[t.Mapping[str, str]]) -> str:
    columns = list(rows[0]) if rows else []
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in [*columns, "state"])
    body = ""
    for runner, row in zip(runners, rows):
        cells = "".join(f'<td data-name="{escape(name)}">{escape(row[name] or chr(8211))}</td>' for name in columns)
        status = overall(runner)
        body += f'<tr>{cells}<td data-name="state">{state(status, _WORDS[status])}</td></tr>'
    return f'<table class="wide"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _runner(runner: t.Mapping[str, t.Any]) -> str:
    status = overall(runner)
    opened = " open" if status == "fail" else ""
    parts = [
        _failure(runner.get("failure") or {}),
        _checks((runner.get("verification") or {}).get("checks") or []),
        _facts("Outputs of the stack", (runner.get("stack") or {}).get("outputs") or {}),
        _facts("Load balancer", runner.get("load_balancer") or {}),
        _records((runner.get("dns") or {}).get("records") or []),
        _timeline((runner.get("stack") or {}).get("timeline") or []),
    ]
    return (
        f'<details class="runner"{opened}><summary><h2>{escape(runner.get("runner", ""))}</h2>'
        f'<span class="quiet">{escape(runner.get("region", ""))}</span>{state(status, _WORDS[status])}</summary>'
        f"{''.join(parts)}</details>"
    )


def _failure(failure: t.Mapping[str, t.Any]) -> str:
    if not failure:
        return ""
    return (
        f'<div class="failure"><h3>{escape(failure.get("task", "A stage"))} failed</h3>'
        f"<p>{escape(failure.get('message', ''))}</p></div>"
    )


def _checks(checks: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    if not checks:
        return ""
    order = {"fail": 0, "warn": 1, "pass": 2, "skip": 3}
    body = ""
    for check in sorted(checks, key=lambda item: order.get(str(item.get("status")), 4)):
        remedy = check.get("remediation")
        advice = f'<br><span class="quiet">{escape(remedy)}</span>' if remedy else ""
        body += (
            f'<tr><td data-name="state">{state(str(check.get("status")))}</td>'
            f'<td data-name="check">{escape(check.get("id", ""))}</td>'
            f'<td data-name="found"><span>{escape(check.get("summary", ""))}{advice}</span></td></tr>'
        )
    head = '<thead><tr><th scope="col">state</th><th scope="col">check</th><th scope="col">found</th></tr></thead>'
    return f'<h3>Verification</h3><table class="wide checks">{head}<tbody>{body}</tbody></table>'


def _facts(title: str, values: t.Mapping[str, t.Any]) -> str:
    if not values:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td><code>{escape(value)}</code></td></tr>'
        for name, value in sorted(values.items())
    )
    return f"<h3>{escape(title)}</h3><table><tbody>{rows}</tbody></table>"


def _records(records: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    values = {
        f"{record.get('name', '')} {record.get('type', '')}": record.get("value") or record.get("values") or ""
        for record in records
    }
    return _facts("DNS records", values)


def _timeline(timeline: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """A waterfall of resources: C(start) and C(end) in seconds since the operation began."""
    total = max((float(entry["end"]) for entry in timeline), default=0.0)
    if total <= 0:
        return ""
    rows = ""
    for entry in sorted(timeline, key=lambda item: (float(item["start"]), float(item["end"]))):
        start, end = float(entry["start"]), float(entry["end"])
        failed = "bad" if str(entry.get("status", "")).endswith("FAILED") else ""
        name = escape(entry.get("resource", ""))
        rows += (
            f'<div class="row"><span title="{name} {escape(entry.get("type", ""))}">{name}</span>'
            f'<span class="track"><i class="{failed}" style="left:{100 * start / total:.2f}%;'
            f'width:{100 * (end - start) / total:.2f}%"></i></span><span>{end - start:.0f} s</span></div>'
        )
    return f'<h3>What took the time</h3><div class="timeline">{rows}</div>'
