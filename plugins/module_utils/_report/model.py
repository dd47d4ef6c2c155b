# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of runners as every rendering shows it: screen, Markdown, JSON, messages and page count nothing themselves.

It is made of documents, each with what one runner's JSON file holds, so a runner of an earlier run, of another job or
of a play of one's own is one like those of this run. Every text in it is printable. Pure.
"""

from __future__ import annotations

import dataclasses
import math
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import (
    Counts,
    Finding,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.attention import (
    ATTENTION,
    Attention,
    attention_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import (
    SCHEMA_VERSION,
    STATES,
    check_counts,
    state_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_next import of_fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean, printable

Raw = t.Mapping[str, t.Any]
# Of the fleet's table, in the order in which they are shown.
COLUMNS = (
    "state",
    "runner",
    "region",
    "stack",
    "release",
    "domain",
    "load balancer",
    "endpoint",
    "prerequisites",
    "verification",
    "as of",
)
# What a runner's document has at least, so that each is by the schema.
_EMPTY: Raw = {
    "region": "",
    "runner": "",
    "stages": [],
    "prerequisites": {"checks": []},
    "stack": {},
    "release": "",
    "load_balancer": {},
    "dns": {},
    "endpoint": {},
    "certificate": {},
    "registration": {},
    "verification": {},
}


@dataclasses.dataclass(frozen=True)
class Stage:
    """How far a runner came in one stage."""

    name: str
    state: str
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class Failure:
    """What ended a runner's run.

    :param message: whole; it may have several lines.
    :param stage: empty where nothing tells.
    """

    task: str
    message: str
    stage: str = ""


@dataclasses.dataclass(frozen=True)
class Runner:
    """One runner.

    :param document: what its JSON file holds.
    :param told: when this was so, ISO 8601 in UTC, or empty.
    :param took: seconds of the stack's operation; 0 where none was waited for.
    """

    document: Raw
    name: str
    region: str
    state: str
    told: str
    release: str
    domain: str
    took: float
    stages: tuple[Stage, ...]
    prerequisites: tuple[Finding, ...]
    verification: tuple[Finding, ...]
    failure: Failure | None

    @classmethod
    def of(cls, raw: Raw, told: str = "") -> Runner:
        """From a document, of which anything may be missing.

        :param told: the time of a document that has none of its own.
        """
        held = {**_EMPTY, **{key: value for key, value in printable(dict(raw)).items() if value is not None}}
        held.update(schema_version=SCHEMA_VERSION, state=state_of(held), checks=check_counts(held))
        if held.get("as_of") or told:
            held["as_of"] = held.get("as_of") or told
        names = [clean(name) for name in held["dns"].get("names") or []]
        return cls(
            document=held,
            name=clean(held["runner"]),
            region=clean(held["region"]),
            state=held["state"],
            told=clean(held.get("as_of") or ""),
            release=clean(held["release"] or held["stack"].get("release_version") or ""),
            domain=next((name for name in names if not name.startswith("*")), ""),
            took=number(held["stack"].get("duration")),
            stages=tuple(_stage(entry) for entry in held["stages"]),
            prerequisites=_findings(held["prerequisites"]),
            verification=_findings(held["verification"]),
            failure=_failure(held.get("failure") or {}),
        )

    @property
    def counts(self) -> Counts:
        """Of all its checks."""
        return Counts.of((*self.prerequisites, *self.verification))

    @property
    def runs(self) -> str:
        """The release that the runner itself says it runs; it may have updated itself."""
        return clean(self.document["registration"].get("version") or "")

    @property
    def needs_attention(self) -> bool:
        """Whether a person has to act."""
        return self.state in ATTENTION

    @property
    def earlier(self) -> str:
        """What an earlier run has seen and this one did not look at, such as C(stack 2026-11-01T00:00:00Z)."""
        times = self.document.get("parts_as_of") or {}
        return ", ".join(f"{clean(part)} {clean(told)}" for part, told in sorted(times.items()))

    @property
    def accepted(self) -> str:
        """The acceptance in a word; empty where there was none, and in check mode."""
        found = (self.document.get("acceptance") or {}).get("accepted")
        return "" if found is None else "accepted" if found else "not accepted"

    @property
    def stack(self) -> str:
        """The stack's status, or what will be done with one that has none."""
        held = self.document["stack"]
        operation = clean(held.get("operation") or "")
        return clean(held.get("status") or "") or (f"to {operation}" if operation else "")

    @property
    def brief(self) -> dict[str, str]:
        """The same as C(row), with counts of checks in few characters."""
        counts = {"prerequisites": self.prerequisites, "verification": self.verification}
        told = {name: Counts.of(found).brief for name, found in counts.items() if found}
        if self.accepted and "verification" in told:
            told["verification"] += f"; {self.accepted}"
        return {**self.row, **told}

    @property
    def row(self) -> dict[str, str]:
        """The cells of the fleet's table; what is not known, or was not asked for, is empty."""
        balancer, endpoint = self.document["load_balancer"], self.document["endpoint"]
        reached = {stage.name: stage.state for stage in self.stages}
        verified = Counts.of(self.verification).phrase() if self.verification else ""
        return {
            "state": self.state,
            "runner": self.name,
            "region": self.region,
            "stack": self.stack,
            "release": self.release or (f"runs {self.runs}" if self.runs else ""),
            "domain": self.domain,
            "load balancer": ", ".join(clean(balancer[key]) for key in ("scheme", "state") if balancer.get(key)),
            "endpoint": clean(endpoint.get("state") or ""),
            "prerequisites": Counts.of(self.prerequisites).phrase() if self.prerequisites else "",
            "verification": "; ".join(filter(None, (verified, self.accepted)))
            or ("not reached" if reached.get("verify") == "not reached" else ""),
        }


