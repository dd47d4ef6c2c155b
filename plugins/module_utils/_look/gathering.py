# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts read side by side: each a value, C(None) for what is not there, or why it could not be read."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import (
    Unread,
    UnreadError,
    known,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import NotFoundError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.clients import Clients
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool, Task

T = t.TypeVar("T")


def attempt(action: str, read: t.Callable[[], T]) -> T | Unread | None:
    """The fact, C(None) when the service says that there is no such thing, or the refusal: its own, or that of another
    fact which it depends on.

    :param action: IAM action of the call.
    """
    try:
        with intent(action):
            return read()
    except NotFoundError:
        return None
    except UnreadError as error:
        return error.unread
    except RunnerError as error:
        return Unread.of(error, action)


class Gathering:
    """One look: calls run on the pool that all runners share, each over the shared clients.

    :param profile: whose credentials the clients have; what they read that is the same for all is read once.
    """

    def __init__(self, clients: Clients, zone_clients: Clients, pool: Pool, profile: str = "") -> None:
        self.clients = clients
        self.zone_clients = zone_clients
        self.pool = pool
        self.profile = profile
        self._futures: dict[str, Task[t.Any]] = {}

    def ask(
        self, fact: str, action: str, read: t.Callable[[], t.Any], only_if: t.Any = True, pool: Pool | None = None
    ) -> None:
        """Begin to read a fact, unless it does not apply.

        :param pool: another one, for what mostly waits.
        """
        if only_if:
            self._futures[fact] = (pool or self.pool).submit(attempt, action, read)

    def get(self, fact: str) -> t.Any:
        """Wait for a fact; C(None) when it was not asked for."""
        future = self._futures.get(fact)
        return future.result() if future else None

    def found(self, fact: str) -> t.Any:
        """Wait for a fact; C(None) also when it could not be read, where more is then asked and nothing decided."""
        value = self.get(fact)
        return None if isinstance(value, Unread) else value

    def known(self, fact: str) -> t.Any:
        """Wait for a fact that another one depends on; C(None) when there is no such thing.

        :raises UnreadError: it could not be read, and so the other cannot be told either.
        """
        return known(self.get(fact))

    def all(self) -> dict[str, t.Any]:
        """Wait for everything."""
        return {fact: future.result() for fact, future in list(self._futures.items())}
