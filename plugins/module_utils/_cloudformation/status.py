# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each stack status means, and what to do in it. Statuses are matched whole: C(UPDATE_ROLLBACK_COMPLETE) ends in
the same letters as C(ROLLBACK_COMPLETE) and means the opposite."""

from __future__ import annotations

import dataclasses
import typing as t

# What to do to have the stack present.
CREATE, RECREATE, UPDATE, ATTACH, AWAIT_DELETE, REPAIR, STOP, SETTLE = (
    "create",
    "recreate",
    "update",
    "attach",
    "await_delete",
    "repair",
    "stop",
    "settle",
)
ABSENT = "ABSENT"
# To have no stack: delete at once, wait for what AWS is doing first, join a deletion, or be content.
DELETE, AFTERWARDS, JOIN_DELETE, GONE = "delete", "afterwards", "join_delete", "gone"


@dataclasses.dataclass(frozen=True)
class Meaning:
    """One row of the table.

    :param present: what to do to have the stack.
    :param in_progress: whether AWS is at work, so that waiting makes sense.
    :param good: whether a create or update that ends here has succeeded.
    :param failing: whether the operation has failed already, though AWS may still be settling it.
    :param absent: what to do to have no stack; AWS refuses a delete while it updates, rolls back or imports.
    """

    present: str
    in_progress: bool = False
    good: bool = False
    failing: bool = False
    absent: str = DELETE


TABLE: t.Mapping[str, Meaning] = {
    ABSENT: Meaning(CREATE, absent=GONE),
    "DELETE_COMPLETE": Meaning(CREATE, absent=GONE),
    "REVIEW_IN_PROGRESS": Meaning(CREATE),
    "CREATE_IN_PROGRESS": Meaning(ATTACH, in_progress=True),
    "CREATE_COMPLETE": Meaning(UPDATE, good=True),
    "CREATE_FAILED": Meaning(RECREATE, failing=True),
    "ROLLBACK_IN_PROGRESS": Meaning(SETTLE, in_progress=True, failing=True, absent=AFTERWARDS),
    "ROLLBACK_COMPLETE": Meaning(RECREATE, failing=True),
    "ROLLBACK_FAILED": Meaning(RECREATE, failing=True),
    "UPDATE_IN_PROGRESS": Meaning(ATTACH, in_progress=True, absent=AFTERWARDS),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": Meaning(ATTACH, in_progress=True, good=True, absent=AFTERWARDS),
    "UPDATE_COMPLETE": Meaning(UPDATE, good=True),
    "UPDATE_FAILED": Meaning(UPDATE, failing=True),
    "UPDATE_ROLLBACK_IN_PROGRESS": Meaning(SETTLE, in_progress=True, failing=True, absent=AFTERWARDS),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": Meaning(SETTLE, in_progress=True, failing=True, absent=AFTERWARDS),
    "UPDATE_ROLLBACK_COMPLETE": Meaning(UPDATE, failing=True),
    "UPDATE_ROLLBACK_FAILED": Meaning(REPAIR, failing=True),
    "DELETE_IN_PROGRESS": Meaning(AWAIT_DELETE, in_progress=True, absent=JOIN_DELETE),
    "DELETE_FAILED": Meaning(STOP, failing=True),
    "IMPORT_IN_PROGRESS": Meaning(ATTACH, in_progress=True, absent=AFTERWARDS),
    "IMPORT_COMPLETE": Meaning(UPDATE, good=True),
    "IMPORT_ROLLBACK_IN_PROGRESS": Meaning(SETTLE, in_progress=True, failing=True, absent=AFTERWARDS),
    "IMPORT_ROLLBACK_FAILED": Meaning(STOP, failing=True),
    "IMPORT_ROLLBACK_COMPLETE": Meaning(UPDATE, failing=True),
}


def meaning(status: str) -> Meaning:
    """The row of a status; one that AWS added since is stopped at."""
    return TABLE.get(status, Meaning(STOP, in_progress=status.endswith("_IN_PROGRESS")))


def exists(status: str) -> bool:
    """Whether there is a stack; one in review has no resources yet and cannot be updated."""
    return status not in (ABSENT, "DELETE_COMPLETE", "REVIEW_IN_PROGRESS")


def rolling_back(status: str) -> bool:
    """Whether AWS is undoing an operation."""
    return "ROLLBACK" in status and status.endswith("_IN_PROGRESS")
