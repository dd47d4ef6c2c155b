# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stored report read from an S3, or something in its place, that drips, breaks off, or answers something else."""

from __future__ import annotations

import time
import types
import typing as t

import boto3
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _aws
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import persistent, settings
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.content import read_object
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store import operation, store
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.store import Store
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._retry import LOOKING
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock
from tests.hostile import OK, Server, answer, dripping

BODY = b'{"schema_version": 1, "runners": []}'
WHOLE = answer(BODY, ETag='"1"')


def stored(server: Server) -> Store:
    session = boto3.Session("key", "secret", region_name="eu-central-1")
    made = session.client("s3", endpoint_url=server.url, config=settings(LOOKING))
    return Store(
        persistent(_Tolerant(made), LOOKING, lambda _region: None), "bucket", clock=Clock(sleep=lambda _s: None)
    )


class _Tolerant:
    """Takes what amazon.aws's wrapper takes."""

    def __init__(self, client: t.Any) -> None:
        self._client = client
        self.meta = client.meta

    def get_object(self, aws_retry: bool = False, **given: t.Any) -> t.Any:
        return self._client.get_object(**given)


def test_a_body_that_drips_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_aws.whole_body, "__defaults__", (0.5,))
    head, body = WHOLE[: -len(BODY)], WHOLE[-len(BODY) :]
    began = time.monotonic()
    drip = Server(lambda _request: [head, *dripping(body, 0.3)])
    with drip as server, pytest.raises(RunnerError, match=r"within 0\.5 s"):
        stored(server).get("fleet.json")
    assert time.monotonic() - began < 5


def test_a_body_that_breaks_off_is_asked_for_again() -> None:
    def script(_request: bytes) -> t.Iterator[bytes | float]:
        yield WHOLE if len(server.seen) == 3 else WHOLE[:-5]

    with Server(script) as server:
        assert stored(server).get("fleet.json") == (BODY.decode(), '"1"')
    assert len(server.seen) == 3
    with Server(lambda _request: [WHOLE[:-5]], reset=True) as server, pytest.raises(ApiError, match="read the report"):
        stored(server).get("fleet.json")
    assert len(server.seen) == store.TRIES


def test_half_a_template_is_no_template() -> None:
    url, template = "https://releases.s3.eu-central-1.amazonaws.com/t.json", b'{"Resources": {}}'
    for count in (2, 99):
        left = iter([answer(template)[:-3]] * count)
        with Server(lambda _request, left=left: [next(left, answer(template))]) as server:  # type: ignore[misc]
            assert read_object(stored(server).client, url) == (template if count == 2 else None)


@pytest.mark.parametrize("page", [answer(b"<html>Login</html>"), OK + b"Content-Length: 0\r\n\r\n"])
def test_a_page_of_a_proxy_is_no_report_and_not_none(page: bytes) -> None:
    with Server(lambda _request: [page]) as server, pytest.raises(ApiError, match="Could not read the report"):
        stored(server).get("fleet.json")


class Kept:
    """A store in memory, in which others write between this run's calls."""

    def __init__(self, *others: t.Callable[[dict[str, str]], None]) -> None:
        self.held: dict[str, str] = {}
        self._others = list(others)

    def uri(self, name: str) -> str:
        return name

    def get(self, name: str) -> tuple[str, str]:
        text = self.held.get(name, "")
        return text, f"etag of {text}" if text else ""

    def put(self, name: str, text: str, **_conditions: str) -> str:
        self.held[name] = text
        if name == "fleet.md" and self._others:
            self._others.pop(0)(self.held)
        return f"etag of {text}"


def upload(*others: t.Callable[[dict[str, str]], None]) -> dict[str, str]:
    kept = Kept(*others)
    runner = {"region": "eu", "runner": "gitpod-eu", "as_of": "2026-11-28T12:00:00Z", "z": 1, "a": 2}
    options = {"runners": [runner], "forget": [], "title": "t", "generated": "2026-11-28T12:00:00Z", "run": "r"}
    clock = Clock(now=iter(range(1000)).__next__, sleep=lambda _seconds: None)
    operation._report(t.cast("Store", kept), options, clock, [])
    return kept.held


def test_a_document_that_was_removed_meanwhile_is_written_again() -> None:
    held = upload(lambda held: held.pop("fleet.json") and None)
    assert '"gitpod-eu"' in held["fleet.json"]
    assert "gitpod-eu" in held["fleet.html"]


def test_a_document_that_was_spoilt_meanwhile_is_told_and_not_taken_for_an_empty_one() -> None:
    with pytest.raises(RunnerError, match="is no report of this collection"):
        upload(lambda held: held.update({"fleet.json": "theirs"}))


def test_a_part_that_is_there_is_not_written_again() -> None:
    written = []
    kept = types.SimpleNamespace(**{"uri": str, "get": Kept().get})
    held = upload()
    kept.get = lambda name: (held[name], "etag")
    kept.put = lambda name, _text, **_more: written.append(name) or "etag"
    runner = {"region": "eu", "runner": "gitpod-eu", "as_of": "2026-11-28T12:00:00Z", "z": 1, "a": 2}
    options = {"runners": [runner], "forget": [], "title": "t", "generated": "2026-11-28T12:00:00Z", "run": "r"}
    operation._report(t.cast("Store", kept), options, Clock(), [])
    assert written[:2] == ["fleet.html", "fleet.md"], "the order of a document's keys is nobody's change"
