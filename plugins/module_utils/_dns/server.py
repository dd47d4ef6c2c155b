# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DNS server, by address, and the one reader of how people write it. Standard library only."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError

PORT = 53
HIGHEST_PORT = 65535
FORMS = "192.0.2.53, 192.0.2.53:5353, 2001:db8::53 or [2001:db8::53]:5353"


@dataclasses.dataclass(frozen=True)
class Server:
    """One DNS server, by address: a name would itself have to be resolved first.

    :param name: its own name where it is known, for the reader.
    :param authoritative: whether it is one of the zone's own.
    """

    address: str
    port: int = PORT
    name: str = ""
    authoritative: bool = False

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        where = self.address if self.port == PORT else f"{host}:{self.port}"
        return f"{self.name} ({where})" if self.name else where


def parse(text: str, variable: str = "gitpod_resolvers", authoritative: bool = False) -> Server:
    """Read C(address), C(address:port), C([v6]), C([v6]:port) or a bare IPv6 address.

    :param variable: the inventory's, for the error.
    :raises InputError: it is none of them.
    """
    host, port = text.strip(), str(PORT)
    if host.startswith("[") and "]" in host:
        host, _bracket, rest = host[1:].partition("]")
        port = rest[1:] if rest.startswith(":") else (port if not rest else "")
    elif host.count(":") == 1:
        host, _colon, port = host.partition(":")
    address = _address(host)
    if not address or not port.isascii() or not port.isdigit() or not 0 < int(port) <= HIGHEST_PORT:
        raise InputError(
            f"The DNS server {text!r} is not an address", f"A DNS server is given as {FORMS}", f"Correct {variable}"
        )
    return Server(address, int(port), authoritative=authoritative)


def parsed(texts: t.Iterable[str], variable: str = "gitpod_resolvers", authoritative: bool = False) -> list[Server]:
    """Several, each once, in their order.

    :raises InputError: one of them is no address.
    """
    return list(dict.fromkeys(parse(text, variable, authoritative) for text in texts))


def is_address(text: str) -> bool:
    """Whether it is an IP address and not a name."""
    return bool(_address(text))


def _address(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ""
