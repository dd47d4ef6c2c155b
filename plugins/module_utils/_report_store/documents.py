# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a fleet's report, by their names. Pure."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import file_names
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.markdown import markdown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page.page import page

DOCUMENT, MARKDOWN, PAGE = "fleet.json", "fleet.md", "fleet.html"


def document(fleet: Fleet) -> str:
    """The fleet's document alone, from which the others are derived."""
    return _as_json(fleet.document())


def of_fleet(fleet: Fleet) -> dict[str, str]:
    """Of all runners together."""
    return {DOCUMENT: document(fleet), MARKDOWN: markdown(fleet), PAGE: page(fleet)}


def of_runners(fleet: Fleet) -> list[tuple[t.Mapping[str, t.Any], str, str]]:
    """Of each runner alone, with the file's name and content."""
    named: dict[str, str] = {}
    for runner in fleet.runners:
        key = f"{runner.name} {runner.region}"
        named[key if key not in named else f"{key} {len(named)}"] = runner.name
    names = file_names(named).values()
    return [(held, f"{name}.json", _as_json(held)) for name, held in zip(names, fleet.documents)]


def _as_json(content: t.Any) -> str:
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
