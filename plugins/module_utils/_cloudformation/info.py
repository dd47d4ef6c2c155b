# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a stack, by its name or by the runner that it belongs to."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import drift, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.events import Event, History
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import (
    find,
    judged,
    of_runner,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.result import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner, Verdict
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_stack_info does."""
    options = module.params
    api = api_of(module)
    stack, verdict = looked_for(api, options)
    exists = status.exists(stack.status)
    row = status.meaning(stack.status)
    found: dict[str, t.Any] = {
        "changed": False,
        "exists": exists,
        "in_progress": row.in_progress,
        "ownership": verdict.as_result(),
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


def looked_for(api: Api, options: t.Mapping[str, t.Any]) -> tuple[Stack, Verdict]:
    """The runner's own where its name is given; otherwise whatever has the name, or the ID."""
    name, runner = options["name"], Runner(options["runner_name"] or "", options["runner_id"] or "")
    if name and options["runner_name"]:
        found = find(api, runner, name)
        return found.seen, found.verdict
    stack = api.stack(name) if name else of_runner(api.stacks(), runner.id)
    if not name and stack.id:
        # The list says less than the stack itself.
        stack = api.stack(stack.id)
    return stack, judged(api, stack, runner).verdict


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
