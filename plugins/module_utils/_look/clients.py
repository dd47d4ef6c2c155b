# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of many runners' accounts and regions. What is the same for all is made once: descriptions of services are
read once for the process, a profile's session once for its runners, a client once for a region's.
"""

from __future__ import annotations

import functools
import threading
import typing as t

try:
    import botocore.config as botocore_config
    import botocore.exceptions as botocore_exceptions
    import botocore.loaders as botocore_loaders
    import botocore.session as botocore_session
except ImportError:  # AnsibleAWSModule reports missing boto3 with instructions.
    botocore_config = botocore_exceptions = botocore_loaders = botocore_session = None

from ansible_collections.amazon.aws.plugins.module_utils.retries import RetryingBotoClientWrapper

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import (
    credentials_of_role,
    of_profile,
    once,
    persistent,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import settings as settings_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import (
    USER_AGENT,
    connection_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.registry import all_actions
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._retry import LOOKING

THREADS = 32

# Services with one endpoint for all regions of a partition, so that one client serves them (AWS General Reference,
# "Regional endpoints": global services).
GLOBAL_SERVICES = frozenset({"iam", "route53"})
# Making a client makes a method of each operation, and EC2 has more than six hundred.
LARGE_SERVICES = frozenset({"ec2"})
# Members of answers that nobody reads, by service and shape. A simulation's answer has thousands of them, and a look
# spent a quarter of its processor time in reading them.
UNREAD: t.Mapping[str, t.Mapping[str, frozenset[str]]] = {
    "iam": dict.fromkeys(
        ("EvaluationResult", "ResourceSpecificResult"), frozenset({"MatchedStatements", "EvalDecisionDetails"})
    )
}

Make = t.Callable[..., t.Any]


def settings() -> t.Any:
    """How the clients of a look connect."""
    return settings_of(LOOKING, max_pool_connections=THREADS, user_agent_extra=USER_AGENT)


class Clients:
    """Clients by service, made when they are first needed; safe to use from several threads.

    :param make: makes the client of a service, with other credentials when it is given some.
    """

    def __init__(self, make: Make) -> None:
        self._make = make
        self._made: dict[str, t.Any] = {}
        self._lock = threading.RLock()
        self._assuming: dict[str, Clients] = {}

    def __call__(self, service: str) -> t.Any:
        """The client of the service; its methods take C(aws_retry=True)."""
        found = self._made.get(service)
        if found is None:
            with self._lock:
                if service not in self._made:
                    self._made[service] = self._make(service)
                found = self._made[service]
        return found

    def assuming(self, role_arn: str, role: Role | None = None) -> Clients:
        """Clients with the credentials of a role, which these assume when the first one is needed.

        Making that first one raises C(ApiError) when the role cannot be assumed.

        :param role: the role as clients of other regions have it, so that it is assumed once.
        """
        assumed = role or Role(role_arn, lambda: self("sts"))
        with self._lock:
            return self._assuming.setdefault(
                role_arn, Clients(lambda service: self._make(service, **assumed.credentials()))
            )


class Role:
    """A role that is assumed once, by whoever needs it first."""

    def __init__(self, arn: str, sts: t.Callable[[], t.Any]) -> None:
        self._arn, self._sts = arn, sts
        self._lock = threading.Lock()
        self._credentials: dict[str, str] = {}

    def credentials(self) -> dict[str, str]:
        """Its credentials, for an hour.

        :raises ApiError: it cannot be assumed.
        """
        with self._lock:
            if not self._credentials:
                self._credentials = credentials_of_role(self._sts(), self._arn)
            return self._credentials


class Connections(t.Protocol):
    """Clients by region and profile."""

    def of(self, region: str, profile: str = "", role_arn: str = "") -> Clients:
        """The clients.

        :raises InputError: there is no such profile, or no region.
        """


class _Loader:
    """The SDK's descriptions of services, each read by one thread and once."""

    def __init__(self) -> None:
        self._loader = botocore_loaders.create_loader()
        self._short: dict[str, t.Any] = {}
        self._lock = threading.RLock()

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._loader, name)

    def load_service_model(self, service: str, type_name: str, *more: t.Any, **named: t.Any) -> t.Any:
        """As botocore's own loader has it, but without operations and members of answers that nobody asks for."""
        with self._lock:
            found = self._loader.load_service_model(service, type_name, *more, **named)
            if type_name != "service-2" or not (service in LARGE_SERVICES or service in UNREAD):
                return found
            if service not in self._short:
                self._short[service] = _shortened(service, found)
            return self._short[service]

    def load_data(self, *arguments: t.Any, **named: t.Any) -> t.Any:
        """As botocore's own loader has it."""
        with self._lock:
            return self._loader.load_data(*arguments, **named)


