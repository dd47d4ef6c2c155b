# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner at the management plane: read, judged, and known when it will not get better."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import Check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look import plane
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
    token_of_the_environment,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import ACTIVE, Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import operation as registration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import tokens
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.desired import connection
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import (
    Wanted as WantedRegistration,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import (
    Facts,
    Unread,
    Wanted,
)

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api

PHASE = "runner.phase"
PARTS = ("phase", "version", "region")
DASHBOARD = "Look in the dashboard: Settings, Runners, the runner's details"
NOT_FROM_HERE = "Not verifiable from here: "
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
            return Unread(told, error.next_step, final)

    return read


def _find(api: Api, wanted: Wanted) -> Runner | Unread:
    """By its ID, or by name and region, as the registration finds it."""
    asked = WantedRegistration(wanted.runner_name, wanted.region, wanted.runner_id)
    found = registration.find(api, asked)
    if found is None:
        told = f"The management plane knows no runner {wanted.runner_name} in {wanted.region}."
        return Unread(told, "Register it (role gitpod_registration), or name the right one (gitpod_runner_id)", True)
    return found


def hopeless(wanted: Wanted, facts: Facts) -> bool:
    """Whether looking again cannot change that the runner is not active.

    After a token was renewed, what the runner says of one may still be about the one before.
    """
    found = facts.runner
    if isinstance(found, Unread):
        return found.final
    return found is not None and not wanted.token_renewed and tokens.runner_needs_a_token(found.phase, found.message)


def judge(wanted: Wanted, facts: Facts) -> list[Check]:
    """The checks of phase, version and region."""
    found = facts.runner
    if found is None:
        why = facts.problems.get("runner") or "no API token is given."
        advice = f"{DASHBOARD}; or give an API token (gitpod_api_token, or GITPOD_API_KEY in the environment)."
        return [Check(f"runner.{part}", "skip", f"{NOT_FROM_HERE}{why}", advice) for part in PARTS]
    if isinstance(found, Unread):
        unread = Check(PHASE, "fail", found.what, f"{found.next_step}." if found.next_step else DASHBOARD)
        others = (f"runner.{part}" for part in PARTS if part != "phase")
        return [unread, *(Check(other, "skip", "The runner could not be read.", f"See {PHASE}.") for other in others)]
    return [_phase(found), _version(wanted, found.version), _region(wanted, found.region)]


def _phase(found: Runner) -> Check:
    evidence = {"id": found.id, "name": found.name, "phase": found.phase, "message": found.message}
    if found.phase == ACTIVE:
        return Check(PHASE, "pass", "The runner is ACTIVE.", "", evidence)
    told = f"The runner is {found.phase.upper() or 'without a phase'}. {found.message or 'It gives no reason.'}"
    log = f" ({found.log_url})" if found.log_url else ""
    advice = f"Check that the runner reaches the management plane (proxy, PrivateLink), and read its log{log}."
    if tokens.token_problem(found.message):
        advice = f"{tokens.NEXT_STEP}."
    return Check(PHASE, "fail", told, advice, evidence)


def _version(wanted: Wanted, version: str) -> Check:
    evidence = {"version": version, "wanted": wanted.version}
    if not version:
        return Check("runner.version", "fail", "The runner tells no version.", f"See {PHASE}.", evidence)
    if wanted.version and version != wanted.version:
        told = f"The runner has version {version}, not {wanted.version}."
        return Check("runner.version", "warn", told, "It may still update itself; look again.", evidence)
    return Check("runner.version", "pass", f"The runner has version {version}.", "", evidence)


def _region(wanted: Wanted, region: str) -> Check:
    evidence = {"region": region, "wanted": wanted.region}
    if region != wanted.region:
        told = f"The management plane has the runner in {region or 'no region'}, not {wanted.region}."
        advice = "A runner never moves: register one for this region, or name the right runner (gitpod_runner_id)."
        return Check("runner.region", "fail", told, advice, evidence)
    return Check("runner.region", "pass", f"The management plane has the runner in {region}.", "", evidence)
