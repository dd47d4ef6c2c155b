# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Updating through a change set: computed, shown, refused when dangerous, reviewed when asked, then executed."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import begin, parameters
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.changes import (
    change,
    dangerous,
    describe,
    is_empty,
    summary,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.effects import effects, warnings
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.foresee import (
    Difference,
    Present,
    tags_after,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.leftovers import name_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Stack,
    Template,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.outcome import (
    Mode,
    Outcome,
    new_token,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.review import (
    CHANGE_SET_NAME,
    refuse_stale,
    stale,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import NotFoundError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import LONGEST_LAG, first_seen

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api

CHANGE_SET_PACE = Pace(first=0.5, longest=5.0, growth=1.5)
CHANGE_SET_TIMEOUT = 600.0
Changes = tuple[dict[str, t.Any], ...]


class RefusedError(RunnerError):
    """AWS did not compute a change set."""


@dataclasses.dataclass(frozen=True)
class Update:
    """A computed update.

    :param changes: C(None) when there is nothing to change.
    :param started: the stack as it is once the change set is executed.
    :param unasked: whether nobody but this run has a use for the change set.
    """

    outcome: Outcome
    change_set: str
    token: str
    changes: Changes | None
    started: Stack
    unasked: bool = False


def compute(api: Api, wanted: Wanted, template: Template, present: Present, found: Difference, mode: Mode) -> Update:
    """Compute what an update would change; a reviewed change set that fits is taken as it is.

    :raises RunnerError: it would lose state without consent, or the reviewed change set went stale.
    """
    stack = present.stack
    values, secrets = parameters.resolve(template, wanted.parameters, wanted.secrets, stack.parameters.keys())
    tags = tags_after(wanted, present)
    full = dataclasses.replace(wanted, tags=tags, role_arn=wanted.role_arn or stack.role_arn)
    request = parameters.request(template, values, secrets, stack.parameters.keys(), wanted.renew_secrets)
    token, clock = new_token(), mode.watching.clock
    reviewed = None if mode.check else present.reviewed
    if reviewed and not wanted.review:
        refuse_stale(stack, stale(reviewed, template, values, stack.parameters, tags))
        arn = reviewed["ChangeSetId"]
        changes: Changes | None = tuple(change(entry) for entry in reviewed["Changes"])
    else:
        name = CHANGE_SET_NAME if wanted.review and not mode.check else name_of(token)
        asked = begin.ChangeSet(name, "UPDATE", token)
        arn, changes, anothers = asked_for(api, full, template, request, asked, mode)
        if anothers and changes is not None:
            refuse_stale(stack, stale(api.change_set(arn), template, values, stack.parameters, tags))
    explained = parameters.template_changes(template, stack.parameters)
    outcome = _described(stack, changes, found)
    if changes is not None:
        told = warnings(wanted, stack, found.template is not False, found.parameters)
        outcome = dataclasses.replace(
            outcome,
            actions=(*outcome.actions, *(explained if changes else ())),
            effects=effects(found.parameters),
            warnings=told,
        )
    _refuse_losses(api, wanted, stack, arn, changes or (), clock)
    if changes is None or mode.check:
        begin.discard(api, arn, clock)
    started = dataclasses.replace(stack, status="UPDATE_IN_PROGRESS", tags=tags)
    return Update(outcome, arn, token, changes, started, unasked=not (reviewed or wanted.review))


def asked_for(
    api: Api,
    wanted: Wanted,
    template: Template,
    request: list[dict[str, t.Any]],
    asked: begin.ChangeSet,
    mode: Mode,
) -> tuple[str, Changes | None, bool]:
    """A change set with what it would change, and whether it may be another run's: those for a review have one name.

    What had that name is replaced. When two runs do so at once, the one whose change set goes takes the other's.
    """
    clock = mode.watching.clock
    if asked.name != CHANGE_SET_NAME:
        arn, _found = begin.change_set(api, wanted, template, request, asked, clock)
        return arn, computed(api, arn, mode), False
    begin.free_name(api, wanted.name, asked.name, clock)
    arn, found = begin.change_set(api, wanted, template, request, asked, clock)
    try:
        return arn, computed(api, arn, mode), found
    except NotFoundError:
        other = first_seen(lambda: api.named_change_set(wanted.name, asked.name), clock, LONGEST_LAG)
        if other is None:
            raise
        return other["ChangeSetId"], computed(api, other["ChangeSetId"], mode), True


def _refuse_losses(api: Api, wanted: Wanted, stack: Stack, arn: str, changes: Changes, clock: Clock) -> None:
    risky = dangerous(changes)
    if risky and not wanted.allow_replacement:
        begin.discard(api, arn, clock)
        raise RunnerError(
            f"The update of the stack {stack.name} would replace or remove stateful resources; nothing was changed",
            "; ".join(describe(entry) for entry in risky),
            "Allow it with allow_replacement (gitpod_stack_allow_replacement) after saving what they hold",
            {"changes": list(changes)},
        )


def computed(api: Api, arn: str, mode: Mode) -> Changes | None:
    """The change set's changes once AWS has computed them; C(None) when there is nothing to do.

    :raises RefusedError: AWS cannot make it, or not in time; like after every error, nothing of it is left behind.
    """
    with begin.discarding(api, arn, mode.watching.clock):
        for _elapsed in poll(mode.watching.clock, CHANGE_SET_TIMEOUT, CHANGE_SET_PACE):
            raw = api.change_set(arn)
            found, reason = raw.get("Status", ""), raw.get("StatusReason", "")
            if found == "CREATE_COMPLETE":
                return tuple(change(entry) for entry in raw["Changes"])
            if is_empty(found, reason):
                return None
            if found == "FAILED":
                details = [detail for detail in api.validation_failures(arn) if detail not in reason]
                raise RefusedError(
                    "CloudFormation refused the change set; nothing was changed",
                    "; ".join([reason.strip().rstrip(". "), *details]),
                )
        raise RefusedError(
            "CloudFormation did not finish the change set in time",
            "",
            "Run again; nothing was changed",
            {"change_set": arn},
        )


def _described(stack: Stack, computed_: Changes | None, found: Difference) -> Outcome:
    """The update as it will be; a change set without changes of resources, of outputs alone, say, is one to execute."""
    changes = computed_ or ()
    before = [f"{label}: {old}" for label, (old, _new) in found.parameters.items()]
    after = [f"{label}: {new}" for label, (_old, new) in found.parameters.items()]
    before += [f"tag {key}: {old}" for key, (old, _new) in found.tags.items()]
    after += [f"tag {key}: {new}" for key, (_old, new) in found.tags.items()]
    after += summary(changes)
    changed = bool(computed_ is not None or found.tags)
    return Outcome(
        stack,
        "update" if changed else "none",
        changed=changed,
        changes=changes,
        actions=(f"update the stack {stack.name}",) if changed else (),
        before="".join(f"{line}\n" for line in before) if changed else "",
        after="".join(f"{line}\n" for line in after) if changed else "",
    )
