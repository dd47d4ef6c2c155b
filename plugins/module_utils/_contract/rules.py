# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All rules over a host's typed values, and those of identifiers, zones and subnets. Each rule returns its problems.

A rule is pure, raises nothing whatever the values are, names the variable to change, and cuts what it repeats. What a
single value has to be stands in its declaration as far as a pattern or limits can say it (C(_values.declaration)).
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import (
    rules_domain,
    rules_names,
    rules_network,
    rules_release,
    rules_secrets,
    rules_stack,
    rules_tags,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    MOST_ENTRIES,
    Inventory,
    Problem,
    as_text,
    listed,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules_network import REQUIRED_NO_PROXY
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import REGION, partition_of, zone_fault

__all__ = ("REQUIRED_NO_PROXY", "RULES", "ZONE_COUNTS", "identifiers", "partition_of", "zones_and_subnets")
ZONE_COUNTS = (2, 3)
ZONES = "gitpod_availability_zones"
SUBNETS = ("gitpod_ec2_subnet_ids", "gitpod_load_balancer_subnet_ids")
_PATTERNS: dict[str, tuple[str, str]] = {
    "gitpod_region": (REGION, "a region's name such as us-east-1"),
    "gitpod_account_id": (r"\d{12}", "twelve digits, quoted so that YAML keeps leading zeros"),
    "gitpod_runner_id": (
        r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "the UUID under Settings, Runners in the Gitpod dashboard",
    ),
    "gitpod_vpc_id": (r"vpc-[0-9a-f]{8,17}", "a VPC ID such as vpc-0a7d5c3e1f9b80246"),
    "gitpod_load_balancer_security_group_id": (r"sg-[0-9a-f]{8,17}", "a security group such as sg-0b3d5f7a9c1e24681"),
}
_LIST_PATTERNS: dict[str, tuple[str, str]] = {
    name: (r"subnet-[0-9a-f]{8,17}", "subnet IDs such as subnet-0a1e2c4b6d8f01351") for name in SUBNETS
}


def identifiers(inventory: Inventory) -> list[Problem]:
    """Identifiers that have AWS's or Gitpod's fixed form."""
    problems = []
    for name, (pattern, form) in _PATTERNS.items():
        value = inventory.values.get(name)
        if (
            value is not None
            and not isinstance(value, (list, dict))
            and not re.fullmatch(pattern, as_text(value), re.ASCII)
        ):
            summary = f"{quoted(as_text(value))} has not the form of {form}."
            problems.append(Problem(MALFORMED, name, summary, f"Write {form}."))
    for name, (pattern, form) in _LIST_PATTERNS.items():
        wrong = [item for item in inventory.items(name) if not re.fullmatch(pattern, item, re.ASCII)]
        if wrong:
            problems.append(Problem(MALFORMED, name, f"Not {form}: {listed(wrong)}.", f"Write a list of {form}."))
    return problems


def zones_and_subnets(inventory: Inventory) -> list[Problem]:
    """Two or three zones of the region, and as many subnets of each kind, none twice (guide, Network Configuration)."""
    zones = inventory.items(ZONES)
    region = inventory.text("gitpod_region")
    # A region that is none is told by itself, and says nothing about zones.
    problems = _zones(zones, region if re.fullmatch(REGION, region) else "")
    for name in (ZONES, *SUBNETS):
        problems.extend(_repeated(name, inventory.items(name)))
    for name in SUBNETS:
        subnets = inventory.items(name)
        if subnets and zones and len(subnets) != len(zones):
            summary = f"{len(subnets)} subnets for {len(zones)} Availability Zones."
            problems.append(Problem(CONTRADICTORY, name, summary, "Name one subnet for each Availability Zone."))
    return problems


def _zones(zones: t.Sequence[str], region: str) -> list[Problem]:
    if zones and len(zones) not in ZONE_COUNTS:
        return [Problem(CONTRADICTORY, ZONES, f"{len(zones)} zones are named.", "Name two or three.")]
    faults = {zone: fault for zone in zones if (fault := zone_fault(zone, region))}
    if not faults:
        return []
    told = "; ".join(f"{quoted(zone)} {fault}" for zone, fault in list(faults.items())[:MOST_ENTRIES])
    kind = CONTRADICTORY if all("another region" in fault for fault in faults.values()) else MALFORMED
    return [
        Problem(kind, ZONES, f"{told}.", f"Name zones of the region by their names, such as {region or 'us-east-1'}a.")
    ]


def _repeated(name: str, items: t.Sequence[str]) -> list[Problem]:
    seen: set[str] = set()
    twice = sorted({item for item in items if item in seen or seen.add(item)})  # type: ignore[func-returns-value]
    return [Problem(CONTRADICTORY, name, f"Named twice: {listed(twice)}.", "Name each once.")] if twice else []


# Those of DNS providers stand in rules_dns.
RULES: tuple[t.Callable[[Inventory], list[Problem]], ...] = (
    *rules_names.RULES,
    zones_and_subnets,
    *rules_domain.RULES,
    *rules_network.RULES,
    *rules_secrets.RULES,
    *rules_release.RULES,
    *rules_stack.RULES,
    *rules_tags.RULES,
)
