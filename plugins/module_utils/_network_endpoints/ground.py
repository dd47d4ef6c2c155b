# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the endpoints depend on, put together from what is known and what has to be read besides."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.api import Api, Offered
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.model import Ground
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint, Subnet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route_tables import RouteTable, table_of


def complete(
    api: Api,
    region: str,
    subnets: t.Sequence[Subnet],
    tables: t.Sequence[RouteTable],
    endpoints: t.Sequence[Endpoint],
    offered: Offered | None,
    claimed: frozenset[str] = frozenset(),
) -> Ground:
    """The ground under the runner's subnets, with the groups and the zones of the endpoints of the list.

    :param subnets: the runner's.
    """
    own = {subnet.id: found.id for subnet in subnets if (found := table_of(subnet.id, tables))}
    ours = [endpoint for endpoint in endpoints if listed(endpoint.service_name, region)]
    there = {subnet.id: subnet for subnet in subnets}
    others = sorted({subnet for endpoint in ours for subnet in endpoint.subnet_ids} - set(there))
    there.update({subnet.id: subnet for subnet in api.subnets(others)} if others else {})
    zones, cidrs = ({name: getattr(one, field) for name, one in there.items()} for field in ("zone", "cidr"))
    groups = api.groups.of_ids(sorted({group for endpoint in ours for group in endpoint.security_group_ids}))
    by_id = {group.id: group for group in groups}
    return Ground(region, tuple(subnets), own, offered, zones, by_id, claimed, cidrs)
