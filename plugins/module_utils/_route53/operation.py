# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a change of both names, and waiting until Route 53 serves it everywhere."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client, intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, TimeoutExceededError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.plan import (
    ADDRESS_TYPES,
    Change,
    Record,
    Wanted,
    Zone,
    after,
    check,
    choose_zone,
    names,
    normal,
    plan,
    plan_removal,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

IN_SYNC_PACE = Pace(first=2.0, longest=10.0, growth=1.5)
Raw = dict[tuple[str, str], dict[str, t.Any]]


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_dns does."""
    options = module.params
    route53 = client(module, "route53")
    absent = options["state"] == "absent"
    wanted = _wanted(options)
    if not absent and not wanted.target:
        raise InputError("load_balancer_dns_name is needed", next_step="runner_stack_info returns it")
    zone = find_zone(route53, options["hosted_zone_id"] or "", wanted.domain, options["private_zone"])
    if not absent:
        check(wanted, zone)
    current, raw = read_records(route53, zone, wanted.domain)
    removal = plan_removal(current, wanted.domain, wanted.target, wanted.overwrite) if absent else None
    changes = plan(current, wanted) if removal is None else removal
    change_id = ""
    if changes and not module.check_mode:
        change_id = apply(route53, zone, changes, raw)
        if options["wait"]:
            wait_until_in_sync(route53, change_id, options["wait_timeout"], Clock())
    return _result(zone, current, changes, change_id)


def _wanted(options: t.Mapping[str, t.Any]) -> Wanted:
    return Wanted(
        domain=options["domain_name"],
        target=options["load_balancer_dns_name"] or "",
        target_zone=options["load_balancer_hosted_zone_id"] or "",
        record_type=options["record_type"],
        ttl=options["ttl"],
        evaluate=options["evaluate_target_health"],
        dual_stack=options["dual_stack"],
        overwrite=options["overwrite"],
    )


def _result(zone: Zone, current: t.Sequence[Record], changes: t.Sequence[Change], change_id: str) -> dict[str, t.Any]:
    records = after(current, changes)
    found: dict[str, t.Any] = {
        "changed": bool(changes),
        "hosted_zone": {"id": zone.id, "name": zone.name, "private": zone.private},
        "records": [record.as_result() for record in sorted(records, key=lambda record: (record.name, record.type))],
        "change_id": change_id,
    }
    if changes:
        header = f"records in {zone.name} ({zone.id})"
        found["diff"] = {
            "before": _as_text(current),
            "after": _as_text(records),
            "before_header": header,
            "after_header": header,
        }
    return found


def _as_text(records: t.Iterable[Record]) -> str:
    return "".join(f"{line}\n" for line in sorted(record.as_line() for record in records))


def find_zone(route53: t.Any, zone_id: str, domain: str, private: bool) -> Zone:
    """The zone that is named, or the best one of the account."""
    if zone_id:
        with intent(f"read the hosted zone {zone_id}"):
            return Zone.from_api(route53.get_hosted_zone(Id=zone_id, aws_retry=True)["HostedZone"])
    with intent("list the hosted zones"):
        zones: list[Zone] = []
        page = route53.list_hosted_zones(aws_retry=True)
        zones += [Zone.from_api(raw) for raw in page["HostedZones"]]
        while page.get("IsTruncated"):
            page = route53.list_hosted_zones(Marker=page["NextMarker"], aws_retry=True)
            zones += [Zone.from_api(raw) for raw in page["HostedZones"]]
    return choose_zone(zones, domain, private)


def read_records(route53: t.Any, zone: Zone, domain: str) -> tuple[list[Record], Raw]:
    """The address records of both names, also exactly as Route 53 has them.

    The wildcard sorts directly after its parent, so a page that starts at the domain holds both.
    """
    both = names(domain)
    found: list[Record] = []
    raw: Raw = {}
    with intent(f"read the records of {normal(domain)}"):
        page = route53.list_resource_record_sets(
            HostedZoneId=zone.id, StartRecordName=f"{normal(domain)}.", MaxItems="100", aws_retry=True
        )
    for entry in page["ResourceRecordSets"]:
        record = Record.from_api(entry)
        if record.name in both and record.type in ADDRESS_TYPES:
            found.append(record)
            raw[(record.name, record.type)] = entry
    return found, raw


def apply(route53: t.Any, zone: Zone, changes: t.Sequence[Change], raw: Raw) -> str:
    """Send the one change batch; its ID."""
    batch = {"Comment": "gitpod.enterprise_runner", "Changes": [change.as_api(raw) for change in changes]}
    with intent(f"change the records in {zone.name}"):
        answer = route53.change_resource_record_sets(HostedZoneId=zone.id, ChangeBatch=batch, aws_retry=True)
    return str(answer["ChangeInfo"]["Id"]).rsplit("/", 1)[-1]


def wait_until_in_sync(route53: t.Any, change_id: str, timeout: float, clock: Clock) -> None:
    """Wait until every authoritative server has the change.

    :raises TimeoutExceededError: not in time; the change is accepted and comes by itself.
    """
    for _elapsed in poll(clock, timeout, IN_SYNC_PACE):
        with intent(f"read the change {change_id}"):
            if route53.get_change(Id=change_id, aws_retry=True)["ChangeInfo"]["Status"] == "INSYNC":
                return
    raise TimeoutExceededError(
        f"Route 53 has accepted the change {change_id}, but not spread it within {timeout:.0f} s",
        next_step="Run again; nothing is lost",
    )
