# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SDK's error classes in the reader's words: what happened, why, what to do next."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, NotFoundError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.transport import NotTheApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web import exchange
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import advice, host_of, way

# Characters of the management plane's own words.
LONGEST = 1000
HOW_TO_AUTHENTICATE = (
    "Create a personal access token in the dashboard and set api_token (gitpod_api_token), ONA_API_KEY or "
    "GITPOD_API_KEY"
)


@dataclasses.dataclass(frozen=True)
class Meaning:
    """What one of the SDK's error classes means here.

    :param why: begins the reason, before the management plane's own words.
    :param retry: whether the same request may succeed in a moment.
    :param repeats: how often it is repeated after this very failure; 0 for as often as the connection allows.
    """

    code: str
    why: str
    next_step: str
    retry: bool = False
    repeats: int = 0


# By class name, so that nothing is imported before something fails (ona_sdk.errors, SDK 1.2).
MEANINGS: t.Mapping[str, Meaning] = {
    "AuthenticationRequiredError": Meaning(
        "unauthenticated", "The management plane does not accept the API token", f"{HOW_TO_AUTHENTICATE}; tokens expire"
    ),
    "PermissionDeniedError": Meaning(
        "permission_denied",
        "The user of the API token may not do this",
        "Use the token of a user with admin access to the organization",
    ),
    "NotFoundError": Meaning("not_found", "The management plane does not know it", "Check the ID and the organization"),
    "RateLimitedError": Meaning(
        "resource_exhausted",
        "The management plane limits the rate, also after several tries",
        "Run again later, or with fewer forks",
        retry=True,
    ),
    "UnavailableError": Meaning(
        "unavailable",
        "The management plane cannot be reached, also after several tries",
        "Check api_url, the network and https_proxy, and run again",
        retry=True,
    ),
    "DeadlineExceededError": Meaning(
        "deadline_exceeded",
        "The management plane did not answer in time",
        "Run again: what was done meanwhile is found; a longer api_timeout may help",
        retry=True,
        repeats=1,
    ),
    "ValidationError": Meaning(
        "invalid_argument", "The management plane does not accept a value", "Correct the value that is named"
    ),
    "CapabilityUnavailableError": Meaning(
        "unimplemented",
        "The management plane or the runner does not offer this",
        "Update the runner, or check that api_url is the API's (it ends in /api)",
    ),
    "EnvironmentPolicyError": Meaning(
        "failed_precondition",
        "The management plane refuses this in the present state",
        "Remove the cause and run again",
    ),
    "EnvironmentUnreachableError": Meaning(
        "unavailable", "The environment cannot be reached", "Run again once it is up"
    ),
    "MissingAPIKeyError": Meaning("unauthenticated", "No API token is given", HOW_TO_AUTHENTICATE),
}
_FAILED = "The management plane failed the call"
_SHOW = "Run again; if it stays, show this to Gitpod"
OTHER = Meaning("unknown", _FAILED, _SHOW)
# A server says so of what it did not expect: a moment later it may be well, or it meets the same fault each time.
FAULTY = Meaning("unknown", f"{_FAILED}, also after several tries", _SHOW, retry=True, repeats=3)
# Connect protocol, "Error codes": HTTP 500, and the conflict after which the whole call is due again.
FAULTS = frozenset({"internal", "unknown", "aborted"})
# Another run was quicker, or a try of this one whose answer was lost: what is there is looked at.
EXISTS = Meaning("already_exists", "There is one already, and it is another one", "Run again")
UNTRUSTED = Meaning(
    "untrusted",
    "The certificate of the management plane is not trusted",
    "If a proxy of the company inspects TLS, name its certificate authority with ca_path (gitpod_api_ca_path)",
)
NOT_THE_API = Meaning(
    "not_the_api",
    "The answer is not one of the management plane's API",
    "Check that api_url is the API's, such as https://app.gitpod.io/api (it ends in /api)",
)
BROKEN = Meaning(
    "unavailable",
    "The management plane's answer did not arrive whole, also after several tries",
    "Run again: what was done meanwhile is found",
    retry=True,
)
PROXY = Meaning("proxy", "The proxy does not let the request through", "")
UNAVAILABLE = MEANINGS["UnavailableError"]
LATE = MEANINGS["DeadlineExceededError"]
RATE_LIMITED = MEANINGS["RateLimitedError"]
TOO_MANY_REQUESTS = 429
_BY_KIND = {
    exchange.LATE: LATE,
    exchange.UNREACHED: UNAVAILABLE,
    exchange.UNTRUSTED: UNTRUSTED,
    exchange.BROKEN: BROKEN,
    exchange.TOO_LARGE: NOT_THE_API,
}
# After these, nobody knows whether the management plane has carried a call out.
LOST = frozenset({"already_exists", "unavailable", "deadline_exceeded", "unknown"})


def chain(error: BaseException) -> t.Iterator[BaseException]:
    """The exception and its causes, outermost first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def meaning_of(error: BaseException, mapped: BaseException) -> Meaning:
    """What failed.

    :param mapped: what the SDK's C(map_error) made of it.
    """
    for cause in chain(error):
        if isinstance(cause, NotTheApi):
            limited = RATE_LIMITED if cause.status == TOO_MANY_REQUESTS else UNAVAILABLE
            return limited if cause.passing else NOT_THE_API
        if isinstance(cause, exchange.ExchangeError):
            return _BY_KIND.get(cause.kind, UNAVAILABLE if cause.passing else PROXY)
    if connect_code(error) in FAULTS:
        return FAULTY
    if connect_code(error) == EXISTS.code:
        return EXISTS
    found = MEANINGS.get(type(mapped).__name__, OTHER)
    # Of an answer that did arrive, the SDK could not read the message.
    return BROKEN if found is UNAVAILABLE and error.__cause__ is not None else found


def connect_code(error: BaseException) -> str:
    """The Connect protocol's name of an error; empty for an exception of another kind."""
    code = getattr(error, "code", "")
    return str(getattr(code, "value", code)).lower()


def unreached(error: BaseException) -> bool:
    """Whether nobody was there: no connection came about."""
    return any(isinstance(one, exchange.ExchangeError) and one.kind == exchange.UNREACHED for one in chain(error))


def api_error(what: str, error: BaseException, found: Meaning, token: str, url: str) -> ApiError:
    """The failure as the collection tells it; the words of whoever answered never with the token.

    :param url: of the API; where its own answer is missing, the message says which host was asked, and through which
        proxy.
    """
    strange = next((cause for cause in chain(error) if isinstance(cause, NotTheApi | exchange.ExchangeError)), None)
    if isinstance(strange, exchange.ExchangeError):
        words = f"{strange.words} ({host_of(url)}, {way(url)})"
    elif strange is not None:
        words = strange.words
    elif found is BROKEN:
        words = f"its message cannot be read ({host_of(url)}, {way(url)})"
    else:
        words = brief(getattr(error, "message", "") or error, LONGEST)
    if token:
        words = words.replace(token, "********")
    hint = f"Check {advice(url)}" if strange and found is not UNTRUSTED else ""
    then = ". ".join(part for part in (found.next_step, hint) if part)
    kind = NotFoundError if found.code == "not_found" else ApiError
    return kind(f"Could not {what}", f"{found.why}: {words}" if words else found.why, then, found.code)
