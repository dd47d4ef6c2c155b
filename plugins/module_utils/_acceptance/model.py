# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an acceptance wants, its steps as a report tells them, and where it stands."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.environments import Environment
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import without_secrets

Values = t.Mapping[str, t.Any]

# The steps, in their order.
CLASS, LEFTOVERS, CREATE, RUN, URL, STOP, DELETE = "class", "leftovers", "create", "run", "url", "stop", "delete"
STEPS = (CLASS, LEFTOVERS, CREATE, RUN, URL, STOP, DELETE)
# What a step can be; C(planned) is check mode's.
PASSED, FAILED, WARNED, LEFT_OUT, PLANNED = "passed", "failed", "warned", "left out", "planned"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is to be proven, and how long it may take.

    :param environment_class: name or ID of the class; empty chooses one.
    :param repository: URL, or empty.
    :param look: whether the URL is looked at.
    :param timeout: seconds until it runs.
    :param url_timeout: seconds until the URL answers.
    :param cleanup_timeout: seconds until it has stopped, and again until it is deleted.
    """

    environment_class: str = ""
    repository: str = ""
    look: bool = True
    timeout: float = 900.0
    url_timeout: float = 120.0
    cleanup_timeout: float = 300.0

    @classmethod
    def of(cls, values: Values) -> Wanted:
        """What the inventory asks for."""
        return cls(
            environment_class=values.get("gitpod_acceptance_environment_class") or "",
            repository=values.get("gitpod_acceptance_repository") or "",
            look=bool(values["gitpod_acceptance_url"]),
            timeout=float(values["gitpod_acceptance_timeout"]),
            url_timeout=float(values["gitpod_acceptance_url_timeout"]),
            cleanup_timeout=float(values["gitpod_acceptance_cleanup_timeout"]),
        )

    @property
    def shown_repository(self) -> str:
        """The URL as it may be shown; a query may have a token in it."""
        return without_secrets(self.repository)

    @property
    def longest(self) -> float:
        """Seconds after which the whole acceptance has ended in any case, calls that are repeated included."""
        return self.timeout + self.url_timeout + 2 * self.cleanup_timeout + CALLS


# Seconds that the calls themselves may take, each repeated while the management plane is busy (client.LONGEST_CALL).
CALLS = 900.0


@dataclasses.dataclass(frozen=True)
class Step:
    """One step as it went.

    :param seconds: how long it took.
    :param detail: what was seen, in a few words.
    """

    name: str
    state: str
    seconds: float = 0.0
    detail: str = ""

    def as_result(self) -> dict[str, t.Any]:
        """Plain data."""
        return {"step": self.name, "state": self.state, "seconds": round(self.seconds, 1), "detail": self.detail}


@dataclasses.dataclass(frozen=True)
class Standing:
    """Where an acceptance stands, as far as what is next depends on it.

    :param part: C(RUN), C(STOP) or C(DELETE): what is waited for.
    :param phase: of the environment.
    :param failures: why the environment says that it failed.
    :param late: whether the part's time is over.
    :param asked: whether the management plane has taken the call of this part; there is none in C(RUN).
    :param forced: whether the deletion was asked for by force.
    """

    part: str
    phase: str
    failures: tuple[str, ...] = ()
    late: bool = False
    asked: bool = False
    forced: bool = False


def standing(part: str, found: Environment, late: bool, asked: bool = False, forced: bool = False) -> Standing:
    """Of an environment as it was just seen."""
    return Standing(part, found.phase, found.failures, late, asked, forced)
