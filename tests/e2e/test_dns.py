# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records in the simulated Route 53: zones, horizons, accounts, switches, and what is refused."""

from __future__ import annotations

import contextlib
import functools
import secrets
import threading
import time
import typing as t

import boto3
import dns.message
import dns.query
import dns.rcode
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import result as stacks
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53 import operation
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_dns import ARGUMENT_SPEC
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_stack import ARGUMENT_SPEC as STACK_SPEC
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.test_modules import STACK

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testbed.client import TestBed

REGION, DOMAIN, VPC = "us-east-1", "us.gitpod.example.com", "vpc-0a7d5c3e1f9b80246"
TARGET = "gitpod-us-0123456789abcdef.elb.us-east-1.amazonaws.com"
OTHER = "gitpod-us-fedcba9876543210.elb.us-east-1.amazonaws.com"
NLB_ZONE, PUBLIC = "Z26RNL4JYFTOTI", "Z08A1B2C3D4E5F6G7H8I9"
OTHER_ACCOUNT = "210987654321"


@pytest.fixture
def testbed(running_testbed: TestBed) -> TestBed:
    running_testbed.reset()
    running_testbed.settings(stack_seconds=1.5)
    running_testbed.add_load_balancers(TARGET, OTHER)
    return running_testbed


@functools.lru_cache
def client_of(url: str, account: str) -> t.Any:
    return boto3.client(
        "route53",
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=account,
        aws_secret_access_key="test",
    )


def route53(testbed: TestBed, account: str = "") -> t.Any:
    return client_of(testbed.aws_endpoint_url, account or testbed.account_id)


