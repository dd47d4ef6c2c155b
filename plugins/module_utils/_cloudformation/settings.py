# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is changed of a stack without a change set."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import begin
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.leftovers import Leftover, told
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.foresee import Difference
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Wanted
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.outcome import Mode, Outcome


def settings(api: Api, wanted: Wanted, stack: Stack, found: Difference, outcome: Outcome, mode: Mode) -> Outcome:
    """Termination protection and stack policy as they are wanted, and without the change sets that nobody needs."""
    clock = mode.watching.clock
    if found.leftovers:
        outcome = _tidied(api, found.leftovers, outcome, mode)
    if found.protection:
        switched = f"switch termination protection {'on' if wanted.protected else 'off'}"
        outcome = dataclasses.replace(outcome, changed=True, actions=(*outcome.actions, switched))
        if not mode.check:
            begin.protect(api, stack.id, wanted.protected, clock)
    if found.policy:
        outcome = dataclasses.replace(outcome, changed=True, actions=(*outcome.actions, "set the stack policy"))
        if not mode.check:
            begin.set_policy(api, stack.id, wanted.policy, clock)
    return outcome


def _tidied(api: Api, leftovers: t.Sequence[Leftover], outcome: Outcome, mode: Mode) -> Outcome:
    """What runs left behind that were broken off goes; where it stays, that is no reason to fail."""
    gone = f"remove {told(leftovers)}"
    outcome = dataclasses.replace(outcome, changed=True, actions=(*outcome.actions, gone))
    if mode.check:
        return outcome
    left = []
    for leftover in leftovers:
        try:
            begin.discard(api, leftover.arn, mode.watching.clock)
        except ApiError as error:
            left.append(f"{leftover.name}, a change set of a run that was broken off, stays. {error.message}")
    return dataclasses.replace(outcome, warnings=(*outcome.warnings, *left))
