# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of a batch's accounts and regions; whoever else makes clients for many runners can stand in here."""

from __future__ import annotations

import threading
import typing as t

try:
    import botocore.config as botocore_config
except ImportError:  # AnsibleAWSModule reports missing boto3 with instructions.
    botocore_config = None

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import of_profile, retrying
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.clients import Clients

CONNECTIONS = 32


def clients_of(module: t.Any) -> t.Callable[[str, str], Clients]:
    """Clients by region and profile; all with the module's session of the profile, which makes one client at a time.

    They raise C(InputError) when the first one is needed and there is no such profile.
    """
    lock = threading.RLock()
    made: dict[tuple[str, str], Clients] = {}

    def of(region: str, profile: str) -> Clients:
        def make(service: str) -> t.Any:
            config = botocore_config.Config(max_pool_connections=CONNECTIONS)
            own = of_profile(profile)
            return module.client(service, retry_decorator=retrying(), config=config, region_name=region, **own)

        with lock:
            return made.setdefault((region, profile), Clients(make, lock))

    return of
