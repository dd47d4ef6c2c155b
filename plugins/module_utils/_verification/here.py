# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network as the machine sees it that asks AWS, in the same process: one start of Python less for each runner."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client_elsewhere
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import CHECKS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.operation import wait_until_in_sync

# Where the vendor's template listens for plain HTTP.
HTTP_PORT = 80

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "domain_name": {"type": "str", "required": True},
    "port": {"type": "int", "default": 443},
    "http_port": {"type": "int", "default": HTTP_PORT},
    "resolvers": {"type": "list", "elements": "str", "default": []},
    "ca_path": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 10},
    "accepted_ranges": {"type": "list", "elements": "str", "default": []},
}
ROUTE53_SPEC: dict[str, dict[str, t.Any]] = {
    "change_ids": {"type": "list", "elements": "str", "required": True},
    "profile": {"type": "str"},
    "assume_role_arn": {"type": "str"},
    "wait_timeout": {"type": "int", "default": 300},
}


def wait_for_records(module: t.Any, options: t.Mapping[str, t.Any]) -> None:
    """Until all of Route 53's name servers have the changes; whoever asks earlier remembers that there is no answer.

    :param options: as C(ROUTE53_SPEC) has them.
    :raises TimeoutExceededError: not in time.
    """
    if options["change_ids"]:
        api = Api(client_elsewhere(module, "route53", options["profile"], options["assume_role_arn"]))
        wait_until_in_sync(api, options["change_ids"], options["wait_timeout"])


@dataclasses.dataclass(frozen=True)
class Network:
    """What M(gitpod.enterprise_runner.runner_health_info) is to look at; the rest is in what AWS said.

    :param options: as C(ARGUMENT_SPEC) has them.
    :param common: options of the module that hold for both looks.
    """

    options: t.Mapping[str, t.Any]
    common: t.Mapping[str, t.Any]

    def parameters(self, seen: t.Mapping[str, t.Any], wait_timeout: float) -> dict[str, t.Any]:
        """All options of that module.

        :param seen: the result of the look at AWS; may be empty.
        """
        balancer, endpoint = seen.get("load_balancer") or {}, seen.get("endpoint") or {}
        listens = HTTP_PORT in balancer.get("ports", ())
        return {
            **self.options,
            # Port 80 has to answer where the load balancer listens on it.
            "http_port": self.options["http_port"] if listens else 0,
            "path": "/_health",
            "checks": list(CHECKS),
            "wildcard_label": None,
            "inside_vpc": False,
            "expected_load_balancer_dns_name": balancer.get("dns_name"),
            "load_balancer_visibility": balancer.get("scheme"),
            "management_plane_name": endpoint.get("private_dns_name") if self.common["privatelink"] else None,
            "management_plane_addresses": endpoint.get("addresses", []),
            "required": self.common["required"],
            "progress_path": self.common["progress_path"],
            "wait_timeout": wait_timeout,
        }

    def check(self, module: t.Any) -> None:
        """Before anything is asked.

        :raises InputError: an option is wrong.
        """
        operation.prepare(module, self.parameters({}, 0))

    def look(self, module: t.Any, seen: t.Mapping[str, t.Any], wait_timeout: float) -> dict[str, t.Any]:
        """The result that the other module would have."""
        parameters = self.parameters(seen, wait_timeout)
        request, client = operation.prepare(module, parameters)
        return operation.look(request, client, parameters)[1]
