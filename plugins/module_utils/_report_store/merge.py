# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's part of the fleet laid over what earlier runs have reported of the others. Pure."""

from __future__ import annotations

import datetime
import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import SCHEMA_VERSION
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.carrying import carried
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.shape import is_runner

AHEAD = datetime.timedelta(days=1)
Runner = t.Mapping[str, t.Any]
Key = tuple[str, str]


def key_of(runner: Runner) -> Key:
    """By which a runner is known in a report: its region and its name."""
    return str(runner.get("region") or ""), str(runner.get("runner") or "")


def merged(known: t.Iterable[Runner], own: t.Sequence[Runner], forgotten: t.Collection[Key] = ()) -> list[Runner]:
    """Every runner once, as it was seen last; what this run did not look at, as an earlier one has seen it.

    :param known: what earlier runs, or others at the same time, have reported.
    :param own: what this run has seen; of two that were seen in the same second, this run's.
    :param forgotten: runners that are there no more.
    """
    found = {key_of(runner): runner for runner in known}
    for runner in own:
        there = found.get(key_of(runner))
        if there is None:
            found[key_of(runner)] = runner
        elif not _is_later(_moment(there), _moment(runner)):
            found[key_of(runner)] = carried(there, runner)
    return [runner for key, runner in found.items() if key not in forgotten]


def _moment(runner: Runner) -> datetime.datetime | None:
    """When it was so; C(None) where it does not say so, or not as the reports write it."""
    told = str(runner.get("as_of") or "")
    try:
        return datetime.datetime.strptime(told, "%Y-%m-%dT%H:%M:%SZ") if told else None
    except ValueError:
        return None


def _is_later(there: datetime.datetime | None, own: datetime.datetime | None) -> bool:
    """Whether what is there was seen after this run's; a time far ahead is a wrong clock's, and would stay for ever."""
    if there is None:
        return False
    return own is None or own < there <= own + AHEAD


def fleet_of(runners: t.Sequence[Runner], own: t.Sequence[Runner], title: str, generated: str) -> Fleet:
    """The fleet's report; where it has others than this run's, it is no run's."""
    whole = {key_of(runner) for runner in runners} <= {key_of(runner) for runner in own}
    return Fleet.of(runners, title if whole else f"Fleet as of {generated}", generated)


def runners_in(text: str) -> list[Runner] | None:
    """The runners of a fleet.json; C(None) when it is none of this collection's."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    known = isinstance(document, dict) and document.get("schema_version") == SCHEMA_VERSION
    runners = document.get("runners") if known else None
    return runners if isinstance(runners, list) and all(map(is_runner, runners)) else None
