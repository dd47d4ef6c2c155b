# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading endpoints with their addresses, and what they depend on: the service and the VPC's DNS attributes."""

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint, Service
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import is_ours

WORKERS = 4


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_endpoint_info does."""
    options = module.params
    api = Api(client(module, "ec2"), module.region)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        listed = pool.submit(api.endpoints, options["vpc_id"], options["service_name"])
        attributes = pool.submit(api.vpc_dns, options["vpc_id"])
        offered = pool.submit(_service, api, options["service_name"], options["service_region"])
        endpoints = listed.result()
        details = [pool.submit(describe, api, endpoint) for endpoint in endpoints]
        service, problem = offered.result()
        return {
            "changed": False,
            "endpoints": [detail.result() for detail in details],
            "service": service.as_result() if service else None,
            "service_problem": problem,
            "vpc_dns": attributes.result(),
        }


def describe(api: Api, endpoint: Endpoint) -> dict[str, t.Any]:
    """One endpoint with the addresses of its network interfaces."""
    return {
        **endpoint.as_result(),
        "policy": endpoint.policy,
        "managed_by_collection": is_ours(endpoint),
        "addresses": {subnet: list(found) for subnet, found in sorted(api.addresses(endpoint.interface_ids).items())},
    }


def _service(api: Api, name: str, region: str) -> tuple[Service | None, str]:
    """The service, or why it cannot be seen; that is a finding here and no failure."""
    try:
        return api.service(name, region), ""
    except RunnerError as error:
        return None, error.message
