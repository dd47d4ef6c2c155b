# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A first run while AWS and the management plane refuse, fail and reset, or lose the answers of what they did."""

from __future__ import annotations

import collections
import urllib.parse

from tests.campaign.kills import undisturbed
from tests.campaign.scene import Scene
from tests.campaign.tally import LAST_WORDS, Outcome, Tally, difference, each
from tests.faults import Proxy, Rates

# As shares of all calls: throttled, answered with 5xx, reset; and carried out while the answer is lost.
HARD = Rates(throttled=0.35, failed=0.08, reset=0.08)
LOSING = Rates(throttled=0.05, failed=0.02, lost=0.08, cut=0.02)


def campaign(part: str, rates: Rates, promise: float, count: int, seed: int, jobs: int) -> Tally:
    """C(count) first runs, each with its own seed."""
    _seconds, wanted = undisturbed("site")

    def one(scene: Scene, case: int) -> Outcome:
        scene.prepare("site")
        testbed = scene.testbed
        with (
            Proxy(testbed.aws_endpoint_url, rates, case) as aws,
            Proxy(testbed.management_plane_url, rates, case) as management,
        ):
            # The API has a path of its own, which the proxy passes on.
            path = urllib.parse.urlsplit(testbed.management_plane_url).path
            scene.aws_endpoint_url, scene.management_plane_url = aws.url, management.url + path
            try:
                run = scene.play("site")
            finally:
                scene.aws_endpoint_url = scene.management_plane_url = ""
            met = collections.Counter(aws.count()) + collections.Counter(management.count())
        wrong = difference(wanted, scene.things())
        if run.code or wrong:
            return Outcome(f"ended with {run.code} after {dict(met)}; {wrong}\n{run.output[-LAST_WORDS:]}")
        return Outcome()

    return Tally(part, each(range(seed, seed + count), jobs, one), promise)


def campaigns(count: int, seed: int, jobs: int) -> list[Tally]:
    """Faults before anything is carried out, and lost answers of what was."""
    hard = "site.yml, of all calls 35 % throttled, 8 % answered with 5xx, 8 % reset: converges at once"
    losing = "site.yml, the answer of 10 % of all calls lost or cut after AWS carried them out: converges at once"
    return [
        campaign(hard, HARD, 0.95, count, seed, jobs),
        campaign(losing, LOSING, 0.95, count, seed, jobs),
    ]
