# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP for the SDK's Connect clients as Ansible users expect it: a corporate CA, the environment's proxies.

The SDK's own transport knows neither a CA file nor a limit to the hosts that it follows redirects to with the token.
The Connect clients take any transport; this one is of the standard library too.
"""

from __future__ import annotations

import gzip
import http.client
import ssl
import typing as t
import urllib.error
import urllib.parse
import urllib.request

MAXIMUM_REDIRECTS = 5
MAXIMUM_ANSWER = 16 * 1024 * 1024
REDIRECTS = frozenset({307, 308})


def opener(ca_path: str) -> urllib.request.OpenerDirector:
    """An opener that trusts C(ca_path) besides the system's authorities and follows no redirect by itself.

    Proxies come from http_proxy, https_proxy and no_proxy; SSL_CERT_FILE and SSL_CERT_DIR count as for every OpenSSL.

    :raises OSError: the file cannot be read, or holds no certificate.
    """
    context = ssl.create_default_context()
    if ca_path:
        context.load_verify_locations(cafile=ca_path)
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect())


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: t.Any, **_more: t.Any) -> None:
        return None


def target_of(url: str, location: str) -> str:
    """Where a redirect leads; the token must not follow to another host.

    :raises urllib.error.URLError: it leads to another scheme, host or port.
    """
    target = urllib.parse.urljoin(url, location)
    before, after = urllib.parse.urlsplit(url), urllib.parse.urlsplit(target)
    if (before.scheme, before.netloc) != (after.scheme, after.netloc):
        raise urllib.error.URLError(f"redirected to {after.scheme}://{after.netloc}, which does not get the token")
    return target


class Transport:
    """What pyqwest's SyncClient sends requests through.

    :param timeout: longest wait in seconds for the connection, and for each read.
    """

    def __init__(self, ca_path: str, timeout: float) -> None:
        self._opener = opener(ca_path)
        self._timeout = timeout

    def execute_sync(self, request: t.Any) -> t.Any:
        """Send one request.

        :raises TimeoutError: no answer in time.
        :raises urllib.error.URLError: no connection.
        """
        import pyqwest

        content = request.content
        body = content if isinstance(content, bytes) else b"".join(content)
        status, headers, answer = self.send(request.url, request.method, dict(request.headers.items()), body)
        return pyqwest.SyncResponse(
            status=status, headers=pyqwest.Headers(list(headers.items())), content=iter([answer])
        )

    def send(
        self, url: str, method: str, headers: t.Mapping[str, str], body: bytes
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and content, redirects on the same host followed."""
        for _attempt in range(MAXIMUM_REDIRECTS + 1):
            request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310
            try:
                answer = self._opener.open(request, timeout=self._timeout)
            except urllib.error.HTTPError as error:
                answer = error
            except urllib.error.URLError as error:
                if isinstance(error.reason, TimeoutError):
                    raise TimeoutError(str(error.reason)) from error
                raise
            with answer:
                if answer.status in REDIRECTS and answer.headers.get("Location"):
                    url = target_of(url, answer.headers["Location"])
                    continue
                return answer.status, answer.headers, _content(answer)
        raise urllib.error.URLError("too many redirects")


def _content(answer: t.Any) -> bytes:
    content: bytes = answer.read(MAXIMUM_ANSWER)
    if answer.headers.get("Content-Encoding", "").lower() == "gzip":
        return gzip.decompress(content)
    return content
