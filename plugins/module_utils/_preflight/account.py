# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of the account: quotas and today's use, the ECS role, the images that are visible."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._paging import every
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.capacity import (
    GIB_IN_TIB,
    STANDARD,
    quota_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Instances, Limit, Volumes

ECS_ROLE = "AWSServiceRoleForECS"
STACKS, LOAD_BALANCERS, VCPUS, ENDPOINTS, ADDRESSES = "stacks", "load_balancers", STANDARD, "endpoints", "addresses"
FARGATE, VOLUMES, GATEWAYS = "fargate", "volumes", "gateway_endpoints"


class Code(t.NamedTuple):
    """A quota in Service Quotas: the codes of its service and its own, and what the console calls it."""

    service: str
    quota: str
    name: str

    def __str__(self) -> str:
        return f"{self.name}, {self.quota}"


# Public lists of "aws service-quotas list-service-quotas" (gruntwork-io/terraform-aws-utilities, docs/quotas.md).
QUOTAS: t.Mapping[str, Code] = {
    STACKS: Code("cloudformation", "L-0485CB21", "Stack count"),
    LOAD_BALANCERS: Code("elasticloadbalancing", "L-69A177A2", "Network Load Balancers per Region"),
    VCPUS: Code("ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"),
    "vcpus_dl": Code("ec2", "L-6E869C2A", "Running On-Demand DL instances"),
    "vcpus_f": Code("ec2", "L-74FC7D96", "Running On-Demand F instances"),
    "vcpus_g": Code("ec2", "L-DB2E81BA", "Running On-Demand G and VT instances"),
    "vcpus_hpc": Code("ec2", "L-F7808C92", "Running On-Demand HPC instances"),
    "vcpus_inf": Code("ec2", "L-1945791B", "Running On-Demand Inf instances"),
    "vcpus_p": Code("ec2", "L-417A185B", "Running On-Demand P instances"),
    "vcpus_trn": Code("ec2", "L-2C3B7624", "Running On-Demand Trn instances"),
    "vcpus_u": Code("ec2", "L-43DA4232", "Running On-Demand High Memory instances"),
    "vcpus_x": Code("ec2", "L-7295265B", "Running On-Demand X instances"),
    ENDPOINTS: Code("vpc", "L-29B6F2EB", "Interface VPC endpoints per VPC"),
    GATEWAYS: Code("vpc", "L-1B52E74A", "Gateway VPC endpoints per Region"),
    ADDRESSES: Code("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs"),
    FARGATE: Code("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count"),
    VOLUMES: Code("ebs", "L-7A658B76", "Storage for General Purpose SSD (gp3) volumes, in TiB"),
}
# Owner to pattern of the images that runners start (facts of the vendor's Terraform module).
ENVIRONMENT_IMAGES, BOTTLEROCKET_IMAGES = "995913728426", "149721548608"
IMAGES: t.Mapping[str, str] = {
    ENVIRONMENT_IMAGES: "gitpod/images/gitpod-next/ec2-runner-ami-*",
    BOTTLEROCKET_IMAGES: "bottlerocket-aws-ecs-1-x86_64*",
}
DELETED = "DELETE_COMPLETE"
# States in which an instance counts against a quota of virtual processors.
RUNNING = ("pending", "running")
RECENTLY = datetime.timedelta(hours=1)
# Entries of a page of DescribeVolumes (EC2 API reference).
LARGEST_PAGE = 500


def limit(client: t.Any, name: str) -> Limit:
    """The limit that holds for the account: the applied one, or the default where none was ever applied.

    :raises RunnerError: Service Quotas could not tell.
    """
    code = QUOTAS[name]
    arguments = {"ServiceCode": code.service, "QuotaCode": code.quota, "aws_retry": True}
    try:
        raw = client.get_service_quota(**arguments)["Quota"]
    except client.exceptions.NoSuchResourceException:
        raw = client.get_aws_default_service_quota(**arguments)["Quota"]
    if raw.get("Value") is None:
        # The answer is one of success all the same (Service Quotas API reference, ErrorReason).
        reason = raw.get("ErrorReason") or {}
        why = f"{reason.get('ErrorCode', '')}: {reason.get('ErrorMessage', '')}".strip(": ")
        raise RunnerError(f"Service Quotas does not tell the quota {code}", why, "Look at it in the console")
    metric = raw.get("UsageMetric") or {}
    return Limit(
        float(raw["Value"]),
        metric.get("MetricNamespace", ""),
        metric.get("MetricName", ""),
        dict(metric.get("MetricDimensions") or {}),
    )


def recorded_use(cloudwatch: t.Any, found: Limit, now: datetime.datetime) -> float | None:
    """The largest use of the last hour, in the metric that Service Quotas names for a quota; C(None) without one.

    These metrics are collected every minute while there is any use (CloudWatch user guide, "CloudWatch usage metrics").
    """
    if not found.namespace or not found.metric:
        return None
    answer = cloudwatch.get_metric_statistics(
        Namespace=found.namespace,
        MetricName=found.metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in sorted(found.dimensions.items())],
        StartTime=now - RECENTLY,
        EndTime=now,
        Period=int(RECENTLY.total_seconds() // 12),
        Statistics=["Maximum"],
        aws_retry=True,
    )
    return max((float(point["Maximum"]) for point in answer["Datapoints"]), default=0.0)


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


def instances(ec2: t.Any, profile: str) -> Instances:
    """What runs in the region, and this runner's own environments, running or not.

    :param profile: name of the instance profile that the runner's environments have; empty where it has none yet.
    """
    states = ["pending", "running", *(("stopping", "stopped") if profile else ())]
    filters = [{"Name": "instance-state-name", "Values": states}]
    pages = ec2.get_paginator("describe_instances").paginate(Filters=filters, PaginationConfig={"PageSize": 1000})
    vcpus: dict[str, int] = {}
    own_vcpus: dict[str, int] = {}
    own: set[str] = set()
    for page in pages:
        for raw in (raw for reservation in page["Reservations"] for raw in reservation["Instances"]):
            named = str((raw.get("IamInstanceProfile") or {}).get("Arn", "")).rpartition("/")[2]
            mine = bool(profile) and named == profile
            if mine:
                own.add(raw["InstanceId"])
            if (raw.get("State") or {}).get("Name") in RUNNING and not raw.get("InstanceLifecycle"):
                name, counted = quota_of(raw.get("InstanceType", "")), own_vcpus if mine else vcpus
                counted[name] = counted.get(name, 0) + _vcpus(raw)
    return Instances(vcpus, frozenset(own), own_vcpus)


def _vcpus(raw: t.Mapping[str, t.Any]) -> int:
    options = raw.get("CpuOptions") or {}
    return int(options.get("CoreCount", 1)) * int(options.get("ThreadsPerCore", 1))


def instance_types(ec2: t.Any, names: t.Iterable[str]) -> dict[str, int]:
    """Virtual processors by instance type, of those that the region has."""
    filters = [{"Name": "instance-type", "Values": sorted(set(names))}]
    found = every(ec2.describe_instance_types, "InstanceTypes", Filters=filters)
    return {raw["InstanceType"]: int(raw["VCpuInfo"]["DefaultVCpus"]) for raw in found}


def volume_use(ec2: t.Any, own: t.Collection[str]) -> Volumes:
    """TiB of gp3 volumes, with those apart that are attached to one of the runner's own environments.

    :param own: IDs of instances.
    """
    filters = [{"Name": "volume-type", "Values": ["gp3"]}]
    found = every(ec2.describe_volumes, "Volumes", Filters=filters, MaxResults=LARGEST_PAGE)
    sizes = {True: 0, False: 0}
    for raw in found:
        mine = not {entry.get("InstanceId") for entry in raw.get("Attachments", [])}.isdisjoint(own)
        sizes[mine] += int(raw["Size"])
    return Volumes(sizes[False] / GIB_IN_TIB, sizes[True] / GIB_IN_TIB)


def gateway_count(ec2: t.Any) -> int:
    """Gateway endpoints of the region, in whichever VPC."""
    filters = [{"Name": "vpc-endpoint-type", "Values": ["Gateway"]}]
    return sum(1 for _entry in every(ec2.describe_vpc_endpoints, "VpcEndpoints", Filters=filters))


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