def _shortened(service: str, description: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Of a large service only the operations that the collection calls (C(_permissions)); no member of C(UNREAD).

    :param description: as botocore's C(service-2) has it.
    """
    operations, shapes = description["operations"], dict(description["shapes"])
    if service in LARGE_SERVICES:
        prefix = f"{service}:"
        called = {name.removeprefix(prefix) for name in all_actions() if name.startswith(prefix)}
        operations = {name: entry for name, entry in operations.items() if name in called}
    for name, unread in UNREAD.get(service, {}).items():
        shape = shapes[name]
        members = {key: member for key, member in shape["members"].items() if key not in unread}
        shapes[name] = {**shape, "members": members}
    return {**description, "operations": operations, "shapes": shapes}


@functools.lru_cache(maxsize=1)
def descriptions() -> _Loader:
    """The process's one loader."""
    return _Loader()


def _no_code(_prompt: str) -> t.NoReturn:
    """In place of a prompt for an MFA code (C(mfa_serial) of a profile with a role): nobody can be asked here.

    :raises CredentialRetrievalError: always.
    """
    raise botocore_exceptions.CredentialRetrievalError(
        provider="assume-role",
        error_msg="the role asks for an MFA code (mfa_serial), and a run asks nobody for it. Get a session before the"
        " run (aws sso login, or aws sts assume-role with the code), and name a profile that has it",
    )


class Session:
    """One profile's, or the module's own credentials; makes one client at a time, as the SDK's sessions must."""

    def __init__(self, profile: str | None, loader: t.Any) -> None:
        self._session = botocore_session.Session(profile=profile)
        self._session.register_component("data_loader", loader)
        # The SDK would ask for the code at the terminal, for each runner, amid the look at all of them.
        provider = self._session.get_component("credential_provider").get_provider("assume-role")
        provider._prompter = _no_code
        self._lock = threading.Lock()

    def client(self, service: str, **arguments: t.Any) -> t.Any:
        """A client, as botocore makes it."""
        with self._lock:
            return self._session.create_client(service, **arguments)

    def partition(self, region: str) -> str:
        """The partition that the region is in; a region that the SDK does not know stands for itself."""
        try:
            return str(self._session.get_partition_for_region(region))
        except botocore_exceptions.BotoCoreError:
            return region


class FleetConnections:
    """Clients of every account and region that a fleet is in.

    :param module: has amazon.aws's options: they are the default of a runner that names no region or profile.
    """

    def __init__(self, module: t.Any) -> None:
        region, self._endpoint_url, own = connection_of(module)
        self._region: str = region or ""
        self._own = dict(own)
        self._config = settings()
        for name in ("config", "aws_config"):
            self._config = self._config.merge(self._own.pop(name, None) or botocore_config.Config())
        self._profile: str | None = self._own.pop("profile_name", None) or None
        self._lock = threading.Lock()
        self._sessions: dict[str | None, Session] = {}
        self._clients: dict[tuple[str, str], Clients] = {}
        self._roles: dict[tuple[str, str], Role] = {}
        self._worldwide: dict[tuple[str, ...], t.Any] = {}

    def of(self, region: str, profile: str = "", role_arn: str = "") -> Clients:
        """The clients of a region with a profile's credentials, or with those of a role that these assume.

        :raises InputError: there is no such profile, or no region.
        """
        where = region or self._region
        if not where:
            raise InputError("No region is named", next_step="Set gitpod_region")
        with self._lock:
            key = (where, profile)
            if key not in self._clients:
                self._clients[key] = Clients(self._maker(where, profile))
            found = self._clients[key]
            role = self._roles.setdefault((profile, role_arn), Role(role_arn, lambda: found("sts")))
        # Credentials that cannot be used end the look here, not each of its calls.
        found("sts")
        return found.assuming(role_arn, role) if role_arn else found

    def _maker(self, region: str, profile: str) -> Make:
        keys = {**self._own, **of_profile(profile)}
        named = keys.pop("profile_name", None) or self._profile

        def make(service: str, **credentials: str) -> t.Any:
            given = {**keys, **credentials}
            arguments = {"region_name": region, "endpoint_url": self._endpoint_url, "config": self._config, **given}
            try:
                session = self._session(named)

                def sts(where: str) -> t.Any:
                    return session.client("sts", **{**arguments, "region_name": where})

                def made() -> t.Any:
                    return persistent(
                        RetryingBotoClientWrapper(session.client(service, **arguments), once), LOOKING, sts
                    )

                if service not in GLOBAL_SERVICES:
                    return made()
                key = (service, named or "", session.partition(region), *map(str, given.values()))
                found = self._worldwide.get(key)
                return found if found is not None else self._worldwide.setdefault(key, made())
            except botocore_exceptions.NoRegionError as error:
                raise InputError("No region is named", next_step="Set gitpod_region") from error
            except (ValueError, botocore_exceptions.BotoCoreError) as error:
                raise InputError(
                    "The credentials, or another setting of the AWS SDK, cannot be used",
                    str(error),
                    "Check gitpod_aws_profile and gitpod_dns_aws_profile, and the SDK's own variables and files",
                ) from error

        return make

    def _session(self, profile: str | None) -> Session:
        with self._lock:
            if profile not in self._sessions:
                self._sessions[profile] = Session(profile, descriptions())
            return self._sessions[profile]
