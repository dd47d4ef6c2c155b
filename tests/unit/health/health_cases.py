# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A runner's public path on loopback in every state of the table: certificates, servers, names, options."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import pathlib
import socket
import socketserver
import ssl
import tempfile
import threading
import typing as t
import warnings

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from health_servers import DnsServer, TlsServer

if t.TYPE_CHECKING:
    from collections.abc import Iterator

DOMAIN = "eu.gitpod.example.com"
NAMES = (DOMAIN, f"*.{DOMAIN}")
WILDCARD = f"gitpod-verification.{DOMAIN}"
BALANCER = "runner-1a2b3c.elb.eu-central-1.amazonaws.com"
MANAGEMENT_PLANE = "app.gitpod.io"
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"
NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


class Authorities:
    """Certificates of every kind; made when they are asked for."""

    def __init__(self) -> None:
        self.trusted = trustme.CA()
        self.foreign = trustme.CA()

    def issue(self, *names: str, start: float = -10, end: float = 300) -> trustme.LeafCert:
        """Of the trusted authority; begin and end in days from now."""
        return self.trusted.issue_cert(*(names or NAMES), not_before=NOW + start * DAY, not_after=NOW + end * DAY)

    def without_chain(self) -> ssl.SSLContext:
        """Of an intermediate authority that the server does not send."""
        leaf = self.trusted.create_child_ca().issue_cert(*NAMES)
        return loaded(leaf.private_key_pem.bytes(), leaf.cert_chain_pems[0].bytes())

    @staticmethod
    def self_signed() -> ssl.SSLContext:
        """Its own authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DOMAIN)])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(7).not_valid_before(NOW - DAY).not_valid_after(NOW + 300 * DAY)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(entry) for entry in NAMES]), False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return loaded(private, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def too_old(self) -> ssl.SSLContext:
        """TLS 1.1 at most."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.issue().configure_cert(context)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context


def loaded(key: bytes, certificate: bytes) -> ssl.SSLContext:
    """A server's context with this certificate alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "certificate.pem"
        path.write_bytes(key + certificate)
        context.load_cert_chain(path)
    return context


class _Plain(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(1024)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


@dataclasses.dataclass
class Path:
    """Name servers, load balancer and health page of one case.

    :ivar options: of the module, beside those that every case has.
    """

    stack: contextlib.ExitStack
    authorities: Authorities
    dns: DnsServer
    port: int = 0
    options: dict[str, t.Any] = dataclasses.field(default_factory=dict)

    def serve(self, certificate: trustme.LeafCert | ssl.SSLContext | None = None, **how: t.Any) -> None:
        """A load balancer whose runner answers."""
        server = TlsServer(self.authorities.issue() if certificate is None else certificate, **how)
        self.port = self.stack.enter_context(server).port

    def listen(self) -> socket.socket:
        """A port that accepts connections and says nothing."""
        listener = self.stack.enter_context(socket.create_server((HERE, 0)))
        self.port = listener.getsockname()[1]
        return listener

    def speak_plainly(self) -> None:
        """A port that answers a handshake with HTTP, as a listener without TLS does."""
        server = self.stack.enter_context(socketserver.ThreadingTCPServer((HERE, 0), _Plain))
        self.port = server.server_address[1]
        self.stack.callback(server.shutdown)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> int:
        """A port on which nothing listens, and no other program will for the time of the case."""
        reserved = self.stack.enter_context(socket.socket())
        reserved.bind((HERE, 0))
        return int(reserved.getsockname()[1])

    def drown(self) -> None:
        """A port whose system answers no further connection, as behind a firewall that drops packets."""
        listener = self.stack.enter_context(socket.socket())
        listener.bind((HERE, 0))
        listener.listen(0)
        self.port = listener.getsockname()[1]
        for _waiting in range(3):
            waiting = self.stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((HERE, self.port))

    def name(self, name: str, *addresses: str, leads_to: str = "") -> None:
        """Replace what DNS says of a name; with neither nothing is left."""
        for kind in ("A", "CNAME"):
            self.dns.records.pop((f"{name}.", kind), None)
        if addresses:
            self.dns.add(f"{name}.", "A", *addresses)
        if leads_to:
            self.dns.add(f"{name}.", "CNAME", f"{leads_to}.")


@contextlib.contextmanager
def usual_path(authorities: Authorities) -> Iterator[Path]:
    """Everything but the load balancer: both names lead to it, private DNS works, port 80 is open."""
    with contextlib.ExitStack() as stack:
        path = Path(stack, authorities, stack.enter_context(DnsServer()))
        for name in NAMES:
            path.name(name, leads_to=BALANCER)
        path.name(BALANCER, HERE)
        path.name(MANAGEMENT_PLANE, "10.0.0.9")
        path.options["http_port"] = path.listen().getsockname()[1]
        yield path


@functools.lru_cache
def authorities() -> Authorities:
    """Keys take a while, so there is one set."""
    return Authorities()
