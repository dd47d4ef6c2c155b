# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SDK's error classes in the reader's words: what happened, why, what to do next."""

from __future__ import annotations

import dataclasses
import ssl
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, NotFoundError

HOW_TO_AUTHENTICATE = (
    "Create a personal access token in the dashboard and set api_token (gitpod_api_token), ONA_API_KEY or "
    "GITPOD_API_KEY"
)


@dataclasses.dataclass(frozen=True)
class Meaning:
    """What one of the SDK's error classes means here.

    :param why: begins the reason, before the management plane's own words.
    :param retry: whether the same request may succeed in a moment.
    """

    code: str
    why: str
    next_step: str
    retry: bool = False


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
OTHER = Meaning("unknown", "The management plane failed the call", "Run again; if it stays, show this to Gitpod")
UNTRUSTED = Meaning(
    "untrusted",
    "The certificate of the management plane is not trusted",
    "If a proxy of the company inspects TLS, name its certificate authority with ca_path (gitpod_api_ca_path)",
)
NOT_THE_API = Meaning(
    "not_the_api",
    "The answer is not one of the management plane's API",
    "Check api_url, such as https://app.gitpod.io/api, and whether a proxy answers in its place",
)


def chain(error: BaseException) -> t.Iterator[BaseException]:
    """The exception and its causes, outermost first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        reason = getattr(seen, "reason", None)
        seen = reason if isinstance(reason, BaseException) else seen.__cause__


def meaning_of(error: BaseException, mapped: BaseException) -> Meaning:
    """What failed.

    :param mapped: what the SDK's C(map_error) made of it.
    """
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in chain(error)):
        return UNTRUSTED
    if "content-type" in str(error).lower():
        return NOT_THE_API
    return MEANINGS.get(type(mapped).__name__, OTHER)


def api_error(what: str, error: BaseException, found: Meaning, token: str) -> ApiError:
    """The failure as the collection tells it; the management plane's own words never with the token."""
    words = str(getattr(error, "message", "") or error)
    if token:
        words = words.replace(token, "********")
    kind = NotFoundError if found.code == "not_found" else ApiError
    return kind(f"Could not {what}", f"{found.why}: {words}" if words else found.why, found.next_step, found.code)
