# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Posting a message to a webhook. Whoever has its URL can post, so it is a secret: no text tells more than its host."""

from __future__ import annotations

import json
import queue
import re
import threading
import typing as t
import urllib.error
import urllib.parse

from ansible.module_utils.urls import open_url

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import fault
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import is_this_machine, way

# Seconds for one connection, or one part of an answer, and for everything.
TIMEOUT = 10
LONGEST = 30
# Nothing that is shorter protects anything.
SHORTEST_SECRET = 4


def host_of(url: str) -> str:
    """The receiver's host, which may be told.

    :raises RunnerError: it is no https URL; http is for loopback, where there is no wire to listen on.
    """
    if fault(url.strip(), credentials=True):
        raise RunnerError("The webhook is not an https URL", next_step="Correct gitpod_report_notify")
    return urllib.parse.urlsplit(url.strip()).hostname or ""


def post(url: str, message: t.Mapping[str, t.Any], opener: t.Callable[..., t.Any] = open_url) -> int:
    """Post the message as JSON through the control node's proxy settings; the HTTP status.

    :raises RunnerError: it was not taken; the text never has the URL, nor a part of it that could be secret.
    """
    host = host_of(url)
    what = f"The report was not posted to the webhook at {host}"
    answers: queue.SimpleQueue[int | Exception] = queue.SimpleQueue()
    # TIMEOUT begins anew with each byte, so a receiver could hold a run for ever; nothing waits for this thread.
    threading.Thread(target=lambda: answers.put(_attempt(url.strip(), message, opener)), daemon=True).start()
    try:
        answer = answers.get(timeout=LONGEST)
    except queue.Empty:
        why = f"It did not answer within {LONGEST} s, {way(url)}"
        raise RunnerError(what, why, "Check gitpod_report_notify") from None
    if isinstance(answer, urllib.error.HTTPError):
        raise RunnerError(what, f"It answered with HTTP {answer.code}, {way(url)}", "Check gitpod_report_notify")
    if isinstance(answer, Exception):
        told = _without(url, getattr(answer, "reason", None) or answer)
        why = f"{brief(told)} ({way(url)})"
        raise RunnerError(what, why, "Check the control node's way to it, or gitpod_report_notify")
    return answer


def _attempt(url: str, message: t.Mapping[str, t.Any], opener: t.Callable[..., t.Any]) -> int | Exception:
    """The HTTP status, or whatever went wrong: a message that does not arrive fails no run."""
    try:
        with opener(
            url,
            method="POST",
            data=json.dumps(message).encode("utf-8"),
            headers={"Content-Type": "application/json"},
            timeout=TIMEOUT,
            http_agent="gitpod.enterprise_runner",
            use_proxy=not is_this_machine(url),
            follow_redirects="none",
        ) as answer:
            return int(answer.status)
    except Exception as error:
        return error


def _without(url: str, reason: t.Any) -> str:
    """The reason; only its kind where its text has a word of the URL beyond the host, because libraries quote those."""
    parts = urllib.parse.urlsplit(url)
    secret = " ".join((parts.netloc.rpartition("@")[0], parts.path, parts.query, parts.fragment))
    words = re.findall(r"[^/?&=#:@\s]+", urllib.parse.unquote(secret))
    text = urllib.parse.unquote(str(reason))
    named = any(word.casefold() in text.casefold() for word in words if len(word) >= SHORTEST_SECRET)
    return type(reason).__name__ if named or not text else text
