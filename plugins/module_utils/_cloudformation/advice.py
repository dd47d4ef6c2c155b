# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a stack that is not as it should be: what AWS does, and what the next run does. Pure.

Source: CloudFormation user guide, "Stack status codes", "Continue rolling back an update", "Stack failure options".
Only a status in which AWS is undoing an operation is one from which the stack goes back by itself.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.declared import SKIPPED
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.events import Failure
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.status import (
    ABSENT,
    rolling_back,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

_ANEW = "deletes the stack and creates it anew, for which it needs a fresh exchange token"
_REMOVE = "Remove the cause and run again: the next run"
_BACK = "waits until AWS has undone the update, then updates"
_DELETE = (
    "Delete it with teardown.yml, where gitpod_teardown_retain_resources (retain_resources) names what cannot be"
    " deleted, then run again"
)
# An import is not this collection's, and none of its options ends one.
_IMPORT = "that was begun outside of this collection"
AFTER: t.Mapping[str, str] = {
    ABSENT: f"{_REMOVE} creates the stack, for which it needs a fresh exchange token",
    "DELETE_COMPLETE": f"{_REMOVE} creates the stack anew, for which it needs a fresh exchange token",
    "DELETE_IN_PROGRESS": (
        f"{_REMOVE} waits for the deletion and creates the stack anew, for which it needs a fresh exchange token"
    ),
    "DELETE_FAILED": f"It is deleted in part and stays so. {_DELETE}",
    "REVIEW_IN_PROGRESS": f"It has no resources, only a change set. {_REMOVE} creates the stack",
    "CREATE_IN_PROGRESS": f"{_REMOVE} waits for the rollback, {_ANEW}",
    "CREATE_COMPLETE": f"{_REMOVE} updates what differs",
    "CREATE_FAILED": f"AWS leaves it as it is. {_REMOVE} {_ANEW}",
    "ROLLBACK_IN_PROGRESS": f"{_REMOVE} waits for the rollback, {_ANEW}",
    "ROLLBACK_COMPLETE": f"{_REMOVE} {_ANEW}",
    "ROLLBACK_FAILED": (
        f"AWS could not undo the creation. {_REMOVE} {_ANEW}. What even then cannot be deleted, teardown.yml leaves"
        " behind with gitpod_teardown_retain_resources"
    ),
    "UPDATE_IN_PROGRESS": f"{_REMOVE} {_BACK}",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": f"{_REMOVE} waits for the end of the update, then updates what differs",
    "UPDATE_COMPLETE": f"{_REMOVE} updates what differs",
    "UPDATE_FAILED": (
        "It is between its previous state and the wanted one, and AWS leaves it there."
        f" {_REMOVE} updates it; to go back instead, roll it back in the console (RollbackStack)"
    ),
    "UPDATE_ROLLBACK_IN_PROGRESS": f"{_REMOVE} {_BACK}",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": f"{_REMOVE} {_BACK}",
    "UPDATE_ROLLBACK_COMPLETE": f"It is in its previous state again. {_REMOVE} updates it",
    "UPDATE_ROLLBACK_FAILED": (
        "AWS could not undo the update, and it stays so. Remove the cause, then run with"
        " gitpod_stack_continue_rollback: true (continue_rollback), which goes on with the rollback; what cannot be"
        f" repaired, and only that, {SKIPPED} names"
    ),
    "IMPORT_IN_PROGRESS": f"An import {_IMPORT} goes on. {_REMOVE} waits for it, then updates what differs",
    "IMPORT_COMPLETE": f"{_REMOVE} updates what differs",
    "IMPORT_ROLLBACK_IN_PROGRESS": (
        f"An import {_IMPORT} is being undone. {_REMOVE} waits for that, then updates what differs"
    ),
    "IMPORT_ROLLBACK_FAILED": (
        f"An import {_IMPORT} failed, and AWS could not undo it; it stays so. Repair it in the console, then run again"
    ),
    "IMPORT_ROLLBACK_COMPLETE": f"An import {_IMPORT} was undone. {_REMOVE} updates what differs",
}


def now(status: str) -> str:
    """What AWS does with a stack whose operation has failed."""
    if rolling_back(status):
        return f"AWS is undoing the operation ({status})"
    if status == "DELETE_IN_PROGRESS":
        return f"AWS is deleting the stack ({status})"
    if status.endswith("CLEANUP_IN_PROGRESS"):
        return f"AWS is removing what the update replaced ({status})"
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        # Of a status that AWS has added since, nobody knows what it leads to.
        return f"AWS is {'about to undo the operation' if status in AFTER else 'still at work'} ({status})"
    return "There is no stack any more" if status in (ABSENT, "DELETE_COMPLETE") else f"The stack is now {status}"


def after(status: str) -> str:
    """What to do about a stack in this status, and what the next run does then."""
    return AFTER.get(status, "Bring it to an end in the console, then run again")


def after_a_deletion(refused: t.Sequence[str], status: str) -> str:
    """What to do about a deletion that AWS did not carry out.

    :param refused: logical IDs of the resources that it named.
    """
    if status.endswith("_IN_PROGRESS"):
        return "Remove the cause and run again once AWS is done"
    if status != "DELETE_FAILED":
        return (
            "AWS left the stack as it was. Remove the cause, such as an export that another stack uses, and run again"
        )
    names = ", ".join(refused) or "their logical IDs"
    return (
        "Remove the cause and run again; what cannot go is left behind with gitpod_teardown_retain_resources:"
        f" [{names}] (retain_resources)"
    )


# What a name in the template can meet, in the words of the services that refuse it. A secret keeps its name until its
# recovery window ends (CreateSecret, InvalidRequestException), and everything else while it is there.
_IN_THE_WAY = (
    (
        re.compile(r"scheduled for deletion|marked for deletion|pending deletion", re.IGNORECASE),
        "What had this name before waits for its deletion, for up to 30 days. Of a secret, end the wait (aws"
        " secretsmanager delete-secret --force-delete-without-recovery --secret-id NAME), or take it back first"
        " (restore-secret)",
    ),
    (
        re.compile(r"already (exists|own it)|AlreadyExists|AlreadyOwnedByYou|ResourceExistsException", re.IGNORECASE),
        "Something has this name already, which an earlier stack left behind or somebody made: see whose it is, then"
        " delete it or give it another name (a bucket that teardown.yml kept: gitpod_teardown_delete_buckets)",
    ),
)


def about_a_name(why: str) -> str:
    """What to do first where a name in the template is taken; empty for any other cause."""
    return next((step for pattern, step in _IN_THE_WAY if pattern.search(why)), "")


def left_behind(name: str, status: str, left: t.Sequence[Failure]) -> tuple[str, ...]:
    """What AWS could not delete after an update: no failure of it, but somebody has to know (serverless#9144)."""
    if not left:
        return ()
    named = "; ".join(f"{failure.resource} ({failure.kind}): {failure.reason or 'no reason given'}" for failure in left)
    return (
        f"The stack {name} is {status}, but AWS could not delete what the update replaced or removed: {clean(named)}."
        " It is no longer part of the stack; delete it by hand",
    )
