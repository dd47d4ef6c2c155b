# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large a runner has to be, and what its environments take. Pure.

Sources: the vendor's documentation, runners/aws/capacity-planning (its table of sizes, and what a small runner runs);
EC2 user guide, "On-Demand Instance quotas" (instance families); VPC user guide, "Subnet sizing" (addresses that AWS
keeps, and the largest and smallest subnets).
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

SMALL, LARGE = "small", "large"
SIZE_PARAMETER = "RunnerSize"
# Fargate of a small runner: 1 vCPU for the runner's task, 0.5 for the proxy's. Of a large one no figure is published.
FARGATE_VCPUS = 1.5
# Virtual processors of an environment when its class is not known: those of the vendor's regular class.
VCPUS_EACH = 4
# Addresses that the runner's own tasks take, and that AWS keeps in each subnet.
RUNNER_ADDRESSES, KEPT_ADDRESSES = 10, 5
LARGEST_SUBNET, SMALLEST_SUBNET = 16, 28
GIB_IN_TIB = 1024


@dataclasses.dataclass(frozen=True)
class Size:
    """A row of the vendor's table.

    :param environments: that there may be in all, stopped ones too; C(None) without a limit.
    :param running: that may run at one time.
    :param zones: Availability Zones.
    :param prefix: of the EC2 subnet of each zone.
    """

    environments: int | None
    running: int | None
    zones: int
    prefix: int


SIZES: t.Mapping[str, Size] = {SMALL: Size(5000, 300, 2, 20), LARGE: Size(None, None, 3, 16)}
LARGE_NEEDS = (
    f"three zones with an EC2 subnet of /{SIZES[LARGE].prefix} each (100.64.0.0/10 is enough), PrivateLink"
    " (gitpod_privatelink_enabled: true) and managed metrics (gitpod_registration_metrics: {managed: true})"
)

# An instance type, such as m6i.2xlarge, u-6tb1.112xlarge or c7i.metal-24xl (EC2 user guide, "Instance type names").
_INSTANCE_TYPE = re.compile(
    r"[a-z][a-z0-9-]*\d[a-z0-9-]*\.(?:nano|micro|small|medium|large|\d*xlarge|metal(?:-\d+xl)?)"
)
_DISK = re.compile(r"disk|volume")
_NO_SIZE = re.compile(r"iops|throughput|type")
_GIB = re.compile(r"(\d+)\s*(?:g|gb|gi|gib)?", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class MachineClass:
    """An environment class, as far as it takes something in AWS.

    :param instance_type: empty where its configuration names none.
    :param disk: GiB; 0 where its configuration names none.
    """

    name: str
    instance_type: str = ""
    disk: int = 0

    @classmethod
    def of(cls, entry: t.Mapping[str, t.Any]) -> MachineClass:
        """From an entry of the inventory.

        The keys of a configuration are the management plane's and may change: an instance type is known by its form,
        a disk by its key's name.
        """
        configuration = entry.get("configuration") or {}
        texts = {str(key): str(value).strip() for key, value in configuration.items()}
        types = [text.lower() for text in texts.values() if _INSTANCE_TYPE.fullmatch(text.lower())]
        disks = [
            int(size[1])
            for key, text in texts.items()
            if _DISK.search(key.lower()) and not _NO_SIZE.search(key.lower()) and (size := _GIB.fullmatch(text))
        ]
        return cls(str(entry.get("display_name") or "").strip(), types[0] if types else "", max(disks, default=0))


def declared(entries: t.Iterable[t.Mapping[str, t.Any]] | None) -> tuple[MachineClass, ...]:
    """The classes that the inventory offers (gitpod_runner_settings_environment_classes)."""
    offered = (entry for entry in entries or () if entry.get("enabled") is not False)
    return tuple(MachineClass.of(entry) for entry in offered if entry.get("state") != "absent")


# Names of the quotas of virtual processors, by what an instance type begins with; all others count by their first
# letter. Mac instances run on dedicated hosts, which have quotas of their own.
STANDARD = "vcpus"
FAMILIES: t.Mapping[str, str] = {
    "dl": "vcpus_dl",
    "f": "vcpus_f",
    "g": "vcpus_g",
    "gr": "vcpus_g",
    "hpc": "vcpus_hpc",
    "inf": "vcpus_inf",
    "mac": "",
    "p": "vcpus_p",
    "trn": "vcpus_trn",
    "u": "vcpus_u",
    "vt": "vcpus_g",
    "x": "vcpus_x",
}
_STANDARD_LETTERS = frozenset("acdhimrtz")


def quota_of(instance_type: str) -> str:
    """The name of the quota that an instance type counts against; empty where none of these does."""
    letters = re.match("[a-z]*", instance_type)
    family = letters[0] if letters else ""
    return FAMILIES.get(family, STANDARD if family[:1] in _STANDARD_LETTERS else "")


@dataclasses.dataclass(frozen=True)
class Each:
    """What one environment takes at most.

    :param of: of which class, in words.
    """

    vcpus: int
    of: str


def each(classes: t.Sequence[MachineClass], vcpus: t.Mapping[str, int]) -> dict[str, Each]:
    """What an environment of the largest class takes, by the name of the quota it counts against.

    :param vcpus: virtual processors by instance type; one that the region does not have is left out.
    """
    found: dict[str, Each] = {}
    typed = [entry for entry in classes if entry.instance_type]
    for entry in typed:
        name, count = quota_of(entry.instance_type), vcpus.get(entry.instance_type, 0)
        if name and count and (name not in found or count > found[name].vcpus):
            found[name] = Each(count, f"the class {entry.name}, {entry.instance_type}")
    return found if typed else {STANDARD: Each(VCPUS_EACH, "no class is declared")}


def needs_large(environments: int, running: int) -> bool:
    """Whether that is more than a small runner is for."""
    small = SIZES[SMALL]
    return environments > (small.environments or 0) or running > (small.running or 0)


def prefix_for(environments: int, zones: int) -> int | None:
    """The prefix of the smallest EC2 subnets, one a zone, that hold so many environments and the runner's own tasks;
    C(None) where the largest do not."""
    for prefix in range(SMALLEST_SUBNET, LARGEST_SUBNET - 1, -1):
        if zones * (2 ** (32 - prefix) - KEPT_ADDRESSES) >= environments + RUNNER_ADDRESSES:
            return prefix
    return None


def subnets_for(environments: int, zones: int) -> str:
    """The EC2 subnets that hold so many environments, in words."""
    count = max(zones, SIZES[SMALL].zones)
    prefix = prefix_for(environments, count)
    if prefix is None:
        return f"Even {count} subnets of /{LARGEST_SUBNET} are too small: share the environments out among runners."
    return (
        f"Name {count} EC2 subnets of /{prefix} or larger, one a zone, for example of a secondary range such as"
        " 100.64.0.0/16."
    )
