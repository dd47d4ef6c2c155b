# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management plane asked once, and the plan of the registration from its answer."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _stage_plan as stages
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import Found
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    InputError,
    RunnerError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look import plane
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import OURS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner as Owner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts, ManagementPlane
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.foresee import (
    STAGE,
    by_id,
    foresee,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import (
    Wanted as WantedRegistration,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.plan import choose
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import StagePlan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import RUNNER_ID_TAG
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier

# One answer of the management plane in seconds, and how often a busy one is asked again.
TIMEOUT, RETRIES = 10.0, {"api_retries": 10, "unreached_retries": 2}
REFUSED = ("unauthenticated", "permission_denied")
NO_SUCH_RUNNER = ("not_found", "invalid_argument")
OPTIONS = (
    "release_channel",
    "auto_update",
    "update_window",
    "log_level",
    "devcontainer_image_cache",
    "metrics",
    "same_name_elsewhere",
)


def named(wanted: Wanted) -> bool:
    """Whether the inventory itself names the runner, so that none has to be found."""
    return bool(wanted.runner_id) and "runner_id" not in wanted.left_out


def connection(wanted: Wanted) -> dict[str, t.Any]:
    """How the management plane is reached, as C(Connection.of) takes it: the same for all that a look asks."""
    options = {"api_url": wanted.api_endpoint, "api_token": wanted.api_token, "ca_path": wanted.api_ca_path}
    return {**options, "api_timeout": TIMEOUT, **RETRIES}


def ask(wanted: Wanted, pool: Pool) -> ManagementPlane:
    """Ask for the runner, or for all of them where it has to be found; never an exception, never the token."""
    try:
        found = plane.runners(pool, connection(wanted), wanted.runner_id if named(wanted) else "")
    except ImportError as error:
        told = f"the Python library gitpod-sdk is not installed ({error})"
        advice = "Install gitpod-sdk (Python 3.10 or newer) where the modules run."
        return ManagementPlane(False, told, advice, installed=False)
    except (InputError, ApiError) as error:
        code = error.code if isinstance(error, ApiError) else ""
        # What a call was for says nothing here; what is wrong with an option does.
        parts = [error.why] if isinstance(error, ApiError) else [error.what, error.why]
        detail = ": ".join(part.rstrip(".") for part in parts if part)
        advice = f"{error.next_step.rstrip('.')}." if error.next_step else ""
        reached = code in (*REFUSED, *NO_SUCH_RUNNER)
        return ManagementPlane(reached, detail, advice, authenticated=code in NO_SUCH_RUNNER)
    return ManagementPlane(True, authenticated=True, runners=tuple(found))


def asked(wanted: Wanted) -> WantedRegistration | None:
    """What the stage is asked for; C(None) when it does nothing.

    Of a runner that the inventory names by its ID, it keeps what is declared of its settings.

    :raises InputError: with every value that cannot be.
    """
    if not wanted.api_token:
        return None
    options = {name: getattr(wanted, f"registration_{name}") for name in OPTIONS}
    meant = {"name": "", "runner_id": wanted.runner_id} if named(wanted) else {"name": wanted.name, "runner_id": ""}
    found = WantedRegistration.of({**options, **meant, "region": wanted.region})
    found = dataclasses.replace(found, renew_password=wanted.renews_password)
    return None if named(wanted) and not found.configuration and not found.renew_password else found


def plan(wanted: Wanted, facts: Facts) -> StagePlan:
    """The plan of the stage; what makes it fail makes it needed, because the stage tells why."""
    plane = facts.management_plane
    runners = plane.runners if plane is not None and plane.authenticated else None
    status = facts.stack.status if isinstance(facts.stack, Stack) else None
    try:
        return foresee(asked(wanted), runners, status)
    except RunnerError as error:
        return StagePlan(STAGE, stages.UNKNOWN, (error.what,))


def found(wanted: Wanted, facts: Facts) -> Runner | None:
    """The runner that the stage would find; C(None) when there is none, or nobody says.

    :raises RunnerError: it is not clear which, or it can never be as it is wanted.
    """
    plane = facts.management_plane
    registration = asked(wanted)
    if plane is None or not plane.authenticated or registration is None:
        return None
    if registration.runner_id:
        return by_id(plane.runners, registration.runner_id)
    return choose(plane.runners, registration)


def seen(wanted: Wanted, facts: Facts) -> dict[str, t.Any] | None:
    """What the stage would leave for the later ones, when it has nothing to do; C(None) when it does not apply."""
    runner = found(wanted, facts)
    if runner is None:
        return None
    return {
        "changed": False,
        "actions": [],
        "runner": runner.as_result(),
        "runner_id": runner.id,
        "api_endpoint": "",
        "exchange_token_reason": "",
        "renew_exchange_token": False,
    }


def earlier_of(earlier: Earlier, wanted: Wanted, facts: Facts) -> Earlier:
    """What the later stages are told by the registration: the runner that was found, and the release that it runs."""
    try:
        runner = found(wanted, facts)
    except RunnerError:
        runner = None
    earlier = dataclasses.replace(earlier, running_release=running_release(wanted, facts))
    if runner is None:
        return earlier
    return dataclasses.replace(earlier, registration={**earlier.registration, "runner_id": runner.id})


def running_release(wanted: Wanted, facts: Facts) -> str:
    """The release that the runner reports, which updates itself; empty where nobody asked or it has none yet."""
    plane = facts.management_plane
    runners = plane.runners if plane is not None and plane.authenticated else ()
    try:
        own = found(wanted, facts) or next((entry for entry in runners if entry.id == wanted.runner_id), None)
    except RunnerError:
        own = None
    return own.version if own else ""


def owned(wanted: Wanted, facts: Facts) -> Found | Unread | None:
    """Whose the stack is, with the ID of the runner that the registration finds where the inventory has none."""
    found_stack = facts.owned
    if not isinstance(found_stack, Found) or found_stack.runner.id:
        return found_stack
    identifier = earlier_of(Earlier(), wanted, facts).runner_id({})
    return found_stack.known_as(Owner(wanted.name, identifier)) if identifier else found_stack


def would_be_anothers(wanted: Wanted, facts: Facts) -> bool:
    """Whether the stage would register a runner beside a stack that is the same-named runner's of another ID."""
    whose, plane = facts.owned, facts.management_plane
    if not isinstance(whose, Found) or whose.verdict.relation != OURS or plane is None or not plane.authenticated:
        return False
    try:
        anew = asked(wanted) is not None and not named(wanted) and found(wanted, facts) is None
    except RunnerError:
        return False
    return anew and bool(whose.stack.tags.get(RUNNER_ID_TAG))
