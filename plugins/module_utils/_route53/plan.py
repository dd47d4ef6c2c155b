# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both names of a runner in Route 53: what is there, what is wanted, and the one change batch between them.

Rules: Route 53 developer guide, "Choosing between alias and non-alias records"; RFC 1034 section 3.6.2 (a CNAME stands
alone, and so never at a zone's apex).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError

ADDRESS_TYPES = ("A", "AAAA", "CNAME")


def normal(name: str) -> str:
    """A name as DNS compares it: lower case, no trailing dot, C(\\052) as the asterisk that it stands for."""
    return name.lower().rstrip(".").replace("\\052", "*")


@dataclasses.dataclass(frozen=True)
class Record:
    """A record set of one name and type.

    :param values: of a plain record.
    :param alias: DNS name of the target of an alias record, normalized, or empty.
    :param alias_zone: hosted zone ID of that target.
    :param routing: identifier of a weighted, latency or other routing policy, or empty.
    """

    name: str
    type: str
    values: tuple[str, ...] = ()
    ttl: int | None = None
    alias: str = ""
    alias_zone: str = ""
    evaluate: bool = False
    routing: str = ""

    @classmethod
    def from_api(cls, raw: t.Mapping[str, t.Any]) -> Record:
        """The record from an element of ListResourceRecordSets."""
        alias = raw.get("AliasTarget", {})
        target = normal(alias.get("DNSName", ""))
        return cls(
            name=normal(raw["Name"]),
            type=raw["Type"],
            values=tuple(entry["Value"] for entry in raw.get("ResourceRecords", [])),
            ttl=raw.get("TTL"),
            alias=target,
            alias_zone=alias.get("HostedZoneId", ""),
            evaluate=bool(alias.get("EvaluateTargetHealth", False)),
            routing=raw.get("SetIdentifier", ""),
        )

    @property
    def target(self) -> str:
        """The name that it points to, or empty."""
        if self.alias:
            # The console writes aliases of load balancers with this prefix; they answer the same.
            return self.alias[len("dualstack.") :] if self.alias.startswith("dualstack.") else self.alias
        return normal(self.values[0]) if self.type == "CNAME" and self.values else ""

    def as_api(self) -> dict[str, t.Any]:
        """The record as ChangeResourceRecordSets takes it."""
        if self.alias:
            target = {
                "HostedZoneId": self.alias_zone,
                "DNSName": f"{self.alias}.",
                "EvaluateTargetHealth": self.evaluate,
            }
            return {"Name": f"{self.name}.", "Type": self.type, "AliasTarget": target}
        records = [{"Value": value} for value in self.values]
        return {"Name": f"{self.name}.", "Type": self.type, "TTL": self.ttl, "ResourceRecords": records}

    def as_line(self) -> str:
        """One line for diffs and messages, as in a zone file."""
        if self.alias:
            return f"{self.name}. {self.type} ALIAS {self.alias}. ({self.alias_zone})"
        return f"{self.name}. {self.ttl} IN {self.type} {' '.join(self.values)}"

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "name": self.name,
            "type": self.type,
            "value": self.target or ", ".join(self.values),
            "alias": bool(self.alias),
            "ttl": self.ttl,
        }


@dataclasses.dataclass(frozen=True)
class Zone:
    """A hosted zone."""

    id: str
    name: str
    private: bool

    @classmethod
    def from_api(cls, raw: t.Mapping[str, t.Any]) -> Zone:
        """The zone from an element of ListHostedZones."""
        private = bool(raw.get("Config", {}).get("PrivateZone", False))
        return cls(raw["Id"].rsplit("/", 1)[-1], normal(raw["Name"]), private)

    def holds(self, name: str) -> bool:
        """Whether the name is the zone's apex or below it."""
        return normal(name) == self.name or normal(name).endswith(f".{self.name}")


@dataclasses.dataclass(frozen=True)
class Wanted:
    """Where both names shall point.

    :param target: the load balancer's DNS name.
    :param target_zone: the load balancer's canonical hosted zone ID, for alias records.
    """

    domain: str
    target: str
    target_zone: str = ""
    record_type: str = "alias"
    ttl: int = 300
    evaluate: bool = True
    dual_stack: bool = False
    overwrite: bool = False


