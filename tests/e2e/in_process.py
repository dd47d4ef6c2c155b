# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's own code against the test bed, in this process: real calls and answers, without Ansible's two seconds.

For tables of many cases. That Ansible hands the options on as it should is shown by the tests that run playbooks.
"""

from __future__ import annotations

import contextlib
import functools
import typing as t

import boto3
import botocore.config
from ansible_collections.amazon.aws.plugins.module_utils.retries import RetryingBotoClientWrapper

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import USER_AGENT
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed


@functools.lru_cache
def _session(region: str, key: str, secret: str, token: str | None) -> boto3.Session:
    """One for all modules: reading the services' descriptions takes most of a short test's time."""
    return boto3.Session(key, secret, token, region)


# Credentials of modules while a test acts as somebody: access key, secret key, session token.
_acting: list[tuple[str, str, str]] = []


@contextlib.contextmanager
def acting_as(options: t.Mapping[str, str]) -> t.Iterator[None]:
    """Modules that begin inside have these credentials.

    :param options: C(access_key), C(secret_key) and C(session_token).
    """
    _acting.append((options["access_key"], options["secret_key"], options["session_token"]))
    try:
        yield
    finally:
        _acting.pop()


_clients: dict[tuple[boto3.Session, str, str, str], t.Any] = {}


def _options(config: botocore.config.Config) -> t.Iterator[str]:
    """What was set of a configuration."""
    return (f"{name}={value}" for name, value in config._user_provided_options.items())


class InProcessModule:
    """What the operations take of AnsibleAWSModule.

    :param spec: the module's argument specification; options that are not given get its defaults.
    """

    def __init__(
        self, testbed: TestBed, spec: t.Mapping[str, t.Any], region: str, check: bool = False, **options: t.Any
    ) -> None:
        unknown = sorted(set(options) - set(spec))
        if unknown:
            raise ValueError(f"the module has no option {', '.join(unknown)}")
        self.params = {name: options.get(name, entry.get("default")) for name, entry in spec.items()}
        self.check_mode = check
        self.region = region
        self.warnings: list[str] = []
        self.hidden: set[str] = set()
        keys = _acting[-1] if _acting else (testbed.account_id, "test", None)
        self._session = _session(region, *keys)
        self._url = testbed.aws_endpoint_url

    def client(self, service: str, retry_decorator: t.Any = None, **arguments: t.Any) -> t.Any:
        """A client of the test bed, wrapped as amazon.aws wraps it."""
        arguments.pop("profile_name", None)
        if retry_decorator:
            # As the module's own client names itself; what tests do by hand goes without.
            ours = botocore.config.Config(user_agent_extra=USER_AGENT)
            arguments["config"] = ours.merge(arguments["config"]) if arguments.get("config") else ours
        found = self._client(service, arguments)
        return RetryingBotoClientWrapper(found, retry_decorator) if retry_decorator else found

    def _client(self, service: str, arguments: dict[str, t.Any]) -> t.Any:
        """The same client for the same settings: making one takes longer than most calls."""
        named = {**arguments, "config": sorted(_options(arguments["config"]))} if "config" in arguments else arguments
        key = (self._session, self._url, service, str(sorted(named.items())))
        if key not in _clients:
            _clients[key] = self._session.client(service, endpoint_url=self._url, **arguments)
        return _clients[key]

    def fail_json(self, msg: str, **details: t.Any) -> t.NoReturn:
        """What amazon.aws finds wrong."""
        raise RunnerError(msg, details=details)

    def warn(self, text: str) -> None:
        """Keep the warning."""
        self.warnings.append(text)

    def cover(self, _option: str, public: t.Collection[str]) -> None:
        """Let texts be shown that are no secrets."""
        self.hidden.difference_update(public)

    def hide(self, texts: t.Iterable[str]) -> None:
        """Keep what may not be shown."""
        self.hidden.update(texts)

    def masked(self, text: str) -> str:
        """As Ansible masks it."""
        for secret in sorted(self.hidden, key=len, reverse=True):
            text = text.replace(secret, "********")
        return text


def outcome(module: t.Any, operation: t.Callable[[t.Any], dict[str, t.Any]]) -> dict[str, t.Any]:
    """The result as Ansible has it: that of the operation, or the failure."""
    try:
        return operation(module)
    except RunnerError as error:
        return {"failed": True, "msg": error.message, **error.details}
