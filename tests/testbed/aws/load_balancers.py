# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network load balancers as AWS describes them: ARN, canonical hosted zone, zones, and a while of provisioning."""

from __future__ import annotations

import re
import time
import typing as t

from ministack.core.responses import get_region
from ministack.services import alb, ec2
from ministack.services.cloudformation import provisioners

from . import control
from .cloudformation_pace import pace

TYPE = "AWS::ElasticLoadBalancingV2::LoadBalancer"
# AWS General Reference, "Elastic Load Balancing endpoints and quotas", Network Load Balancers.
HOSTED_ZONES = {
    "us-east-1": "Z26RNL4JYFTOTI",
    "us-east-2": "ZLMOA37VPKANP",
    "us-west-1": "Z24FKFUX50B4VW",
    "us-west-2": "Z18D5FSROUN65G",
    "ca-central-1": "Z2EPGBW3API2WT",
    "eu-central-1": "Z3F0SRJ5LGBH90",
    "eu-west-1": "Z2IFOLAFXWLO4F",
    "eu-west-2": "ZD4D7Y8KGAS4G",
    "eu-west-3": "Z1CMS0P5QUZ6D5",
    "eu-north-1": "Z1UDT6IFJ4EJM",
    "ap-northeast-1": "Z31USIVHYNEOWT",
    "ap-northeast-2": "ZIBE1TIR4HY56",
    "ap-south-1": "ZVDDRBQ08TROA",
    "ap-southeast-1": "ZKVM4W9LS7TM",
    "ap-southeast-2": "ZCT6FZBF4DROD",
    "sa-east-1": "ZTK26PT1VY4CU",
}
_elsewhere: set[str] = set()
# Share of the whole stack's time that a load balancer is "provisioning" after CloudFormation calls it complete: none on
# AWS, where CloudFormation waits. It is here for load balancers that are created by hand.
_PROVISIONING_SHARE = 0.05


def dns_name(name: str, identifier: str, region: str) -> str:
    """As AWS builds it for network load balancers."""
    return f"{name}-{identifier}.elb.{region}.amazonaws.com"


def renamed(load_balancer: dict[str, t.Any], region: str) -> dict[str, t.Any]:
    """The record of a network load balancer, as AWS would have it."""
    arn = load_balancer["LoadBalancerArn"].replace("loadbalancer/app/", "loadbalancer/net/")
    identifier = (arn.rsplit("/", 1)[-1] + "0" * 16)[:16]
    subnets = [ec2._subnets.get(subnet, {}) for subnet in load_balancer.get("Subnets", [])]
    vpc = next((subnet["VpcId"] for subnet in subnets if subnet.get("VpcId")), load_balancer.get("VpcId", ""))
    return {
        **load_balancer,
        "LoadBalancerArn": arn,
        "DNSName": dns_name(load_balancer["LoadBalancerName"], identifier, region),
        "VpcId": vpc,
        "_created": time.monotonic(),
    }


def _create(logical_id: str, props: dict[str, t.Any], stack_name: str) -> tuple[str, dict[str, t.Any]]:
    arn, attributes = _ministack_create(logical_id, props, stack_name)
    if props.get("Type") != "network":
        return arn, attributes
    region = get_region()
    load_balancer = renamed(alb._lbs[arn], region)
    load_balancer["_created"] -= 3600
    for store in (alb._lbs, alb._tags, alb._lb_attrs):
        value = store.pop(arn, None)
        store[load_balancer["LoadBalancerArn"]] = load_balancer if store is alb._lbs else value
    return load_balancer["LoadBalancerArn"], {
        **attributes,
        "Arn": load_balancer["LoadBalancerArn"],
        "LoadBalancerArn": load_balancer["LoadBalancerArn"],
        "DNSName": load_balancer["DNSName"],
        "LoadBalancerFullName": load_balancer["LoadBalancerArn"].split("loadbalancer/", 1)[1],
        "CanonicalHostedZoneID": HOSTED_ZONES.get(region, "Z0000000000000"),
    }


def state_of(load_balancer: t.Mapping[str, t.Any]) -> str:
    """provisioning for a while after its creation, then active."""
    age = time.monotonic() - load_balancer.get("_created", 0.0)
    return "provisioning" if age < pace.stack_seconds * _PROVISIONING_SHARE else str(load_balancer["State"])


def _xml(load_balancer: dict[str, t.Any]) -> str:
    text = str(_ministack_xml({**load_balancer, "State": state_of(load_balancer)}))
    if load_balancer.get("Type") != "network":
        return text
    zones = "".join(
        f"<member><ZoneName>{ec2._subnets.get(subnet, {}).get('AvailabilityZone', '')}</ZoneName>"
        f"<SubnetId>{subnet}</SubnetId><LoadBalancerAddresses/></member>"
        for subnet in load_balancer.get("Subnets", [])
    )
    text = re.sub(
        r"<AvailabilityZones>.*?</AvailabilityZones>",
        f"<AvailabilityZones>{zones}</AvailabilityZones>",
        text,
        flags=re.S,
    )
    zone = HOSTED_ZONES.get(get_region(), "Z0000000000000")
    return re.sub(r"<CanonicalHostedZoneId>[^<]*<", f"<CanonicalHostedZoneId>{zone}<", text)


def exists(name: str) -> bool:
    """Whether any account has, or ever was said to have, a load balancer of this DNS name (lower case)."""
    return name in _elsewhere or any(
        str(raw.get("DNSName", "")).lower() == name for raw in list(alb._lbs._data.values())
    )


def clear() -> None:
    """No load balancer but ministack's."""
    _elsewhere.clear()


def handle(method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST adds C(names), DNS names of load balancers in accounts that nobody sees; records can point to them."""
    if method == "POST":
        _elsewhere.update(name.lower() for name in body["names"])
    return {"names": sorted(_elsewhere)}


_ministack_create = provisioners._elbv2_load_balancer_create
_ministack_xml = alb._lb_xml


def install(_settings: t.Any) -> None:
    """Change ministack's load balancers in place."""
    provisioners._RESOURCE_HANDLERS[TYPE] = {**provisioners._RESOURCE_HANDLERS[TYPE], "create": _create}
    alb._lb_xml = _xml
    control.register("/_testbed/load-balancers", handle)
