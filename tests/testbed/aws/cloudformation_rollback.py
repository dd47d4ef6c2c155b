# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Undoing and deleting in the simulated CloudFormation: rollbacks, clean-up after an update, deletion of a stack."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from ministack.services.cloudformation import _exports, _stacks
from ministack.services.cloudformation.engine import _evaluate_conditions
from ministack.services.cloudformation.provisioners import _delete_resource, _update_resource

from . import cloudformation_failures, cloudformation_pace
from .cloudformation_operation import (
    StackOperation,
    call,
    dependencies_of,
    dependents_of,
    is_retained,
    pause,
    record_event,
    region,
    run_graph,
    running,
    set_resource_status,
    set_stack_status,
    tracked,
)

_GONE = ("DELETE_COMPLETE", "DELETE_SKIPPED")
# What a rolled-back update reports again, as before the update.
_RESTORED = ("_template", "_template_body", "_resolved_params", "_conditions", "Parameters", "Tags", "Outputs")


async def _delete(operation: StackOperation, logical_id: str) -> bool:
    """Delete one resource of the stack. False when it failed."""
    record = operation.records[logical_id]
    resource_type, physical_id = record["ResourceType"], record["PhysicalResourceId"]
    if not physical_id:
        set_resource_status(operation, logical_id, "DELETE_COMPLETE")
        return True
    set_resource_status(operation, logical_id, "DELETE_IN_PROGRESS")
    await pause(cloudformation_pace.seconds(resource_type, logical_id, "DELETE"))
    try:
        if reason := cloudformation_failures.take(region(), operation.name, logical_id, resource_type, "DELETE"):
            raise RuntimeError(reason)
        await call(
            resource_type,
            _delete_resource,
            resource_type,
            physical_id,
            record["Properties"],
            operation.name,
            logical_id,
        )
    except Exception as error:
        set_resource_status(operation, logical_id, "DELETE_FAILED", str(error))
        return False
    set_resource_status(operation, logical_id, "DELETE_COMPLETE")
    return True


async def _delete_all(operation: StackOperation, names: Iterable[str], retain: Iterable[str] = ()) -> list[str]:
    """Delete resources, dependents first; returns those that failed, in the order of the template."""
    remaining = {name for name in names if operation.records[name].get("ResourceStatus") not in _GONE}
    kept = set(retain)

    async def visit(name: str) -> bool:
        if name in kept:
            set_resource_status(operation, name, "DELETE_SKIPPED")
            return True
        return await _delete(operation, name)

    await run_graph(dependents_of(operation.definitions, remaining), visit)
    return [name for name in operation.records if operation.records[name].get("ResourceStatus") == "DELETE_FAILED"]


def _failed_to_delete(names: list[str]) -> str:
    return f"The following resource(s) failed to delete: [{', '.join(names)}]. "


async def roll_back(operation: StackOperation, reason: str) -> None:
    """Undo a failed create or update; ``reason`` is the stack's while it happens."""
    # A cancelled update must not stop its own rollback.
    operation.stop.clear()
    if operation.previous is not None:
        await _roll_back_update(operation, reason)
        return
    set_stack_status(operation.stack, "ROLLBACK_IN_PROGRESS", reason)
    await pause(cloudformation_pace.moment())
    retain = [
        name
        for name in operation.created
        if not operation.retain_except_on_create
        and operation.records[name]["PhysicalResourceId"]
        and operation.definitions.get(name, {}).get("DeletionPolicy") == "Retain"
    ]
    failed = await _delete_all(operation, operation.created, retain)
    if operation.abandoned:
        return
    if failed:
        set_stack_status(operation.stack, "ROLLBACK_FAILED", _failed_to_delete(failed))
    else:
        set_stack_status(operation.stack, "ROLLBACK_COMPLETE")


async def _revert(operation: StackOperation, logical_id: str) -> bool:
    """Send one resource back to its state before the update. False when that failed."""
    assert operation.previous is not None
    before = copy.deepcopy(operation.previous["_resources"][logical_id])
    resource_type = before["ResourceType"]
    set_resource_status(operation, logical_id, "UPDATE_IN_PROGRESS", "", before["PhysicalResourceId"])
    await pause(cloudformation_pace.seconds(resource_type, logical_id, "UPDATE"))
    try:
        if reason := cloudformation_failures.take(region(), operation.name, logical_id, resource_type, "UPDATE"):
            raise RuntimeError(reason)
        if logical_id in operation.applied:
            physical_id, applied, previous, attributes = operation.applied[logical_id]
            await call(
                resource_type,
                _update_resource,
                resource_type,
                physical_id,
                applied,
                previous,
                operation.name,
                logical_id,
                attributes,
            )
            del operation.applied[logical_id]
    except Exception as error:
        set_resource_status(operation, logical_id, "UPDATE_FAILED", str(error))
        return False
    operation.records[logical_id] = before
    set_resource_status(operation, logical_id, "UPDATE_COMPLETE")
    return True


