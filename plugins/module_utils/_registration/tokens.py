# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange tokens: when one is minted, and how a failure tells that one was expired or used. Pure.

A token works once and expires after 24 hours (SDK, CreateRunnerToken; guide, "Exchange Token").
"""

from __future__ import annotations

import re

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import DEGRADED, Runner

EXPIRED, USED, REJECTED = "expired", "used", "rejected"
_ABOUT_A_TOKEN = re.compile(r"(exchange|one[- ]time|registration|bootstrap)[ _-]?token", re.IGNORECASE)
_KINDS = (
    (EXPIRED, re.compile(r"\bexpir(ed|y)\b", re.IGNORECASE)),
    (USED, re.compile(r"\b(already|been|was) (used|exchanged|consumed|redeemed)\b|\bused before\b", re.IGNORECASE)),
    (REJECTED, re.compile(r"\b(invalid|rejected|unknown|not (found|valid|one of))\b", re.IGNORECASE)),
)
NEXT_STEP = (
    "Run again: with gitpod_api_token a new exchange token is minted. Without it, create one for the runner in the "
    "dashboard (Settings, Runners) and set gitpod_exchange_token"
)


def token_problem(text: str) -> str:
    """What a failure's text says about the exchange token: C(expired), C(used), C(rejected), or nothing."""
    if not _ABOUT_A_TOKEN.search(text):
        return ""
    return next((kind for kind, pattern in _KINDS if pattern.search(text)), "")


def stack_needs_a_token(stack_status: str) -> bool:
    """Whether having the stack means to create it, now or after what is left of it is deleted."""
    return status.meaning(stack_status or status.ABSENT).present in (
        status.CREATE,
        status.RECREATE,
        status.AWAIT_DELETE,
    )


def runner_needs_a_token(phase: str, message: str) -> bool:
    """Whether the stack stands, but its runner could not present its token."""
    return phase == DEGRADED and bool(token_problem(message))


def exchange_token_reason(stack_status: str, runner: Runner | None) -> str:
    """Why the stack needs a new exchange token, or an empty text.

    :param stack_status: as runner_stack_info returns it.
    :param runner: C(None) when it is about to be created.
    """
    if stack_needs_a_token(stack_status):
        return f"the stack will be created (it is {stack_status or status.ABSENT})"
    if runner is None:
        return f"the runner is new, and the stack ({stack_status}) has the token of another one"
    if runner_needs_a_token(runner.phase, runner.message):
        return f"the runner says: {runner.message}"
    return ""
