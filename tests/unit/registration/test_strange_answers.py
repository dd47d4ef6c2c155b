# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers in the management plane's place, through the official SDK's client: one message, in time, no list."""

from __future__ import annotations

import gzip
import json
import time
import typing as t

import pytest
from gitpod.v1 import runner_pb2

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
    Client,
    Connection,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.operation import find
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock
from tests.hostile import OK, Server, answer, bomb, dripping, endless

TOKEN = "ona_s3cret-token"
RETRIES = 2
PROTO, JSON = "application/proto", "application/json"
LOGIN = b"<html><head><title>Sign in to\x1b[31m Corp</title></head><body>...</body></html>"
# A message that would be a login page's address with the token in it.
ECHO = json.dumps({"code": "internal", "message": f"Bearer {TOKEN}\n\x1b[2J" + "x" * 5000}).encode()
Parts = t.Iterable[bytes | float]


def page(count: int = 3, token: str = "", start: int = 0) -> bytes:
    """A page of the list of runners."""
    response = runner_pb2.ListRunnersResponse()
    for number in range(start, start + count):
        response.runners.add(runner_id=f"id-{number}", name=f"runner-{number}", provider=1)
    response.pagination.next_token = token
    return response.SerializeToString()


def message(body: bytes, **headers: str) -> bytes:
    return answer(body, Content_Type=PROTO, **headers)


def error(body: t.Any, status: str = "400 Bad Request", **headers: str) -> bytes:
    return answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status, Content_Type=JSON, **headers)


def api(server: Server, timeout: float = 10.0, clock: Clock | None = None) -> Api:
    connection = Connection(f"{server.url}/api", TOKEN, timeout=timeout, retries=RETRIES, unreached_retries=RETRIES)
    return Api(Client(connection, clock or Clock(sleep=lambda _seconds: None)))


def failure(script: t.Callable[[bytes], Parts], tries: int | None = None, timeout: float = 10.0) -> ApiError:
    with Server(script) as server:
        began = time.monotonic()
        with pytest.raises(ApiError) as caught:
            api(server, timeout).runners()
        assert time.monotonic() - began < 9
        if tries is not None:
            assert len(server.seen) == tries
        told = caught.value.message
        assert told.startswith("Could not list the runners.")
        assert TOKEN not in told
        assert told.isprintable()
        assert len(told) < 2000
        assert told.count("127.0.0.1") >= 1 or caught.value.code in ("not_found", "unknown"), told
    return caught.value


ONCE, AGAIN = 1, RETRIES + 1


