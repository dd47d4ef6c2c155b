# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an acceptance at the end of a run needs, asked before the run changes anything."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.classes import choose
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.model import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look import plane
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import (
    Wanted as WantedRegistration,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.plan import (
    choose as choose_runner,
)


def require_class(pool: Pool, options: t.Mapping[str, t.Any], values: t.Mapping[str, t.Any], runner_id: str) -> None:
    """That the runner has the environment class of its acceptance, where the inventory asks for one.

    :param options: of the connection to the management plane.
    :param runner_id: empty where only the runner's name is known.
    :raises RunnerError: it has none of which an environment could be made, or nobody can tell: the run would end with
        a failure.
    """
    if not values.get("gitpod_acceptance"):
        return
    name = str(values["gitpod_runner_name"])
    try:
        wanted = Wanted.of(values).environment_class
        found = _runner(pool, options, WantedRegistration(name, str(values["gitpod_region"]), runner_id))
        # Among the pool's threads, as all calls are.
        choose(pool.run(plane.api(pool, options).environment_classes, found.id), wanted, name)
    except ImportError as error:
        raise _refused(RunnerError(f"The SDK is missing: {error}", next_step="Install gitpod-sdk")) from error
    except RunnerError as error:
        raise _refused(error) from error


def _runner(pool: Pool, options: t.Mapping[str, t.Any], wanted: WantedRegistration) -> Runner:
    """The runner, which an upgrade may bring up; not one that goes."""
    if wanted.runner_id:
        found: Runner | None = pool.run(plane.api(pool, options).runner, wanted.runner_id)
    else:
        found = choose_runner(plane.runners(pool, options), wanted)
    if found is None:
        raise RunnerError(
            f"The management plane knows no runner {wanted.name} in {wanted.region}",
            next_step="Name the right one (gitpod_runner_id)",
        )
    if found.leaving:
        raise RunnerError(
            f"The runner {wanted.name} is {found.phase}, so no environment can run on it",
            next_step="Leave it out of the run",
        )
    return found


def _refused(error: RunnerError) -> RunnerError:
    """With what it is in the way of."""
    return RunnerError(
        "The acceptance that this run would end with (gitpod_acceptance) would fail, nothing was changed",
        ". ".join(part.rstrip(".") for part in (error.what.removesuffix("; nothing was changed"), error.why) if part),
        error.next_step,
        error.details,
    )
