# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a document that somebody has stored is one that the reports can be made of. Pure.

Where a fleet's report is kept, others may write too: an older release, a run that was broken off, somebody by hand.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.carrying import PARTS

DEEPEST = 40
Shape = t.Any
_CHECKS: Shape = [{}]
# What the renderings read as a dictionary, a list or a text; of what is not named here, they take anything.
RUNNER: t.Mapping[str, Shape] = {
    "region": str,
    "runner": str,
    "as_of": str,
    "parts_as_of": {part: str for part in PARTS},
    "release": str,
    "stages": [{"stage": str, "state": str, "detail": str}],
    "next_steps": [{"title": str, "url": str, "variable": str}],
    "prerequisites": {"checks": _CHECKS},
    "stack": {
        "operation": str,
        "status": str,
        "release_version": str,
        "outputs": {},
        "changes": [str],
        "timeline": [{"resource": str, "type": str, "start": float, "end": float, "status": str}],
    },
    "load_balancer": {},
    "dns": {"names": [str], "records": [{}], "awaited_records": [{}]},
    "endpoint": {},
    "certificate": {},
    "registration": {},
    "verification": {"checks": _CHECKS, "missing": [str], "certificate": {}},
    "acceptance": {"environment": {}, "steps": [{"seconds": float}], "warnings": [str]},
    "failure": {"task": str, "message": str, "stage": str},
}
_NEEDED: t.Mapping[str, tuple[str, ...]] = {"next_steps": ("title", "url")}


def is_runner(found: t.Any) -> bool:
    """Whether it is a runner's document, of which anything may be missing."""
    return isinstance(found, dict) and _shallow(found) and _fits(found, RUNNER) and all(map(_whole, _steps(found)))


def _steps(found: t.Mapping[str, t.Any]) -> list[tuple[str, t.Mapping[str, t.Any]]]:
    return [(name, entry) for name in _NEEDED for entry in found.get(name) or []]


def _whole(named: tuple[str, t.Mapping[str, t.Any]]) -> bool:
    name, entry = named
    return all(entry.get(key) for key in _NEEDED[name])


def _fits(found: t.Any, shape: Shape) -> bool:
    if isinstance(shape, dict):
        return isinstance(found, dict) and all(
            _fits(found[name], inner) for name, inner in shape.items() if found.get(name) is not None
        )
    if isinstance(shape, list):
        return isinstance(found, list) and all(_fits(entry, shape[0]) for entry in found)
    if shape is float:
        return isinstance(found, (int, float)) and not isinstance(found, bool) and abs(found) < float(2**53)
    return isinstance(found, shape)


def _shallow(found: t.Any) -> bool:
    """Whether nothing is nested deeper than the renderings can follow; counted without following it themselves."""
    level, depth = [found], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            return False
        level = [
            inner
            for entry in level
            if isinstance(entry, (dict, list))
            for inner in (entry.values() if isinstance(entry, dict) else entry)
        ]
    return True
