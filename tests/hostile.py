# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback that answers as no server should: raw bytes, as slowly, as long and as often as a test says."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import typing as t

# Bytes one after another; a number is a pause in seconds.
Script = t.Callable[[bytes], t.Iterable[bytes | float]]
OK = b"HTTP/1.1 200 OK\r\n"
# Linger of nothing: the connection is reset when it is closed.
RESET = struct.pack("ii", 1, 0)


def answer(body: bytes = b"", status: str = "200 OK", length: int | None = -1, **headers: str) -> bytes:
    """A response; C(length) is announced, C(None) announces none, and C(-1) the right one."""
    given = {"Content-Type": "text/html", **{key.replace("_", "-"): value for key, value in headers.items()}}
    if length is not None:
        given["Content-Length"] = str(len(body) if length < 0 else length)
    head = "".join(f"{key}: {value}\r\n" for key, value in given.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def dripping(whole: bytes, pause: float = 0.05) -> t.Iterator[bytes | float]:
    """A byte at a time."""
    for number in range(len(whole)):
        yield whole[number : number + 1]
        yield pause


def endless(head: bytes, piece: bytes) -> t.Iterator[bytes]:
    """More and more of the same, up to 600 MB."""
    yield head
    for _number in range(600_000_000 // len(piece)):
        yield piece


def bomb(size: int = 200_000_000) -> bytes:
    """That many zeros, packed."""
    return gzip.compress(bytes(size), 9)


class Server:
    """Answers each connection by the script.

    :param reset: cut connections off instead of closing them.
    :param takes: reads what is answered, which is a request of HTTP.
    :ivar seen: every request as it came.
    """

    def __init__(
        self,
        script: Script,
        context: ssl.SSLContext | None = None,
        reset: bool = False,
        takes: t.Callable[[socket.socket], bytes] | None = None,
    ) -> None:
        self._script, self._context, self._reset, self._takes = script, context, reset, takes or _request
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.seen: list[bytes] = []

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http{'s' if self._context else ''}://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self._start(self._accept)
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        # Closing alone does not wake a thread that accepts.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: t.Callable[..., None], *arguments: t.Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with contextlib.suppress(OSError), connection:
            if self._reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            speaking = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            with speaking:
                request = self._takes(speaking)
                self.seen.append(request)
                for part in self._script(request):
                    if self._ended.is_set():
                        return
                    if isinstance(part, bytes):
                        speaking.sendall(part)
                    else:
                        self._ended.wait(part)


def _request(connection: socket.socket) -> bytes:
    """Head and body, as far as a length is announced."""
    found = b""
    while b"\r\n\r\n" not in found:
        piece = connection.recv(65_536)
        if not piece:
            return found
        found += piece
    head, _end, body = found.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body
