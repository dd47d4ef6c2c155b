# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was seen to verdicts. Pure: no network, no clock."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import (
    connections,
    evidence,
    names,
    tls,
    vantage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Check,
    Observations,
    Request,
)

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

HTTP_OK = 200
HTTPS_PORT = 443


def judge(request: Request, seen: Observations, today: datetime.datetime) -> tuple[Check, ...]:
    """Every check that was asked for, in a fixed order.

    :param today: the present time, with a time zone.
    """
    checks = _reaching(request, seen, today)
    if vantage.out_of_sight(request, seen):
        checks = [vantage.unseen(check, request) for check in checks]
    named: list[Check] = []
    if "dns" in request.checks:
        named += names.judge(request, seen)
        named += [vantage.visibility(request, seen)] if request.visibility else []
    checks = [*named, *checks]
    if "private_dns" in request.checks and request.management_plane:
        checks.append(vantage.management_plane(request, seen))
    return tuple(
        dataclasses.replace(check, evidence=evidence.of(check.identifier, request, seen, today)) for check in checks
    )


def _reaching(request: Request, seen: Observations, today: datetime.datetime) -> list[Check]:
    """The checks that need a connection."""
    checks: list[Check] = []
    if "tcp" in request.checks:
        checks.append(vantage.port("tcp.https", request.port, seen.connections, request))
        if request.http_port:
            checks.append(vantage.port("tcp.http", request.http_port, seen.http_connections, request))
    if "tls" in request.checks:
        checks += [*tls.judge(request, seen, today), vantage.protocol(request, seen)]
    if "health" in request.checks:
        checks += [
            _health("health.domain", request, seen, request.domain),
            _health("health.wildcard", request, seen, request.wildcard),
        ]
    return checks


def is_healthy(checks: Sequence[Check]) -> bool:
    """Nothing failed, and something was proven."""
    return all(check.status != "fail" for check in checks) and any(check.status in ("pass", "warn") for check in checks)


def _health(identifier: str, request: Request, seen: Observations, name: str) -> Check:
    made = [connection for connection in seen.connections if connection.name == name]
    if not made:
        return connections.no_address(identifier, request, name)
    url = f"https://{name}{'' if request.port == HTTPS_PORT else f':{request.port}'}{request.path}"
    bad = [connection for connection in made if connection.status != HTTP_OK]
    if not bad:
        where = ", ".join(connection.address for connection in made)
        return Check(identifier, "pass", f"{url} answers 200 at {where}.")
    summary = f"{url}: " + "; ".join(f"{item.address} {connections.describe(item)}" for item in bad) + "."
    if all(item.outcome == "no_route" for item in bad) and len(bad) < len(made):
        return Check(identifier, "warn", summary, "Look again from a machine that has a route to every address.")
    told = next((item for item in bad if item.outcome != "no_route"), bad[0])
    return Check(identifier, "fail", summary, connections.remedy(told, request))
