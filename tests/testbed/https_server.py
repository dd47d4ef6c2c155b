# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS for every load balancer: certificates of a throw-away authority by SNI, and /_health.

A load balancer answers on loopback addresses of its own, once it is active, as long as it exists.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import pathlib
import ssl
import tempfile
import typing as t

import trustme

from .aws import control, state

LOOK_EVERY = 0.2
MODES = ("healthy", "unhealthy", "wrong_certificate", "refuse", "slow")


class Certificates:
    """A throw-away authority, and a context for each set of names."""

    def __init__(self, directory: pathlib.Path) -> None:
        self._authority = trustme.CA(organization_name="gitpod.enterprise_runner test bed")
        self.ca_file = directory / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca_file))
        self._contexts: dict[tuple[str, ...], ssl.SSLContext] = {}

    @property
    def ca_pem(self) -> str:
        """The authority's certificate."""
        return self.ca_file.read_text("utf-8")

    def context(self, names: tuple[str, ...]) -> ssl.SSLContext:
        """A server's context with a certificate for these names."""
        if names not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authority.issue_cert(*names).configure_cert(context)
            self._contexts[names] = context
        return self._contexts[names]


class Https:
    """One listener an address of each active load balancer.

    :param runs: whether an environment that runs is reached under a name.
    """

    def __init__(self, certificates: Certificates, port: int, runs: t.Callable[[str], bool]) -> None:
        self._certificates = certificates
        self._runs = runs
        self.port = port
        self.http_port = free_port()
        self._servers: dict[str, tuple[tuple[str, ...], asyncio.Server]] = {}
        self._plain: dict[str, asyncio.Server] = {}
        self._modes: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Follow the load balancers from now on."""
        control.register("/_testbed/https", self.handle)
        self._task = asyncio.get_running_loop().create_task(self._follow())

    def stop(self) -> None:
        """Close every listener."""
        if self._task:
            self._task.cancel()
        for _names, server in self._servers.values():
            server.close()
        for server in self._plain.values():
            server.close()

    def reset(self) -> None:
        """Everything healthy again."""
        self._modes.clear()

    def handle(self, method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
        """POST C(domain) and C(mode) makes a domain answer otherwise."""
        if method == "POST":
            if body["mode"] not in MODES:
                raise ValueError(f"mode is one of {', '.join(MODES)}")
            self._modes[body["domain"]] = body["mode"]
        return {"modes": self._modes, "addresses": sorted(self._servers)}

    def _mode(self, names: t.Sequence[str]) -> str:
        return next((mode for domain, mode in self._modes.items() if domain in names), "healthy")

    def _wanted(self) -> dict[str, tuple[str, ...]]:
        """Addresses and the names that answer there."""
        wanted = {}
        for balancer in state.all_load_balancers():
            names = balancer.certificate_names
            mode = self._mode(names)
            if balancer.state == "active" and names and mode != "refuse":
                shown = ("wrong.example.com",) if mode == "wrong_certificate" else names
                wanted.update(dict.fromkeys(balancer.addresses, shown))
        return wanted

    async def _follow(self) -> None:
        while True:
            wanted = self._wanted()
            for address, (names, server) in list(self._servers.items()):
                if wanted.get(address) != names:
                    server.close()
                    del self._servers[address]
                    if address in self._plain:
                        self._plain.pop(address).close()
            for address, names in wanted.items():
                if address not in self._servers:
                    with contextlib.suppress(OSError):
                        self._servers[address] = (names, await self._listen(address, names))
                        self._plain[address] = await asyncio.start_server(_redirect, address, self.http_port)
            await asyncio.sleep(LOOK_EVERY)

    async def _listen(self, address: str, names: tuple[str, ...]) -> asyncio.Server:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(
                asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ssl.SSLError
            ):
                request = await reader.readuntil(b"\r\n\r\n")
                mode = self._mode(names)
                if mode == "slow":
                    await asyncio.sleep(30)
                answer = _response(request.split(b" ")[1].decode(), mode, self._runs(_host(request)))
                writer.write(answer)
                await writer.drain()
            writer.close()

        return await asyncio.start_server(connected, address, self.port, ssl=self._certificates.context(names))


async def _redirect(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Port 80 of the load balancer: where HTTPS is."""
    with contextlib.suppress(ConnectionError):
        writer.write(b"HTTP/1.1 308 Permanent Redirect\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
    writer.close()


def _host(request: bytes) -> str:
    """Of the request's header, without a port."""
    lines = request.decode("latin-1").split("\r\n")
    named = next((line.partition(":")[2] for line in lines if line.lower().startswith("host:")), "")
    return named.strip().partition(":")[0].lower()


def _response(path: str, mode: str, runs: bool = False) -> bytes:
    """What a runner answers; an environment that runs wants a token first, as its ops service does."""
    if path != "/_health" and runs and mode == "healthy":
        status, body = "401 Unauthorized", {"error": "no token"}
    elif path != "/_health" and mode != "unhealthy":
        status, body = "404 Not Found", {"error": "not found"}
    elif mode == "unhealthy":
        status, body = "503 Service Unavailable", {"status": "unhealthy"}
    else:
        status, body = "200 OK", {"status": "ok"}
    text = json.dumps(body).encode()
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(text)}", "Connection: close"]
    return "\r\n".join([*head, "", ""]).encode() + text


def free_port() -> int:
    """A port that is free on loopback now; load balancers have addresses of their own, so nothing else takes it."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def temporary_directory() -> tempfile.TemporaryDirectory[str]:
    """For the authority's certificate."""
    return tempfile.TemporaryDirectory(prefix="gitpod-testbed-")
