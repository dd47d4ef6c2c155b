# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having no stack: decided from its status, carried out in order, a refusal told as a failure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import begin, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.events import (
    History,
    kept_resources,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import find
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.operation import cancelled
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.outcome import (
    Mode,
    Outcome,
    new_token,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.watch import failed, wait
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import NOBODY, Runner

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api


@dataclasses.dataclass(frozen=True)
class Deletion:
    """What the options ask for.

    :param force: whether termination protection is switched off first.
    :param retain: logical IDs to leave behind when a deletion has failed.
    :param cancel_update: whether a running update is cancelled instead of waited for.
    :param runner: whose stack is meant.
    :param take_over: name of a stack that goes although its tags do not say that it is this runner's.
    """

    name: str
    force: bool = False
    retain: tuple[str, ...] = ()
    cancel_update: bool = False
    runner: Runner = NOBODY
    take_over: str = ""


def absent(api: Api, wanted: Deletion, mode: Mode) -> Outcome:
    """Have no stack of this name.

    :raises RunnerError: it is not this runner's.
    """
    found = find(api, wanted.runner, wanted.name, wanted.take_over)
    stack = found.stack
    found.refuse()
    if (found.free and not found.empty) or status.meaning(stack.status).absent == status.GONE:
        return Outcome(stack)
    # The stack that was found, which a runner that was taken over has under another name than the wanted one.
    actions = (f"delete the stack {stack.name}",)
    if stack.protected and not wanted.force:
        raise RunnerError(
            f"The stack {stack.name} is protected from deletion; nothing was changed",
            "Termination protection is on",
            "Delete it with force=true, which switches the protection off first",
        )
    retain = _retained(api, stack, wanted)
    planned = Outcome(stack, "delete", changed=True, actions=actions, before=f"{stack.name}: {stack.status}\n")
    if mode.check:
        return planned
    stack = _settled(api, stack, wanted, mode)
    resources = api.resources(stack.id) if mode.wait and status.exists(stack.status) else []
    if stack.protected is not False and wanted.force:
        begin.protect(api, stack.id, False, mode.watching.clock)
    token = ""
    if status.meaning(stack.status).absent != status.JOIN_DELETE:
        token = new_token()
        begin.delete(api, stack, token, mode.watching.clock, retain)
    if not mode.wait:
        return dataclasses.replace(planned, stack=stack, in_progress=True, token=token)
    expected = sum(not entry["status"].startswith("DELETE") for entry in resources)
    watching = dataclasses.replace(mode.watching, fail_fast=False, expected=expected)
    return dataclasses.replace(_gone(api, stack, token, watching), actions=actions, before=planned.before)


def _retained(api: Api, stack: Stack, wanted: Deletion) -> tuple[str, ...]:
    """The resources to leave behind, which AWS takes for a stack whose deletion has failed alone.

    Those that have gone meanwhile need it no more, and AWS refuses the call that names one: "The specified resources to
    retain must be in a valid state. Do not specify resources that are in the DELETE_COMPLETE state." (ValidationError,
    rebuy-de/aws-nuke#270).

    :raises InputError: the stack has no such resource.
    """
    if not wanted.retain or stack.status != "DELETE_FAILED":
        return ()
    states = {entry["logical_id"]: entry["status"] for entry in api.resources(stack.id)}
    unknown = [name for name in wanted.retain if name not in states]
    if unknown:
        failed_ones = [name for name, state in states.items() if state == "DELETE_FAILED"]
        raise InputError(
            f"The stack {stack.name} has no resource {', '.join(unknown)}; nothing was changed",
            f"AWS could not delete {', '.join(failed_ones)}" if failed_ones else "",
            "Correct gitpod_teardown_retain_resources (retain_resources), which takes logical IDs",
        )
    return tuple(name for name in dict.fromkeys(wanted.retain) if states[name] != "DELETE_COMPLETE")


def _settled(api: Api, stack: Stack, wanted: Deletion, mode: Mode) -> Stack:
    """The stack once AWS accepts a deletion; this is waited for also by those who do not wait for the deletion."""
    if stack.status == "UPDATE_IN_PROGRESS" and wanted.cancel_update:
        return cancelled(api, stack, mode)
    if status.meaning(stack.status).absent == status.AFTERWARDS:
        watching = dataclasses.replace(mode.watching, fail_fast=False)
        return wait(api, stack, History(api.client, stack.id), watching)
    return stack


def _gone(api: Api, stack: Stack, token: str, watching: t.Any) -> Outcome:
    """Wait for the end and judge it: any status but DELETE_COMPLETE means that the deletion was refused or failed."""
    history = History(api.client, stack.id, token)
    going = dataclasses.replace(stack, status="DELETE_IN_PROGRESS")
    final = wait(api, going, history, watching, before=stack.status if token else "")
    # One that never had resources may leave no trace.
    if final.status not in ("DELETE_COMPLETE", status.ABSENT):
        raise failed(final, history.events, final.status, deleting=True)
    gone = dataclasses.replace(final, outputs={})
    return Outcome(gone, "delete", changed=True, kept=tuple(kept_resources(history.events)))
