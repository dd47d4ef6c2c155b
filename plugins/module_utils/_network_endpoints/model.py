# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the endpoints have to serve, and what one stands on: subnets, route tables, groups, services. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._address_ranges import network
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Endpoint,
    Service,
    Subnet,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import PURPOSE_TAG, ownership_tags

# Marks what this stage makes, beside the tags of ownership: a VPC's endpoint to the management plane has it not.
PURPOSE = "network-endpoints"
# One for all endpoints of a VPC; names of groups are unique there.
GROUP_NAME = "gitpod-network-endpoints"


@dataclasses.dataclass(frozen=True)
class Asked:
    """What the options ask for.

    :param name: the runner's.
    :param runner_id: empty where it is not known.
    :param subnet_ids: the runner's EC2 subnets.
    :param ranges: address ranges that are admitted besides those of the subnets.
    :param tags: of what is made, besides those by which it is found again.
    """

    name: str
    vpc_id: str
    runner_id: str = ""
    subnet_ids: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any]) -> Asked:
        """From options of runner_network_endpoints, of which all but name and VPC may be left out."""
        runner_id = options.get("runner_id") or ""
        given = {key: str(value) for key, value in (options.get("tags") or {}).items()}
        own = {**ownership_tags(options["name"], runner_id), PURPOSE_TAG: PURPOSE}
        return cls(
            options["name"],
            options["vpc_id"],
            runner_id,
            tuple(options.get("subnet_ids") or ()),
            # As EC2 keeps them, without bits of hosts (EC2 API reference, IpRange), or each run would add them again.
            tuple(str(network(given) or given) for given in options.get("further_ranges") or ()),
            {"Name": options["name"], **given, **own},
        )


@dataclasses.dataclass(frozen=True)
class Ground:
    """The VPC as far as the endpoints depend on it.

    :param subnets: the runner's.
    :param tables: each one's route table, by the subnet's ID; one whose table is not known is not in it.
    :param offered: the list's services that AWS offers here, by short name and kind; C(None) where that is not known.
    :param zones: of every subnet that is known, by its ID.
    :param groups: those of the endpoints, by their ID.
    :param claimed: names of private hosted zones that answer in the VPC.
    :param cidrs: of every subnet that is known, by its ID.
    """

    region: str
    subnets: tuple[Subnet, ...]
    tables: t.Mapping[str, str]
    offered: t.Mapping[tuple[str, str], Service] | None = None
    zones: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    groups: t.Mapping[str, Group] = dataclasses.field(default_factory=dict)
    claimed: frozenset[str] = frozenset()
    cidrs: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def ranges(self) -> tuple[str, ...]:
        """Of the runner's subnets."""
        return tuple(sorted({subnet.cidr for subnet in self.subnets if subnet.cidr}))

    @property
    def table_ids(self) -> tuple[str, ...]:
        """The runner's route tables, each once."""
        return tuple(sorted(set(self.tables.values())))


def is_for_the_network(tags: t.Mapping[str, str]) -> bool:
    """Whether this stage made it."""
    return tags.get(PURPOSE_TAG) == PURPOSE


def as_result(endpoint: Endpoint) -> dict[str, t.Any]:
    """Plain data, with what a gateway endpoint has."""
    tables = {"route_table_ids": list(endpoint.route_table_ids)} if endpoint.route_table_ids else {}
    return {**endpoint.as_result(), "kind": endpoint.kind, **tables}
