# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every outcome of the checks of the network, the security group, the proxy and the custom authority."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import botocore.exceptions
import pytest
from samples import ACL, CA, FACTS, GROUP, LOCAL, NAT, SUBNETS, TABLE, TEMPLATE, WANTED, days, look, refused
from samples import network as network_facts

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Parameter, Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules import REQUIRED_NO_PROXY
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import SERVICES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.foresee import NetworkFacts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import checks
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.certificates import (
    Reference,
    parse_reference,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.certificates import (
    custom_ca as read_ca,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import (
    addresses,
    custom_ca,
    endpoint_acls,
    network,
    network_endpoints,
    proxy,
    security_group,
    targets,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    AclEntry,
    CaBundle,
    Instances,
    NetworkAcl,
    Permission,
    VpcDns,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Service
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route_tables import Route, RouteTable, table_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import bypasses, uncovered

CLOSED = (dataclasses.replace(TABLE, routes=(LOCAL,)),)
PUBLIC = (RouteTable("rtb-public", False, ("subnet-l1", "subnet-l2"), (LOCAL, Route("0.0.0.0/0", "igw-1"))), TABLE)
ELASTIC = (dataclasses.replace(TABLE, routes=(LOCAL, Route("0.0.0.0/0", "igw-1"))),)
# As firewalls and VPNs write a default route; of IPv6 alone, which is none for what has IPv4 alone; and a prefix list.
HALVES = ("0.0.0.0/1", "128.0.0.0/1")
LIST = Route("pl-1", "tgw-1")
SHUT = '{"Statement": []}'


def routed(*routes: Route) -> dict[str, t.Any]:
    return {"route_tables": (dataclasses.replace(TABLE, routes=(LOCAL, *routes)),)}


def closed(facts: NetworkFacts) -> dict[str, t.Any]:
    return {"route_tables": CLOSED, "network_endpoints": facts}


def public(*destinations: str) -> dict[str, t.Any]:
    own = (LOCAL, *(Route(destination, "igw-1") for destination in destinations))
    return {"route_tables": (RouteTable("rtb-public", False, ("subnet-l1", "subnet-l2"), own), TABLE)}


def ruled(*rules: AclEntry) -> dict[str, t.Any]:
    return {"network_acls": (dataclasses.replace(ACL, entries=(*rules, *ACL.entries)),)}


TARGETS_OPEN = tuple(Permission("tcp", port, port, ("10.0.0.0/16",)) for port in (8443, 5000))
OPEN_443 = Permission("tcp", 443, 443, ("0.0.0.0/0",))


def subnets(**changes: t.Any) -> tuple[t.Any, ...]:
    """The subnets, the first of the EC2 ones changed."""
    return (dataclasses.replace(SUBNETS[0], **changes), *SUBNETS[1:])


def balancer(**changes: t.Any) -> tuple[t.Any, ...]:
    """The subnets, the first of the load balancer's changed."""
    return (*SUBNETS[:2], dataclasses.replace(SUBNETS[2], **changes), SUBNETS[3])


def group(**changes: t.Any) -> dict[str, t.Any]:
    return {"security_groups": (dataclasses.replace(GROUP, **changes),)}


def separate(**changes: t.Any) -> dict[str, t.Any]:
    """Network ACLs as tight as they may be, one for each kind of subnet; C(changes) take the place of single rules.

    A rule is named by whose it is and by its direction and port, such as C(targets_in_8443).
    """
    balancer_range, target_range = "10.0.128.0/23", "10.0.0.0/19"
    rules = {
        "balancer_out_8443": AclEntry(100, True, True, "6", target_range, 8443, 8443),
        "balancer_out_5000": AclEntry(110, True, True, "6", target_range, 5000, 5000),
        "balancer_in_back": AclEntry(120, False, True, "6", target_range, 1024, 65535),
        "targets_in_8443": AclEntry(100, False, True, "6", balancer_range, 8443, 8443),
        "targets_in_5000": AclEntry(110, False, True, "6", balancer_range, 5000, 5000),
        "targets_out_back": AclEntry(120, True, True, "6", balancer_range, 1024, 65535),
    }
    rules.update(changes)

    def acl(whose: str, subnet_ids: tuple[str, ...]) -> NetworkAcl:
        own = [rule for name, rule in rules.items() if name.startswith(whose) and rule]
        return NetworkAcl(f"acl-{whose}", subnet_ids, tuple(sorted(own, key=lambda rule: rule.number)))

    return {
        "network_acls": (
            acl("balancer", ("subnet-l1", "subnet-l2")),
            acl("targets", ("subnet-e1", "subnet-e2")),
        )
    }


RULES = ("balancer_out_8443", "balancer_out_5000", "balancer_in_back", "targets_in_8443", "targets_in_5000")


def opened(*rules: Permission) -> dict[str, t.Any]:
    """The load balancer's group with only these outbound rules."""
    return group(outbound=rules)


def denying(cidr: str, egress: bool, **changes: t.Any) -> dict[str, t.Any]:
    """The network ACL with a rule before all others."""
    rule = dataclasses.replace(AclEntry(50, egress, False, "6", cidr, 443, 443), **changes)
    return {"network_acls": (dataclasses.replace(ACL, entries=(rule, *ACL.entries)),)}


def having(reference: str, changed: datetime.datetime | None) -> dict[str, t.Any]:
    """A stack of ten days ago with this reference, and when what it leads to was changed."""
    stack = Stack("gitpod-eu", "CREATE_COMPLETE", "id", parameters={"Ca": reference}, created=days(-10).isoformat())
    return {"stack": stack, "custom_ca": CaBundle((CA,), version="4", changed=changed)}


ONA = "https://app.ona.com/api"
THERE = {"stack": Stack("gitpod-eu", "UPDATE_COMPLETE", "id")}


def own(count: int) -> dict[str, t.Any]:
    return {"instances": Instances(own=frozenset(map(str, range(count))))}


CREATED = {"network_endpoints": True}


def unread(facts: NetworkFacts) -> NetworkFacts:
    """The same, where nobody could look which names lead elsewhere."""
    return dataclasses.replace(facts, unread=("the VPC's private hosted zones (throttled)",))


NO_PRIVATELINK = {"privatelink_enabled": False}
INTERNET = {"load_balancer_visibility": "internet-facing"}
NETWORK: list[tuple[t.Any, dict[str, t.Any], dict[str, t.Any], str]] = [
    (network.vpc, {}, {}, "pass"),
    (network.vpc, {"vpc_id": ""}, {}, "skip"),
    (network.vpc, {}, {"vpc": None}, "fail"),
    (network.vpc, {}, {"vpc": refused("ec2:DescribeVpcs")}, "skip"),
    (network.vpc_dns, {}, {}, "pass"),
    (network.vpc_dns, {}, {"vpc_dns": VpcDns(True, False)}, "fail"),
    (network.vpc_dns, {"privatelink_enable_vpc_dns": True}, {"vpc_dns": VpcDns(True, False)}, "pass"),
    (network.vpc_dns, {"privatelink_enabled": False}, {"vpc_dns": VpcDns(False, False)}, "warn"),
    (network.vpc_dns, {}, {"vpc_dns": None}, "skip"),
    (network.zones, {}, {}, "pass"),
    (network.zones, {"availability_zones": ("eu-central-1z", "eu-central-1a")}, {}, "fail"),
    (network.zones, {"availability_zones": ("eu-central-1a",)}, {}, "fail"),
    (network.zones, {"availability_zones": ()}, {}, "skip"),
    (network.subnets, {}, {}, "pass"),
    (network.subnets, {}, {"subnets": SUBNETS[1:]}, "fail"),
    (network.subnets, {}, {"subnets": subnets(vpc_id="vpc-2")}, "fail"),
    (network.subnets, {"ec2_subnet_ids": (), "load_balancer_subnet_ids": (), "privatelink_subnet_ids": ()}, {}, "skip"),
    (network.placement, {}, {}, "pass"),
    (network.placement, {}, {"subnets": subnets(zone="eu-central-1b")}, "fail"),
    (network.placement, {}, {"subnets": balancer(zone="eu-central-1c")}, "fail"),
    (network.placement, {"availability_zones": ()}, {}, "skip"),
    (addresses.addresses, {}, {}, "pass"),
    (addresses.addresses, {"expected_environments": 9000}, {}, "warn"),
    (addresses.addresses, {}, {"subnets": subnets(free=9)}, "fail"),
    (addresses.addresses, {}, {"subnets": balancer(free=7)}, "fail"),
    (addresses.addresses, {}, {"subnets": refused("ec2:DescribeSubnets")}, "skip"),
    (addresses.addresses, {"expected_environments": 7990}, {}, "pass"),
    (addresses.addresses, {"expected_environments": 7991}, {}, "warn"),
    # A runner that is there has its environments' addresses already, and its own.
    (addresses.addresses, {"expected_environments": 8000}, THERE, "pass"),
    (addresses.addresses, {"expected_environments": 8002}, THERE, "warn"),
    (addresses.addresses, {"expected_environments": 8002}, {**THERE, **own(2)}, "pass"),
    (addresses.addresses, {"expected_environments": 8002}, {**THERE, **own(1)}, "warn"),
    (
        addresses.addresses,
        {"expected_environments": 8002},
        {**THERE, "instances": refused("ec2:DescribeInstances")},
        "skip",
    ),
    (addresses.addresses, {"expected_environments": 40}, {**THERE, **own(40), "subnets": subnets(free=0)}, "warn"),
    (network.load_balancer_ranges, {}, {}, "pass"),
    (network.load_balancer_ranges, {}, {"subnets": balancer(cidr="100.65.0.0/24")}, "fail"),
    (network.load_balancer_ranges, {}, {"subnets": subnets(cidr="100.65.0.0/24")}, "pass"),
    (network.load_balancer_ranges, {"load_balancer_subnet_ids": ()}, {}, "skip"),
    (network.internet_facing, {}, {}, "skip"),
    (network.internet_facing, INTERNET, {"route_tables": PUBLIC}, "pass"),
    (network.internet_facing, INTERNET, {}, "fail"),
    (network.internet_facing, INTERNET, public(*HALVES), "pass"),
    (network.internet_facing, INTERNET, public("pl-1"), "pass"),
    (network.internet_facing, INTERNET, public(HALVES[1]), "fail"),
    (network.internet_facing, INTERNET, {"vpc": None}, "skip"),
    (network.egress, {}, {}, "pass"),
    (network.egress, {}, {"route_tables": ELASTIC}, "warn"),
    (network.egress, {}, {"route_tables": CLOSED}, "pass"),
    (network.egress, NO_PRIVATELINK, {"route_tables": CLOSED}, "fail"),
    (network.egress, {"ec2_subnet_ids": ()}, {}, "skip"),
    (network_endpoints.endpoints, {}, {}, "pass"),
    (network_endpoints.endpoints, {"ec2_subnet_ids": ()}, {}, "skip"),
    (network_endpoints.endpoints, {}, {"network_endpoints": refused("ec2:DescribeVpcEndpoints")}, "skip"),
    (network_endpoints.endpoints, {}, {"network_endpoints": network_facts()}, "pass"),
    (network_endpoints.endpoints, {}, {"network_endpoints": network_facts(without=("ec2", "s3"))}, "pass"),
    (network_endpoints.endpoints, {}, {"network_endpoints": network_facts(ec2={"security_group_ids": ()})}, "warn"),
    (network_endpoints.endpoints, {}, closed(network_facts()), "pass"),
    (network_endpoints.endpoints, {}, closed(network_facts(without=("ecs-agent",))), "fail"),
    (network_endpoints.endpoints, {}, closed(network_facts(without=("iam",))), "fail"),
    (network_endpoints.endpoints, {}, closed(unread(network_facts(without=("iam",)))), "warn"),
    (network_endpoints.endpoints, {}, closed(unread(network_facts(sts={"state": "failed"}))), "fail"),
    (network_endpoints.endpoints, {}, closed(network_facts(without=("dynamodb",))), "fail"),
    (network_endpoints.endpoints, {}, closed(network_facts(sts={"state": "failed"})), "fail"),
    (network_endpoints.endpoints, {}, closed(network_facts(sts={"state": "pending"})), "warn"),
    (network_endpoints.endpoints, {}, closed(network_facts(sts={"private_dns": False})), "fail"),
    (network_endpoints.endpoints, {}, closed(network_facts(sts={"subnet_ids": ("subnet-e1",)})), "warn"),
    (network_endpoints.endpoints, {}, closed(network_facts(sts={"policy": "{}"})), "warn"),
    (network_endpoints.endpoints, {}, closed(network_facts(sts={"policy": SHUT})), "fail"),
    (network_endpoints.endpoints, {}, closed(network_facts(sts={"subnet_ids": ()})), "fail"),
    # With a way out, names and routes lead to the endpoints all the same.
    (network_endpoints.endpoints, {}, {"network_endpoints": network_facts(sts={"policy": SHUT})}, "warn"),
    (network_endpoints.endpoints, {}, {"network_endpoints": network_facts(s3={"policy": SHUT})}, "warn"),
    (network_endpoints.endpoints, {}, {"network_endpoints": network_facts(s3={"policy": "{}"})}, "warn"),
    (endpoint_acls.endpoint_acls, {}, {}, "pass"),
    (endpoint_acls.endpoint_acls, {"privatelink_enabled": False}, {}, "skip"),
    (endpoint_acls.endpoint_acls, {}, {"network_acls": refused("ec2:DescribeNetworkAcls")}, "skip"),
    # Each zone's own subnet is reached, and the names have addresses in both.
    (endpoint_acls.endpoint_acls, {}, separate(), "warn"),
    (endpoint_acls.endpoint_acls, {"privatelink_enabled": False, **CREATED}, separate(), "warn"),
    (endpoint_acls.endpoint_acls, {"privatelink_subnet_ids": ("subnet-l1",)}, separate(), "fail"),
    (network_endpoints.endpoints, {}, closed(network_facts(s3={"route_table_ids": ("rtb-other",)})), "fail"),
    (network_endpoints.endpoints, {}, {**routed(LIST), "network_endpoints": network_facts(without=("sts",))}, "warn"),
    (network_endpoints.endpoints, CREATED, closed(network_facts(without=("sts",))), "pass"),
    (network_endpoints.endpoints, CREATED, {"network_endpoints": network_facts(without=("sts",))}, "pass"),
    (network_endpoints.endpoints, CREATED, closed(network_facts(sts={"security_group_ids": ()})), "fail"),
    (
        network_endpoints.endpoints,
        CREATED,
        closed(dataclasses.replace(network_facts(), dns_off=("enableDnsSupport",))),
        "fail",
    ),
    (network.egress, {}, routed(*(Route(half, "tgw-1") for half in HALVES)), "pass"),
    (network.egress, {}, routed(*(Route(half, "igw-1") for half in HALVES)), "warn"),
    (network.egress, NO_PRIVATELINK, routed(Route(HALVES[0], "tgw-1")), "fail"),
    (network.egress, NO_PRIVATELINK, routed(Route(HALVES[0], "tgw-1"), Route(HALVES[1], "tgw-1", False)), "fail"),
    (network.egress, NO_PRIVATELINK, routed(*(Route(half, "eigw-1") for half in ("::/1", "8000::/1"))), "fail"),
    (network.egress, NO_PRIVATELINK, routed(Route("::/0", "eigw-1")), "fail"),
    (network.egress, NO_PRIVATELINK, routed(LIST), "warn"),
    (network.egress, {}, routed(LIST), "pass"),
    (network.egress, NO_PRIVATELINK, routed(Route("pl-s3", "vpce-1")), "fail"),
    (network.routes, {}, {}, "pass"),
    (network.routes, {}, {"route_tables": (dataclasses.replace(TABLE, main=False),)}, "fail"),
    (
        network.routes,
        {},
        {"route_tables": (dataclasses.replace(TABLE, routes=(LOCAL, Route("10.9.0.0/16", "pcx-1", False))),)},
        "warn",
    ),
    (
        network.routes,
        {},
        {"route_tables": (dataclasses.replace(TABLE, routes=(LOCAL, NAT, Route("10.0.128.0/24", "eni-1"))),)},
        "warn",
    ),
    (network.routes, {}, {"route_tables": ()}, "skip"),
    (network.acls, {}, {}, "pass"),
    (network.acls, {}, denying("0.0.0.0/0", True), "fail"),
    (network.acls, {}, denying("0.0.0.0/0", False), "fail"),
    (network.acls, {}, denying("192.0.2.0/24", False), "pass"),
    (network.acls, {}, denying("0.0.0.0/0", True, first_port=1024, last_port=65535), "fail"),
    (network.acls, {}, {"network_acls": (dataclasses.replace(ACL, entries=()),)}, "fail"),
    (network.acls, {}, {"network_acls": None}, "skip"),
    (network.acls, {}, ruled(*(AclEntry(50 + i, True, False, "6", HALVES[i], 443, 443) for i in (0, 1))), "fail"),
    (network.acls, {}, ruled(AclEntry(50, True, False, "-1", HALVES[0])), "pass"),
    (targets.target_acls, {}, {}, "pass"),
    (targets.target_acls, {}, separate(), "pass"),
    *((targets.target_acls, {}, separate(**{name: None}), "fail") for name in RULES),
    (targets.target_acls, {}, separate(targets_out_back=None), "fail"),
    (
        targets.target_acls,
        {},
        separate(targets_extra=AclEntry(50, False, False, "6", "10.0.128.9/32", 0, 65535)),
        "fail",
    ),
    (
        targets.target_acls,
        {},
        separate(targets_extra=AclEntry(50, False, False, "6", "192.0.2.0/24", 0, 65535)),
        "pass",
    ),
    (targets.target_acls, {}, separate(targets_extra=AclEntry(50, False, False, "17", "10.0.0.0/8", 0, 65535)), "pass"),
    (targets.target_acls, {}, separate(balancer_extra=AclEntry(999, False, False, "-1", "0.0.0.0/0")), "pass"),
    (
        targets.target_acls,
        {},
        separate(targets_in_8443=AclEntry(9, False, True, "6", "10.0.128.0/24", 8443, 8443)),
        "fail",
    ),
    (
        targets.target_acls,
        {},
        separate(targets_extra=AclEntry(9, True, False, "6", "10.0.129.0/24", 3306, 3306)),
        "fail",
    ),
    (targets.target_acls, {}, {"network_acls": None}, "skip"),
    (targets.target_acls, {"load_balancer_subnet_ids": ()}, {}, "skip"),
    (targets.target_acls, {}, {"network_acls": refused("ec2:DescribeNetworkAcls")}, "skip"),
    (security_group.inbound, {}, group(inbound=(GROUP.inbound[0], Permission("tcp", 443, 443, HALVES))), "warn"),
    (
        security_group.inbound,
        {},
        group(inbound=(GROUP.inbound[0], Permission("tcp", 443, 443, ("::/1", "8000::/1")))),
        "warn",
    ),
    (security_group.outbound, {}, group(outbound=(Permission("-1", 0, 65535, HALVES),)), "pass"),
    (security_group.exists, {}, {}, "pass"),
    (security_group.exists, {}, {"security_groups": ()}, "fail"),
    (security_group.exists, {}, group(vpc_id="vpc-2"), "fail"),
    (security_group.exists, {"load_balancer_security_group_id": ""}, {}, "skip"),
    (security_group.inbound, {}, {}, "pass"),
    (security_group.inbound, {}, group(inbound=GROUP.inbound[1:]), "fail"),
    (security_group.inbound, {}, group(inbound=(*GROUP.inbound, OPEN_443)), "warn"),
    (security_group.inbound, INTERNET, group(inbound=(*GROUP.inbound, OPEN_443)), "pass"),
    (security_group.inbound, {}, {"security_groups": ()}, "skip"),
    (security_group.outbound, {}, {}, "pass"),
    (security_group.outbound, {}, group(outbound=()), "fail"),
    (security_group.outbound, {}, opened(OPEN_443), "fail"),
    (security_group.outbound, {}, opened(*TARGETS_OPEN), "pass"),
    (security_group.outbound, {}, opened(TARGETS_OPEN[0]), "fail"),
    (security_group.outbound, {}, opened(Permission("tcp", 1024, 65535, ("10.0.0.0/20",))), "fail"),
    (security_group.outbound, {}, opened(Permission("tcp", 1024, 65535, ("10.0.0.0/20", "10.0.16.0/20"))), "pass"),
    (security_group.outbound, {}, opened(TARGETS_OPEN[0], Permission("tcp", 5000, 5000, ("sg-2",))), "warn"),
    (security_group.outbound, {}, opened(Permission("udp", 0, 65535, ("0.0.0.0/0",))), "fail"),
    (security_group.outbound, {"ec2_subnet_ids": ()}, opened(*TARGETS_OPEN), "skip"),
    (security_group.outbound, {"load_balancer_security_group_id": ""}, {}, "skip"),
    (proxy.url, {}, {}, "pass"),
    (proxy.url, {"http_proxy": "proxy.example.com:3128"}, {}, "fail"),
    (proxy.url, {"http_proxy": "http://user:secret@proxy.example.com:3128"}, {}, "fail"),
    (proxy.url, {"http_proxy": "http://[bad"}, {}, "fail"),
    (proxy.url, {"http_proxy": ""}, {}, "warn"),
    (proxy.url, {"http_proxy": "", "https_proxy": ""}, {}, "skip"),
    (proxy.no_proxy, {}, {}, "pass"),
    (proxy.no_proxy, {"no_proxy": (".internal",)}, {}, "fail"),
    (proxy.no_proxy, {"http_proxy": "", "https_proxy": ""}, {}, "skip"),
    (proxy.aws_endpoints, {}, {}, "pass"),
    (proxy.aws_endpoints, {"no_proxy": (".internal", "s3.eu-central-1.amazonaws.com")}, {}, "fail"),
    (proxy.aws_endpoints, {"region": "cn-north-1"}, {}, "fail"),
    (proxy.aws_endpoints, {"http_proxy": "", "https_proxy": ""}, {}, "skip"),
    (proxy.management_plane, {}, {}, "pass"),
    (proxy.management_plane, {"api_endpoint": ONA}, {}, "fail"),
    (proxy.management_plane, {"api_endpoint": ONA, "no_proxy": (*WANTED.no_proxy, "app.ona.com")}, {}, "pass"),
    (proxy.management_plane, {"api_endpoint": ONA, "no_proxy": (".ona.com",)}, {}, "fail"),
    (
        proxy.management_plane,
        {"api_endpoint": ONA, "no_proxy": (".ona.com",), "privatelink_enabled": False},
        {},
        "pass",
    ),
    (proxy.management_plane, {"api_endpoint": ""}, {}, "skip"),
    (proxy.management_plane, {"http_proxy": "", "https_proxy": ""}, {}, "skip"),
    (custom_ca.reference, {}, {}, "pass"),
    (custom_ca.reference, {"custom_ca": "{{resolve:ssm:/gitpod/ca}}"}, {}, "pass"),
    (custom_ca.reference, {"custom_ca": "/gitpod/ca"}, {}, "fail"),
    (custom_ca.reference, {"custom_ca": ""}, {}, "skip"),
    (custom_ca.content, {}, {}, "pass"),
    (custom_ca.content, {}, {"custom_ca": None}, "fail"),
    (custom_ca.content, {}, {"custom_ca": CaBundle(())}, "fail"),
    (custom_ca.content, {}, {"custom_ca": CaBundle((CA,), unreadable=1)}, "fail"),
    (custom_ca.content, {}, {"custom_ca": CaBundle((CA,), private_key=True)}, "fail"),
    (custom_ca.content, {}, {"custom_ca": CaBundle((), encrypted=True)}, "fail"),
    (custom_ca.content, {}, {"custom_ca": CaBundle((dataclasses.replace(CA, expires=days(-1)),))}, "fail"),
    (custom_ca.content, {}, {"custom_ca": CaBundle((CA, dataclasses.replace(CA, expires=days(-1))))}, "warn"),
    (custom_ca.content, {}, {"custom_ca": CaBundle((dataclasses.replace(CA, expires=days(10)),))}, "warn"),
    (custom_ca.content, {}, {"custom_ca": CaBundle((dataclasses.replace(CA, authority=False),))}, "warn"),
    (custom_ca.content, {}, {"custom_ca": refused("ssm:GetParameter")}, "skip"),
    (custom_ca.content, {"custom_ca": ""}, {}, "skip"),
    (custom_ca.content, {"custom_ca": "secretsmanager:ca"}, {"custom_ca": CaBundle((), leaving=True)}, "fail"),
    (custom_ca.taken_up, {}, having("{{resolve:ssm:/gitpod/ca}}", days(-1)), "warn"),
    (custom_ca.taken_up, {}, having("{{resolve:ssm:/gitpod/ca}}", days(-20)), "pass"),
    (custom_ca.taken_up, {}, having("{{resolve:ssm:/gitpod/ca:3}}", days(-1)), "pass"),
    (custom_ca.taken_up, {}, having("{{resolve:ssm:/gitpod/ca}}", None), "skip"),
    (custom_ca.taken_up, {"custom_ca": "ssm:/gitpod/ca:3"}, having("{{resolve:ssm:/gitpod/ca}}", days(-1)), "pass"),
    (custom_ca.taken_up, {}, {}, "skip"),
    (custom_ca.taken_up, {}, {"stack": refused("cloudformation:DescribeStacks")}, "skip"),
    (custom_ca.taken_up, {"custom_ca": "/gitpod/ca"}, {}, "skip"),
    (custom_ca.taken_up, {"custom_ca": ""}, {}, "skip"),
]


@pytest.mark.parametrize(("check", "wanted", "facts", "status"), NETWORK)
def test_outcomes(check: t.Any, wanted: dict[str, t.Any], facts: dict[str, t.Any], status: str) -> None:
    found = look(check, wanted, facts)
    assert found.status == status, found
    assert found.summary.endswith(".")
    if status in ("fail", "warn"):
        assert found.remediation


def test_every_check_of_these_groups_has_each_of_its_outcomes() -> None:
    """A check that can pass has to be seen to pass, to not pass, and to be left out."""
    for group_name in ("network", "security_group", "proxy", "custom_ca"):
        for check in (check for check in checks.ALL if check.group == group_name):
            seen = {status for entry, _wanted, _facts, status in NETWORK if entry is check}
            assert {"pass", "skip"} <= seen, check.id
            assert seen & {"fail", "warn"}, check.id


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"targets_in_5000": None}, "acl-targets rule * denies inbound TCP 5000 from subnet-l1, subnet-l2."),
        ({"balancer_out_8443": None}, "acl-balancer rule * denies outbound TCP 8443 to subnet-e1, subnet-e2."),
        (
            # Linux's own ephemeral ports are not those of a load balancer.
            {"targets_out_back": AclEntry(120, True, True, "6", "10.0.128.0/23", 32768, 65535)},
            "acl-targets rule * denies outbound TCP 1024-32767 to subnet-l1, subnet-l2.",
        ),
        (
            {"balancer_extra": AclEntry(7, False, False, "6", "10.0.0.0/20", 2000, 3000)},
            "acl-balancer rule 7 denies inbound TCP 2000-3000 from subnet-e1.",
        ),
        (
            {"targets_in_8443": AclEntry(9, False, True, "-1", "10.0.128.0/25")},
            "acl-targets rule * denies inbound TCP 8443 from subnet-l1, subnet-l2.",
        ),
    ],
)
def test_what_closes_the_way_to_the_targets_is_told_with_its_rule(changes: dict[str, t.Any], told: str) -> None:
    found = look(targets.target_acls, {}, separate(**changes))
    assert (found.status, found.summary) == ("fail", told)


