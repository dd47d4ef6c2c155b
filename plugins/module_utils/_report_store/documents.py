# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a fleet's report, by their names. Pure."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import file_names
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_fleet import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html.page import page
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_markdown import markdown

DOCUMENT, MARKDOWN, PAGE = "fleet.json", "fleet.md", "fleet.html"


def of_fleet(fleet: Fleet) -> dict[str, str]:
    """Of all runners together."""
    return {DOCUMENT: _as_json(fleet.document()), MARKDOWN: markdown(fleet), PAGE: page(fleet)}


def of_runners(fleet: Fleet) -> list[tuple[t.Mapping[str, t.Any], str, str]]:
    """Of each runner alone, with the file's name and content."""
    named: dict[str, str] = {}
    for runner in fleet.runners:
        name, key = str(runner.get("runner", "")), f"{runner.get('runner', '')} {runner.get('region', '')}"
        named[key if key not in named else f"{key} {len(named)}"] = name
    names = file_names(named).values()
    return [(runner, f"{name}.json", _as_json(runner)) for name, runner in zip(names, fleet.runners)]


def _as_json(content: t.Any) -> str:
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