@pytest.mark.parametrize(
    ("parts", "code", "tries", "words"),
    [
        (answer(LOGIN), "not_the_api", ONCE, ["HTTP 200", "text/html", "Sign in to", "HTTPS_PROXY", "api_url"]),
        (answer(LOGIN, "403 Forbidden"), "not_the_api", ONCE, ["HTTP 403", "Sign in to"]),
        (answer(LOGIN, "401 Unauthorized"), "not_the_api", ONCE, ["HTTP 401"]),
        (answer(LOGIN, "404 Not Found"), "not_the_api", ONCE, ["HTTP 404", "it ends in /api"]),
        (answer(LOGIN, "407 Proxy Authentication Required"), "not_the_api", ONCE, ["HTTP 407"]),
        (answer(b"", "407 Proxy Authentication Required"), "not_the_api", ONCE, ["HTTP 407"]),
        (answer(LOGIN, "511 Network Authentication Required"), "not_the_api", ONCE, ["HTTP 511"]),
        (
            answer(b"", "302 Found", Location="https://sso.corp.example/?t=s3"),
            "not_the_api",
            ONCE,
            ["sso.corp.example"],
        ),
        (
            answer(b"", "307 Moved", Location="https://sso.corp.example/?t=s3"),
            "not_the_api",
            ONCE,
            ["sso.corp.example"],
        ),
        (answer(b"", "307 Moved", Location="http://["), "not_the_api", ONCE, ["does not get the token"]),
        (answer(b"", "303 Other", Location="http://["), "not_the_api", ONCE, ["leads to nowhere"]),
        (answer(b"", "307 Moved", Location="/again"), "not_the_api", None, ["more than 5 times"]),
        (answer(LOGIN, "429 Slow"), "resource_exhausted", AGAIN, ["limits the rate", "HTTP 429"]),
        (answer(LOGIN, "503 Nobody"), "unavailable", AGAIN, ["HTTP 503", "Sign in"]),
        (answer(LOGIN, "502 Nobody"), "unavailable", AGAIN, ["HTTP 502"]),
        (answer(b"", "504 Late"), "unavailable", AGAIN, ["HTTP 504"]),
        (b"HTTP/1.1 401 No\r\n\r\n", "unauthenticated", ONCE, ["does not accept the API token"]),
        (b"HTTP/1.1 403 No\r\n\r\n", "permission_denied", ONCE, ["HTTP 403", "HTTP_PROXY is not set"]),
        (answer(b"", "403 Forbidden"), "not_the_api", ONCE, ["HTTP 403", "HTTP_PROXY is not set"]),
        (error({"code": "not_found", "message": "no"}), "not_found", ONCE, []),
        (error([{"code": "not_found"}], "404 Not Found"), "not_the_api", ONCE, ["HTTP 404"]),
        (error({"code": 5, "message": "no"}, "404 Not Found"), "not_the_api", ONCE, ["HTTP 404"]),
        (error({"code": None}, "403 Forbidden"), "not_the_api", ONCE, []),
        (error({"code": ["x"]}, "403 Forbidden"), "not_the_api", ONCE, []),
        (error({"message": "Forbidden"}, "403 Forbidden"), "not_the_api", ONCE, []),
        (error({"code": "not_found", "message": {"a": 1}}), "not_found", ONCE, []),
        (error({"code": "internal", "message": None}), "unknown", AGAIN, ["failed the call, also after several tries"]),
        (error({"code": "unknown", "details": [5, None, {"type": 5, "value": "%"}]}), "unknown", AGAIN, []),
        (error({"code": "aborted", "message": "x"}, "409 Conflict"), "unknown", AGAIN, []),
        (error({"code": "data_loss", "message": "x"}, "500 Broken"), "unknown", ONCE, []),
        (error(b"null", "500 Broken"), "unavailable", AGAIN, ["HTTP 500"]),
        (error(b"[" * 100_000, "403 Forbidden"), "not_the_api", ONCE, ["HTTP 403"]),
        (error(b'{"a":' * 100_000, "400 Bad"), "not_the_api", ONCE, ["HTTP 400"]),
        (error(b"\xff\xfe{", "400 Bad"), "not_the_api", ONCE, ["HTTP 400"]),
        (error(b'{"code": "not_fou', "404 Not Found"), "not_the_api", ONCE, ["HTTP 404"]),
        (error(ECHO), "unknown", AGAIN, ["********"]),
        (error({"runners": []}, "200 OK"), "not_the_api", ONCE, ["HTTP 200", "application/json"]),
        (answer(page(), Content_Type="application/grpc"), "not_the_api", ONCE, ["application/grpc"]),
        (answer(page(), Content_Type=""), "not_the_api", ONCE, ["no type"]),
        (message(b"<html>" * 50), "unavailable", AGAIN, ["cannot be read"]),
        (message(page()[:-3]), "unavailable", AGAIN, ["cannot be read"]),
        (message(b"\x0a" + b"\xff" * 30), "unavailable", AGAIN, ["cannot be read"]),
        # A field of a runner's name that is no UTF-8.
        (message(b"\x12\x04\x12\x02\xff\xfe"), "unavailable", AGAIN, ["cannot be read"]),
        (message(b"\x12\xfe\xff\xff\xff\x07"), "unavailable", AGAIN, ["cannot be read"]),
        (answer(page(), Content_Type=PROTO, length=5000), "unavailable", AGAIN, ["broke off"]),
        (answer(page(), Content_Type=PROTO, length=None), "unavailable", AGAIN, ["half of one"]),
        (OK + b"Content-Type: application/proto\r\nContent-Le", "unavailable", AGAIN, ["half of one"]),
        (message(gzip.compress(page())[:-9], Content_Encoding="gzip"), "unavailable", AGAIN, ["broke off"]),
        (message(bomb(64_000_000), Content_Encoding="gzip"), "not_the_api", ONCE, ["larger than 16,777,216 bytes"]),
        (message(page(), Content_Encoding="br"), "unavailable", AGAIN, ["coded as br"]),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "unavailable", AGAIN, ["no whole answer of HTTP"]),
        (b"", "unavailable", AGAIN, ["cut"]),
    ],
)
def test_what_answers_in_its_place_is_told_once_with_host_and_way(
    parts: bytes, code: str, tries: int | None, words: list[str]
) -> None:
    found = failure(lambda _request: [parts], tries)
    assert found.code == code, found.message
    assert [word for word in words if word not in found.message] == [], found.message
    assert "s3" not in found.message.replace("sso", "")


@pytest.mark.parametrize(
    ("script", "timeout", "code"),
    [
        pytest.param(lambda _request: [60.0], 0.8, "deadline_exceeded", id="hangs"),
        pytest.param(lambda _request: dripping(message(page(50))), 0.8, "deadline_exceeded", id="drips"),
        pytest.param(lambda _request: endless(OK + b"X: ", b"x" * 9000), 10, "unavailable", id="a header without end"),
        pytest.param(
            lambda _request: endless(answer(length=None, Content_Type=PROTO), b"x" * 60_000),
            10,
            "not_the_api",
            id="endless",
        ),
    ],
)
def test_no_answer_is_waited_for_longer_than_the_time(
    script: t.Callable[[bytes], Parts], timeout: float, code: str
) -> None:
    assert failure(script, timeout=timeout).code == code


