# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of a wait as one line, left in a file that the action plugin reads. Standard library only."""

from __future__ import annotations

import pathlib
import typing as t

MOST_NAMED = 3


def waiting_line(checks: t.Collection[tuple[str, str]], elapsed: float, timeout: float) -> str:
    """What does not pass yet, after how long, of how long.

    :param checks: identifier and status of each.
    """
    failing = [identifier for identifier, status in checks if status == "fail"]
    more = f" and {len(failing) - MOST_NAMED} more" if len(failing) > MOST_NAMED else ""
    named = ", ".join(failing[:MOST_NAMED]) + more
    return f"{len(failing)} of {len(checks)} checks do not pass yet: {named} ({elapsed:.0f} of {timeout:.0f} s)"


def teller(path: str | None) -> t.Callable[[str], None]:
    """Leaves each line in the file, replaced in one step; without a path it goes nowhere."""

    def tell(line: str) -> None:
        if path:
            target = pathlib.Path(path)
            fresh = target.with_suffix(".new")
            fresh.write_text(line, "utf-8")
            fresh.replace(target)

    return tell