@dataclasses.dataclass(frozen=True)
class Change:
    """One entry of a change batch: C(CREATE), C(UPSERT) or C(DELETE)."""

    action: str
    record: Record

    def as_api(self, raw: t.Mapping[tuple[str, str], t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
        """A deletion has to repeat the record exactly as it is; C(raw) holds them by name and type."""
        wanted = raw.get((self.record.name, self.record.type)) if self.action == "DELETE" else None
        return {"Action": self.action, "ResourceRecordSet": dict(wanted) if wanted else self.record.as_api()}


def names(domain: str) -> tuple[str, str]:
    """The domain and its wildcard; always both."""
    return normal(domain), f"*.{normal(domain)}"


def choose_zone(zones: t.Iterable[Zone], domain: str, private: bool) -> Zone:
    """The zone with the longest name that holds the domain.

    :raises RunnerError: none does, or several do equally well.
    """
    kind = "private" if private else "public"
    fitting = [zone for zone in zones if zone.private == private and zone.holds(domain)]
    if not fitting:
        raise RunnerError(
            f"No {kind} hosted zone of this account holds {normal(domain)}",
            "",
            "Name the zone (gitpod_dns_hosted_zone_id), use the profile of the account that has it"
            " (gitpod_dns_aws_profile), or set gitpod_dns_provider: external",
        )
    longest = max(len(zone.name) for zone in fitting)
    best = [zone for zone in fitting if len(zone.name) == longest]
    if len(best) > 1:
        raise RunnerError(
            f"{len(best)} {kind} hosted zones are named {best[0].name}",
            ", ".join(zone.id for zone in best),
            "Name the one that is meant (gitpod_dns_hosted_zone_id)",
        )
    return best[0]


def wanted_records(wanted: Wanted) -> list[Record]:
    """The records of both names."""
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

    :raises InputError: the zone does not hold the domain, a CNAME at its apex, an alias without its zone.
    """
    if not zone.holds(wanted.domain):
        raise InputError(
            f"The hosted zone {zone.id} ({zone.name}) does not hold {normal(wanted.domain)}",
            next_step="Name the zone whose name the domain ends in",
        )
    if wanted.record_type == "cname" and normal(wanted.domain) == zone.name:
        raise InputError(
            f"{zone.name} is the apex of its zone, where no CNAME is allowed (RFC 1034)",
            next_step="Use alias records (gitpod_dns_record_type: alias), or a sub-domain",
        )
    if wanted.record_type == "alias" and not wanted.target_zone:
        raise InputError(
            "An alias record needs the load balancer's canonical hosted zone ID",
            next_step="Give load_balancer_hosted_zone_id; runner_stack_info returns it",
        )


def equal(left: Record, right: Record) -> bool:
    """Whether two records of one name and type say the same."""
    if bool(left.alias) != bool(right.alias) or left.routing:
        return False
    if left.alias:
        return (left.target, left.alias_zone, left.evaluate) == (right.target, right.alias_zone, right.evaluate)
    values = sorted(normal(value) for value in left.values), sorted(normal(value) for value in right.values)
    return left.ttl == right.ttl and values[0] == values[1]


def plan(current: t.Sequence[Record], wanted: Wanted) -> list[Change]:
    """The change batch; empty when everything is as it is wanted. Deletions stand before what takes their place.

    :param current: the zone's records.
    :raises RunnerError: records are there that point elsewhere, or answer by a routing policy.
    """
    both = names(wanted.domain)
    there = [record for record in current if record.name in both and record.type in ADDRESS_TYPES]
    goal = wanted_records(wanted)
    _refuse_foreign(there, wanted)
    present = {(record.name, record.type): record for record in there}
    goal_types = {record.type for record in goal}
    changes = [Change("DELETE", record) for record in there if record.type not in goal_types]
    for record in goal:
        existing = present.get((record.name, record.type))
        if existing is None:
            changes.append(Change("CREATE", record))
        elif not equal(existing, record):
            changes.append(Change("UPSERT", record))
    return changes


def _refuse_foreign(there: t.Sequence[Record], wanted: Wanted) -> None:
    routed = [record for record in there if record.routing]
    if routed:
        raise RunnerError(
            "Records with a routing policy answer for these names; nothing was changed",
            "; ".join(f"{record.as_line()} [{record.routing}]" for record in routed),
            "Remove them, or keep the names by hand",
        )
    foreign = [record for record in there if record.target != normal(wanted.target)]
    if foreign and not wanted.overwrite:
        raise RunnerError(
            "Records of these names point elsewhere; nothing was changed",
            "; ".join(record.as_line() for record in foreign),
            "Check that nobody needs them, then allow overwrite (gitpod_dns_overwrite)",
        )


def plan_removal(current: t.Sequence[Record], domain: str, target: str, overwrite: bool) -> list[Change]:
    """The deletions: records of both names that point to the load balancer, or any with C(overwrite)."""
    both = names(domain)
    there = [record for record in current if record.name in both and record.type in ADDRESS_TYPES]
    ours = [record for record in there if overwrite or (target and record.target == normal(target))]
    return [Change("DELETE", record) for record in ours if not record.routing]


def after(current: t.Sequence[Record], changes: t.Sequence[Change]) -> list[Record]:
    """The records once the batch is applied."""
    records = {(record.name, record.type): record for record in current}
    for change in changes:
        key = (change.record.name, change.record.type)
        if change.action == "DELETE":
            records.pop(key, None)
        else:
            records[key] = change.record
    return list(records.values())
