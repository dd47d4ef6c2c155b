# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records, zones and changes of Route 53 as plain values, and how DNS compares names.

Source: Route 53 developer guide, "DNS domain name format"; RFC 4343 (case).
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

ADDRESS_TYPES = ("A", "AAAA", "CNAME")
_ESCAPE = re.compile(r"\\([0-3][0-7]{2})")


def _unescaped(match: re.Match[str]) -> str:
    character = chr(int(match[1], 8))
    # An escaped dot is part of a label and must not become a separator.
    return match[0] if character == "." else character


def normal(name: str) -> str:
    """A name as DNS compares it: lower case, no trailing dot, C(\\052) as the asterisk that it stands for."""
    return _ESCAPE.sub(_unescaped, name.strip().rstrip(".")).lower()


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
    def key(self) -> tuple[str, str, str]:
        """What makes a record set one of its own in a zone."""
        return self.name, self.type, self.routing

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


def equal(left: Record, right: Record) -> bool:
    """Whether two records of one name and type say the same."""
    if bool(left.alias) != bool(right.alias) or left.routing:
        return False
    if left.alias:
        return (left.target, left.alias_zone, left.evaluate) == (right.target, right.alias_zone, right.evaluate)
    values = sorted(normal(value) for value in left.values), sorted(normal(value) for value in right.values)
    return left.ttl == right.ttl and values[0] == values[1]


@dataclasses.dataclass(frozen=True)
class Zone:
    """A hosted zone.

    :param vpcs: IDs of the VPCs in which a private zone answers; empty while that is not known.
    :param kept_by: the service that made it, such as Cloud Map, and which alone writes to it; or empty (Route 53 API
        reference, LinkedService).
    """

    id: str
    name: str
    private: bool
    vpcs: tuple[str, ...] = ()
    kept_by: str = ""

    @classmethod
    def from_api(cls, raw: t.Mapping[str, t.Any], vpcs: t.Iterable[t.Mapping[str, t.Any]] = ()) -> Zone:
        """The zone from an element of ListHostedZones, or from GetHostedZone with its VPCs."""
        private = bool(raw.get("Config", {}).get("PrivateZone", False))
        ids = tuple(sorted(vpc["VPCId"] for vpc in vpcs))
        keeper = str(raw.get("LinkedService", {}).get("ServicePrincipal", ""))
        return cls(raw["Id"].rsplit("/", 1)[-1], normal(raw["Name"]), private, ids, keeper)

    def holds(self, name: str) -> bool:
        """Whether the name is the zone's apex or below it."""
        return normal(name) == self.name or normal(name).endswith(f".{self.name}")

    def __str__(self) -> str:
        return f"{self.name} ({self.id}, {'private' if self.private else 'public'})"


@dataclasses.dataclass(frozen=True)
class Change:
    """One entry of a change batch: C(CREATE), C(UPSERT) or C(DELETE)."""

    action: str
    record: Record

    def as_api(self, raw: t.Mapping[tuple[str, str, str], t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
        """A deletion has to repeat the record exactly as it is; C(raw) holds them by their keys."""
        present = raw.get(self.record.key) if self.action == "DELETE" else None
        return {"Action": self.action, "ResourceRecordSet": dict(present) if present else self.record.as_api()}


def after(current: t.Sequence[Record], changes: t.Sequence[Change]) -> list[Record]:
    """The records once the batch is applied."""
    records = {record.key: record for record in current}
    for change in changes:
        if change.action == "DELETE":
            records.pop(change.record.key, None)
        else:
            records[change.record.key] = change.record
    return list(records.values())
