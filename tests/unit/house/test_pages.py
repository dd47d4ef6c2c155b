# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that AWS lists in pages is read as if it were one page."""

from __future__ import annotations

import ast
import itertools
import typing as t
from pathlib import Path

import botocore.session
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._paging import every
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import account, naming, network
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api as Endpoints

ROOT = Path(__file__).parents[3] / "plugins"
SERVICES = ("acm", "cloudformation", "ec2", "elbv2", "iam", "route53", "s3", "secretsmanager", "ssm")
# Calls of one page each: in a loop of their own, which its module's tests show, or about one thing that is named.
BY_HAND = {
    ("_certificate/api.py", "list_certificates"),
    ("_cloudformation/api.py", "describe_change_set"),
    ("_cloudformation/api.py", "describe_stacks"),
    ("_cloudformation/drift.py", "describe_stack_resource_drifts"),
    ("_cloudformation/drift.py", "describe_stacks"),
    ("_cloudformation/events.py", "describe_stack_events"),
    ("_preflight/naming.py", "list_resource_record_sets"),
    ("_route53/api.py", "list_hosted_zones"),
    ("_route53/api.py", "list_resource_record_sets"),
    ("_teardown/buckets.py", "list_object_versions"),
}


def paged_operations() -> set[str]:
    """Methods of boto3's clients whose answers can have a successor, by botocore's models."""
    session = botocore.session.get_session()
    found = set()
    for service in SERVICES:
        model = session.get_service_model(service)
        for name in model.operation_names:
            output = model.operation_model(name).output_shape
            members = output.members if output else {}
            if {"NextToken", "NextMarker", "IsTruncated"} & set(members):
                found.add(botocore.xform_name(name))
    return found


def test_every_operation_that_aws_pages_is_read_to_its_end() -> None:
    paged, called = paged_operations(), set()
    assert {"describe_subnets", "list_hosted_zones_by_vpc", "describe_stack_resource_drifts"} <= paged
    for path in (ROOT / "module_utils").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in paged:
                called.add((f"{path.parent.name}/{path.name}", node.func.attr))
    assert called - BY_HAND == set(), "use _paging.every, or a loop that a test shows"


class Paged:
    """A service that has one entry on a page, an empty page before the last, and nothing else."""

    def __init__(self, key: str, *entries: t.Any, names: tuple[str, str] = ("NextToken", "NextToken")) -> None:
        self.pages = [*([entry] for entry in entries[:-1]), [], [entries[-1]]]
        self.key, self.names = key, names

    def __getattr__(self, operation: str) -> t.Any:
        return self.page if operation.startswith(("describe_", "list_")) else super().__getattribute__(operation)

    def page(self, **arguments: t.Any) -> dict[str, t.Any]:
        assert arguments["aws_retry"] is True
        place = int(arguments.get(self.names[1], 0))
        more = {self.names[0]: str(place + 1)} if place + 1 < len(self.pages) else {}
        return {self.key: self.pages[place], **more}


@pytest.mark.parametrize("names", [("NextToken", "NextToken"), ("NextMarker", "Marker")])
def test_pages_are_read_to_their_end_and_an_empty_one_is_none(names: tuple[str, str]) -> None:
    client = Paged("Things", 1, 2, 3, names=names)
    assert every(client.describe_things, "Things") == [1, 2, 3]


def test_an_answer_without_its_list_is_told() -> None:
    with pytest.raises(ApiError, match="has no 'Others'"), intent("list"):
        every(Paged("Things", 1).describe_things, "Others")


@pytest.mark.parametrize("names", [("NextToken", "NextToken"), ("NextMarker", "Marker")])
@pytest.mark.parametrize("tokens", [lambda _count: "the same", str], ids=["one token", "ever new ones"])
def test_a_list_that_does_not_end_is_no_list(names: tuple[str, str], tokens: t.Callable[[int], str]) -> None:
    count = itertools.count()

    def page(**_arguments: t.Any) -> dict[str, t.Any]:
        return {"Things": [1], names[0]: tokens(next(count))}

    with pytest.raises(ApiError, match="does not end"):
        every(page, "Things")


SUBNET = {"VpcId": "vpc-1", "AvailabilityZone": "eu-central-1a", "CidrBlock": "10.0.0.0/24"}
ENDPOINT = {"VpcId": "vpc-1", "State": "available", "ServiceName": "s"}
GROUP = {"GroupName": "g", "VpcId": "vpc-1"}
READS: list[tuple[str, str, list[dict[str, t.Any]], t.Callable[[t.Any], t.Any]]] = [
    ("Subnets", "SubnetId", [SUBNET] * 2, lambda client: network.subnets(client, ("1", "2"))),
    ("SecurityGroups", "GroupId", [GROUP] * 2, lambda client: network.security_groups(client, ("1", "2"))),
    ("Subnets", "SubnetId", [SUBNET] * 2, lambda client: Endpoints(client, "eu-central-1").subnets(("1", "2"))),
    ("VpcEndpoints", "VpcEndpointId", [ENDPOINT] * 2, lambda client: Endpoints(client, "x").endpoints("vpc-1", "s")),
    ("SecurityGroups", "GroupId", [GROUP] * 2, lambda client: Endpoints(client, "x").groups.of_ids(("1", "2"))),
    ("Images", "OwnerId", [{"Name": "i", "ImageId": "i"}] * 2, account.images),
    (
        "HostedZoneSummaries",
        "HostedZoneId",
        [{"Name": "example.com.", "Owner": {"OwningAccount": "1"}}] * 2,
        lambda client: naming.vpc_zones(client, "vpc-1", "eu-central-1"),
    ),
]


@pytest.mark.parametrize(("key", "name", "entries", "read"), READS)
def test_what_stands_on_a_second_page_counts(
    key: str, name: str, entries: list[dict[str, t.Any]], read: t.Callable[[t.Any], t.Any]
) -> None:
    client = Paged(key, *({**entry, name: f"id-{number}"} for number, entry in enumerate(entries)))
    assert len(read(client)) == 2
