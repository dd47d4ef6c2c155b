# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Beginning what CloudFormation then carries out, exactly once: also where an answer is lost, or a call is sent twice.

An operation is ours when its events carry our ClientRequestToken (CloudFormation API reference, CreateStack). AWS may
answer the second of two equal calls with success, with TokenAlreadyExistsException, or with the refusal that the first
one's effect brings about, such as AlreadyExistsException or InvalidChangeSetStatus. So no code decides, but a look.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.events import History
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._documents import same_document
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, NotFoundError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Pace, poll
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import again, carried_out, ensured

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
        Stack,
        Template,
        Wanted,
    )
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

Request = list[dict[str, t.Any]]
# "An operation on this ChangeSet is currently in progress. Please attempt this operation again later." (aws/aws-cdk
# issue 26182) passes by itself; seconds.
BUSY_PACE = Pace(first=1.0, longest=4.0, growth=1.5)
LONGEST_BUSY = 30.0


def create(api: Api, wanted: Wanted, template: Template, request: Request, token: str, clock: Clock) -> str:
    """Begin to create the stack; its ID.

    :raises ApiError: it was refused; C(AlreadyExistsException) when another run was quicker.
    """
    return carried_out(
        lambda: api.create(wanted, template, request, token), lambda: _begun(api, wanted.name, token), clock
    )


def _begun(api: Api, stack: str, token: str) -> str | None:
    """The stack's ID, when its last operation is the one with this token."""
    now = api.stack(stack)
    if not now.id:
        return None
    history = History(api.client, now.id, token)
    history.read()
    return now.id if history.own else None


@dataclasses.dataclass(frozen=True)
class ChangeSet:
    """A change set that is asked for.

    :param kind: C(CREATE) or C(UPDATE).
    :param token: makes a second equal call no second change set (CloudFormation API reference, CreateChangeSet).
    """

    name: str
    kind: str
    token: str


def change_set(
    api: Api, wanted: Wanted, template: Template, request: Request, asked: ChangeSet, clock: Clock
) -> tuple[str, bool]:
    """Begin to compute a change set; its ARN, and whether it was found after an error.

    With a name that other runs use too, one that was found may be another run's: the caller compares its content.
    """

    def found() -> tuple[str, bool] | None:
        there = api.named_change_set(wanted.name, asked.name)
        return (str(there["ChangeSetId"]), True) if there else None

    return carried_out(
        lambda: (api.create_change_set(wanted, template, request, asked.name, asked.kind, asked.token), False),
        found,
        clock,
    )


def free_name(api: Api, stack: str, name: str, clock: Clock) -> None:
    """Remove what has the name of a change set that is to be made, also one that was executed."""
    try:
        there = api.named_change_set(stack, name)
    except ApiError as error:
        if error.code != "ValidationError" or "does not exist" not in error.why:
            raise
        # There is no stack yet.
        return
    if there:
        discard(api, there["ChangeSetId"], clock)


def execute(api: Api, stack: str, arn: str, token: str, clock: Clock) -> None:
    """Begin to carry out a change set; one that AWS is at work on is waited for.

    :raises ApiError: it was refused, and no operation of ours has begun.
    """
    _patiently(
        lambda: ensured(lambda: api.execute_change_set(arn, token), lambda: bool(_begun(api, stack, token)), clock),
        lambda error: "currently in progress" in error.why.lower(),
        clock,
    )


def discard(api: Api, arn: str, clock: Clock) -> None:
    """Remove a change set that is not carried out, as soon as AWS does not work on it any more.

    One that is gone is what was asked for: AWS removes all others when one is executed.

    :raises ApiError: it cannot be removed.
    """
    _patiently(
        lambda: ensured(lambda: api.delete_change_set(arn), lambda: _is_gone(api, arn), clock),
        lambda _error: True,
        clock,
    )


def _patiently(attempt: t.Callable[[], None], passes: t.Callable[[ApiError], bool], clock: Clock) -> None:
    """Try again for a bounded while where a change set's status refuses what it will allow in a moment."""
    again(
        attempt,
        lambda error: error.code == "InvalidChangeSetStatus" and passes(error),
        poll(clock, LONGEST_BUSY, BUSY_PACE),
    )


def _is_gone(api: Api, arn: str) -> bool:
    try:
        found = api.change_set(arn)
    except NotFoundError:
        return True
    except ApiError as error:
        # A stack that was deleted meanwhile took its change sets with it.
        return error.code == "ValidationError" and "does not exist" in error.why
    left = found.get("Status", "").startswith("DELETE_")
    return left or found.get("ExecutionStatus", "").startswith("EXECUTE_")


@contextlib.contextmanager
def discarding(api: Api, arn: str, clock: Clock) -> t.Iterator[None]:
    """Remove the change set when the block fails; that failure is what the reader has to know, whatever comes of it."""
    try:
        yield
    except Exception:
        with contextlib.suppress(ApiError):
            discard(api, arn, clock)
        raise


def delete(api: Api, stack: Stack, token: str, clock: Clock, retain: t.Sequence[str] = ()) -> None:
    """Begin to delete, or find that somebody has begun."""
    ensured(
        lambda: api.delete(stack.id, token, retain),
        # A deletion may have failed again by the time somebody looks.
        lambda: _goes(api.stack(stack.id)) or bool(_begun(api, stack.id, token)),
        clock,
    )


def _goes(stack: Stack) -> bool:
    return stack.status in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE", status.ABSENT)


def protect(api: Api, stack: str, protected: bool, clock: Clock) -> None:
    """Switch termination protection; a stack that goes needs none."""

    def seen() -> bool:
        now = api.stack(stack)
        return now.protected in (protected, None) or _goes(now)

    ensured(lambda: api.protect(stack, protected), seen, clock)


def set_policy(api: Api, stack: str, policy: str, clock: Clock) -> None:
    """Set the stack policy."""
    ensured(lambda: api.set_policy(stack, policy), lambda: same_document(policy, api.policy(stack)), clock)


def cancel_update(api: Api, stack: Stack, token: str, clock: Clock) -> None:
    """Stop a running update; one that has ended meanwhile needs no stop."""
    ensured(
        lambda: api.cancel_update(stack.id, token),
        lambda: api.stack(stack.id).status != "UPDATE_IN_PROGRESS",
        clock,
    )


def continue_rollback(api: Api, stack: Stack, token: str, skip: t.Sequence[str], clock: Clock) -> None:
    """Go on with a rollback that had failed; it may have failed again by the time somebody looks."""

    def seen() -> bool:
        return api.stack(stack.id).status != "UPDATE_ROLLBACK_FAILED" or bool(_begun(api, stack.id, token))

    ensured(lambda: api.continue_rollback(stack.id, token, skip), seen, clock)
