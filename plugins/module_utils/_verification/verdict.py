# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which checks have to hold, and whether they do. Pure, and needs nothing but the standard library."""

from __future__ import annotations

import dataclasses
import fnmatch
import typing as t

GOOD = ("pass", "warn")
RUNNER = "runner."


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long is waited for checks to pass, in seconds: those of the runner at the management plane, and the rest."""

    runner: float
    others: float

    @property
    def longest(self) -> float:
        """When the last look is taken."""
        return max(self.runner, self.others)

    def waits_for(self, checks: t.Iterable[tuple[str, str]], elapsed: float) -> list[tuple[str, str]]:
        """The checks whose time is not over yet.

        :param checks: identifier and status of each.
        """
        return [
            (identifier, status)
            for identifier, status in checks
            if elapsed < (self.runner if identifier.startswith(RUNNER) else self.others)
        ]


def counts(identifier: str, required: t.Sequence[str]) -> bool:
    """Whether a failure of this check counts: with nothing named all do, otherwise those that a pattern matches."""
    return not required or any(fnmatch.fnmatchcase(identifier, pattern) for pattern in required)


def settled(checks: t.Iterable[tuple[str, str]], required: t.Sequence[str] = ()) -> bool:
    """Whether waiting longer is pointless: no check that counts fails. What cannot be seen from here never will be.

    :param checks: identifier and status of each.
    """
    return all(status != "fail" for identifier, status in checks if counts(identifier, required))


def missing(checks: t.Collection[tuple[str, str]], required: t.Sequence[str]) -> list[str]:
    """The required checks that no vantage point saw pass; a pattern that matches no check is missing itself."""
    found = []
    for pattern in required:
        matching = {identifier for identifier, _status in checks if fnmatch.fnmatchcase(identifier, pattern)}
        found += [
            identifier
            for identifier in sorted(matching)
            if not any(status in GOOD for own, status in checks if own == identifier)
        ]
        found += [] if matching else [pattern]
    return list(dict.fromkeys(found))


def healthy(checks: t.Collection[tuple[str, str]], required: t.Sequence[str] = ()) -> bool:
    """Nothing that counts fails, what is required is seen to pass, and something is proven."""
    proven = any(status in GOOD for _identifier, status in checks)
    return proven and settled(checks, required) and not missing(checks, required)
