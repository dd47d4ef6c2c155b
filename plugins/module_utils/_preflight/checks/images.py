# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine images that environments and the runner start from."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    FAIL,
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import account
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

# What makes a template start container instances; launch templates are the environments' too.
CONTAINER_INSTANCES = frozenset(
    {
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::AutoScaling::LaunchConfiguration",
        "AWS::EC2::Instance",
        "AWS::ECS::CapacityProvider",
    }
)


def seen(owner: str, facts: Facts) -> Finding:
    """Whether the owner's images can be seen in the region."""
    newest = known(facts.images)
    if newest is None:
        return skipped("Nobody looked for images.")
    if owner not in newest:
        return failed(
            f"No image {account.IMAGES[owner]} of account {owner} is visible in {facts.region}.",
            "Allow the owner in the region's allowed AMIs settings, or ask Gitpod whether the region is supported.",
        )
    return passed(f"{newest[owner]} is visible.")


@check(
    "images.environments",
    asks="Are the vendor's images for environments visible in the region?",
    why="Without them no environment starts. Allowed AMIs settings of an account, or a region that the vendor does not"
    " publish to, hide them.",
    fix="Allow the owner 995913728426, or choose a region that the vendor supports.",
)
def environments(_wanted: Wanted, facts: Facts) -> Finding:
    """Of the vendor's account."""
    return seen(account.ENVIRONMENT_IMAGES, facts)


@check(
    "images.bottlerocket",
    asks="Are the Bottlerocket images for ECS visible in the region, where the template starts container instances?",
    why="Templates of before 2026 run the runner's services on EC2 instances that start from these images. Those of"
    " today run them on Fargate and need none.",
    fix="Allow the owner 149721548608 in the region's allowed AMIs settings, or deploy a template of today"
    " (docs/upgrades.md).",
)
def bottlerocket(_wanted: Wanted, facts: Facts) -> Finding:
    """Of AWS's account for Bottlerocket, by what the template has among its resources."""
    template = known(facts.template)
    if template is not None and not set(template.resource_types) & CONTAINER_INSTANCES:
        return skipped("The template starts no container instances: its services run on Fargate.")
    found = seen(account.BOTTLEROCKET_IMAGES, facts)
    if template is None and found.status == FAIL:
        return warned(
            f"{found.summary.rstrip('.')}, and whether the template needs one is not known.", found.remediation
        )
    return found


CHECKS = (environments, bottlerocket)
