# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change sets of the simulated CloudFormation: what would change, after the moment it takes to find out."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid, now_iso
from ministack.services.cloudformation import _change_sets, _stack_events, _stacks, changesets, handlers, helpers
from ministack.services.cloudformation.engine import (
    _NO_VALUE,
    _evaluate_conditions,
    _parse_template,
    _resolve_refs,
    validate_template_support,
)
from ministack.services.cloudformation.helpers import _extract_members, _extract_string_members, _p
from ministack.services.cloudformation.stacks import _diff_resources, _replacement, _stack_tags_changed

from . import cloudformation_pace, cloudformation_parameters
from .cloudformation_operation import pause, set_stack_status, tasks
from .cloudformation_requests import (
    IGNORED,
    UPDATABLE,
    archive_deleted,
    not_updatable,
    remember_options,
    repeated,
    repetition,
)
from .cloudformation_xml import Answer, answer, error

_NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
_PAGE = 100
_create_import = changesets._create_change_set
_execute = changesets._execute_change_set


class RefusalError(Exception):
    """An answer that ends the call."""

    def __init__(self, refusal: Answer) -> None:
        """Carry the answer."""
        super().__init__(refusal[2].decode())
        self.answer = refusal


def _effective(
    template: Mapping[str, Any], parameters: Mapping[str, Any], stack: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """The resources whose condition holds, each property resolved as far as it is known before the deployment."""
    if not template:
        return {}
    conditions = _evaluate_conditions(template, parameters)

    def known(value: Any) -> Any:
        try:
            return _resolve_refs(
                copy.deepcopy(value),
                stack.get("_resources", {}),
                parameters,
                conditions,
                template.get("Mappings", {}),
                stack["StackName"],
                stack["StackId"],
            )
        except Exception:
            return value

    result = {}
    for name, definition in (template.get("Resources") or {}).items():
        condition = definition.get("Condition")
        if condition and not conditions.get(condition, True):
            continue
        properties = {key: known(value) for key, value in (definition.get("Properties") or {}).items()}
        result[name] = {**definition, "Properties": {k: v for k, v in properties.items() if v is not _NO_VALUE}}
    return result


def _without_unchanged(change: dict[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any] | None:
    """A modification without the details of properties whose value stays the same, or None when none is left."""
    body = change["ResourceChange"]
    if body["Action"] != "Modify":
        return change
    name = body["LogicalResourceId"]
    before, after = (side[name].get("Properties") or {} for side in (old, new))
    details = [
        detail
        for detail in body["Details"]
        if detail.get("ChangeSource") != "ParameterReference"
        or before.get(detail["Target"]["Name"]) != after.get(detail["Target"]["Name"])
    ]
    if not details:
        return None
    body["Details"] = details
    compared = [detail for detail in details if detail["Target"]["Attribute"] != "Tags"]
    body["Replacement"] = _replacement(compared, old[name].get("Type") != new[name].get("Type"))
    return change


def changes_between(
    stack: Mapping[str, Any], template: dict[str, Any], parameters: dict[str, Any], is_update: bool, retagged: bool
) -> list[dict[str, Any]]:
    """The changes that a template and parameters would make to a stack."""
    old_parameters = stack.get("_resolved_params", {}) if is_update else {}
    old = _effective(stack.get("_template", {}) if is_update else {}, old_parameters, stack)
    new = _effective(template, parameters, stack)
    changed = {
        name
        for name, entry in parameters.items()
        if is_update and old_parameters.get(name, {}).get("Value") != entry.get("Value")
    }
    retag = stack.get("_resources", {}) if is_update and retagged else ()
    found = _diff_resources({"Resources": old}, {"Resources": new}, stack.get("_resources"), template, changed, retag)
    return [kept for change in found if (kept := _without_unchanged(change, old, new)) is not None]


def _new_stack(name: str) -> dict[str, Any]:
    """A stack in review has no tags before its change set is executed (recording review_stack)."""
    archive_deleted(name)
    stack: dict[str, Any] = {
        "StackName": name,
        "StackId": f"arn:aws:cloudformation:{get_region()}:{get_account_id()}:stack/{name}/{new_uuid()}",
        "CreationTime": now_iso(),
        "Tags": [],
        "DisableRollback": False,
        "_region": get_region(),
    }
    stack.update({key: [] for key in ("Parameters", "Outputs")})
    stack.update({key: {} for key in ("_resources", "_template", "_resolved_params", "_conditions")})
    stack["_template_body"] = ""
    return stack


def _target(params: dict[str, Any], name: str, kind: str) -> tuple[dict[str, Any], bool]:
    """The stack that the change set is for and whether it is new. Raises RefusalError as AWS refuses."""
    stack = handlers._resolve_stack(_p(params, "StackName"))
    if stack is not None and stack["StackStatus"] == "DELETE_COMPLETE":
        stack = None
    if kind == "UPDATE":
        if stack is None:
            raise RefusalError(error("ValidationError", f"Stack [{_p(params, 'StackName')}] does not exist"))
        if stack["StackStatus"] not in UPDATABLE:
            raise RefusalError(not_updatable(stack))
        return stack, False
    if stack is None:
        if problem := helpers._request_problems(params, _p(params, "StackName")):
            raise RefusalError(problem)
        return _new_stack(_p(params, "StackName")), True
    if stack["StackStatus"] != "REVIEW_IN_PROGRESS":
        sentence = (
            f"Stack [{stack['StackName']}] already exists and cannot be created again with the changeSet [{name}]"
        )
        raise RefusalError(error("ValidationError", sentence))
    return stack, False


def _read(params: dict[str, Any], stack: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The template's text, the template, the parameters. Raises RefusalError, or ValueError for a bad one."""
    body, refusal = helpers._resolve_template(params)
    if refusal:
        raise RefusalError(refusal)
    if not body and _p(params, "UsePreviousTemplate").lower() == "true":
        body = stack.get("_template_body")
    if not body:
        raise ValueError("Either Template URL or Template Body must be specified.")
    try:
        template = _parse_template(body)
    except Exception as problem:
        raise ValueError(f"Template format error: {problem}") from problem
    if refusal := handlers._check_capabilities(template, template, params, macros=False):
        raise RefusalError(refusal)
    parameters = cloudformation_parameters.resolve_parameters(
        template, _extract_members(params, "Parameters"), stack.get("_resolved_params", {})
    )
    validate_template_support(template, _evaluate_conditions(template, parameters), params=parameters)
    return body, template, parameters


async def _complete(change_set: dict[str, Any], changes: list[Any], failure: str) -> None:
    await pause(cloudformation_pace.moment() / 2)
    change_set["Status"] = "CREATE_IN_PROGRESS"
    await pause(cloudformation_pace.moment())
    change_set["Changes"] = changes
    change_set["StatusReason"] = failure
    change_set["Status"] = "FAILED" if failure else "CREATE_COMPLETE"
    change_set["ExecutionStatus"] = "UNAVAILABLE" if failure else "AVAILABLE"


def _record(params: dict[str, Any], stack: dict[str, Any], kind: str, read: tuple[Any, Any, Any]) -> dict[str, Any]:
    body, template, parameters = read
    name = _p(params, "ChangeSetName")
    prefix = stack["StackId"].rsplit(":", 1)[0]
    return {
        "ChangeSetId": f"{prefix}:changeSet/{name}/{new_uuid()}",
        "ChangeSetName": name,
        "StackId": stack["StackId"],
        "StackName": stack["StackName"],
        "Status": "CREATE_PENDING",
        "ExecutionStatus": "UNAVAILABLE",
        "StatusReason": "",
        "CreationTime": now_iso(),
        "Description": _p(params, "Description"),
        "ChangeSetType": kind,
        "Changes": [],
        "Tags": _extract_members(params, "Tags"),
        "Capabilities": _extract_string_members(params, "Capabilities"),
        "OnStackFailure": _p(params, "OnStackFailure"),
        "_tags_given": "Tags" in params or bool(_extract_members(params, "Tags")),
        "_template": template,
        "_template_body": body,
        "_resolved_params": parameters,
        "_options": params,
        "_token": _p(params, "ClientToken"),
    }


def _duplicate(params: dict[str, Any]) -> Answer | None:
    """The answer to a change set name that is taken: the same one for the same token, otherwise a refusal."""
    stack = handlers._resolve_stack(_p(params, "StackName"))
    name, token = _p(params, "ChangeSetName"), _p(params, "ClientToken")
    for existing in _change_sets.values():
        if stack is None or (existing["ChangeSetName"], existing["StackId"]) != (name, stack["StackId"]):
            continue
        if token and token == existing.get("_token") and repeated["tokens"] != IGNORED:
            return answer("CreateChangeSet", {"Id": existing["ChangeSetId"], "StackId": existing["StackId"]})
        # In these words in awslabs/landing-zone-accelerator-on-aws#442.
        sentence = f"ChangeSet {name} cannot be created due to a mismatch with existing attribute ClientToken"
        return error("AlreadyExistsException", sentence)
    return None


def create_change_set(params: dict[str, Any]) -> Answer:
    """CreateChangeSet for CREATE and UPDATE; imports stay ministack's."""
    kind = _p(params, "ChangeSetType", "UPDATE") or "UPDATE"
    if kind == "IMPORT":
        imported: Answer = _create_import(params)
        return imported
    if (taken := _duplicate(params)) is not None:
        return taken
    try:
        stack, is_new = _target(params, _p(params, "ChangeSetName"), kind)
        read = _read(params, stack)
    except RefusalError as refusal:
        return refusal.answer
    except ValueError as problem:
        return error("ValidationError", str(problem))
    if is_new:
        _stacks[stack["StackName"]] = stack
        _stack_events[stack["StackId"]] = []
        set_stack_status(stack, "REVIEW_IN_PROGRESS", "User Initiated")
    change_set = _record(params, stack, kind, read)
    retagged = _stack_tags_changed(stack, change_set["Tags"], change_set["_tags_given"])
    changes = changes_between(stack, read[1], read[2], kind == "UPDATE", retagged)
    unknown = cloudformation_parameters.unknown_resource(read[1], read[2])
    outputs_changed = read[1].get("Outputs") != stack.get("_template", {}).get("Outputs")
    failure = unknown or ("" if changes or outputs_changed else _NO_CHANGES)
    _change_sets[change_set["ChangeSetId"]] = change_set
    task = asyncio.get_running_loop().create_task(_complete(change_set, changes, failure))
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return answer("CreateChangeSet", {"Id": change_set["ChangeSetId"], "StackId": stack["StackId"]})


def find(params: dict[str, Any]) -> dict[str, Any]:
    """The change set that a call names, by ARN or by name and stack. Raises RefusalError."""
    name, stack_name = _p(params, "ChangeSetName"), _p(params, "StackName")
    if name in _change_sets:
        found: dict[str, Any] = _change_sets[name]
        return found
    stack = handlers._resolve_stack(stack_name) if stack_name else None
    if stack_name and (stack is None or stack["StackStatus"] == "DELETE_COMPLETE"):
        raise RefusalError(error("ValidationError", f"Stack [{stack_name}] does not exist"))
    for change_set in _change_sets.values():
        if change_set["ChangeSetName"] == name and stack is not None and change_set["StackId"] == stack["StackId"]:
            result: dict[str, Any] = change_set
            return result
    raise RefusalError(error("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404))


def describe_change_set(params: dict[str, Any]) -> Answer:
    """DescribeChangeSet, 100 changes a page, NoEcho parameters masked."""
    try:
        change_set = find(params)
    except RefusalError as refusal:
        return refusal.answer
    start = _p(params, "NextToken") or "0"
    if not start.isdigit():
        return error("ValidationError", "Invalid NextToken")
    end = int(start) + _PAGE
    changes = change_set["Changes"]
    optional = ("Description", "StatusReason", "OnStackFailure")
    result: dict[str, Any] = {
        key: change_set[key]
        for key in ("ChangeSetName", "ChangeSetId", "StackId", "StackName", "CreationTime", "ExecutionStatus", "Status")
    }
    result.update({key: change_set.get(key) or None for key in optional})
    result["Parameters"] = cloudformation_parameters.shown(change_set["_resolved_params"])
    result["NotificationARNs"] = _extract_string_members(change_set.get("_options", {}), "NotificationARNs")
    result["Capabilities"] = change_set["Capabilities"]
    result["Tags"] = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in change_set["Tags"]]
    result["Changes"] = [{"Type": "Resource", **change} for change in changes[int(start) : end]]
    result["NextToken"] = str(end) if end < len(changes) else None
    result["IncludeNestedStacks"] = False
    return answer("DescribeChangeSet", result)


def execute_change_set(params: dict[str, Any]) -> Answer:
    """ExecuteChangeSet; a repeated ClientRequestToken does nothing."""
    try:
        change_set = find(params)
    except RefusalError as refusal:
        return refusal.answer
    token = _p(params, "ClientRequestToken")
    stack = handlers._resolve_stack(change_set["StackId"])
    if stack is None:
        return error("ValidationError", f"Stack [{change_set['StackName']}] does not exist")
    if again := repetition(stack, params, "ExecuteChangeSet", {}):
        return again
    if change_set["ExecutionStatus"] != "AVAILABLE":
        executed = change_set["ExecutionStatus"] != "UNAVAILABLE"
        current = (
            f"execution status of [{change_set['ExecutionStatus']}]"
            if executed
            else f"status of [{change_set['Status']}]"
        )
        sentence = f"ChangeSet [{change_set['ChangeSetId']}] cannot be executed in its current {current}"
        return error("InvalidChangeSetStatus", sentence)
    if stack["StackStatus"] not in (*UPDATABLE, "REVIEW_IN_PROGRESS"):
        return not_updatable(stack)
    named = {**params, "ChangeSetName": [change_set["ChangeSetId"]], "StackName": [stack["StackName"]]}
    result: Answer = _execute(named)
    if result[0] == 200:
        remember_options(stack, {**change_set.get("_options", {}), "ClientRequestToken": [token]}, "ExecuteChangeSet")
        stack["ChangeSetId"] = change_set["ChangeSetId"]
        stack["Description"] = change_set["_template"].get("Description", "")
        stack["StackStatusReason"] = "User Initiated"
    return result


def delete_change_set(params: dict[str, Any]) -> Answer:
    """DeleteChangeSet; one that does not exist is no error."""
    try:
        change_set = find(params)
    except RefusalError as refusal:
        return refusal.answer if b"ChangeSetNotFound" not in refusal.answer[2] else answer("DeleteChangeSet", {})
    if change_set["Status"] in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
        sentence = f"ChangeSet [{change_set['ChangeSetId']}] cannot be deleted in status [{change_set['Status']}]"
        return error("InvalidChangeSetStatus", sentence)
    _change_sets.pop(change_set["ChangeSetId"], None)
    return answer("DeleteChangeSet", {})


def list_change_sets(params: dict[str, Any]) -> Answer:
    """ListChangeSets by the stack's name or ID."""
    stack = handlers._resolve_stack(_p(params, "StackName"))
    if stack is None or stack["StackStatus"] == "DELETE_COMPLETE":
        return error("ValidationError", f"Stack [{_p(params, 'StackName')}] does not exist")
    listed: Answer = changesets._list_change_sets({**params, "StackName": [stack["StackName"]]})
    return listed
