# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets for the gate as the contract and the look would hand them over.

`python -m tests.gate_samples [COUNT] [WIDTH]` prints the gate's table for 3, 16 and 50 runners, at 80 and at 100
columns, to be looked at.
"""

from __future__ import annotations

import pathlib
import sys
import typing as t

from tests import collection

collection.install()

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.gate import Gate, gate  # noqa: E402
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import DEPLOYING  # noqa: E402

REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "ca-central-1",
    "sa-east-1",
    "eu-west-1",
    "eu-central-1",
    "eu-north-1",
    "eu-south-2",
    "me-central-1",
    "af-south-1",
    "ap-south-1",
    "ap-northeast-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "us-gov-west-1",
)
ROOT = pathlib.Path(__file__).parents[1]
Raw = dict[str, t.Any]


def check(
    identifier: str,
    status: str = "pass",
    summary: str = "It is as it has to be.",
    todo: str = "",
    *,
    unverifiable: bool = False,
) -> Raw:
    """As runner_preflight_info returns one."""
    docs = f"docs/prerequisites.md#{identifier.replace('.', '')}"
    return {
        "id": identifier,
        "status": status,
        "summary": summary,
        "remediation": todo,
        "evidence": {},
        "unverifiable": unverifiable,
        "docs": docs,
    }


def checks(*found: Raw) -> list[Raw]:
    """Those given, among forty that passed and nine that were not asked for."""
    passed = [check(f"network.passed{number}") for number in range(40)]
    skipped = [check(f"proxy.skipped{number}", "skip", "No proxy is asked for.") for number in range(9)]
    return [*passed, *skipped, *found]


def plan(**actions: t.Any) -> list[Raw]:
    """Every stage; an action, or an action with its reasons."""
    given = {stage: actions.get(stage, "nothing") for stage in DEPLOYING}
    split = {stage: (what, ()) if isinstance(what, str) else (what[0], what[1:]) for stage, what in given.items()}
    return [
        {"stage": stage, "action": action, "needed": action != "nothing", "reasons": list(reasons)}
        for stage, (action, reasons) in split.items()
    ]


def look(*found: Raw, exists: bool = False, **actions: t.Any) -> Raw:
    """A result of runner_preflight_info."""
    release = {"exists": exists, "deployed": "20251203.4" if exists else "", "running": "", "channel": ""}
    release["target"] = release["deployed"] or "20260105.12"
    return {"checks": checks(*found), "plan": plan(**actions), "seen": {}, "stack_exists": exists, "release": release}


def host(name: str, region: str, seen: Raw, *problems: Raw, zones: int = 3) -> Raw:
    """One host of a fleet."""
    subnets = [f"subnet-{number:017x}" for number in range(zones)]
    values = {"gitpod_ec2_subnet_ids": subnets, "gitpod_privatelink_subnet_ids": subnets}
    return {"host": name, "name": name, "region": region, "problems": list(problems), "look": seen, "values": values}


ACLS = check(
    "network.acls",
    "skip",
    "Could not look: ec2:DescribeNetworkAcls is not allowed.",
    "Allow ec2:DescribeNetworkAcls (docs/permissions.md), or check this by hand.",
    unverifiable=True,
)
EMAIL = check(
    "certificate.renewal",
    "warn",
    "It was validated by email, and each renewal needs an answer to a message.",
    "Request a certificate with DNS validation.",
)
SUBNETS = check(
    "network.subnets",
    "fail",
    "Not in vpc-0b8e6d4f2a0c91357: subnet-0b2f3d5c7e9a12461, subnet-0b2f3d5c7e9a12462.",
    "Name subnets of the VPC in gitpod_ec2_subnet_ids and gitpod_load_balancer_subnet_ids.",
)
ZONES: Raw = {
    "id": "contract.gitpod_availability_zones",
    "kind": "contradictory",
    "summary": "Zones of another region than us-west-2: us-east-1a, us-east-1b.",
    "remediation": "Name zones of us-west-2, such as us-west-2a.",
}
FIRST: Raw = {"privatelink": "create", "stack": "create", "dns": "create"}
SIZE = ("update", "Runner Size: small becomes large")
LATER = ("unknown", "the stage stack comes first and may change it")


def three() -> list[Raw]:
    """One is new, one differs, one is as it should be."""
    return [
        host("gitpod-us-east-1", "us-east-1", look(exists=True)),
        host("gitpod-eu-central-1", "eu-central-1", look(EMAIL, exists=True, stack=SIZE, dns=LATER)),
        host("gitpod-ap-southeast-2", "ap-southeast-2", look(ACLS, **FIRST), zones=2),
    ]


def sixteen() -> list[Raw]:
    """A fleet with some of everything."""
    fleet = [host(f"gitpod-{region}", region, look(ACLS, **FIRST)) for region in REGIONS]
    fleet[0]["look"] = look(ACLS, exists=True)
    fleet[2].update(problems=[ZONES], look={})
    fleet[5]["look"] = look(ACLS, EMAIL, exists=True, stack=SIZE, dns=LATER)
    fleet[6]["look"] = look(ACLS, SUBNETS, stack="create", dns="create")
    fleet[7]["look"] = look(ACLS, EMAIL, exists=True, stack=SIZE, dns=LATER)
    fleet[15]["look"] = {"failed": True, "msg": "The security token included in the request is invalid."}
    return fleet


def fifty() -> list[Raw]:
    """Fifty accounts, each with a runner; three have mistakes."""
    names = [(f"team-{number:02}-{region}", region) for number in range(1, 5) for region in REGIONS][:50]
    fleet = [host(name, region, look(ACLS, stack="create", dns="create")) for name, region in names]
    for number in (7, 30):
        fleet[number]["look"] = look(ACLS, SUBNETS, stack="create", dns="create")
    fleet[18].update(problems=[ZONES], look={})
    for number in (4, 5, 20):
        fleet[number]["look"] = look(ACLS, EMAIL, **FIRST)
    return fleet


def fleets() -> dict[int, Gate]:
    """By their size; the larger ones roll out in batches."""
    hosts = [raw["host"] for raw in fifty()]
    return {
        3: gate(three()),
        16: gate(sixteen()),
        50: gate(fifty(), [hosts[:1], hosts[1:13], hosts[13:]], 0),
    }


def main(arguments: list[str]) -> None:
    """Print them, or the one that is asked for."""
    counts = [int(arguments[0])] if arguments else [3, 16, 50]
    widths = [int(arguments[1])] if len(arguments) > 1 else [80, 100]
    for count in counts:
        for width in widths:
            sys.stdout.write("\n".join(["", "=" * width, "", *fleets()[count].lines(width), ""]))


if __name__ == "__main__":
    main(sys.argv[1:])
