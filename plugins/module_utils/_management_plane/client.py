# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection to the management plane: options in, calls with intent, retries and readable errors."""

from __future__ import annotations

import collections
import dataclasses
import functools
import os
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane import failures
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.transport import Transport
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import keeps_secrets, without_secrets
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

if t.TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_URL = "https://app.gitpod.io/api"
TOKEN_VARIABLES = ("ONA_API_KEY", "GITPOD_API_KEY")
USER_AGENT = "gitpod.enterprise_runner (ansible)"
FIRST_DELAY = 0.5
LONGEST_DELAY = 20.0
# Seconds after which no further try of one call begins, whatever the management plane asks to wait.
LONGEST_CALL = 300.0


@dataclasses.dataclass(frozen=True)
class Connection:
    """How to reach the management plane.

    :param timeout: longest wait in seconds for one answer.
    :param retries: how often a call is repeated that found it unavailable or limiting the rate. At 51 % of failures
        (35 % limits, 8 % errors, 8 % cut connections) one call of 1,600 still fails with ten.
    :param unreached_retries: how often where nobody is there at all.
    """

    url: str
    token: str = dataclasses.field(repr=False)
    timeout: float = 30.0
    ca_path: str = ""
    retries: int = 10
    unreached_retries: int = 10

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any]) -> Connection:
        """The connection that a module's options describe; empty texts count as unset.

        :raises InputError: the token is missing or is none, or the URL is not one that a token may be sent to.
        """
        token = str(options.get("api_token") or "").strip() or token_of_the_environment()
        url = str(options.get("api_url") or "").strip().rstrip("/") or DEFAULT_URL
        if not token:
            raise InputError("No API token is given", next_step=failures.HOW_TO_AUTHENTICATE)
        if not all("!" <= character <= "~" for character in token):
            # Whoever sends it would quote it as a header that is none.
            raise InputError(
                "The API token has blanks, line breaks or other characters in it that no token has; it was not sent",
                next_step="Copy it as one word into api_token (gitpod_api_token), ONA_API_KEY or GITPOD_API_KEY",
            )
        if not safe(url):
            raise InputError(
                f"{brief(repr(without_secrets(url)))} is not an https URL; the token was not sent",
                next_step=f"Write, for example, {DEFAULT_URL}",
            )
        retries = cls.retries if options.get("api_retries") is None else int(options["api_retries"])
        return cls(
            url=url,
            token=token,
            timeout=float(options.get("api_timeout") or cls.timeout),
            ca_path=str(options.get("ca_path") or ""),
            retries=retries,
            unreached_retries=min(retries, int(options.get("unreached_retries", retries))),
        )


def token_of_the_environment() -> str:
    """The token from the variables that the SDK reads, in its order; an empty one counts as unset."""
    return next((value for name in TOKEN_VARIABLES if (value := os.environ.get(name, "").strip())), "")


def safe(url: str) -> bool:
    """Whether a token may be sent there: HTTPS, except on loopback, where there is no wire to listen on."""
    return keeps_secrets(url)


class _Headers:
    """Adds the token to each request of a Connect client."""

    def __init__(self, token: str) -> None:
        self._token = token

    def on_start_sync(self, context: t.Any) -> None:
        """Before the request is sent."""
        context.request_headers["Authorization"] = f"Bearer {self._token}"
        context.request_headers["User-Agent"] = USER_AGENT

    def on_end_sync(self, _started: None, _context: t.Any, _error: Exception | None) -> None:
        """Nothing is left to do."""


