# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback that takes collections as Galaxy does: version 3 of its API, as ansible-galaxy calls it.

What it answers is what lib/ansible/galaxy/api.py of ansible-core reads (publish_collection, wait_import_task), and
galaxy_ng's answers to a token that is wrong and to a version that is there already.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import hashlib
import http.server
import json
import re
import typing as t

from tests.loopback import listening

if t.TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "galaxy-s3cr3t-t0ken"
TASK = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c99"


class Galaxy(http.server.ThreadingHTTPServer):
    """Keeps what is uploaded; an import is waited for twice, and ends with C(refusal) where that is given."""

    def __init__(self, refusal: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusal = refusal
        self.uploaded: dict[str, bytes] = {}
        self.asked = 0

    @property
    def url(self) -> str:
        """The root of the API."""
        return f"http://127.0.0.1:{self.server_address[1]}/api/"

    def state(self) -> dict[str, t.Any]:
        """The task of the import, which takes its time."""
        self.asked += 1
        if self.asked < 3:
            return {"state": ("waiting", "running")[self.asked - 1], "finished_at": None, "messages": []}
        finished: dict[str, t.Any] = {
            "finished_at": "2026-11-28T00:00:00Z",
            "messages": [],
            "error": None,
            "state": "completed",
        }
        if not self.refusal:
            return finished
        told = [{"level": "ERROR", "message": self.refusal, "time": 1.0}]
        error = {"code": "import.failed", "description": self.refusal}
        return {**finished, "state": "failed", "messages": told, "error": error}


@contextlib.contextmanager
def serving(refusal: str = "") -> Iterator[Galaxy]:
    """One that listens until the end."""
    server = Galaxy(refusal)
    with listening(server):
        yield server


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        galaxy = t.cast("Galaxy", self.server)
        if self.path == "/api/":
            return self._answer(200, {"available_versions": {"v3": "v3/"}})
        if not self._known():
            return None
        if self.path == f"/api/v3/imports/collections/{TASK}/":
            return self._answer(200, galaxy.state())
        return self._refuse(404, "not_found", f"Nothing is at {self.path}")

    def do_POST(self) -> None:
        galaxy = t.cast("Galaxy", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._known():
            return None
        if self.path != "/api/v3/artifacts/collections/":
            return self._refuse(404, "not_found", f"Nothing is at {self.path}")
        name, content, digest = _parts(self.headers["Content-Type"], body)
        if hashlib.sha256(content).hexdigest() != digest:
            return self._refuse(400, "invalid", "The sha256 is not that of the file")
        if name in galaxy.uploaded:
            return self._refuse(409, "conflict.collection_exists", f"Artifact already exists: {name}")
        galaxy.uploaded[name] = content
        return self._answer(202, {"task": f"/api/v3/imports/collections/{TASK}/"})

    def _known(self) -> bool:
        """Whether the caller has the token; the answer where it has not."""
        if self.headers.get("Authorization") == f"Token {TOKEN}":
            return True
        self._refuse(401, "authentication_failed", "Invalid token.")
        return False

    def _refuse(self, status: int, code: str, detail: str) -> None:
        self._answer(status, {"errors": [{"status": str(status), "code": code, "title": detail, "detail": detail}]})

    def _answer(self, status: int, content: dict[str, t.Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: t.Any) -> None:
        """Nothing."""


def _parts(kind: str, body: bytes) -> tuple[str, bytes, str]:
    """The file's name and bytes, and the sha256 that comes with it."""
    message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=email.policy.HTTP)
    name, content, digest = "", b"", ""
    for part in message.iter_parts():
        payload = t.cast("bytes", part.get_payload(decode=True))
        told = re.search(r'filename="([^"]+)"', part["Content-Disposition"])
        if told:
            name, content = told.group(1), payload
        else:
            digest = payload.decode().strip()
    return name, content, digest
