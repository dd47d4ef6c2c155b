# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real BIND 9 on a free port of loopback, with zones that take signed updates."""

from __future__ import annotations

import base64
import contextlib
import pathlib
import secrets
import shutil
import socket
import subprocess
import time
import typing as t

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update

# Debian has it outside of an ordinary user's path.
NAMED = shutil.which("named") or shutil.which("named", path="/usr/sbin:/usr/local/sbin")
ADDRESS = "127.0.0.1"
CONFIGURATION = """
options {{
    directory "{directory}";
    pid-file none;
    session-keyfile none;
    listen-on port {port} {{ {address}; }};
    listen-on-v6 {{ none; }};
    recursion {recursion};
    dnssec-validation no;
    notify no;
}};
controls {{ }};
key "{key_name}" {{ algorithm hmac-sha256; secret "{secret}"; }};
"""
ZONE = 'zone "{name}" {{ type primary; file "{name}.zone"; update-policy {{ grant {key_name} zonesub ANY; }}; }};\n'
EMPTY = """$TTL 60
@ IN SOA ns hostmaster 1 3600 600 86400 1
@ IN NS ns
ns IN A 127.0.0.1
"""


def free_port() -> int:
    """A port that is free for UDP and TCP just now."""
    while True:
        with socket.socket() as over_tcp, socket.socket(type=socket.SOCK_DGRAM) as over_udp:
            over_tcp.bind((ADDRESS, 0))
            port = int(over_tcp.getsockname()[1])
            with contextlib.suppress(OSError):
                over_udp.bind((ADDRESS, port))
                return port


class Bind9:
    """A running server; stopped by its own process.

    :param resolves: whether it answers as a resolver does, which follows CNAMEs from one zone into another.
    """

    def __init__(self, directory: pathlib.Path, zones: t.Sequence[str], resolves: bool = False) -> None:
        self.port = free_port()
        self.key_name = "gitpod-runner"
        self.secret = base64.b64encode(secrets.token_bytes(32)).decode()
        self._directory = directory
        text = CONFIGURATION.format(
            directory=directory,
            port=self.port,
            address=ADDRESS,
            key_name=self.key_name,
            secret=self.secret,
            recursion="yes" if resolves else "no",
        )
        for name in zones:
            (directory / f"{name}.zone").write_text(EMPTY, "utf-8")
            text += ZONE.format(name=name, key_name=self.key_name)
        self._configuration = directory / "named.conf"
        self._configuration.write_text(text, "utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Address and port."""
        return f"{ADDRESS}:{self.port}"

    def __enter__(self) -> Bind9:
        log = (self._directory / "named.log").open("wb")
        command = [str(NAMED), "-g", "-4", "-n", "1", "-c", str(self._configuration), "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        log.close()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(dns.exception.DNSException, OSError):
                self.ask("version.bind.", "A")
                return self
            time.sleep(0.1)
        self.__exit__()
        raise RuntimeError((self._directory / "named.log").read_text("utf-8", "replace")[-2000:])

    def __exit__(self, *_exception: object) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, name: str, kind: str) -> dns.message.Message:
        """The server's answer."""
        query = dns.message.make_query(name, kind)
        return dns.query.udp(query, ADDRESS, port=self.port, timeout=2)

    def values(self, name: str, kind: str) -> list[str]:
        """The data of the records of exactly this name and type."""
        found = self.ask(name, kind).answer
        return sorted(
            item.to_text() for entry in found if entry.name.to_text().lower() == f"{name.lower()}." for item in entry
        )

    def put(self, zone: str, name: str, kind: str, value: str, ttl: int = 60) -> None:
        """Replace a record, as a person with the key does."""
        update = self._update(zone)
        update.replace(f"{name}.", ttl, kind, value)
        self._send(update)

    def have(self, zone: str, name: str, records: t.Iterable[tuple[str, str, int]]) -> None:
        """Answer for a name with these records only: type, value and time to live."""
        update = self._update(zone)
        update.delete(f"{name}.")
        for kind, value, ttl in records:
            update.add(f"{name}.", ttl, kind, value)
        self._send(update)

    def _update(self, zone: str) -> dns.update.UpdateMessage:
        keyring = dns.tsigkeyring.from_text({self.key_name: self.secret})
        return dns.update.UpdateMessage(zone, keyring=keyring, keyalgorithm="hmac-sha256")

    def _send(self, update: dns.update.UpdateMessage) -> None:
        response = dns.query.tcp(update, ADDRESS, port=self.port, timeout=5)
        if response.rcode() != dns.rcode.NOERROR:
            raise RuntimeError(dns.rcode.to_text(response.rcode()))
