# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of AWS that offer endpoints, beyond those that ministack knows, with the names that they answer for.

Source: PrivateLink guide, "AWS services that integrate with AWS PrivateLink" and "Cross-region enabled AWS services"
(com.amazonaws.iam has no region, and is offered where IAM's control plane is); botocore's endpoints for the hosts.
"""

from __future__ import annotations

import re
import typing as t

from ministack.core.responses import get_region
from ministack.services import ec2

# Beside ministack's.
FURTHER = ("acm", "cloudformation", "ecs", "ecs-agent", "ecs-telemetry", "elasticloadbalancing")
IAM, IAM_REGION = "com.amazonaws.iam", "us-east-1"
_HOSTS = {"ecr.api": "api.ecr", "ecr.dkr": "*.dkr.ecr", "ecs-agent": "ecs-a", "ecs-telemetry": "ecs-t"}
_ITEM = re.compile(
    r"<item>\s*<serviceName>(?P<name>[^<]+)</serviceName>.*?</supportedIpAddressTypeSet>\s*</item>", re.S
)


def interface_names(region: str) -> list[str]:
    """Names of AWS's interface services that are offered in a region, or from there for all regions."""
    there = [f"com.amazonaws.{region}.{short}" for short in (*ec2._VPCE_INTERFACE_SERVICES, "s3", "dynamodb")]
    return [*there, *([IAM] if region == IAM_REGION else [])]


def host(name: str, region: str) -> str:
    """The name for which private DNS of a service answers."""
    if name == IAM:
        return "iam.amazonaws.com"
    short = name.partition(f".{region}.")[2]
    return f"{_HOSTS.get(short, short)}.{region}.amazonaws.com"


def corrected(body: str) -> str:
    """Ministack's answer with the private names that AWS has, and IAM's service where it is."""
    region = get_region()

    def own(match: re.Match[str]) -> str:
        return re.sub(r"(<privateDnsName>)[^<]+", rf"\g<1>{host(match['name'], region)}", match[0])

    return _ITEM.sub(own, body)


def with_iam(
    body: str, filters: t.Mapping[str, list[str]], asked: t.Collection[str], regions: t.Collection[str]
) -> str:
    """The answer with IAM's service, which is seen in its own region, and elsewhere by who asks for that region."""
    here = get_region() == IAM_REGION
    wanted = filters.get("service-name") or list(asked) or [IAM]
    kinds = filters.get("service-type") or ["Interface"]
    if IAM not in wanted or "Interface" not in kinds or not (here or IAM_REGION in regions):
        return body
    names = [f"{IAM_REGION}{letter}" for letter in "abc"] if here else []
    zones = "".join(f"<item>{name}</item>" for name in names)
    identifiers = "".join(f"<item>{ec2._az_id_for_zone_name(name)}</item>" for name in names)
    item = (
        f"<item><serviceName>{IAM}</serviceName><serviceId>vpce-svc-0iam</serviceId>"
        f"<serviceRegion>{IAM_REGION}</serviceRegion>"
        "<serviceType><item><serviceType>Interface</serviceType></item></serviceType>"
        f"<availabilityZoneSet>{zones}</availabilityZoneSet>"
        f"<availabilityZoneIdSet>{identifiers}</availabilityZoneIdSet><owner>amazon</owner>"
        f"<baseEndpointDnsNameSet><item>iam.{IAM_REGION}.vpce.amazonaws.com</item></baseEndpointDnsNameSet>"
        f"<privateDnsName>{host(IAM, IAM_REGION)}</privateDnsName>"
        "<vpcEndpointPolicySupported>true</vpcEndpointPolicySupported><acceptanceRequired>false</acceptanceRequired>"
        "<managesVpcEndpoints>false</managesVpcEndpoints><tagSet/>"
        "<supportedIpAddressTypeSet><item>ipv4</item></supportedIpAddressTypeSet></item>"
    )
    return body.replace("</serviceDetailSet>", f"{item}</serviceDetailSet>", 1)


def install(_settings: t.Any) -> None:
    """Have ministack know further services."""
    ec2._VPCE_INTERFACE_SERVICES = tuple(dict.fromkeys((*ec2._VPCE_INTERFACE_SERVICES, *FURTHER)))
