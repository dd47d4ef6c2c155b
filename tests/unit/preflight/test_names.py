# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every outcome of the checks of the certificate, the domain and PrivateLink, and what they are read from."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from samples import CERTIFICATE, FACTS, GROUP, WANTED, ZONE, days, endpoint, look, refused

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import certificates, checks, naming
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import (
    certificate,
    dns,
    privatelink,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import NameAnswer
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import SERVICE_NAME, Service
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.plan import Record, Zone

DOMAIN = "eu.gitpod.example.com"
WILDCARD = f"*.{DOMAIN}"
BALANCER = {"dns_name": "lb.elb.amazonaws.com", "canonical_hosted_zone_id": "Z9"}
PRIVATE = Zone("Z2", "gitpod.example.com", True)
DEEPER = Zone("Z3", "eu.gitpod.example.com", False)
EXTERNAL = {"dns_provider": "manual"}
ROLE = "arn:aws:iam::210987654321:role/dns-editor"
OURS = {"gitpod:managed-by": "gitpod.enterprise_runner", "gitpod:used-by/0191": "gitpod-us = subnet-1"}


def cert(**changes: t.Any) -> dict[str, t.Any]:
    return {"certificate": dataclasses.replace(CERTIFICATE, **changes)}


def record(name: str, kind: str = "A", **values: t.Any) -> Record:
    return Record(name, kind, **{"values": ("192.0.2.1",), "ttl": 300, **values})


def zone(*records: Record) -> dict[str, t.Any]:
    """The zone with these records."""
    return {"records": {"Z1": records}}


def pointing(target: str) -> list[Record]:
    both = (DOMAIN, WILDCARD)
    return [Record(name, "A", alias=target, alias_zone="Z9", evaluate=True) for name in both]


def answers(*found: tuple[str, str, str, tuple[str, ...]]) -> dict[str, t.Any]:
    return {"answers": tuple(NameAnswer(*answer) for answer in found)}


def caa(*values: str) -> dict[str, t.Any]:
    return zone(record("gitpod.example.com", "CAA", values=values))


def there(state: str = "available", **changes: t.Any) -> dict[str, t.Any]:
    """An endpoint for the service in the VPC."""
    return {"endpoints": (endpoint(SERVICE_NAME, state=state, **{"tags": OURS, **changes}),)}


def admitting(*sources: str) -> dict[str, t.Any]:
    rule = dataclasses.replace(GROUP.inbound[1], sources=sources)
    return {"security_groups": (dataclasses.replace(GROUP, inbound=(rule,)),)}


OFF = {"privatelink_enabled": False}
# The names are resolved in a VPC of their own, as with a hub of shared services.
ASKED_ELSEWHERE = {"dns_private_zone": True, "dns_vpc_id": "vpc-2"}
LISTING_REFUSED = refused("route53:ListHostedZonesByVPC")
NAMED_GROUP = {"privatelink_security_group_ids": ("sg-1",)}
ONA = {"api_endpoint": "https://app.ona.com/api"}
BOTH_NAMES = {"service": Service(SERVICE_NAME, "us-east-1", (), "app.gitpod.io", private_dns_names=("App.Ona.com",))}
ANY_NAME = {"service": Service(SERVICE_NAME, "us-east-1", (), "*.ona.example")}
DEPLOYED = {"stack": Stack("gitpod-eu", "UPDATE_COMPLETE", "id")}
HERE = {"region": "us-east-1", "certificate_arn": "", "availability_zones": ()}
CASES: list[tuple[t.Any, dict[str, t.Any], dict[str, t.Any], str]] = [
    (certificate.issued, {}, {}, "pass"),
    (certificate.issued, {"certificate_arn": ""}, {}, "skip"),
    (certificate.issued, {"region": "us-east-1"}, {}, "fail"),
    (certificate.issued, {}, {"certificate": None}, "fail"),
    (certificate.issued, {}, cert(status="PENDING_VALIDATION"), "fail"),
    (certificate.issued, {}, cert(status="FAILED", failure="CAA_ERROR"), "fail"),
    (certificate.issued, {}, {"certificate": refused("acm:DescribeCertificate")}, "skip"),
    (certificate.names, {}, {}, "pass"),
    (certificate.names, {}, cert(names=(DOMAIN,)), "fail"),
    (certificate.names, {}, cert(names=(WILDCARD, "*.gitpod.example.com")), "pass"),
    (certificate.names, {}, cert(names=("*.gitpod.example.com",)), "fail"),
    (certificate.names, {"domain_name": ""}, {}, "skip"),
    (certificate.expiry, {}, {}, "pass"),
    (certificate.expiry, {}, cert(expires=days(29)), "warn"),
    (certificate.expiry, {}, cert(expires=days(-1)), "fail"),
    (certificate.expiry, {}, cert(expires=None), "skip"),
    (certificate.key, {}, {}, "pass"),
    (certificate.key, {}, cert(key_algorithm="EC_secp384r1"), "pass"),
    (certificate.key, {}, cert(key_algorithm="RSA_4096"), "fail"),
    (certificate.key, {}, cert(key_algorithm="RSA_1024"), "warn"),
    (certificate.key, {}, {"certificate": None}, "skip"),
    (certificate.renewal, {}, {}, "pass"),
    (certificate.renewal, {}, cert(kind="IMPORTED", validation=""), "warn"),
    (certificate.renewal, {}, cert(validation="EMAIL"), "warn"),
    (certificate.renewal, {}, {"certificate": None}, "skip"),
    (dns.zone, {}, {}, "pass"),
    (dns.zone, {}, {"hosted_zones": ()}, "fail"),
    (dns.zone, {}, {"hosted_zones": (ZONE, dataclasses.replace(ZONE, id="Z4"))}, "fail"),
    (dns.zone, {}, {"hosted_zones": (ZONE, PRIVATE)}, "warn"),
    (dns.zone, {"dns_hosted_zone_id": "Z1"}, {"hosted_zones": (ZONE, PRIVATE)}, "pass"),
    (dns.zone, {"dns_hosted_zone_id": "Z7"}, {}, "fail"),
    (dns.zone, {"dns_hosted_zone_id": "Z1", "domain_name": "other.org"}, {}, "fail"),
    (dns.zone, {"dns_private_zone": True}, {"hosted_zones": (PRIVATE,), "vpc_zones": (PRIVATE,)}, "pass"),
    (dns.zone, {"dns_private_zone": True}, {"hosted_zones": (PRIVATE,), "vpc_zones": ()}, "fail"),
    (dns.zone, ASKED_ELSEWHERE, {"hosted_zones": (PRIVATE,), "vpc_zones": (), "dns_vpc_zones": (PRIVATE,)}, "pass"),
    (dns.zone, ASKED_ELSEWHERE, {"hosted_zones": (PRIVATE,), "vpc_zones": (PRIVATE,), "dns_vpc_zones": ()}, "fail"),
    (dns.zone, ASKED_ELSEWHERE, {"hosted_zones": (PRIVATE,), "dns_vpc_zones": LISTING_REFUSED}, "pass"),
    (dns.zone, {"dns_private_zone": True, "dns_associate_vpc": True}, {"hosted_zones": (PRIVATE,)}, "pass"),
    (dns.zone, {"dns_split_horizon": True}, {"hosted_zones": (ZONE, PRIVATE), "vpc_zones": (PRIVATE,)}, "pass"),
    (dns.zone, {"dns_split_horizon": True}, {"hosted_zones": (ZONE, PRIVATE), "vpc_zones": ()}, "fail"),
    (dns.zone, {"dns_split_horizon": True}, {}, "fail"),
    (dns.zone, {"dns_hosted_zone_id": "Z1", "dns_further_hosted_zone_ids": ("Z7",)}, {}, "fail"),
    (dns.zone, {"dns_role_arn": ROLE}, {"hosted_zones": refused("sts:AssumeRole")}, "fail"),
    (dns.zone, EXTERNAL, {}, "skip"),
    (dns.zone, {}, {"hosted_zones": refused("route53:ListHostedZones")}, "skip"),
    (dns.delegation, {}, {}, "pass"),
    (dns.delegation, {}, zone(record("gitpod.example.com", "NS")), "pass"),
    (dns.delegation, {}, zone(record(DOMAIN, "NS", values=("ns1.example.net.",))), "fail"),
    (dns.delegation, {}, {"records": {"Z1": refused("route53:ListResourceRecordSets")}}, "skip"),
    (dns.delegation, EXTERNAL, {}, "skip"),
    (dns.records, {}, {}, "pass"),
    (dns.records, {}, zone(record(DOMAIN)), "fail"),
    (dns.records, {"dns_overwrite": True}, zone(record(DOMAIN)), "warn"),
    (dns.records, {"dns_overwrite": True}, zone(record(DOMAIN, routing="blue")), "fail"),
    (dns.records, {}, {**zone(*pointing("lb.elb.amazonaws.com")), "load_balancer": BALANCER}, "pass"),
    (dns.records, {}, {**zone(*pointing("old.elb.amazonaws.com")), "load_balancer": BALANCER}, "fail"),
    (dns.records, {"domain_name": ""}, {}, "skip"),
    (
        dns.records,
        {"dns_split_horizon": True},
        {
            "hosted_zones": (ZONE, PRIVATE),
            "records": {"Z1": tuple(pointing("lb.elb.amazonaws.com")), PRIVATE.id: (record(DOMAIN),)},
            "load_balancer": BALANCER,
        },
        "fail",
    ),
    (dns.records, EXTERNAL, answers((DOMAIN, "CNAME", "missing", ()), (DOMAIN, "A", "missing", ())), "pass"),
    (dns.records, EXTERNAL, answers((DOMAIN, "CNAME", "empty", ()), (DOMAIN, "A", "found", ("192.0.2.1",))), "warn"),
    (
        dns.records,
        EXTERNAL,
        {**answers((DOMAIN, "CNAME", "found", ("lb.elb.amazonaws.com.",))), "load_balancer": BALANCER},
        "pass",
    ),
    (dns.records, EXTERNAL, answers((DOMAIN, "CNAME", "LifetimeTimeout", ())), "skip"),
    (dns.apex, {}, {}, "pass"),
    (dns.apex, {"dns_record_type": "cname"}, {}, "pass"),
    (dns.apex, {"dns_record_type": "cname"}, {"hosted_zones": (ZONE, DEEPER)}, "fail"),
    (dns.apex, {}, {"hosted_zones": (ZONE, DEEPER)}, "pass"),
    (dns.apex, EXTERNAL, answers((DOMAIN, "SOA", "found", ("ns. me. 1",))), "fail"),
    (dns.apex, EXTERNAL, answers((DOMAIN, "SOA", "empty", ())), "pass"),
    (dns.apex, EXTERNAL, {}, "skip"),
    (dns.apex, {}, {"hosted_zones": ()}, "skip"),
    (dns.caa, {}, {}, "pass"),
    (dns.caa, {}, caa('0 issue "amazon.com"'), "pass"),
    (dns.caa, {}, caa('0 issue "letsencrypt.org"'), "warn"),
    (dns.caa, {"certificate_arn": ""}, {**caa('0 issue "letsencrypt.org"'), "certificate": None}, "fail"),
    (dns.caa, {}, {**caa('0 issue ";"'), **cert(kind="IMPORTED")}, "pass"),
    (dns.caa, {}, caa('0 issue "amazon.com"', '0 issuewild ";"'), "warn"),
    (dns.caa, EXTERNAL, answers((DOMAIN, "CAA", "found", ('0 issue "letsencrypt.org"',))), "warn"),
    (dns.caa, EXTERNAL, {"answers": Unread("ask the resolvers", "no dnspython")}, "skip"),
    (privatelink.service, {}, {}, "pass"),
    (privatelink.service, {}, {"service": Unread("ec2", "The endpoint service cannot be seen", decided=True)}, "fail"),
    (privatelink.service, {}, {"service": Unread("ec2:DescribeVpcEndpointServices", "Connection was closed")}, "skip"),
    (privatelink.service, {}, {"service": refused("ec2:DescribeVpcEndpointServices")}, "skip"),
    (privatelink.service, OFF, {}, "skip"),
    (privatelink.subnets, {}, {}, "pass"),
    (privatelink.subnets, HERE, {}, "fail"),
    (
        privatelink.subnets,
        {"region": "us-east-1"},
        {"service": Service(SERVICE_NAME, "us-east-1", ("eu-central-1a",), "app.gitpod.io")},
        "warn",
    ),
    (privatelink.subnets, {"privatelink_subnet_ids": ("subnet-9",)}, {}, "fail"),
    (privatelink.subnets, {"privatelink_subnet_ids": ("subnet-e1", "subnet-l1")}, {}, "fail"),
    (privatelink.subnets, {}, {"service": None}, "skip"),
    (privatelink.endpoint, {}, {}, "pass"),
    (privatelink.endpoint, {}, there(), "pass"),
    (privatelink.endpoint, {}, there(tags={}), "pass"),
    (privatelink.endpoint, {}, there("failed"), "fail"),
    (privatelink.endpoint, {"privatelink_replace_failed": True}, there("failed"), "warn"),
    (privatelink.endpoint, {"privatelink_replace_failed": True}, there("failed", tags={}), "fail"),
    (privatelink.endpoint, {"privatelink_adopt": False}, there(tags={}), "fail"),
    (privatelink.endpoint, {"privatelink_adopt": False}, there(), "pass"),
    (privatelink.endpoint, {}, there("rejected", tags={}), "fail"),
    (privatelink.endpoint, {}, there("pendingAcceptance"), "warn"),
    (privatelink.endpoint, OFF, {}, "skip"),
    (privatelink.private_dns, {}, {}, "pass"),
    (
        privatelink.private_dns,
        {},
        {"endpoints": (endpoint("other", private_dns=True, dns_names=("app.gitpod.io",)),)},
        "fail",
    ),
    (privatelink.private_dns, {}, {"vpc_zones": (Zone("Z8", "gitpod.io", True),)}, "fail"),
    (privatelink.private_dns, {}, {"vpc_zones": (Zone("Z8", "example.com", True),)}, "pass"),
    (privatelink.private_dns, {"privatelink_private_dns_enabled": False}, {}, "skip"),
    (privatelink.api_endpoint, {}, {}, "pass"),
    (privatelink.api_endpoint, {"api_endpoint": "https://APP.gitpod.io/api"}, {}, "pass"),
    (privatelink.api_endpoint, ONA, {}, "fail"),
    (privatelink.api_endpoint, ONA, BOTH_NAMES, "pass"),
    (privatelink.api_endpoint, {"api_endpoint": "https://x.ona.example/api"}, ANY_NAME, "pass"),
    (privatelink.api_endpoint, {"api_endpoint": "https://ona.example/api"}, ANY_NAME, "fail"),
    (privatelink.api_endpoint, ONA, DEPLOYED, "warn"),
    (privatelink.api_endpoint, ONA, {**DEPLOYED, "route_tables": ()}, "fail"),
    (privatelink.api_endpoint, {**ONA, "privatelink_private_dns_enabled": False}, {}, "skip"),
    (privatelink.api_endpoint, {"api_endpoint": "http://127.0.0.1:8080/api"}, {}, "skip"),
    (privatelink.api_endpoint, {}, {"service": None}, "skip"),
    (privatelink.api_endpoint, OFF, {}, "skip"),
    (privatelink.security_group, {}, {}, "pass"),
    (privatelink.security_group, NAMED_GROUP, {}, "pass"),
    (privatelink.security_group, NAMED_GROUP, admitting("192.0.2.0/24"), "fail"),
    (privatelink.security_group, NAMED_GROUP, admitting("sg-2"), "warn"),
    (privatelink.security_group, {"privatelink_security_group_ids": ("sg-9",)}, {}, "fail"),
    (privatelink.security_group, OFF, {}, "skip"),
]


@pytest.mark.parametrize(("check", "wanted", "facts", "status"), CASES)
def test_outcomes(check: t.Any, wanted: dict[str, t.Any], facts: dict[str, t.Any], status: str) -> None:
    found = look(check, wanted, facts)
    assert found.status == status, found
    assert found.summary.endswith(".")
    if status in ("fail", "warn"):
        assert found.remediation


def test_every_check_of_these_groups_has_each_of_its_outcomes() -> None:
    for group_name in ("certificate", "dns", "privatelink"):
        for check in (check for check in checks.ALL if check.group == group_name):
            seen = {status for entry, _wanted, _facts, status in CASES if entry is check}
            assert {"pass", "skip"} <= seen, check.id
            assert seen & {"fail", "warn"}, check.id


def test_a_private_zone_is_missed_in_the_vpc_that_resolves_the_names() -> None:
    found = look(dns.zone, ASKED_ELSEWHERE, {"hosted_zones": (PRIVATE,), "vpc_zones": (PRIVATE,), "dns_vpc_zones": ()})
    assert "does not answer in vpc-2" in found.summary


def test_of_two_private_zones_the_one_that_answers_there_is_meant() -> None:
    other = dataclasses.replace(PRIVATE, id="Z5")
    facts = {"hosted_zones": (PRIVATE, other), "vpc_zones": (PRIVATE,), "dns_vpc_zones": (other,)}
    assert "(Z5)" in look(dns.zone, ASKED_ELSEWHERE, facts).summary


def test_what_will_become_of_the_records_is_said() -> None:
    one = pointing("lb.elb.amazonaws.com")[:1]
    found = look(dns.records, {}, {**zone(*one), "load_balancer": BALANCER})
    assert found.summary == f"{WILDCARD} A is created."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ssm:/gitpod/ca", ("ssm", "/gitpod/ca", "", "")),
        ("ssm:/gitpod/ca:3", ("ssm", "/gitpod/ca", "3", "")),
        ("{{resolve:ssm:/gitpod/ca}}", ("ssm", "/gitpod/ca", "", "")),
        ("secretsmanager:ca:SecretString:pem", ("secretsmanager", "ca", "", "pem")),
        (
            "secretsmanager:arn:aws:secretsmanager:eu-central-1:1:secret:ca-AbCdEf:SecretString:pem",
            ("secretsmanager", "arn:aws:secretsmanager:eu-central-1:1:secret:ca-AbCdEf", "", "pem"),
        ),
    ],
)
def test_references_are_read_as_cloudformation_reads_them(text: str, expected: tuple[str, ...]) -> None:
    found = certificates.parse_reference(text)
    assert found is not None
    assert (found.service, found.name, found.version, found.key) == expected


