# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook is killed at any moment; the next run finishes what it began, with nothing doubled or lost."""

from __future__ import annotations

import dataclasses
import functools
import random
import time
import typing as t

from tests.campaign.scene import PLAYBOOKS, Scene, kill
from tests.campaign.tally import LAST_WORDS, Outcome, Tally, difference, spread, told

if t.TYPE_CHECKING:
    from tests.campaign.scene import Things


def undisturbed(playbook: str) -> tuple[float, Things]:
    """How many seconds a playbook takes here, and what there is afterwards.

    :raises RuntimeError: it fails already when nobody disturbs it.
    """
    with Scene.start() as scene:
        scene.prepare(playbook)
        begun = time.monotonic()
        run = scene.play(playbook)
        if run.code:
            raise RuntimeError(f"{playbook} fails undisturbed:\n{run.output[-LAST_WORDS:]}")
        return time.monotonic() - begun, scene.things()


def killed(scene: Scene, playbook: str, after: float, wanted: Things) -> Outcome:
    """Kill the playbook so many seconds after its start, and run it once more."""
    process = scene.start_playbook(playbook)
    time.sleep(after)
    late = process.poll() is not None
    kill(process)
    run = scene.play(playbook)
    scene.settle()
    wrong = difference(wanted, scene.things())
    if run.code or wrong:
        return Outcome(
            f"{playbook} killed after {after:.1f} s, rerun ended with {run.code}; {wrong}\n{run.output[-LAST_WORDS:]}"
        )
    return Outcome(late=late)


@dataclasses.dataclass(frozen=True)
class Undisturbed:
    """A playbook that nobody kills: how many seconds it takes, as fast as the machine is now, and what it leaves."""

    seconds: float
    things: Things


def whole_life(scene: Scene) -> dict[str, Undisturbed]:
    """The playbooks one after the other.

    :raises RuntimeError: one fails already when nobody disturbs it.
    """
    found: dict[str, Undisturbed] = {}
    scene.reset()
    for playbook in PLAYBOOKS:
        begun = time.monotonic()
        run = scene.play(playbook)
        if run.code:
            raise RuntimeError(f"{playbook} fails undisturbed:\n{run.output[-LAST_WORDS:]}")
        found[playbook] = Undisturbed(time.monotonic() - begun, scene.things())
        scene.publish_newer()
    return found


def life(scene: Scene, case: int, share: float, wanted: t.Mapping[str, Undisturbed]) -> dict[str, Outcome]:
    """One runner's life, each playbook of which is killed once: what one leaves is what the next begins with.

    :param share: of the playbook's time after which it is killed.
    """
    scene.reset()
    found: dict[str, Outcome] = {}
    for playbook in PLAYBOOKS:
        if any(outcome.finding for outcome in found.values()):
            scene.prepare(playbook)
        after, things = share * wanted[playbook].seconds, wanted[playbook].things
        found[playbook] = told(case, functools.partial(killed, scene, playbook, after, things))
        scene.publish_newer()
    return found


def campaigns(count: int, seed: int, jobs: int) -> list[Tally]:
    """C(count) kills of each playbook that writes, spread evenly over its time.

    Kills that came after the end show nothing and do not count.
    """
    # As many at once as later, because that makes each slower.
    measured = spread(range(jobs), jobs, lambda scene, _case: whole_life(scene))
    wanted = {
        playbook: Undisturbed(sum(one[playbook].seconds for one in measured) / jobs, measured[0][playbook].things)
        for playbook in PLAYBOOKS
    }

    def one(scene: Scene, case: int) -> dict[str, Outcome]:
        return life(scene, case, (case - seed + random.Random(case).random()) / count, wanted)

    cases = list(range(seed, seed + count))
    # So that a campaign that is broken off has killed at all times too.
    random.Random(seed).shuffle(cases)
    lives = spread(cases, jobs, one)
    return [
        Tally(
            f"{playbook}.yml is killed (SIGKILL) at any moment, and run once more",
            tuple(outcome for found in lives if not (outcome := found[playbook]).late),
        )
        for playbook in PLAYBOOKS
    ]
