# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page around everything."""

from __future__ import annotations

TEMPLATE = """\
{% import "macros" as own %}
{% set name = "Gitpod Enterprise AWS Runners" %}
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">
<title>{{ fleet.title }} \u2013 {{ name }}</title><style>{{ style | safe }}</style></head><body>
<svg width="0" height="0" style="position:absolute" aria-hidden="true">
{% for drawing, path in icons.items() %}
<symbol id="i-{{ drawing }}" viewBox="0 0 24 24">{{ path | safe }}</symbol>
{% endfor %}
</svg>
<header class="top"><span class="mark">{{ own.icon("mark") }}</span>
<div><h1>{{ name }}</h1><p class="quiet">{{ fleet.title }}</p></div></header>
<main>
{% include "overview" %}
{% if fleet.runners %}
<div class="bar details"><h2>Runners</h2>
<button type="button" class="scripted" id="toggle"><span>Open all</span></button></div>
{% for one in fleet.runners %}
{% set index = loop.index %}
{% include "runner" %}
{% endfor %}
{% endif %}
{% if fleet.next_steps %}
<div class="bar"><h2>Next steps</h2></div><section class="card"><ul>
{% for step in fleet.next_steps %}
<li><a href="{{ step.url }}" rel="noreferrer">{{ step.title }}</a>
<span class="quiet">{{ whom(step, fleet.runners | length) }}</span>
{% if step.get("variable") %}
or declare <code>{{ step.variable }}</code>
{% endif %}
</li>
{% endfor %}
</ul></section>
{% endif %}
<footer>Written by the Ansible collection gitpod.enterprise_runner.
This page is complete: it loads nothing and sends nothing. Everything in it is also in fleet.json.</footer>
</main><script>{{ script | safe }}</script></body></html>
"""
