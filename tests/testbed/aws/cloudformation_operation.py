# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every stack operation of the simulated CloudFormation shares: state, events, order, pauses."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core.concurrency import run_reentrant
from ministack.core.responses import get_region, new_uuid, now_iso
from ministack.services.cloudformation import _stack_events
from ministack.services.cloudformation.engine import (
    _NO_VALUE,
    _extract_deps,
    _resolve_dynamic_references,
    _resolve_refs,
    _topological_sort,
)
from ministack.services.cloudformation.provisioners import _RETAINING_POLICIES, _with_stack_tags
from ministack.services.cloudformation.stacks import CLIENT_REQUEST_TOKEN

from .cloudformation_pace import pace

STACK_TYPE = "AWS::CloudFormation::Stack"
# The types whose work waits for a request to this same server, so that it must not run on the event loop.
_BLOCKING_TYPES = (STACK_TYPE, "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::WaitCondition")

# Seconds after which what waits looks up and sees that it shall hurry.
_LOOK_UP = 0.25

Work = Callable[[str], Awaitable[bool]]


@dataclass
class StackOperation:
    """One create, update or delete of a stack while it runs."""

    stack: dict[str, Any]
    template: dict[str, Any]
    parameters: dict[str, Any]
    conditions: dict[str, bool]
    previous: dict[str, Any] | None = None
    retain_except_on_create: bool = False
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    # The user cancelled the update; or deletes the stack, so that no rollback follows.
    cancelled: bool = False
    abandoned: bool = False
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    applied: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = field(default_factory=dict)
    replaced: list[tuple[str, str, dict[str, Any], list[Any]]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The stack's name."""
        return str(self.stack["StackName"])

    @property
    def definitions(self) -> dict[str, Any]:
        """The template's resources."""
        return dict(self.template.get("Resources") or {})

    @property
    def records(self) -> dict[str, Any]:
        """The stack's resources as they are now."""
        records: dict[str, Any] = self.stack.setdefault("_resources", {})
        return records


# By stack ID, so that a delete or a cancellation finds the operation it interrupts.
running: dict[str, StackOperation] = {}
tasks: set[asyncio.Task[Any]] = set()


def record_event(
    stack: dict[str, Any], logical_id: str, resource_type: str, status: str, reason: str = "", physical_id: str = ""
) -> None:
    """Append a stack event; resources' event IDs are readable as AWS's are."""
    timestamp = now_iso()
    is_stack = resource_type == STACK_TYPE and logical_id == stack["StackName"]
    event = {
        "StackId": stack["StackId"],
        "StackName": stack["StackName"],
        "EventId": new_uuid() if is_stack else f"{logical_id}-{status}-{timestamp}-{new_uuid()[:4]}",
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical_id,
        "ResourceType": resource_type,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": timestamp,
    }
    if token := CLIENT_REQUEST_TOKEN.get():
        event["ClientRequestToken"] = token
    if stack["StackId"] not in _stack_events:
        _stack_events[stack["StackId"]] = []
    _stack_events[stack["StackId"]].append(event)


def set_stack_status(stack: dict[str, Any], status: str, reason: str = "") -> None:
    """Change the stack's status and record the event."""
    stack["StackStatus"] = status
    stack["StackStatusReason"] = reason
    if status == "DELETE_COMPLETE":
        stack["DeletionTime"] = now_iso()
    record_event(stack, stack["StackName"], STACK_TYPE, status, reason, stack["StackId"])


def set_resource_status(
    operation: StackOperation, logical_id: str, status: str, reason: str = "", physical_id: str | None = None
) -> None:
    """Change a resource's status (its record appears with the first one) and record the event."""
    definition = operation.definitions.get(logical_id, {})
    record = operation.records.setdefault(
        logical_id,
        {"PhysicalResourceId": "", "ResourceType": definition.get("Type", ""), "Properties": {}, "Attributes": {}},
    )
    if physical_id is not None:
        record["PhysicalResourceId"] = physical_id
    record.update(LogicalResourceId=logical_id, ResourceStatus=status, ResourceStatusReason=reason, Timestamp=now_iso())
    record_event(operation.stack, logical_id, record["ResourceType"], status, reason, record["PhysicalResourceId"])


async def pause(seconds: float, stop: asyncio.Event | None = None) -> bool:
    """Wait ``seconds``, or until somebody hurries; True when ``stop`` was set meanwhile."""
    loop, before = asyncio.get_running_loop(), pace.hurried
    end = loop.time() + seconds
    while True:
        left = min(end - loop.time(), _LOOK_UP)
        if stop is None:
            await asyncio.sleep(left)
        else:
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(stop.wait(), left)
        if pace.hurried != before or loop.time() >= end:
            return False


async def call(resource_type: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call one of ministack's provisioning functions, off the event loop where it would block it."""
    if resource_type.startswith("Custom::") or resource_type in _BLOCKING_TYPES:
        return await run_reentrant(function, *arguments)
    return function(*arguments)


async def run_graph(dependencies: Mapping[str, set[str]], work: Work, stop: asyncio.Event | None = None) -> set[str]:
    """Do the work of every name as soon as what it depends on succeeded, side by side; returns the names that did.

    A name is left out when something it depends on did not succeed, or when ``stop`` is set before its turn.
    """
    visits: dict[str, asyncio.Task[bool]] = {}

    async def visit(name: str) -> bool:
        results = await asyncio.gather(*(visits[other] for other in dependencies[name]))
        if not all(results) or (stop is not None and stop.is_set()):
            return False
        return await work(name)

    for name in dependencies:
        visits[name] = asyncio.create_task(visit(name))
    results = await asyncio.gather(*visits.values())
    return {name for name, success in zip(visits, results, strict=True) if success}


def dependencies_of(definitions: Mapping[str, Any], names: set[str]) -> dict[str, set[str]]:
    """For each of ``names`` (in the order of the template) those of ``names`` that it refers to."""
    return {
        name: (_extract_deps(definitions[name], names) - {name}) if name in definitions else set()
        for name in [*(n for n in definitions if n in names), *sorted(names - set(definitions))]
    }


def dependents_of(definitions: Mapping[str, Any], names: set[str]) -> dict[str, set[str]]:
    """For each of ``names`` those of ``names`` that refer to it: what must be deleted before it."""
    forward = dependencies_of(definitions, names)
    return {name: {other for other, needs in forward.items() if name in needs} for name in reversed(list(forward))}


def active_resources(operation: StackOperation) -> set[str]:
    """The resources whose condition holds. Raises ValueError for a circular dependency."""
    return set(_topological_sort(operation.definitions, operation.conditions))


def resolve(operation: StackOperation, value: Any) -> Any:
    """Resolve the intrinsic functions of a value of the template."""
    return _resolve_refs(
        _copied(value),
        operation.records,
        operation.parameters,
        operation.conditions,
        operation.template.get("Mappings", {}),
        operation.name,
        operation.stack["StackId"],
    )


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def resolved_properties(operation: StackOperation, logical_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A resource's properties with every function and dynamic reference resolved, and the references' values."""
    properties = resolve(operation, operation.definitions[logical_id].get("Properties") or {})
    properties = {key: value for key, value in properties.items() if value is not _NO_VALUE}
    before = ((operation.previous or {}).get("_resources") or {}).get(logical_id) or {}
    same = (operation.previous or {}).get("_template", {}).get("Resources", {}).get(
        logical_id
    ) == operation.definitions[logical_id]
    properties, dynamic = _resolve_dynamic_references(
        properties, before.get("_dynamic"), reuse_ssm=False, reuse_secrets=bool(before) and same
    )
    return properties, dynamic


def with_tags(operation: StackOperation, record: Mapping[str, Any], logical_id: str, tags: list[Any]) -> dict[str, Any]:
    """A resource's properties with the stack's tags, as CloudFormation passes them to the service."""
    tagged: dict[str, Any] = _with_stack_tags(
        record["ResourceType"], record["Properties"], tags, operation.name, operation.stack["StackId"], logical_id
    )
    return tagged


def is_retained(operation: StackOperation, definition: Mapping[str, Any] | None, attribute: str) -> bool:
    """Whether DeletionPolicy or UpdateReplacePolicy keeps the resource."""
    policy = (definition or {}).get(attribute, "Delete")
    if isinstance(policy, dict):
        policy = resolve(operation, policy)
    return policy in _RETAINING_POLICIES


def region() -> str:
    """The region of the operation that is running."""
    return str(get_region())


async def tracked(operation: StackOperation, coroutine: Coroutine[Any, Any, None]) -> None:
    """Await an operation while ``running`` knows it, so that it can be cancelled, abandoned or reset."""
    stack_id = operation.stack["StackId"]
    running[stack_id] = operation
    task = asyncio.current_task()
    if task is not None:
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    try:
        await coroutine
    except Exception as error:
        # A mistake of the simulation must not leave the stack in progress for ever.
        failed = f"{operation.stack['StackStatus'].partition('_')[0]}_FAILED"
        set_stack_status(operation.stack, failed, f"Internal Failure: {error}")
        raise
    finally:
        operation.finished.set()
        if running.get(stack_id) is operation:
            del running[stack_id]
