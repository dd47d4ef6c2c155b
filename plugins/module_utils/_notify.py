# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Posting a message to a webhook. Whoever has its URL can post, so it is a secret: no text tells more than its host."""

from __future__ import annotations

import json
import typing as t
import urllib.error
import urllib.parse

from ansible.module_utils.urls import open_url

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError

TIMEOUT = 10


def host_of(url: str) -> str:
    """The receiver's host, which may be told.

    :raises RunnerError: it is no https URL; http is for loopback, where there is no wire to listen on.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urllib.parse.SplitResult("", "", "", "", ""), ""
    loopback = host == "localhost" or host.startswith("127.")
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise RunnerError("The webhook is not an https URL", next_step="Correct gitpod_report_notify")
    return host


def post(url: str, message: t.Mapping[str, t.Any], opener: t.Callable[..., t.Any] = open_url) -> int:
    """Post the message as JSON through the control node's proxy settings; the HTTP status.

    :raises RunnerError: it was not taken; the text never has the URL.
    """
    host = host_of(url)
    what = f"The report was not posted to the webhook at {host}"
    try:
        with opener(
            url,
            method="POST",
            data=json.dumps(message).encode("utf-8"),
            headers={"Content-Type": "application/json"},
            timeout=TIMEOUT,
            http_agent="gitpod.enterprise_runner",
            follow_redirects="none",
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        raise RunnerError(what, f"It answered with HTTP {error.code}", "Check gitpod_report_notify") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        told = str(reason).replace(url, "the URL")
        raise RunnerError(what, told, "Check the control node's way to it, or gitpod_report_notify") from None
