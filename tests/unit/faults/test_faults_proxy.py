# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy that fails: rates hold, a seed repeats itself, and each fault is what it says."""

from __future__ import annotations

import http.client
import http.server
import threading
import typing as t
import urllib.parse

import pytest

from tests.faults import CUT, FAILED, LOST, PAGE, PASSED, RESET, THROTTLED, Asked, Order, Page, Proxy, Rates
from tests.faults.model import Decisions
from tests.faults.spelling import failed, throttled

if t.TYPE_CHECKING:
    from collections.abc import Iterator

SIGNED = "AWS4-HMAC-SHA256 Credential=1/20260101/eu-central-1/{}/aws4_request, SignedHeaders=host, Signature=0"
EC2 = {"Authorization": SIGNED.format("ec2")}


class _Counting(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: t.ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        self.seen.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.send_header("X-Own", "kept")
        self.end_headers()
        self.wfile.write(b"done")

    def log_message(self, *_arguments: t.Any) -> None:
        pass


@pytest.fixture
def behind() -> Iterator[str]:
    _Counting.seen.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Counting)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def ask(url: str, action: str = "CreateThing", headers: t.Mapping[str, str] | None = None) -> tuple[int, bytes, str]:
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=5)
    try:
        connection.request("POST", "/", f"Action={action}".encode(), dict(EC2 if headers is None else headers))
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader("X-Own", "")
    finally:
        connection.close()


def test_without_a_fault_it_is_not_there(behind: str) -> None:
    with Proxy(behind) as proxy:
        assert ask(proxy.url) == (200, b"done", "kept")
        assert proxy.count() == {PASSED: 1}


def test_a_lost_answer_was_carried_out(behind: str) -> None:
    with Proxy(behind, orders=[Order(LOST, action="CreateThing", times=1)]) as proxy:
        with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
            ask(proxy.url)
        assert ask(proxy.url)[0] == 200
    assert _Counting.seen == [b"Action=CreateThing"] * 2


def test_a_reset_was_not_carried_out(behind: str) -> None:
    with Proxy(behind, orders=[Order(RESET, service="ec2", after=1, times=1)]) as proxy:
        ask(proxy.url)
        with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
            ask(proxy.url)
        ask(proxy.url)
    assert len(_Counting.seen) == 2


def test_half_an_answer_is_less_than_it_promises(behind: str) -> None:
    with Proxy(behind, orders=[Order(CUT)]) as proxy, pytest.raises(http.client.IncompleteRead):
        ask(proxy.url)


def test_a_page_stands_in_the_server_s_place(behind: str) -> None:
    page = Page(407, b"who are you", "text/plain")
    with Proxy(behind, orders=[Order(PAGE, page=page)]) as proxy:
        assert ask(proxy.url)[:2] == (407, b"who are you")
    assert _Counting.seen == []


def test_rates_hold_and_a_seed_repeats_itself() -> None:
    rates = Rates(throttled=0.35, failed=0.08, reset=0.08)
    asked = [Asked("ec2", f"Describe{number}") for number in range(2000)]
    first, second = Decisions(rates, 3), Decisions(rates, 3)
    found = [first.decide(entry)[0] for entry in asked]
    assert found == [second.decide(entry)[0] for entry in asked]
    assert found != [Decisions(rates, 4).decide(entry)[0] for entry in asked]
    assert 0.32 < found.count(THROTTLED) / 2000 < 0.38
    assert 0.06 < found.count(FAILED) / 2000 < 0.10
    assert 0.06 < found.count(RESET) / 2000 < 0.10


def test_shares_above_one_are_refused() -> None:
    with pytest.raises(ValueError, match="together at most 1"):
        Rates(throttled=0.9, failed=0.2)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked("ec2", "DescribeVpcs"), b"<Response><Errors><Error><Code>"),
        (Asked("route53", "rrset"), b"<ErrorResponse>"),
        (Asked("s3", "bucket"), b"<Code>SlowDown</Code>"),
        (Asked("acm", "ListCertificates", target=True), b'"__type": "ThrottlingException"'),
        (Asked("", "ListRunners"), b'"code": "resource_exhausted"'),
    ],
)
def test_throttling_is_in_the_service_s_spelling(asked: Asked, told: bytes) -> None:
    decisions = Decisions(Rates(throttled=1.0), 1)
    fault, _order, drawn = decisions.decide(asked)
    assert fault == THROTTLED
    assert told in throttled(asked, drawn).body
    assert failed(asked, drawn).status >= 500


def test_what_a_request_asks_for() -> None:
    body = b"Action=CreateSecurityGroup&Version=2016-11-15"
    asked = Asked.of("POST", "/", EC2, body)
    assert (asked.service, asked.action, asked.region) == ("ec2", "CreateSecurityGroup", "eu-central-1")
    headers = {"Authorization": SIGNED.format("acm"), "X-Amz-Target": "CertificateManager.ListCertificates"}
    assert Asked.of("POST", "/", headers, b"{}").action == "ListCertificates"
    assert Asked.of("POST", "/api/gitpod.v1.RunnerService/ListRunners", {}, b"{}").action == "ListRunners"
