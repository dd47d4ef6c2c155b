# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Route 53 has for the domain: the zones that hold it, their records on its path, and the VPC's private zones."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.plan import names
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import Record, Zone, normal

# One page of ListResourceRecordSets.
PAGE = 300


def hosted_zones(route53: t.Any) -> tuple[Zone, ...]:
    """Every hosted zone of the account."""
    pages = route53.get_paginator("list_hosted_zones").paginate()
    return tuple(Zone.from_api(raw) for page in pages for raw in page["HostedZones"])


def vpc_zones(route53: t.Any, vpc_id: str, region: str) -> tuple[Zone, ...]:
    """The private hosted zones that answer in the VPC, those of other accounts too."""
    found = route53.list_hosted_zones_by_vpc(VPCId=vpc_id, VPCRegion=region, aws_retry=True)["HostedZoneSummaries"]
    return tuple(Zone(raw["HostedZoneId"], normal(raw["Name"]), True) for raw in found)


def holding(zones: t.Iterable[Zone], domain: str, zone_id: str = "") -> tuple[Zone, ...]:
    """Of each kind, public and private, the zones with the longest name that hold the domain; or the one that is named.

    Several of one kind and name are all of interest: which is meant has to be said.
    """
    if zone_id:
        return tuple(zone for zone in zones if zone.id == zone_id)
    found: list[Zone] = []
    for private in (False, True):
        fitting = [zone for zone in zones if zone.private == private and zone.holds(domain)]
        longest = max((len(zone.name) for zone in fitting), default=0)
        found += [zone for zone in fitting if len(zone.name) == longest]
    return tuple(found)


def path(zone: Zone, domain: str) -> tuple[str, ...]:
    """The zone's apex, and every name from there to the domain."""
    name, found = normal(domain), []
    while name and name != zone.name:
        found.append(name)
        name = name.partition(".")[2]
    return tuple(reversed([*found, zone.name]))


def records(route53: t.Any, zone: Zone, domain: str) -> tuple[Record, ...]:
    """The records of the zone that matter: on the domain's path, and of the wildcard.

    A small zone is one call. Of a large one, the page that begins at each name of the path is read; the wildcard
    sorts directly after its parent.
    """
    on_path = path(zone, domain)
    interesting = {*on_path, *names(domain)}
    found: dict[tuple[str, str, str], Record] = {}
    for name in on_path:
        answer = route53.list_resource_record_sets(
            HostedZoneId=zone.id, StartRecordName=f"{name}.", MaxItems=str(PAGE), aws_retry=True
        )
        for raw in answer["ResourceRecordSets"]:
            record = Record.from_api(raw)
            if record.name in interesting:
                found[record.name, record.type, record.routing] = record
        if not answer.get("IsTruncated"):
            # Names of the path sort behind their parents, so the rest of the zone was in this answer.
            break
    return tuple(found.values())
