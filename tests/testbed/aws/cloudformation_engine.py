# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Creating and updating a stack, resource by resource, as long as AWS would let one watch."""

from __future__ import annotations

import copy
from typing import Any

from ministack.services.cloudformation import _exports, _stacks
from ministack.services.cloudformation.engine import _evaluate_conditions
from ministack.services.cloudformation.provisioners import (
    _DEFERRED_PREDECESSOR_DELETES,
    _NAME_SEED,
    _RETAIN_REPLACED,
    _provision_resource,
    _replacing_change,
    _update_resource,
)
from ministack.services.cloudformation.stacks import _resolve_stack_outputs

from . import cloudformation_failures, cloudformation_pace, cloudformation_parameters
from .cloudformation_operation import (
    StackOperation,
    active_resources,
    call,
    dependencies_of,
    is_retained,
    pause,
    region,
    resolved_properties,
    run_graph,
    set_resource_status,
    set_stack_status,
    tracked,
    with_tags,
)
from .cloudformation_rollback import clean_up_update, roll_back

# The share of a resource's time before the service is called; the rest is the time until it is stable.
_SHARE_BEFORE = 0.3
_REPLACEMENT = "Requested update requires the creation of a new physical resource; hence creating one."


def _fail(operation: StackOperation, logical_id: str, verb: str, reason: str) -> bool:
    operation.failed[logical_id] = verb.lower()
    set_resource_status(operation, logical_id, f"{verb}_FAILED", reason)
    operation.stop.set()
    return False


def _cancelled(operation: StackOperation, logical_id: str, verb: str) -> bool:
    noun = "creation" if verb == "CREATE" else "update"
    return _fail(operation, logical_id, verb, f"Resource {noun} cancelled")


def _simulated_failure(operation: StackOperation, logical_id: str, verb: str) -> str | None:
    resource_type = operation.definitions[logical_id].get("Type", "")
    return cloudformation_failures.take(region(), operation.name, logical_id, resource_type, verb)


async def _create(operation: StackOperation, logical_id: str) -> bool:
    """Create one resource. False when it failed or was cancelled."""
    set_resource_status(operation, logical_id, "CREATE_IN_PROGRESS")
    record = operation.records[logical_id]
    operation.created.append(logical_id)
    duration = cloudformation_pace.seconds(record["ResourceType"], logical_id, "CREATE")
    if await pause(duration * _SHARE_BEFORE, operation.stop):
        return _cancelled(operation, logical_id, "CREATE")
    try:
        record["Properties"], record["_dynamic"] = resolved_properties(operation, logical_id)
        if reason := _simulated_failure(operation, logical_id, "CREATE"):
            return _fail(operation, logical_id, "CREATE", reason)
        tagged = with_tags(operation, record, logical_id, operation.stack.get("Tags") or [])
        _NAME_SEED.set("")
        physical_id, record["Attributes"] = await call(
            record["ResourceType"], _provision_resource, record["ResourceType"], logical_id, tagged, operation.name
        )
        record["_name_seed"] = _NAME_SEED.get()
    except Exception as error:
        return _fail(operation, logical_id, "CREATE", str(error))
    set_resource_status(operation, logical_id, "CREATE_IN_PROGRESS", "Resource creation Initiated", physical_id)
    if await pause(duration * (1 - _SHARE_BEFORE), operation.stop):
        return _cancelled(operation, logical_id, "CREATE")
    set_resource_status(operation, logical_id, "CREATE_COMPLETE")
    return True


