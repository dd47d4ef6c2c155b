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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route_tables import RouteTable


def judged(wanted: Wanted, facts: Facts, closed: t.Sequence[str]) -> Finding:
    """What subnets without a default route can do without.

    :param closed: their IDs.
    """
    tables = known(facts.route_tables) or ()
    return _through_lists(_endpoints_only(wanted, facts, closed), closed, tables)


def _through_lists(found: Finding, closed: t.Sequence[str], tables: t.Sequence[RouteTable]) -> Finding:
    """Where routes for prefix lists may lead to what has no endpoint, a failure is a warning."""
    listed = [paths.listed_ways(paths.table_of(name, tables)) for name in closed]
    if found.status != FAIL or not all(listed):
        return found
    lists = sorted({route.destination for routes_out in listed for route in routes_out})
    through = paths.kinds_of(route for routes_out in listed for route in routes_out)
    return warned(
        f"{found.summary.rstrip('.')}; only prefix lists lead out of {', '.join(closed)} ({', '.join(lists)}, through"
        f" {through}), and their ranges were not looked at.",
        "Make sure that these prefix lists hold everything that the runner calls, or add a default route.",
    )


def _endpoints_only(wanted: Wanted, facts: Facts, closed: t.Sequence[str]) -> Finding:
    tables, endpoints = known(facts.route_tables) or (), known(facts.endpoints) or ()
    required: dict[str, None] = {}
    further: dict[str, None] = {}
    for name in closed:
        lacking = paths.missing_endpoints(endpoints, wanted.region, paths.table_of(name, tables))
        required.update(dict.fromkeys(lacking[0]))
        further.update(dict.fromkeys(lacking[1]))
    where = f"No default route for {', '.join(closed)}"
    if required or not wanted.privatelink_enabled:
        lacking_text = (
            f"no endpoint for {', '.join(required)}" if required else "no PrivateLink to the management plane"
        )
        return failed(
            f"{where}, and {lacking_text}.",
            "Add a default route (NAT or transit gateway, firewall), or all of the endpoints and"
            " gitpod_privatelink_enabled: true.",
        )
    if further:
        return warned(
            f"{where}; endpoints are there for what is required, but not for {', '.join(further)}.",
            "Add these endpoints too; features that use these services fail without them.",
        )
    return passed(f"{where}; VPC endpoints for every service that the runner calls.")
