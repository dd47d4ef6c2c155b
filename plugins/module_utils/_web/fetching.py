# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a file over HTTP: bounded, asked again where that helps, and told apart from a page that stands before it."""

from __future__ import annotations

import base64
import json
import netrc
import os
import time
import typing as t
import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.exchange import (
    BROKEN,
    BUSY,
    PROXY,
    Answer,
    ExchangeError,
    Limits,
    Web,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import host_of, joined

OK = 200
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 5
TRIES = 5
FIRST_DELAY, LONGEST_DELAY = 0.5, 8.0
# Seconds that have to be left for another try, and that one takes at most.
SHORTEST_TRY, LONGEST_TRY = 1.0, 30.0
USER_AGENT = "gitpod.enterprise_runner"
# What came back is something else than the file.
OTHER = "other"


def fetch(url: str, limits: Limits, clock: Clock | None = None, web: Web | None = None) -> bytes:
    """The content of a URL; C(limits.seconds) hold for all tries together.

    :raises ExchangeError: it cannot be read; the words tell no credential.
    """
    clock, web = clock or Clock(), web or Web()
    end, delay = clock.now() + limits.seconds, FIRST_DELAY
    for last in (*[False] * (TRIES - 1), True):
        answer, trouble = _once(web, url, Limits(min(max(end - clock.now(), 0.001), LONGEST_TRY), limits.size))
        if answer is not None:
            return answer.body
        pause = max(delay * (1 - 0.5 * clock.jitter()), trouble.wait)
        if last or not trouble.passing or clock.now() + pause + SHORTEST_TRY > end:
            break
        clock.sleep(pause)
        delay = min(delay * 2, LONGEST_DELAY)
    raise trouble


class _FetchError(ExchangeError):
    """:param wait: seconds that the server asks to wait."""

    def __init__(self, kind: str, words: str, status: int = 0, wait: float = 0.0) -> None:
        super().__init__(kind, words, status)
        self.wait = wait


def _once(web: Web, url: str, limits: Limits) -> tuple[Answer | None, _FetchError]:
    nothing = _FetchError(OTHER, "")
    try:
        answer = _followed(web, url, limits)
    except ExchangeError as trouble:
        return None, _FetchError(trouble.kind, trouble.words, trouble.status)
    if answer.status != OK:
        kind = PROXY if answer.status in (407, *BUSY) else OTHER
        return None, _FetchError(kind, f"the answer is HTTP {answer.status}", answer.status, answer.retry_after)
    if _is_page(answer):
        return None, _FetchError(OTHER, "what came back with HTTP 200 is a web page, such as a login page or a notice")
    if not answer.whole and not _is_json(answer.body):
        return None, _FetchError(BROKEN, "the answer tells neither its length nor its end, so it may be half of one")
    return answer, nothing


def _followed(web: Web, url: str, limits: Limits) -> Answer:
    secured, end = url.lower().startswith("https:"), time.monotonic() + limits.seconds
    for _attempt in range(MOST_REDIRECTS + 1):
        plain, headers = _prepared(url)
        left = Limits(max(end - time.monotonic(), 0.001), limits.size)
        answer = web.exchange(plain, left, headers=headers)
        location = str(answer.headers.get("Location") or "")
        if answer.status not in REDIRECTS or not location:
            return answer
        url = joined(plain, location)
        if not url:
            raise ExchangeError(OTHER, "it redirects to what is no URL")
        if secured and not url.lower().startswith("https:"):
            raise ExchangeError(OTHER, f"it redirects to {brief(host_of(url), 100)} without TLS")
    raise ExchangeError(OTHER, f"it redirects more than {MOST_REDIRECTS} times, at last to {brief(host_of(url), 100)}")


def _prepared(url: str) -> tuple[str, dict[str, str]]:
    """The URL without credentials, and the headers; a mirror may want a login, from the URL or from ~/.netrc."""
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise ExchangeError(OTHER, "it is no URL") from error
    headers = {"User-Agent": USER_AGENT, "Accept": "*/*"}
    if not host:
        raise ExchangeError(OTHER, "it is no URL with a host")
    user, password = urllib.parse.unquote(parts.username or ""), urllib.parse.unquote(parts.password or "")
    if not user:
        user, password = _login(host)
    if user:
        headers["Authorization"] = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode('ascii')}"
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="")
    return urllib.parse.urlunsplit(bare), headers


def _login(host: str) -> tuple[str, str]:
    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(host)
    except (OSError, netrc.NetrcParseError):
        return "", ""
    return (found[0] or "", found[2] or "") if found else ("", "")


def _is_page(answer: Answer) -> bool:
    """Neither JSON nor YAML begins as a page does, whatever its type is said to be."""
    return answer.content_type == "text/html" or answer.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _is_json(body: bytes) -> bool:
    try:
        found: t.Any = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict)
