# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated CloudFormation: ministack's, with operations that take time and refusals as AWS words them."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, stacks

from ..settings import Settings
from . import (
    cloudformation_changesets,
    cloudformation_descriptions,
    cloudformation_engine,
    cloudformation_failures,
    cloudformation_parameters,
    cloudformation_requests,
    cloudformation_rollback,
    resource_types,
    template_summary,
)
from .cloudformation_operation import running, tasks
from .cloudformation_pace import pace

_ministack_reset = cloudformation.reset
_ministack_add_event = stacks._add_event


def stop_everything() -> None:
    """End every stack operation, from any thread; call it before stores are emptied."""
    for task in list(tasks):
        task.get_loop().call_soon_threadsafe(task.cancel)
    tasks.clear()
    running.clear()


def reset() -> None:
    """Forget every stack, every running operation and every order to fail."""
    stop_everything()
    cloudformation_failures.clear()
    cloudformation_requests.repeated["tokens"] = cloudformation_requests.ACCEPTED
    resource_types.reset()
    _ministack_reset()


def set_stack_seconds(value: float) -> None:
    """Set about how long the runner stack takes to create, in seconds; applies to resources that start from now on."""
    if value < 0:
        raise ValueError(f"stack_seconds must not be negative, got {value}")
    pace.stack_seconds = float(value)


def handle_settings(method: str, body: dict[str, Any], query: dict[str, Any]) -> dict[str, Any]:
    """Answer /_testbed/settings: C(stack_seconds), and how a second call with a token is answered, C(repeated_tokens).

    With C(hurry), what is under way keeps its pace no longer: its present step is over at once.

    Raises ValueError for a value that is no number of seconds.
    """
    del query
    if method == "POST" and "stack_seconds" in body:
        set_stack_seconds(float(body["stack_seconds"]))
    if method == "POST" and body.get("hurry"):
        pace.hurried += 1
    if method == "POST" and "repeated_tokens" in body:
        cloudformation_requests.repeated["tokens"] = str(body["repeated_tokens"])
    return {"stack_seconds": pace.stack_seconds}


def _add_event(*arguments: Any, **keywords: Any) -> None:
    """Give the start of an executed change set the reason that AWS gives it."""
    if keywords.get("physical_id") and len(arguments) == 5 and str(arguments[4]).endswith("_IN_PROGRESS"):
        keywords.setdefault("reason", "User Initiated")
    _ministack_add_event(*arguments, **keywords)


def _capabilities_enforced() -> bool:
    return True


def _install_operations() -> None:
    for module in (stacks, handlers, changesets):
        for name, replacement in (
            ("_deploy_stack_async", cloudformation_engine.deploy_stack),
            ("_delete_stack_async", cloudformation_rollback.delete_stack),
            ("_continue_update_rollback_async", cloudformation_rollback.continue_update_rollback),
            ("_resolve_parameters", cloudformation_parameters.resolve_parameters),
        ):
            if hasattr(module, name):
                setattr(module, name, replacement)
    changesets._add_event = _add_event
    handlers._capabilities_enforced = _capabilities_enforced
    cloudformation.reset = reset


def _register_controls() -> None:
    # The control interface is optional: a test may run this part without it.
    if importlib.util.find_spec(f"{__package__}.control") is None:
        return
    control = importlib.import_module(f"{__package__}.control")
    control.register("/_testbed/resource-failures", cloudformation_failures.handle_control)
    control.register("/_testbed/settings", handle_settings)


def install(settings: Settings) -> None:
    """Change ministack's CloudFormation in place; call it once, before the first request."""
    set_stack_seconds(settings.stack_seconds)
    _install_operations()
    template_summary.install(settings)
    _register_controls()
    handlers._ACTION_HANDLERS.update(
        {
            "CreateStack": cloudformation_requests.create_stack,
            "UpdateStack": cloudformation_requests.update_stack,
            "DeleteStack": cloudformation_requests.delete_stack,
            "CancelUpdateStack": cloudformation_requests.cancel_update_stack,
            "ContinueUpdateRollback": cloudformation_requests.continue_update_rollback,
            "RollbackStack": cloudformation_requests.rollback_stack,
            "DescribeStacks": cloudformation_descriptions.describe_stacks,
            "GetTemplate": cloudformation_descriptions.get_template,
            "DescribeStackEvents": cloudformation_descriptions.describe_stack_events,
            "CreateChangeSet": cloudformation_changesets.create_change_set,
            "DescribeChangeSet": cloudformation_changesets.describe_change_set,
            "ExecuteChangeSet": cloudformation_changesets.execute_change_set,
            "DeleteChangeSet": cloudformation_changesets.delete_change_set,
            "ListChangeSets": cloudformation_changesets.list_change_sets,
        }
    )
