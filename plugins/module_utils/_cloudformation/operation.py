# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having a stack: decided from its status, carried out in order, told in sentences."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import (
    advice,
    begin,
    parameters,
    status,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.creation import (
    create_reviewed,
    review_creation,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.effects import (
    refuse_step_back,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.events import (
    History,
    left_over,
    timeline,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import find
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.foresee import (
    difference,
    look,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    HIDDEN,
    Stack,
    Template,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.outcome import (
    Mode,
    Outcome,
    new_token,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.overtaken import (
    MOST_ATTEMPTS,
    OvertakenError,
    moved_on,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.settings import settings
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.update import (
    RefusedError,
    compute,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.watch import failed, wait
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import without_secrets
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import LONGEST_LAG, first_seen

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api


def join(api: Api, name: str, token: str, mode: Mode) -> Outcome:
    """Wait for what is going on, or judge how it ended meanwhile; start nothing.

    :param token: of the operation that is meant, as its start returned it, or empty for whatever goes on.
    """
    stack = api.stack(name)
    row = status.meaning(stack.status)
    if mode.check:
        return Outcome(stack)
    if row.in_progress:
        expected = api.template({"StackName": stack.id}).resource_count
        watching = dataclasses.replace(mode.watching, expected=expected)
        outcome = _finish(api, stack, token, dataclasses.replace(mode, watching=watching), "attach")
        return dataclasses.replace(outcome, changed=False)
    # Without a token, an update that was rolled back some time ago is nobody's failure today.
    if row.failing and (token or row.present != status.UPDATE):
        history = History(api.client, stack.id, token)
        history.read()
        raise failed(stack, history.events, stack.status)
    if not status.exists(stack.status):
        raise RunnerError(f"There is no stack {name} to wait for", next_step="Deploy it first (tag stack)")
    return Outcome(stack, actions=(f"the stack {name} is {stack.status}",), timeline=_ended_before(api, stack, token))


def _ended_before(api: Api, stack: Stack, token: str) -> tuple[dict[str, t.Any], ...]:
    """The timeline of what ended before anybody waited for it; for the report only, so a lost look is no failure."""
    history = History(api.client, stack.id, token)
    try:
        history.read()
    except ApiError:
        return ()
    return tuple(timeline(history.events))


def _finish(api: Api, stack: Stack, token: str, mode: Mode, operation: str, before: str = "") -> Outcome:
    """Wait when asked, and judge the end."""
    if not mode.wait:
        return Outcome(stack, operation, changed=True, in_progress=True, token=token)
    history = History(api.client, stack.id, token)
    final = wait(api, stack, history, mode.watching, before)
    row = status.meaning(final.status)
    # Whoever joins a deletion waits for the stack to go; what was to be created or updated has failed when it goes.
    joined_deletion = stack.status == "DELETE_IN_PROGRESS" and final.status == "DELETE_COMPLETE"
    if not row.good and not joined_deletion:
        raise failed(final, history.events, final.status)
    told = advice.left_behind(final.name, final.status, left_over(history.events))
    return Outcome(final, operation, changed=True, timeline=tuple(timeline(history.events)), warnings=told)


def present(api: Api, wanted: Wanted, location: t.Mapping[str, str], mode: Mode) -> Outcome:
    """Have the stack as it is wanted."""
    stack = _own(api, wanted)
    wanted = dataclasses.replace(wanted, name=stack.name)
    template = api.template(location)
    _acknowledged(wanted, template)
    for left in reversed(range(MOST_ATTEMPTS)):
        try:
            return _towards(api, wanted, template, stack, mode)
        except OvertakenError as overtaken:
            if not left:
                raise overtaken.refusal from overtaken
            stack = _own(api, wanted)
    raise AssertionError("the last attempt returns or raises")


def _towards(api: Api, wanted: Wanted, template: Template, stack: Stack, mode: Mode) -> Outcome:
    """What the stack's status asks for.

    :raises OvertakenError: it has become another one meanwhile.
    """
    step = status.meaning(stack.status).present
    done: tuple[str, ...] = ()
    if mode.check and status.meaning(stack.status).in_progress:
        return _predicted(api, wanted, template, stack, mode)
    if stack.status == "UPDATE_IN_PROGRESS" and wanted.cancel_update:
        stack = cancelled(api, stack, mode)
        step = status.meaning(stack.status).present
        # One that was through before the call reached AWS was not cancelled.
        done = ("cancel the running update",) if "ROLLBACK" in stack.status else ()
    if step == status.ATTACH:
        outcome = _finish(api, stack, "", mode, "attach")
        told = (f"attached to {stack.status}; run again to apply what the inventory changes besides",)
        return dataclasses.replace(outcome, changed=False, actions=told)
    if step in (status.SETTLE, status.AWAIT_DELETE):
        stack = wait(api, stack, History(api.client, stack.id), dataclasses.replace(mode.watching, fail_fast=False))
        step = status.meaning(stack.status).present
    if step == status.REPAIR and wanted.continue_rollback:
        stack = _continued(api, wanted, stack, mode)
        step = status.meaning(stack.status).present
        done = ("continue the rollback that had failed",)
    steps = {status.CREATE: _create, status.RECREATE: _recreate, status.UPDATE: _update}
    if step not in steps:
        raise _stopped(stack)
    outcome = steps[step](api, wanted, template, stack, mode)
    return dataclasses.replace(outcome, changed=outcome.changed or bool(done), actions=(*done, *outcome.actions))


def _own(api: Api, wanted: Wanted) -> Stack:
    """The runner's stack, or none.

    :raises RunnerError: a stack stands in the way that is not this runner's.
    """
    found = find(api, wanted.runner, wanted.name, wanted.take_over)
    found.refuse()
    return found.stack


def cancelled(api: Api, stack: Stack, mode: Mode) -> Stack:
    """The stack after its running update was cancelled and rolled back."""
    token = new_token()
    begin.cancel_update(api, stack, token, mode.watching.clock)
    watching = dataclasses.replace(mode.watching, fail_fast=False)
    return wait(api, stack, History(api.client, stack.id), watching)


def _predicted(api: Api, wanted: Wanted, template: Template, stack: Stack, mode: Mode) -> Outcome:
    """What a run would do while AWS is at work; check mode does not wait for the end."""
    if stack.status == "UPDATE_IN_PROGRESS" and wanted.cancel_update:
        told = ("cancel the running update; what differs afterwards is not known yet",)
        return Outcome(stack, "update", changed=True, actions=told)
    if stack.status == "DELETE_IN_PROGRESS":
        return _create(api, wanted, template, stack, mode)
    if stack.status == "ROLLBACK_IN_PROGRESS":
        return _recreate(api, wanted, template, stack, mode)
    return _predicted_attach(stack)


def _predicted_attach(stack: Stack) -> Outcome:
    return Outcome(stack, "attach", actions=(f"wait for {stack.status}; what differs afterwards is not known yet",))


def _continued(api: Api, wanted: Wanted, stack: Stack, mode: Mode) -> Stack:
    """Go on with the rollback that had failed, as asked; in check mode the stack counts as rolled back."""
    if mode.check:
        return dataclasses.replace(stack, status="UPDATE_ROLLBACK_COMPLETE")
    token = new_token()
    begin.continue_rollback(api, stack, token, wanted.skip_resources, mode.watching.clock)
    going_on = dataclasses.replace(stack, status="UPDATE_ROLLBACK_IN_PROGRESS")
    watching = dataclasses.replace(mode.watching, fail_fast=False)
    final = wait(api, going_on, History(api.client, stack.id, token), watching, before=stack.status)
    if final.status != "UPDATE_ROLLBACK_COMPLETE":
        raise _stopped(final)
    return final


def _stopped(stack: Stack) -> RunnerError:
    return RunnerError(
        f"The stack {stack.name} is {stack.status} and cannot be changed",
        stack.status_reason,
        advice.after(stack.status),
        {"stack": stack.as_result()},
    )


def _acknowledged(wanted: Wanted, template: Template) -> None:
    missing = sorted(set(template.capabilities) - set(wanted.capabilities))
    if missing:
        raise InputError(
            f"The template needs {', '.join(missing)}",
            "It creates IAM resources or expands macros, which has to be acknowledged",
            "Add it to gitpod_stack_capabilities after a review of the template",
        )


def _create(api: Api, wanted: Wanted, template: Template, stack: Stack, mode: Mode) -> Outcome:
    values, secrets = parameters.resolve(template, wanted.parameters, wanted.secrets, ())
    added = tuple(
        {"action": "Add", "logical_id": "", "physical_id": "", "type": kind, "replacement": "False", "properties": []}
        for kind in template.resource_types
    )
    outcome = Outcome(
        stack,
        "create",
        changed=True,
        changes=added,
        actions=(f"create the stack {wanted.name}",),
        after=_as_text(template, values, secrets, wanted.tags),
    )
    if mode.check:
        return outcome
    token = new_token()
    request = parameters.request(template, values, secrets, ())
    if wanted.review:
        review_creation(api, wanted, template, request, stack, mode)
        return dataclasses.replace(outcome, operation="review", actions=(*outcome.actions, "wait for approval"))
    if stack.status == "REVIEW_IN_PROGRESS":
        created = create_reviewed(api, wanted, template, stack, mode, token)
    else:
        try:
            stack_id = begin.create(api, wanted, template, request, token, mode.watching.clock)
        except ApiError as error:
            if error.code != "AlreadyExistsException":
                raise
            return _quicker(api, wanted, error, mode)
        created = Stack(wanted.name, "CREATE_IN_PROGRESS", stack_id, tags=wanted.tags, protected=wanted.protected)
    watching = dataclasses.replace(mode.watching, expected=template.resource_count)
    how = dataclasses.replace(mode, watching=watching)
    return _merged(outcome, _finish(api, created, token, how, "create", before=stack.status))


def _quicker(api: Api, wanted: Wanted, error: ApiError, mode: Mode) -> Outcome:
    """Another run was faster; what it began for this runner is waited for.

    :raises OvertakenError: it goes again already, or something else has to be done with it.
    """
    own = first_seen(lambda: found if (found := _own(api, wanted)).id else None, mode.watching.clock, LONGEST_LAG)
    row = status.meaning(own.status) if own else None
    if own is None or row is None or not (row.good or row.present == status.ATTACH):
        raise OvertakenError(error) from error
    told = (f"attached to {own.status}, which another run began",)
    return dataclasses.replace(_finish(api, own, "", mode, "attach"), changed=False, actions=told)


def _merged(plan: Outcome, done: Outcome) -> Outcome:
    """What was planned, with how it ended."""
    return dataclasses.replace(
        plan,
        stack=done.stack,
        in_progress=done.in_progress,
        timeline=done.timeline,
        token=done.token,
        warnings=(*plan.warnings, *done.warnings),
    )


def _recreate(api: Api, wanted: Wanted, template: Template, stack: Stack, mode: Mode) -> Outcome:
    """A stack whose creation failed can only be deleted; what the inventory leaves out is taken over from it."""
    if not wanted.recreate_failed:
        raise RunnerError(
            f"The stack {stack.name} is {stack.status}",
            stack.status_reason,
            "Allow recreate_failed (gitpod_stack_recreate_failed), or delete it",
        )
    keys = {parameter.key for parameter in template.parameters if not parameter.no_echo}
    previous = {key: value for key, value in stack.parameters.items() if key in keys and value != HIDDEN}
    given = {
        found[0].key: value
        for name, value in wanted.parameters.items()
        if len(found := parameters.find(name, template.parameters)) == 1
    }
    unmatched = {
        name: value for name, value in wanted.parameters.items() if len(parameters.find(name, template.parameters)) != 1
    }
    anew = dataclasses.replace(wanted, parameters={**previous, **given, **unmatched})
    # Everything that can be wrong is found before the old stack goes.
    predicted = _create(api, anew, template, stack, dataclasses.replace(mode, check=True))
    actions = (f"delete the stack {stack.name}, which is {stack.status}", f"create the stack {stack.name}")
    if mode.check:
        return dataclasses.replace(predicted, operation="recreate", actions=actions)
    clock, token = mode.watching.clock, new_token()
    if stack.protected is not False:
        begin.protect(api, stack.id, False, clock)
    begin.delete(api, stack, token, clock)
    watching = dataclasses.replace(mode.watching, fail_fast=False)
    gone = wait(api, stack, History(api.client, stack.id, token), watching, before=stack.status)
    if gone.status != "DELETE_COMPLETE":
        raise failed(gone, (), gone.status, deleting=True)
    outcome = _create(api, anew, template, Stack(stack.name), mode)
    return dataclasses.replace(outcome, operation="recreate", actions=actions)


def _update(api: Api, wanted: Wanted, template: Template, stack: Stack, mode: Mode) -> Outcome:
    """Change what differs; a change set, which is a write, is made only when something of it does."""
    refuse_step_back(wanted, stack)
    existing = look(api, wanted, stack)
    found = difference(wanted, template, existing)
    try:
        # One that failed and stayed so has the values that were wanted of it, and is not done.
        needed = found.needs_change_set or stack.status == "UPDATE_FAILED"
        update = compute(api, wanted, template, existing, found, mode) if needed else None
    except (ApiError, RefusedError) as error:
        # AWS refuses a change set during an update and removes those that were there when another one was executed.
        return _overtaken(api, stack, error, mode)
    if update and update.changes is None and stack.status == "UPDATE_FAILED":
        raise _stopped(stack)
    clock = mode.watching.clock
    with begin.discarding(api, update.change_set, clock) if update and update.unasked else contextlib.nullcontext():
        outcome = settings(api, wanted, stack, found, update.outcome if update else Outcome(stack), mode)
    if update is None or update.changes is None or mode.check:
        return outcome
    if wanted.review:
        return dataclasses.replace(outcome, operation="review", actions=(*outcome.actions, "wait for approval"))
    try:
        with begin.discarding(api, update.change_set, clock) if update.unasked else contextlib.nullcontext():
            begin.execute(api, stack.id, update.change_set, update.token, clock)
    except ApiError as error:
        return _overtaken(api, stack, error, mode)
    watching = dataclasses.replace(mode.watching, expected=len(update.changes))
    how = dataclasses.replace(mode, watching=watching)
    return _merged(outcome, _finish(api, update.started, update.token, how, "update", before=stack.status))


def _overtaken(api: Api, stack: Stack, error: ApiError | RefusedError, mode: Mode) -> Outcome:
    """Another run executed its own change set first, which makes ours obsolete; what it began is waited for.

    :raises OvertakenError: that run is through already, so there is another stack to compare with.
    :raises ApiError: nothing has happened, so the refusal has another reason.
    """
    now = api.stack(stack.id)
    if status.meaning(now.status).present != status.ATTACH:
        raise moved_on(api, stack, error) from error
    told = (
        f"attached to {now.status}, which another run began; run again to apply what the inventory changes besides",
    )
    return dataclasses.replace(_finish(api, now, "", mode, "attach"), changed=False, actions=told)


def _as_text(
    template: Template, values: t.Mapping[str, str], secrets: t.Mapping[str, str], tags: t.Mapping[str, str]
) -> str:
    shown = {**{key: without_secrets(value) for key, value in values.items()}, **dict.fromkeys(secrets, "(hidden)")}
    lines = [f"{entry.label}: {shown[entry.key]}" for entry in template.parameters if shown.get(entry.key)]
    lines += [f"tag {key}: {value}" for key, value in sorted(tags.items())]
    return "".join(f"{line}\n" for line in lines)
