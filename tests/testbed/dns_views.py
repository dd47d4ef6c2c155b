# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS as it looks from inside a VPC: the names of its endpoints' private DNS lead to their private addresses.

A view is a DNS server of its own, started on request, as the resolver at a VPC's base address plus two would be.
"""

from __future__ import annotations

import asyncio
import socket
import typing as t

from . import dns_server
from .aws import control


class Views:
    """The views that were asked for, by VPC."""

    def __init__(self, external: dns_server.External) -> None:
        self._external = external
        self._started: dict[tuple[str, str, int], str] = {}
        self._stops: list[t.Callable[[], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
        """POST C(vpc_id), and if wanted C(address) and C(port), starts a view; the answer tells where it is."""
        if method == "POST":
            key = (body["vpc_id"], body.get("address", "127.0.0.1"), int(body.get("port", 0)))
            if key not in self._started:
                self._started[key] = self._start(*key)
            return {"dns": self._started[key]}
        return {"views": {" ".join(map(str, key)): where for key, where in self._started.items()}}

    def stop(self) -> None:
        """Close every view."""
        for stop in self._stops:
            stop()

    def _start(self, vpc_id: str, address: str, port: int) -> str:
        # Bound at once, so that the address is known and a refusal is told; served as soon as the loop is free.
        tcp = socket.create_server((address, port))
        port = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((address, port))
        udp.setblocking(False)
        resolver = dns_server.Resolver(self._external, vpc_id)
        task = asyncio.get_running_loop().create_task(self._serve(resolver, tcp, udp))
        self._tasks.add(task)
        return f"{address}:{port}"

    async def _serve(self, resolver: dns_server.Resolver, tcp: socket.socket, udp: socket.socket) -> None:
        self._stops.append(await dns_server.listen(resolver, tcp, udp))


def install(external: dns_server.External) -> Views:
    """Offer the views."""
    views = Views(external)
    control.register("/_testbed/dns/views", views.handle)
    return views
