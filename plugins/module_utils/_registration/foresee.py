# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stage will do, from facts that are gathered already. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import tokens
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.plan import actions, choose, plan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import StagePlan

STAGE = "registration"


def foresee(wanted: Wanted | None, runners: t.Sequence[Runner] | None, stack_status: str | None) -> StagePlan:
    """The plan of the stage.

    :param wanted: C(None) when there is no API token, or the inventory names the runner itself (gitpod_runner_id) and
        declares nothing of its settings.
    :param runners: those of the management plane; C(None) when it could not be asked.
    :param stack_status: status of the runner's stack; empty when there is none, C(None) when it is not known.
    :raises RunnerError: two runners match, or the one that does can never be as it is wanted.
    """
    if wanted is None:
        return StagePlan(STAGE, "nothing")
    if runners is None or stack_status is None:
        return StagePlan(STAGE, "unknown", ("the management plane or the stack could not be read",))
    runner = choose(runners, wanted) if not wanted.runner_id else by_id(runners, wanted.runner_id)
    if runner is None and wanted.runner_id:
        return StagePlan(STAGE, "unknown", (f"there is no runner {wanted.runner_id}",))
    todo = plan(runner, wanted)
    reasons = actions(runner, todo)
    # The token of a runner that is named by its ID is the inventory's.
    because = "" if wanted.runner_id else tokens.exchange_token_reason(stack_status, runner)
    if because:
        reasons.append(f"mint an exchange token, because {because}")
    # Also a runner that stays as it is has to be found, for its ID, where the stack will be created.
    action = "create" if todo.create else "update" if reasons else "nothing"
    # Settings are nothing that a later stage depends on.
    return StagePlan(STAGE, action, tuple(reasons), keeps=not (todo.create or because))


def by_id(runners: t.Sequence[Runner], runner_id: str) -> Runner | None:
    """The runner of that ID."""
    return next((runner for runner in runners if runner.id == runner_id), None)