async def _revert_all(operation: StackOperation, names: Iterable[str]) -> list[str]:
    """Send resources back; returns those that failed."""
    wanted = set(names)
    failed: list[str] = []

    async def visit(name: str) -> bool:
        if not await _revert(operation, name):
            failed.append(name)
        return True

    await run_graph(dependencies_of(operation.definitions, wanted), visit)
    return failed


async def _roll_back_update(operation: StackOperation, reason: str) -> None:
    set_stack_status(operation.stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
    await pause(cloudformation_pace.moment())
    # What replaces a resource is deleted with the new ones; its predecessor was not touched.
    leftovers = {name: operation.records[name] for name in operation.created}
    for name, old_id, _before, _deferred in operation.replaced:
        if operation.records[name]["PhysicalResourceId"] != old_id:
            leftovers[name] = dict(operation.records[name])
    failed = await _revert_all(operation, operation.updated)
    await _finish_update_rollback(operation, failed, leftovers)


async def _finish_update_rollback(operation: StackOperation, failed: list[str], leftovers: dict[str, Any]) -> None:
    stack, previous = operation.stack, operation.previous
    assert previous is not None
    if failed:
        # Kept as objects: the record is not persisted, and ContinueUpdateRollback takes it up again.
        stack["_pending_rollback"] = (operation, failed, leftovers)
        stack["_rollback_failed"] = {name: {} for name in failed}
        reason = f"The following resource(s) failed to update: [{', '.join(failed)}]. "
        set_stack_status(stack, "UPDATE_ROLLBACK_FAILED", reason)
        return
    stack.pop("_pending_rollback", None)
    stack.pop("_rollback_failed", None)
    set_stack_status(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    await _delete_leftovers(operation, leftovers)
    for key in _RESTORED:
        if key in previous:
            stack[key] = previous[key]
    for name in list(operation.records):
        if name not in previous["_resources"]:
            del operation.records[name]
    set_stack_status(stack, "UPDATE_ROLLBACK_COMPLETE")


async def _delete_leftovers(operation: StackOperation, leftovers: dict[str, Any]) -> str:
    """Delete what the stack no longer holds: predecessors, or what an undone update created.

    A delete that fails does not fail the operation: AWS reports it as an event, and returned is what the stack's last
    event says then (serverless#9144).
    """
    left: list[str] = []
    definitions = {**(operation.previous or {}).get("_template", {}).get("Resources", {}), **operation.definitions}

    async def visit(name: str) -> bool:
        record = leftovers[name]
        resource_type, physical_id = record["ResourceType"], record["PhysicalResourceId"]
        if not physical_id:
            return True
        record_event(operation.stack, name, resource_type, "DELETE_IN_PROGRESS", "", physical_id)
        await pause(cloudformation_pace.seconds(resource_type, name, "DELETE"))
        try:
            if reason := cloudformation_failures.take(region(), operation.name, name, resource_type, "DELETE"):
                raise RuntimeError(reason)
            for function, arguments, keywords in record.get("_deferred", []):
                function(*arguments, **keywords)
            await call(
                resource_type, _delete_resource, resource_type, physical_id, record["Properties"], operation.name, name
            )
        except Exception as error:
            record_event(operation.stack, name, resource_type, "DELETE_FAILED", str(error), physical_id)
            left.append(name)
            return True
        record_event(operation.stack, name, resource_type, "DELETE_COMPLETE", "", physical_id)
        return True

    await run_graph(dependents_of(definitions, set(leftovers)), visit)
    return "Update successful. One or more resources could not be deleted." if left else ""


async def clean_up_update(operation: StackOperation) -> str:
    """After an update: delete what it replaced or removed, except what a policy retains; the reason of its end."""
    previous, stack = operation.previous, operation.stack
    assert previous is not None
    set_stack_status(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    await pause(cloudformation_pace.moment())
    leftovers: dict[str, Any] = {}
    for name, old_id, before, deferred in operation.replaced:
        if is_retained(operation, operation.definitions[name], "UpdateReplacePolicy"):
            record_event(stack, name, before["ResourceType"], "DELETE_SKIPPED", "", old_id)
        elif operation.records[name]["PhysicalResourceId"] != old_id:
            leftovers[name] = {**before, "_deferred": deferred}
        else:
            for function, arguments, keywords in deferred:
                function(*arguments, **keywords)
    old_definitions = previous.get("_template", {}).get("Resources", {})
    kept = {name for name in operation.definitions if _holds(operation, name)}
    for name in [name for name in previous.get("_resources", {}) if name not in kept]:
        record = operation.records.pop(name, previous["_resources"][name])
        if is_retained(operation, old_definitions.get(name), "DeletionPolicy"):
            record_event(stack, name, record["ResourceType"], "DELETE_SKIPPED", "", record["PhysicalResourceId"])
        else:
            leftovers[name] = record
    return await _delete_leftovers(operation, leftovers)


def _holds(operation: StackOperation, logical_id: str) -> bool:
    condition = operation.definitions[logical_id].get("Condition")
    return not condition or bool(operation.conditions.get(condition, True))


async def continue_update_rollback(stack_name: str, stack_id: str, resources_to_skip: Iterable[str]) -> None:
    """Take an UPDATE_ROLLBACK_FAILED stack's rollback up again, leaving out what the user skips."""
    stack = _stacks.get(stack_name)
    if not stack or stack["StackId"] != stack_id or "_pending_rollback" not in stack:
        return
    operation, failed, leftovers = stack["_pending_rollback"]
    operation.finished.clear()
    await tracked(operation, _continue(operation, failed, leftovers, set(resources_to_skip)))


async def _continue(operation: StackOperation, failed: list[str], leftovers: dict[str, Any], skipped: set[str]) -> None:
    assert operation.previous is not None
    set_stack_status(operation.stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
    for name in failed:
        if name in skipped:
            operation.records[name] = copy.deepcopy(operation.previous["_resources"][name])
            set_resource_status(operation, name, "UPDATE_COMPLETE", "Resource rollback skipped by user")
    still_failed = await _revert_all(operation, [name for name in failed if name not in skipped])
    await _finish_update_rollback(operation, still_failed, leftovers)


async def roll_back_failed_operation(
    stack_name: str, stack_id: str, stack: dict[str, Any], operation: Any, reason_override: str = ""
) -> None:
    """RollbackStack: undo what a failed operation with DisableRollback left."""
    del stack_name, stack_id
    stack.pop("_failed_operation", None)
    if isinstance(operation, StackOperation):
        operation.finished.clear()
        await tracked(operation, roll_back(operation, reason_override or "User Initiated"))


async def delete_stack(
    stack_name: str, stack_id: str, retain_resources: Iterable[str] = (), force: bool = False
) -> None:
    """Delete a stack, after whatever it is doing has stopped; ``force`` retains what does not delete."""
    stack = _stacks.get(stack_name)
    if not stack or stack["StackId"] != stack_id:
        return
    interrupted = running.get(stack_id)
    set_stack_status(stack, "DELETE_IN_PROGRESS", "User Initiated")
    if interrupted is not None:
        interrupted.abandoned = True
        interrupted.stop.set()
        await interrupted.finished.wait()
    template = stack.get("_template") or {}
    if interrupted is not None:
        template = interrupted.template
    parameters = stack.get("_resolved_params", {})
    operation = StackOperation(
        stack=stack, template=template, parameters=parameters, conditions=_evaluate_conditions(template, parameters)
    )
    await tracked(operation, _delete_everything(operation, set(retain_resources), force))


async def _delete_everything(operation: StackOperation, retain: set[str], force: bool) -> None:
    await pause(cloudformation_pace.moment())
    definitions = operation.definitions
    retain |= {
        name
        for name, record in operation.records.items()
        if record["PhysicalResourceId"] and is_retained(operation, definitions.get(name), "DeletionPolicy")
    }
    if force:
        retain |= {name for name, record in operation.records.items() if record["ResourceStatus"] == "DELETE_FAILED"}
    failed = await _delete_all(operation, list(operation.records), retain)
    if failed:
        set_stack_status(operation.stack, "DELETE_FAILED", _failed_to_delete(failed))
        return
    for output in operation.stack.get("Outputs", []):
        if output.get("ExportName"):
            _exports.pop(output["ExportName"], None)
    set_stack_status(operation.stack, "DELETE_COMPLETE")
