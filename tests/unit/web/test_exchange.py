# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One exchange over HTTP with servers that drip, never end, break off, or do not speak HTTP."""

from __future__ import annotations

import itertools
import resource
import socket
import time
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web import exchange, watch
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.exchange import (
    Answer,
    ExchangeError,
    Limits,
    Web,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import way
from tests.hostile import OK, Server, answer, bomb, dripping, endless

LIMITS = Limits(0.6, 100_000)
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = bomb(50_000_000)
Parts = t.Iterable[bytes | float]


def asked(script: t.Callable[[bytes], Parts], reset: bool = False, seconds: float = 10.0) -> Answer:
    with Server(script, reset=reset) as server:
        return Web().exchange(f"{server.url}/x", Limits(seconds, LIMITS.size))


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        pytest.param(lambda: [60.0], "late", id="says nothing"),
        pytest.param(lambda: dripping(answer(b"x" * 1000)), "late", id="drips its head"),
        pytest.param(lambda: [answer(length=1000), *dripping(b"x" * 1000)], "late", id="drips its body"),
        pytest.param(lambda: itertools.chain([CHUNKED], dripping(b"1\r\nx\r\n" * 900)), "late", id="drips chunks"),
        pytest.param(lambda: endless(OK, b"HTTP/1.1 100 Continue\r\n\r\n"), "too_large", id="another answer"),
        pytest.param(lambda: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500), "late", id="always continues"),
        pytest.param(lambda: endless(OK, b"X-More: and more\r\n" * 500), "broken", id="headers without end"),
        pytest.param(lambda: endless(OK + b"X: ", b"x" * 9000), "broken", id="a header without end"),
        pytest.param(lambda: endless(b"HTTP/1.1 200 ", b"x" * 9000), "broken", id="a status without end"),
        pytest.param(lambda: endless(answer(length=None), b"x" * 9000), "too_large", id="a body without end"),
        pytest.param(lambda: endless(CHUNKED, b"10\r\n" + b"x" * 16 + b"\r\n"), "too_large", id="chunks without end"),
        pytest.param(lambda: [answer(length=10**15), b"x" * 200_000], "too_large", id="announces too much"),
        pytest.param(lambda: [answer(BOMB, Content_Encoding="gzip")], "too_large", id="a bomb"),
        pytest.param(lambda: [answer(BOMB[:3000], Content_Encoding="gzip")], "too_large", id="half a bomb"),
        pytest.param(lambda: [answer(b"no gzip", Content_Encoding="gzip")], "broken", id="not packed"),
        pytest.param(lambda: [answer(b"x", Content_Encoding="br")], "broken", id="packed as nobody asked"),
        pytest.param(lambda: [answer(b"half", length=1000)], "broken", id="half a body"),
        pytest.param(lambda: [CHUNKED + b"8\r\nhalf"], "broken", id="half a chunk"),
        pytest.param(lambda: [CHUNKED + b"4\r\nhalf\r\n"], "broken", id="no last chunk"),
        pytest.param(lambda: [CHUNKED + b"ZZ\r\nhalf\r\n"], "broken", id="a chunk of no size"),
        pytest.param(lambda: [b""], "broken", id="closes"),
        pytest.param(lambda: [b"\x16\x03\x01\xff no HTTP\r\n\r\n"], "broken", id="another protocol"),
        pytest.param(lambda: [b"SSH-2.0-OpenSSH_9.6\r\n"], "broken", id="an SSH server"),
    ],
)
def test_a_server_that_misbehaves_is_left_in_time(parts: t.Callable[[], Parts], kind: str) -> None:
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ExchangeError) as caught:
        asked(lambda _request: parts(), seconds=0.6 if kind == "late" else 10.0)
    assert time.monotonic() - began < 8
    assert caught.value.kind == kind, caught.value.words
    assert len(caught.value.words) < 400
    assert caught.value.words.isprintable()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000, "kilobytes"


def test_a_connection_that_is_reset_is_a_passing_trouble() -> None:
    with pytest.raises(ExchangeError) as caught:
        asked(lambda _request: [answer(length=1000), 0.1], reset=True)
    assert caught.value.kind == "broken"
    assert caught.value.passing


