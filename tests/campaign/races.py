# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same playbook is started twice at once: nothing is doubled, and neither run fails."""

from __future__ import annotations

import random
import time
import typing as t

from tests.campaign.kills import life, whole_life
from tests.campaign.scene import LONGEST, PLAYBOOKS, Scene
from tests.campaign.tally import LAST_WORDS, Outcome, Tally, difference, spread

if t.TYPE_CHECKING:
    from tests.campaign.scene import Things


def pair(scene: Scene, playbook: str, delay: float, wanted: Things) -> Outcome:
    """Two of a playbook, the second so many seconds after the first."""
    first = scene.start_playbook(playbook)
    time.sleep(delay)
    second = scene.start_playbook(playbook)
    outputs = [process.communicate(timeout=LONGEST)[0] for process in (first, second)]
    codes = [first.returncode, second.returncode]
    wrong = difference(wanted, scene.things())
    if not any(codes) and not wrong:
        return Outcome()
    words = "\n".join(output[-LAST_WORDS:] for output, code in zip(outputs, codes, strict=True) if code)
    return Outcome(f"two {playbook} {delay} s apart ended with {codes}; {wrong}\n{words}")


def campaigns(count: int, seed: int, jobs: int) -> list[Tally]:
    """C(count) pairs of each playbook that writes, the second up to three seconds after the first."""
    (wanted,) = spread([seed], 1, lambda scene, _case: whole_life(scene))

    def one(scene: Scene, case: int) -> dict[str, Outcome]:
        drawn = random.Random(case)
        delays = {playbook: drawn.choice((0.0, 0.0, 0.3, 1.0, 3.0)) for playbook in PLAYBOOKS}
        return life(scene, case, lambda playbook: pair(scene, playbook, delays[playbook], wanted[playbook].things))

    lives = spread(range(seed, seed + count), jobs, one)
    return [
        Tally(f"{playbook}.yml is run twice at once", tuple(found[playbook] for found in lives))
        for playbook in PLAYBOOKS
    ]
