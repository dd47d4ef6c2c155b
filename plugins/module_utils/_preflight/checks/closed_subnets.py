# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 subnets without a way out: endpoints can stand in for it, and prefix lists may."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    FAIL,
    Finding,
    failed,
    passed,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import paths
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route_tables import RouteTable, table_of


def judged(wanted: Wanted, facts: Facts, closed: t.Sequence[str]) -> Finding:
    """What subnets without a default route can do without.

    :param closed: their IDs.
    """
    tables = known(facts.route_tables) or ()
    where = f"No default route for {', '.join(closed)}"
    if wanted.privatelink_enabled:
        return passed(
            f"{where}; PrivateLink leads to the management plane, and network.endpoints tells what leads to AWS."
        )
    return _through_lists(
        failed(
            f"{where}, and no PrivateLink to the management plane.",
            "Add a default route (NAT or transit gateway, firewall), or endpoints (network.endpoints) and"
            " gitpod_privatelink_enabled: true.",
        ),
        closed,
        tables,
    )


def _through_lists(found: Finding, closed: t.Sequence[str], tables: t.Sequence[RouteTable]) -> Finding:
    """Where routes for prefix lists may lead to what has no endpoint, a failure is a warning."""
    listed = [paths.listed_ways(table_of(name, tables)) for name in closed]
    if found.status != FAIL or not all(listed):
        return found
    lists = sorted({route.destination for routes_out in listed for route in routes_out})
    through = paths.kinds_of(route for routes_out in listed for route in routes_out)
    return warned(
        f"{found.summary.rstrip('.')}; only prefix lists lead out of {', '.join(closed)} ({', '.join(lists)}, through"
        f" {through}), and their ranges were not looked at.",
        "Make sure that these prefix lists hold everything that the runner calls, or add a default route.",
    )
