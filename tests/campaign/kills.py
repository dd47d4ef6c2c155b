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


# Seconds from the last call that is waited for to the kill, at most.
LONGEST_PAUSE = 0.5


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


def killed(scene: Scene, playbook: str, after: int, wanted: Things, drawn: random.Random) -> Outcome:
    """Kill the playbook soon after it has called AWS so many times, and run it once more."""
    scene.testbed.clear_calls()
    process = scene.start_playbook(playbook)
    while process.poll() is None and not scene.called(after):
        time.sleep(0.1)
    time.sleep(drawn.random() * LONGEST_PAUSE)
    late = process.poll() is not None
    kill(process)
    run = scene.play(playbook)
    scene.settle()
    wrong = difference(wanted, scene.things())
    if run.code or wrong:
        return Outcome(
            f"{playbook} killed after {after} calls, rerun ended with {run.code}; {wrong}\n{run.output[-LAST_WORDS:]}"
        )
    return Outcome(late=late)


@dataclasses.dataclass(frozen=True)
class Undisturbed:
    """A playbook that nobody kills: how often it calls AWS, and what it leaves.

    Calls, because seconds are another's on a machine that has more to do.
    """

    calls: int
    things: Things


def whole_life(scene: Scene) -> dict[str, Undisturbed]:
    """The playbooks one after the other.

    :raises RuntimeError: one fails already when nobody disturbs it.
    """
    found: dict[str, Undisturbed] = {}
    scene.reset()
    for playbook in PLAYBOOKS:
        scene.testbed.clear_calls()
        run = scene.play(playbook)
        if run.code:
            raise RuntimeError(f"{playbook} fails undisturbed:\n{run.output[-LAST_WORDS:]}")
        found[playbook] = Undisturbed(len(scene.testbed.calls()), scene.things())
        scene.publish_newer()
    return found


def life(scene: Scene, case: int, disturbed: t.Callable[[str], Outcome]) -> dict[str, Outcome]:
    """One runner's life: each playbook is disturbed, and what one leaves is what the next begins with.

    :param disturbed: runs a playbook, with whatever is to happen to it.
    """
    scene.reset()
    found: dict[str, Outcome] = {}
    for playbook in PLAYBOOKS:
        if any(outcome.finding for outcome in found.values()):
            scene.prepare(playbook)
        found[playbook] = told(case, functools.partial(disturbed, playbook))
        scene.publish_newer()
    return found


def campaigns(count: int, seed: int, jobs: int) -> list[Tally]:
    """C(count) kills of each playbook that writes, spread evenly over its time.

    Kills that came after the end show nothing and do not count.
    """
    (wanted,) = spread([seed], 1, lambda scene, _case: whole_life(scene))

    def one(scene: Scene, case: int) -> dict[str, Outcome]:
        drawn = random.Random(case)
        share = (case - seed + drawn.random()) / count

        def disturbed(playbook: str) -> Outcome:
            after = round(share * wanted[playbook].calls)
            return killed(scene, playbook, after, wanted[playbook].things, drawn)

        return life(scene, case, disturbed)

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
