# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of the account: quotas and today's use, the ECS role, the images that are visible."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._paging import every

ECS_ROLE = "AWSServiceRoleForECS"
# Service code and quota code of Service Quotas.
STACKS, LOAD_BALANCERS, VCPUS, ENDPOINTS, ADDRESSES = "stacks", "load_balancers", "vcpus", "endpoints", "addresses"
QUOTAS: t.Mapping[str, tuple[str, str]] = {
    STACKS: ("cloudformation", "L-0485CB21"),
    LOAD_BALANCERS: ("elasticloadbalancing", "L-69A177A2"),
    VCPUS: ("ec2", "L-1216C47A"),
    ENDPOINTS: ("vpc", "L-29B6F2EB"),
    ADDRESSES: ("ec2", "L-0263D0A3"),
}
# Instance families that count against "Running On-Demand Standard instances" (EC2 user guide, On-Demand limits).
STANDARD_FAMILIES = frozenset("acdhimrtz")
# Owner to pattern of the images that runners start (facts of the vendor's Terraform module).
ENVIRONMENT_IMAGES, BOTTLEROCKET_IMAGES = "995913728426", "149721548608"
IMAGES: t.Mapping[str, str] = {
    ENVIRONMENT_IMAGES: "gitpod/images/gitpod-next/ec2-runner-ami-*",
    BOTTLEROCKET_IMAGES: "bottlerocket-aws-ecs-1-x86_64*",
}
DELETED = "DELETE_COMPLETE"


def quota(client: t.Any, name: str) -> float:
    """The limit that holds for the account: the applied one, or the default where none was ever applied."""
    service, code = QUOTAS[name]
    arguments = {"ServiceCode": service, "QuotaCode": code, "aws_retry": True}
    try:
        return float(client.get_service_quota(**arguments)["Quota"]["Value"])
    except client.exceptions.NoSuchResourceException:
        return float(client.get_aws_default_service_quota(**arguments)["Quota"]["Value"])


def stack_count(cloudformation: t.Any) -> int:
    """Stacks that exist."""
    statuses = cloudformation.meta.service_model.shape_for("StackStatus").enum
    pages = cloudformation.get_paginator("list_stacks").paginate(
        StackStatusFilter=[status for status in statuses if status != DELETED]
    )
    return sum(len(page["StackSummaries"]) for page in pages)


def load_balancer_count(elbv2: t.Any) -> int:
    """Network load balancers that exist."""
    pages = elbv2.get_paginator("describe_load_balancers").paginate()
    return sum(1 for page in pages for raw in page["LoadBalancers"] if raw.get("Type") == "network")


def vcpu_count(ec2: t.Any) -> int:
    """Virtual processors of the on-demand instances of the standard families that run."""
    filters = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    pages = ec2.get_paginator("describe_instances").paginate(Filters=filters, PaginationConfig={"PageSize": 1000})
    return sum(
        _vcpus(raw) for page in pages for reservation in page["Reservations"] for raw in reservation["Instances"]
    )


def _vcpus(raw: t.Mapping[str, t.Any]) -> int:
    if raw.get("InstanceLifecycle") or raw.get("InstanceType", "?")[0] not in STANDARD_FAMILIES:
        return 0
    options = raw.get("CpuOptions") or {}
    return int(options.get("CoreCount", 1)) * int(options.get("ThreadsPerCore", 1))


def address_count(ec2: t.Any) -> int:
    """Elastic IP addresses that are allocated."""
    return len(ec2.describe_addresses(aws_retry=True)["Addresses"])


def ecs_role(iam: t.Any) -> bool:
    """Whether the role exists that ECS needs for services behind a load balancer."""
    try:
        iam.get_role(RoleName=ECS_ROLE, aws_retry=True)
    except iam.exceptions.NoSuchEntityException:
        return False
    return True


def images(ec2: t.Any) -> dict[str, str]:
    """Name of the newest image by owner."""
    filters = [{"Name": "name", "Values": list(IMAGES.values())}, {"Name": "state", "Values": ["available"]}]
    found = every(ec2.describe_images, "Images", Owners=list(IMAGES), Filters=filters)
    newest: dict[str, tuple[str, str]] = {}
    for raw in found:
        dated = (raw.get("CreationDate", ""), raw.get("Name", raw["ImageId"]))
        newest[raw["OwnerId"]] = max(dated, newest.get(raw["OwnerId"], ("", "")))
    return {owner: name for owner, (_date, name) in newest.items()}
