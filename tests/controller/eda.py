# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few endpoints of a controller with which ansible-rulebook 1.3 starts a job template, and the webhook's caller."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import time
import typing as t
import urllib.error
import urllib.request

from tests.loopback import listening


class _Handler(http.server.BaseHTTPRequestHandler):
    wbufsize = -1
    launched: list[tuple[str, t.Any]]
    names: tuple[str, ...]

    def _handle(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command == "POST":
            number = int(self.path.strip("/").split("/")[-2])
            self.launched.append((self.names[number - 1], json.loads(text or b"{}")))
        answer = json.dumps(self._answer()).encode()
        self.send_response(201 if self.command == "POST" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _answer(self) -> t.Any:
        job = {"id": 7, "job": 7, "status": "successful", "url": "/api/v2/jobs/7/", "type": "job"}
        job |= {"created": "2026-01-01T00:00:00Z", "artifacts": {}, "related": {}, "name": "n", "finished": "now"}
        if "id__in=" in self.path:
            return {"count": 1, "next": None, "results": [job]}
        if "/jobs/" in self.path or "/launch" in self.path:
            return job
        if "job_templates" not in self.path:
            return {"version": "24.6.1", "count": 0, "next": None, "results": []}
        found = [
            {
                "id": number,
                "name": name,
                "type": "job_template",
                "ask_limit_on_launch": True,
                "ask_variables_on_launch": False,
                "ask_labels_on_launch": False,
                "ask_inventory_on_launch": False,
                "survey_enabled": False,
                "related": {"launch": f"/api/v2/job_templates/{number}/launch/"},
                "summary_fields": {"organization": {"name": "Gitpod"}},
            }
            for number, name in enumerate(self.names, 1)
        ]
        return {"count": len(found), "next": None, "results": found}

    do_GET = do_POST = _handle  # noqa: N815

    def log_message(self, *_arguments: t.Any) -> None:
        """Nothing."""


@contextlib.contextmanager
def launching(*names: str) -> t.Iterator[tuple[str, list[tuple[str, t.Any]]]]:
    """A controller with these job templates: its URL, and what was launched with which options."""
    launched: list[tuple[str, t.Any]] = []
    handler = type("Handler", (_Handler,), {"launched": launched, "names": names})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with listening(server):
        yield f"http://127.0.0.1:{server.server_address[1]}", launched


def free_port() -> int:
    """One on which nothing listens."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port: int = opened.getsockname()[1]
        return port


def tell(port: int, token: str, event: t.Any, patience: float = 60.0) -> int:
    """Post an event to the webhook, as soon as it listens; the answer's status."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/endpoint",
        data=json.dumps(event).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    end = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def until(condition: t.Callable[[], bool], patience: float = 60.0) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + patience
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()
