# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The I/O, against real DNS and TLS servers on loopback."""

from __future__ import annotations

import datetime
import socket
import struct
import threading
import time
import typing as t

import dns.rcode
import pytest
import trustme
from health_servers import DnsServer, TlsServer

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import resolving
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.connecting import Client
from tests import hostile

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator

DOMAIN = "eu.gitpod.example.com"
TARGET = "lb.elb.example.net"


@pytest.fixture
def dns_server() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_path(authority: trustme.CA, tmp_path: pathlib.Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def ask(server: DnsServer, name: str, timeout: float = 2.0) -> t.Any:
    return resolving.resolve_with_server(name, Server("127.0.0.1", server.port), timeout)


def test_addresses_of_both_families_and_the_end_of_a_cname_chain(dns_server: DnsServer) -> None:
    dns_server.add(f"{DOMAIN}.", "CNAME", f"{TARGET}.")
    dns_server.add(f"{TARGET}.", "A", "10.0.1.17", "10.0.0.17")
    dns_server.add(f"{TARGET}.", "AAAA", "2001:db8::17")
    answer = ask(dns_server, DOMAIN)
    assert (answer.outcome, answer.canonical) == ("found", TARGET)
    assert answer.addresses == ("10.0.0.17", "10.0.1.17", "2001:db8::17")
    assert answer.resolver == f"127.0.0.1:{dns_server.port}"


def test_a_wildcard_answers_for_a_name_below_it(dns_server: DnsServer) -> None:
    dns_server.add(f"*.{DOMAIN}.", "A", "10.0.0.17")
    assert ask(dns_server, f"gitpod-verification.{DOMAIN}").addresses == ("10.0.0.17",)


def test_a_truncated_answer_is_asked_for_again_over_tcp(dns_server: DnsServer) -> None:
    dns_server.add(f"{DOMAIN}.", "A", "10.0.0.17")
    dns_server.truncate = True
    assert ask(dns_server, DOMAIN).addresses == ("10.0.0.17",)
    assert ("tcp", "A") in dns_server.asked


def test_missing_empty_and_refused_are_told_apart(dns_server: DnsServer) -> None:
    assert ask(dns_server, DOMAIN).outcome == "missing"
    dns_server.add(f"{DOMAIN}.", "TXT", '"no address"')
    assert ask(dns_server, DOMAIN).outcome == "empty"
    dns_server.rcode = dns.rcode.REFUSED
    assert ask(dns_server, DOMAIN).outcome == "refused"


def test_a_cname_to_nowhere_tells_where_it_led(dns_server: DnsServer) -> None:
    dns_server.add(f"{DOMAIN}.", "CNAME", "gone.elb.example.net.")
    answer = ask(dns_server, DOMAIN)
    assert answer.addresses == ()
    assert answer.canonical == "gone.elb.example.net"


def test_a_silent_server_is_given_up_in_time(dns_server: DnsServer) -> None:
    dns_server.silent = True
    answer = ask(dns_server, DOMAIN, timeout=0.3)
    assert answer.outcome == "timeout"
    assert "0.3 s" in answer.detail


def test_the_systems_resolver_knows_localhost_and_not_a_reserved_name() -> None:
    assert "127.0.0.1" in resolving.resolve_with_system("localhost").addresses
    # RFC 6761 reserves "invalid" to never exist; a machine without any DNS server cannot say so and says "try again".
    assert resolving.resolve_with_system("gitpod.invalid").outcome in ("missing", "empty", "refused")


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(socket.EAI_NONAME, "missing"), (socket.EAI_AGAIN, "refused"), (socket.EAI_MEMORY, "failed")],
)
def test_the_systems_errors_are_told_apart(monkeypatch: pytest.MonkeyPatch, code: int, outcome: str) -> None:
    def fail(*_arguments: object, **_keywords: object) -> t.NoReturn:
        raise socket.gaierror(code, "as the system says")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    answer = resolving.resolve_with_system(DOMAIN)
    assert (answer.outcome, answer.detail) == (outcome, "as the system says")


def test_a_trusted_runner_that_answers(authority: trustme.CA, ca_path: str) -> None:
    with TlsServer(authority.issue_cert(DOMAIN, f"*.{DOMAIN}")) as server:
        client = Client(server.port, "/_health", 5, ca_path=ca_path)
        seen = client.connect(f"gitpod-verification.{DOMAIN}", "127.0.0.1")
    assert (seen.outcome, seen.status, seen.trust) == ("answered", 200, "trusted")
    assert seen.protocol == "TLSv1.3"
    assert seen.certificate is not None
    assert seen.certificate.names == (f"*.{DOMAIN}", DOMAIN)
    assert "trustme" in seen.certificate.issuer
    # Server name, path and host are those of the name asked for, not of the address.
    assert server.server_names == [f"gitpod-verification.{DOMAIN}"]
    assert server.requests == [("/_health", f"gitpod-verification.{DOMAIN}:{server.port}")]


