# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the screen is told of an acceptance. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.model import (
    FAILED,
    LEFT_OUT,
    PLANNED,
    WARNED,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import duration

Result = t.Mapping[str, t.Any]


def told(runners: t.Mapping[str, Result | None]) -> list[str]:
    """Lines by the runners' names; nothing of those that have no result.

    :param runners: results of the module runner_acceptance, or why there is none.
    """
    return [f"{name}: {line}" for name, found in runners.items() if found for line in _lines(found)]


def _lines(found: Result) -> list[str]:
    steps = found.get("steps") or []
    warnings = [f"warning: {text}" for text in found.get("warnings") or []]
    took = duration(float(found.get("seconds") or 0))
    broken = next((step for step in steps if step["state"] == FAILED), None)
    if found.get("accepted"):
        return [f"accepted in {took} ({_times(steps)})", *warnings]
    if found.get("failed"):
        where = f" at {broken['step']} after {took}" if broken else ""
        return [f"not accepted{where}: {found.get('msg') or 'no message'}", *warnings]
    planned = [step["detail"] for step in steps if step["state"] == PLANNED]
    return [*([f"{', '.join(planned)}"] if planned else []), *warnings]


def _times(steps: t.Sequence[Result]) -> str:
    """Such as C(create 1s, run 1m12s), and what was left out."""
    parts = []
    for step in steps:
        if step["state"] == LEFT_OUT:
            parts.append(f"{step['step']} left out")
        else:
            parts.append(f"{step['step']} {duration(step['seconds'])}{', with warnings' * (step['state'] == WARNED)}")
    return ", ".join(parts)
