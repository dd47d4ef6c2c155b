# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is there, what is wanted, and the one change batch between them: both names, or given records.

Rules: Route 53 developer guide, "Choosing between alias and non-alias records"; RFC 1034 section 3.6.2 (a CNAME stands
alone, and so never at a zone's apex).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _ownership as ownership
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import (
    ADDRESS_TYPES,
    Change,
    Record,
    Zone,
    equal,
    normal,
)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """Where both names shall point, or other records that shall be there.

    :param target: the load balancer's DNS name.
    :param former_targets: those of load balancers that the runner's stack had before; records that point there are its.
    :param target_zone: the load balancer's canonical hosted zone ID, for alias records.
    :param records: wanted instead of both names: CNAME records, such as those that validate a certificate.
    """

    domain: str
    target: str = ""
    target_zone: str = ""
    record_type: str = "alias"
    ttl: int = 300
    evaluate: bool = True
    dual_stack: bool = False
    overwrite: bool = False
    records: tuple[Record, ...] = ()
    former_targets: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name whose records are looked at."""
        return tuple(dict.fromkeys(record.name for record in self.records)) or names(self.domain)

    def owns(self, record: Record) -> bool:
        """Whether a record is what this asks for, as far as its target tells."""
        if self.records:
            return any(
                record.type == goal.type and record.name == goal.name and record.target == goal.target
                for goal in self.records
            )
        targets = (self.target, *self.former_targets)
        return ownership.of_records(record.target, *targets).relation == ownership.OURS


def names(domain: str) -> tuple[str, str]:
    """The domain and its wildcard; always both."""
    return normal(domain), f"*.{normal(domain)}"


def wanted_records(wanted: Wanted) -> list[Record]:
    """The records as they shall be."""
    if wanted.records:
        return list(wanted.records)
    found = []
    for name in names(wanted.domain):
        if wanted.record_type == "cname":
            found.append(Record(name, "CNAME", (f"{normal(wanted.target)}.",), wanted.ttl))
            continue
        for kind in ("A", "AAAA") if wanted.dual_stack else ("A",):
            target, zone = normal(wanted.target), wanted.target_zone
            found.append(Record(name, kind, alias=target, alias_zone=zone, evaluate=wanted.evaluate))
    return found


def check(wanted: Wanted, zone: Zone) -> None:
    """What no change batch can do.

    :raises InputError: a service keeps the zone, the zone does not hold the names, a CNAME at its apex, an alias
        without its zone.
    """
    if zone.kept_by:
        raise InputError(
            f"The hosted zone {zone} is kept by {zone.kept_by}, which alone writes to it",
            next_step="Name another zone (gitpod_dns_hosted_zone_id)",
        )
    outside = [name for name in wanted.names if not zone.holds(name)]
    if outside:
        raise InputError(
            f"The hosted zone {zone} does not hold {' and '.join(outside)}",
            next_step="Name the zone whose name the domain ends in",
        )
    if any(record.type == "CNAME" and record.name == zone.name for record in wanted_records(wanted)):
        raise InputError(
            f"{zone.name} is the apex of its zone, where no CNAME is allowed (RFC 1034)",
            next_step="Use alias records (gitpod_dns_record_type: alias), or a sub-domain",
        )
    if not wanted.records and wanted.record_type == "alias" and not wanted.target_zone:
        raise InputError(
            "An alias record needs the load balancer's canonical hosted zone ID",
            next_step="Give load_balancer_hosted_zone_id; runner_stack_info returns it",
        )


def in_the_way(record: Record, goal: t.Sequence[Record]) -> bool:
    """Whether a record answers in place of what is wanted at its name, or cannot stand beside it."""
    types = {wanted.type for wanted in goal if wanted.name == record.name}
    if not types or record.type in ("NS", "SOA"):
        return False
    return "CNAME" in types or record.type in ADDRESS_TYPES


def plan(current: t.Sequence[Record], wanted: Wanted) -> list[Change]:
    """The change batch; empty when everything is as it is wanted. Deletions stand before what takes their place.

    :param current: the zone's records of these names, of every type.
    :raises RunnerError: records are there that point elsewhere, answer by a routing policy, or delegate a name.
    """
    goal = wanted_records(wanted)
    there = [record for record in current if in_the_way(record, goal)]
    _refuse_delegation(current, wanted, goal)
    _refuse_foreign(there, wanted)
    present = {(record.name, record.type): record for record in there}
    keep = {(record.name, record.type) for record in goal}
    changes = [Change("DELETE", record) for record in there if (record.name, record.type) not in keep]
    for record in goal:
        existing = present.get((record.name, record.type))
        if existing is None:
            changes.append(Change("CREATE", record))
        elif not equal(existing, record):
            changes.append(Change("UPSERT", record))
    return changes


def _refuse_delegation(current: t.Sequence[Record], wanted: Wanted, goal: t.Sequence[Record]) -> None:
    """Beside an SOA record, name servers are the zone's own; elsewhere they delegate the name to another zone."""
    apexes = {record.name for record in current if record.type == "SOA"}
    delegated = [record for record in current if record.type == "NS" and record.name not in apexes]
    delegated = [record for record in delegated if any(wanted.name == record.name for wanted in goal)]
    if delegated:
        raise RunnerError(
            f"{delegated[0].name} is delegated to other name servers; records in this zone would not answer",
            ", ".join(delegated[0].values),
            "Name the hosted zone that these servers answer for (gitpod_dns_hosted_zone_id)"
            if not wanted.records
            else "Put the record where the name is delegated to",
        )


def _refuse_foreign(there: t.Sequence[Record], wanted: Wanted) -> None:
    routed = [record for record in there if record.routing]
    if routed:
        raise RunnerError(
            "Records with a routing policy answer for these names; nothing was changed",
            "; ".join(f"{record.as_line()} [{record.routing}]" for record in routed),
            "Remove them, or keep the names by hand",
        )
    foreign = [record for record in there if not wanted.owns(record)]
    if foreign and not wanted.overwrite:
        raise RunnerError(
            "Records of these names point elsewhere; nothing was changed",
            "; ".join(record.as_line() for record in foreign),
            "Check that nobody needs them, then allow overwrite (gitpod_dns_overwrite)",
        )


def plan_removal(current: t.Sequence[Record], wanted: Wanted) -> list[Change]:
    """The deletions: what points to our target, or with C(overwrite) every address record of the names."""
    there = [record for record in current if record.name in wanted.names and record.type in ADDRESS_TYPES]
    ours = [record for record in there if wanted.overwrite or wanted.owns(record)]
    return [Change("DELETE", record) for record in ours if not record.routing]
