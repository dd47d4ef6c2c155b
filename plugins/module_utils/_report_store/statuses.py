# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a fleet's status, to which each look adds its runners. Pure."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.merge import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.table import headline

STATUS = "status.json"
SCHEMA_VERSION = 1


def document(runners: t.Sequence[Runner], generated: str) -> str:
    """The file's text, runners by region and name.

    :param runners: each with C(region), C(runner), C(as_of), C(status) or C(failure), and C(alerts).
    :param generated: when it was made, ISO 8601 in UTC.
    """
    ordered = sorted(runners, key=lambda runner: (str(runner.get("region")), str(runner.get("runner"))))
    content = {
        "schema_version": SCHEMA_VERSION,
        "generated": generated,
        "headline": headline(ordered),
        "runners": ordered,
    }
    return json.dumps(content, indent=4) + "\n"


def statuses_in(text: str) -> list[Runner] | None:
    """The runners of a status.json; C(None) when it is none of this collection's."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    known = isinstance(content, dict) and content.get("schema_version") == SCHEMA_VERSION
    runners = content.get("runners") if known else None
    if not isinstance(runners, list) or not all(isinstance(runner, dict) for runner in runners):
        return None
    return runners
