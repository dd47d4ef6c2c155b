# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 calls about a VPC's endpoints for AWS's own services, each with its intent; nothing here decides anything."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _route_tables as route_tables
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import boto3_tags, intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import (
    SERVICES,
    names,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._paging import every
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api as SingleApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Endpoint,
    Service,
    Wanted,
)

Offered = dict[tuple[str, str], Service]


class Api(SingleApi):
    """The calls that this stage's operations need, in one region."""

    def of_vpc(self, vpc_id: str) -> tuple[Endpoint, ...]:
        """Every endpoint of a VPC, whoever made it."""
        with intent(f"list the endpoints of {vpc_id}"):
            filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
            raw = every(self._ec2.describe_vpc_endpoints, "VpcEndpoints", Filters=filters)
        return tuple(Endpoint.from_api(entry) for entry in raw)

    def route_tables(self, vpc_id: str) -> tuple[route_tables.RouteTable, ...]:
        """The VPC's route tables."""
        with intent(f"list the route tables of {vpc_id}"):
            return route_tables.read(self._ec2, vpc_id)

    def offered(self) -> Offered:
        """Those of the list that AWS offers in this region, by short name and kind.

        A filter leaves out what there is not, where naming it would be an error; services for a whole partition are
        asked for where they are kept.
        """
        found = self._offered(self._region, names(self._region))
        for service in SERVICES:
            place = service.region(self._region)
            if place != self._region:
                found += self._offered_elsewhere(place, service.names(self._region))
        by_name = {name: service for service in SERVICES for name in service.names(self._region)}
        return {
            (by_name[raw["ServiceName"]].short, kind["ServiceType"]): Service.from_api(raw, self._region)
            for raw in found
            for kind in raw.get("ServiceType", [])
            if raw["ServiceName"] in by_name
        }

    def _offered_elsewhere(self, region: str, wanted: t.Sequence[str]) -> list[dict[str, t.Any]]:
        """Nothing where the region knows no services of the other one: not all partitions have them across regions."""
        try:
            return self._offered(region, wanted)
        except ApiError as error:
            if error.code.startswith(("Invalid", "Unsupported")):
                return []
            raise

    def _offered(self, region: str, wanted: t.Sequence[str]) -> list[dict[str, t.Any]]:
        arguments: dict[str, t.Any] = {"Filters": [{"Name": "service-name", "Values": list(wanted)}]}
        if region != self._region:
            if not self._knows("DescribeVpcEndpointServices", "ServiceRegions"):
                # botocore before 1.35.70 knows no endpoints across regions.
                return []
            arguments["ServiceRegions"] = [region]
        with intent("list the services that AWS offers endpoints for"):
            return list(every(self._ec2.describe_vpc_endpoint_services, "ServiceDetails", **arguments))

    def create_gateway(self, wanted: Wanted, table_ids: t.Sequence[str], token: str) -> Endpoint:
        """Begin to create a gateway endpoint."""
        with intent(f"create the endpoint for {wanted.service_name}"):
            answer = self._ec2.create_vpc_endpoint(
                VpcEndpointType="Gateway",
                VpcId=wanted.vpc_id,
                ServiceName=wanted.service_name,
                RouteTableIds=sorted(table_ids),
                ClientToken=token,
                TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": boto3_tags(wanted.tags)}],
                aws_retry=True,
            )
        return Endpoint.from_api(answer["VpcEndpoint"])


def claimed(route53: t.Any, vpc_id: str, region: str) -> frozenset[str]:
    """Names of the private hosted zones that answer in a VPC, without those that AWS keeps.

    :raises ApiError: they could not be read.
    """
    with intent(f"list the private hosted zones of {vpc_id}"):
        found = every(route53.list_hosted_zones_by_vpc, "HostedZoneSummaries", VPCId=vpc_id, VPCRegion=region)
        return frozenset(
            raw["Name"].rstrip(".").lower() for raw in found if not (raw.get("Owner") or {}).get("OwningService")
        )
