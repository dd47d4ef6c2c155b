# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Posting to a webhook: what arrives, and that no text tells the URL."""

from __future__ import annotations

import http.server
import json
import threading
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._notify import host_of, post

SECRET = "T000-B000-s3cr3t"


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what is posted, and answers with C(status)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.posted: list[tuple[str, t.Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/services/{SECRET}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = t.cast("Receiver", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.posted.append((self.path, json.loads(body)))
        self.send_response(server.status)
        if server.status == 302:
            self.send_header("Location", f"/{SECRET}")
        self.end_headers()

    def log_message(self, *arguments: t.Any) -> None:
        pass


@pytest.fixture
def receiver() -> t.Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_is_posted_arrives(receiver: Receiver) -> None:
    assert post(receiver.url, {"text": "Gr\u00fc\u00dfe"}) == 200
    assert receiver.posted == [(f"/services/{SECRET}", {"text": "Gr\u00fc\u00dfe"})]


@pytest.mark.parametrize("status", [302, 403, 404, 500])
def test_a_refusal_tells_the_host_and_never_the_url(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(RunnerError) as caught:
        post(receiver.url, {})
    assert f"HTTP {status}" in caught.value.message
    assert "127.0.0.1" in caught.value.message
    assert SECRET not in caught.value.message
    assert len(receiver.posted) == 1, "a redirection is not followed"


@pytest.mark.parametrize("error", [OSError("{url} timed out"), ValueError("unknown url type: {url}")])
def test_other_errors_hide_the_url_too(error: Exception) -> None:
    url = f"https://hooks.example.com/{SECRET}"

    def opener(*_arguments: t.Any, **_options: t.Any) -> t.NoReturn:
        raise type(error)(str(error).format(url=url))

    with pytest.raises(RunnerError) as caught:
        post(url, {}, opener)
    assert SECRET not in caught.value.message
    assert "hooks.example.com" in caught.value.message


@pytest.mark.parametrize("url", ["", "hooks", "http://hooks.example.com/x", "ftp://h/x", "https://", "https://[x/y"])
def test_only_https_is_posted_to(url: str) -> None:
    with pytest.raises(RunnerError, match="not an https URL"):
        host_of(url)


def test_loopback_needs_no_tls() -> None:
    assert host_of("http://localhost:8080/x") == "localhost"
    assert host_of("https://Hooks.Slack.com/x") == "hooks.slack.com"
