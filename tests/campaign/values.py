# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated inventories, most of them bad, through the contract: tests/unit/values/test_campaign.py, at length."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.campaign.tally import LAST_WORDS, Outcome, Tally

TEST = "tests/unit/values/test_campaign.py"


def campaigns(count: int, seed: int, jobs: int) -> list[Tally]:
    """C(count) inventories; the generator stops at the first that fails, and prints it as small as it gets.

    :param jobs: does not count, one process generates them all.
    """
    del jobs
    command = [sys.executable, "-m", "pytest", "-q", "-n0", f"--hypothesis-seed={seed}", TEST]
    environment = {**os.environ, "CAMPAIGN_VALUES": str(count)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    first = Outcome() if done.returncode == 0 else Outcome(done.stdout[-LAST_WORDS:])
    if first.finding:
        sys.stderr.write(first.finding)
    part = "generated inventories: each value is typed, unset or named in an error; nothing is written before it"
    return [Tally(part, (first, *[Outcome()] * (count - 1)))]