def test_no_request_is_sent_when_none_is_asked_for(authority: trustme.CA, ca_path: str) -> None:
    with TlsServer(authority.issue_cert(DOMAIN)) as server:
        seen = Client(server.port, "", 5, ca_path=ca_path).connect(DOMAIN, "127.0.0.1")
    assert (seen.outcome, seen.status) == ("connected", None)
    assert server.requests == []


def test_an_unknown_authority_is_told_with_names_dates_and_health(authority: trustme.CA, ca_path: str) -> None:
    with TlsServer(trustme.CA().issue_cert(DOMAIN)) as server:
        seen = Client(server.port, "/_health", 5, ca_path=ca_path).connect(DOMAIN, "127.0.0.1")
    assert (seen.trust, seen.status) == ("untrusted", 200)
    assert "unable to get local issuer certificate" in seen.trust_detail
    assert seen.certificate is not None
    assert seen.certificate.names == (DOMAIN,)


def test_a_certificate_of_the_past_is_read_all_the_same(authority: trustme.CA, ca_path: str) -> None:
    end = datetime.datetime(2020, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)
    start = end - datetime.timedelta(days=10)
    with TlsServer(authority.issue_cert(DOMAIN, not_before=start, not_after=end)) as server:
        seen = Client(server.port, "/_health", 5, ca_path=ca_path).connect(DOMAIN, "127.0.0.1")
    assert (seen.trust, seen.trust_detail) == ("untrusted", "certificate has expired")
    assert seen.certificate is not None
    assert seen.certificate.not_after == end


def test_without_validation_the_certificate_is_read_but_not_judged(authority: trustme.CA) -> None:
    with TlsServer(authority.issue_cert(DOMAIN)) as server:
        seen = Client(server.port, "/_health", 5, validate_certificates=False).connect(DOMAIN, "127.0.0.1")
    assert (seen.trust, seen.status) == ("unchecked", 200)
    assert seen.certificate is not None


@pytest.mark.parametrize(("status", "location"), [(503, ""), (302, "https://login.example.com/")])
def test_other_answers_are_returned_as_they_are(
    authority: trustme.CA, ca_path: str, status: int, location: str
) -> None:
    with TlsServer(authority.issue_cert(DOMAIN), status, location) as server:
        seen = Client(server.port, "/_health", 5, ca_path=ca_path).connect(DOMAIN, "127.0.0.1")
    assert (seen.outcome, seen.status, seen.location) == ("answered", status, location)


def test_a_listener_without_target_accepts_tls_and_hangs_up(authority: trustme.CA, ca_path: str) -> None:
    with TlsServer(authority.issue_cert(DOMAIN), status=0) as server:
        seen = Client(server.port, "/_health", 5, ca_path=ca_path).connect(DOMAIN, "127.0.0.1")
    assert (seen.outcome, seen.trust, seen.status) == ("no_answer", "trusted", None)
    assert seen.certificate is not None


def test_a_closed_port_refuses() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        seen = Client(unused.getsockname()[1], "/_health", 5).connect(DOMAIN, "127.0.0.1")
    assert seen.outcome == "refused"


def test_a_port_that_says_nothing_is_told_from_an_address_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        seen = Client(mute.getsockname()[1], "/_health", 0.2).connect(DOMAIN, "127.0.0.1")
    assert (seen.outcome, seen.trust) == ("tls_failed", "")
    assert "timed out" in seen.detail


def test_a_handshake_that_drips_ends_in_time() -> None:
    """Each byte begins a socket's own timeout anew."""
    record = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + bytes(4000)
    began = time.monotonic()
    with hostile.Server(lambda _hello: hostile.dripping(record), takes=lambda one: one.recv(65_536)) as server:
        seen = Client(server.port, "/_health", 0.4).connect(DOMAIN, "127.0.0.1")
    assert time.monotonic() - began < 3
    assert (seen.outcome, seen.detail) == ("tls_failed", "the handshake timed out")


def test_the_systems_resolver_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = threading.Event()
    monkeypatch.setattr(resolving, "LONGEST", 0.2)
    monkeypatch.setattr(resolving.socket, "getaddrinfo", lambda *_arguments, **_options: stuck.wait(5))
    began = time.monotonic()
    answer = resolving.resolve_with_system(DOMAIN)
    stuck.set()
    assert time.monotonic() - began < 3
    assert (answer.outcome, answer.addresses) == ("timeout", ())


@pytest.mark.parametrize("farewell", [b"HTTP/1.1 400 Bad Request\r\n\r\n", None])
def test_a_port_that_speaks_no_tls_is_told(farewell: bytes | None) -> None:
    """Plain text instead of a handshake, and a reset in the middle of it."""
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def answer() -> None:
            connection, _peer = plain.accept()
            connection.recv(1)
            if farewell:
                connection.sendall(farewell)
            else:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        seen = Client(plain.getsockname()[1], "/_health", 5).connect(DOMAIN, "127.0.0.1")
        thread.join(5)
    assert seen.outcome == "tls_failed"
    assert seen.trust == ""
    assert seen.detail
