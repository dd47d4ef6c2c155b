# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the next steps have to do, and what the acceptance needs: the management plane read for what is declared."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance import classes
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    InputError,
    RunnerError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look import plane
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import registering
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import desired
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.foresee import (
    Fault,
    Present,
    afterwards,
    faults,
    foresee,
    look,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import NEXT_STEPS, StagePlan

Values = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class NextSteps:
    """What was found out about them before anything is deployed.

    :param plans: one for each kind of settings that is declared; what could not be read is looked at by its stage.
    :param settings: what is declared and cannot be so; C(None) where nothing is, or nobody says which runner is meant.
    :param acceptance: likewise what is in an acceptance's way; C(None) also where none is asked for, or the runner
        still makes its environment classes.
    """

    plans: tuple[StagePlan, ...] = ()
    settings: tuple[Fault, ...] | Unread | None = None
    acceptance: tuple[Fault, ...] | Unread | None = None


def look_ahead(values: Values, wanted: Wanted, facts: Facts, pool: Pool, deployed: bool) -> NextSteps:
    """Everything of them.

    :param deployed: whether the runner's stack is there.
    """
    kinds, accepts = desired.declared(values), deployed and bool(values.get("gitpod_acceptance"))
    if not wanted.api_token or not (kinds or accepts):
        return NextSteps()
    runner_id = _runner_id(wanted, facts)
    present = None if runner_id is None else _present(values, wanted, pool, runner_id, accepts)
    if not isinstance(present, Present):
        unread = tuple(foresee(values, None, _exists(runner_id)))
        return NextSteps(unread, present if kinds else None, present if accepts else None)
    present = dataclasses.replace(present, complete=bool(runner_id) and deployed)
    return NextSteps(
        plans=tuple(foresee(values, present, _exists(runner_id))),
        settings=faults(values, present) if kinds else None,
        acceptance=_in_the_way(values, present, wanted.name) if accepts and present.complete else None,
    )


def _in_the_way(values: Values, present: Present, runner: str) -> tuple[Fault, ...]:
    """Nothing, where the class is there after the run."""
    try:
        classes.choose(afterwards(values, present.classes), str(values.get(classes.VARIABLE) or ""), runner)
    except InputError as error:
        return ((". ".join(part for part in (error.what, error.why) if part), error.next_step),)
    return ()


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


def _present(values: Values, wanted: Wanted, pool: Pool, runner_id: str, accepts: bool) -> Present | Unread:
    try:
        return look(plane.api(pool, registering.connection(wanted)), runner_id, values, accepts)
    except RunnerError as error:
        return Unread.of(error, "" if isinstance(error, ApiError) else "read the runner's settings")
