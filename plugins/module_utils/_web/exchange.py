# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One exchange over HTTP: a request and its answer, bounded in time and in size from the first packet to the last.

Where the time is over, the watch of the exchange ends it, whatever it is doing (watch.py).
"""

from __future__ import annotations

import dataclasses
import email.utils
import functools
import http.client
import io
import socket
import ssl
import time
import typing as t
import urllib.request
import zlib

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web import trust
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.watch import Watch
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import is_this_machine, proxy_of

# No answer within the time; nobody there; not trusted; the proxy's own refusal; an answer that broke off, or is none.
LATE, UNREACHED, UNTRUSTED = "late", "unreached", "untrusted"
PROXY, BROKEN, TOO_LARGE = "proxy", "broken", "too_large"
# The same request may succeed in a moment.
PASSING = frozenset({UNREACHED, BROKEN})
# Statuses of servers and gateways that are busy or starting (RFC 9110 section 15, RFC 6585 section 4).
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
PIECE = 65_536
LONGEST_RETRY_AFTER = 120.0
_TUNNEL = "Tunnel connection failed: "


class ExchangeError(Exception):
    """There is no answer, or none that can be used.

    :param kind: one of the above.
    :param words: what happened, as a sentence's part, without a credential.
    :param status: of the proxy's refusal, else 0.
    """

    def __init__(self, kind: str, words: str, status: int = 0) -> None:
        super().__init__(words)
        self.kind = kind
        self.words = words
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed in a moment."""
        return self.kind in PASSING or self.status in BUSY


@dataclasses.dataclass(frozen=True)
class Limits:
    """Seconds for everything together, and bytes of the body, unpacked."""

    seconds: float
    size: int


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back.

    :param whole: whether the answer itself tells where it ends. Where only the connection's end does (RFC 9112
        section 6.3), half an answer looks like a whole one.
    """

    status: int
    headers: t.Mapping[str, str]
    body: bytes
    whole: bool

    @property
    def content_type(self) -> str:
        """Without its parameters, in small letters."""
        return str(self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def retry_after(self) -> float:
        """Seconds that the server asks to wait (RFC 9110 section 10.2.3), two minutes at most; 0 without any."""
        text = str(self.headers.get("Retry-After") or "").strip()
        try:
            seconds = float(text) if text.isdigit() else email.utils.parsedate_to_datetime(text).timestamp()
        except (TypeError, ValueError, OverflowError):
            return 0.0
        seconds = seconds if text.isdigit() else seconds - time.time()
        return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


class _Http(urllib.request.HTTPHandler):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def http_open(self, req: t.Any) -> t.Any:
        return self.do_open(functools.partial(_connection, http.client.HTTPConnection, self._watch), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, watch: Watch, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._watch, self._trust = watch, context

    def https_open(self, req: t.Any) -> t.Any:
        made = functools.partial(_connection, http.client.HTTPSConnection, self._watch)
        return self.do_open(made, req, context=self._trust)


def _connection(kind: t.Any, watch: Watch, host: str, **options: t.Any) -> t.Any:
    made = kind(host, **options)
    made._create_connection = watch.connect
    made.response_class = functools.partial(_Response, watch)
    return made


class _Response(http.client.HTTPResponse):
    """An answer whose reading ends with the time, also where bytes never stop coming."""

    def __init__(self, watch: Watch, sock: t.Any, *arguments: t.Any, **options: t.Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_Watched(self.fp.detach(), watch))


class _Watched(io.RawIOBase):
    def __init__(self, raw: t.Any, watch: Watch) -> None:
        super().__init__()
        self._raw, self._watch = raw, watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        self._watch.left()
        return int(self._raw.readinto(buffer) or 0)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _AsItIs(urllib.request.HTTPErrorProcessor):
    """Every status is an answer, and no redirection is followed."""

    def http_response(self, request: t.Any, response: t.Any) -> t.Any:
        return response

    https_response = http_response


class Web:
    """Exchanges through the environment's proxies (http_proxy, https_proxy, no_proxy).

    :param ca_path: PEM file with authorities to trust besides the system's; SSL_CERT_FILE and SSL_CERT_DIR count too.
    :raises OSError: the file cannot be read, or holds no certificate.
    """

    def __init__(self, ca_path: str = "") -> None:
        self._context = trust.context()
        if ca_path:
            self._context.load_verify_locations(cafile=ca_path)

    def exchange(
        self,
        url: str,
        limits: Limits,
        method: str = "GET",
        headers: t.Mapping[str, str] | None = None,
        body: t.Any = None,
    ) -> Answer:
        """One request and its answer, whatever its status; a redirection is an answer and not followed.

        :raises ExchangeError: there is none.
        """
        if not url.lower().startswith(("http://", "https://")):
            raise ExchangeError(UNREACHED, "only http and https are spoken")
        with Watch(limits.seconds) as watch:
            opener = urllib.request.build_opener(
                _Http(watch), _Https(watch, self._context), _AsItIs(), *_without_proxies(url)
            )
            try:
                request = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)  # noqa: S310
                with opener.open(request, timeout=limits.seconds) as answer:
                    return _read(answer, limits.size, watch)
            except ExchangeError:
                raise
            except (OSError, http.client.HTTPException, ValueError, EOFError, zlib.error) as error:
                raise _without_a_way(url) or trouble_of(error, watch.over, limits.seconds) from error


def _without_proxies(url: str) -> list[urllib.request.ProxyHandler]:
    """To this machine itself nothing goes through a proxy, which would read over the wire what loopback keeps."""
    return [urllib.request.ProxyHandler({})] if is_this_machine(url) else []


def _without_a_way(url: str) -> ExchangeError | None:
    """What is wrong with the proxy's URL: of that the standard library tells nothing, or what may be the password."""
    proxy = None if is_this_machine(url) else proxy_of(url)
    if proxy is None or not proxy.fault:
        return None
    return ExchangeError(PROXY, f"the URL of the proxy in {proxy.variable} {proxy.fault}")


