# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate of a fleet: its lines for a terminal, its decision, and its result for automation. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import (
    FAIL,
    WARN,
    Counts,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.costs import (
    Cost,
    costs_of,
    notes,
    total_line,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.decision import Decision, decide
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.findings import (
    finding_lines,
    reason_lines,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.model import (
    HELD,
    IDLE,
    REFUSED,
    TO_DO,
    Raw,
    Runner,
    labels,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.table import table_lines
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.wrapping import listed, shortened, wrapped
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

WIDTH = 100
NARROWEST, WIDEST = 60, 120


@dataclasses.dataclass(frozen=True)
class Gate:
    """A fleet before its first batch.

    :param runners: in the order of the play.
    :param batches: the hosts of each batch.
    :param costs: by host; C(None) when costs are not shown.
    """

    runners: tuple[Runner, ...]
    decision: Decision
    batches: tuple[tuple[str, ...], ...] = ()
    costs: t.Mapping[str, Cost] | None = None

    def lines(self, width: int = WIDTH, verbose: bool = False) -> list[str]:
        """For a terminal: totals, a row a runner, why, what was found, and the decision.

        :param width: of the terminal, in columns; from C(NARROWEST) to C(WIDEST) are used.
        :param verbose: nothing is folded or left out, and what passed is listed too.
        """
        if not self.runners:
            return ["The gate: no runner"]
        width = max(NARROWEST, min(WIDEST, width))
        names = labels(self.runners)
        sections = [
            self._totals(width, names),
            table_lines(self.runners, names, self.costs, width, folding=not verbose) + self._notes(width),
            reason_lines(self.runners, names, width, verbose),
            finding_lines(self.runners, names, width, verbose),
            wrapped(self.decision.message, width),
        ]
        lines: list[str] = []
        for section in filter(None, sections):
            lines += ["", *section] if lines else section
        return [shortened(line) for line in lines]

    def as_result(self) -> dict[str, t.Any]:
        """Small plain data for automation: the decision, totals, and by host its state, problems, actions and cost."""
        return {
            **self.decision.as_result(),
            "states": self._states(),
            "checks": self._counts().as_result(),
            "monthly_cost": self._total().as_result() if self.costs is not None else None,
            "runners": {runner.host: self._runner(runner) for runner in self.runners},
        }

    def state(self, runner: Runner) -> str:
        """C(to do), C(nothing to do), C(refused) or C(held)."""
        return HELD if runner.host in self.decision.held else runner.state

    def _states(self) -> dict[str, int]:
        found = [self.state(runner) for runner in self.runners]
        return {state: found.count(state) for state in (TO_DO, IDLE, REFUSED, HELD)}

    def _counts(self) -> Counts:
        return Counts.of(finding for runner in self.runners for finding in runner.findings)

    def _total(self) -> Cost:
        return sum((self.costs or {}).values(), Cost())

    def _runner(self, runner: Runner) -> dict[str, t.Any]:
        cost = (self.costs or {}).get(runner.host)
        return {
            "name": runner.name,
            "region": runner.region,
            "state": self.state(runner),
            "checks": runner.counts.as_result(),
            "problems": [entry.as_result() for entry in runner.findings if entry.status in (FAIL, WARN)],
            "release": runner.release,
            "actions": {stage.stage: stage.action for stage in runner.plan},
            "monthly_cost": cost.as_result() if cost else None,
        }

    def _totals(self, width: int, names: t.Mapping[str, str]) -> list[str]:
        states = [runner.state for runner in self.runners]
        told = {TO_DO: "with something to do", IDLE: "with nothing to do", REFUSED: "refused"}
        parts = [f"{states.count(state)} {words}" for state, words in told.items() if state in states]
        plural = "" if len(states) == 1 else "s"
        lines = wrapped(f"The gate: {len(states)} runner{plural}, {', '.join(parts)}", width, "", "  ")
        lines += wrapped(f"Checks: {self._counts().phrase()}", width, "", "  ")
        if self.costs is not None:
            lines += wrapped(total_line(self._total()), width, "", "  ")
        if len(self.batches) > 1:
            sizes = listed([str(len(batch)) for batch in self.batches])
            first = listed([names.get(host) or clean(host) for host in self.batches[0]], 3)
            lines += wrapped(f"Batches: {len(self.batches)} ({sizes}), beginning with {first}", width, "", "  ")
        return lines

    def _notes(self, width: int) -> list[str]:
        found = notes(self._total()) if self.costs is not None else []
        return ["", *(line for note in found for line in wrapped(note, width, "", "  "))] if found else []


def gate(
    fleet: t.Sequence[Raw],
    batches: t.Sequence[t.Sequence[str]] = (),
    max_failures: int = 0,
    show_costs: bool = True,
) -> Gate:
    """The gate of a fleet.

    :param fleet: one host each, in the order of the play: C(host), C(name), C(region); C(problems), as the contract
        returns them; C(look), the result of runner_preflight_info or C(failed) with C(msg), empty when nobody looked;
        C(values), typed inventory values by variable.
    :param batches: the hosts of each batch.
    :param max_failures: gitpod_rollout_max_failures.
    """
    runners = tuple(Runner.of(raw) for raw in fleet)
    return Gate(
        runners,
        decide(runners, labels(runners), batches, max_failures),
        tuple(tuple(batch) for batch in batches),
        costs_of(runners) if show_costs else None,
    )
