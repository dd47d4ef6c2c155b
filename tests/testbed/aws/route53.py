# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route 53's refusals that ministack lacks, and C(\\052) for the asterisk.

Source: Route 53 API reference, ChangeResourceRecordSets; RFC 1034 section 3.6.2. The words about alias targets:
barnybug/cli53#213, harmony-one/harmony-ops#491, rust-lang/simpleinfra#907.
"""

from __future__ import annotations

import re
import typing as t

from ministack.services import ec2, route53

from . import endpoints, load_balancers
from .load_balancers import HOSTED_ZONES

# Classic and application load balancers have the region before "elb"; they are in other zones.
_NETWORK_LOAD_BALANCER = re.compile(r"\.elb\.([a-z0-9-]+)\.amazonaws\.com$")
_LOAD_BALANCER = re.compile(r"\.elb\.([a-z0-9-]+\.)?amazonaws\.com$")


def _asterisk(name: str) -> str:
    return name.lower().replace("\\052", "*")


def problems(zone_name: str, records: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """What AWS would not accept in a zone with these records."""
    found = []
    by_name: dict[str, set[str]] = {}
    for record in records:
        by_name.setdefault(record["Name"], set()).add(record["Type"])
    for name, types in by_name.items():
        if not (name == zone_name or name.endswith(f".{zone_name}")):
            found.append(f"RRSet with DNS name {name} is not permitted in zone {zone_name}")
        if "CNAME" in types and name == zone_name:
            found.append(f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone_name}")
        elif "CNAME" in types and len(types) > 1:
            found.append(
                f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the"
                f" same DNS name in zone {zone_name}"
            )
    return found + [problem for record in records for problem in _alias_problems(record)]


def _alias_problems(record: t.Mapping[str, t.Any]) -> list[str]:
    """AWS knows each region's zone of network load balancers, and compares it with the target's name."""
    alias = record.get("AliasTarget") or {}
    target = str(alias.get("DNSName", "")).rstrip(".").lower()
    match = _NETWORK_LOAD_BALANCER.search(target)
    right = HOSTED_ZONES.get(match[1], "") if match else ""
    if not right or alias.get("HostedZoneId") == right:
        return []
    return [
        f"Tried to create an alias that targets {target}., type {record['Type']} in zone"
        f" {alias.get('HostedZoneId')}, but the alias target name does not lie within the target zone"
    ]


def _missing_targets(records: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """Aliases to load balancers that no account has; AWS looks for them when a record is written, and never again."""
    found = []
    for record in records:
        alias = record.get("AliasTarget") or {}
        target = str(alias.get("DNSName", "")).rstrip(".").lower().removeprefix("dualstack.")
        if _LOAD_BALANCER.search(target) and not load_balancers.exists(target):
            found.append(
                f"Tried to create an alias that targets {target}., type {record['Type']} in zone"
                f" {alias.get('HostedZoneId')}, but that target was not found"
            )
    return found


def _change(zone_id: str, body: bytes) -> t.Any:
    """Apply the batch, and take it back when AWS would have refused it; batches are atomic."""
    with route53._lock:
        zone = route53._zones.get(zone_id)
        # ministack puts a record of its own in the place of each that is written.
        untouched = list(route53._records.get(zone_id, []))
        before = [dict(record) for record in untouched]
    body = body.replace(b"\\052", b"*")
    answer = _ministack_change(zone_id, body)
    if zone is None or answer[0] != 200:
        return answer
    with route53._lock:
        for record in route53._records[zone_id]:
            record["Name"] = _asterisk(record["Name"])
        written = [record for record in route53._records[zone_id] if not any(record is old for old in untouched)]
        refused = problems(_asterisk(zone["name"]), route53._records[zone_id]) + _missing_targets(written)
        if refused:
            route53._records[zone_id] = before
    if refused:
        return route53._error_response("InvalidChangeBatch", "[" + ", ".join(refused) + "]")
    return answer


def _list(zone_id: str, query: dict[str, t.Any]) -> t.Any:
    query = {key: _plain(value) if key == "name" else value for key, value in query.items()}
    status, headers, body = _ministack_list(zone_id, query)
    if isinstance(body, bytes):
        return status, headers, body.replace(b"<Name>*.", b"<Name>\\052.")
    return status, headers, str(body).replace("<Name>*.", "<Name>\\052.")


def _plain(value: t.Any) -> t.Any:
    return [_asterisk(entry) for entry in value] if isinstance(value, list) else _asterisk(str(value))


def _sort_key(name: str) -> tuple[str, ...]:
    """Route 53 sorts by reversed labels, the asterisk as the escape that it is written with."""
    return tuple(_ministack_sort_key(name.replace("\\052", "*")))


_ministack_change = route53._change_resource_record_sets
_ministack_list = route53._list_resource_record_sets
_ministack_sort_key = route53._name_sort_key


OK = 200
# The largest page (Route 53 API, ListHostedZonesByVPC), and who owns the zone that private DNS of an endpoint makes
# (terraform-provider-aws#37783).
MOST_ZONES, ENDPOINT_SERVICE = 100, "vpce.amazonaws.com"
_ministack_list_by_vpc = route53._list_hosted_zones_by_vpc


def _private_names(vpc: str) -> list[tuple[dict[str, t.Any], str]]:
    """The VPC's endpoints with private DNS, each with its service's private name; of all regions, as the call is."""
    found = []
    for _key, record in list(ec2._vpc_endpoints._data.items()):
        service = endpoints._services.get(record["ServiceName"])
        there = record["VpcId"] == vpc and record["State"] not in ("deleting", "deleted")
        if there and record.get("PrivateDnsEnabled") and service and service.private_dns_name:
            found.append((record, service.private_dns_name))
    return found


def _list_by_vpc(query: dict[str, t.Any]) -> t.Any:
    """ListHostedZonesByVPC names the private zones of every account with their owners, and hidden ones of endpoints."""
    answered = _ministack_list_by_vpc(query)
    if answered[0] != OK:
        return answered

    def given(name: str) -> str:
        value = query.get(name, "")
        return str(value[0] if isinstance(value, list) else value)

    vpc = {"VPCId": given("vpcid"), "VPCRegion": given("vpcregion")}
    zones = [
        (zone["id"], zone["name"], ("OwningAccount", str(key[0])))
        for key, zone in list(route53._zones._data.items())
        if route53._zone_has_vpc(zone, vpc)
    ]
    zones = sorted(zones) + [
        (f"Z{record['VpcEndpointId'].removeprefix('vpce-').upper()}", f"{name}.", ("OwningService", ENDPOINT_SERVICE))
        for record, name in _private_names(vpc["VPCId"])
    ]
    first, most = int(given("nexttoken") or 0), min(int(given("maxitems") or MOST_ZONES), MOST_ZONES)

    def build(root: t.Any) -> None:
        summaries = route53.SubElement(root, "HostedZoneSummaries")
        for zone_id, name, (kind, owner) in zones[first : first + most]:
            item = route53.SubElement(summaries, "HostedZoneSummary")
            route53.SubElement(item, "HostedZoneId").text = zone_id
            route53.SubElement(item, "Name").text = name
            route53.SubElement(route53.SubElement(item, "Owner"), kind).text = owner
        route53.SubElement(root, "MaxItems").text = str(most)
        if first + most < len(zones):
            route53.SubElement(root, "NextToken").text = str(first + most)

    return route53._xml_response("ListHostedZonesByVPCResponse", build)


def install(_settings: t.Any) -> None:
    """Change ministack's Route 53 in place."""
    route53._list_hosted_zones_by_vpc = _list_by_vpc
    route53._change_resource_record_sets = _change
    route53._list_resource_record_sets = _list
    route53._name_sort_key = _sort_key
