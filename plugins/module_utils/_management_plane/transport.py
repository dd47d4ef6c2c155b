# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP for the SDK's Connect clients as Ansible users expect it: a corporate CA, the environment's proxies, bounds.

The SDK's own transport knows no CA file, and no limit: neither to the hosts that it follows redirects to with the
token, nor to an answer's time and size. The Connect clients take any transport. What answers in the management plane's
place (a block page, a login page, half an answer) is told apart here, where its status and headers are still known.
"""

from __future__ import annotations

import html
import json
import re
import threading
import typing as t
import urllib.error
import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.exchange import (
    BROKEN,
    BUSY,
    Answer,
    ExchangeError,
    Limits,
    Web,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import host_of, joined, way

MAXIMUM_REDIRECTS = 5
# Of one answer, unpacked. A hundred runners with all that they say of themselves take some hundred kilobytes.
MAXIMUM_ANSWER = 16 * 1024 * 1024
REDIRECTS = frozenset({307, 308})
OK = 200
MESSAGE_TYPE, ERROR_TYPE = "application/proto", "application/json"
# Connect protocol, "Error codes".
CODES = frozenset(
    {
        "canceled",
        "unknown",
        "invalid_argument",
        "deadline_exceeded",
        "not_found",
        "already_exists",
        "permission_denied",
        "resource_exhausted",
        "failed_precondition",
        "aborted",
        "out_of_range",
        "unimplemented",
        "internal",
        "unavailable",
        "data_loss",
        "unauthenticated",
    }
)
LONGEST_MESSAGE = 2000
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,300})", re.IGNORECASE)


class NotTheApi(urllib.error.URLError):
    """Something else has answered.

    :param status: HTTP's.
    :param words: what came back, as a sentence's part, without a secret.
    """

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words

    def __str__(self) -> str:
        return self.words

    @property
    def passing(self) -> bool:
        """Whether it is a gateway's word that nobody is there just now."""
        return self.status in BUSY


def target_of(url: str, location: str) -> str:
    """Where a redirect leads; the token must not follow to another host.

    :raises NotTheApi: it leads to another scheme, host or port, as a login page does.
    """
    target = joined(url, location)
    before, after = urllib.parse.urlsplit(url), urllib.parse.urlsplit(target)
    if (before.scheme, before.netloc) != (after.scheme, after.netloc):
        where = f"{brief(after.scheme, 20)}://{brief(host_of(target), 100)}"
        raise NotTheApi(0, f"{host_of(url)} redirected to {where}, which does not get the token")
    return target


class Transport:
    """What pyqwest's SyncClient sends requests through.

    :param timeout: longest wait in seconds for one answer, from the first packet to the last.
    """

    def __init__(self, ca_path: str, timeout: float) -> None:
        self._web = Web(ca_path)
        self._limits = Limits(timeout, MAXIMUM_ANSWER)
        self._told = threading.local()

    @property
    def retry_after(self) -> float:
        """Seconds that the last answer to this thread asked to wait; 0 without any."""
        return float(getattr(self._told, "seconds", 0.0))

    def execute_sync(self, request: t.Any) -> t.Any:
        """Send one request; the answer is a message of the API, or one of its errors.

        :raises ExchangeError: there is no answer, or a broken one.
        :raises NotTheApi: something else has answered.
        """
        import pyqwest

        content = request.content
        body = content if isinstance(content, bytes) else b"".join(content)
        self._told.seconds = 0.0
        answer = self.send(request.url, request.method, dict(request.headers.items()), body)
        self._told.seconds = answer.retry_after
        found = message_of(request.url, answer) if answer.status == OK else error_of(request.url, answer)
        kept = [("content-type", MESSAGE_TYPE if answer.status == OK else ERROR_TYPE)]
        return pyqwest.SyncResponse(status=answer.status, headers=pyqwest.Headers(kept), content=iter([found]))

    def send(self, url: str, method: str, headers: t.Mapping[str, str], body: bytes) -> Answer:
        """The answer, redirects on the same host followed."""
        for _attempt in range(MAXIMUM_REDIRECTS + 1):
            answer = self._web.exchange(url, self._limits, method, headers, body)
            location = str(answer.headers.get("Location") or "")
            if answer.status not in REDIRECTS or not location:
                return answer
            url = target_of(url, location)
        raise NotTheApi(0, f"{host_of(url)} redirected more than {MAXIMUM_REDIRECTS} times")


def message_of(url: str, answer: Answer) -> bytes:
    """The message of an answer.

    Half a list is a list too, for the encoding of its messages. So an answer has to tell where it ends.

    :raises NotTheApi: it is something else, such as a login page.
    :raises ExchangeError: it may have been cut.
    """
    if answer.content_type != MESSAGE_TYPE:
        raise NotTheApi(answer.status, described(url, answer))
    if not answer.whole:
        raise ExchangeError(BROKEN, "the answer tells neither its length nor its end, so it may be half of one")
    return answer.body


def error_of(url: str, answer: Answer) -> bytes:
    """The API's error, as Connect spells it and with nothing else; of an answer without content, from its status.

    :raises NotTheApi: a proxy, a gateway or another server has answered.
    """
    told = _told(answer)
    bare = not answer.body.strip() and not answer.content_type
    if told is None and not (bare and answer.status in (401, 403, 404)):
        raise NotTheApi(answer.status, described(url, answer))
    if told is None:
        # Connect protocol, "HTTP to Error Code".
        code = {401: "unauthenticated", 403: "permission_denied", 404: "unimplemented"}[answer.status]
        told = {"code": code, "message": described(url, answer)}
    return json.dumps(told).encode()


def _told(answer: Answer) -> dict[str, str] | None:
    if answer.content_type != ERROR_TYPE:
        return None
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("code"), str) or found["code"] not in CODES:
        return None
    message = found.get("message")
    return {"code": found["code"], "message": brief(message, LONGEST_MESSAGE) if isinstance(message, str) else ""}


def described(url: str, answer: Answer) -> str:
    """What answered, as a sentence's part: host, way, status, kind of content, and the title of a page."""
    title = _TITLE.search(answer.body[:20_000])
    words = brief(html.unescape(title[1].decode("utf-8", "replace")), 80) if title else ""
    kind = brief(answer.content_type, 40) or ("no content" if not answer.body else "content of no type")
    to = str(answer.headers.get("Location") or "")
    leads = f", which leads to {brief(host_of(joined(url, to)), 100) or 'nowhere'}" if to else ""
    page = f' ("{words}")' if words else ""
    return f"{host_of(url)} answered with HTTP {answer.status} and {kind}{page}{leads}, {way(url)}"
