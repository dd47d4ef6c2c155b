# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small parts of the page."""

from __future__ import annotations

TEMPLATE = """\
{# Small parts: every value is escaped by autoescape. #}
{% macro icon(name, css="") -%}
<svg class="icon {{ css }}" aria-hidden="true"><use href="#i-{{ name }}"/></svg>
{%- endmacro %}

{% macro chip(state) -%}
{% set found = look(state) %}
<span class="chip {{ found.css }}">{{ icon(found.icon) }}{{ found.word }}</span>
{%- endmacro %}

{% macro badge(state) -%}
{% set found = look(state) %}
<span class="badge {{ found.css }}">{{ icon(found.icon) }}</span>
{%- endmacro %}

{# Texts with a dot between; a line ends between two rather than within one, such as at a name's hyphen. #}
{% macro apart(texts) -%}
{% for text in texts | select -%}
<span class="part">{{ text }}{{ "" if loop.last else " ·" }}</span>{{ "" if loop.last else " " }}
{%- endfor %}
{%- endmacro %}

{# A name that fits a cell is not broken at its hyphens; a status may be at its underscores. #}
{% macro whole(text) -%}
<span{{ ' class="whole"' | safe if text | length <= 24 else "" }}>{{ text }}</span>
{%- endmacro %}

{# A domain is broken at its dots rather than at a hyphen. #}
{% macro dotted(text) -%}
{% for label in text.split(".") -%}
<span{{ ' class="whole"' | safe if label | length <= 24 else "" }}>{{ label }}{{ "" if loop.last else "." }}</span>
{{- "" if loop.last else "<wbr>" | safe }}
{%- endfor %}
{%- endmacro %}

{% macro parted(text) -%}
{{ text.split("_") | join("_<wbr>" | safe) }}
{%- endmacro %}

{% macro copy(value, what, word="Copy") -%}
<button type="button" class="scripted" data-copy="{{ value }}" aria-label="Copy {{ what }}">
{{- icon("copy") }}<span>{{ word }}</span></button>
{%- endmacro %}

{% macro remedy(text) -%}
{% if text %}<p class="remedy">{{ icon("remedy") }}<span>{{ text }}</span></p>{% endif %}
{%- endmacro %}

{% macro check(finding) %}
<li><span>{{ chip(finding.kind) }}</span><span class="id">{{ finding.id }}</span>
<div class="found"><p>{{ finding.summary }}</p>
{{ remedy(finding.remediation if finding.kind != kinds.PASSED else "") }}</div></li>
{% endmacro %}

{% macro checks(findings) %}
<ul class="checks">{% for finding in findings %}{{ check(finding) }}{% endfor %}</ul>
{% endmacro %}

{% macro values(title, raw) %}
{% set shown = values_of(raw) %}
{% if shown %}
<h3>{{ title }}</h3><dl class="values">
{% for name, value in shown.items() %}
<div><dt>{{ name }}</dt><dd><code>{{ value }}</code></dd>{{ copy(value, name) }}</div>
{% endfor %}
</dl><p>{{ copy(as_json(raw), title, "Copy all as JSON") }}</p>
{% endif %}
{% endmacro %}

{% macro bars(rows, tick) %}
{% for row in rows %}
<div class="row"><span class="name" title="{{ row.title }}"><b>{{ row.name }}</b><span>{{ row.kind }}</span></span>
<span class="track" style="--tick:{{ "%.3f" | format(tick) }}%"><i
class="{{ "bad" if row.outcome == "failed" else "" }}"
style="left:{{ "%.2f" | format(row.left) }}%;width:{{ "%.2f" | format(row.width) }}%"></i></span>
<span class="took">{{ row.took }}{{ " " ~ row.outcome if row.outcome else "" }}</span></div>
{% endfor %}
{% endmacro %}

{% macro drawn(chart) %}
<div class="axis" aria-hidden="true"><span></span><div>
{%- for mark in chart.marks -%}
<span class="{{ mark.kind }}" style="left:{{ "%.2f" | format(mark.at) }}%">{{ mark.label }}</span>
{%- endfor -%}
</div><span></span></div>
{{ bars(chart.bars, chart.tick) }}
{% if chart.more %}
<details class="more"><summary>{{ chart.more_told }}</summary>{{ bars(chart.more, chart.tick) }}</details>
{% endif %}
{% endmacro %}
"""
