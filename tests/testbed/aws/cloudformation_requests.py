# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the simulated CloudFormation refuses or ignores before an operation starts, as AWS does."""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import _stacks, handlers
from ministack.services.cloudformation.helpers import _extract_string_members, _p
from ministack.services.cloudformation.stacks import _create_stack_task_in_region

from .cloudformation_operation import running
from .cloudformation_rollback import roll_back_failed_operation
from .cloudformation_xml import Answer, answer, error

UPDATABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)
_DELETABLE = (
    *UPDATABLE,
    "CREATE_FAILED",
    "CREATE_IN_PROGRESS",
    "DELETE_FAILED",
    "REVIEW_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_FAILED",
)
# What a second call with the same ClientRequestToken is answered. The CloudFormation API reference lets a token be sent
# again and lists TokenAlreadyExistsException, and nobody has recorded which of them comes: so tests try all.
ACCEPTED, REFUSED, IGNORED = "accepted", "refused", "ignored"
repeated = {"tokens": ACCEPTED}

_create = handlers._create_stack
_update = handlers._update_stack
_delete = handlers._delete_stack
_cancel = handlers._cancel_update_stack
_continue = handlers._continue_update_rollback


def not_updatable(stack: dict[str, Any]) -> Answer:
    """AWS's refusal to update a stack in its present status."""
    return error(
        "ValidationError", f"Stack:{stack['StackId']} is in {stack['StackStatus']} state and can not be updated."
    )


def archive_deleted(name: str) -> None:
    """Keep a deleted stack under its ID before its name is used again: AWS describes it by ID for 90 days."""
    stack = _stacks.get(name)
    if stack and stack["StackStatus"] == "DELETE_COMPLETE":
        _stacks[stack["StackId"]] = _stacks.pop(name)


def remember_options(stack: dict[str, Any], params: dict[str, Any], action: str) -> None:
    """Keep what ministack forgets of a request: role, notifications, time limit, token."""
    if role := _p(params, "RoleARN"):
        stack["RoleARN"] = role
    if topics := _extract_string_members(params, "NotificationARNs"):
        stack["NotificationARNs"] = topics
    if minutes := _p(params, "TimeoutInMinutes"):
        stack["TimeoutInMinutes"] = minutes
    if token := _p(params, "ClientRequestToken"):
        stack.setdefault("_tokens", {})[action] = token


def repetition(stack: dict[str, Any], params: dict[str, Any], action: str, accepted: dict[str, Any]) -> Answer | None:
    """The answer to a call that was carried out before, or C(None) for a new one, or where tokens mean nothing.

    :param accepted: the result of a call that is accepted again.
    """
    token = _p(params, "ClientRequestToken")
    if not token or stack.get("_tokens", {}).get(action) != token or repeated["tokens"] == IGNORED:
        return None
    if repeated["tokens"] == REFUSED:
        return error("TokenAlreadyExistsException", f"A client request token {token} already exists")
    return answer(action, accepted)


def create_stack(params: dict[str, Any]) -> Answer:
    """CreateStack; a stack of the name must not exist, whatever its status."""
    name = _p(params, "StackName")
    existing = _stacks.get(name)
    if existing and existing["StackStatus"] != "DELETE_COMPLETE":
        again = repetition(existing, params, "CreateStack", {"StackId": existing["StackId"]})
        return again or error("AlreadyExistsException", f"Stack [{name}] already exists")
    archive_deleted(name)
    result: Answer = _create(params)
    stack = _stacks.get(name)
    if result[0] == 200 and stack:
        remember_options(stack, params, "CreateStack")
        # AWS has it only after the first update.
        stack.pop("LastUpdatedTime", None)
        stack["StackStatusReason"] = "User Initiated"
    return result


def update_stack(params: dict[str, Any]) -> Answer:
    """UpdateStack; a repeated ClientRequestToken does nothing."""
    stack = handlers._resolve_stack(_p(params, "StackName"))
    if not stack or stack["StackStatus"] == "DELETE_COMPLETE":
        return error("ValidationError", f"Stack [{_p(params, 'StackName')}] does not exist")
    if again := repetition(stack, params, "UpdateStack", {"StackId": stack["StackId"]}):
        return again
    if stack["StackStatus"] not in UPDATABLE:
        return not_updatable(stack)
    before = stack["StackStatus"]
    if before == "UPDATE_FAILED":
        # ministack refuses this status, AWS updates on.
        stack["StackStatus"] = "UPDATE_COMPLETE"
    result: Answer = _update(params)
    if result[0] != 200:
        stack["StackStatus"] = before
        return result
    remember_options(stack, params, "UpdateStack")
    stack["StackStatusReason"] = "User Initiated"
    return result


