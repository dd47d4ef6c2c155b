# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small real servers on loopback: DNS over UDP and TCP, and HTTPS."""

from __future__ import annotations

import http.server
import socketserver
import ssl
import struct
import threading
import typing as t

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

if t.TYPE_CHECKING:
    import trustme


class DnsServer:
    """Answers for the records added to it, with CNAME chains and wildcards.

    :ivar truncate: answers over UDP are cut off, so that the client has to come back over TCP.
    :ivar silent: nothing is answered.
    :ivar rcode: returned instead of any answer when set.
    :ivar asked: transport and type of every question.
    """

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], tuple[str, ...]] = {}
        self.truncate = False
        self.silent = False
        self.rcode: int | None = None
        self.asked: list[tuple[str, str]] = []
        server = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, sock = self.request
                reply = server.reply(data, "udp")
                if reply:
                    sock.sendto(reply, self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                (size,) = struct.unpack("!H", self.rfile.read(2))
                reply = server.reply(self.rfile.read(size), "tcp")
                if reply:
                    self.wfile.write(struct.pack("!H", len(reply)) + reply)

        self._tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tcp)
        self._tcp.daemon_threads = True
        self.port: int = self._tcp.server_address[1]
        self._udp = socketserver.ThreadingUDPServer(("127.0.0.1", self.port), Udp)
        self._udp.daemon_threads = True

    def __enter__(self) -> DnsServer:
        for server in (self._tcp, self._udp):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        for server in (self._tcp, self._udp):
            server.shutdown()
            server.server_close()

    def add(self, name: str, record_type: str, *values: str) -> None:
        self.records[name, record_type] = values

    def reply(self, data: bytes, transport: str) -> bytes | None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        self.asked.append((transport, dns.rdatatype.to_text(question.rdtype)))
        if self.silent:
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if self.rcode is not None:
            response.set_rcode(self.rcode)
            return response.to_wire()
        if self.truncate and transport == "udp":
            response.flags |= dns.flags.TC
            return response.to_wire()
        self._fill(response, question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype))
        return response.to_wire()

    def _fill(self, response: dns.message.Message, name: str, record_type: str) -> None:
        while True:
            source = name if self._exists(name) else "*." + name.partition(".")[2]
            if not self._exists(source):
                response.set_rcode(dns.rcode.NXDOMAIN)
                return
            found = record_type if (source, record_type) in self.records else "CNAME"
            values = self.records.get((source, found))
            if not values:
                return
            response.answer.append(dns.rrset.from_text(name, 1, "IN", found, *values))
            if found == record_type:
                return
            name = values[0]

    def _exists(self, name: str) -> bool:
        return any(owner == name for owner, _type in self.records)


class TlsServer:
    """HTTPS with one certificate.

    :param certificate: of an authority, or a whole context.
    :param status: of every answer; 0 closes the connection without one.
    :param pause: seconds before each byte of the answer.
    :ivar server_names: the name sent in each handshake.
    :ivar requests: path and host of each request.
    """

    def __init__(
        self,
        certificate: trustme.LeafCert | ssl.SSLContext,
        status: int = 200,
        location: str = "",
        pause: float = 0.0,
        address: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        self.server_names: list[str | None] = []
        self.requests: list[tuple[str, str]] = []
        context = certificate if isinstance(certificate, ssl.SSLContext) else ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if context is not certificate:
            certificate.configure_cert(context)
        context.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def setup(self) -> None:
                # The handshake belongs to the connection's own thread: a client that gives up must not stop the server.
                self.request = context.wrap_socket(self.request, server_side=True)
                super().setup()

            def do_GET(self) -> None:
                owner.requests.append((self.path, self.headers["Host"]))
                if not status:
                    return
                head = [
                    f"HTTP/1.1 {status} Said",
                    *([f"Location: {location}"] if location else []),
                    "Content-Length: 0",
                ]
                answer = "\r\n".join([*head, "", ""]).encode()
                for part in [answer[place : place + 1] for place in range(len(answer))] if pause else [answer]:
                    if owner.stopped.wait(pause):
                        return
                    self.wfile.write(part)

            def log_message(self, *_arguments: object) -> None:
                """Tests print nothing."""

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True

            def handle_error(self, *_arguments: object) -> None:
                """A client that refuses the certificate is what some tests are about."""

        self.stopped = threading.Event()
        self._server = Server(address, Handler)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> TlsServer:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