def test_a_handshake_that_drips_ends_in_time() -> None:
    """A handshake of TLS is read in pieces too, and each begins a socket's timeout anew."""
    record = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + bytes(4000)
    with Server(lambda _request: dripping(record), takes=lambda connection: connection.recv(65_536)) as server:
        began = time.monotonic()
        with pytest.raises(ExchangeError) as caught:
            Web().exchange(f"https://127.0.0.1:{server.port}/", LIMITS)
    assert time.monotonic() - began < 4
    assert caught.value.kind == "late"


def test_a_name_is_not_looked_for_longer_than_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(*_arguments: t.Any, **_options: t.Any) -> t.NoReturn:
        time.sleep(5)
        raise socket.gaierror

    monkeypatch.setattr(watch.socket, "getaddrinfo", stuck)
    began = time.monotonic()
    with pytest.raises(ExchangeError) as caught:
        Web().exchange("http://slow.example/", LIMITS)
    assert time.monotonic() - began < 3
    assert caught.value.kind == "late"


def test_of_a_thousand_addresses_a_few_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.{n // 250}.{n % 250 + 1}", port)) for n in range(1200)
    ]
    monkeypatch.setattr(watch.socket, "getaddrinfo", lambda *_arguments, **_options: found)
    with pytest.raises(ExchangeError) as caught:
        Web().exchange("http://many.example/", LIMITS)
    assert caught.value.kind == "unreached"
    assert len(caught.value.words) < 200


@pytest.mark.parametrize("status", [200, 204, 302, 403, 407, 500])
def test_every_status_is_an_answer_and_no_redirection_is_followed(status: int) -> None:
    body = b"" if status == 204 else b"words"
    with Server(lambda _request: [answer(body, f"{status} Words", Location="http://elsewhere.example/")]) as server:
        found = Web().exchange(f"{server.url}/x", LIMITS)
        assert len(server.seen) == 1
    assert (found.status, found.body) == (status, body)


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (answer(b"body"), True),
        (CHUNKED + b"4\r\nbody\r\n0\r\n\r\n", True),
        (answer(b"body", length=None), False),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/pro", False),
        (b"HTTP/1.1 200", False),
    ],
)
def test_an_answer_tells_whether_it_is_whole(parts: bytes, whole: bool) -> None:
    found = asked(lambda _request: [parts])
    assert (found.body, found.whole) == (b"body" if b"body" in parts else b"", whole)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7", 7, 7),
        ("86400", exchange.LONGEST_RETRY_AFTER, exchange.LONGEST_RETRY_AFTER),
        ("-5", 0, 0),
        ("soon", 0, 0),
        ("", 0, 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2099 07:28:00 GMT", exchange.LONGEST_RETRY_AFTER, exchange.LONGEST_RETRY_AFTER),
        ("9" * 400, 0, exchange.LONGEST_RETRY_AFTER),
        ("\u0663", 0, 3),
    ],
)
def test_how_long_a_server_asks_to_wait(text: str, low: float, high: float) -> None:
    assert low <= Answer(429, {"Retry-After": text}, b"", True).retry_after <= high


def test_a_proxy_that_refuses_is_told_from_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with Server(lambda _request: [refusal]) as proxy:
        monkeypatch.setenv("https_proxy", f"http://user:pass-w0rd@127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with pytest.raises(ExchangeError) as caught:
            Web().exchange("https://app.gitpod.io/api", LIMITS)
    assert (caught.value.kind, caught.value.status, caught.value.passing) == ("proxy", 407, False)
    assert "pass-w0rd" not in caught.value.words


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://h/x", "data:,x", "", "x", "http://", "http://[", "http://h:x/"]
)
def test_nothing_else_is_spoken(url: str) -> None:
    with pytest.raises(ExchangeError):
        Web().exchange(url, LIMITS)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_goes_to_this_machine_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """There is no wire to loopback, so a token may go there in the clear; to a proxy there is one."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server(lambda _request: [answer(b"proxy")]) as proxy, Server(lambda _request: [answer(b"here")]) as server:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        url = f"http://{host}:{server.port}/"
        assert Web().exchange(url, LIMITS, headers={"Authorization": "Bearer s3cret"}).body == b"here"
        assert way(url) == "without a proxy (to this machine none is asked)"
        assert proxy.seen == []
        assert Web().exchange("http://gitpod.example/", LIMITS).body == b"proxy"
