# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load balancer's ports.

Seen from the control node and from every probe host.
"""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Finding, failed, passed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import connections, evidence
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.check import check, no_address
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Connection,
    Observations,
    Request,
)

CLOSED = ("refused", "timeout", "no_route", "failed")


@check(
    "tcp.https",
    asks="Does the TLS port accept connections at every address?",
    why='Everything goes through it (the guide, "Internal Network Test").',
    fix="Check the load balancer's security group, its listeners, and the network between here and there.",
    measured=lambda request, seen: evidence.outcomes(request.port, seen.connections),
)
def https(request: Request, seen: Observations) -> Finding:
    """Both names' addresses."""
    return _port(request.port, seen.connections, request)


@check(
    "tcp.http",
    asks="Does port 80 accept connections at every address?",
    why="The vendor's template listens there too. Made only where the load balancer does.",
    fix="Admit the port in the load balancer's security group.",
    only_if=lambda request, _seen: bool(request.http_port),
    measured=lambda request, seen: evidence.outcomes(request.http_port, seen.http_connections),
)
def http(request: Request, seen: Observations) -> Finding:
    """Both names' addresses."""
    return _port(request.http_port, seen.http_connections, request)


def _port(number: int, made: tuple[Connection, ...], request: Request) -> Finding:
    if not made:
        return no_address(request, request.domain)
    closed = [item for item in made if item.outcome in CLOSED]
    if not closed:
        where = listed(sorted({item.address for item in made}))
        return passed(f"TCP port {number} accepts connections at {where}.")
    told = listed(list(dict.fromkeys(f"{item.address} {connections.describe(item)}" for item in closed)), by="; ")
    return failed(f"TCP port {number}: {told}.", connections.remedy(closed[0], request))


CHECKS = (https, http)
