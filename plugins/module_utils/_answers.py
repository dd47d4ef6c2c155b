# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers in AWS's place: a proxy's block page, a login page, half an answer, an answer to something else.

The SDK ends there with whatever its parser stumbles over (C(ResponseParserError), C(KeyError), C(RecursionError)),
takes a page for a service's error of code C(403), or, worst, takes a web page with status 200 for an answer without
content: a list that is empty. So each answer is looked at before it is believed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import html
import itertools
import json
import random
import re
import threading
import time
import traceback
import typing as t
import urllib.parse
import uuid

try:
    import botocore.exceptions as botocore_exceptions
    import botocore.parsers as botocore_parsers

    _Base: t.Any = botocore_exceptions.BotoCoreError
    _Sent: t.Any = botocore_exceptions.HTTPClientError
except ImportError:  # AnsibleAWSModule reports missing boto3 with instructions.
    botocore_exceptions = botocore_parsers = None
    _Base = _Sent = Exception

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import always_enabled
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._retry import (
    BROKEN,
    BROKEN_STATUS,
    TOO_MANY,
    Patience,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._service_models import in_body, protocol
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import (
    HOW_TO_WRITE_A_PROXY,
    Proxy,
    proxy_of,
)

# Prefixes of operations that change nothing.
READING = ("Describe", "Get", "List", "Simulate")
# What a read that was answered with half an answer is tried in all; a page that a proxy shows does not change.
TRIES = 4
REDIRECTING_STATUS, REFUSED_STATUS = 300, 400
NEEDS_A_PASSWORD = 407
MOST_SHOWN = 100
_ROOT = re.compile(rb"^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:[\w.-]+:)?([\w.-]+)", re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
# How the XML of a refusal begins: of EC2, of other services of the query protocol, of S3 and Route 53.
_REFUSALS = (b"<?xml", b"<Response>", b"<ErrorResponse", b"<Error>")
_TAG = re.compile(r"<[^>]*>")
# Operations of S3 whose answer may well have nothing in it (S3 API reference).
MAY_BE_EMPTY = frozenset({"GetBucketLocation", "GetBucketVersioning", "GetBucketLogging"})


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back, as far as it is told.

    :param status: of HTTP; 0 when it is not known.
    :param kind: its content type.
    :param body: its first bytes.
    :param location: where it sends the caller.
    """

    status: int = 0
    kind: str = ""
    body: bytes = b""
    location: str = ""

    @classmethod
    def of(cls, response: t.Mapping[str, t.Any]) -> Answer:
        """From the SDK's C(response_dict)."""
        headers = {str(name).lower(): str(value) for name, value in dict(response.get("headers") or {}).items()}
        body = response.get("body")
        kind = headers.get("content-type", "").partition(";")[0].strip()
        first = bytes(body[:4000]) if isinstance(body, (bytes, bytearray)) else b""
        return cls(int(response.get("status_code") or 0), kind, first, headers.get("location", ""))

    @property
    def is_half_an_error(self) -> bool:
        """Whether it begins as a service's refusal does, and breaks off."""
        body = self.body.strip()
        if self.status < REFUSED_STATUS or not body:
            return False
        if body.startswith(b"{"):
            return bool(_foreign_json(body, False))
        begun = any(body.startswith(root) or root.startswith(body) for root in _REFUSALS)
        return begun and not body.endswith((b"Response>", b"Error>"))

    @property
    def told(self) -> str:
        """Such as C(HTTP 403, text/html, "Access denied")."""
        text = self.body.decode("utf-8", "replace")
        title = _TITLE.search(text)
        shown = clean(html.unescape(_TAG.sub(" ", title[1] if title else text)))
        shown = " ".join(shown.split())[:MOST_SHOWN]
        parts = [f"HTTP {self.status}" if self.status else "", self.kind, f'"{shown}"' if shown else ""]
        host = urllib.parse.urlsplit(self.location).hostname if self.location else ""
        return ", ".join(filter(None, [*parts, f"which leads to {host}" if host else ""]))


class ForeignAnswerError(_Sent):
    """Something else than AWS answered, or only half of what AWS said arrived.

    The request was sent, so that a write may have been carried out (C(_writes)).

    :ivar status: of HTTP; 0 when it is not known.
    :ivar half: whether it is the beginning of a service's refusal, which says nothing as long as its end is missing.
    """

    fmt = "{host} did not answer as AWS does ({told})"

    def __init__(self, host: str, answer: Answer, why: str, proxy: Proxy | None = None) -> None:
        told = "; ".join(filter(None, [answer.told, why]))
        super().__init__(host=host, told=told)
        self.host, self.status, self.proxy = host, answer.status, proxy
        self.half = answer.is_half_an_error

    @property
    def next_step(self) -> str:
        """What to do about it."""
        if self.proxy is None:
            return (
                f"No proxy is set for {self.host} (HTTPS_PROXY): see what stands between this host and AWS, such as a"
                " firewall that inspects traffic, a login page, or another AWS_ENDPOINT_URL"
            )
        return _about_the_proxy(self.proxy, self.host, self.status)


class ProxyRefusalError(_Base):
    """The proxy made no connection to AWS."""

    fmt = "The proxy {proxy} makes no connection to {host} ({reason})"

    def __init__(self, host: str, proxy: Proxy, reason: str) -> None:
        super().__init__(host=host, proxy=proxy, reason=reason)
        self.host, self.proxy, self.status = host, proxy, NEEDS_A_PASSWORD if str(NEEDS_A_PASSWORD) in reason else 0

    @property
    def next_step(self) -> str:
        """What to do about it."""
        return _about_the_proxy(self.proxy, self.host, self.status)


class UnreadableProxyError(_Base):
    """The proxy's URL is none; no text repeats it, because a password may stand in it."""

    fmt = "The URL of the proxy in {variable} {fault}"
    next_step = HOW_TO_WRITE_A_PROXY


def _about_the_proxy(proxy: Proxy, host: str, status: int) -> str:
    if status == NEEDS_A_PASSWORD:
        return f"Give the proxy {proxy} a user and a password in {proxy.variable}"
    return f"Have the proxy {proxy} let {host} pass, or name that host in NO_PROXY"


class DisabledRegionError(_Base):
    """The credentials are valid, and the region is not enabled for their account."""

    fmt = "The region {region} is not enabled for the account {account}, whose credentials are valid elsewhere"


def foreign(
    protocol: str, operation: str, members: t.Collection[str], body: bytes, parsed: t.Mapping[str, t.Any]
) -> str:
    """Why an answer with a good status is not the service's; empty for one that is.

    :param protocol: C(query), C(ec2), C(json), C(rest-json), C(rest-xml) or C(smithy-rpc-v2-cbor).
    :param members: what the operation's answer has in its body, by the SDK's description.
    :param parsed: what the SDK made of it.
    """
    known = bool(members) and any(member in parsed for member in members)
    reading = operation.startswith(READING) and bool(members)
    if "json" in protocol:
        return _foreign_json(body, reading and not known)
    if "cbor" in protocol:
        # Whatever is no CBOR, the SDK's parser refuses by itself.
        return "no answer to this call" if reading and not known else ""
    if not body.strip():
        return "an empty answer" if reading or protocol in ("query", "ec2") else ""
    match = _ROOT.match(body)
    root = match[1].decode("ascii", "replace") if match else ""
    if not root or root.lower() in ("html", "body", "head"):
        return "no XML" if not root else "a web page"
    if protocol in ("query", "ec2") and (root == "Response" or not root.endswith("Response")):
        return f"XML that is no answer to {operation}"
    if protocol == "rest-xml" and reading and not known and operation not in MAY_BE_EMPTY:
        return f"XML that is no answer to {operation}"
    return ""


def _foreign_json(body: bytes, nothing_known: bool) -> str:
    try:
        found = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        return "no JSON, or only a part of it"
    if not isinstance(found, dict):
        return "no object in its JSON"
    return "JSON that is no answer to this call" if nothing_known else ""


class Guard:
    """Stands between a client and whoever calls it.

    :param patience: how long half an answer is tried again.
    :param sts: makes a client of STS in a region, with the client's credentials.
    """

    def __init__(self, client: t.Any, patience: Patience, sts: t.Callable[[str], t.Any]) -> None:
        self._call = client._make_api_call
        self._patience, self._sts, self._jitter = patience, sts, random.random
        self._meta = client.meta
        self._last = threading.local()

    @staticmethod
    def stands_before(client: t.Any) -> bool:
        """Whether a client has one already; layers would multiply their tries."""
        return isinstance(getattr(client._make_api_call, "__self__", None), Guard)

    def install(self, client: t.Any) -> None:
        """Every call, page and waiter of the client goes through here from now on.

        C(_make_api_call) is the one way of all of them; it is what the SDK's own tests, moto and tracers replace too.
        """
        service = self._meta.service_model.service_id.hyphenize()
        # Newer SDKs (1.36) tell of an answer before they parse it; without, it is not shown when that fails.
        for event, heed in (("before-parse", self._arrived), ("response-received", self._received)):
            client.meta.events.register(f"{event}.{service}", heed, unique_id=f"gitpod-enterprise-runner-{event}")
        client._make_api_call = self.call

    def call(self, operation: str, parameters: dict[str, t.Any]) -> t.Any:
        """As the SDK's own, with what it makes of strange answers put into words."""
        self._needs_a_way()
        given = {**self._tokens(operation), **parameters}
        for attempt in itertools.count(1):
            self._last.answer = self._last.parsed = None
            try:
                return self._call(operation, given)
            except botocore_exceptions.ClientError as error:
                # What was sent before counts: the refusal may be of a second time (C(_writes.is_repeated)).
                said = error.response.setdefault("ResponseMetadata", {})
                said["RetryAttempts"] = said.get("RetryAttempts", 0) + attempt - 1
                explained = self._explained(error)
                if not (isinstance(explained, ForeignAnswerError) and explained.half):
                    raise explained from error
                problem, cause = explained, error
            except botocore_exceptions.ProxyConnectionError as error:
                raise self._refused(error) from error
            except ForeignAnswerError as error:
                problem, cause = error, error.__cause__
            except Exception as error:
                if not self._of_the_parser(error):
                    raise
                problem, cause = self._foreign("the SDK cannot read it"), error
            pause = self._patience.delay([BROKEN] * attempt, 0.0, self._jitter())
            if pause is None or attempt >= self._tries(operation, problem):
                raise problem from cause
            time.sleep(pause)
        return None

    def _tokens(self, operation: str) -> dict[str, str]:
        """The SDK makes such tokens for each call; this one may be made several times, and is one request."""
        members = self._meta.service_model.operation_model(operation).idempotent_members
        return {name: str(uuid.uuid4()) for name in members}

    def _tries(self, operation: str, problem: ForeignAnswerError) -> int:
        """A gateway's error passes, as one of AWS does; half an answer to a read too; a refusal does not."""
        if problem.status >= BROKEN_STATUS or problem.status == TOO_MANY:
            return self._patience.tries
        passing = problem.half or problem.status < REFUSED_STATUS
        return TRIES if passing and operation.startswith(READING) else 1

    def _of_the_parser(self, error: Exception) -> bool:
        """Whether an exception comes of what was answered, and not of how it was asked for."""
        if isinstance(error, botocore_exceptions.BotoCoreError):
            return False
        if isinstance(error, (botocore_parsers.ResponseParserError, RecursionError)):
            return True
        frames = (frame for frame, _line in traceback.walk_tb(error.__traceback__))
        parsing = any(frame.f_globals.get("__name__") == botocore_parsers.__name__ for frame in frames)
        return parsing or getattr(self._last, "answer", None) is not None

    def _arrived(self, response_dict: t.Mapping[str, t.Any], **_event: t.Any) -> None:
        self._last.answer = Answer.of(response_dict)

    def _received(
        self,
        event_name: str,
        response_dict: t.Mapping[str, t.Any] | None = None,
        parsed_response: t.Mapping[str, t.Any] | None = None,
        **_event: t.Any,
    ) -> None:
        """An answer that was parsed: is it one?"""
        self._last.answer = None
        if response_dict is None or parsed_response is None:
            return
        answer = self._last.parsed = Answer.of(response_dict)
        operation = event_name.rsplit(".", 1)[-1]
        if answer.status < REDIRECTING_STATUS:
            why = self._why(operation, response_dict.get("body"), parsed_response)
        else:
            # A gateway's 5xx is tried again first.
            passing = answer.status >= BROKEN_STATUS or answer.status == TOO_MANY
            why = "" if passing else self._why_no_error(operation, parsed_response)
        if why:
            raise self._error(answer, why)

    def _why_no_error(self, operation: str, parsed: t.Mapping[str, t.Any]) -> str:
        """Without a code of the service the SDK takes HTTP's; only the answer to a HEAD has none."""
        code = str((parsed.get("Error") or {}).get("Code") or "")
        method = self._meta.service_model.operation_model(operation).http.get("method")
        return "" if (code and not code.isdigit()) or method == "HEAD" else "no error of AWS"

    def _why(self, operation: str, body: t.Any, parsed: t.Mapping[str, t.Any]) -> str:
        model = self._meta.service_model.operation_model(operation)
        if model.has_streaming_output or not isinstance(body, (bytes, bytearray)):
            # An object of S3 is anything; S3 always tells its tag (API reference, GetObject).
            return "" if "ETag" in parsed or operation != "GetObject" else "no object of S3"
        return foreign(protocol(model.service_model), operation, in_body(model), bytes(body), parsed)

    def _foreign(self, why: str) -> ForeignAnswerError:
        return self._error(getattr(self._last, "answer", None) or Answer(), why)

    def _error(self, answer: Answer, why: str) -> ForeignAnswerError:
        url = self._meta.endpoint_url
        return ForeignAnswerError(urllib.parse.urlsplit(url).hostname or url, answer, why, proxy_of(url))

    def _refused(self, error: t.Any) -> Exception:
        """The SDK tells neither why nor where to; urllib3's words hold neither user nor password."""
        url = self._meta.endpoint_url
        proxy = proxy_of(url)
        if proxy is None:
            return t.cast("Exception", error)
        reason = getattr(error.kwargs.get("error"), "original_error", None) or "it is not there"
        return ProxyRefusalError(urllib.parse.urlsplit(url).hostname or url, proxy, clean(reason)[:MOST_SHOWN])

    def _needs_a_way(self) -> None:
        """A proxy whose URL nobody can read: the SDK tries for a minute, and then quotes what it takes for the host,
        which may be the password.

        :raises UnreadableProxyError: there is no way to AWS.
        """
        if (proxy := proxy_of(self._meta.endpoint_url)) and proxy.fault:
            raise UnreadableProxyError(variable=proxy.variable, fault=proxy.fault)

    def _explained(self, error: t.Any) -> Exception:
        """What the service's refusal means: itself, a page in its place, or a region that is not enabled."""
        answer, why = getattr(self._last, "parsed", None), self._why_no_error(error.operation_name, error.response)
        if answer is not None and why:
            return self._error(answer, why)
        code = str((error.response.get("Error") or {}).get("Code") or "")
        if code in REFUSED_CREDENTIALS and self._valid_elsewhere:
            return DisabledRegionError(region=self._meta.region_name, account=self._valid_elsewhere)
        return t.cast("Exception", error)

    @functools.cached_property
    def _valid_elsewhere(self) -> str:
        """The account of the credentials, if a region that is always enabled takes them and this one does not."""
        region = str(self._meta.region_name or "")
        home = always_enabled(region)
        return self._account(home) if home and self._refuses(region) else ""

    def _refuses(self, region: str) -> bool:
        """Whether the region itself says that it does not take them; one that cannot be asked says nothing."""
        with contextlib.suppress(botocore_exceptions.BotoCoreError):
            try:
                self._sts(region).get_caller_identity()
            except botocore_exceptions.ClientError as error:
                return str((error.response.get("Error") or {}).get("Code") or "") in REFUSED_CREDENTIALS
        return False

    def _account(self, region: str) -> str:
        """Whose the credentials are; empty where nobody says so."""
        with contextlib.suppress(botocore_exceptions.BotoCoreError, botocore_exceptions.ClientError):
            return str(self._sts(region).get_caller_identity()["Account"])
        return ""


# How services refuse credentials, also valid ones in a region that is not enabled (STS: InvalidClientTokenId, see
# hashicorp/terraform#12940; EC2: AuthFailure; JSON services: UnrecognizedClientException).
REFUSED_CREDENTIALS = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "OptInRequired"})
