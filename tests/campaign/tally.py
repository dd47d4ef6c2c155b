# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a campaign found: figures, and what went wrong in words."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import queue
import sys
import typing as t

from tests.campaign.scene import Scene

if t.TYPE_CHECKING:
    from tests.campaign.scene import Things

Found = t.TypeVar("Found")
# Characters of a run's last words in a finding.
LAST_WORDS = 3000


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How one case went.

    :param finding: empty, or what is wrong and how to see it again.
    :param late: what was to disturb the run came after its end.
    """

    finding: str = ""
    late: bool = False

    @property
    def well(self) -> bool:
        """As promised."""
        return not self.finding


@dataclasses.dataclass(frozen=True)
class Tally:
    """How the cases of one part went.

    :param promise: how many of how many have to go well, as a share.
    """

    part: str
    outcomes: tuple[Outcome, ...]
    promise: float = 1.0

    @property
    def well(self) -> int:
        """Cases that went as promised."""
        return sum(outcome.well for outcome in self.outcomes)

    @property
    def kept(self) -> bool:
        """Whether the promise holds in these cases."""
        return bool(self.outcomes) and self.well >= self.promise * len(self.outcomes)

    @property
    def row(self) -> str:
        """A row of the table."""
        count = len(self.outcomes)
        wanted = "all" if self.promise == 1 else f"{self.promise * 100:.0f} %"
        return f"| {self.part} | {count} | {self.well} | {wanted} | {'yes' if self.kept else 'NO'} |"


HEAD = "| What was tried | Cases | As promised | Promised | Kept |\n|---|---|---|---|---|"


def table(tallies: t.Iterable[Tally]) -> str:
    """As docs/reliability.md shows it."""
    return "\n".join([HEAD, *(tally.row for tally in tallies)])


def difference(wanted: Things, found: Things) -> str:
    """What is too many and what is missing; empty when both are the same."""
    parts = [f"{count} {thing} too many" for thing, count in sorted((found - wanted).items())]
    parts += [f"{count} {thing} missing" for thing, count in sorted((wanted - found).items())]
    return ", ".join(parts)


def each(cases: t.Sequence[int], jobs: int, run: t.Callable[[Scene, int], Outcome]) -> tuple[Outcome, ...]:
    """Every case's outcome, some at once, each in a scene that nobody else uses.

    :param cases: their seeds.
    """
    return spread(cases, jobs, lambda scene, case: told(case, lambda: run(scene, case)))


def told(case: int, run: t.Callable[[], Outcome]) -> Outcome:
    """How a case went, a crash too; told at once, so that a campaign that is broken off has told what it found."""
    try:
        outcome = run()
    except Exception as error:
        outcome = Outcome(f"{type(error).__name__}: {error}")
    sys.stderr.write(f"case {case}: {outcome.finding or ('too late' if outcome.late else 'well')}\n")
    sys.stderr.flush()
    return outcome


def spread(cases: t.Sequence[int], jobs: int, run: t.Callable[[Scene, int], Found]) -> tuple[Found, ...]:
    """What every case returns, some at once, each in a scene that nobody else uses."""
    scenes: queue.Queue[Scene] = queue.Queue()
    with contextlib.ExitStack() as stack:
        for _number in range(min(jobs, len(cases))):
            scenes.put(stack.enter_context(Scene.start()))

        def one(seed: int) -> Found:
            scene = scenes.get()
            try:
                return run(scene, seed)
            finally:
                scenes.put(scene)

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            return tuple(pool.map(one, cases))
