# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflows that there can be, declared once as nodes and the ways between them. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

# What a node's limit is, where it has one.
CANARY, REST = "canary", "rest"


@dataclasses.dataclass(frozen=True)
class Node:
    """One node.

    :param id: within the workflow.
    :param template: ID of a job template, or empty for an approval.
    :param question: what is approved.
    :param limit: C(CANARY), C(REST), or empty for all runners.
    :param on_success: nodes that follow where it was successful, or was approved.
    :param on_failure: nodes that follow where it failed; without one, the workflow fails.
    """

    id: str
    template: str = ""
    question: str = ""
    limit: str = ""
    on_success: tuple[str, ...] = ()
    on_failure: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Workflow:
    """One workflow.

    :param survey: variables that its survey asks for; it hands answers on to nodes whose surveys ask for them too.
    """

    id: str
    title: str
    description: str
    nodes: tuple[Node, ...]
    survey: tuple[str, ...] = ()

    @property
    def templates(self) -> frozenset[str]:
        """IDs of the job templates that it needs."""
        return frozenset(node.template for node in self.nodes if node.template)

    @property
    def has_a_canary(self) -> bool:
        """Whether one runner goes before the others."""
        return any(node.limit for node in self.nodes)


_RELEASE = ("gitpod_stack_release_version", "gitpod_stack_release_channel")

ALL: tuple[Workflow, ...] = (
    Workflow(
        id="rollout",
        title="planned rollout",
        description="Plan, approval, rollout. Where nothing is needed, nobody is asked, and the runners are verified.",
        survey=_RELEASE,
        nodes=(
            Node("plan", "plan", on_success=("needed",)),
            Node("needed", "needed", on_success=("approve",), on_failure=("verify",)),
            Node("approve", question="Roll out what the plan shows", on_success=("rollout",)),
            Node("rollout", "rollout"),
            Node("verify", "verify"),
        ),
    ),
    Workflow(
        id="review",
        title="reviewed rollout",
        description=(
            "The stacks' change sets are computed, approved, and exactly these executed; then all is verified. Where no"
            " change waits, nobody is asked."
        ),
        survey=_RELEASE,
        nodes=(
            Node("review", "review", on_success=("needed",)),
            Node("needed", "needed", on_success=("approve",), on_failure=("verify",)),
            Node("approve", question="Execute the change sets that the review shows", on_success=("deploy",)),
            Node("deploy", "rollout", on_success=("verify",)),
            Node("verify", "verify"),
        ),
    ),
    Workflow(
        id="upgrade",
        title="upgrade with a canary",
        description=(
            "One runner is upgraded and verified, the others are planned, and upgraded after an approval. Where these"
            " are there already, nobody is asked, and all are verified."
        ),
        survey=(*_RELEASE, "gitpod_stack_allow_downgrade"),
        nodes=(
            Node("canary", "upgrade", limit=CANARY, on_success=("plan",)),
            Node("plan", "plan_upgrade", limit=REST, on_success=("needed",)),
            Node("needed", "needed", on_success=("approve",), on_failure=("verify",)),
            Node("approve", question="Upgrade the other runners as the plan shows", on_success=("rest",)),
            Node("rest", "upgrade", limit=REST),
            Node("verify", "verify"),
        ),
    ),
    Workflow(
        id="status",
        title="watched status",
        description="The status of all runners; where one needs attention, the prerequisites tell what is missing.",
        nodes=(
            Node("status", "status", on_failure=("prerequisites",)),
            Node("prerequisites", "prerequisites"),
        ),
    ),
)
BY_ID: t.Mapping[str, Workflow] = {workflow.id: workflow for workflow in ALL}
IDS = tuple(BY_ID)
