# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests and templates from hosts that drip, never end, or answer with something else."""

from __future__ import annotations

import itertools
import json
import pathlib
import socket
import time
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import source
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.content import fingerprint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import fitting_body, parse_manifest
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web import fetching, watch
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.exchange import ExchangeError, Limits
from tests.hostile import OK, Server, answer, bomb, dripping, endless

MANIFEST = json.dumps(
    {"version": "20260115.2", "cloudformation_template_url": "https://b.s3.amazonaws.com/r/runner.json"}
).encode()
BOMB = bomb(50_000_000)
YAML = b"Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
Parts = t.Iterable[bytes | float]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "FETCH_LIMITS", Limits(10.0, source.LARGEST_TEMPLATE))
    for name in ("http_proxy", "HTTP_PROXY", "NETRC"):
        monkeypatch.delenv(name, raising=False)


def json_of(body: bytes, **more: t.Any) -> bytes:
    return answer(body, Content_Type="application/json", **more)


def read(script: t.Callable[[bytes], Parts], path: str = "/ec2/stable/manifest.json") -> bytes:
    with Server(script) as server:
        return source.fetch(server.url + path)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (lambda _request: dripping(json_of(MANIFEST)), "no whole answer within"),
        (lambda _request: [json_of(b"", length=500), *dripping(b"x" * 500)], "no whole answer within"),
        (lambda _request: [60.0], "no whole answer within"),
        (lambda _request: endless(json_of(b"", length=None), b"x" * 60_000), "larger than 1,048,576 bytes"),
        (
            lambda _request: endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 999),
            "larger than|within",
        ),
        (lambda _request: [json_of(BOMB, Content_Encoding="gzip")], "larger than 1,048,576 bytes"),
        (lambda _request: [answer(b"<title>Sign in</title>")], "web page"),
        (lambda _request: [json_of(b"\xef\xbb\xbf\n <!DOCTYPE html><html>")], "web page"),
        (lambda _request: [answer(b"no", "403 Forbidden")], "HTTP 403"),
        (lambda _request: [answer(b"no", "407 Proxy Authentication Required")], "HTTP 407"),
        (lambda _request: [answer(b"", "302 Found", Location="/again")], "redirects more than 5 times"),
        (lambda _request: [answer(b"", "302 Found", Location="file:///etc/passwd")], "no URL with a host"),
        (lambda _request: [answer(b"", "302 Found", Location="http://[")], "what is no URL"),
        (lambda _request: [json_of(MANIFEST[:20], length=500)], "broke off after 20 of 500"),
        (lambda _request: [answer(YAML, Content_Type="text/yaml", length=None)], "half of one"),
        (lambda _request: [b"SSH-2.0-x\r\n"], "no whole answer of HTTP"),
        (lambda _request: [b""], "cut"),
    ],
)
def test_a_host_that_misbehaves_is_told_in_time_with_host_and_way(
    monkeypatch: pytest.MonkeyPatch, script: t.Callable[[bytes], Parts], words: str
) -> None:
    monkeypatch.setattr(fetching, "TRIES", 1)
    monkeypatch.setattr(fetching, "LONGEST_TRY", 0.8 if "within" in words else 10.0)
    began = time.monotonic()
    with pytest.raises(RunnerError, match=words) as caught:
        read(script)
    assert time.monotonic() - began < 9
    told = caught.value.message
    assert told.startswith("Could not read http://127.0.0.1:")
    assert "without a proxy (HTTP_PROXY is not set)" in told
    assert "gitpod_stack_releases_url" in told
    assert told.isprintable()
    assert len(told) < 900


def test_a_host_without_an_address_and_a_signed_url_are_told_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_arguments: t.Any, **_options: t.Any) -> t.NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(watch.socket, "getaddrinfo", nowhere)
    monkeypatch.setattr(fetching, "TRIES", 1)
    with pytest.raises(RunnerError, match="The name has no address") as caught:
        source.fetch("https://me:pass-w0rd@mirror.invalid/t.json?X-Amz-Signature=s3cret#s3cret")
    assert "https://mirror.invalid/t.json" in caught.value.message
    assert "pass-w0rd" not in caught.value.message
    assert "s3cret" not in caught.value.message


