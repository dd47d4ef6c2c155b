# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is removed when the run is broken off: environments that are there, and those that are just being made."""

from __future__ import annotations

import contextlib
import threading
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.environments import (
    Environment,
    EnvironmentApi,
    Order,
)

# Ansible's main process waits ten seconds for its workers, and what still runs is ended five seconds after it has gone
# (plugin_utils/interruption.py).
SECONDS = 4.0
LOOK_EVERY = 0.3


class Entry:
    """An environment from before it is asked for until it is gone.

    :param found: as soon as it is known.
    :param sure: whether it is the only one that was made, which nobody knows before the creation is answered.
    :param over: whether the run is being broken off, so that no further try of the creation begins.
    """

    def __init__(self, api: EnvironmentApi, order: Order) -> None:
        self.api, self.order = api, order
        self.found: Environment | None = None
        self.sure = self.over = False

    def others(self, known: t.Container[str]) -> list[Environment]:
        """What else has this run's mark: tries of the creation have made it whose answers were lost."""
        return [one for one in self.api.own_environments(self.order.runner_id, self.order.run) if one.id not in known]

    def remove(self, end: float) -> None:
        """Ask for its deletion, which stops it first; what its creation may yet bring is looked for until then.

        :param end: on the monotonic clock.
        """
        self.over = True
        known = {self.found.id} if self.found else set()
        if self.found:
            self.api.delete_environment(self.found)
        while not self.sure and time.monotonic() < end:
            for other in self.others(known):
                self.api.delete_environment(other)
                known.add(other.id)
            time.sleep(LOOK_EVERY)


class Custody:
    """Every environment of this process that is not gone yet; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._over = False

    @contextlib.contextmanager
    def of(self, api: EnvironmentApi, order: Order) -> t.Iterator[Entry]:
        """From before the environment is asked for until it was seen to be gone, or was given up.

        :raises RunnerError: the run is being broken off, so nothing is begun any more.
        """
        entry = Entry(api, order)
        with self._lock:
            if self._over:
                raise RunnerError("The run was broken off before the environment was created")
            self._entries.append(entry)
        try:
            yield entry
        finally:
            with self._lock:
                self._entries.remove(entry)

    def close(self) -> None:
        """Remove all of them at once, in C(SECONDS) at most."""
        # A thread that holds the lock holds it for a moment; this one may have been interrupted in just that.
        self._over = True
        end = time.monotonic() + SECONDS
        threads = [threading.Thread(target=_quietly, args=(entry, end), daemon=True) for entry in list(self._entries)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))


def _quietly(entry: Entry, end: float) -> None:
    """Nobody listens any more; the next acceptance finds what is left."""
    with contextlib.suppress(Exception):
        entry.remove(end)
