# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a URL may be, in one place: where a secret may be sent, and which host is this machine. Pure."""

from __future__ import annotations

import ipaddress
import re
import typing as t
import urllib.parse

# A user with a password before a host, with a scheme or alone; a password may have any of a URL's own signs in it.
_USER = re.compile(
    r"(?<=//)[^'\"]*@|(?<![^\s'\"])(?!ssm:|secretsmanager:|arn:)[^\s'\":@/]+:(?!//)[^\s'\"]+@",
)
_QUERY = re.compile(r"(://[^\s'\"?#]*[?#])[^'\"]+")
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))

# The management plane's names: the vendor was renamed, and both lead to it (facts of the vendor's documentation).
VENDOR_HOSTS = ("app.gitpod.io", "app.ona.com")


def host_of(url: str) -> str:
    """The host of a URL in small letters, or empty where it has none."""
    try:
        return (urllib.parse.urlsplit(url.strip()).hostname or "").rstrip(".")
    except ValueError:
        return ""


HTTPS = 443
_WITH_PORT = re.compile(r"(\[[^\]]*\]|[^:]*):(\d+)")


def bypasses(host: str, entries: t.Iterable[str], port: int = HTTPS) -> bool:
    """Whether NO_PROXY keeps a host off the proxy: by a name, which stands for all below it, by a suffix with a dot or
    an asterisk, which stands for what is below it alone, by an address or a range of them, or by an asterisk.

    As Go reads it (golang.org/x/net/http/httpproxy, C(Config.NoProxy)), in which the runner is written, and which is
    the strictest of those in use: an entry with a port is for that port, and names are not resolved, so that no range
    stands for a name. Loopback never goes through a proxy.
    """
    name = host.strip().strip("[]").rstrip(".").lower()
    return is_loopback(name) or any(_keeps_off(name, entry, port) for entry in entries)


def _keeps_off(host: str, text: str, port: int) -> bool:
    entry = text.strip().lower()
    found = _WITH_PORT.fullmatch(entry)
    if found and int(found[2]) != port:
        return False
    entry = (found[1] if found else entry).strip("[]").rstrip(".")
    if entry == "*":
        return True
    below = entry.removeprefix("*").removeprefix(".")
    return bool(below) and (host.endswith(f".{below}") or host == entry or _in_range(host, entry))


def _in_range(host: str, entry: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def uncovered(required: t.Iterable[str], entries: t.Sequence[str]) -> list[str]:
    """Those of the entries that NO_PROXY must have which are not in it, and which no wider one stands for.

    An asterisk stands for none: with it there is no proxy, and whoever has set one means something else.
    """
    named = [entry for entry in entries if entry.strip() != "*"]
    return [entry for entry in required if not _stands_for(entry, named)]


def _stands_for(required: str, entries: t.Sequence[str]) -> bool:
    try:
        wanted = ipaddress.ip_network(required, strict=False)
    except ValueError:
        # What is below a suffix is kept off where anything below it is.
        return bypasses(f"any{required}" if required.startswith(".") else required, entries)
    for entry in entries:
        try:
            net = ipaddress.ip_network(entry.strip().strip("[]"), strict=False)
        except ValueError:
            continue
        if net.version == wanted.version and wanted.subnet_of(net):  # type: ignore[arg-type]
            return True
    return False


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: C(localhost) (RFC 6761), or an address of C(127.0.0.0/8) or C(::1).

    A name is never taken for an address: C(127.0.0.1.evil.example) is any machine of the internet. Neither is an
    address with a zone (RFC 6874), in which any text may stand.
    """
    bare = host.strip().strip("[]").rstrip(".").lower()
    if bare == "localhost" or "%" in bare:
        return bare == "localhost"
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return False
    return any(address.version == network.version and address in network for network in _LOOPBACK)


def without_secrets(text: str) -> str:
    """A text in which no URL has a user, a password or a query: a signed URL is a secret by its query."""
    if "@" in text:
        text = _USER.sub("***@", text)
    return _QUERY.sub(r"\1***", text) if "://" in text else text


def keeps_secrets(url: str) -> bool:
    """Whether a secret may be sent there: HTTPS, except on loopback, where there is no wire to listen on."""
    return not fault(url, ("https",), credentials=True)


def fault(url: str, schemes: t.Collection[str] = ("https",), *, credentials: bool = False) -> str:
    """What is wrong with a URL, as the end of a sentence that begins with it; empty when nothing is.

    The text never repeats the URL, which may be a secret.

    :param schemes: that are allowed; C(http) always is for loopback.
    :param credentials: whether a user and a password may stand in it.
    """
    if any(character.isspace() or not character.isprintable() for character in url):
        # Python's parser takes line breaks out silently, so they have to be seen before it.
        return "has a blank, a line break or another control character in it"
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is not a URL, or its port is not a number from 1 to 65535"
    if (
        not parts.scheme
        or not host
        or "\\" in url
        or not any(character.isalnum() or character == ":" for character in host)
    ):
        return "is not a URL with a scheme and a host"
    if parts.scheme not in schemes and not (parts.scheme == "http" and is_loopback(host)):
        return f"is not an {' or '.join(schemes)} URL"
    if port == 0:
        return "has a port that is not a number from 1 to 65535"
    if not credentials and (parts.username is not None or parts.password is not None):
        return "holds a user or a password, which reports and stack parameters would show"
    return ""
