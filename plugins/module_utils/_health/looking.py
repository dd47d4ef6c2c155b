# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking: every name at every resolver, every address under every name, side by side. Judges nothing.

With what it imports it also runs on instances that are no hosts of Ansible (C(_probe)), so it stays with the standard
library.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import connecting, resolving
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Answer,
    Connection,
    Observations,
    Request,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observer import Observer, Threads

# A load balancer has an address for each zone, so two names make a dozen connections; more than that just queue.
WORKERS = 16
# Of a name that leads to more than a load balancer ever has, the first are connected to, so that a look ends in time.
MOST_ADDRESSES = 16


class NetworkObserver:
    """The real network.

    :param connect: as C(connecting.Client.connect).
    :param timeout: seconds for each question to a DNS server.
    :param shared: makes the calls of many looks; without it, each look has threads of its own.
    """

    def __init__(
        self, connect: Callable[[str, str], Connection], timeout: float, shared: Threads | None = None
    ) -> None:
        self._connect = connect
        self._timeout = timeout
        self._shared = shared

    def threads(self) -> t.ContextManager[t.Any]:
        return contextlib.nullcontext(self._shared) if self._shared else concurrent.futures.ThreadPoolExecutor(WORKERS)

    def resolve(self, name: str, server: Server | None) -> Answer:
        if server is None:
            return resolving.resolve_with_system(name)
        return resolving.resolve_with_server(name, server, self._timeout)

    def connect(self, name: str, address: str) -> Connection:
        return self._connect(name, address)

    def reach(self, address: str, port: int) -> Connection:
        return connecting.reach(address, port, self._timeout)


def observe(observer: Observer, request: Request) -> Observations:
    """Look once. Order of the results does not depend on the order of arrival."""
    asks_management_plane = request.management_plane and "private_dns" in request.checks
    names = [
        *request.names,
        *([request.expected_target] if request.expected_target else []),
        *([request.management_plane] if asks_management_plane else []),
    ]
    servers: Sequence[Server | None] = request.servers or (None,)
    with observer.threads() as pool:
        questions = [pool.submit(observer.resolve, name, server) for name in names for server in servers]
        seen = Observations(tuple(question.result() for question in questions))
        if not request.connects:
            return seen
        tried = {name: seen.addresses(name)[:MOST_ADDRESSES] for name in request.names}
        calls = [pool.submit(observer.connect, name, address) for name in tried for address in tried[name]]
        addresses = sorted({address for found in tried.values() for address in found})
        plain = [
            pool.submit(observer.reach, address, request.http_port)
            for address in (addresses if request.http_port and "tcp" in request.checks else ())
        ]
        return Observations(
            seen.answers, tuple(call.result() for call in calls), tuple(call.result() for call in plain)
        )
