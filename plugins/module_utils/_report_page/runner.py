# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One runner's part of the page: what failed, the stages, checks, values to copy, and what took the time."""

from __future__ import annotations

TEMPLATE = """\
{% set held = one.document %}
<details class="runner{{ " attention" if one.needs_attention else "" }}" id="runner-{{ index }}"
data-words="{{ words(one) }}"{{ " open" if one.needs_attention and few else "" }}>
<summary>{{ own.icon("turn", "turn") }}<h2>{{ one.name }}</h2>
<span class="quiet where">{{ own.apart([one.region, one.domain, one.release]) }}</span>
<span class="quiet time">{{ duration(one.took) if one.took else "" }}</span>{{ own.chip(one.state) }}</summary>
<div class="inside">
{% if one.told != fleet.generated %}
<p class="quiet">As of {{ one.told }}; this run did not come to it.</p>
{% elif one.earlier %}
<p class="quiet">This run did not look at everything; as an earlier one has seen it: {{ one.earlier }}.</p>
{% endif %}
{% if one.failure %}
<div class="failure" role="alert">{{ own.icon("fail") }}<strong>{{ one.failure.task }} failed</strong>
<p>{{ one.failure.message }}</p></div>
{% endif %}
{% if one.stages %}
<h3>Stages</h3><ol class="steps">
{% for stage in one.stages %}
{% set found = look(stage.state) %}
<li>{{ own.badge(stage.state) }}<b>{{ own.parted(stage.name) }}</b>
<span><span class="{{ found.css }}">{{ found.word }}</span>
{%- if stage.detail %}<br><span class="quiet">{{ own.parted(stage.detail) }}</span>{% endif %}</span></li>
{% endfor %}
</ol>
{% endif %}
{% for title, found in (("Prerequisites", one.prerequisites), ("Verification", one.verification)) if found %}
{% set bad = of_kind(found, kinds.FAILED, kinds.WARNINGS) %}
{% set unseen = of_kind(found, kinds.UNVERIFIABLE, kinds.NOT_MADE) %}
{% set good = of_kind(found, kinds.PASSED) %}
<h3>{{ title }}</h3><p class="quiet counted">{{ phrase(found) }}</p>
{% if bad %}
{{ own.checks(bad) }}
{% endif %}
{% if unseen %}
<details class="more"><summary>{{ phrase(unseen) }}</summary>{{ own.checks(unseen) }}</details>
{% endif %}
{% if good %}
<details class="more"><summary>{{ phrase(good) }}</summary>{{ own.checks(good) }}</details>
{% endif %}
{% endfor %}
{% set steps = (held.get("acceptance") or {}).get("steps") or [] %}
{% if steps %}
<h3>Acceptance</h3><ul class="checks">
{% for step in steps %}
<li>{{ own.chip(step.get("state") or "") }}<span class="id">{{ step.get("step") or "" }}</span>
<div class="found"><p>{{ own.apart([duration(number(step.get("seconds"))) if number(step.get("seconds")) else "",
step.get("detail") or ""]) }}</p></div></li>
{% endfor %}
</ul>
{% endif %}
<div class="rest">
{{ own.values("Outputs of the stack", held["stack"].get("outputs") or {}) }}
{{ own.values("Load balancer", held["load_balancer"]) }}
{{ own.values("Endpoint", held["endpoint"]) }}
{{ own.values("Certificate", held["certificate"]) }}
{{ own.values("Registration", held["registration"]) }}
{% set records = held["dns"].get("records") or [] %}
{% if records %}
<h3>DNS records</h3><dl class="values">
{% for record in records %}
<div><dt>{{ record.get("name") or "" }} <b>{{ record.get("type") or "" }}</b></dt>
<dd><code>{{ record.get("value") or "" }}</code></dd>
{{ own.copy(record.get("value") or "", record.get("name") or "") }}</div>
{% endfor %}
</dl>
{% set lines = zone_file(records) %}
{% if lines %}
<p>{{ own.copy(lines, "the records", "Copy as zone file") }}</p>
{% endif %}
{% endif %}
{% set own_chart = waterfall(held["stack"].get("timeline") or []) %}
{% if own_chart %}
<h3>What took the time</h3><p class="quiet">{{ own_chart.told }}</p>
<div class="chart">{{ own.drawn(own_chart) }}</div>
{% endif %}
{% set link = console(held["stack"]) %}
{% if link %}
<p class="console"><a href="{{ link }}" rel="noreferrer">Open the stack in the AWS console</a></p>
{% endif %}
</div>
{% if not one.failure and not one.stages and not one.prerequisites and not one.verification %}
<p class="quiet">Nothing more is known of this runner.</p>
{% endif %}
</div></details>
"""
