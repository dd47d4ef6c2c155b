# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approval in two runs: one computes the change set and stops, a later one executes just that or says it is stale."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.parameters import same
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError

CHANGE_SET_NAME = "gitpod-enterprise-runner-review"


def stale(
    reviewed: t.Mapping[str, t.Any],
    template: Template,
    values: t.Mapping[str, str],
    present: t.Mapping[str, str],
    tags: t.Mapping[str, str],
) -> list[str]:
    """Why a reviewed change set is not what is wanted now; empty when it is.

    :param reviewed: the change set from DescribeChangeSet.
    :param values: open parameter values by logical ID that are wanted now.
    :param present: the stack's values, which stay where nothing is wanted.
    :param tags: tags of the stack that are wanted now.
    """
    reasons = []
    if reviewed.get("ExecutionStatus") != "AVAILABLE":
        reasons.append(f"it can no longer be executed ({reviewed.get('ExecutionStatus', 'unknown')})")
    shown = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in reviewed.get("Parameters", [])}
    for parameter in template.parameters:
        wanted = values.get(parameter.key, present.get(parameter.key))
        if wanted is None or parameter.no_echo:
            continue
        if not same(parameter.kind, shown.get(parameter.key, ""), wanted):
            reasons.append(f"{parameter.label} is another value now")
    its_tags = {entry["Key"]: entry["Value"] for entry in reviewed.get("Tags", [])}
    if its_tags != dict(tags):
        reasons.append("the tags are others now")
    return reasons


def refuse_stale(stack: Stack, reasons: t.Sequence[str]) -> None:
    """Stop when the reviewed change set is not what is wanted now.

    :raises RunnerError: with every reason.
    """
    if reasons:
        raise RunnerError(
            f"The reviewed change set of the stack {stack.name} went stale; nothing was changed",
            "; ".join(reasons),
            "Review again (gitpod_stack_review: true), which computes it anew",
        )
