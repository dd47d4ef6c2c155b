# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One runner before the gate: what was found out about it, what will be done, and how it stands. Pure."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import (
    FAIL,
    LOOK,
    Counts,
    Finding,
    findings_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import ACTIONS, NOTHING, STAGES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

# What a host is: it goes on with something or with nothing to do, its own mistakes stop it, or those of others do.
TO_DO, IDLE, REFUSED, HELD = "to do", "nothing to do", "refused", "held"
Raw = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Stage:
    """What one stage will do with one runner: one of C(_stage_plan.ACTIONS), and the reasons as sentences.

    :param billed: how many endpoints come, and in how many zones, as the stage's plan says.
    """

    stage: str
    action: str
    reasons: tuple[str, ...] = ()
    billed: tuple[int, int] = (0, 0)


@dataclasses.dataclass(frozen=True)
class Runner:
    """One host of the fleet.

    :param host: its name in the inventory, by which automation finds it.
    :param name: the runner's, as it is shown.
    :param findings: the contract's problems first, then the checks in their order.
    :param plan: every stage that the look foresaw, in the order of site.yml; empty when nothing could be foreseen.
    :param values: typed inventory values by variable.
    :param policies: IAM policies by the end of their files' names.
    :param release: of its stack in words, and what becomes of it.
    """

    host: str
    name: str
    region: str
    findings: tuple[Finding, ...] = ()
    plan: tuple[Stage, ...] = ()
    values: Raw = dataclasses.field(default_factory=dict)
    policies: Raw = dataclasses.field(default_factory=dict)
    release: str = ""

    @classmethod
    def of(cls, raw: Raw) -> Runner:
        """From the data of one host: C(host), C(name), C(region), C(problems), C(look) and C(values)."""
        look, problems = raw.get("look") or {}, raw.get("problems") or []
        host = str(raw["host"])
        return cls(
            host=host,
            name=clean(raw.get("name") or host),
            region=clean(raw.get("region") or ""),
            findings=(*findings_of(problems, look), *_not_looked(look, bool(problems))),
            plan=tuple(_stage(entry) for entry in look.get("plan") or []),
            values=raw.get("values") or {},
            policies=look.get("policies") or {},
            release=_release(look.get("release") or {}),
        )

    @property
    def refused(self) -> bool:
        """Whether something is wrong with it."""
        return any(finding.status == FAIL for finding in self.findings)

    @property
    def state(self) -> str:
        """C(REFUSED), C(TO_DO) or C(IDLE); what others' mistakes make of it is the decision's to say."""
        if self.refused:
            return REFUSED
        return TO_DO if self.needed else IDLE

    @property
    def needed(self) -> tuple[Stage, ...]:
        """The stages that have something to do."""
        return tuple(stage for stage in self.plan if stage.action != NOTHING)

    @property
    def counts(self) -> Counts:
        """Of its findings."""
        return Counts.of(self.findings)

    def action(self, stage: str) -> str:
        """What a stage will do; empty when that was not foreseen."""
        return next((entry.action for entry in self.plan if entry.stage == stage), "")

    def billed(self, stage: str) -> tuple[int, int]:
        """How many endpoints a stage brings, and in how many zones."""
        return next((entry.billed for entry in self.plan if entry.stage == stage), (0, 0))


def _release(raw: Raw) -> str:
    """C(20251203.4), C(20251203.4 to 20260105.12), C(20251203.4, runs 20260105.12), C(not recorded); or empty."""
    deployed, target, running = (clean(raw.get(key) or "") for key in ("deployed", "target", "running"))
    if not raw.get("exists"):
        return target
    before = deployed or "not recorded"
    if target and target != deployed:
        return f"{before} to {target}"
    return f"{before}, runs {running}" if running and running != deployed else before


def _not_looked(look: Raw, explained: bool) -> list[Finding]:
    """Nothing is known of a runner that nobody looked at, so it is refused.

    :param explained: whether the contract has said already why nobody looked.
    """
    if look or explained:
        return []
    return [Finding(LOOK, FAIL, "Nobody looked at it.", "Run the prerequisites for this host too.")]


def _stage(raw: Raw) -> Stage:
    """An action that is not known is shown as it is, so that it never passes for nothing to do."""
    stage, action = clean(raw.get("stage") or ""), clean(raw.get("action") or "")
    known = stage in STAGES and action in ACTIONS
    return Stage(
        stage,
        action if known else action or "unknown",
        tuple(clean(text) for text in raw.get("reasons") or ()),
        (int(raw.get("billed_endpoints") or 0), int(raw.get("billed_zones") or 0)),
    )


def labels(runners: t.Sequence[Runner]) -> dict[str, str]:
    """By host, the name under which a runner is shown: its own, or its host's where two runners have one name."""
    names = collections.Counter(runner.name for runner in runners)
    return {runner.host: runner.name if names[runner.name] == 1 else clean(runner.host) for runner in runners}
