# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change sets that a run computed and did not live to remove or to execute. Pure."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

# What every change set of the collection is described with.
DESCRIPTION = "gitpod.enterprise_runner"
# Nobody but the run that computed it knows such a name; one for a review has a name that stays.
_NAME = re.compile(r"cgitpod-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Seconds after which no run that lives has a use for one: it waits ten minutes for it at most, and executes it at once.
OLD = 3600.0
DONE = ("CREATE_COMPLETE", "FAILED")


@dataclasses.dataclass(frozen=True)
class Leftover:
    """One of them."""

    arn: str
    name: str


def name_of(token: str) -> str:
    """How the change set of a run is called that no review needs.

    :param token: of the run's operation.
    """
    return f"c{token}"


def left_behind(summaries: t.Iterable[t.Mapping[str, t.Any]], now: datetime.datetime) -> tuple[Leftover, ...]:
    """Those of a stack that nobody needs: of this collection by name and description, and old.

    :param summaries: as ListChangeSets has them.
    """
    found = []
    for raw in summaries:
        made, name = raw.get("CreationTime"), str(raw.get("ChangeSetName") or "")
        ours = raw.get("Description") == DESCRIPTION and bool(_NAME.fullmatch(name))
        waits = raw.get("Status") in DONE and not str(raw.get("ExecutionStatus") or "").startswith("EXECUTE_")
        old = isinstance(made, datetime.datetime) and (now - made).total_seconds() > OLD
        if ours and waits and old:
            found.append(Leftover(str(raw["ChangeSetId"]), name))
    return tuple(found)


def told(leftovers: t.Sequence[Leftover]) -> str:
    """How many, in words."""
    many = f"{len(leftovers)} change sets of runs that were broken off"
    return many if len(leftovers) != 1 else "1 change set of a run that was broken off"
