# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets for the report as their stages' results would hand them over, of the size and with the texts of real runs.

`python -m tests.report_samples DIRECTORY` writes pages and Markdown for 3, 16, 50 and failing runners, to be looked at.
"""

from __future__ import annotations

import pathlib
import sys
import typing as t

from tests import collection

collection.install()

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.markdown import markdown  # noqa: E402
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet  # noqa: E402
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.screen import fleet_lines  # noqa: E402
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import (  # noqa: E402
    runner_summary,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page.page import page  # noqa: E402
from tests import reports  # noqa: E402
from tests.gate_samples import REGIONS  # noqa: E402

RELEASE, BEFORE = "20260115.10", "20251203.4"
NOW = "2026-11-24T17:30:00Z"
Raw = dict[str, t.Any]
FAILURES: tuple[Raw, ...] = (
    {
        "id": "network.subnets_zones",
        "status": "fail",
        "summary": "The subnets subnet-0a1b2c3d4e5f60718 and subnet-0f1e2d3c4b5a69788 are in one Availability Zone.",
        "remediation": "Name subnets of two zones in gitpod_ec2_subnet_ids.",
    },
    {
        "id": "contract.gitpod_vpc_id",
        "status": "fail",
        "summary": "gitpod_vpc_id is vpc-123, which is no ID of a VPC.",
        "remediation": "Write vpc- and 8 or 17 hexadecimal digits.",
    },
)


def checks(group: str, passed: int) -> list[Raw]:
    """Checks as a look returns them: most pass, one warns, some cannot be seen, one is not made."""
    found = [
        {"id": f"{group}.check_{number}", "status": "pass", "summary": "It is as it has to be.", "evidence": {}}
        for number in range(passed)
    ]
    return [
        *found,
        {
            "id": f"{group}.certificate_renewal",
            "status": "warn",
            "summary": "The certificate ends in 41 days, and is not renewed by itself.",
            "remediation": "Validate it by DNS, or import another before it ends.",
        },
        {
            "id": f"{group}.quota_vcpus",
            "status": "skip",
            "unverifiable": True,
            "summary": "Could not look: servicequotas:GetServiceQuota is not allowed.",
            "remediation": "Allow servicequotas:GetServiceQuota (docs/permissions.md), or look in the console.",
        },
        {"id": f"{group}.custom_ca", "status": "skip", "summary": "No custom CA is named."},
    ]


def verified(region: str, scale: float = 1.0) -> Raw:
    """Results of a runner that is verified, with everything that real ones have."""
    found = reports.results(region, scale)
    found["prerequisites"] = {
        "checks": checks("network", 30),
        "release": {"deployed": BEFORE, "target": RELEASE},
        "problems": [],
    }
    found["stack"]["release_version"] = RELEASE
    found["endpoint"] = {"changed": True, "endpoint": {"id": "vpce-0123456789abcdef0", "state": "available"}}
    found["verification"] = {"healthy": True, "checks": checks("tls", 20)}
    return found


def rolled_back(region: str) -> Raw:
    """Results of a runner whose stack failed after the others' were begun."""
    found = verified(region)
    del found["dns"], found["verification"]
    failure = reports.broken(region)["failure"]
    found["stack"] = {**found["stack"], "failed": True, "msg": failure["message"]}
    found["failure"] = {**failure, "task": "Require what was waited for", "register": "", "action": "runner_outcome"}
    return found


def refused(region: str) -> Raw:
    """Results of a runner that the gate refused: a check and the inventory, of which the message has only the first."""
    told = " ".join(f"{entry['id']}: {entry['summary']} -> {entry['remediation']}" for entry in FAILURES[:1])
    return {
        "prerequisites": {
            "checks": [*checks("network", 28), FAILURES[0]],
            "problems": [FAILURES[1]],
            "release": {"deployed": BEFORE},
        },
        "failure": {
            "task": "Check the prerequisites",
            "action": "runner_gate",
            "message": f"gitpod-{region} is refused at the gate, nothing was changed; 2 problems: {told} And 1 more.",
        },
    }


def unhealthy(region: str) -> Raw:
    """Results of a runner that does not answer."""
    found = verified(region)
    problem = {
        "id": "dns.domain",
        "status": "fail",
        "summary": f"{region}.gitpod.example.com does not resolve (NXDOMAIN) on 10.0.0.2.",
        "remediation": "Add both CNAME records to the zone that its resolvers ask.",
    }
    found["verification"] = {"healthy": False, "missing": [], "checks": [*checks("tls", 19), problem]}
    found["failure"] = {
        "task": "Verify the runner",
        "action": "runner_verdict",
        "message": f"The runner is not verified: 1 of 23 checks failed. [dns.domain] {problem['summary']}"
        f" {problem['remediation']}",
    }
    return found


def held(_region: str) -> Raw:
    """Results of a runner that others' failures hold back."""
    return {
        "prerequisites": {"checks": checks("network", 30), "release": {"deployed": BEFORE}},
        "failure": {
            "task": "Begin the batch",
            "action": "runner_batch",
            "message": "Not begun, nothing was changed: gitpod-us-east-1 failed before, and gitpod_rollout_max_failures"
            " is 0. Remove the cause and run again; what is done stays done.",
        },
    }


KINDS: t.Mapping[str, t.Callable[[str], Raw]] = {
    "rolled back": rolled_back,
    "refused": refused,
    "unhealthy": unhealthy,
    "held": held,
    "waiting": reports.upgrading,
}


def documents(count: int, *kinds: str) -> list[Raw]:
    """Documents of that many runners, the first of these kinds, the others verified."""
    found = []
    for index in range(count):
        region = REGIONS[index % len(REGIONS)]
        name = f"gitpod-{region}" if index < len(REGIONS) else f"gitpod-{region}-{index // len(REGIONS) + 1}"
        results = KINDS[kinds[index]](region) if index < len(kinds) else verified(region, 1 + index / 40)
        found.append(runner_summary(results, name, region))
    return found


def fleet(count: int, *kinds: str) -> Fleet:
    """The same as a fleet."""
    return Fleet.of(documents(count, *kinds), "Run of 2026-11-24 17:30 UTC", NOW)


FLEETS: t.Mapping[str, tuple[int, tuple[str, ...]]] = {
    "3": (3, ()),
    "16": (16, ("rolled back",)),
    "50": (50, ("refused", "unhealthy")),
    "failing": (16, ("rolled back", "refused", "unhealthy", "waiting", *["held"] * 12)),
}


def main(directory: pathlib.Path) -> None:
    """Write them."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, (count, kinds) in FLEETS.items():
        made = fleet(count, *kinds)
        (directory / f"fleet-{name}.html").write_text(page(made), "utf-8")
        (directory / f"fleet-{name}.md").write_text(markdown(made), "utf-8")
        (directory / f"fleet-{name}.txt").write_text("\n".join(fleet_lines(made, 80)) + "\n", "utf-8")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