def test_a_busy_host_is_asked_again_as_late_as_it_says() -> None:
    slept: list[float] = []
    answers = iter([answer(b"", "503 Nobody", Retry_After="3"), b"", answer(b"x", "429 Slow"), json_of(MANIFEST)])
    with Server(lambda _request: [next(answers)]) as server:
        clock = Clock(now=lambda: sum(slept), sleep=slept.append, jitter=lambda: 0.0)
        assert fetching.fetch(f"{server.url}/m.json", Limits(60, 5000), clock) == MANIFEST
    assert slept == [3.0, 1.0, 2.0]


def test_a_host_that_stays_busy_is_left_after_a_few_tries() -> None:
    slept: list[float] = []
    with Server(lambda _request: [answer(b"", "503 Nobody", Retry_After="20")]) as server:
        with pytest.raises(ExchangeError):
            fetching.fetch(server.url, Limits(50, 5000), Clock(now=lambda: sum(slept), sleep=slept.append))
        assert len(server.seen) == 3
    assert sum(slept) == 40


def test_a_mirror_gets_the_login_of_its_url_or_of_netrc_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    login = b"Authorization: Basic bWU6cGFzcy13MHJk"
    with Server(lambda _request: [json_of(MANIFEST)]) as other, Server(lambda _request: moved) as mirror:
        moved = [answer(b"", "302 Found", Location=f"{other.url}/there")]
        assert source.fetch(mirror.url.replace("//", "//me:pass-w0rd@") + "/m.json") == MANIFEST
        assert login in mirror.seen[0]
        assert login not in other.seen[0]
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password pass-w0rd\n", "utf-8")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        source.fetch(f"{other.url}/m.json")
        assert login in other.seen[1]


def test_a_manifest_without_a_length_is_whole_when_it_reads_as_one() -> None:
    assert read(lambda _request: [json_of(MANIFEST, length=None)]) == MANIFEST
    assert read(lambda _request: [answer(YAML, Content_Type="text/yaml")]) == YAML


GOOD = "https://b.s3.amazonaws.com/r/x.json"


@pytest.mark.parametrize(
    "manifest",
    [
        [],
        None,
        5,
        "text",
        {},
        {"version": 20260115.2, "cloudformation_template_url": GOOD},
        {"version": None, "cloudformation_template_url": GOOD},
        {"version": ["20260115.2"], "cloudformation_template_url": GOOD},
        {"version": "", "cloudformation_template_url": GOOD},
        {"version": "20260115.2\nPLAY RECAP", "cloudformation_template_url": GOOD},
        {"version": "../../etc", "cloudformation_template_url": GOOD},
        {"version": "2" * 5000, "cloudformation_template_url": GOOD},
        {"version": "20260115.2", "cloudformation_template_url": None},
        {"version": "20260115.2", "cloudformation_template_url": {"a": 1}},
        {"version": "20260115.2", "cloudformation_template_url": "file:///etc/passwd"},
        {"version": "20260115.2", "cloudformation_template_url": "x\ny"},
        {"version": "20260115.2", "cloudformation_template_url": ""},
    ],
)
def test_other_json_is_no_manifest(manifest: t.Any) -> None:
    with pytest.raises(RunnerError, match="cannot be read") as caught:
        parse_manifest(json.dumps(manifest), "https://r/m.json", "x.json")
    assert "gitpod_stack_releases_url" in caught.value.message
    assert len(caught.value.message) < 500
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("text", ["[" * 200_000, '{"version":' * 200_000, '{"version": "2026', "\ufffd\ufffd", "NaN"])
def test_broken_and_deep_json_is_no_manifest_either(text: str) -> None:
    with pytest.raises(RunnerError, match="cannot be read"):
        parse_manifest(text, "https://r/m.json", "x.json")


def test_a_template_that_is_deep_or_no_text_is_no_crash() -> None:
    deep = b"[" * 200_000
    assert fingerprint(deep) == fingerprint(deep + b"\n") != fingerprint(b"[]")
    with pytest.raises(InputError, match="no text in UTF-8"):
        fitting_body(b"\xff\xfe\x00", "https://m/t.json")
    assert list(itertools.islice(dripping(b"ab", 0), 3)) == [b"a", 0, b"b"]
