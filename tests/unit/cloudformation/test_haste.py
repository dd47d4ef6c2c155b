# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Near the expected end of an operation the looks are closer together, for a while."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.watch import (
    CLOSE_LOOKS,
    CLOSER,
    NEAR,
    Haste,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

FIRST, THEN = CLOSER


def test_only_an_end_that_is_known_to_be_near_brings_the_looks_together() -> None:
    haste = Haste(Clock(stretch=lambda: 3.0))
    for remaining, share in ((None, 1.0), (NEAR + 1, 1.0), (NEAR, FIRST), (0.0, FIRST), (60.0, 1.0), (None, 1.0)):
        haste.heed(remaining, 100.0)
        assert haste.stretch() == 3.0 * share, "whoever shares the limit of calls goes on sharing it"


def test_an_estimate_that_was_wrong_costs_fewer_calls_after_a_while_and_none_in_the_end() -> None:
    haste = Haste(Clock())
    shares = []
    for _look in range(3 * CLOSE_LOOKS):
        haste.heed(5.0, 100.0)
        shares.append(haste.stretch())
    assert shares == [FIRST] * CLOSE_LOOKS + [THEN] * CLOSE_LOOKS + [1.0] * CLOSE_LOOKS


def test_what_takes_long_is_near_its_end_earlier() -> None:
    haste = Haste(Clock())
    for remaining, elapsed, share in (
        (50.0, 600.0, FIRST),
        (50.0, 100.0, 1.0),
        (60.0, 1500.0, FIRST),
        (61.0, 1500.0, 1.0),
    ):
        haste.heed(remaining, elapsed)
        assert haste.stretch() == share


def test_many_who_are_near_their_end_together_stay_within_the_limit_that_they_share() -> None:
    haste = Haste(Clock(stretch=lambda: 1.0, least=lambda: 0.5))
    haste.heed(5.0, 100.0)
    assert haste.stretch() == 0.5
