# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Route 53 has for the domain: the zones that hold it, their records on its path, and the VPC's private zones."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._paging import every
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.plan import Wanted as WantedRecords
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.plan import names
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import Record, Zone, normal
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.zones import choose_zone

# One page of ListResourceRecordSets.
PAGE = 300


def hosted_zones(route53: t.Any) -> tuple[Zone, ...]:
    """Every hosted zone of the account."""
    pages = route53.get_paginator("list_hosted_zones").paginate()
    return tuple(Zone.from_api(raw) for page in pages for raw in page["HostedZones"])


def vpc_zones(route53: t.Any, vpc_id: str, region: str) -> tuple[Zone, ...]:
    """The private hosted zones that answer in the VPC, those of other accounts too.

    Without those that AWS's services keep, such as the hidden zone of an endpoint's private DNS: nobody can write to
    them, and they go with what they belong to (Route 53 API, HostedZoneOwner).
    """
    # The SDK has no paginator for it; AWS lists a hundred at most on one page.
    found = every(route53.list_hosted_zones_by_vpc, "HostedZoneSummaries", VPCId=vpc_id, VPCRegion=region)
    return tuple(
        Zone(raw["HostedZoneId"], normal(raw["Name"]), True)
        for raw in found
        if not raw.get("Owner", {}).get("OwningService")
    )


def holding(zones: t.Iterable[Zone], domain: str, zone_ids: t.Collection[str] = ()) -> tuple[Zone, ...]:
    """Of each kind, public and private, the zones with the longest name that hold the domain; or those that are named.

    Several of one kind and name are all of interest: which is meant has to be said.
    """
    if zone_ids:
        return tuple(zone for zone in zones if zone.id in zone_ids)
    found: list[Zone] = []
    for private in (False, True):
        fitting = [zone for zone in zones if zone.private == private and zone.holds(domain) and not zone.kept_by]
        longest = max((len(zone.name) for zone in fitting), default=0)
        found += [zone for zone in fitting if len(zone.name) == longest]
    return tuple(found)


def answering_zones(wanted: Wanted, facts: Facts) -> tuple[Zone, ...] | None:
    """The private zones that answer in the VPC that resolves the names; C(None) when that is not known."""
    found = answering_fact(wanted, facts)
    return found if isinstance(found, tuple) else None


def answering_fact(wanted: Wanted, facts: Facts) -> tuple[Zone, ...] | Unread | None:
    """The same as it was read, or why it could not be."""
    return facts.vpc_zones if wanted.resolving_vpc_id == wanted.vpc_id else facts.dns_vpc_zones


def meant(zones: t.Iterable[Zone], answering: t.Iterable[Zone], wanted: Wanted) -> list[Zone]:
    """The zones that runner_dns chooses; those that answer in the VPC that resolves the names know that.

    :param answering: the private zones that answer in that VPC.
    :raises RunnerError: there is no such zone, or it is not clear which.
    """
    here = {zone.id for zone in answering}
    known = [dataclasses.replace(zone, vpcs=(wanted.resolving_vpc_id,)) if zone.id in here else zone for zone in zones]
    if wanted.dns_zone_ids:
        by_id = {zone.id: zone for zone in known}
        missing = [zone_id for zone_id in wanted.dns_zone_ids if zone_id not in by_id]
        if missing:
            raise RunnerError(
                f"The account has no hosted zone {' and '.join(missing)}",
                next_step="Correct gitpod_dns_hosted_zone_id and gitpod_dns_further_hosted_zone_ids, or use the account"
                " that has them (gitpod_dns_aws_profile, gitpod_dns_role_arn)",
            )
        return [by_id[zone_id] for zone_id in wanted.dns_zone_ids]
    kinds = (False, True) if wanted.dns_split_horizon else (wanted.dns_private_zone,)
    return [choose_zone(known, wanted.domain_name, private, wanted.resolving_vpc_id) for private in kinds]


def wanted_records(wanted: Wanted, balancer: t.Mapping[str, str]) -> WantedRecords:
    """What runner_dns is asked for.

    :param balancer: empty while there is no load balancer.
    """
    return WantedRecords(
        domain=wanted.domain_name,
        target=balancer.get("dns_name", ""),
        target_zone=balancer.get("canonical_hosted_zone_id", ""),
        record_type=wanted.dns_record_type,
        ttl=wanted.dns_ttl,
        dual_stack=balancer.get("ip_address_type", "") == "dualstack",
        overwrite=wanted.dns_overwrite,
    )


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
