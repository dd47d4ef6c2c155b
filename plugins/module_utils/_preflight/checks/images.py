# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine images that environments and the runner start from."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import account
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted


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
    asks="Are the Bottlerocket images for ECS visible in the region?",
    why="The runner's own container instances start from them.",
    fix="Allow the owner 149721548608 in the region's allowed AMIs settings.",
)
def bottlerocket(_wanted: Wanted, facts: Facts) -> Finding:
    """Of AWS's account for Bottlerocket."""
    return seen(account.BOTTLEROCKET_IMAGES, facts)


CHECKS = (environments, bottlerocket)
