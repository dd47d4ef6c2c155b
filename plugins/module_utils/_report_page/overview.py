# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page up to the runners: the tally, what needs attention, the table, notes, times."""

from __future__ import annotations

TEMPLATE = """\
{% set counts = fleet.counts %}
<section class="card" aria-label="{{ fleet.headline }}"><ul class="tally">
{% for state in ("verified", "unverified", "waiting", "failed") if counts[state] or state in ("verified", "failed") %}
{% set found = look(state) %}
<li data-state="{{ state }}"><b class="{{ found.css if counts[state] else "off" }}">{{ counts[state] }}</b>
<span>{{ own.icon(found.icon) }} {{ found.word }}</span></li>
{% endfor %}
<li><b>{{ regions }}</b><span>region{{ "" if regions == 1 else "s" }}</span></li>
{% if slowest %}
<li><b>{{ about(slowest) }}</b><span>slowest stack</span></li>
{% endif %}
</ul>
{% if fleet.runners %}
<div class="share" aria-hidden="true">
{% for state, count in counts.items() if count %}
<i class="{{ look(state).css }}" style="flex:{{ count }}"></i>
{% endfor %}
</div>
{% endif %}
{% if fleet.checks_line %}
<p class="quiet checked">{{ fleet.checks_line }}</p>
{% endif %}
</section>

{# Runners by name; one has to be looked for in the table where there are many. #}
{% macro links(runners, most) %}
<p class="who">
{% if runners | length == fleet.runners | length and runners | length > 3 %}
All {{ runners | length }} runners
{% else %}
{% for one in runners[:most] %}
<a href="#runner-{{ fleet.runners.index(one) + 1 }}">{{ one.name }}</a>
<span class="quiet">{{ one.region }}</span>{{ "" if loop.last else ", " }}
{% endfor %}
{% if runners | length > most %}
and {{ runners | length - most }} more
{% endif %}
{% endif %}
</p>
{% endmacro %}

{% if fleet.attention %}
<section class="attention"><div class="bar"><h2>Needs attention</h2></div>
{% for entry in fleet.attention %}
{% set found = look(entry.state) %}
<div class="card cause">{{ own.badge(entry.state) }}<div>{{ links(entry.runners, 12) }}
<p><strong class="{{ found.css }}">{{ entry.title }}</strong></p>
{% if entry.message %}
<p class="message">{{ entry.message }}</p>
{% endif %}
{% if entry.problems %}
{{ own.checks(entry.problems) }}
{% endif %}
</div></div>
{% endfor %}
</section>
{% endif %}

{% macro noted(title, notes, state) %}
{% if notes %}
<details class="card noted"{{ " open" if state == kinds.WARNINGS and notes | length <= 6 else "" }}>
<summary>{{ own.icon("turn", "turn") }}<h2>{{ title }}</h2>{{ own.chip(state) }}
<span class="quiet">{{ notes | length }}</span></summary>
{% for note in notes %}
<div class="note"><p><span class="id">{{ note.finding.id }}</span> {{ note.finding.summary }}</p>
{{ own.remedy(note.finding.remediation) }}{{ links(note.runners, 6) }}</div>
{% endfor %}
</details>
{% endif %}
{% endmacro %}

{% if not fleet.runners %}
<div class="bar"><h2>This run came to no runner.</h2></div>
{% else %}
<div class="bar"><h2>Fleet</h2><span class="scripted field"><input id="filter" type="search"
placeholder="Filter: name, region, state" aria-label="Filter runners by name, region or state"></span></div>
<div class="card listing"><table class="fleet{{ " many" if fleet.runners | length > 32 else "" }}"><thead>
<tr><th>Runner</th><th>Region</th><th>State</th><th>Stack</th><th>Release</th>
<th>Prerequisites</th><th>Verification</th><th class="took">Took</th></tr></thead><tbody>
{% for one in fleet.runners %}
{% set row = one.row %}
{% set brief = one.brief %}
{% set found = look(one.state) %}
<tr data-words="{{ words(one) }}">
<td class="runner-name"><a href="#runner-{{ loop.index }}">{{ own.whole(one.name) }}</a>
{% if one.domain %}
<span class="quiet domain">{{ one.domain }}</span>
{% endif %}
</td>
<td data-head="Region" class="region">{{ own.whole(one.region) }}
{% if place(one.region) %}
<span class="quiet place">{{ place(one.region) }}</span>
{% endif %}
</td>
<td class="state"><span class="word {{ found.css }}">{{ own.icon(found.icon) }} {{ found.word }}</span></td>
<td data-head="Stack">{{ own.parted(row["stack"] or "\u2013") }}</td>
<td data-head="Release">{{ own.whole(row["release"] or "\u2013") }}</td>
<td data-head="Prerequisites" class="counts"><span class="full">{{ row["prerequisites"] or "\u2013" }}</span>
<span class="brief" aria-hidden="true">{{ brief["prerequisites"] or "\u2013" }}</span></td>
<td data-head="Verification" class="counts"><span class="full">{{ row["verification"] or "\u2013" }}</span>
<span class="brief" aria-hidden="true">{{ brief["verification"] or "\u2013" }}</span></td>
<td data-head="Took" class="took">{{ about(one.took) if one.took else "\u2013" }}
{% if one.told != fleet.generated %}
<span class="quiet told">as of {{ one.told }}</span>
{% elif one.earlier %}
<span class="quiet told">as of earlier: {{ one.earlier }}</span>
{% endif %}
</td></tr>
{% endfor %}
</tbody></table></div>
<p class="quiet" id="unmatched" role="status" hidden>No runner matches.</p>
{{ noted("Warnings", fleet.notes(kinds.WARNINGS), kinds.WARNINGS) }}
{{ noted("Could not be seen from here", fleet.notes(kinds.UNVERIFIABLE), kinds.UNVERIFIABLE) }}
{% if chart %}
<section class="times"><div class="bar"><h2>Time of the stacks</h2></div>
<div class="card chart">{{ own.drawn(chart) }}</div></section>
{% endif %}
{% endif %}
"""
