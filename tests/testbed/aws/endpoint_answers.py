# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of EC2's answers about endpoints and their services, with the keys that AWS's recorded answers have."""

from __future__ import annotations

import hashlib
import re
import typing as t

from ministack.core.responses import get_region
from ministack.services import ec2

if t.TYPE_CHECKING:
    from .endpoints import Service

# AWS's interface endpoints of one service and region share a hosted zone; each private name has one of its own.
_PUBLIC = ".vpce.amazonaws.com"
_ZONES = re.compile(r"<availabilityZoneSet>(.*?)</availabilityZoneSet>")


def items(tag: str, entries: t.Iterable[str]) -> str:
    """A set, as EC2 writes it."""
    return f"<{tag}>" + "".join(f"<item>{entry}</item>" for entry in entries) + f"</{tag}>"


def _hosted_zone(seed: str) -> str:
    return "Z" + hashlib.sha256(seed.encode()).hexdigest()[:19].upper()


def dns_entries(endpoint: str, names: t.Iterable[str]) -> str:
    """Names with the hosted zones that they are in (recording vpc_endpoint_private_names)."""
    entries = []
    for name in names:
        zone = _hosted_zone(name.split(".", 1)[1] if name.endswith(_PUBLIC) else endpoint + name)
        entries.append(f"<dnsName>{name}</dnsName><hostedZoneId>{zone}</hostedZoneId>")
    return items("dnsEntrySet", entries)


def groups(identifiers: t.Iterable[str]) -> str:
    """Security groups with their names."""
    known = {one: ec2._security_groups.get(one, {}).get("GroupName", one) for one in identifiers}
    return items(
        "groupSet", (f"<groupId>{one}</groupId><groupName>{ec2._esc(name)}</groupName>" for one, name in known.items())
    )


def of_others(service: Service, here: bool) -> str:
    """One service that is not AWS's own; another region does not see its zones."""
    name = service.service_name
    number = name.rsplit(".", 1)[-1]
    return (
        f"<item><serviceName>{name}</serviceName><serviceId>{number}</serviceId>"
        f"<serviceRegion>{service.service_region}</serviceRegion>"
        "<serviceType><item><serviceType>Interface</serviceType></item></serviceType>"
        f"{items('availabilityZoneSet', service.zones if here else [])}"
        f"{items('availabilityZoneIdSet', service.zone_ids if here else [])}<owner>995913728426</owner>"
        f"{items('baseEndpointDnsNameSet', [f'{number}.{service.service_region}{_PUBLIC}'])}"
        f"<privateDnsName>{service.private_dns_name}</privateDnsName>"
        f"{items('privateDnsNameSet', [f'<privateDnsName>{service.private_dns_name}</privateDnsName>'])}"
        "<privateDnsNameVerificationState>verified</privateDnsNameVerificationState>"
        "<vpcEndpointPolicySupported>false</vpcEndpointPolicySupported><managesVpcEndpoints>false</managesVpcEndpoints>"
        f"<acceptanceRequired>{str(service.acceptance_required).lower()}</acceptanceRequired><tagSet/>"
        "<supportedIpAddressTypeSet><item>ipv4</item></supportedIpAddressTypeSet></item>"
    )


def of_aws(answered: t.Any) -> t.Any:
    """Ministack's answer about AWS's own services, with what it leaves out (vpc_endpoint_services)."""
    status, headers, body = answered

    def more(match: re.Match[str]) -> str:
        zones = re.findall(r"<item>([^<]+)</item>", match[1])
        identifiers = [ec2._az_id_for_zone_name(zone) for zone in zones]
        return (
            f"{match[0]}{items('availabilityZoneIdSet', identifiers)}<serviceRegion>{get_region()}</serviceRegion>"
            "<managesVpcEndpoints>false</managesVpcEndpoints><tagSet/>"
        )

    return status, headers, _ZONES.sub(more, body.decode()).encode()