def _not_retainable(stack: dict[str, Any], names: list[str]) -> str:
    """Why these resources cannot be retained, or empty.

    The second sentence is quoted in rebuy-de/aws-nuke#270; that the stack has to be DELETE_FAILED, the API reference
    and rebuy-de/aws-nuke#244 say, without AWS's words.
    """
    if not names:
        return ""
    records = stack.get("_resources", {})
    sentence = "The specified resources to retain must be in a valid state."
    if stack["StackStatus"] != "DELETE_FAILED" or any(name not in records for name in names):
        return sentence
    gone = [name for name in names if records[name].get("ResourceStatus") == "DELETE_COMPLETE"]
    return f"{sentence} Do not specify resources that are in the DELETE_COMPLETE state." if gone else ""


def delete_stack(params: dict[str, Any]) -> Answer:
    """DeleteStack; a stack that does not exist or is being deleted is no error."""
    stack = handlers._resolve_stack(_p(params, "StackName"))
    if stack is None or stack["StackStatus"] in ("DELETE_COMPLETE", "DELETE_IN_PROGRESS"):
        return (repetition(stack, params, "DeleteStack", {}) if stack else None) or answer("DeleteStack", {})
    if stack["StackStatus"] not in _DELETABLE:
        sentence = f"Stack [{stack['StackName']}] cannot be deleted while in status {stack['StackStatus']}"
        return error("ValidationError", sentence)
    if stack.get("EnableTerminationProtection"):
        sentence = f"Stack [{stack['StackName']}] cannot be deleted while TerminationProtection is enabled"
        return error("ValidationError", sentence)
    if refusal := _not_retainable(stack, _extract_string_members(params, "RetainResources")):
        return error("ValidationError", refusal)
    result: Answer = _delete(params)
    if result[0] == 200:
        remember_options(stack, params, "DeleteStack")
        # The status must be right at once: the operation itself starts with the next turn of the event loop.
        stack["StackStatus"] = "DELETE_IN_PROGRESS"
    return result


def cancel_update_stack(params: dict[str, Any]) -> Answer:
    """CancelUpdateStack; the running update stops at once and rolls back."""
    stack = handlers._resolve_stack(_p(params, "StackName"))
    if stack and (again := repetition(stack, params, "CancelUpdateStack", {})):
        return again
    result: Answer = _cancel(params)
    if stack and result[0] == 200:
        remember_options(stack, {"ClientRequestToken": [_p(params, "ClientRequestToken")]}, "CancelUpdateStack")
    if result[0] == 200 and stack and stack["StackId"] in running:
        operation = running[stack["StackId"]]
        operation.cancelled = True
        operation.stop.set()
    return result


def continue_update_rollback(params: dict[str, Any]) -> Answer:
    """ContinueUpdateRollback; the status changes at once."""
    stack = handlers._resolve_stack(_p(params, "StackName"))
    if stack and (again := repetition(stack, params, "ContinueUpdateRollback", {})):
        return again
    result: Answer = _continue(params)
    if result[0] == 200 and stack:
        remember_options(stack, {"ClientRequestToken": [_p(params, "ClientRequestToken")]}, "ContinueUpdateRollback")
        stack["StackStatus"] = "UPDATE_ROLLBACK_IN_PROGRESS"
    return result


def rollback_stack(params: dict[str, Any]) -> Answer:
    """RollbackStack of a stack that failed with DisableRollback."""
    stack = handlers._resolve_stack(_p(params, "StackName"))
    if not stack or stack["StackStatus"] == "DELETE_COMPLETE":
        return error("ValidationError", f"Stack [{_p(params, 'StackName')}] does not exist")
    if stack["StackStatus"] not in ("CREATE_FAILED", "UPDATE_FAILED") or "_failed_operation" not in stack:
        return error("ValidationError", "RollbackStack cannot be called from current stack status")
    undo = roll_back_failed_operation(stack["StackName"], stack["StackId"], stack, stack["_failed_operation"])
    _create_stack_task_in_region(undo, stack, stack["StackId"])
    verb = "ROLLBACK" if stack["StackStatus"] == "CREATE_FAILED" else "UPDATE_ROLLBACK"
    stack["StackStatus"] = f"{verb}_IN_PROGRESS"
    return answer("RollbackStack", {"StackId": stack["StackId"]})
