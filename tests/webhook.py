# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A webhook's receiver on loopback."""

from __future__ import annotations

import contextlib
import http.server
import json
import typing as t

from tests.loopback import listening

if t.TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "T000-B000-s3cr3t"


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what is posted, and answers with C(status)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.posted: list[tuple[str, t.Any]] = []

    @property
    def url(self) -> str:
        """Which is a secret, as a webhook's is."""
        return f"http://127.0.0.1:{self.server_address[1]}/services/{SECRET}"

    @classmethod
    @contextlib.contextmanager
    def start(cls) -> Iterator[Receiver]:
        """One that listens until the end."""
        server = cls()
        with listening(server):
            yield server


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = t.cast("Receiver", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.posted.append((self.path, json.loads(body)))
        self.send_response(server.status)
        if server.status == 302:
            self.send_header("Location", f"/{SECRET}")
        self.end_headers()

    def log_message(self, *arguments: t.Any) -> None:
        """Nothing."""
