# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is of a runner, and what becomes of each thing. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
STEP = 1024


@dataclasses.dataclass(frozen=True)
class Bucket:
    """A bucket that a deleted stack of the runner left.

    :param versions: objects with all their versions and delete markers, or C(None) when they may not be listed.
    :param size: their bytes.
    :param more: whether there are more than were counted.
    :param ours: whether it is known to be what the stack left, and so may go.
    :param reason: what tells so, as the words after "because".
    """

    name: str
    stack_id: str
    versions: int | None = None
    size: int = 0
    more: bool = False
    reason: str = ""
    ours: bool = True

    def __str__(self) -> str:
        if self.versions is None:
            return f"{self.name} (its objects may not be listed)"
        least = "at least " if self.more else ""
        number = "object version" if self.versions == 1 else "object versions"
        return f"{self.name} ({least}{self.versions} {number}, {readable(self.size)})"

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "name": self.name,
            "stack_id": self.stack_id,
            "object_versions": self.versions,
            "bytes": self.size,
            "more": self.more,
            "text": str(self),
            "ours": self.ours,
            "reason": self.reason,
        }


def readable(size: int) -> str:
    """Bytes as a person reads them."""
    number, unit = float(size), 0
    while number >= STEP and unit < len(UNITS) - 1:
        number, unit = number / STEP, unit + 1
    return f"{size} bytes" if unit == 0 else f"{number:.1f} {UNITS[unit]}"
