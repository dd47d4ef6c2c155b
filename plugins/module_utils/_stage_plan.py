# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one stage has to do, as its own planner sees it before anything is written.

Each subject package offers a pure C(foresee) that returns one; C(runner_preflight_info) returns them all, and site.yml
skips the stages that are not needed.
"""

from __future__ import annotations

import dataclasses
import typing as t

# In the order of site.yml.
DEPLOYING = ("certificate", "registration", "network_endpoints", "privatelink", "stack", "dns")
# What comes before the stack (playbooks/tasks/before_the_stack.yml).
BEFORE_THE_STACK = frozenset({"certificate", "registration", "network_endpoints", "privatelink"})
# What follows once the runner is verified, where it is declared (docs/next-steps.md).
NEXT_STEPS = ("environment_classes", "scm_integrations", "sharing", "llm_integrations", "warm_pools")
STAGES = (*DEPLOYING, *NEXT_STEPS)

NOTHING = "nothing"
CREATE = "create"
RECREATE = "recreate"
UPDATE = "update"
# AWS is at work on it: a run joins.
ATTACH = "attach"
# Something that is not the collection's to do has to happen first, or AWS has to come to an end.
WAIT = "wait"
# It could not be looked at, for want of permission: the stage looks for itself.
UNKNOWN = "unknown"
ACTIONS = (NOTHING, CREATE, RECREATE, UPDATE, ATTACH, WAIT, UNKNOWN)


@dataclasses.dataclass(frozen=True)
class StagePlan:
    """What one stage will do, and why.

    :param stage: one of C(STAGES).
    :param action: one of C(ACTIONS).
    :param reasons: sentences without a trailing period; none carries a secret.
    :param keeps: whether what later stages depend on stays as it is, although the stage has to run.
    :param billed: how many interface endpoints come besides the one to the management plane, and how many zones of such
        endpoints, each of which AWS bills by the hour.
    :raises ValueError: another stage or action, which is a mistake of the caller's code.
    """

    stage: str
    action: str
    reasons: tuple[str, ...] = ()
    keeps: bool = False
    billed: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise ValueError(f"{self.stage!r} is no stage; there are {', '.join(STAGES)}")
        if self.action not in ACTIONS:
            raise ValueError(f"{self.action!r} is no action; there are {', '.join(ACTIONS)}")

    @property
    def needed(self) -> bool:
        """Whether the stage has to run."""
        return self.action != NOTHING

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        found = {"stage": self.stage, "action": self.action, "needed": self.needed, "reasons": list(self.reasons)}
        endpoints, zones = self.billed
        return {**found, "billed_endpoints": endpoints, "billed_zones": zones} if zones else found
