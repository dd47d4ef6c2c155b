# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions, their partitions and their zones, by their names alone. Pure.

Source of the prefixes: botocore 1.44, C(data/partitions.json), C(regionRegex) of each partition; a test holds this
table against the botocore that is installed. What is none of these belongs to the commercial partition.
"""

from __future__ import annotations

import re
import typing as t

COMMERCIAL = "aws"
PARTITIONS: t.Mapping[str, str] = {
    "cn-": "aws-cn",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
}
# A region of each partition that needs not be enabled (AWS account management guide, "Enable or disable AWS Regions").
ALWAYS_ENABLED: t.Mapping[str, str] = {
    COMMERCIAL: "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
    "aws-us-gov": "us-gov-west-1",
}
# What names of services end in, where it is not amazonaws.com (the same file, C(dnsSuffix)).
SUFFIXES: t.Mapping[str, str] = {
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
}
# As us-east-1, us-gov-west-1, eusc-de-east-1, us-isob-east-1.
REGION = r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}"


def partition_of(region: str) -> str:
    """The AWS partition of a region."""
    return next((partition for prefix, partition in PARTITIONS.items() if region.startswith(prefix)), COMMERCIAL)


def suffix_of(region: str) -> str:
    """What the names of a region's services end in."""
    return SUFFIXES.get(partition_of(region), "amazonaws.com")


def always_enabled(region: str) -> str:
    """A region of the same partition that every account has; empty where the region is that one itself."""
    found = ALWAYS_ENABLED[partition_of(region)]
    return "" if found == region else found


def zone_fault(zone: str, region: str) -> str:
    """Why a zone is none of the region's Availability Zones, as the end of a sentence; empty when it may be one.

    :param region: empty where it is not known.
    """
    if re.fullmatch(rf"{REGION}-[a-z0-9-]+-\d{{1,2}}[a-z]?", zone):
        # EC2, DescribeAvailabilityZones: zone types local-zone and wavelength-zone, such as us-west-2-lax-1a and
        # us-east-1-wl1-bos-wlz-1. CloudFormation's AWS::EC2::AvailabilityZone::Name takes Availability Zones.
        return "is a Local Zone or a Wavelength Zone, no Availability Zone"
    if re.fullmatch(r"[a-z0-9]+-az\d+", zone):
        return "is the ID of a zone, not its name, which differs from account to account"
    if re.fullmatch(REGION, zone):
        return "is a region, not a zone"
    if not re.fullmatch(rf"{REGION}[a-z]", zone):
        return "has not the form of a zone's name"
    return f"is in another region than {region}" if region and zone[:-1] != region else ""