def keep(testbed: TestBed, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
    wanted = {"domain_name": DOMAIN, "load_balancer_dns_name": TARGET, "load_balancer_hosted_zone_id": NLB_ZONE}
    if "records" in options:
        wanted = {"domain_name": DOMAIN}
    module = InProcessModule(testbed, ARGUMENT_SPEC, REGION, check, **{**wanted, "wait": False, **options})
    return outcome(module, operation.run)


def records_in(testbed: TestBed, zone: str, account: str = "") -> dict[tuple[str, str], t.Any]:
    found = route53(testbed, account).list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {(entry["Name"], entry["Type"]): entry for entry in found if entry["Type"] not in ("NS", "SOA")}


def put(testbed: TestBed, zone: str, name: str, kind: str, value: str) -> None:
    record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    route53(testbed).change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def private_zone(testbed: TestBed, name: str = "gitpod.example.com", vpc: str = VPC) -> str:
    created = route53(testbed).create_hosted_zone(
        Name=name, CallerReference=f"{name} {vpc}", VPC={"VPCRegion": REGION, "VPCId": vpc}
    )
    return str(created["HostedZone"]["Id"]).rsplit("/", 1)[-1]


BOTH = {("\\052.us.gitpod.example.com.", "A"), ("us.gitpod.example.com.", "A")}


def test_a_dual_stack_load_balancer_has_both_families_and_check_mode_only_predicts(testbed: TestBed) -> None:
    testbed.clear_calls()
    predicted = keep(testbed, check=True, dual_stack=True)
    assert predicted["changed"] is True
    assert "ChangeResourceRecordSets" not in {call["operation"] for call in testbed.calls()}
    created = keep(testbed, dual_stack=True, wait=True)
    assert "GetChange" in {call["operation"] for call in testbed.calls()}
    assert created["records"] == predicted["records"]
    assert {kind for _name, kind in records_in(testbed, PUBLIC)} == {"A", "AAAA"}
    assert keep(testbed, dual_stack=True)["changed"] is False
    assert keep(testbed)["changed"] is True, "without IPv6 addresses the AAAA records go"
    assert set(records_in(testbed, PUBLIC)) == BOTH


def test_hundreds_of_sub_domains_do_not_hide_the_wildcard(testbed: TestBed) -> None:
    keep(testbed)
    for start in (0, 100):
        changes = [
            {
                "Action": "CREATE",
                "ResourceRecordSet": {
                    "Name": f"{number:03}.{DOMAIN}",
                    "Type": "A",
                    "TTL": 60,
                    "ResourceRecords": [{"Value": "192.0.2.1"}],
                },
            }
            for number in range(start, start + 100)
        ]
        route53(testbed).change_resource_record_sets(HostedZoneId=PUBLIC, ChangeBatch={"Changes": changes})
    assert keep(testbed)["changed"] is False


def test_both_horizons_are_kept_alike_or_not_at_all(testbed: TestBed) -> None:
    missing = keep(testbed, split_horizon=True)
    assert "No private hosted zone" in missing["msg"]
    private = private_zone(testbed)
    both = keep(testbed, split_horizon=True, vpc_id=VPC)
    assert [(zone["id"], zone["private"], zone["changed"]) for zone in both["zones"]] == [
        (PUBLIC, False, True),
        (private, True, True),
    ]
    assert set(records_in(testbed, PUBLIC)) == set(records_in(testbed, private)) == BOTH
    assert keep(testbed, split_horizon=True, vpc_id=VPC)["changed"] is False

    put(testbed, private, f"_acme.{DOMAIN}", "TXT", '"x"')
    moved: dict[str, t.Any] = {"load_balancer_dns_name": OTHER, "split_horizon": True}
    refused = keep(testbed, **moved)
    assert "point elsewhere" in refused["msg"]
    assert refused["msg"].count(TARGET) == 4, "the records of both zones are named"
    assert keep(testbed, **moved, overwrite=True)["changed"] is True
    gone = keep(testbed, **moved, state="absent")
    assert [zone["changed"] for zone in gone["zones"]] == [True, True]
    assert records_in(testbed, PUBLIC) == {}
    assert [kind for _name, kind in records_in(testbed, private)] == ["TXT"]


def test_nothing_is_changed_in_one_zone_while_the_other_cannot_be(testbed: TestBed) -> None:
    private = private_zone(testbed)
    put(testbed, private, DOMAIN, "A", "192.0.2.1")
    refused = keep(testbed, split_horizon=True)
    assert "192.0.2.1" in refused["msg"]
    assert records_in(testbed, PUBLIC) == {}


def test_a_private_zone_has_to_answer_in_the_runners_vpc(testbed: TestBed) -> None:
    zone = private_zone(testbed, vpc="vpc-0b8e6d4f2a0c91357")
    refused = keep(testbed, private_zone=True, vpc_id=VPC)
    assert VPC in refused["msg"]
    assert "gitpod_dns_associate_vpc" in refused["msg"]
    allowed: dict[str, t.Any] = {"private_zone": True, "vpc_id": VPC, "associate_vpc": True}
    assert keep(testbed, check=True, **allowed)["zones"][0]["associated_vpc"] is True
    done = keep(testbed, **allowed)
    assert len(done["zones"][0]["change_ids"]) == 2
    vpcs = {entry["VPCId"] for entry in route53(testbed).get_hosted_zone(Id=zone)["VPCs"]}
    assert vpcs == {VPC, "vpc-0b8e6d4f2a0c91357"}
    assert keep(testbed, **allowed)["changed"] is False


def test_a_zone_in_another_account_is_reached_by_assuming_a_role(testbed: TestBed) -> None:
    created = route53(testbed, OTHER_ACCOUNT).create_hosted_zone(Name="example.org", CallerReference="1")
    zone = created["HostedZone"]["Id"].rsplit("/", 1)[-1]
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/dns-editor"
    elsewhere: dict[str, t.Any] = {"domain_name": "gitpod.example.org"}
    assert "No public hosted zone" in keep(testbed, **elsewhere)["msg"]
    done = keep(testbed, **elsewhere, assume_role_arn=role)
    assert done["hosted_zone"]["id"] == zone
    assert len(records_in(testbed, zone, OTHER_ACCOUNT)) == 2


def test_records_are_removed_only_when_they_point_to_our_load_balancer(testbed: TestBed) -> None:
    put(testbed, PUBLIC, DOMAIN, "A", "192.0.2.1")
    put(testbed, PUBLIC, f"*.{DOMAIN}".upper(), "CNAME", f"{TARGET.upper()}.")
    assert keep(testbed, state="absent", check=True)["changed"] is True
    assert keep(testbed, state="absent")["changed"] is True
    assert set(records_in(testbed, PUBLIC)) == {("us.gitpod.example.com.", "A")}
    assert keep(testbed, state="absent")["changed"] is False


def test_a_load_balancer_that_is_gone_is_told_in_awss_words(testbed: TestBed) -> None:
    gone = "gone-us-0123456789abcdef.elb.us-east-1.amazonaws.com"
    refused = keep(testbed, load_balancer_dns_name=gone)
    assert "that target was not found" in refused["msg"]
    assert gone in refused["msg"]
    assert records_in(testbed, PUBLIC) == {}
    testbed.add_load_balancers(gone)
    assert keep(testbed, load_balancer_dns_name=gone)["changed"] is True


def test_a_validation_record_is_kept_and_removed_by_itself(testbed: TestBed) -> None:
    keep(testbed)
    record: dict[str, t.Any] = {"name": f"_a1.{DOMAIN}", "value": "_b2.acm-validations.aws"}
    assert keep(testbed, records=[record])["changed"] is True
    assert keep(testbed, records=[record])["changed"] is False
    assert keep(testbed)["changed"] is False
    other = {**record, "value": "_c3.acm-validations.aws"}
    assert keep(testbed, records=[other], state="absent")["changed"] is False
    assert keep(testbed, records=[record], state="absent")["changed"] is True
    assert set(records_in(testbed, PUBLIC)) == BOTH


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"load_balancer_hosted_zone_id": "Z3F0SRJ5LGBH90"}, "does not lie within the target zone"),
        ({"hosted_zone_ids": ["Z0000000000000000000"]}, "Z0000000000000000000"),
        ({"domain_name": "example.org", "hosted_zone_ids": [PUBLIC]}, "does not hold"),
        ({"domain_name": "gitpod.example.com", "record_type": "cname"}, "apex"),
    ],
)
def test_what_aws_refuses_is_told_and_changes_nothing(testbed: TestBed, options: dict[str, t.Any], told: str) -> None:
    assert told in keep(testbed, **options)["msg"]
    assert records_in(testbed, PUBLIC) == {}


