# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering a runner that is not there, so that there is one afterwards, whoever else registers it at the same time.

The management plane takes a second runner of the same name. So each run looks again after it has registered its own:
the oldest stays, and a run deletes the younger one that it made itself.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    NotFoundError,
    RunnerError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane import rivals
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    AWS,
    CREATED,
    Configuration,
    Runner,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import Wanted

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api


def create(api: Api, wanted: Wanted, configuration: Configuration) -> tuple[Runner, str, bool]:
    """The runner, the exchange token that its creation brought, and whether this run made it.

    :raises RunnerError: this run's own is one too many and cannot be deleted.
    """
    there = {runner.id: runner for runner in api.runners()}
    raced = _twins(there.values(), wanted)
    if raced:
        # It came after this run had looked for it.
        return raced[0], "", False
    made = api.create_runner(wanted.name, wanted.region, configuration, wanted.metrics_password, there)
    seen: dict[str, Runner] = {made.runner.id: made.runner}

    def look() -> dict[str, rivals.Order]:
        found = {runner.id: runner for runner in _twins(api.runners(), wanted)}
        seen.update(found)
        return {key: runner.order for key, runner in found.items()}

    stays = rivals.first(look, made.runner.id, made.runner.order, api.clock)
    if stays != made.runner.id:
        _take_back(api, made.runner, seen[stays])
        # Of three runs, the second may take its own back too.
        api.clock.sleep(rivals.SETTLE)
        left = [runner for runner in _twins(api.runners(), wanted) if runner.id != made.runner.id]
        return left[0] if left else seen[stays], "", False
    if not made.sure:
        _take_back_lost(api, wanted, made.runner)
    return made.runner, made.token, True


def _twins(runners: t.Iterable[Runner], wanted: Wanted) -> list[Runner]:
    """Runners that are meant by the same words, the oldest first."""
    found = [
        runner
        for runner in runners
        if (runner.provider, runner.name, runner.region) == (AWS, wanted.name, wanted.region)
        and runner.id
        and not runner.leaving
    ]
    return sorted(found, key=lambda runner: runner.order)


def _take_back(api: Api, own: Runner, stays: Runner) -> None:
    try:
        with contextlib.suppress(NotFoundError):
            api.delete_runner(own.id, force=False)
    except ApiError as error:
        raise RunnerError(
            f"Two runs registered {own.name} at once, and the younger of both could not be deleted",
            f"{stays.id} stays, {own.id} is one too many. {error.why}",
            f"Delete {own.id} in the dashboard (Settings, Runners), then run again",
            {"runner_ids": [stays.id, own.id]},
        ) from error


def _take_back_lost(api: Api, wanted: Wanted, stays: Runner) -> None:
    """Delete what a try of this run made whose answer never came.

    Another run deletes its own by itself; what is still there after that, younger than the one that stays and without
    a connection, was made by nobody else.
    """
    api.clock.sleep(rivals.SETTLE)
    for runner in _twins(api.runners(), wanted):
        if runner.id != stays.id and runner.phase in ("", CREATED) and runner.order > stays.order:
            _take_back(api, runner, stays)
