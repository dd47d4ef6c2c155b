# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check is, and what it returns."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Denied, Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

PASS, WARN, FAIL, SKIP = "pass", "warn", "fail", "skip"
DOCUMENT = "docs/prerequisites.md"

T = t.TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a check says.

    :param summary: what was seen, in one sentence.
    :param remediation: what to do; empty when there is nothing to do.
    """

    status: str
    summary: str
    remediation: str = ""


def passed(summary: str) -> Finding:
    """It is as it has to be."""
    return Finding(PASS, summary)


def warned(summary: str, remediation: str) -> Finding:
    """It may work."""
    return Finding(WARN, summary, remediation)


def failed(summary: str, remediation: str) -> Finding:
    """It cannot work."""
    return Finding(FAIL, summary, remediation)


def skipped(summary: str, remediation: str = "") -> Finding:
    """It was not looked at."""
    return Finding(SKIP, summary, remediation)


class UnknownError(Exception):
    """A check asked for a fact that could not be read."""

    def __init__(self, denied: Denied) -> None:
        super().__init__(str(denied))
        self.denied = denied


def known(fact: T | Denied) -> T:
    """The fact.

    :raises UnknownError: it could not be read; the check is then skipped, with the reason.
    """
    if isinstance(fact, Denied):
        raise UnknownError(fact)
    return fact


@dataclasses.dataclass(frozen=True)
class Check:
    """One check, with what its documentation says.

    :param id: stable, C(group.name).
    :param asks: the question, as a sentence.
    :param why: what happens otherwise, and where the rule comes from.
    :param fix: what to do when it fails.
    """

    id: str
    asks: str
    why: str
    fix: str
    look: t.Callable[[Wanted, Facts], Finding]

    @property
    def group(self) -> str:
        """The part of the ID before the dot."""
        return self.id.partition(".")[0]

    @property
    def anchor(self) -> str:
        """Where the documentation explains it."""
        return f"{DOCUMENT}#{self.id.replace('.', '')}"

    def run(self, wanted: Wanted, facts: Facts) -> Finding:
        """What it finds; a fact that could not be read skips it."""
        try:
            return self.look(wanted, facts)
        except UnknownError as unknown:
            permission = unknown.denied.action if unknown.denied.forbidden else ""
            return skipped(
                f"Could not look: {unknown.denied}.",
                f"Allow {permission} (docs/permissions.md), or check this by hand." if permission else "",
            )


def check(
    identifier: str, *, asks: str, why: str, fix: str
) -> t.Callable[[t.Callable[[Wanted, Facts], Finding]], Check]:
    """Turn a function over facts into a C(Check)."""

    def decorate(look: t.Callable[[Wanted, Facts], Finding]) -> Check:
        return Check(identifier, asks, why, fix, look)

    return decorate
