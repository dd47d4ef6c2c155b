# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS offers endpoints for, in regions and partitions that differ."""

from __future__ import annotations

import typing as t

import botocore.exceptions
import botocore.session
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.api import Api


class Ec2:
    """EC2 of one region, with services by the region that is asked for, or a code with which that is refused."""

    def __init__(self, region: str, offers: dict[str, t.Any]) -> None:
        made = botocore.session.get_session().create_client("ec2", region_name=region)
        self.meta, self.region, self.offers = made.meta, region, offers

    def describe_vpc_endpoint_services(self, **asked: t.Any) -> dict[str, t.Any]:
        (place,) = asked.get("ServiceRegions") or [self.region]
        offer = self.offers.get(place, [])
        if isinstance(offer, str):
            answer: t.Any = {"Error": {"Code": offer, "Message": "refused"}}
            raise botocore.exceptions.ClientError(answer, "DescribeVpcEndpointServices")
        (names,) = [entry["Values"] for entry in asked["Filters"]]
        kind = [{"ServiceType": "Interface"}]
        return {"ServiceDetails": [{"ServiceName": name, "ServiceType": kind} for name in offer if name in names]}


def offered(region: str, **offers: t.Any) -> dict[str, str]:
    api = Api(Ec2(region, {place.replace("_", "-"): offer for place, offer in offers.items()}), region)
    return {short: service.name for (short, _kind), service in api.offered().items()}


def test_the_names_are_those_that_aws_has_in_the_partition() -> None:
    names = ["com.amazonaws.cn-north-1.ecs", "cn.com.amazonaws.cn-north-1.ecr.api", "com.amazonaws.iam"]
    assert offered("cn-north-1", cn_north_1=names) == {"ecs": names[0], "ecr.api": names[1], "iam": names[2]}
    names = ["gov.ic.c2s.us-iso-east-1.ecr.dkr", "com.amazonaws.us-iso-east-1.logs", "com.amazonaws.us-iso-east-1.kms"]
    assert offered("us-iso-east-1", us_iso_east_1=names) == {"ecr.dkr": names[0], "logs": names[1]}


def test_iam_is_asked_for_where_its_control_plane_is() -> None:
    logs = "com.amazonaws.us-gov-east-1.logs"
    found = offered("us-gov-east-1", us_gov_east_1=[logs], us_gov_west_1=["com.amazonaws.iam"])
    assert found == {"logs": logs, "iam": "com.amazonaws.iam"}


@pytest.mark.parametrize("code", ["InvalidParameter", "InvalidServiceRegion", "UnsupportedOperation"])
def test_a_region_that_knows_no_services_of_another_one_offers_none(code: str) -> None:
    logs = "com.amazonaws.us-gov-east-1.logs"
    assert offered("us-gov-east-1", us_gov_east_1=[logs], us_gov_west_1=code) == {"logs": logs}


def test_what_may_not_be_asked_is_not_what_there_is_not() -> None:
    with pytest.raises(ApiError):
        offered("us-gov-east-1", us_gov_west_1="UnauthorizedOperation")
    with pytest.raises(ApiError):
        offered("us-gov-east-1", us_gov_east_1="InvalidParameter")
