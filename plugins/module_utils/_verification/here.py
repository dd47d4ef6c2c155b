# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network as the machine sees it that asks AWS, in the same process: one start of Python less for each runner."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.looking import NetworkObserver
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import CHECKS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observing import watch
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.fleet import Fleet, Host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.operation import wait_until_in_sync
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.verdict import healthy

Options = dict[str, t.Any]
# Where the vendor's template listens for plain HTTP.
HTTP_PORT = 80
# Route 53 says that a change is everywhere within a minute or so; seconds.
IN_SYNC_TIMEOUT = 300


def change_ids(host: Host) -> list[str]:
    """Changes of Route 53 that this run made (fact gitpod_dns_result)."""
    return [change for zone in host.earlier.dns.get("zones") or [] for change in zone.get("change_ids") or []]


def wait_for_records(fleet: Fleet, host: Host) -> None:
    """Until all of Route 53's name servers have the changes; whoever asks earlier remembers that there is no answer.

    :raises TimeoutExceededError: not in time.
    """
    changes = change_ids(host)
    if changes:
        fleet.board.waits(host.name, "Route 53's name servers")
        wait_until_in_sync(Api(fleet.zone_clients(host)("route53")), changes, IN_SYNC_TIMEOUT)


class _Missing:
    """What C(operation.prepare) takes of a module: its way to say that a library is missing."""

    @staticmethod
    def fail_json(msg: str, **_more: t.Any) -> None:
        raise RunnerError(msg)


@dataclasses.dataclass(frozen=True)
class Network:
    """What M(gitpod.enterprise_runner.runner_health_info) is to look at; the rest is in what AWS said."""

    host: Host

    def parameters(self, seen: t.Mapping[str, t.Any], wait_timeout: float) -> Options:
        """All options of that module.

        :param seen: the result of the look at AWS; may be empty.
        """
        values = self.host.values
        balancer, endpoint = seen.get("load_balancer") or {}, seen.get("endpoint") or {}
        listens = HTTP_PORT in balancer.get("ports", ())
        privatelink = values.get("gitpod_privatelink_enabled")
        return {
            "domain_name": values.get("gitpod_domain_name") or "",
            "port": values["gitpod_verify_port"],
            # Port 80 has to answer where the load balancer listens on it.
            "http_port": values["gitpod_verify_http_port"] if listens else 0,
            "resolvers": values.get("gitpod_resolvers") or [],
            "ca_path": values.get("gitpod_verify_ca_path"),
            "validate_certs": values["gitpod_verify_validate_certs"],
            "timeout": values["gitpod_verify_timeout"],
            "accepted_ranges": values.get("gitpod_verify_accepted_ranges") or [],
            "path": "/_health",
            "checks": list(CHECKS),
            "wildcard_label": None,
            "inside_vpc": False,
            "expected_load_balancer_dns_name": balancer.get("dns_name"),
            "load_balancer_visibility": balancer.get("scheme"),
            "management_plane_name": endpoint.get("private_dns_name") if privatelink else None,
            "management_plane_addresses": endpoint.get("addresses", []),
            "wait_timeout": wait_timeout,
        }

    def check(self) -> None:
        """Before anything is asked.

        :raises RunnerError: a value is wrong, or a library is missing.
        """
        operation.prepare(_Missing, self.parameters({}, 0))

    def look(self, fleet: Fleet, seen: t.Mapping[str, t.Any], wait_timeout: float) -> Options:
        """The result that the other module would have."""
        parameters = self.parameters(seen, wait_timeout)
        request, client = operation.prepare(_Missing, parameters)
        required = self.host.values.get("gitpod_verify_required") or []
        found = watch(
            NetworkObserver(client.connect, client.timeout, fleet.network),
            request,
            wait_timeout,
            required=required,
            tell=lambda line: fleet.board.waits(self.host.name, line),
        )
        result = operation.result_of(found, datetime.datetime.now(datetime.timezone.utc))
        if required:
            result["healthy"] = healthy([(check.identifier, check.status) for check in found.checks], required)
        return result