def test_a_strangers_endpoint_behind_a_wall_is_told_with_the_rule_that_is_the_wall() -> None:
    """In a subnet of its own, whose network ACL lets another part of the VPC in."""
    there = network_facts(sts={"subnet_ids": ("subnet-x",)})
    ground = dataclasses.replace(there.ground, cidrs={"subnet-x": "10.0.200.0/24"})
    rules = (AclEntry(90, False, False, "6", "10.0.16.0/20", 443, 443), *ACL.entries)
    acls = (ACL, NetworkAcl("acl-x", ("subnet-x",), rules))
    seen = {"network_endpoints": dataclasses.replace(there, ground=ground), "network_acls": acls}
    found = look(endpoint_acls.endpoint_acls, {"privatelink_enabled": False}, seen)
    told = "subnet-e2 reaches none of vpce-sts: acl-x rule 90 denies inbound TCP 443 from subnet-e2."
    assert (found.status, found.summary) == ("fail", told)
    # Linux's ephemeral ports are enough for the answers, and an order in which the allowing rule is first.
    rules = (AclEntry(80, False, True, "6", "10.0.0.0/16", 443, 443), *rules[:1])
    back = (AclEntry(80, True, True, "6", "10.0.0.0/16", 32768, 61000),)
    acls = (ACL, NetworkAcl("acl-x", ("subnet-x",), (*rules, *back)))
    assert look(endpoint_acls.endpoint_acls, {}, {**seen, "network_acls": acls}).status == "pass"