def _read(answer: t.Any, size: int, watch: Watch) -> Answer:
    expected, coding = answer.length, str(answer.headers.get("Content-Encoding") or "identity").strip().lower()
    if coding not in ("identity", "gzip"):
        raise ExchangeError(BROKEN, f"the answer is coded as {brief(coding, 40)}, which nobody asked for")
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if coding == "gzip" else None
    parts, raw, had = [], 0, 0
    while piece := answer.read(PIECE):
        raw += len(piece)
        piece = unpack.decompress(piece, size + 1 - had) if unpack else piece
        had += len(piece)
        if max(raw, had) > size:
            raise ExchangeError(TOO_LARGE, f"the answer is larger than {size:,} bytes")
        parts.append(piece)
    if watch.over:
        raise TimeoutError
    if expected is not None and raw < expected:
        raise ExchangeError(BROKEN, f"the answer broke off after {raw:,} of {expected:,} bytes")
    if unpack and (raw or expected) and not unpack.eof:
        raise ExchangeError(BROKEN, f"the answer broke off after {raw:,} packed bytes")
    whole = bool(answer.chunked or expected is not None or (unpack and unpack.eof))
    return Answer(answer.status, answer.headers, b"".join(parts), whole)


def trouble_of(error: BaseException, over: bool, seconds: float) -> ExchangeError:
    """What an exception of the standard library means."""
    reason = getattr(error, "reason", None)
    cause = reason if isinstance(reason, BaseException) else error
    text = brief(str(cause) or type(cause).__name__)
    if over or isinstance(cause, (TimeoutError, socket.timeout)):
        return ExchangeError(LATE, f"there was no whole answer within {seconds:g} s")
    if isinstance(cause, ssl.SSLCertVerificationError):
        return ExchangeError(UNTRUSTED, brief(cause.verify_message or str(cause)))
    if text.startswith(_TUNNEL):
        told = text[len(_TUNNEL) :]
        code = told[:3]
        return ExchangeError(PROXY, f"the proxy refuses to connect: {told}", int(code) if code.isdigit() else 0)
    if isinstance(cause, socket.gaierror):
        return ExchangeError(UNREACHED, f"the name has no address: {brief(cause.strerror or text)}")
    if isinstance(cause, ssl.SSLError):
        return ExchangeError(BROKEN, f"TLS fails: {text}")
    if isinstance(cause, (ConnectionResetError, BrokenPipeError)):
        return ExchangeError(BROKEN, "the connection was cut before the answer ended")
    if isinstance(cause, (http.client.HTTPException, ValueError, EOFError, zlib.error)):
        return ExchangeError(BROKEN, f"what came back is no whole answer of HTTP ({type(cause).__name__}: {text})")
    return ExchangeError(UNREACHED, text)