def _is_unchanged(operation: StackOperation, logical_id: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
    assert operation.previous is not None
    return with_tags(operation, before, logical_id, operation.previous.get("Tags") or []) == with_tags(
        operation, after, logical_id, operation.stack.get("Tags") or []
    )


async def _apply_update(operation: StackOperation, logical_id: str, before: dict[str, Any]) -> str:
    """Call the type's update; returns the physical ID, a new one after a replacement."""
    assert operation.previous is not None
    record = operation.records[logical_id]
    old = with_tags(operation, before, logical_id, operation.previous.get("Tags") or [])
    new = with_tags(operation, record, logical_id, operation.stack.get("Tags") or [])
    deferred: list[Any] = []
    retained = is_retained(operation, operation.definitions[logical_id], "UpdateReplacePolicy")
    _RETAIN_REPLACED.set(retained)
    _DEFERRED_PREDECESSOR_DELETES.set(deferred)
    _NAME_SEED.set(before.get("_name_seed", ""))
    old_id = before["PhysicalResourceId"]
    physical_id, attributes = await call(
        record["ResourceType"],
        _update_resource,
        record["ResourceType"],
        old_id,
        old,
        new,
        operation.name,
        logical_id,
        before["Attributes"],
    )
    record["Attributes"] = attributes
    record["_name_seed"] = _NAME_SEED.get()
    if physical_id != old_id or deferred:
        operation.replaced.append((logical_id, old_id, before, deferred))
    else:
        operation.applied[logical_id] = (physical_id, new, old, attributes)
    return str(physical_id)


async def _update(operation: StackOperation, logical_id: str) -> bool:
    """Update one resource, or create it when it is new. Says nothing about one that does not change."""
    before = ((operation.previous or {}).get("_resources") or {}).get(logical_id)
    if before is None:
        return await _create(operation, logical_id)
    try:
        properties, dynamic = resolved_properties(operation, logical_id)
    except Exception as error:
        return _fail(operation, logical_id, "UPDATE", str(error))
    record = operation.records[logical_id] = {**copy.deepcopy(before), "Properties": properties, "_dynamic": dynamic}
    if _is_unchanged(operation, logical_id, before, record):
        return True
    operation.updated.append(logical_id)
    replaces = _replacing_change(record["ResourceType"], before["Properties"], properties)
    set_resource_status(operation, logical_id, "UPDATE_IN_PROGRESS", _REPLACEMENT if replaces else "")
    duration = cloudformation_pace.seconds(record["ResourceType"], logical_id, "UPDATE")
    if await pause(duration * _SHARE_BEFORE, operation.stop):
        return _cancelled(operation, logical_id, "UPDATE")
    try:
        if reason := _simulated_failure(operation, logical_id, "UPDATE"):
            return _fail(operation, logical_id, "UPDATE", reason)
        physical_id = await _apply_update(operation, logical_id, before)
    except Exception as error:
        return _fail(operation, logical_id, "UPDATE", str(error))
    if physical_id != before["PhysicalResourceId"]:
        if not replaces:
            set_resource_status(operation, logical_id, "UPDATE_IN_PROGRESS", _REPLACEMENT)
        set_resource_status(operation, logical_id, "UPDATE_IN_PROGRESS", "Resource creation Initiated", physical_id)
    if await pause(duration * (1 - _SHARE_BEFORE), operation.stop):
        return _cancelled(operation, logical_id, "UPDATE")
    set_resource_status(operation, logical_id, "UPDATE_COMPLETE")
    return True


def _failure_reason(operation: StackOperation) -> str:
    if operation.cancelled:
        return "User Initiated"
    sentences = [
        f"The following resource(s) failed to {verb}: [{', '.join(names)}]. "
        for verb in ("create", "update")
        if (names := [name for name, failed in operation.failed.items() if failed == verb])
    ]
    return "".join(sentences)


def _publish_outputs(operation: StackOperation, active: set[str]) -> None:
    """Resolve outputs and exports. Raises ValueError for one that cannot be resolved, as AWS fails the operation."""
    stack = operation.stack
    surviving = {name: record for name, record in operation.records.items() if name in active}
    outputs, exports = _resolve_stack_outputs(
        operation.template.get("Outputs", {}),
        operation.conditions,
        surviving,
        operation.parameters,
        operation.template.get("Mappings", {}),
        operation.name,
        stack["StackId"],
    )
    stack["Outputs"] = outputs
    _exports.update(exports)


async def _provision_all(operation: StackOperation) -> str:
    """Create or update every resource; returns the reason of the failure, or an empty string."""
    await pause(cloudformation_pace.moment(), operation.stop)
    if problem := cloudformation_parameters.unknown_resource(operation.template, operation.parameters):
        return problem
    try:
        active = active_resources(operation)
    except ValueError as error:
        return str(error)
    work = _create if operation.previous is None else _update

    async def visit(name: str) -> bool:
        return await work(operation, name)

    done = await run_graph(dependencies_of(operation.definitions, active), visit, operation.stop)
    if done != active or operation.stop.is_set():
        return _failure_reason(operation)
    try:
        _publish_outputs(operation, active)
    except Exception as error:
        return str(error)
    return ""


def _keep_for_rollback(operation: StackOperation) -> None:
    operation.stack["_failed_operation"] = operation


async def _run(operation: StackOperation, disable_rollback: bool) -> None:
    verb = "CREATE" if operation.previous is None else "UPDATE"
    stack = operation.stack
    reason = await _provision_all(operation)
    if operation.abandoned:
        return
    if reason and disable_rollback:
        _keep_for_rollback(operation)
        set_stack_status(stack, f"{verb}_FAILED", reason)
        return
    if reason:
        suffix = "Rollback requested by user." if verb == "CREATE" else ""
        await roll_back(operation, f"{reason.strip()} {suffix}".strip())
        return
    stack["_template"] = operation.template
    stack["_resolved_params"] = operation.parameters
    stack["_conditions"] = operation.conditions
    stack.pop("_failed_operation", None)
    ending = await clean_up_update(operation) if operation.previous is not None else ""
    set_stack_status(stack, f"{verb}_COMPLETE", ending)


async def deploy_stack(  # noqa: PLR0913, PLR0917 - ministack calls it with these arguments
    stack_name: str,
    stack_id: str,
    template: dict[str, Any],
    param_values: dict[str, Any],
    disable_rollback: bool,
    tags: list[Any],
    is_update: bool = False,
    previous_stack: dict[str, Any] | None = None,
    retain_except_on_create: bool = False,
    imports: dict[str, Any] | None = None,
) -> None:
    """Run a create or an update to its end; takes the place of ministack's own, which does it in an instant."""
    del tags, imports
    stack = _stacks.get(stack_name)
    if not stack or stack["StackId"] != stack_id:
        return
    operation = StackOperation(
        stack=stack,
        template=template,
        parameters=param_values,
        conditions=_evaluate_conditions(template, param_values),
        previous=(previous_stack or {}) if is_update else None,
        retain_except_on_create=retain_except_on_create,
    )
    stack.pop("_cancel_requested", None)
    await tracked(operation, _run(operation, disable_rollback))
