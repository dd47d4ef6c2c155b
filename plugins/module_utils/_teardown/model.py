# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is of a runner, and what becomes of each thing. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import (
    MANAGED_BY,
    MANAGED_BY_TAG,
    RUNNER_ID_TAG,
    RUNNER_NAME_TAG,
)

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
STEP = 1024


@dataclasses.dataclass(frozen=True)
class Runner:
    """The runner that is taken down.

    :param id: the management plane's identifier, or empty when it is not known.
    """

    name: str
    stack_name: str
    id: str = ""


@dataclasses.dataclass(frozen=True)
class Bucket:
    """A bucket that a deleted stack of the runner left.

    :param versions: objects with all their versions and delete markers, or C(None) when they may not be listed.
    :param size: their bytes.
    :param more: whether there are more than were counted.
    """

    name: str
    stack_id: str
    versions: int | None = None
    size: int = 0
    more: bool = False

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
        }


def readable(size: int) -> str:
    """Bytes as a person reads them."""
    number, unit = float(size), 0
    while number >= STEP and unit < len(UNITS) - 1:
        number, unit = number / STEP, unit + 1
    return f"{size} bytes" if unit == 0 else f"{number:.1f} {UNITS[unit]}"


def belongs(tags: t.Mapping[str, str], runner: Runner) -> bool:
    """Whether this collection made, or took over, what has these tags, and for this runner."""
    if tags.get(MANAGED_BY_TAG) != MANAGED_BY:
        return False
    return tags.get(RUNNER_NAME_TAG) == runner.name or bool(runner.id and tags.get(RUNNER_ID_TAG) == runner.id)


def stack_is_ours(stack: Stack, runner: Runner) -> bool:
    """Whether the stack goes: by its tags, which a run of site.yml gives also to one that was made by hand."""
    return status.exists(stack.status) and belongs(stack.tags, runner)