@pytest.mark.parametrize(("absent", "status"), [("logs", "fail"), ("acm", "warn"), ("dynamodb", "warn")])
@pytest.mark.parametrize("wanted", [{}, {"network_endpoints": True}])
def test_without_a_way_out_what_aws_offers_no_endpoint_for_is_told(
    wanted: dict[str, t.Any], absent: str, status: str
) -> None:
    """As in regions and partitions that have not every service."""
    there = network_facts(without=(absent,))
    offered = {
        (service.short, service.kind): Service(service.names("eu-central-1")[0], "eu-central-1")
        for service in SERVICES
        if service.short != absent
    }
    seen = closed(dataclasses.replace(there, ground=dataclasses.replace(there.ground, offered=offered)))
    found = look(network_endpoints.endpoints, wanted, seen)
    assert (found.status, f"AWS offers no endpoint for {absent}" in found.summary) == (status, True)
    # What is missing beside it does not hide it.
    more = dataclasses.replace(seen["network_endpoints"], endpoints=())
    if not wanted:
        found = look(network_endpoints.endpoints, wanted, {**seen, "network_endpoints": more})
        assert (found.status, f"AWS offers none for {absent}" in found.summary) == ("fail", True)


def test_a_way_that_only_cross_zone_load_balancing_takes_is_a_warning() -> None:
    other_zone = AclEntry(7, False, False, "6", "10.0.129.0/24", 8443, 8443)
    acls = separate()["network_acls"]
    first = NetworkAcl("acl-first", ("subnet-e1",), (other_zone, *acls[1].entries))
    second = dataclasses.replace(acls[1], subnet_ids=("subnet-e2",))
    found = look(targets.target_acls, {}, {"network_acls": (acls[0], first, second)})
    told = "Between zones, acl-first rule 7 denies inbound TCP 8443 from subnet-l2."
    assert (found.status, found.summary) == ("warn", told)