class Client:
    """The services of the management plane that the collection uses."""

    def __init__(self, connection: Connection, clock: Clock | None = None) -> None:
        """:raises InputError: the CA file cannot be used."""
        import pyqwest
        from gitpod.v1.environment_connect import EnvironmentServiceClientSync
        from gitpod.v1.runner_configuration_connect import RunnerConfigurationServiceClientSync
        from gitpod.v1.runner_connect import RunnerServiceClientSync

        self.connection = connection
        self.clock = clock or Clock()
        try:
            self._transport = Transport(connection.ca_path, connection.timeout)
        except OSError as error:
            raise InputError(
                f"The certificate authorities in {connection.ca_path} cannot be used",
                str(error),
                "Name a readable file of PEM certificates with ca_path",
            ) from error
        options: dict[str, t.Any] = {
            "interceptors": [_Headers(connection.token)],
            "send_compression": None,
            "timeout_ms": round(connection.timeout * 1000),
            "http_client": pyqwest.SyncClient(self._transport),
        }
        self.runner = RunnerServiceClientSync(connection.url, **options)
        self.configuration = RunnerConfigurationServiceClientSync(connection.url, **options)
        self.environment = EnvironmentServiceClientSync(connection.url, **options)
        self._options = options

    # What few runs need: importing a service takes a twentieth of a second.
    @functools.cached_property
    def group(self) -> t.Any:
        """Groups of the organization."""
        from gitpod.v1.group_connect import GroupServiceClientSync

        return GroupServiceClientSync(self.connection.url, **self._options)

    @functools.cached_property
    def prebuild(self) -> t.Any:
        """Prebuilds and warm pools."""
        from gitpod.v1.prebuild_connect import PrebuildServiceClientSync

        return PrebuildServiceClientSync(self.connection.url, **self._options)

    @functools.cached_property
    def project(self) -> t.Any:
        """Projects."""
        from gitpod.v1.project_connect import ProjectServiceClientSync

        return ProjectServiceClientSync(self.connection.url, **self._options)

    def call(
        self, rpc: Callable[[t.Any], t.Any], request: t.Any, what: str, done: Callable[[], t.Any] | None = None
    ) -> t.Any:
        """One call, repeated with jittered back-off while the management plane fails or limits the rate.

        A wait that the management plane asks for (Retry-After) is heeded, as far as C(LONGEST_CALL) allows.

        :param what: what the call is for, as an infinitive such as C(list the runners).
        :param done: for a call that must not be done twice: looks whether a try whose answer was lost has been carried
            out after all, and returns what it would have answered, or C(None).
        :raises ApiError: any other refusal, or none of the tries succeeded.
        """
        delay, began, met = FIRST_DELAY, self.clock.now(), collections.Counter[failures.Meaning]()
        for tried in range(self.connection.retries + 1):
            try:
                return rpc(request)
            except Exception as error:
                found, failure = self._failure(what, error)
                asked = self._transport.retry_after if found.retry else 0.0
                pause = max(delay * (1 - 0.5 * self.clock.jitter()), asked)
                lost = done is not None and found.code in failures.LOST
                met[found] += 1
                most = self.connection.unreached_retries if failures.unreached(error) else self.connection.retries
                # What is still on its way could be done after the second try, where no look would have seen it.
                spent = tried >= most or 0 < found.repeats < met[found] or (done and found is failures.LATE)
                last = not found.retry or spent or self.clock.now() - began + pause > LONGEST_CALL
                if last and not lost:
                    raise failure from error
            self.clock.sleep(delay if last else pause)
            delay = min(delay * 2, LONGEST_DELAY)
            answer = _looked(done, failure) if done and lost else None
            if answer is not None:
                return answer
            if last:
                raise failure
        raise ApiError(f"Could not {what}")

    def _failure(self, what: str, error: Exception) -> tuple[failures.Meaning, ApiError]:
        from ona_sdk.errors import map_error

        found = failures.meaning_of(error, map_error(what, error))
        return found, failures.api_error(what, error, found, self.connection.token, self.connection.url)


def _looked(done: Callable[[], t.Any], failure: ApiError) -> t.Any:
    """What a call whose answer was lost has done after all.

    :raises ApiError: nobody can say, so another try could do it twice.
    """
    try:
        return done()
    except ApiError as error:
        raise ApiError(
            failure.what,
            f"{failure.why.rstrip('.')}. Whether it was done could not be looked up",
            f"{failure.next_step.rstrip('.')}. Then run again: what was done is found, and nothing is done twice",
            failure.code,
        ) from error
