# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy: threads of the standard library's HTTP server in front of another server on loopback."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import struct
import threading
import typing as t
import urllib.parse

from . import spelling
from .model import CUT, FAILED, LOST, PAGE, RESET, THROTTLED, Asked, Decisions, Order, Page, Rates

# A whole answer of the server behind, in seconds.
TIMEOUT = 120
# Headers that belong to one connection (RFC 9110 section 7.6.1), and what is counted anew.
OWN_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade"})


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    upstream: tuple[str, int]
    decisions: Decisions

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A client that went away is none of our business."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._behind: http.client.HTTPConnection | None = None

    def finish(self) -> None:
        if self._behind:
            self._behind.close()
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_arguments: t.Any) -> None:
        """Nothing: C(Proxy.log) has it."""

    def _serve(self) -> None:
        body = self._body()
        headers = {name.title(): value for name, value in self.headers.items()}
        asked = Asked.of(self.command, self.path, headers, body)
        fault, order, drawn = self.server.decisions.decide(asked)
        if fault == RESET:
            self._reset()
        elif fault == THROTTLED:
            self._page(spelling.throttled(asked, drawn))
        elif fault == FAILED:
            self._page(spelling.failed(asked, drawn))
        elif fault == PAGE:
            self._page(order.page if order else Page())
        else:
            self._pass(body, fault)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_CONNECT = _serve  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _pass(self, body: bytes, fault: str) -> None:
        try:
            status, headers, content = self._ask(body)
        except (OSError, http.client.HTTPException):
            self._reset()
            return
        if fault == LOST:
            self._reset()
            return
        self._answer(status, headers, content, len(content) // 2 if fault == CUT else None)

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the server behind answers; a connection that it has closed meanwhile is opened anew, before asking."""
        if self._behind is None:
            self._behind = http.client.HTTPConnection(*self.server.upstream, timeout=TIMEOUT)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN_HEADERS}
        headers.pop("Expect", None)
        headers["Content-Length"] = str(len(body))
        try:
            self._behind.request(self.command, self.path, body, headers)
            answer = self._behind.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            # One connection a request: a stale one would turn one fault into two.
            self._behind.close()
            self._behind = None

    def _page(self, page: Page) -> None:
        self._answer(page.status, [("Content-Type", page.content_type)], page.body, None)

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes, cut: int | None) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in OWN_HEADERS:
                self.send_header(name, value)
        if self.command == "HEAD":
            length = next((value for name, value in headers if name.lower() == "content-length"), "0")
        else:
            length = str(len(content))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content if cut is None else content[:cut])
        if cut is not None:
            self.close_connection = True

    def _reset(self) -> None:
        """End the connection with RST, not with FIN."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # The server would shut it down in order; the reader and the writer hold the socket open.
            self.rfile.close()
            self.connection.close()


class Proxy:
    """Runs while its C(with) block does.

    :param upstream: URL of the server behind, C(http://127.0.0.1:PORT).
    :param orders: come before the rates; C(order()) adds some later.
    """

    def __init__(
        self, upstream: str, rates: Rates | None = None, seed: int = 0, orders: t.Iterable[Order] = (), port: int = 0
    ) -> None:
        parts = urllib.parse.urlsplit(upstream)
        self._decisions = Decisions(rates or Rates(), seed, orders)
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._server.decisions = self._decisions
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Its own address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def order(self, order: Order) -> None:
        """One more order, behind those there are."""
        self._decisions.add(order)

    def clear(self) -> None:
        """Forget the orders; the rates stay."""
        self._decisions.clear()

    def count(self) -> dict[str, int]:
        """How many requests got which fault."""
        return dict(self._decisions.counted)

    @property
    def log(self) -> list[tuple[Asked, str]]:
        """Every request with its fault, in their order."""
        return list(self._decisions.log)