def test_an_apex_takes_aliases(testbed: TestBed) -> None:
    assert keep(testbed, domain_name="gitpod.example.com")["changed"] is True
    assert keep(testbed, domain_name="GITPOD.example.com.")["changed"] is False


@contextlib.contextmanager
def client_that_asks_all_the_time(testbed: TestBed) -> Iterator[list[str]]:
    """Both names, over and over; what was not an address."""
    wrong: list[str] = []
    asked = [0]
    finished = threading.Event()
    address, port = testbed.dns.split(":")

    def ask() -> None:
        while not finished.is_set():
            for name in (DOMAIN, f"x{secrets.token_hex(4)}.{DOMAIN}"):
                response = dns.query.udp(dns.message.make_query(name, "A"), address, port=int(port), timeout=5)
                found = [item for entry in response.answer if entry.rdtype == dns.rdatatype.A for item in entry]
                asked[0] += 1
                if not found:
                    wrong.append(f"{name}: {dns.rcode.to_text(response.rcode())}")

    threads = [threading.Thread(target=ask, daemon=True) for _number in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield wrong
        time.sleep(0.2)
    finally:
        finished.set()
        for thread in threads:
            thread.join(10)
    assert asked[0] > 100, "the client hardly asked"


def test_no_client_sees_an_outage_while_records_are_switched(testbed: TestBed) -> None:
    """CNAME to alias and back, with a client that asks throughout."""
    created = outcome(InProcessModule(testbed, STACK_SPEC, **STACK), stacks.run)
    balancer = created["load_balancer"]
    target: dict[str, t.Any] = {
        "load_balancer_dns_name": balancer["dns_name"],
        "load_balancer_hosted_zone_id": balancer["canonical_hosted_zone_id"],
    }
    assert keep(testbed, **target, record_type="cname", ttl=60)["changed"] is True
    with client_that_asks_all_the_time(testbed) as wrong:
        for _time in range(5):
            for kind in ("alias", "cname"):
                switched = keep(testbed, **target, record_type=kind, ttl=60)
                assert switched["changed"] is True
        assert keep(testbed, **target)["changed"] is True
    assert wrong == []
