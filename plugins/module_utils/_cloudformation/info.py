# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a stack, by its name or by the runner that it belongs to."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import drift, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.events import Event, History
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import of_runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.result import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_stack_info does."""
    options = module.params
    api = api_of(module)
    stack = api.stack(options["name"]) if options["name"] else of_runner(api.stacks(), options["runner_id"])
    exists = status.exists(stack.status)
    row = status.meaning(stack.status)
    found: dict[str, t.Any] = {
        "changed": False,
        "exists": exists,
        "in_progress": row.in_progress,
        "stack": stack.as_result(),
        "outputs": dict(stack.outputs),
        "load_balancer": api.load_balancer(stack) if exists and stack.status != "DELETE_IN_PROGRESS" else None,
    }
    if options["include_resources"]:
        found["resources"] = api.resources(stack.id) if exists else []
    if options["include_drift"]:
        found["drift"] = drift.detect(api.client, stack.id, Clock()) if exists and not row.in_progress else None
    if options["include_events"]:
        found["events"] = _events(api, stack) if exists else []
    return found


def _events(api: Api, stack: Stack) -> list[dict[str, t.Any]]:
    history = History(api.client, stack.id)
    history.read()
    return [_as_result(event) for event in history.events]


def _as_result(event: Event) -> dict[str, t.Any]:
    return {
        "time": event.time,
        "resource": event.resource,
        "type": event.kind,
        "status": event.status,
        "reason": event.reason,
    }
