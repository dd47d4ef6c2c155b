# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health page under both names.

Seen from the control node and from every probe host.
"""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import connections, evidence
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.check import check, no_address
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import Observations, Request

HTTP_OK = 200
HTTPS_PORT = 443


@check(
    "health.domain",
    asks="Does `/_health` answer 200 under the domain?",
    why='It is how the guide has a person test the runner ("Internal Network Test").',
    fix="Look at the health of the load balancer's targets, and at the events and logs of the stack's ECS services.",
    measured=lambda request, seen: evidence.health(seen, request.domain),
)
def domain(request: Request, seen: Observations) -> Finding:
    """At every address."""
    return _health(request, seen, request.domain)


@check(
    "health.wildcard",
    asks="Does `/_health` answer 200 under a random name below the domain?",
    why="Environments are reached that way.",
    fix="Likewise; where only this one fails, the wildcard's record leads elsewhere.",
    measured=lambda request, seen: evidence.health(seen, request.wildcard),
)
def wildcard(request: Request, seen: Observations) -> Finding:
    """At every address."""
    return _health(request, seen, request.wildcard)


def _health(request: Request, seen: Observations, name: str) -> Finding:
    made = [connection for connection in seen.connections if connection.name == name]
    if not made:
        return no_address(request, name)
    url = f"https://{name}{'' if request.port == HTTPS_PORT else f':{request.port}'}{request.path}"
    bad = [connection for connection in made if connection.status != HTTP_OK]
    if not bad:
        where = listed([connection.address for connection in made])
        return passed(f"{url} answers 200 at {where}.")
    summary = f"{url}: {listed([f'{item.address} {connections.describe(item)}' for item in bad], by='; ')}."
    if all(item.outcome == "no_route" for item in bad) and len(bad) < len(made):
        return warned(summary, "Look again from a machine that has a route to every address.")
    told = next((item for item in bad if item.outcome != "no_route"), bad[0])
    return failed(summary, connections.remedy(told, request))


CHECKS = (domain, wildcard)