def test_subnets_that_serve_both_have_no_network_acl_between_them() -> None:
    same = {"load_balancer_subnet_ids": ("subnet-e1",), "ec2_subnet_ids": ("subnet-e1",)}
    assert look(targets.target_acls, same, separate(targets_in_8443=None)).status == "pass"


def test_the_api_endpoint_of_the_template_counts_where_the_inventory_names_none() -> None:
    template = dataclasses.replace(TEMPLATE, parameters=(Parameter("ControlPlane", "API Endpoint", default=ONA),))
    found = look(proxy.management_plane, {"api_endpoint": ""}, {"template": template})
    assert (found.status, found.summary) == ("fail", "Through the proxy: app.ona.com.")


@pytest.mark.parametrize(
    ("host", "entries", "told"),
    [
        ("app.ona.com", ("app.ona.com",), True),
        ("app.ona.com", ("ona.com",), True),
        ("app.ona.com", ("*.ona.com",), True),
        ("app.ona.com", ("*",), True),
        ("app.ona.com", ("a.com", "na.com"), False),
        ("app.ona.com", ("APP.ona.com.",), True),
        # A suffix with a dot is for what is below it alone.
        ("app.ona.com", (".ona.com",), True),
        ("app.ona.com", (".app.ona.com",), False),
        ("app.ona.com", ("*.app.ona.com",), False),
        ("app.ona.com", ("app.ona.com:443",), True),
        ("app.ona.com", ("ona.com:8443", "*:80"), False),
        # PrivateLink's addresses are in a range of the VPC's, and names are not resolved.
        ("app.ona.com", ("10.0.0.0/8", "::/0", "0.0.0.0/0"), False),
        ("10.1.2.3", ("10.0.0.0/8:443",), True),
        ("fd00::1", ("[fd00::1]:443",), True),
        ("fd00::1", ("fd00::/8",), True),
        ("fd00::1", ("[fd00::1]:80",), False),
        ("10.1.2.3", ("10.0.0.0/8",), True),
        ("10.1.2.3", ("10.1.3.0/25", "10.1.2.3"), True),
        ("11.1.2.3", ("10.0.0.0/8",), False),
        ("127.0.0.1", (), True),
        ("app.ona.com", (), False),
    ],
)
def test_what_no_proxy_keeps_off_the_proxy(host: str, entries: tuple[str, ...], told: bool) -> None:
    assert bypasses(host, entries) is told


