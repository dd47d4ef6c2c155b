# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a landscape has besides its VPCs: public images, and records that a test changes to break a prerequisite."""

from __future__ import annotations

import typing as t

from ministack.services import acm, ec2, iam

from . import control

# Images of the vendor and of AWS, which every region has.
IMAGES = (
    ("ami-0995913728426aaaa", "gitpod/images/gitpod-next/ec2-runner-ami-20260115.2", "Gitpod", "995913728426"),
    ("ami-0149721548608aaaa", "bottlerocket-aws-ecs-1-x86_64-v1.40.0-1a2b3c4d", "Bottlerocket", "149721548608"),
)
_hidden: set[tuple[str, str]] = set()

# Where ministack keeps what can be changed, by a name for tests.
STORES: t.Mapping[str, t.Any] = {
    "certificates": acm._certificates,
    "network_acls": ec2._network_acls,
    "roles": iam._roles,
    "route_tables": ec2._route_tables,
    "security_groups": ec2._security_groups,
    "subnets": ec2._subnets,
    "vpcs": ec2._vpcs,
}


def handle(_method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST sets C(fields) of the record C(id) in C(store), or removes it without any, in every region that has it."""
    changed = 0
    data = STORES[body["store"]]._data
    for key in list(data):
        if body["id"] == (key[-1] if isinstance(key, tuple) else key):
            changed += 1
            if "fields" in body:
                data[key].update(body["fields"])
            else:
                del data[key]
    if not changed:
        raise ValueError(f"no {body['id']} in {body['store']}")
    return {"changed": changed}


def hide(_method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST hides the images of an C(owner) in a C(region), as the setting for allowed AMIs does."""
    _hidden.add((body["region"], body["owner"]))
    return {"hidden": len(_hidden)}


def clear() -> None:
    """Every image is visible again."""
    _hidden.clear()


def _owner_matches(view: t.Mapping[str, t.Any], owners: t.Sequence[str]) -> bool:
    if (ec2.get_region(), view["OwnerId"]) in _hidden:
        return False
    return bool(_ministack_owner_matches(view, owners))


def _certificate(record: dict[str, t.Any]) -> dict[str, t.Any]:
    """The description with the fields that a test has set on the record."""
    shape = dict(_described[-1](record))
    for key in ("KeyAlgorithm", "FailureReason", "Type"):
        if key in record:
            shape[key] = record[key]
    return shape


# Cores by size; each has two threads (EC2 user guide, CPU options, of the families m5 and t3).
_CORES = {"micro": 1, "small": 1, "medium": 1, "large": 1, "xlarge": 2, "2xlarge": 4, "4xlarge": 8, "8xlarge": 16}


def _instance_xml(instance: t.Mapping[str, t.Any]) -> str:
    """With the processors, which EC2 tells of each instance (EC2 API reference, Instance)."""
    cores = _CORES.get(str(instance["InstanceType"]).rpartition(".")[2], 1)
    options = f"<cpuOptions><coreCount>{cores}</coreCount><threadsPerCore>2</threadsPerCore></cpuOptions>"
    return str(_ministack_instance_xml(instance)).replace("</instanceId>", f"</instanceId>{options}", 1)


def _describe_images(params: dict[str, t.Any]) -> t.Any:
    """With the date that every image has (EC2 API reference, Image)."""
    status, headers, body = _ministack_describe_images(params)
    dated = b"</imageId><creationDate>2026-01-15T08:00:00.000Z</creationDate>"
    return status, headers, body if b"<creationDate>" in body else body.replace(b"</imageId>", dated)


_ministack_instance_xml = ec2._instance_xml
_ministack_describe_images = ec2._ACTION_MAP["DescribeImages"]
_ministack_owner_matches = ec2._image_owner_matches
_described: list[t.Any] = []


def install(_settings: t.Any) -> None:
    """Add the images, and offer the control interface."""
    for image, name, description, owner in IMAGES:
        ec2._STUB_AMIS.append((image, name, description, "", "/dev/xvda", owner, None))
    ec2._image_owner_matches = _owner_matches
    ec2._instance_xml = _instance_xml
    ec2._ACTION_MAP["DescribeImages"] = _describe_images
    _described.append(acm._cert_shape)
    acm._cert_shape = _certificate
    control.register("/_testbed/records", handle)
    control.register("/_testbed/hidden-images", hide)
