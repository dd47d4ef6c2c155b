# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients for many calls at once: one client a service, short timeouts, few retries."""

from __future__ import annotations

import threading
import typing as t

try:
    import botocore.config as botocore_config
except ImportError:  # AnsibleAWSModule reports missing boto3 with instructions.
    botocore_config = None

from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import (
    ADDITIONAL_RETRYABLE_CODES,
    credentials_of_role,
    of_profile,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError

# A check of an endpoint that cannot be reached has to end in seconds, not minutes.
CONNECT_TIMEOUT, READ_TIMEOUT = 5, 20
THREADS = 8


class Clients:
    """Clients by service, made when they are first needed; safe to use from several threads.

    :param make: makes the client of a service, with other credentials when it is given some.
    """

    def __init__(self, make: t.Callable[..., t.Any], lock: t.Any = None) -> None:
        self._make = make
        self._made: dict[str, t.Any] = {}
        # A session makes one client at a time.
        self._lock = lock or threading.RLock()

    def __call__(self, service: str) -> t.Any:
        """The client of the service; its methods take C(aws_retry=True)."""
        with self._lock:
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]

    def assuming(self, role_arn: str) -> Clients:
        """Clients with the credentials of a role, which these assume when the first one is needed.

        Making that first one raises C(ApiError) when the role cannot be assumed.
        """
        credentials: dict[str, str] = {}

        def make(service: str) -> t.Any:
            if not credentials:
                credentials.update(credentials_of_role(self("sts"), role_arn))
            return self._make(service, **credentials)

        return Clients(make, self._lock)


def connect(module: t.Any, profile: str | None = None) -> Clients:
    """Clients with the module's credentials, or with those of a profile.

    :raises InputError: there is no such profile, or no region.
    """
    if not module.region:
        raise InputError("No region is named", next_step="Set gitpod_region")
    config = botocore_config.Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        max_pool_connections=THREADS,
        retries={"mode": "standard", "total_max_attempts": 2},
    )
    retry = AWSRetry.jittered_backoff(
        retries=5, delay=0.3, max_delay=3, catch_extra_error_codes=ADDITIONAL_RETRYABLE_CODES
    )

    def make(service: str, **credentials: str) -> t.Any:
        wanted = {**of_profile(profile), **credentials}
        return module.client(service, retry_decorator=retry, config=config, **wanted)

    clients = Clients(make)
    # Credentials that cannot be used end the look here, not each of its checks.
    clients("sts")
    return clients
