# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asked, and by which way, as an error tells it: the URL's host and the proxy. Never a URL's user or query."""

from __future__ import annotations

import dataclasses
import os
import re
import urllib.parse
import urllib.request

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import is_loopback

DEFAULT_PORTS = {"http": 80, "https": 443}
# What a proxy is called whose URL cannot be read.
UNREADABLE = "that cannot be read"
HOW_TO_WRITE_A_PROXY = "Write http://user:password@host:port; signs such as / ? # @ in a password as %2F %3F %23 %40"
# Characters of one part of a name (RFC 1035 section 2.3.4).
LONGEST_LABEL = 63
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def host_of(url: str) -> str:
    """The host, with its port where that is not the scheme's own; empty when the text is no URL with a host."""
    try:
        parts = urllib.parse.urlsplit(url if "://" in url else f"//{url}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    shown = _bracketed(host)
    return shown if port in (None, DEFAULT_PORTS.get(parts.scheme)) else f"{shown}:{port}"


def shown(url: str) -> str:
    """A URL without its user, password, query and fragment: a signed URL of S3 is a secret by its query."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        return "the URL"
    host = host_of(url)
    return f"{parts.scheme}://{host}{parts.path}" if host else parts.path or "the URL"


def joined(url: str, location: str) -> str:
    """Where a redirection leads; empty where it cannot be read."""
    try:
        target = urllib.parse.urljoin(url, location)
        urllib.parse.urlsplit(target)
    except ValueError:
        return ""
    return target


@dataclasses.dataclass(frozen=True)
class Proxy:
    """The proxy that a request goes through.

    :param url: without user and password; C(UNREADABLE) where nobody can say which part of it is which.
    :param variable: of the environment, which names it.
    :param fault: why nobody gets through it, as the end of a sentence that begins with its URL; empty for none.
    """

    url: str
    variable: str
    fault: str = ""

    def __str__(self) -> str:
        return f"{self.url} ({self.variable})"

    @property
    def host(self) -> str:
        """Without its scheme, with its port."""
        return self.url.partition("://")[2] or self.url


def proxy_of(url: str) -> Proxy | None:
    """The proxy that a request goes through, or C(None).

    The SDK chooses it with urllib's help, as urllib does: the variable in small letters wins, and C(no_proxy) takes
    hosts out (botocore, C(utils.get_environ_proxies)).
    """
    scheme = url.partition(":")[0].lower()
    proxy = urllib.request.getproxies().get(scheme, "")
    if not proxy or _left_out(url):
        return None
    name = f"{scheme}_proxy"
    variable = name if os.environ.get(name) else name.upper()
    fault = _fault(proxy)
    if fault:
        return Proxy(UNREADABLE, variable, fault)
    parts = urllib.parse.urlsplit(_whole(proxy))
    port = f":{parts.port}" if parts.port else ""
    return Proxy(f"{parts.scheme}://{_bracketed(parts.hostname or '')}{port}", variable)


def _whole(proxy: str) -> str:
    """With the scheme that the SDK gives one without (botocore, C(httpsession.ProxyConfiguration)); urllib takes it so
    too."""
    if proxy.startswith(("http:", "https:")):
        return proxy
    return f"http:{proxy}" if proxy.startswith("//") else f"http://{proxy}"


def _fault(proxy: str) -> str:
    """Why the SDK gets through no proxy with this URL; never a part of it, because a password may be anywhere in it."""
    scheme = _SCHEME.match(proxy)
    if scheme and scheme[1] not in DEFAULT_PORTS:
        return "is not one of http:// or https:// (in small letters); other proxies are not spoken with"
    if any(character.isspace() or not character.isprintable() for character in proxy):
        return "has a blank, a line break or another control character in it"
    try:
        parts = urllib.parse.urlsplit(_whole(proxy))
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return "cannot be read"
    if not host or "@" in f"{parts.path}{parts.query}{parts.fragment}":
        return "cannot be read"
    labels = [] if ":" in host else host.rstrip(".").split(".")
    return "" if all(0 < len(label) <= LONGEST_LABEL for label in labels) else "has no name of a host in it"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _left_out(url: str) -> bool:
    parts = urllib.parse.urlsplit(url)
    try:
        return bool(parts.hostname and urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]))
    except (OSError, ValueError):
        return False


def is_this_machine(url: str) -> bool:
    """Whether a URL's host is loopback; what the collection itself sends there goes through no proxy."""
    try:
        return is_loopback(urllib.parse.urlsplit(url).hostname or "")
    except ValueError:
        return False


def _taken(url: str) -> Proxy | None:
    return None if is_this_machine(url) else proxy_of(url)


def way(url: str) -> str:
    """How a request gets to a URL's host, as a sentence's part: C(through the proxy ...) or C(without a proxy ...)."""
    proxy = _taken(url)
    if proxy:
        return f"through the proxy {proxy.host} ({proxy.variable})"
    scheme = url.partition(":")[0].lower()
    named = next((name for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper()) if os.environ.get(name)), "")
    if named and is_this_machine(url):
        return "without a proxy (to this machine none is asked)"
    return f"without a proxy (NO_PROXY takes it out of {named})" if named else f"without a proxy ({_unset(scheme)})"


def _unset(scheme: str) -> str:
    return f"{scheme.upper()}_PROXY is not set"


def advice(url: str) -> str:
    """What to check where something else than the host has answered, as the end of a sentence that begins so."""
    proxy = _taken(url)
    if proxy and proxy.fault:
        return f"{proxy.variable}, the way to {host_of(url)}, whose URL {proxy.fault}. {HOW_TO_WRITE_A_PROXY}"
    if proxy:
        named = f"{proxy.host} ({proxy.variable})"
        return f"that the proxy {named} lets requests to {host_of(url)} through, or name the host in NO_PROXY"
    return f"whether the way to {host_of(url)} needs a proxy (HTTPS_PROXY) or a login"
