# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading runners, and waiting until one has the phase that is wanted."""

from __future__ import annotations

import fnmatch
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    InputError,
    RunnerError,
    TimeoutExceededError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    ACTIVE,
    DEGRADED,
    Runner,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import tokens
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.operation import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

PHASE_PACE = Pace(first=2.0, longest=15.0, growth=1.5)


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_registration_info does."""
    options = module.params
    api = api_of(module)
    runners = matching(api, options)
    if options["wait_for_phase"]:
        if len(runners) != 1:
            raise InputError(
                f"{len(runners)} runners match, and a phase is waited for on one",
                ", ".join(f"{runner.name} ({runner.id})" for runner in runners),
                "Name it with runner_id, or with name and region",
            )
        timeout = 0.0 if module.check_mode else float(options["wait_timeout"])
        runners = [wait_for_phase(api, runners[0].id, options["wait_for_phase"], timeout, Clock())]
    found = [runner.as_result() for runner in runners]
    return {"changed": False, "runners": found, "runner": found[0] if len(found) == 1 else None}


def matching(api: Api, options: t.Mapping[str, t.Any]) -> list[Runner]:
    """The runners that all given filters match, sorted by name and region."""
    if options["runner_id"]:
        return [api.runner(options["runner_id"])]
    found = [
        runner
        for runner in api.runners(options["provider"])
        if (not options["name"] or fnmatch.fnmatchcase(runner.name, options["name"]))
        and (not options["region"] or runner.region == options["region"])
        and (not options["phases"] or runner.phase in options["phases"])
        and (options["phases"] or not runner.leaving)
    ]
    return sorted(found, key=lambda runner: (runner.name, runner.region, runner.id))


def wait_for_phase(api: Api, runner_id: str, phase: str, timeout: float, clock: Clock) -> Runner:
    """The runner once it has this phase.

    A runner that starts may be degraded for a moment, so that is a failure only when it still is at the end; one that
    says that its exchange token does not work will not get better, and fails at once.

    :param timeout: seconds; with 0 it is looked at once.
    :raises RunnerError: it is degraded, in its own words.
    :raises TimeoutExceededError: it has another phase at the end.
    """
    runner = Runner(runner_id, "")
    for _elapsed in poll(clock, timeout, PHASE_PACE):
        runner = api.runner(runner_id)
        if runner.phase == phase:
            return runner
        if phase == ACTIVE and tokens.runner_needs_a_token(runner.phase, runner.message):
            break
    if phase == ACTIVE and runner.phase == DEGRADED:
        raise degraded(runner)
    raise TimeoutExceededError(
        f"The runner {runner.name} ({runner.id}) is still {runner.phase or 'without a phase'} after {timeout:.0f} s, "
        f"not {phase}",
        runner.message or "It gives no reason",
        "Read its log, and check that it reaches the management plane (proxy, PrivateLink), then run again",
        {"runner": runner.as_result()},
    )


def degraded(runner: Runner) -> RunnerError:
    """The failure of a degraded runner."""
    about_a_token = tokens.token_problem(runner.message)
    log = f": {runner.log_url}" if runner.log_url else ""
    return RunnerError(
        f"The runner {runner.name} ({runner.id}) is degraded",
        runner.message or "It gives no reason",
        tokens.NEXT_STEP if about_a_token else f"Read its log{log}, remove the cause and run again",
        {"runner": runner.as_result(), "exchange_token_problem": about_a_token},
    )
