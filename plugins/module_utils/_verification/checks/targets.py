# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services behind the load balancer.

Seen at AWS.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.check import check, unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import Facts, Wanted


@check(
    "targets.health",
    asks="Has every target group of the load balancer a healthy target?",
    why="The load balancer answers for the runner's services only while one is healthy.",
    fix="Look at the events and logs of the stack's ECS services, and at the security group between load balancer and"
    " services; new services need a few minutes.",
)
def health(_wanted: Wanted, facts: Facts) -> Finding:
    """Every target group by itself."""
    found = facts.balancer
    if found is None:
        return unread(facts, ["stack", "balancer"], "The stack has no network load balancer.")
    if "targets" in facts.problems:
        return unread(facts, ["targets"], "")
    evidence: dict[str, t.Any] = {
        group.name: [dict(zip(("target", "state", "reason"), target)) for target in group.targets]
        for group in found.groups
    }
    bad = [
        f"{group.name} (port {group.port}): {_told(group.targets)}" for group in found.groups if _sick(group.targets)
    ]
    if not found.groups or bad:
        return failed(
            f"No healthy targets in {'; '.join(bad)}." if bad else "The load balancer has no target group.",
            "Look at the events and logs of the stack's ECS services, and at the security group between load balancer "
            "and services; new services need a few minutes.",
            evidence,
        )
    partly = [f"{group.name}: {_told(group.targets)}" for group in found.groups if _partly(group.targets)]
    if partly:
        return warned(f"Not every target is healthy: {'; '.join(partly)}.", "Look again.", evidence)
    count = sum(state == "healthy" for group in found.groups for _target, state, _reason in group.targets)
    return passed(f"All {count} targets are healthy.", evidence)


def _sick(targets: t.Sequence[tuple[str, str, str]]) -> bool:
    return not any(state == "healthy" for _target, state, _reason in targets)


def _partly(targets: t.Sequence[tuple[str, str, str]]) -> bool:
    return any(state not in ("healthy", "draining") for _target, state, _reason in targets)


def _told(targets: t.Sequence[tuple[str, str, str]]) -> str:
    return (
        ", ".join(" ".join(filter(None, target)) for target in targets if target[1] != "healthy") or "none registered"
    )


CHECKS = (health,)
