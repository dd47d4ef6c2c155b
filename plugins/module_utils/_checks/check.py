# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check is, and what it finds.

A check is one function over what is wanted and what was seen, declared with what its documentation says:
C(docs/reference.py) writes the documents and the modules' lists of checks from these declarations.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import UnreadError

PASS, WARN, FAIL, SKIP = "pass", "warn", "fail", "skip"
STATUSES = (PASS, WARN, FAIL, SKIP)
PREREQUISITES, VERIFICATION = "docs/prerequisites.md", "docs/verification.md"

Evidence = t.Mapping[str, t.Any]
# What is wanted and what was seen; another place has others.
W = t.TypeVar("W")
F = t.TypeVar("F")
W2 = t.TypeVar("W2")
F2 = t.TypeVar("F2")


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a check says.

    :param status: C(pass), C(warn), C(fail), or C(skip) where nothing was proven.
    :param summary: what was seen, in one sentence.
    :param remediation: what to do; empty when there is nothing to do.
    :param evidence: what was measured, as plain data.
    :param unverifiable: whether it was skipped because it cannot be seen from here; it may be seen from elsewhere, or
        with another permission.
    """

    status: str
    summary: str
    remediation: str = ""
    evidence: Evidence = dataclasses.field(default_factory=dict)
    unverifiable: bool = False

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"A check has no status {self.status}")


def passed(summary: str, evidence: Evidence | None = None) -> Finding:
    """It is as it has to be."""
    return Finding(PASS, summary, "", evidence or {})


def warned(summary: str, remediation: str, evidence: Evidence | None = None) -> Finding:
    """It may work."""
    return Finding(WARN, summary, remediation, evidence or {})


def failed(summary: str, remediation: str, evidence: Evidence | None = None) -> Finding:
    """It cannot work."""
    return Finding(FAIL, summary, remediation, evidence or {})


def skipped(summary: str, remediation: str = "", evidence: Evidence | None = None) -> Finding:
    """It was not looked at."""
    return Finding(SKIP, summary, remediation, evidence or {})


def unverifiable(why: str, remediation: str, evidence: Evidence | None = None) -> Finding:
    """It cannot be seen from here, whatever it is.

    :param why: as the end of a sentence.
    """
    return Finding(SKIP, f"Not verifiable from here: {why}", remediation, evidence or {}, unverifiable=True)


@dataclasses.dataclass(frozen=True)
class Result:
    """One verdict, the same shape for prerequisites, verification and status.

    :param identifier: never changes between releases.
    :param docs: where the documentation explains the check; empty where it has no entry there.
    """

    identifier: str
    status: str
    summary: str
    remediation: str = ""
    evidence: Evidence = dataclasses.field(default_factory=dict)
    unverifiable: bool = False
    docs: str = ""

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "id": self.identifier,
            "status": self.status,
            "summary": self.summary,
            "remediation": self.remediation,
            "evidence": dict(self.evidence),
            "unverifiable": self.unverifiable,
            "docs": self.docs,
        }


@dataclasses.dataclass(frozen=True)
class Check(t.Generic[W, F]):
    """One check, with what its documentation says.

    :param id: stable, C(group.name).
    :param asks: the question, as a sentence.
    :param why: what happens otherwise, and where the rule comes from.
    :param fix: what to do when it fails.
    :param document: what explains it.
    :param look: finds the answer.
    :param only_if: whether it has a meaning at all; without it, it always has.
    :param measured: what was measured whatever the verdict, in place of the finding's evidence.
    """

    id: str
    asks: str
    why: str
    fix: str
    document: str
    look: t.Callable[[W, F], Finding]
    only_if: t.Callable[[W, F], bool] | None = None
    measured: t.Callable[[W, F], Evidence] | None = None

    @property
    def group(self) -> str:
        """The part of the ID before the dot."""
        return self.id.partition(".")[0]

    @property
    def anchor(self) -> str:
        """Where the documentation explains it."""
        return f"{self.document}#{self.id.replace('.', '')}"

    def applies(self, wanted: W, facts: F) -> bool:
        """Whether it is made at all."""
        return self.only_if is None or self.only_if(wanted, facts)

    def run(self, wanted: W, facts: F) -> Finding:
        """What it finds; a fact that could not be read skips it."""
        try:
            found = self.look(wanted, facts)
        except UnreadError as error:
            found = Finding(SKIP, f"Could not look: {error.unread}.", error.unread.remedy, unverifiable=True)
        if self.measured is None:
            return found
        return dataclasses.replace(found, evidence=self.measured(wanted, facts))

    def result(self, found: Finding) -> Result:
        """A finding under this check's name."""
        return Result(
            self.id, found.status, found.summary, found.remediation, found.evidence, found.unverifiable, self.anchor
        )

    def over(
        self, look: t.Callable[[W2, F2], Finding], only_if: t.Callable[[W2, F2], bool] | None = None
    ) -> Check[W2, F2]:
        """The same check over what another place sees."""
        return Check(self.id, self.asks, self.why, self.fix, self.document, look, only_if)


@dataclasses.dataclass(frozen=True)
class Declares(t.Generic[W, F]):
    """Turns functions over what is wanted and seen into checks that one document explains.

    An instance is the decorator: C(@check("group.name", asks=..., why=..., fix=...)).
    """

    document: str

    def __call__(
        self,
        identifier: str,
        *,
        asks: str,
        why: str,
        fix: str,
        only_if: t.Callable[[W, F], bool] | None = None,
        measured: t.Callable[[W, F], Evidence] | None = None,
    ) -> t.Callable[[t.Callable[[W, F], Finding]], Check[W, F]]:
        """What is declared, as C(Check) has it."""

        def decorate(look: t.Callable[[W, F], Finding]) -> Check[W, F]:
            return Check(identifier, asks, why, fix, self.document, look, only_if, measured)

        return decorate


def evaluate(checks: t.Iterable[Check[W, F]], wanted: W, facts: F) -> list[Result]:
    """Every check that has a meaning here, in their order."""
    return [check.result(check.run(wanted, facts)) for check in checks if check.applies(wanted, facts)]
