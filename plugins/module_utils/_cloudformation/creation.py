# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creating through a change set: left for a review, or executed where one waits for a review."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import begin, parameters
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.outcome import Mode, new_token
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.overtaken import moved_on
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.review import (
    CHANGE_SET_NAME,
    refuse_stale,
    stale,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.update import asked_for, computed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
        Stack,
        Template,
        Wanted,
    )


def create_reviewed(api: Api, wanted: Wanted, template: Template, stack: Stack, mode: Mode, token: str) -> Stack:
    """Begin where a change set waits for a review: ours is executed if it still fits, another's is left alone.

    CreateStack refuses the name, a change set of our own does not.
    """
    clock = mode.watching.clock
    values, secrets = parameters.resolve(template, wanted.parameters, wanted.secrets, ())
    reviewed = api.reviewed_change_set(wanted.name, CHANGE_SET_NAME)
    if reviewed:
        refuse_stale(stack, stale(reviewed, template, values, {}, wanted.tags))
        arn = reviewed["ChangeSetId"]
    else:
        request = parameters.request(template, values, secrets, ())
        asked = begin.ChangeSet(f"c{token}", "CREATE", token)
        arn, _found = begin.change_set(api, wanted, template, request, asked, clock)
        computed(api, arn, mode)
    try:
        begin.execute(api, stack.id, arn, token, clock)
    except ApiError as error:
        raise moved_on(api, stack, error) from error
    created = dataclasses.replace(api.stack(wanted.name), status="CREATE_IN_PROGRESS")
    # CreateStack takes both, a change set neither.
    if wanted.protected:
        begin.protect(api, wanted.name, True, clock)
    if wanted.policy:
        begin.set_policy(api, wanted.name, wanted.policy, clock)
    return created


def review_creation(
    api: Api, wanted: Wanted, template: Template, request: list[dict[str, t.Any]], stack: Stack, mode: Mode
) -> None:
    """Leave a change set that a later run executes; one from an earlier review is replaced."""
    asked = begin.ChangeSet(CHANGE_SET_NAME, "CREATE", new_token())
    arn, _changes, anothers = asked_for(api, wanted, template, request, asked, mode)
    if anothers:
        values, _secrets = parameters.resolve(template, wanted.parameters, wanted.secrets, ())
        refuse_stale(stack, stale(api.change_set(arn), template, values, {}, wanted.tags))