@pytest.mark.parametrize(
    ("entries", "missing"),
    [
        ((".internal", "169.254.0.0/16", "app.gitpod.io", ".amazonaws.com"), []),
        (("internal", "*.amazonaws.com", ".gitpod.io", "169.254.0.0/15"), []),
        ((".internal", "169.254.169.254", ".app.gitpod.io", "s3.amazonaws.com"), list(REQUIRED_NO_PROXY[1:])),
        # Without any proxy none need be set.
        (("*",), list(REQUIRED_NO_PROXY)),
    ],
)
def test_a_wider_entry_stands_for_one_that_the_guide_demands(entries: tuple[str, ...], missing: list[str]) -> None:
    assert uncovered(REQUIRED_NO_PROXY, entries) == missing
    found = look(proxy.no_proxy, {"no_proxy": entries}, {})
    assert (found.status == "fail") is bool(missing)
    assert ("gitpod_no_proxy" in found.remediation) is bool(missing)


@pytest.mark.parametrize(
    ("region", "entries", "through"),
    [
        ("eu-central-1", (".amazonaws.com",), ""),
        # The names that the services really have.
        (
            "eu-central-1",
            ("s3.eu-central-1.amazonaws.com", "ecr.eu-central-1.amazonaws.com", "logs.eu-central-1.amazonaws.com"),
            "secretsmanager.eu-central-1.amazonaws.com.",
        ),
        ("cn-north-1", (".amazonaws.com",), "api.ecr.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", (".amazonaws.com",), "api.ecr.eusc-de-east-1.amazonaws.eu"),
        ("eusc-de-east-1", (".amazonaws.eu",), ""),
    ],
)
def test_the_names_of_aws_bypass_the_proxy_in_every_partition(
    region: str, entries: tuple[str, ...], through: str
) -> None:
    found = look(proxy.aws_endpoints, {"region": region, "no_proxy": entries}, {})
    assert (found.status, through in found.summary) == ("fail" if through else "pass", True)


