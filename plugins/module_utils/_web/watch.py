# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of one exchange over the network, which ends it whatever it is doing. Standard library only.

A socket's timeout begins anew with each byte, so a server that sends one now and then holds a reader for ever: in the
handshake, in headers, in a body. A watch shuts the connection down from outside.
"""

from __future__ import annotations

import functools
import socket
import threading
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import within

# Of a name that leads to many addresses.
MOST_ADDRESSES = 8


class Watch:
    """The time of one exchange, and the connections that it shuts down at the end of it."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._held: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self.over = False

    def __enter__(self) -> Watch:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        for held in self._held:
            held.close()

    def left(self) -> float:
        """Seconds that remain.

        :raises TimeoutError: none.
        """
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def connect(self, address: tuple[str, int], *_options: t.Any, **_more: t.Any) -> socket.socket:
        """A connection to the first address of a host that takes it; each gets its share of the time."""
        host, port = address
        find = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = within(self.left(), find)[:MOST_ADDRESSES]
        failure: OSError = OSError(f"{host} has no address")
        for tried, (family, kind, protocol, _name, where) in enumerate(found):
            made = socket.socket(family, kind, protocol)
            try:
                made.settimeout(self.left() / (len(found) - tried))
                made.connect(where)
                made.settimeout(self.left())
            except OSError as error:
                made.close()
                failure = error
                continue
            self.hold(made)
            return made
        raise failure

    def hold(self, connection: socket.socket) -> None:
        """Shut it down when the time is over.

        TLS takes a socket over; a second handle of the same connection is what can be shut down at any time.
        """
        self._held.append(connection.dup())

    def _cut(self) -> None:
        self.over = True
        for held in list(self._held):
            try:
                held.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
