# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which environments are an acceptance's own, and which of those nobody looks after any more.

Whose an environment is, C(_ownership.of_environment) says by its annotations; a name makes nothing ours. An acceptance
that goes on somewhere else has an environment of the same kind: it is left alone until its own time is over, or the
process that made it is gone from this machine.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib
import platform
import re
import time
import typing as t
import uuid

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.environments import (
    Environment,
    Order,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import ACCEPTANCE

# The runner's ID; only this run has that value; where it runs; seconds since the epoch after which it has ended.
OF_RUNNER, OF_RUN, PLACE, UNTIL = ACCEPTANCE, f"{ACCEPTANCE}-run", f"{ACCEPTANCE}-place", f"{ACCEPTANCE}-until"
# Of an environment's name (buf.validate rule of CreateEnvironmentRequest, gitpod-sdk 1.2).
LONGEST_NAME = 80
# Seconds by which the clocks of two control nodes may differ.
SKEW = 300.0
# Annotations come from outside: Python's isdigit takes "²", which is no number, and any length.
_NUMBER = re.compile(r"[0-9]{1,18}")
_BOOT, _PROCESSES = "/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"


def order(
    runner_id: str, runner_name: str, class_id: str, repository: str, longest: float, now: t.Callable[[], float]
) -> Order:
    """An environment that no other acceptance has.

    :param longest: seconds after which this acceptance has ended in any case.
    :param now: seconds since the epoch.
    """
    run = uuid.uuid4().hex
    name = f"acceptance-{run[:8]}-{runner_name}"[:LONGEST_NAME].rstrip()
    until = str(int(now() + longest))
    found = {OF_RUNNER: runner_id, OF_RUN: run, PLACE: f"{place()}/{os.getpid()}", UNTIL: until}
    return Order(runner_id, name, class_id, repository, found, OF_RUN)


def place() -> str:
    """This machine's processes, as a digest that tells nobody its name; empty where Linux does not say which they are.

    Process IDs mean something within one boot and one namespace of process IDs, such as a container's.
    """
    try:
        boot, processes = pathlib.Path(_BOOT).read_text("ascii").strip(), pathlib.Path(_PROCESSES).readlink()
    except (OSError, ValueError):
        return ""
    return hashlib.sha256(f"{platform.node()} {boot} {processes}".encode()).hexdigest()[:16]


def left_behind(found: Environment, now: float) -> bool:
    """Whether nobody looks after it any more; of one that has our mark.

    :param now: seconds since the epoch.
    """
    until = _NUMBER.fullmatch(found.annotations.get(UNTIL, ""))
    if not until or now > int(until[0]) + SKEW:
        return True
    where, _slash, number = found.annotations.get(PLACE, "").rpartition("/")
    process = _NUMBER.fullmatch(number)
    return bool(where) and where == place() and bool(process) and not _lives(int(number))


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


@dataclasses.dataclass(frozen=True)
class Found:
    """The acceptance's own environments on a runner.

    :param left: of earlier runs that are over.
    :param others: of runs that may go on.
    """

    left: tuple[Environment, ...]
    others: tuple[Environment, ...]

    @classmethod
    def of(cls, everything: t.Iterable[Environment], now: t.Callable[[], float] = time.time) -> Found:
        """Told apart."""
        left: list[Environment] = []
        others: list[Environment] = []
        for found in everything:
            (left if left_behind(found, now()) else others).append(found)
        return cls(tuple(left), tuple(others))
