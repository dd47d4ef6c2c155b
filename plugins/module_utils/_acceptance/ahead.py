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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import plan as registration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import (
    Wanted as WantedRegistration,
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
        found = runner_id or _by_name(pool, options, name, str(values["gitpod_region"]))
        choose(plane.api(pool, options).environment_classes(found), wanted, name)
    except ImportError as error:
        raise _refused(RunnerError(f"The SDK is missing: {error}", next_step="Install gitpod-sdk")) from error
    except RunnerError as error:
        raise _refused(error) from error


def _by_name(pool: Pool, options: t.Mapping[str, t.Any], name: str, region: str) -> str:
    found = registration.choose(plane.runners(pool, options), WantedRegistration(name, region, ""))
    if found is None:
        raise RunnerError(
            f"The management plane knows no runner {name} in {region}",
            next_step="Name the right one (gitpod_runner_id)",
        )
    return found.id


def _refused(error: RunnerError) -> RunnerError:
    """With what it is in the way of."""
    return RunnerError(
        "The acceptance that this run would end with (gitpod_acceptance) would fail, nothing was changed",
        ". ".join(part.rstrip(".") for part in (error.what, error.why) if part),
        error.next_step,
        error.details,
    )
