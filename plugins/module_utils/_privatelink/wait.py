# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounded waits for an endpoint: until it appears, works, takes the next change, or is gone."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    RunnerError,
    TimeoutExceededError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.advice import broken_advice
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    ACCEPTANCE,
    AVAILABLE,
    BROKEN,
    LEAVING,
    WAITING,
    Endpoint,
    Wanted,
    stage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.outcome import CONFLICT_CODES, Mode
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import (
    choose,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Pace, poll
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import may_be_done

PACE = Pace(first=2.0, longest=15.0, growth=1.5)
# Lists may leave out an endpoint that was just created (EC2 API reference, "Eventual consistency"); seconds.
LONGEST_UNSEEN = 30.0

OWNER = "The owner of the service has to accept the connection."
ASK = "Ask Gitpod to accept it, naming the endpoint's ID {} and the account."


def appeared(api: Api, wanted: Wanted, mode: Mode) -> Endpoint:
    """The endpoint that was just created, as soon as lists have it."""
    for _elapsed in poll(mode.clock, min(LONGEST_UNSEEN, mode.timeout), PACE):
        current = choose(api.endpoints(wanted.vpc_id, wanted.service_name), wanted)
        if current:
            return current
    raise RunnerError(
        f"The VPC {wanted.vpc_id} has no endpoint for {wanted.service_name}",
        next_step="Create it first (role gitpod_privatelink, entry point start)",
    )


def is_settled(endpoint: Endpoint, wanted: Wanted) -> bool:
    """Whether nothing of the endpoint is left to wait for."""
    return stage(endpoint.state) == AVAILABLE and _has_dns(endpoint, wanted)


def _has_dns(endpoint: Endpoint, wanted: Wanted) -> bool:
    """Whether no private DNS is missing; to switch it off is the plan's, which knows who else needs it."""
    return endpoint.private_dns or not wanted.private_dns


def finish(api: Api, wanted: Wanted, started: Endpoint, mode: Mode) -> Endpoint:
    """Wait until the endpoint works as it is wanted.

    :raises RunnerError: it broke.
    :raises TimeoutExceededError: not in time.
    """
    seen = started
    asked_for_dns = False
    for _elapsed in poll(mode.clock, mode.timeout, PACE):
        # Right after its creation an endpoint may not be visible yet.
        seen = api.endpoint(started.id) or seen
        mode.observe(seen.state)
        if stage(seen.state) in (BROKEN, LEAVING):
            raise RunnerError(
                f"The endpoint {seen.id} is {seen.state}",
                seen.reason or "AWS gives no reason",
                broken_advice(seen, wanted) if stage(seen.state) == BROKEN else "Run again when it is gone",
                {"endpoint": seen.as_result()},
            )
        if stage(seen.state) != AVAILABLE:
            continue
        if _has_dns(seen, wanted):
            return seen
        if not asked_for_dns:
            asked_for_dns = _asked_for_dns(api, seen)
    waits_for_them = stage(seen.state) == ACCEPTANCE
    raise TimeoutExceededError(
        f"The endpoint {seen.id} is still {seen.state} after {mode.timeout:.0f} s",
        OWNER if waits_for_them else "AWS goes on with it",
        f"{ASK.format(seen.id)} Then run again" if waits_for_them else "Run again",
        {"endpoint": seen.as_result(), "in_progress": True},
    )


def _asked_for_dns(api: Api, endpoint: Endpoint) -> bool:
    """Switch private DNS on; C(False) when the answer was lost or AWS is at work, and the next look tells."""
    try:
        api.modify(endpoint.id, {"PrivateDnsEnabled": True})
    except ApiError as error:
        if not (may_be_done(error) or error.code in CONFLICT_CODES):
            raise
        return False
    return True


def settle(api: Api, current: Endpoint, mode: Mode) -> None:
    """Wait until a modification is through, so that the next one is accepted; afterwards its own error tells."""
    for _elapsed in poll(mode.clock, mode.timeout, PACE):
        seen = api.endpoint(current.id)
        if seen is None or stage(seen.state) != WAITING:
            return


def gone(api: Api, endpoint_id: str, mode: Mode) -> None:
    """Wait until an endpoint is gone.

    :raises TimeoutExceededError: not in time.
    """
    for _elapsed in poll(mode.clock, mode.timeout, PACE):
        seen = api.endpoint(endpoint_id)
        if seen is None or seen.state.lower() == "deleted":
            return
    raise TimeoutExceededError(
        f"The endpoint {endpoint_id} is still there after {mode.timeout:.0f} s", "AWS goes on deleting it", "Run again"
    )