def test_nobody_there_is_told_with_the_host() -> None:
    with Server(lambda _request: []) as server:
        nobody = api(server)
    with pytest.raises(ApiError, match=r"cannot be reached.*127\.0\.0\.1:\d+, without a proxy") as caught:
        nobody.runners()
    assert caught.value.code == "unavailable"


def test_a_proxy_that_blocks_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    block = answer(b"<title>Blocked by policy</title>", "403 Forbidden")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server(lambda _request: [block]) as proxy:
        monkeypatch.setenv("http_proxy", f"http://me:pass-w0rd@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("https_proxy", f"http://me:pass-w0rd@127.0.0.1:{proxy.port}")
        for scheme in ("http", "https"):
            connection = Connection(f"{scheme}://app.example.com/api", TOKEN, timeout=1, retries=0)
            with pytest.raises(ApiError) as caught:
                Api(Client(connection)).runners()
            assert f"through the proxy 127.0.0.1:{proxy.port} ({scheme}_proxy)" in caught.value.message
            assert "app.example.com" in caught.value.message
            assert "403" in caught.value.message
            assert "pass-w0rd" not in caught.value.message


def paged(*pages: bytes) -> t.Callable[[bytes], Parts]:
    """Each request gets the next page, and the last one from then on."""
    left = list(pages)
    return lambda _request: [left.pop(0) if len(left) > 1 else left[0]]


def test_all_pages_make_one_list_and_a_runner_on_two_is_one() -> None:
    with Server(paged(message(page(3, "a")), message(page(0, "b")), message(page(3, start=2)))) as server:
        assert [runner.id for runner in api(server).runners()] == [f"id-{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("pages", "code"),
    [
        ([message(page(3, "a")), answer(page(3)[:-4], Content_Type=PROTO, length=len(page(3)))], "unavailable"),
        ([message(page(3, "a")), message(page(3)[:-4])], "unavailable"),
        ([message(page(3, "a")), answer(LOGIN)], "not_the_api"),
        ([message(page(3, "a"))], "endless_list"),
        ([message(page(3, "a")), message(page(3, "b")), message(page(3, "a"))], "endless_list"),
        ([message(page(0, "a"))], "endless_list"),
    ],
)
def test_a_list_that_breaks_off_or_never_ends_is_no_shorter_list(pages: list[bytes], code: str) -> None:
    with Server(paged(*pages)) as server, pytest.raises(ApiError) as caught:
        api(server).runners()
    assert caught.value.code == code


def test_a_list_whose_tokens_never_repeat_ends_too() -> None:
    count = iter(range(10**9))
    clock = Clock(now=lambda: float(next(count)), sleep=lambda _seconds: None)
    with Server(lambda _request: [message(page(1, f"t{next(count)}"))]) as server:
        with pytest.raises(ApiError) as caught:
            api(server, clock=clock).runners()
        assert len(server.seen) < 1001
    assert caught.value.code == "endless_list"


def test_a_busy_plane_is_asked_again_after_as_long_as_it_says() -> None:
    slept: list[float] = []
    limited = error({"code": "resource_exhausted", "message": "slow"}, "429 Too Many Requests", Retry_After="7")
    with Server(paged(limited, answer(LOGIN, "503 Nobody", Retry_After="9"), message(page()))) as server:
        assert len(api(server, clock=Clock(sleep=slept.append)).runners()) == 3
    assert slept == [7.0, 9.0]


def test_no_further_try_begins_after_five_minutes() -> None:
    slept: list[float] = []
    limited = answer(b"", "429 Too Many Requests", Retry_After="100000")
    clock = Clock(now=lambda: sum(slept), sleep=slept.append)
    with Server(lambda _request: [limited]) as server, pytest.raises(ApiError):
        api(server, clock=clock).runners()
    assert sum(slept) <= 300


def test_a_time_that_is_none_an_unknown_phase_and_a_runner_without_an_id_are_no_crash() -> None:
    response = runner_pb2.ListRunnersResponse()
    runner = response.runners.add(runner_id="1", name="x" * 10_000, provider=99)
    runner.created_at.seconds, runner.status.phase = 2**62, 4711
    response.runners.add(name="nobody", provider=1)
    response.runners.add(provider=1)
    with Server(lambda _request: [message(response.SerializeToString())]) as server:
        found = api(server).runners()
    assert [(entry.id, entry.created_at, entry.phase) for entry in found] == [
        ("1", "", "unknown_4711"),
        ("", "", ""),
        ("", "", ""),
    ]


@pytest.mark.parametrize("body", [b"", runner_pb2.GetRunnerResponse(runner={"runner_id": "2"}).SerializeToString()])
def test_an_answer_about_nobody_or_another_is_no_runner(body: bytes) -> None:
    with Server(lambda _request: [message(body)]) as server, pytest.raises(ApiError) as caught:
        find(api(server), Wanted("gitpod-eu", "eu-central-1", runner_id="1"))
    assert caught.value.code == "empty_answer"