def test_which_path_leads_out_is_said() -> None:
    for target, words in (
        ("nat-1", "NAT"),
        ("tgw-1", "transit"),
        ("vpce-1", "firewall endpoint"),
        ("eni-1", "appliance"),
    ):
        tables = (dataclasses.replace(TABLE, routes=(LOCAL, Route("0.0.0.0/0", target))),)
        assert words in look(network.egress, {}, {"route_tables": tables}).summary


@pytest.mark.parametrize(
    ("routes", "told"),
    [
        ([Route(half, "tgw-1") for half in HALVES], "Through transit gateway."),
        ([Route(HALVES[0], "tgw-1"), Route(HALVES[1], "nat-1")], "Through NAT gateway and transit gateway."),
        # A smaller part goes elsewhere; the halves are the way out.
        ([Route("10.0.0.0/8", "pcx-1"), *(Route(half, "nat-1") for half in HALVES)], "Through NAT gateway."),
        ([Route("0.0.0.0/0", "nat-1"), Route(HALVES[0], "tgw-1")], "Through NAT gateway."),
    ],
)
def test_halves_are_a_way_out_and_are_said_by_what_they_lead_to(routes: list[Route], told: str) -> None:
    found = look(network.egress, {}, routed(*routes))
    assert (found.status, found.summary) == ("pass", told)


