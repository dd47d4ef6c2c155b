# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Updating through a change set: computed, shown, refused when dangerous, reviewed when asked, then executed."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import parameters
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.changes import (
    change,
    dangerous,
    describe,
    is_empty,
    summary,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.foresee import (
    Difference,
    Present,
    tags_after,
)
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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Pace, poll

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api

CHANGE_SET_PACE = Pace(first=0.5, longest=5.0, growth=1.5)
CHANGE_SET_TIMEOUT = 600.0
Changes = tuple[dict[str, t.Any], ...]


@dataclasses.dataclass(frozen=True)
class Update:
    """A computed update.

    :param changes: C(None) when there is nothing to change.
    :param started: the stack as it is once the change set is executed.
    """

    outcome: Outcome
    change_set: str
    token: str
    changes: Changes | None
    started: Stack


def compute(api: Api, wanted: Wanted, template: Template, present: Present, found: Difference, mode: Mode) -> Update:
    """Compute what an update would change; a reviewed change set that fits is taken as it is.

    :raises RunnerError: it would lose state without consent, or the reviewed change set went stale.
    """
    stack = present.stack
    values, secrets = parameters.resolve(template, wanted.parameters, wanted.secrets, stack.parameters.keys())
    tags = tags_after(wanted, present)
    full = dataclasses.replace(wanted, tags=tags, role_arn=wanted.role_arn or stack.role_arn)
    request = parameters.request(template, values, secrets, stack.parameters.keys(), wanted.renew_secrets)
    token = new_token()
    reviewed = None if mode.check else present.reviewed
    if reviewed and not wanted.review:
        refuse_stale(stack, stale(reviewed, template, values, stack.parameters, tags))
        arn = reviewed["ChangeSetId"]
        changes: Changes | None = tuple(change(entry) for entry in reviewed["Changes"])
    else:
        name = CHANGE_SET_NAME if wanted.review and not mode.check else f"c{token}"
        if name == CHANGE_SET_NAME:
            api.make_room(stack.id, name)
        arn = api.create_change_set(full, template, request, name, "UPDATE")
        changes = computed(api, arn, mode)
    explained = parameters.template_changes(template, stack.parameters)
    outcome = _described(stack, changes, found)
    outcome = dataclasses.replace(outcome, actions=(*outcome.actions, *(explained if changes else ())))
    _refuse_losses(api, wanted, stack, arn, changes or ())
    if changes is None or mode.check:
        api.delete_change_set(arn)
    return Update(outcome, arn, token, changes, dataclasses.replace(stack, status="UPDATE_IN_PROGRESS", tags=tags))


def _refuse_losses(api: Api, wanted: Wanted, stack: Stack, arn: str, changes: Changes) -> None:
    risky = dangerous(changes)
    if risky and not wanted.allow_replacement:
        api.delete_change_set(arn)
        raise RunnerError(
            f"The update of the stack {stack.name} would replace or remove stateful resources; nothing was changed",
            "; ".join(describe(entry) for entry in risky),
            "Allow it with allow_replacement (gitpod_stack_allow_replacement) after saving what they hold",
            {"changes": list(changes)},
        )


def computed(api: Api, arn: str, mode: Mode) -> Changes | None:
    """The change set's changes once AWS has computed them; C(None) when there is nothing to do."""
    for _elapsed in poll(mode.watching.clock, CHANGE_SET_TIMEOUT, CHANGE_SET_PACE):
        raw = api.change_set(arn)
        found, reason = raw.get("Status", ""), raw.get("StatusReason", "")
        if found == "CREATE_COMPLETE":
            return tuple(change(entry) for entry in raw["Changes"])
        if is_empty(found, reason):
            return None
        if found == "FAILED":
            details = [detail for detail in api.validation_failures(arn) if detail not in reason]
            api.delete_change_set(arn)
            raise RunnerError(
                "CloudFormation refused the change set; nothing was changed", "; ".join([reason, *details])
            )
    raise RunnerError(
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
