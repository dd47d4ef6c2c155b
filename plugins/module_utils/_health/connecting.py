# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One TLS connection to one address, and one GET over it."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import errno
import http.client
import io
import socket
import ssl
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Certificate,
    Connection,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web import trust
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.watch import Watch

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# openssl/x509_vfy.h; it has no name in ssl.
X509_V_FLAG_NO_CHECK_TIME = 0x200000

# OpenSSL's names for a peer that speaks no version of TLS that is offered to it.
_TOO_OLD = {"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION"}
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


@dataclasses.dataclass(frozen=True)
class Client:
    """How to connect.

    :param path: what to GET, or empty to stop after the handshake.
    :param timeout: seconds without progress after which a connection is given up.
    :param ca_path: PEM file, or directory of hashed certificates, that holds the trusted authorities; empty trusts the
        system's.
    """

    port: int
    path: str
    timeout: float
    validate_certificates: bool = True
    ca_path: str = ""
    ca_is_directory: bool = False

    def connect(self, name: str, address: str) -> Connection:
        """Look at one address under one name. Never raises for what the network does."""
        base = Connection(name, address, "failed")
        if not self.validate_certificates:
            return self._attempt(dataclasses.replace(base, trust="unchecked"), _unverified())
        trusted = dataclasses.replace(base, trust="trusted")
        try:
            return self._attempt(trusted, self._verified(strictly=True))
        except ssl.SSLCertVerificationError as error:
            refusal = error.verify_message
        try:
            # What only some clients refuse, such as Python 3.13, is trusted all the same; that they do is told.
            return self._attempt(dataclasses.replace(trusted, trust_detail=refusal), self._verified())
        except ssl.SSLCertVerificationError as error:
            # Whether the runner answers is a second question; a GET without credentials gives nothing away.
            untrusted = dataclasses.replace(base, trust="untrusted", trust_detail=error.verify_message)
            return self._attempt(untrusted, _unverified())

    def check_authorities(self) -> None:
        """Read C(ca_path) once before the first connection, so that a wrong file is not taken for a broken network.

        :raises InputError: it cannot be read or holds no certificate.
        """
        try:
            self._verified()
        except OSError as error:
            raise InputError(
                f"ca_path {self.ca_path} holds no certificate that can be read",
                str(error),
                "Give a PEM file with at least one certificate, readable for the user that the module runs as",
            ) from error

    def _verified(self, strictly: bool = False) -> ssl.SSLContext:
        directory = self.ca_path if self.ca_is_directory else ""
        context = trust.context("" if directory else self.ca_path, directory, strictly)
        # Names are judged apart from the chain, so that each has its own verdict (decisions.py).
        context.check_hostname = False
        return context

    def _attempt(self, base: Connection, context: ssl.SSLContext) -> Connection:
        try:
            with self._handshake(base.name, base.address, context) as connection:
                seen = dataclasses.replace(
                    base,
                    outcome="connected",
                    protocol=connection.version() or "",
                    certificate=self._certificate(base, connection),
                )
                return self._get(seen, connection) if self.path else seen
        except ssl.SSLCertVerificationError:
            raise
        except ssl.SSLError as error:
            failed = dataclasses.replace(base, outcome="tls_failed", trust="", detail=str(error))
            return self._with_old_protocol(failed) if getattr(error, "reason", "") in _TOO_OLD else failed
        except (OSError, ValueError) as error:
            outcome = _failure(error)
            return dataclasses.replace(base, outcome=outcome, trust="", detail=str(error) or type(error).__name__)

    @contextlib.contextmanager
    def _handshake(self, name: str, address: str, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
        plain = socket.create_connection((address, self.port), self.timeout)
        with plain, _wrapped(plain, name, context, self.timeout) as connection:
            yield connection

    def _with_old_protocol(self, failed: Connection) -> Connection:
        """Which version a server speaks that speaks none of today's; nothing is sent over the connection.

        A system whose own policy forbids the old versions cannot tell, and the version stays empty.
        """
        failed = dataclasses.replace(failed, outcome="tls_too_old")
        context = _unverified()
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with contextlib.suppress(OSError):
            context.set_ciphers("ALL:@SECLEVEL=0")
            with self._handshake(failed.name, failed.address, context) as connection:
                return dataclasses.replace(failed, protocol=connection.version() or "")
        return failed

    def _certificate(self, base: Connection, connection: ssl.SSLSocket) -> Certificate | None:
        decoded: Mapping[str, t.Any] = connection.getpeercert() or {}
        encoded = connection.getpeercert(binary_form=True)
        if not decoded and encoded:
            with contextlib.suppress(OSError, ValueError):
                decoded = self._decode(base, encoded)
        return read_certificate(decoded) if decoded else None

    def _decode(self, base: Connection, encoded: bytes) -> Mapping[str, t.Any]:
        """Have the standard library decode a certificate that it does not trust.

        ssl decodes only what it has verified, so this connects again and trusts exactly that certificate, whatever its
        issuer and dates. Nothing is sent over the connection.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(cadata=encoded)
        # What is decoded need not pass the strict check.
        context.verify_flags &= t.cast(ssl.VerifyFlags, ~int(ssl.VERIFY_X509_STRICT))
        context.verify_flags |= t.cast(ssl.VerifyFlags, trust.X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME)
        with self._handshake(base.name, base.address, context) as connection:
            return connection.getpeercert() or {}

    def _get(self, seen: Connection, connection: ssl.SSLSocket) -> Connection:
        host = seen.name if self.port == http.client.HTTPS_PORT else f"{seen.name}:{self.port}"
        exchange = http.client.HTTPConnection(seen.name, self.port)
        exchange.sock = connection
        started = time.monotonic()
        try:
            exchange.request("GET", self.path, headers={"Host": host, "Connection": "close"})
            response = http.client.HTTPResponse(t.cast(socket.socket, _Within(connection, self.timeout)), method="GET")
            response.begin()
        except (OSError, http.client.HTTPException, ValueError) as error:
            return dataclasses.replace(seen, outcome="no_answer", detail=brief(str(error) or type(error).__name__))
        location = brief(response.getheader("Location") or "")
        return dataclasses.replace(
            seen,
            outcome="answered",
            status=response.status,
            location=location,
            seconds=time.monotonic() - started,
        )


class _Within(io.RawIOBase):
    """A connection whose reads all have to happen within a time: a server that sends a byte now and then never ends."""

    def __init__(self, connection: ssl.SSLSocket, seconds: float) -> None:
        super().__init__()
        self._connection = connection
        self._end = time.monotonic() + seconds

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What http.client asks a socket for."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        left = self._end - time.monotonic()
        if left <= 0:
            raise socket.timeout("the answer did not end in time")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


@contextlib.contextmanager
def _wrapped(plain: socket.socket, name: str, context: ssl.SSLContext, seconds: float) -> Iterator[ssl.SSLSocket]:
    """TLS over a connection; a handshake that takes too long is told apart from an address that does not answer.

    :raises ssl.SSLError: the handshake failed.
    """
    with Watch(seconds) as watch:
        watch.hold(plain)
        try:
            connection = context.wrap_socket(plain, server_hostname=name)
        except ssl.SSLCertVerificationError:
            raise
        except OSError as error:
            if watch.over or isinstance(error, socket.timeout):
                raise ssl.SSLError(errno.ETIMEDOUT, "the handshake timed out") from error
            raise
    with connection:
        yield connection


def reach(address: str, port: int, timeout: float) -> Connection:
    """Connect with TCP and close at once. Never raises for what the network does."""
    seen = Connection("", address, "connected")
    try:
        with socket.create_connection((address, port), timeout):
            return seen
    except OSError as error:
        return dataclasses.replace(seen, outcome=_failure(error), detail=str(error) or type(error).__name__)


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _failure(error: Exception) -> str:
    # Two classes before Python 3.10.
    if isinstance(error, (TimeoutError, socket.timeout)):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionResetError):
        return "tls_failed"
    return "no_route" if isinstance(error, OSError) and error.errno in _NO_ROUTE else "failed"


def read_certificate(decoded: Mapping[str, t.Any]) -> Certificate:
    """Turn what C(SSLSocket.getpeercert) returns into our own form."""
    issuer = [f"{field}={value}" for entry in decoded.get("issuer", ()) for field, value in entry]
    seconds = ssl.cert_time_to_seconds(decoded["notAfter"])
    return Certificate(
        tuple(sorted(value.lower() for kind, value in decoded.get("subjectAltName", ()) if kind == "DNS")),
        brief(", ".join(issuer)),
        datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc),
    )
