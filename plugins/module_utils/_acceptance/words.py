# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an acceptance says: what happened, why, what to do next. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance import model
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    RunnerError,
    TimeoutExceededError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.environments import (
    DELETED,
    Environment,
)

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.looking import Sight
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.model import Wanted

# Of messages about a repository that needs a login (ona_sdk.environments, _is_scm_authentication_failure).
SCM_MARKERS = ("missing authentication token for", "git authentication failed", "not authenticated")
LOG_IN = (
    "Log the user of the API token in at the repository's host (dashboard, Settings, Git authentications), or name a"
    " repository that needs no login with gitpod_acceptance_repository"
)
LOOK = (
    "Look at the environment's log in the dashboard, at the runner's health (status.yml), and at its subnets' free"
    " addresses and the account's quota of vCPUs"
)
BY_ITSELF = "It stops by itself after 30 minutes; delete it in the dashboard, or run the acceptance again, which tries"


def waiting(part: str, found: Environment) -> str:
    """What is waited for, for the line of the fleet."""
    goal = {model.RUN: "to run", model.STOP: "to stop"}.get(part, "to be deleted")
    return f"the environment {goal}, {found.phase or 'phase unknown'}"


def not_created(error: ApiError, wanted: Wanted) -> ApiError:
    """Creation was refused; the management plane's own words say what of."""
    advice = error.next_step
    if any(marker in error.why.lower() for marker in SCM_MARKERS):
        advice = LOG_IN
    elif error.code == "resource_exhausted":
        # The same code for a rate and for a quota (connectrpc.com, "Error codes").
        advice = "Where this is a quota, stop or delete environments, or have it raised; otherwise run again later"
    elif error.code == "permission_denied":
        advice = "Share the runner with the user of the API token, or use the token of a user who may create on it"
    elif error.code in ("failed_precondition", "invalid_argument", "not_found"):
        repository = ", gitpod_acceptance_repository" if wanted.repository else ""
        advice = (
            f"Remove the cause that is named, or change gitpod_acceptance_environment_class{repository}, and run again"
        )
    return ApiError(error.what, error.why, advice, error.code)


def not_running(found: Environment, runner: str, wanted: Wanted) -> RunnerError:
    """It failed, ended before it ran, or takes too long."""
    told = _told(found.failures) or _told(found.troubles)
    scm = any(marker in told.lower() for marker in SCM_MARKERS)
    if found.failures:
        return RunnerError(f"The environment on the runner {runner} failed", told, LOG_IN if scm else LOOK)
    if found.phase == DELETED:
        what = f"The environment on the runner {runner} was deleted before it ran, by somebody else"
        return RunnerError(what, told, "Run again; where something deletes new environments, find out what")
    if found.phase in ("stopping", "stopped", "deleting"):
        what = f"The environment on the runner {runner} is {found.phase} before it ran"
        return RunnerError(what, told, LOG_IN if scm else LOOK)
    return TimeoutExceededError(
        f"The environment on the runner {runner} does not run after {wanted.timeout:g} s",
        ". ".join(part for part in (f"It is {found.phase or 'in no known phase'}", told) if part),
        f"{LOOK}. If it only needs longer, set gitpod_acceptance_timeout",
    )


def not_answering(sight: Sight, runner: str, wanted: Wanted) -> RunnerError:
    """It runs, and nobody reaches it."""
    return TimeoutExceededError(
        f"The environment on the runner {runner} runs, but its URL does not answer within {wanted.url_timeout:g} s",
        sight.detail[:1].upper() + sight.detail[1:],
        sight.next_step,
    )


def not_stopped(found: Environment, runner: str, wanted: Wanted, refusal: RunnerError | None) -> RunnerError:
    """It runs on."""
    why = refusal.why if refusal else f"It is {found.phase} after {wanted.cleanup_timeout:g} s"
    return RunnerError(
        f"The environment on the runner {runner} ran, but did not stop",
        why,
        "Look at the runner's health (status.yml). If it only needs longer, set gitpod_acceptance_cleanup_timeout",
    )


def not_deleted(found: Environment, runner: str, refusal: RunnerError | None) -> RunnerError:
    """It is left behind."""
    why = refusal.why if refusal else f"It is {found.phase}"
    return RunnerError(
        f"The environment {found.name} ({found.id}) on the runner {runner} could not be removed", why, BY_ITSELF
    )


def leftover(found: Environment, whose: str, refusal: RunnerError | None) -> str:
    """An environment stays.

    :param whose: how it came about, such as C(of an earlier run).
    """
    why = refusal.why.rstrip(".") if refusal else f"It is {found.phase}"
    return f"The environment {found.name} ({found.id}) {whose} could not be removed. {why}. {BY_ITSELF}."


def both(failure: RunnerError, left: RunnerError) -> RunnerError:
    """The proof failed, and its environment is left behind."""
    parts = (failure.next_step, left.what, left.why, left.next_step)
    then = ". ".join(part.rstrip(".") for part in parts if part)
    return RunnerError(failure.what, failure.why, then, failure.details)


def _told(texts: t.Iterable[str]) -> str:
    return "; ".join(text.rstrip(". ") for text in texts)
