# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What checks have found, as it is shown and counted: one meaning for gate and report. Pure.

What was not looked at never counts as passed.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

FAIL, WARN, SKIP, PASS = "fail", "warn", "skip", "pass"
STATUSES = (FAIL, WARN, SKIP, PASS)
# What findings are counted as.
FAILED, WARNINGS, UNVERIFIABLE, NOT_MADE, PASSED = "failed", "warnings", "unverifiable", "not_made", "passed"
# A variable that is missing is made good by the stack that exists (docs/prerequisites.md).
MISSING = "missing"
# The finding on a runner that could not be looked at.
LOOK = "look"
Raw = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Finding:
    """What the contract or a check says about one runner.

    :param id: stable, such as C(network.vpc) or C(contract.gitpod_vpc_id).
    :param status: one of C(STATUSES).
    :param summary: what was seen, one line.
    :param remediation: what to do, one line; empty when there is nothing to do.
    :param docs: where it is explained, or empty.
    :param variable: the inventory variable that has to be changed, where exactly one is known.
    :param unverifiable: whether it was skipped because it could not be looked at, as its check says.
    """

    id: str
    status: str
    summary: str
    remediation: str = ""
    docs: str = ""
    variable: str = ""
    unverifiable: bool = False

    @classmethod
    def of(cls, raw: Raw, status: str = "") -> Finding:
        """From a problem of the contract or a check, whose texts come from outside.

        :param status: of what has none of its own; an unknown one counts as a failure, never as a pass.
        """
        stated = str(raw.get("status") or status)
        known = stated if stated in STATUSES else FAIL
        return cls(
            id=clean(raw.get("id") or "unnamed"),
            status=known,
            summary=clean(raw.get("summary") or ""),
            remediation=clean(raw.get("remediation") or ""),
            docs=clean(raw.get("docs") or ""),
            variable=clean(raw.get("variable") or ""),
            unverifiable=known == SKIP and bool(raw.get("unverifiable")),
        )

    @property
    def kind(self) -> str:
        """What it is counted as."""
        if self.status == SKIP:
            return UNVERIFIABLE if self.unverifiable else NOT_MADE
        return {PASS: PASSED, WARN: WARNINGS, FAIL: FAILED}[self.status]

    def as_result(self) -> dict[str, t.Any]:
        """Plain data by the documented keys."""
        return {key: value for key, value in dataclasses.asdict(self).items() if value or key in _ALWAYS}


_ALWAYS = ("id", "status", "summary", "remediation")


@dataclasses.dataclass(frozen=True)
class Counts:
    """How many findings there are of each kind; what was not looked at never counts as passed."""

    passed: int = 0
    unverifiable: int = 0
    not_made: int = 0
    warnings: int = 0
    failed: int = 0

    @classmethod
    def of(cls, findings: t.Iterable[Finding]) -> Counts:
        """Count."""
        kinds = collections.Counter(finding.kind for finding in findings)
        return cls(**{field.name: kinds[field.name] for field in dataclasses.fields(cls)})

    def phrase(self) -> str:
        """C(20 passed, 5 not verifiable, 1 warning)."""
        words = {
            "passed": self.passed,
            "not verifiable": self.unverifiable,
            "not made": self.not_made,
            "warning" if self.warnings == 1 else "warnings": self.warnings,
            "failed": self.failed,
        }
        return ", ".join(f"{number} {word}" for word, number in words.items() if number) or "none made"

    @property
    def brief(self) -> str:
        """C(20 of 25 passed), C(1 of 25 failed), for where there is no room for the phrase; empty without any."""
        made = sum(dataclasses.astuple(self))
        if not made:
            return ""
        return f"{self.failed} of {made} failed" if self.failed else f"{self.passed} of {made} passed"

    def as_result(self) -> dict[str, int]:
        """Plain data."""
        return dataclasses.asdict(self)


def findings_of(problems: t.Iterable[Raw], look: Raw) -> tuple[Finding, ...]:
    """The contract's problems first, but for those that the stack makes good, then the checks in their order.

    A runner that could not be looked at is refused: nothing is known about it.
    """
    found = [Finding.of(entry, FAIL) for entry in problems if not _made_good(entry, look)]
    found += [Finding.of(entry) for entry in look.get("checks") or []]
    if look.get("failed"):
        message = clean(look.get("msg") or "It could not be looked at, without a message.")
        found.append(Finding(LOOK, FAIL, message, "Remove the cause, and run again."))
    return tuple(found)


def _made_good(problem: Raw, look: Raw) -> bool:
    return problem.get("kind") == MISSING and look.get("stack_exists") is True
