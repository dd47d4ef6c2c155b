# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking until it settles, and what the last look means."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import decisions
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.looking import observe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import Observations, Request
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import waiting_line
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.verdict import settled
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observer import Observer

PACE = Pace(first=2.0, longest=15.0)


class Verdict(t.NamedTuple):
    """The last look and what it means; `waited` in seconds."""

    observations: Observations
    checks: tuple[Result, ...]
    waited: float

    @property
    def healthy(self) -> bool:
        return decisions.is_healthy(self.checks)


def watch(
    observer: Observer,
    request: Request,
    wait_timeout: float,
    clock: Clock | None = None,
    today: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.timezone.utc),
    required: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _line: None,
) -> Verdict:
    """Look until no check fails, or `wait_timeout` seconds have passed; at least once.

    :param required: patterns of the checks whose failure counts; empty counts all.
    :param tell: is given what is still wrong after each look.
    """
    clock = clock or Clock()
    start = clock.now()
    verdict = Verdict(Observations(), (), 0.0)
    for _elapsed in poll(clock, wait_timeout, PACE):
        observations = observe(observer, request)
        checks = decisions.judge(request, observations, today())
        verdict = Verdict(observations, checks, clock.now() - start)
        pairs = [(check.identifier, check.status) for check in checks]
        if settled(pairs, required):
            break
        tell(waiting_line(pairs, verdict.waited, wait_timeout))
    return verdict