@dataclasses.dataclass(frozen=True)
class Note:
    """A finding that stops nobody, once for all runners that have it."""

    finding: Finding
    runners: tuple[Runner, ...]


@dataclasses.dataclass(frozen=True)
class Fleet:
    """Runners of one run, by region, then by name.

    :param title: such as C(Run of 2026-11-24 17:30 UTC).
    :param generated: when the report was written, in ISO 8601.
    """

    runners: tuple[Runner, ...]
    title: str
    generated: str = ""

    @classmethod
    def of(cls, runners: t.Iterable[Raw], title: str, generated: str = "") -> Fleet:
        """From documents of runners."""
        found = sorted((Runner.of(raw, generated) for raw in runners), key=lambda runner: (runner.region, runner.name))
        return cls(tuple(found), clean(title), clean(generated))

    def rows(self, brief: bool = False) -> list[dict[str, str]]:
        """The cells of each runner by C(COLUMNS), C(as of) only where it, or a part of it, is not as of this report.

        :param brief: with counts of checks in few characters.
        """
        earlier = [runner.told if runner.told != self.generated else runner.earlier for runner in self.runners]
        return [
            {**(runner.brief if brief else runner.row), "as of": told} for runner, told in zip(self.runners, earlier)
        ]

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of C(COLUMNS) that say something of any runner."""
        rows = self.rows()
        return tuple(column for column in COLUMNS if any(row[column] for row in rows))

    @property
    def counts(self) -> dict[str, int]:
        """How many runners are in each state."""
        return {state: sum(runner.state == state for runner in self.runners) for state in STATES}

    @property
    def check_counts(self) -> Counts:
        """Of the checks of all runners."""
        return Counts.of(
            finding for runner in self.runners for finding in (*runner.prerequisites, *runner.verification)
        )

    @property
    def headline(self) -> str:
        """The run in one line."""
        told = ", ".join(f"{count} {state}" for state, count in self.counts.items() if count)
        return f"{counted(len(self.runners), 'runner')}: {told}" if told else "no runners"

    @property
    def checks_line(self) -> str:
        """What was checked, in one line; empty when nothing was."""
        counts = self.check_counts
        return f"Checks: {counts.phrase()}" if counts != Counts() else ""

    @property
    def attention(self) -> tuple[Attention, ...]:
        """What a person has to act on; what is the same for several runners is told once."""
        return attention_of(self.runners)

    def notes(self, kind: str) -> tuple[Note, ...]:
        """Findings of one kind (C(_checks.findings)); one that several runners have is told once."""
        found: dict[Finding, dict[int, Runner]] = {}
        for index, runner in enumerate(self.runners):
            for finding in (*runner.prerequisites, *runner.verification):
                if finding.kind == kind:
                    found.setdefault(finding, {})[index] = runner
        return tuple(Note(finding, tuple(runners.values())) for finding, runners in found.items())

    def document(self) -> dict[str, t.Any]:
        """What fleet.json holds (docs/report.schema.json)."""
        return {
            "schema_version": SCHEMA_VERSION,
            "title": self.title,
            "generated": self.generated,
            "headline": self.headline,
            "counts": self.counts,
            "checks": self.check_counts.as_result(),
            "runners": self.documents,
            "next_steps": self.next_steps,
        }

    @property
    def documents(self) -> list[dict[str, t.Any]]:
        """What each runner's JSON file holds."""
        return [dict(runner.document) for runner in self.runners]

    @property
    def next_steps(self) -> list[dict[str, t.Any]]:
        """What a person does next where nothing of it is declared, each once, with the runners that it is for."""
        return of_fleet(self.documents)


def counted(number_: int, noun: str) -> str:
    """C(1 runner), C(3 runners)."""
    return f"{number_} {noun}{'' if number_ == 1 else 's'}"


def number(value: t.Any) -> float:
    """A number of a document, or zero: documents come from anywhere."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return 0.0
    return found if math.isfinite(found) and found > 0 else 0.0


def _findings(stage: Raw) -> tuple[Finding, ...]:
    return tuple(Finding.of(check) for check in stage.get("checks") or [])


def _stage(raw: Raw) -> Stage:
    return Stage(clean(raw.get("stage") or ""), clean(raw.get("state") or ""), clean(raw.get("detail") or ""))


def _failure(raw: Raw) -> Failure | None:
    if not raw:
        return None
    message = "\n".join(map(clean, str(raw.get("message") or "").strip().split("\n")))
    return Failure(clean(raw.get("task") or "The run"), message, clean(raw.get("stage") or ""))
