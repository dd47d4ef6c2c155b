# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the other servers read of the simulated AWS, over all accounts and regions."""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

from ministack.core.responses import request_scope
from ministack.services import acm, alb, cloudformation, ec2, route53

from . import endpoint_interfaces, endpoints, load_balancers, updater


@dataclasses.dataclass(frozen=True)
class Record:
    """A DNS record; alias records have a target and no values. Names are lower case, without the trailing dot."""

    name: str
    type: str
    ttl: int = 60
    values: tuple[str, ...] = ()
    alias_target: str = ""


@dataclasses.dataclass(frozen=True)
class HostedZone:
    """A hosted zone with its records."""

    id: str
    name: str
    private: bool
    records: tuple[Record, ...]


@dataclasses.dataclass(frozen=True)
class LoadBalancer:
    """A network load balancer, and the names that its TLS listener's certificate covers."""

    dns_name: str
    region: str
    scheme: str
    state: str
    addresses: tuple[str, ...]
    certificate_names: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class StackView:
    """A stack that belongs to a runner: the values that it was given, secret ones too, and its template's release."""

    name: str
    region: str
    status: str
    values: tuple[str, ...]
    id: str = ""
    release: str = ""


def plain(name: str) -> str:
    """A name in lower case, without the trailing dot, C(\\052) as an asterisk."""
    return name.lower().rstrip(".").replace("\\052", "*")


def hosted_zones() -> list[HostedZone]:
    """Every hosted zone of every account."""
    found = []
    with route53._lock:
        for (account, zone_id), zone in list(route53._zones._data.items()):
            records = route53._records._data.get((account, zone_id), [])
            found.append(
                HostedZone(zone_id, plain(zone["name"]), bool(zone.get("private")), tuple(map(_record, records)))
            )
    return found


def _record(raw: t.Mapping[str, t.Any]) -> Record:
    alias = raw.get("AliasTarget") or {}
    return Record(
        plain(raw["Name"]),
        raw["Type"],
        int(raw.get("TTL") or 60),
        tuple(raw.get("ResourceRecords") or ()),
        plain(alias.get("DNSName", "")),
    )


def address(subject: str) -> str:
    """A loopback address of its own, stable, for a thing that has an address in AWS."""
    digest = hashlib.sha256(subject.encode()).digest()
    return f"127.{64 + digest[0] % 128}.{digest[1]}.{1 + digest[2] % 254}"


def all_load_balancers() -> list[LoadBalancer]:
    """Every network load balancer of every account."""
    found = []
    for (_account, region, arn), raw in list(alb._lbs._data.items()):
        if raw.get("Type") == "network":
            addresses = tuple(address(f"{raw['DNSName']} {subnet}") for subnet in raw.get("Subnets", []))
            state = load_balancers.state_of(raw)
            names = tuple(_certificate_names(arn))
            found.append(LoadBalancer(plain(raw["DNSName"]), region, raw["Scheme"], state, addresses, names))
    return found


def _certificate_names(load_balancer_arn: str) -> t.Iterator[str]:
    for listener in list(alb._listeners._data.values()):
        if listener.get("LoadBalancerArn") != load_balancer_arn:
            continue
        for certificate in listener.get("Certificates") or []:
            arn = certificate.get("CertificateArn", "") if isinstance(certificate, dict) else str(certificate)
            for key, stored in list(acm._certificates._data.items()):
                if arn in (key if isinstance(key, tuple) else (key,)):
                    yield from stored["SubjectAlternativeNames"]


def load_balancer_addresses(dns_name: str) -> list[str]:
    """Loopback addresses of a load balancer by its DNS name; empty when there is none."""
    wanted = plain(dns_name).removeprefix("dualstack.")
    return [entry for found in all_load_balancers() if found.dns_name == wanted for entry in found.addresses]


# Where the management plane is on the internet (RFC 5737 keeps the range for documentation).
PUBLIC_ADDRESSES = {"app.gitpod.io": ["198.51.100.80"]}


def endpoint_dns(dns_name: str, vpc_id: str = "") -> list[str]:
    """Private addresses of an interface endpoint by one of its own DNS names.

    :param vpc_id: as this VPC sees it: private DNS answers inside the endpoint's own VPC only.
    """
    wanted = plain(dns_name)
    for (_account, region, _id), record in list(ec2._vpc_endpoints._data.items()):
        if record.get("VpcEndpointType") != "Interface" or wanted not in map(plain, endpoints.dns_names(record)):
            continue
        if wanted in PUBLIC_ADDRESSES and record["VpcId"] != vpc_id:
            continue
        with request_scope(_account, region):
            if endpoints.state_now(record) == "available":
                return endpoint_interfaces.addresses(record, ec2._subnets)
    return PUBLIC_ADDRESSES.get(wanted, [])


def stack_of_runner(runner_id: str) -> StackView | None:
    """The stack that has this value among its parameters; the newest, when several had."""
    found = None
    for (_account, region, _name), raw in list(cloudformation._stacks._data.items()):
        values = tuple(str(entry.get("Value", "")) for entry in raw.get("_resolved_params", {}).values())
        if runner_id in values and raw.get("StackStatus") != "DELETE_COMPLETE":
            found = StackView(
                raw["StackName"], region, raw["StackStatus"], values, raw["StackId"], updater.release_of(raw)
            )
    return found
