# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a runner's stack among all, by what it was made with."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import RUNNER_ID_TAG

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api


def own_stack(api: Api, name: str, runner_id: str) -> Stack:
    """The stack by its name, or, when there is none, the one that the runner has under another name."""
    stack = api.stack(name)
    if stack.status != status.ABSENT or not runner_id:
        return stack
    elsewhere = of_runner(api.stacks(), runner_id)
    return stack if elsewhere.status == status.ABSENT else elsewhere


def of_runner(stacks: t.Sequence[Stack], runner_id: str) -> Stack:
    """The stack that has this runner ID as a parameter's value or in its tag.

    :raises RunnerError: more than one has.
    """
    found = [
        stack
        for stack in stacks
        if status.exists(stack.status)
        and (runner_id in stack.parameters.values() or stack.tags.get(RUNNER_ID_TAG) == runner_id)
    ]
    if len(found) > 1:
        raise RunnerError(
            f"{len(found)} stacks belong to the runner {runner_id}",
            ", ".join(stack.name for stack in found),
            "Name the one that is meant (gitpod_stack_name)",
        )
    return found[0] if found else Stack("")
