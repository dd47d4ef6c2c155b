# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was seen to verdicts. Pure: no network, no clock."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import FAIL, PASS, WARN, Result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.check import (
    CONNECTING,
    out_of_sight,
    unseen,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.checks import ALL
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import Observations, Request

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence


def judge(request: Request, seen: Observations, today: datetime.datetime) -> tuple[Result, ...]:
    """Every check that was asked for, in a fixed order.

    :param today: the present time, with a time zone.
    """
    seen = dataclasses.replace(seen, now=today)
    hidden = out_of_sight(request, seen)
    results = []
    for check in ALL:
        if check.group in request.checks and check.applies(request, seen):
            found = check.run(request, seen)
            results.append(check.result(unseen(found, request) if hidden and check.group in CONNECTING else found))
    return tuple(results)


def is_healthy(checks: Sequence[Result]) -> bool:
    """Nothing failed, and something was proven."""
    return all(check.status != FAIL for check in checks) and any(check.status in (PASS, WARN) for check in checks)