def test_other_references_are_none() -> None:
    assert [certificates.parse_reference(text) for text in ("", "ssm:", "s3:bucket", "/gitpod/ca")] == [None] * 4


def test_a_bundle_is_parsed_and_its_content_not_kept() -> None:
    import trustme

    pem = trustme.CA(organization_name="Example").cert_pem.bytes().decode()
    broken = pem.replace("MII", "AAA", 1)
    bundle = certificates.parse_bundle(f"{pem}\n{broken}")
    assert (len(bundle.certificates), bundle.unreadable, bundle.private_key) == (1, 1, False)
    assert bundle.certificates[0].authority
    assert "Example" in bundle.certificates[0].subject
    assert pem.splitlines()[3] not in repr(bundle)
    assert certificates.parse_bundle("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----").private_key


def test_the_zones_that_hold_a_domain_are_the_longest_of_each_kind() -> None:
    parent = Zone("Z0", "example.com", False)
    assert naming.holding([parent, ZONE, PRIVATE], DOMAIN) == (ZONE, PRIVATE)
    assert naming.holding([parent, ZONE], DOMAIN, ("Z0",)) == (parent,)
    assert naming.path(parent, DOMAIN) == ("example.com", "gitpod.example.com", DOMAIN)


def test_checks_of_one_runner_do_not_change_its_facts() -> None:
    before = repr(FACTS)
    for check in checks.ALL:
        check.run(WANTED, FACTS)
    assert repr(FACTS) == before


class Zones:
    """ListHostedZonesByVPC with two zones a page, the last of them an endpoint's own."""

    def __init__(self) -> None:
        owners = [{"OwningAccount": "1"}] * 4 + [{"OwningService": "vpce.amazonaws.com"}]
        self._all = [
            {"HostedZoneId": f"Z{index}", "Name": f"{index}.example.com.", "Owner": owner}
            for index, owner in enumerate(owners)
        ]

    def list_hosted_zones_by_vpc(self, NextToken: str = "0", **_asked: t.Any) -> dict[str, t.Any]:  # noqa: N803
        """One page."""
        first = int(NextToken)
        more = {"NextToken": str(first + 2)} if first + 2 < len(self._all) else {}
        return {"HostedZoneSummaries": self._all[first : first + 2], **more}


def test_all_pages_of_the_vpcs_zones_are_read_and_what_a_service_keeps_is_no_zone_of_anybodys() -> None:
    found = naming.vpc_zones(Zones(), "vpc-1", "eu-central-1")
    assert found == tuple(Zone(f"Z{index}", f"{index}.example.com", True) for index in range(4))
