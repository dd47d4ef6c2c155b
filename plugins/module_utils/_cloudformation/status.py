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


@dataclasses.dataclass(frozen=True)
class Meaning:
    """One row of the table.

    :param present: what to do to have the stack.
    :param in_progress: whether AWS is at work, so that waiting makes sense.
    :param good: whether a create or update that ends here has succeeded.
    :param failing: whether the operation has failed already, though AWS may still be settling it.
    """

    present: str
    in_progress: bool = False
    good: bool = False
    failing: bool = False


TABLE: t.Mapping[str, Meaning] = {
    ABSENT: Meaning(CREATE),
    "DELETE_COMPLETE": Meaning(CREATE),
    "REVIEW_IN_PROGRESS": Meaning(CREATE),
    "CREATE_IN_PROGRESS": Meaning(ATTACH, in_progress=True),
    "CREATE_COMPLETE": Meaning(UPDATE, good=True),
    "CREATE_FAILED": Meaning(RECREATE, failing=True),
    "ROLLBACK_IN_PROGRESS": Meaning(SETTLE, in_progress=True, failing=True),
    "ROLLBACK_COMPLETE": Meaning(RECREATE, failing=True),
    "ROLLBACK_FAILED": Meaning(RECREATE, failing=True),
    "UPDATE_IN_PROGRESS": Meaning(ATTACH, in_progress=True),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": Meaning(ATTACH, in_progress=True, good=True),
    "UPDATE_COMPLETE": Meaning(UPDATE, good=True),
    "UPDATE_FAILED": Meaning(UPDATE, failing=True),
    "UPDATE_ROLLBACK_IN_PROGRESS": Meaning(SETTLE, in_progress=True, failing=True),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": Meaning(SETTLE, in_progress=True, failing=True),
    "UPDATE_ROLLBACK_COMPLETE": Meaning(UPDATE, failing=True),
    "UPDATE_ROLLBACK_FAILED": Meaning(REPAIR, failing=True),
    "DELETE_IN_PROGRESS": Meaning(AWAIT_DELETE, in_progress=True),
    "DELETE_FAILED": Meaning(STOP, failing=True),
    "IMPORT_IN_PROGRESS": Meaning(ATTACH, in_progress=True),
    "IMPORT_COMPLETE": Meaning(UPDATE, good=True),
    "IMPORT_ROLLBACK_IN_PROGRESS": Meaning(SETTLE, in_progress=True, failing=True),
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
