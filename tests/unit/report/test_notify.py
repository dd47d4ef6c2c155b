# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Posting to a webhook: what arrives, and that no text tells the URL."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import threading
import time
import typing as t
import urllib.error

import pytest
from ansible.module_utils import urls

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _notify
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._notify import host_of, post
from tests.webhook import SECRET, Receiver


@pytest.fixture
def receiver() -> t.Iterator[Receiver]:
    with Receiver.start() as server:
        yield server


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


@pytest.fixture
def awkward() -> t.Iterator[t.Callable[[bytes, float], str]]:
    """Makes a webhook that answers with these bytes: one at a time with a pause before each, or without one at once."""
    done, servers = threading.Event(), []

    def serve(server: socket.socket, answer: bytes, pause: float) -> None:
        connection, _address = server.accept()
        with connection:
            connection.recv(1 << 16)
            for part in [answer[number : number + 1] for number in range(len(answer))] if pause else [answer]:
                done.wait(pause)
                with contextlib.suppress(OSError):
                    connection.sendall(part)
            done.wait(pause and 60)

    def made(answer: bytes, pause: float) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=serve, args=(server, answer, pause))
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.getsockname()[1]}/services/{SECRET}"

    yield made
    done.set()
    for server, thread in servers:
        thread.join()
        server.close()


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        pytest.param(b"", 60, id="hangs"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X-Wait: a\r\n" * 100, 0.05, id="answers without an end"),
        pytest.param(b"\x16\x03\x01 no HTTP\r\n\r\n", 0, id="speaks another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 70_000, 0, id="talks too much"),
    ],
)
def test_a_receiver_that_misbehaves_is_left_after_a_while(
    awkward: t.Callable[[bytes, float], str], monkeypatch: pytest.MonkeyPatch, answer: bytes, pause: float
) -> None:
    monkeypatch.setattr(_notify, "TIMEOUT", 0.3)
    monkeypatch.setattr(_notify, "LONGEST", 0.6)
    url = awkward(answer, pause)
    began = time.monotonic()
    with pytest.raises(RunnerError) as caught:
        post(url, {})
    assert time.monotonic() - began < 3
    assert "127.0.0.1" in caught.value.message
    assert SECRET not in caught.value.message


def test_a_slow_answer_is_waited_for(awkward: t.Callable[[bytes, float], str]) -> None:
    assert post(awkward(b"HTTP/1.1 204 Gone home\r\n\r\n", 0.02), {}) == 204


@pytest.mark.parametrize(
    "error",
    [
        http.client.InvalidURL("URL can't contain control characters. '/services/T000-B000-s3cr3t x'"),
        http.client.BadStatusLine("s3cr3t"),
        urls.SSLValidationError("Failed to validate the certificate for hooks.example.com/services/T000-B000-s3cr3t"),
        urllib.error.URLError("no host in /services/T000-B000-s3cr3t"),
        UnicodeError("services/T000-B000-s3cr3t"),
        RuntimeError("T000-B000-s3cr3t"),
    ],
)
def test_whatever_goes_wrong_is_told_without_any_part_of_the_url(error: Exception) -> None:
    def opener(*_arguments: t.Any, **_options: t.Any) -> t.NoReturn:
        raise error

    with pytest.raises(RunnerError) as caught:
        post(f"https://team:pass-w0rd@hooks.example.com/services/{SECRET}%20x?key=s3cr3t", {}, opener)
    assert "s3cr3t" not in caught.value.message
    assert "pass-w0rd" not in caught.value.message
    assert "hooks.example.com" in caught.value.message


def test_what_is_posted_to_this_machine_goes_through_no_proxy(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post(receiver.url, {}) == 200


def test_a_url_that_ends_in_a_line_break_is_posted_to(receiver: Receiver) -> None:
    assert post(f"{receiver.url}\n", {}) == 200
    assert receiver.posted[0][0] == f"/services/{SECRET}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks",
        "http://hooks.example.com/x",
        "http://127.0.0.1.evil.example/x",
        "ftp://h/x",
        "https://",
        "https://[x/y",
    ],
)
def test_only_https_is_posted_to(url: str) -> None:
    with pytest.raises(RunnerError, match="not an https URL"):
        host_of(url)


def test_loopback_needs_no_tls() -> None:
    assert host_of("http://localhost:8080/x") == "localhost"
    assert host_of("https://Hooks.Slack.com/x") == "hooks.slack.com"


@pytest.mark.parametrize(
    "url", ["https://h\nx/T0ken", "https://\u202eh/T0ken", "https://h:99999/T0ken", "https://h /T0ken", "https://[::1"]
)
def test_a_url_that_is_none_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(RunnerError, match="not an https URL") as found:
        host_of(url)
    assert "T0ken" not in found.value.message


def test_a_library_that_writes_the_url_in_small_letters_tells_no_more() -> None:
    def refusing(*_arguments: t.Any, **_options: t.Any) -> t.Any:
        raise ValueError("cannot read services/t0kenpart")

    with pytest.raises(RunnerError) as found:
        post("https://hooks.example/services/T0KENpart", {}, refusing)
    assert "t0ken" not in found.value.message.lower()
    assert "ValueError" in found.value.message
