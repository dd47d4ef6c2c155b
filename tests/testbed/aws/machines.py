# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance types and volumes, in pages, and instances, with the filters that ministack leaves out.

Source: EC2 API reference, DescribeInstanceTypes and DescribeVolumes (a page may have fewer entries than asked for);
EC2 instance type specifications for the virtual processors; EC2 user guide, "Filter", for patterns. An instance type
that does not exist is refused when it is named, and simply not found by a filter.
"""

from __future__ import annotations

import re
import typing as t

from ministack.services import ec2

VCPUS: t.Mapping[str, int] = {
    "c6i.large": 2,
    "g4dn.xlarge": 4,
    "m6i.large": 2,
    "m6i.xlarge": 4,
    "m6i.2xlarge": 8,
    "m6i.4xlarge": 16,
    "m7i.2xlarge": 8,
    "t3.micro": 2,
    "t3.large": 2,
}
# Small on purpose: what reads the first page alone is found out.
PAGE = 2


def _page(params: t.Mapping[str, t.Any], everything: list[str]) -> tuple[list[str], str]:
    start = int(ec2._p(params, "NextToken") or 0)
    more = f"<nextToken>{start + PAGE}</nextToken>" if start + PAGE < len(everything) else ""
    return everything[start : start + PAGE], more


def _instance_types(params: dict[str, t.Any]) -> t.Any:
    named = ec2._parse_member_list(params, "InstanceType")
    unknown = [name for name in named if name not in VCPUS]
    if unknown:
        message = f"The following supplied instance types do not exist: [{', '.join(unknown)}]"
        return ec2._error("InvalidInstanceType", message, 400)
    wanted = ec2._parse_filters(params).get("instance-type") or list(VCPUS)
    found = [name for name in VCPUS if name in wanted and (not named or name in named)]
    names, more = _page(params, found)
    items = "".join(map(_item, names))
    return ec2._xml(200, "DescribeInstanceTypesResponse", f"<instanceTypeSet>{items}</instanceTypeSet>{more}")


def _item(name: str) -> str:
    vcpus = VCPUS[name]
    info = (
        f"<vCpuInfo><defaultVCpus>{vcpus}</defaultVCpus><defaultCores>{vcpus // 2}</defaultCores>"
        "<defaultThreadsPerCore>2</defaultThreadsPerCore></vCpuInfo>"
    )
    return f"<item><instanceType>{name}</instanceType><currentGeneration>true</currentGeneration>{info}</item>"


def _volumes(params: dict[str, t.Any]) -> t.Any:
    """Those that ministack finds, a page at a time."""
    plain = {key: value for key, value in params.items() if key not in ("NextToken", "MaxResults")}
    status, headers, body = _ministack_volumes(plain)
    text = body.decode() if isinstance(body, bytes) else str(body)
    # The first ID of an entry is the volume's own; its attachments repeat it.
    found = list(dict.fromkeys(re.findall(r"<volumeId>([^<]+)</volumeId>", text)))
    if status != 200 or len(found) <= PAGE:
        return status, headers, body
    names, more = _page(params, found)
    named = {f"VolumeId.{number}": [name] for number, name in enumerate(names, 1)}
    status, headers, body = _ministack_volumes({**plain, **named})
    text = body.decode() if isinstance(body, bytes) else str(body)
    return status, headers, text.replace("</volumeSet>", f"</volumeSet>{more}").encode()


_ministack_volumes = ec2._ACTION_MAP["DescribeVolumes"]


def _matches(instance: dict[str, t.Any], filters: dict[str, list[str]]) -> bool:
    """Also by VPC, which ministack does not look at, and with the patterns that a tag's value is to a filter."""
    subnet = ec2._subnets.get(instance.get("SubnetId"), {})
    if subnet.get("VpcId") not in filters.get("vpc-id", [subnet.get("VpcId")]):
        return False
    own = {tag["Key"]: tag["Value"] for tag in ec2._tags.get(instance["InstanceId"], [])}
    for name, values in filters.items():
        if name.startswith("tag:") and not any(_fits(own.get(name[4:]), value) for value in values):
            return False
    left = {name: values for name, values in filters.items() if not name.startswith("tag:") and name != "vpc-id"}
    return bool(_ministack_matches(instance, left))


def _fits(value: str | None, pattern: str) -> bool:
    """A star is any text, a question mark one character at most, a backslash takes the next one as it is."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    signs = {"*": ".*", "?": ".?"}
    text = "".join(signs.get(part) or re.escape(part[-1]) for part in parts)
    return value is not None and re.fullmatch(text, value, re.DOTALL) is not None


_ministack_matches = ec2._matches_filters


def install(_settings: t.Any) -> None:
    """Answer in their place."""
    ec2._matches_filters = _matches
    ec2._ACTION_MAP["DescribeInstanceTypes"] = _instance_types
    ec2._ACTION_MAP["DescribeVolumes"] = _volumes