def test_what_lacks_an_endpoint_is_named_and_what_to_do() -> None:
    seen = network_facts(without=("iam", "s3"), logs={"private_dns": False})
    found = look(network_endpoints.endpoints, {}, {"route_tables": CLOSED, "network_endpoints": seen})
    told = "no endpoint for iam, s3; logs (vpce-logs): its private DNS is off"
    assert found.summary == f"No default route for subnet-e1, subnet-e2, and {told}."
    assert "gitpod_network_endpoints: true" in found.remediation


def test_others_that_hold_a_name_are_to_be_corrected_by_whoever_made_them() -> None:
    seen = network_facts(logs={"security_group_ids": ()})
    found = look(network_endpoints.endpoints, {}, {"route_tables": CLOSED, "network_endpoints": seen})
    assert "do not admit 443 from 10.0.0.0/20, 10.0.16.0/20" in found.summary
    assert found.remediation.startswith("Have whoever made vpce-logs correct them")


def test_a_subnet_without_a_table_of_its_own_has_the_main_one() -> None:
    assert table_of("subnet-l1", PUBLIC) is PUBLIC[0]
    assert table_of("subnet-e1", PUBLIC) is TABLE


def test_the_proxys_password_is_never_shown() -> None:
    found = look(proxy.url, {"http_proxy": "http://user:s3cret@proxy.example.com"}, {})
    assert "s3cret" not in f"{found.summary}{found.remediation}"


