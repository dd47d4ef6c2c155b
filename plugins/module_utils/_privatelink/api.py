# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 calls about endpoints, each with its intent; nothing here decides anything."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import boto3_tags, intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    NotFoundError,
    RunnerError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._paging import every
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group_api import GroupApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Endpoint,
    Service,
    Subnet,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import cross_region


class Api:
    """The calls that an endpoint's operations need, in one region."""

    def __init__(self, ec2: t.Any, region: str) -> None:
        self._ec2 = ec2
        self._region = region
        self.groups = GroupApi(ec2)

    def _knows(self, operation: str, field: str) -> bool:
        shape = self._ec2.meta.service_model.operation_model(operation).input_shape
        return bool(shape and field in shape.members)

    def service(self, name: str, region: str) -> Service:
        """The service, which is the guide's step "Verify service".

        :raises RunnerError: it cannot be seen from here.
        """
        arguments: dict[str, t.Any] = {"ServiceNames": [name]}
        if cross_region(self._region, region):
            if not self._knows("DescribeVpcEndpointServices", "ServiceRegions"):
                raise RunnerError(
                    "This botocore cannot reach endpoint services of another region",
                    next_step="Install botocore 1.35.70 or newer",
                )
            arguments["ServiceRegions"] = [region]
        try:
            with intent(f"find the endpoint service {name}"):
                found = every(self._ec2.describe_vpc_endpoint_services, "ServiceDetails", **arguments)
        except ApiError as error:
            if error.code != "InvalidServiceName":
                raise
            found = []
        if not found:
            raise RunnerError(
                f"The endpoint service {name} cannot be seen from {self._region}",
                f"It is offered in {region}" if region else "",
                "Check name and region of the service, and ask Gitpod to admit this account and region",
            )
        raw = found[0]
        return Service(
            name=name,
            region=raw.get("ServiceRegion") or region or self._region,
            zones=tuple(sorted(raw.get("AvailabilityZones", []))),
            zone_ids=tuple(sorted(raw.get("AvailabilityZoneIds", []))),
            private_dns_name=raw.get("PrivateDnsName", ""),
            private_dns_names=tuple(entry["PrivateDnsName"] for entry in raw.get("PrivateDnsNames", [])),
            acceptance_required=bool(raw.get("AcceptanceRequired", False)),
        )

    def subnets(self, ids: t.Sequence[str]) -> list[Subnet]:
        """The subnets' zones and VPCs."""
        with intent(f"read the subnets {', '.join(ids)}"):
            raw = every(self._ec2.describe_subnets, "Subnets", SubnetIds=list(ids))
        return [
            Subnet(
                entry["SubnetId"],
                entry["AvailabilityZone"],
                entry["VpcId"],
                entry.get("AvailabilityZoneId", ""),
                entry.get("CidrBlock", ""),
            )
            for entry in raw
        ]

    def addresses(self, interface_ids: t.Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The private addresses of network interfaces, by subnet."""
        if not interface_ids:
            return {}
        with intent("read the addresses of the endpoint's network interfaces"):
            raw = every(
                self._ec2.describe_network_interfaces, "NetworkInterfaces", NetworkInterfaceIds=list(interface_ids)
            )
        found: dict[str, tuple[str, ...]] = {}
        for entry in raw:
            # IPv6 addresses come in a list of their own.
            own = [item["PrivateIpAddress"] for item in entry.get("PrivateIpAddresses", [])]
            own = own or [entry["PrivateIpAddress"]] if entry.get("PrivateIpAddress") else own
            own += [item["Ipv6Address"] for item in entry.get("Ipv6Addresses", [])]
            found[entry["SubnetId"]] = tuple(sorted({*found.get(entry["SubnetId"], ()), *own}))
        return found

    def vpc_dns(self, vpc_id: str) -> dict[str, bool]:
        """Whether the VPC has DNS support and DNS hostnames, by the attribute's name."""
        found = {}
        for attribute, key in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
            with intent(f"read {attribute} of {vpc_id}"):
                answer = self._ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=attribute, aws_retry=True)
            found[attribute] = bool(answer[key]["Value"])
        return found

    def switch_on_vpc_dns(self, vpc_id: str, attribute: str) -> None:
        """Switch one of the two on; AWS takes one a call."""
        key = attribute[0].upper() + attribute[1:]
        with intent(f"switch on {attribute} of {vpc_id}"):
            self._ec2.modify_vpc_attribute(VpcId=vpc_id, **{key: {"Value": True}}, aws_retry=True)

    def endpoints(self, vpc_id: str, service_name: str) -> list[Endpoint]:
        """The endpoints for the service in the VPC."""
        filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "service-name", "Values": [service_name]}]
        with intent(f"list the endpoints of {vpc_id}"):
            raw = every(self._ec2.describe_vpc_endpoints, "VpcEndpoints", Filters=filters)
        return [Endpoint.from_api(entry) for entry in raw]

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """One endpoint; C(None) when it is gone, or not visible yet just after its creation."""
        try:
            with intent(f"read the endpoint {endpoint_id}"):
                raw = every(self._ec2.describe_vpc_endpoints, "VpcEndpoints", VpcEndpointIds=[endpoint_id])
        except NotFoundError:
            return None
        return Endpoint.from_api(raw[0]) if raw else None

    def create(self, wanted: Wanted, subnet_ids: t.Sequence[str], private_dns: bool, token: str) -> Endpoint:
        """Begin to create."""
        arguments: dict[str, t.Any] = {
            "VpcEndpointType": "Interface",
            "VpcId": wanted.vpc_id,
            "ServiceName": wanted.service_name,
            # In one order: another one would be another request to EC2, which refuses it with the same token.
            "SubnetIds": sorted(subnet_ids),
            "PrivateDnsEnabled": private_dns,
            "ClientToken": token,
            "TagSpecifications": [{"ResourceType": "vpc-endpoint", "Tags": boto3_tags(wanted.tags)}],
        }
        if wanted.security_group_ids:
            arguments["SecurityGroupIds"] = sorted(wanted.security_group_ids)
        if wanted.policy:
            arguments["PolicyDocument"] = wanted.policy
        if wanted.ip_address_type:
            arguments["IpAddressType"] = wanted.ip_address_type
        if cross_region(self._region, wanted.service_region):
            arguments["ServiceRegion"] = wanted.service_region
        with intent(f"create the endpoint for {wanted.service_name}"):
            return Endpoint.from_api(self._ec2.create_vpc_endpoint(**arguments, aws_retry=True)["VpcEndpoint"])

    def modify(self, endpoint_id: str, arguments: t.Mapping[str, t.Any]) -> None:
        """Change an endpoint in place."""
        with intent(f"modify the endpoint {endpoint_id}"):
            self._ec2.modify_vpc_endpoint(VpcEndpointId=endpoint_id, **arguments, aws_retry=True)

    def tag(self, endpoint_id: str, add: t.Mapping[str, str], remove: t.Sequence[str]) -> None:
        """Add and remove tags."""
        with intent(f"tag the endpoint {endpoint_id}"):
            if add:
                self._ec2.create_tags(Resources=[endpoint_id], Tags=boto3_tags(add), aws_retry=True)
            if remove:
                self._ec2.delete_tags(Resources=[endpoint_id], Tags=[{"Key": key} for key in remove], aws_retry=True)

    def delete(self, endpoint_id: str) -> None:
        """Begin to delete.

        :raises ApiError: AWS reports an item as unsuccessful, which it does without an error.
        """
        with intent(f"delete the endpoint {endpoint_id}"):
            answer = self._ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id], aws_retry=True)
        # One that is gone already is what was asked for.
        refused = [
            item for item in answer.get("Unsuccessful", []) if "NotFound" not in item.get("Error", {}).get("Code", "")
        ]
        if refused:
            reason = refused[0].get("Error", {})
            raise ApiError(
                f"The endpoint {endpoint_id} could not be deleted",
                reason.get("Message", ""),
                # An empty code would stand for a lost answer.
                code=reason.get("Code") or "Unsuccessful",
            )
