# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run campaigns and print their table.

    python -m tests.campaign                        # everything, as many cases as docs/reliability.md tells
    python -m tests.campaign kills --count 10       # one part, shorter
    python -m tests.campaign faults --seed 17 --count 1 --jobs 1     # one case again

Findings go to standard error as they come, the table to standard output. Ends with 1 where a promise is not kept.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import typing as t

from tests.campaign import faults, kills, races, settings, values
from tests.campaign.tally import Outcome, Tally, table

Part = t.Callable[[int, int, int], list[Tally]]


def _settings(_count: int, _seed: int, _jobs: int) -> list[Tally]:
    """Each setting of the user's Ansible once."""
    broken, count = settings.campaign()
    outcomes = [Outcome("see above")] * broken + [Outcome()] * (count - broken)
    return [
        Tally("a setting of the user's Ansible: works as without it, or is refused in one message", tuple(outcomes))
    ]


# With the number of cases that are promised.
PARTS: dict[str, tuple[Part, int]] = {
    "faults": (faults.campaigns, 20),
    "kills": (kills.campaigns, 100),
    "races": (races.campaigns, 20),
    "values": (values.campaigns, 12_000),
    "settings": (_settings, 0),
}


def main() -> int:
    """The parts that were asked for, one after another; 0 when every promise is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[], help="without one, all")
    parser.add_argument("--count", type=int, help="cases of each part; without it as many as are promised")
    parser.add_argument("--seed", type=int, default=1, help="of the first case; the following have the next numbers")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="cases at once")
    options = parser.parse_args()
    tallies: list[Tally] = []
    for name in options.parts or PARTS:
        run, promised = PARTS[name]
        begun = time.monotonic()
        tallies += run(options.count or promised, options.seed, options.jobs)
        sys.stderr.write(f"{name}: {time.monotonic() - begun:.0f} s\n")
    sys.stdout.write(table(tallies) + "\n")
    return 0 if all(tally.kept for tally in tallies) else 1


if __name__ == "__main__":
    sys.exit(main())
