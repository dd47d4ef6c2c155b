# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same playbook is started twice at once: nothing is doubled, and neither run fails."""

from __future__ import annotations

import random
import time

from tests.campaign.kills import undisturbed
from tests.campaign.scene import LONGEST, PLAYBOOKS, Scene
from tests.campaign.tally import LAST_WORDS, Outcome, Tally, difference, each


def campaign(playbook: str, count: int, seed: int, jobs: int) -> Tally:
    """C(count) pairs; the second starts up to three seconds after the first."""
    _seconds, wanted = undisturbed(playbook)

    def one(scene: Scene, case: int) -> Outcome:
        scene.prepare(playbook)
        delay = random.Random(case).choice((0.0, 0.0, 0.3, 1.0, 3.0))
        first = scene.start_playbook(playbook)
        time.sleep(delay)
        second = scene.start_playbook(playbook)
        outputs = [process.communicate(timeout=LONGEST)[0] for process in (first, second)]
        codes = [first.returncode, second.returncode]
        wrong = difference(wanted, scene.things())
        if not any(codes) and not wrong:
            return Outcome()
        told = "\n".join(output[-LAST_WORDS:] for output, code in zip(outputs, codes, strict=True) if code)
        return Outcome(f"two {playbook} {delay} s apart ended with {codes}; {wrong}\n{told}")

    outcomes = each(range(seed, seed + count), jobs, one)
    return Tally(f"{playbook}.yml is run twice at once", outcomes)


def campaigns(count: int, seed: int, jobs: int) -> list[Tally]:
    """Each playbook that writes."""
    return [campaign(playbook, count, seed, jobs) for playbook in PLAYBOOKS]
