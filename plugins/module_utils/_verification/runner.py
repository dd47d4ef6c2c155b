# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner at the management plane: read, and known when it will not get better."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look import plane
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
    token_of_the_environment,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import operation as registration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import tokens
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.desired import connection
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import (
    Wanted as WantedRegistration,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import (
    Facts,
    Wanted,
)

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api

PHASE = "runner.phase"
# What is tried.
READ = "read the runner"
DASHBOARD = "Look in the dashboard: Settings, Runners, the runner's details"
# Refusals that may be gone at the next look.
PASSING = ("unavailable", "resource_exhausted", "deadline_exceeded", "unknown")


def reader(values: t.Mapping[str, t.Any], wanted: Wanted, pool: Pool) -> t.Callable[[], Runner | Unread] | None:
    """Reads the runner at each call; C(None) without a token.

    :param values: typed values by variable.
    :param pool: keeps the connection for all runners that have the same.

    What it raises leaves the runner's checks out; what it returns as C(Unread) fails them.
    """
    if not (values.get("gitpod_api_token") or token_of_the_environment()):
        return None

    def read() -> Runner | Unread:
        if not (wanted.runner_id or wanted.runner_name):
            raise RunnerError("neither runner_id nor runner_name is given")
        try:
            return _find(plane.api(pool, connection(values)), wanted)
        except ImportError as error:
            raise RunnerError(f"The SDK is missing: {error}", next_step="Install gitpod-sdk") from error
        except RunnerError as error:
            final = not (isinstance(error, ApiError) and error.code in PASSING)
            told = " ".join(f"{part.rstrip('.')}." for part in (error.what, error.why) if part)
            return Unread(READ, told, getattr(error, "code", ""), error.next_step, final)

    return read


def _find(api: Api, wanted: Wanted) -> Runner | Unread:
    """By its ID, or by name and region, as the registration finds it."""
    asked = WantedRegistration(wanted.runner_name, wanted.region, wanted.runner_id)
    found = registration.find(api, asked)
    if found is None:
        told = f"The management plane knows no runner {wanted.runner_name} in {wanted.region}."
        advice = "Register it (role gitpod_registration), or name the right one (gitpod_runner_id)"
        return Unread(READ, told, advice=advice, final=True)
    return found


def hopeless(wanted: Wanted, facts: Facts) -> bool:
    """Whether looking again cannot change that the runner is not active.

    After a token was renewed, what the runner says of one may still be about the one before.
    """
    found = facts.runner
    if isinstance(found, Unread):
        return found.final
    return found is not None and not wanted.token_renewed and tokens.runner_needs_a_token(found.phase, found.message)
