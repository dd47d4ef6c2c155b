# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the next steps have to do: the management plane read for what is declared of a runner's settings."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look import plane
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import registering
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import desired
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.foresee import (
    Fault,
    Present,
    faults,
    foresee,
    look,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import NEXT_STEPS, StagePlan

Values = t.Mapping[str, t.Any]


def plans(values: Values, wanted: Wanted, facts: Facts, pool: Pool) -> tuple[list[StagePlan], tuple[Fault, ...] | None]:
    """A plan for each kind of settings that is declared, and what of a runner that is there cannot be so.

    What could not be read is looked at by the stage, and its faults are C(None).
    """
    if not desired.declared(values) or not wanted.api_token:
        return [], None
    runner_id = _runner_id(wanted, facts)
    present = _present(values, wanted, pool, runner_id) if runner_id else None
    return foresee(values, present, _exists(runner_id)), faults(values, present) if present else None


def seen(found: t.Iterable[StagePlan]) -> dict[str, t.Any]:
    """What the stages with nothing to do would return."""
    return {
        plan.stage: {"changed": False, "actions": []} for plan in found if plan.stage in NEXT_STEPS and not plan.needed
    }


def _exists(runner_id: str | None) -> bool | None:
    return None if runner_id is None else bool(runner_id)


def _runner_id(wanted: Wanted, facts: Facts) -> str | None:
    """The runner's; empty when it is about to be registered, C(None) when nobody knows."""
    asked = facts.management_plane
    if asked is None or not asked.authenticated:
        return None
    if registering.named(wanted):
        return wanted.runner_id if any(entry.id == wanted.runner_id for entry in asked.runners) else None
    try:
        found = registering.found(wanted, facts)
    except RunnerError:
        return None
    return found.id if found else ""


def _present(values: Values, wanted: Wanted, pool: Pool, runner_id: str) -> Present | None:
    try:
        return look(plane.api(pool, registering.connection(wanted)), runner_id, values)
    except RunnerError:
        return None