def test_the_api_token_is_never_in_the_representation() -> None:
    assert "t0ken" not in repr(
        dataclasses.replace(WANTED, api_token="t0ken", secret_parameters={"Exchange Token": "t0ken"})
    )


def test_a_vpc_that_does_not_exist_is_told_once() -> None:
    wanted = dataclasses.replace(WANTED, vpc_id="vpc-9", **INTERNET)
    facts = dataclasses.replace(FACTS, vpc=None, route_tables=(), network_acls=(), endpoints=())
    failing = [check.id for check in network.CHECKS if check.run(wanted, facts).status == "fail"]
    assert failing == ["network.vpc", "network.subnets"]


@pytest.mark.parametrize(
    ("reference", "advice"),
    [
        ("ssm:/gitpod/ca", "gitpod_custom_ca: ssm:/gitpod/ca:4"),
        ("secretsmanager:ca", "gitpod_custom_ca: secretsmanager:ca:SecretString:::4"),
        ("secretsmanager:ca:SecretString:pem", "gitpod_custom_ca: secretsmanager:ca:SecretString:pem::4"),
    ],
)
def test_a_rotated_authority_is_taken_up_by_naming_its_version(reference: str, advice: str) -> None:
    rotated = having(f"{{{{resolve:{reference}}}}}", days(-1))
    found = look(custom_ca.taken_up, {"custom_ca": reference}, rotated)
    assert (found.status, found.remediation) == ("warn", f"Name the version: {advice}")
    named = parse_reference(advice.partition(": ")[2])
    assert named is not None
    assert named.version == "4"
    assert look(custom_ca.taken_up, {"custom_ca": advice.partition(": ")[2]}, rotated).status == "pass"


class Secrets:
    """A Secrets Manager that refuses, or answers."""

    def __init__(self, code: str = "", words: str = "") -> None:
        self.error = {"Error": {"Code": code, "Message": words}}

    def get_secret_value(self, **_arguments: t.Any) -> dict[str, t.Any]:
        if self.error["Error"]["Code"]:
            raise botocore.exceptions.ClientError(self.error, "GetSecretValue")
        return {"SecretString": "none", "VersionId": "v1", "CreatedDate": days(-3)}


def test_a_secret_that_waits_for_its_deletion_is_there_and_cannot_be_read() -> None:
    marked = "You can't perform this operation on the secret because it was marked for deletion."
    reference = Reference("secretsmanager", "ca")
    assert read_ca(reference, lambda _service: Secrets("InvalidRequestException", marked)).leaving
    with pytest.raises(ApiError, match="VersionStage"):
        read_ca(reference, lambda _service: Secrets("InvalidRequestException", "VersionStage is not associated"))
    found = read_ca(reference, lambda _service: Secrets())
    assert (found.version, found.changed) == ("v1", days(-3))


class Parameters:
    """A Parameter Store."""

    def get_parameter(self, **_arguments: t.Any) -> dict[str, t.Any]:
        return {"Parameter": {"Type": "String", "Value": "none", "Version": 4, "LastModifiedDate": days(-2)}}


def test_when_a_parameter_was_changed_is_read() -> None:
    found = read_ca(Reference("ssm", "/gitpod/ca"), lambda _service: Parameters())
    assert (found.version, found.changed) == ("4", days(-2))
