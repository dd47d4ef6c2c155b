# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions of every partition, and zones, by their names."""

from __future__ import annotations

import re

import botocore.session
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _regions
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Inventory

PARTITIONS = botocore.session.get_session().get_component("data_loader").load_data("partitions")["partitions"]
REGIONS = [
    (region, partition["id"])
    for partition in PARTITIONS
    for region in partition["regions"]
    if not region.endswith("-global")
]


def test_every_partition_is_known() -> None:
    assert {partition["id"] for partition in PARTITIONS} == {_regions.COMMERCIAL, *_regions.PARTITIONS.values()}


def test_what_names_of_services_end_in_is_known_of_every_partition() -> None:
    suffixes = {partition["id"]: partition["outputs"]["dnsSuffix"] for partition in PARTITIONS}
    assert {region: _regions.suffix_of(region) for region, _partition in REGIONS} == {
        region: suffixes[partition] for region, partition in REGIONS
    }


@pytest.mark.parametrize(("region", "partition"), REGIONS)
def test_each_region_of_botocore_has_its_form_and_its_partition(region: str, partition: str) -> None:
    assert re.fullmatch(_regions.REGION, region)
    assert _regions.partition_of(region) == partition
    assert _regions.zone_fault(f"{region}a", region) == ""
    assert rules.identifiers(Inventory.of({"gitpod_region": region})) == []


@pytest.mark.parametrize("region", ["Frankfurt", "us-east", "us-east-1a", "use1-az1", "us_east_1", "us-east-1 "])
def test_what_is_no_region_is_told(region: str) -> None:
    assert [problem.variable for problem in rules.identifiers(Inventory.of({"gitpod_region": region}))] == [
        "gitpod_region"
    ]


@pytest.mark.parametrize(
    ("zones", "kind", "said"),
    [
        (["us-west-2a", "us-west-2-lax-1a"], "malformed", "'us-west-2-lax-1a' is a Local Zone or a Wavelength Zone"),
        (["us-west-2a", "us-west-2-wl1-las-wlz-1"], "malformed", "is a Local Zone or a Wavelength Zone"),
        (["usw2-az1", "usw2-az2"], "malformed", "is the ID of a zone"),
        (["us-west-2", "us-west-2a"], "malformed", "'us-west-2' is a region"),
        (["us-west-2a", "b"], "malformed", "'b' has not the form"),
        (["us-west-2a", "us-west-1b"], "contradictory", "'us-west-1b' is in another region than us-west-2"),
        (["us-west-2a", "us-west-20b"], "contradictory", "another region"),
        (["us-west-2a"], "contradictory", "1 zones"),
        (["us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d"], "contradictory", "4 zones"),
        (["us-west-2a", "us-west-2a"], "contradictory", "Named twice: 'us-west-2a'"),
    ],
)
def test_what_is_no_zone_of_the_region_is_told(zones: list[str], kind: str, said: str) -> None:
    values = {"gitpod_region": "us-west-2", "gitpod_availability_zones": zones}
    (problem,) = rules.zones_and_subnets(Inventory.of(values))
    assert (problem.kind, problem.variable) == (kind, "gitpod_availability_zones")
    assert said in problem.summary
