# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook is killed at any moment; the next run finishes what it began, with nothing doubled or lost."""

from __future__ import annotations

import random
import time
import typing as t

from tests.campaign.scene import PLAYBOOKS, Scene, kill
from tests.campaign.tally import LAST_WORDS, Outcome, Tally, difference, each

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
    scene.prepare(playbook)
    process = scene.start_playbook(playbook)
    time.sleep(after)
    kill(process)
    run = scene.play(playbook)
    scene.settle()
    wrong = difference(wanted, scene.things())
    if run.code or wrong:
        return Outcome(
            f"{playbook} killed after {after:.1f} s, rerun ended with {run.code}; {wrong}\n{run.output[-LAST_WORDS:]}"
        )
    return Outcome()


def campaign(playbook: str, count: int, seed: int, jobs: int) -> Tally:
    """C(count) kills of a playbook, spread evenly over its time.

    :raises RuntimeError: the playbook fails undisturbed.
    """
    seconds, wanted = undisturbed(playbook)

    def one(scene: Scene, case: int) -> Outcome:
        share = (case - seed + random.Random(case).random()) / count
        # Several at once make each slower; kills after the end show nothing.
        return killed(scene, playbook, share * seconds, wanted)

    outcomes = each(range(seed, seed + count), jobs, one)
    return Tally(f"{playbook}.yml is killed (SIGKILL) at any moment, and run once more", outcomes)


def campaigns(count: int, seed: int, jobs: int) -> list[Tally]:
    """Each playbook that writes."""
    return [campaign(playbook, count, seed, jobs) for playbook in PLAYBOOKS]
