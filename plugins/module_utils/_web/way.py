# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asked, and by which way, as an error tells it: the URL's host and the proxy. Never a URL's user or query."""

from __future__ import annotations

import os
import urllib.parse
import urllib.request

DEFAULT_PORTS = {"http": 80, "https": 443}


def host_of(url: str) -> str:
    """The host, with its port where that is not the scheme's own; empty when the text is no URL with a host."""
    try:
        parts = urllib.parse.urlsplit(url if "://" in url else f"//{url}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    shown = f"[{host}]" if ":" in host else host
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


def proxy_of(url: str) -> tuple[str, str]:
    """The proxy's host and the environment variable that names it; both empty where the request goes without one.

    As urllib chooses it: the variable in small letters wins, and C(no_proxy) takes hosts out.
    """
    scheme = url.partition(":")[0].lower()
    proxy = urllib.request.getproxies().get(scheme, "")
    if not proxy or _left_out(url):
        return "", ""
    name = f"{scheme}_proxy"
    return host_of(proxy) or "that cannot be read", name if os.environ.get(name) else name.upper()


def _left_out(url: str) -> bool:
    parts = urllib.parse.urlsplit(url)
    try:
        return bool(parts.hostname and urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]))
    except (OSError, ValueError):
        return False


def way(url: str) -> str:
    """How a request gets to a URL's host, as a sentence's part: C(through the proxy ...) or C(without a proxy ...)."""
    proxy, name = proxy_of(url)
    if proxy:
        return f"through the proxy {proxy} ({name})"
    scheme = url.partition(":")[0].lower()
    named = next((name for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper()) if os.environ.get(name)), "")
    return f"without a proxy (NO_PROXY takes it out of {named})" if named else f"without a proxy ({_unset(scheme)})"


def _unset(scheme: str) -> str:
    return f"{scheme.upper()}_PROXY is not set"


def advice(url: str) -> str:
    """What to check where something else than the host has answered, as the end of a sentence that begins so."""
    proxy, name = proxy_of(url)
    if proxy:
        return f"that the proxy {proxy} ({name}) lets requests to {host_of(url)} through, or name the host in NO_PROXY"
    return f"whether the way to {host_of(url)} needs a proxy (HTTPS_PROXY) or a login"
