# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trying again: which failed calls, how often, after how long. One layer for every call, page and waiter of a client.

The SDK's own retries are switched off beside it (C(total_max_attempts: 1)), because its bucket of retry tokens
(botocore, C(retries/quota.py): 500 for a client, 5 a retry) is empty after some 200 calls when half of them fail, and
then nothing is tried again; and because layers multiply. Unlike amazon.aws's decorator this also covers paginators,
waiters and connections that are reset.
"""

from __future__ import annotations

import dataclasses
import random
import time
import typing as t

try:
    import botocore.exceptions as botocore_exceptions
except ImportError:  # AnsibleAWSModule reports missing boto3 with instructions.
    botocore_exceptions = None

# The services' names for "too often". Sources: botocore, C(data/_retry.json) and C(retries/standard.py); each service's
# API reference, "Common errors". Any other code that says so (C(_says_so)) counts too.
THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
# A quota of things as well as of calls, by service: a quota of things is not waited for.
LIMIT_CODES = frozenset({"LimitExceeded", "LimitExceededException"})
BROKEN_CODES = frozenset(
    {
        "IDPCommunicationError",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
    }
)
TOO_MANY, BROKEN_STATUS = 429, 500
# Kinds of failures: AWS is busy; AWS or the connection broke; nobody answers in time; there is nobody to connect to; a
# limit that may be one of calls.
BUSY, BROKEN, SILENT, UNREACHABLE, LIMITED = "busy", "broken", "silent", "unreachable", "limited"
# Where a call's failures are kept, in the SDK's context of the call.
KEPT = "gitpod_enterprise_runner_failures"


@dataclasses.dataclass(frozen=True)
class Patience:
    """How often a call is tried, and how long.

    With half of all calls failing (35 % throttled, 8 % 5xx, 8 % reset), sixteen tries fail once in 50,000 calls.

    :param tries: of a call that AWS throttles, or that breaks.
    :param silent: of one that nobody answers in time; each costs the timeout of the connection.
    :param unreachable: of one that finds nobody to connect to.
    :param limited: of one that meets a limit which may be a quota.
    :param longest: seconds after the first failure after which no try is begun.
    :param first: longest pause before the second try, in seconds; the next ones are twice as long each.
    :param pause: longest pause of all.
    """

    tries: int = 16
    silent: int = 3
    unreachable: int = 4
    limited: int = 4
    longest: float = 240.0
    first: float = 0.5
    pause: float = 8.0

    def delay(self, failures: t.Sequence[str], elapsed: float, jitter: float) -> float | None:
        """Seconds until the next try, or C(None) when there is none.

        :param failures: the kind of each failure so far, the last one included.
        :param elapsed: seconds since the first.
        :param jitter: from 0 to 1, so that many callers do not come back at once.
        """
        most = {SILENT: self.silent, UNREACHABLE: self.unreachable, LIMITED: self.limited}
        own = failures.count(failures[-1])
        pause = min(self.pause, self.first * 2.0 ** (len(failures) - 1)) * jitter
        if len(failures) >= self.tries or own >= most.get(failures[-1], self.tries) or elapsed + pause > self.longest:
            return None
        return pause


# What changes something, and what waits for it.
PATIENT = Patience()
# What only looks: an endpoint that does not answer costs seconds, not minutes.
LOOKING = Patience(silent=2, unreachable=3, longest=120.0)


def kind_of(code: str, status: int, message: str = "", error: BaseException | None = None) -> str:
    """What kind of failure an answer or an exception is; empty for one that another try would meet again.

    :param code: the service's error code, or empty.
    :param status: of HTTP, or 0 without an answer.
    """
    if error is not None:
        return _kind_of_exception(error)
    if code in THROTTLING_CODES or status == TOO_MANY or _says_so(code):
        return BUSY
    if code in LIMIT_CODES:
        return BUSY if "rate" in message.lower() or "throttl" in message.lower() else LIMITED
    return BROKEN if code in BROKEN_CODES or status >= BROKEN_STATUS else ""


def _says_so(code: str) -> bool:
    return "throttl" in code.lower() or code.startswith("TooManyRequests")


def _kind_of_exception(error: BaseException) -> str:
    names = botocore_exceptions
    if isinstance(error, (names.ConnectTimeoutError, names.ReadTimeoutError)):
        return SILENT
    if isinstance(error, (names.EndpointConnectionError, names.ProxyConnectionError, names.SSLError)):
        return UNREACHABLE
    return BROKEN if isinstance(error, (names.ConnectionError, names.HTTPClientError)) else ""


class Retries:
    """Says at each of a client's failures whether to try again; the SDK asks it (event C(needs-retry)).

    Keeps what it has to know of a call with the call, so that it serves many threads.

    :param now: seconds on a monotonic clock.
    :param jitter: from 0 to 1.
    """

    def __init__(
        self,
        patience: Patience,
        now: t.Callable[[], float] = time.monotonic,
        jitter: t.Callable[[], float] = random.random,
    ) -> None:
        self._patience, self._now, self._jitter = patience, now, jitter

    def register(self, client: t.Any) -> None:
        """Before the SDK's own, whose word is then not heard."""
        event = f"needs-retry.{client.meta.service_model.service_id.hyphenize()}"
        client.meta.events.register_first(event, self.needed, unique_id="gitpod-enterprise-runner-retries")

    def needed(
        self,
        response: tuple[t.Any, t.Mapping[str, t.Any]] | None = None,
        caught_exception: BaseException | None = None,
        request_dict: t.Mapping[str, t.Any] | None = None,
        **_event: t.Any,
    ) -> float | None:
        """Seconds to the next try, or C(None)."""
        kind = failed_with(response, caught_exception)
        if not kind:
            return None
        kept = t.cast("dict[str, t.Any]", (request_dict or {}).get("context", {})).setdefault(KEPT, ([], self._now()))
        kept[0].append(kind)
        return self._patience.delay(kept[0], self._now() - kept[1], self._jitter())


def failed_with(
    response: tuple[t.Any, t.Mapping[str, t.Any]] | None, caught_exception: BaseException | None = None
) -> str:
    """The kind of failure that the SDK tells of in its event C(needs-retry); empty for none, or none of these."""
    if response is None:
        return kind_of("", 0, error=caught_exception) if caught_exception else ""
    http, parsed = response
    said = parsed.get("Error") or {}
    return kind_of(str(said.get("Code") or ""), int(http.status_code), str(said.get("Message") or ""))
