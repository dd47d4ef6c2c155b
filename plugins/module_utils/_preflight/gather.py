# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather every fact, in parallel where one does not need another."""

from __future__ import annotations

import dataclasses
import datetime
import secrets
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _custom_ca
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _route_tables as route_tables
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.api import Api as CertificateApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.api import described
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import Certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import (
    Unread,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api as StackApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import users_of_vpc
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.gathering import Gathering, attempt
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import (
    asking,
    certificates,
    gather_account,
    gather_network,
    gather_stack,
    naming,
    network,
    registering,
    template_needs,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    ASSUME_ROLE,
    Caller,
    Facts,
    Subnet,
    serves,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.plan_endpoint import (
    keeps_group,
    more_than_wanted,
    wanted_group,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import (
    Wanted,
    completed,
    deployed,
    incomplete,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api as EndpointApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group_api import GroupApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import choose
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import Record, Zone


def gather(
    options: t.Mapping[str, t.Any], wanted: Wanted, look: Gathering, given: t.Mapping[str, t.Any] | None = None
) -> tuple[Facts, Wanted]:
    """Every fact, and what is wanted with what the existing stack makes good.

    :param options: of runner_stack, which name the template.
    :param given: parameters by the template's own names (gitpod_stack_parameters).
    """
    gather_stack.ask(look, options, wanted)
    if given or incomplete(wanted):
        wanted = _completed(look, wanted, given or {})
    _identity(look)
    _network(look, wanted)
    _names(look, wanted)
    _certificates(look, wanted)
    gather_account.ask(look, wanted)
    template_needs.gather(look, wanted)
    _outside(look, wanted)
    found = look.all()
    records = _records(look, found.get("hosted_zones"), wanted)
    fields = {field.name for field in dataclasses.fields(Facts)}
    facts = Facts(
        region=wanted.region,
        now=datetime.datetime.now(datetime.timezone.utc),
        records=records,
        quotas=gather_account.quotas(found),
        **{fact: value for fact, value in found.items() if fact in fields},
    )
    return facts, wanted


def _completed(look: Gathering, wanted: Wanted, given: t.Mapping[str, t.Any]) -> Wanted:
    stack, template = look.found("stack"), look.found("template")
    if not isinstance(template, Template):
        return wanted
    wanted = deployed(wanted, given, template.parameters)
    exists = isinstance(stack, Stack) and status.exists(stack.status)
    return completed(wanted, stack, template) if exists and incomplete(wanted) else wanted


def _identity(look: Gathering) -> None:
    def caller() -> Caller:
        answer = look.clients("sts").get_caller_identity(aws_retry=True)
        return Caller(answer["Account"], answer["Arn"])

    look.ask("caller", "sts:GetCallerIdentity", caller)


def _network(look: Gathering, wanted: Wanted) -> None:
    def ec2() -> t.Any:
        return look.clients("ec2")

    vpc = wanted.vpc_id
    look.ask("zones", "ec2:DescribeAvailabilityZones", lambda: network.zones(ec2()))
    look.ask("vpc", "ec2:DescribeVpcs", lambda: network.vpc(ec2(), vpc), vpc)
    look.ask("vpc_dns", "ec2:DescribeVpcAttribute", lambda: network.vpc_dns(ec2(), vpc), vpc)
    look.ask("subnets", "ec2:DescribeSubnets", lambda: network.subnets(ec2(), wanted.subnet_ids), wanted.subnet_ids)
    look.ask("route_tables", "ec2:DescribeRouteTables", lambda: route_tables.read(ec2(), vpc), vpc)
    look.ask("network_acls", "ec2:DescribeNetworkAcls", lambda: network.network_acls(ec2(), vpc), vpc)
    look.ask("endpoints", "ec2:DescribeVpcEndpoints", lambda: network.endpoints(ec2(), vpc), vpc)
    groups = wanted.security_group_ids
    look.ask("security_groups", "ec2:DescribeSecurityGroups", lambda: network.security_groups(ec2(), groups), groups)
    look.ask(
        "network_endpoints",
        "ec2:DescribeSecurityGroups",
        lambda: gather_network.read(look, wanted),
        vpc and wanted.ec2_subnet_ids,
    )
    _management_plane_endpoint(look, wanted)


def _management_plane_endpoint(look: Gathering, wanted: Wanted) -> None:
    """What the stage privatelink finds: its group, its subnets, who else uses it, and the service."""
    vpc, service = wanted.vpc_id, (wanted.privatelink_service_name, wanted.privatelink_service_region)
    look.ask(
        "endpoint_group",
        "ec2:DescribeSecurityGroups",
        lambda: _endpoint_group(look, wanted),
        vpc and wanted.privatelink_security_group_name and keeps_group(wanted),
    )
    look.ask(
        "endpoint_subnets",
        "ec2:DescribeSubnets",
        lambda: _endpoint_subnets(look, wanted),
        vpc and wanted.privatelink_enabled,
    )
    look.ask(
        "endpoint_neighbours",
        "cloudformation:DescribeStacks",
        lambda: _endpoint_neighbours(look, wanted),
        vpc and wanted.privatelink_enabled,
    )
    look.ask(
        "service",
        "ec2:DescribeVpcEndpointServices",
        lambda: EndpointApi(look.clients("ec2"), wanted.region).service(*service),
        wanted.privatelink_enabled,
    )


def _own_endpoint(look: Gathering, wanted: Wanted) -> Endpoint | None:
    """The VPC's endpoint for the service that the stage would choose."""
    there = [entry.endpoint for entry in look.known("endpoints") or ()]
    return choose(
        [entry for entry in there if entry.service_name == wanted.privatelink_service_name], wanted_group(wanted)
    )


def _endpoint_group(look: Gathering, wanted: Wanted) -> Group | None:
    """The group that is kept for the endpoint; the runner that made the endpoint may have named it."""
    return GroupApi(look.clients("ec2")).kept(wanted_group(wanted), _own_endpoint(look, wanted))


def _endpoint_subnets(look: Gathering, wanted: Wanted) -> tuple[Subnet, ...]:
    """Subnets that others gave the endpoint: their zones are served."""
    endpoint = _own_endpoint(look, wanted)
    more = sorted(set(endpoint.subnet_ids) - set(wanted.subnet_ids)) if endpoint else []
    return network.subnets(look.clients("ec2"), more) if more else ()


def _endpoint_neighbours(look: Gathering, wanted: Wanted) -> tuple[Runner, ...]:
    """Other runners with a stack in the VPC, looked for only where the stage may take something away."""
    endpoint, group = _own_endpoint(look, wanted), look.found("endpoint_group")
    reach = wanted.privatelink_source_subnet_ids or wanted.privatelink_subnet_ids
    sources = {subnet.cidr for subnet in look.found("subnets") or () if subnet.id in reach}
    if not more_than_wanted(wanted, endpoint, group, sources):
        return ()
    stacks = StackApi(look.clients("cloudformation"), lambda: look.clients("elbv2")).stacks()
    return tuple(users_of_vpc(stacks, Runner(wanted.name, wanted.runner_id), wanted.vpc_id))


def _names(look: Gathering, wanted: Wanted) -> None:
    def zones() -> tuple[Zone, ...] | Unread:
        # Making the first client assumes the role of the zone's account, if there is one.
        client = attempt(ASSUME_ROLE, lambda: look.zone_clients("route53"))
        if isinstance(client, Unread):
            return client
        found = naming.hosted_zones(client)
        for zone in naming.holding(found, wanted.domain_name, wanted.dns_zone_ids):
            look.ask(f"records {zone.id}", "route53:ListResourceRecordSets", _reader(look, zone, wanted))
        return found

    in_route53 = wanted.dns_provider == "route53" and wanted.domain_name
    look.ask("hosted_zones", "route53:ListHostedZones", zones, in_route53)
    look.ask(
        "vpc_zones",
        "route53:ListHostedZonesByVPC",
        lambda: naming.vpc_zones(look.clients("route53"), wanted.vpc_id, wanted.region),
        wanted.vpc_id,
    )
    look.ask(
        "dns_vpc_zones",
        "route53:ListHostedZonesByVPC",
        lambda: naming.vpc_zones(look.clients("route53"), wanted.dns_vpc_id, wanted.region),
        in_route53 and wanted.resolving_vpc_id != wanted.vpc_id,
    )


def _reader(look: Gathering, zone: Zone, wanted: Wanted) -> t.Callable[[], tuple[Record, ...]]:
    return lambda: naming.records(look.zone_clients("route53"), zone, wanted.domain_name)


def _records(look: Gathering, zones: t.Any, wanted: Wanted) -> dict[str, tuple[Record, ...] | Unread]:
    if not zones or isinstance(zones, Unread):
        return {}
    held = naming.holding(zones, wanted.domain_name, wanted.dns_zone_ids)
    return {zone.id: look.get(f"records {zone.id}") or () for zone in held}


def _certificates(look: Gathering, wanted: Wanted) -> None:
    arn, reference = wanted.certificate_arn, certificates.parse_reference(wanted.custom_ca)
    # ACM has no certificate of another region, and refuses to look for one.
    here = f":{wanted.region}:" in arn
    look.ask("certificate", "acm:DescribeCertificate", lambda: described(look.clients("acm"), arn), here)
    look.ask("certificates", "acm:ListCertificates", _requested(look, wanted), wanted.certificate_request)
    if reference:
        action = "ssm:GetParameter" if reference.service == "ssm" else "secretsmanager:GetSecretValue"
        look.ask("custom_ca", action, lambda: certificates.custom_ca(reference, look.clients))
    elif _custom_ca.is_block(wanted.custom_ca):
        look.ask("custom_ca", "read the certificates", lambda: certificates.parsed_bundle(wanted.custom_ca))


def _requested(look: Gathering, wanted: Wanted) -> t.Callable[[], tuple[Certificate, ...] | None]:
    """Which certificates a request would find; nobody has to know while the stack has one that serves."""

    def read() -> tuple[Certificate, ...] | None:
        now = datetime.datetime.now(datetime.timezone.utc)
        if not wanted.domain_name or serves(look.found("certificate"), wanted.domain_name, now):
            return None
        return tuple(CertificateApi(look.clients("acm")).summaries(wanted.domain_name))

    return read


def _outside(look: Gathering, wanted: Wanted) -> None:
    domain = wanted.domain_name
    probe = f"{secrets.token_hex(4)}.{domain}"
    look.ask("answers", "ask the resolvers", lambda: asking.answers(domain, wanted.resolvers, probe), domain)
    look.ask(
        "management_plane", "ask the management plane", lambda: registering.ask(wanted, look.pool), wanted.api_token
    )
