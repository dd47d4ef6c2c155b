# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DescribeStacks and DescribeStackEvents of the simulated CloudFormation, with all that AWS returns."""

from __future__ import annotations

import re
from typing import Any

from ministack.services.cloudformation import _stack_events, _stacks, handlers
from ministack.services.cloudformation.helpers import _p

from .cloudformation_xml import Answer, answer, error

_PAGE = 100
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_ministack_get_template = handlers._get_template


def _drift(stack: dict[str, Any]) -> dict[str, Any]:
    information = stack.get("DriftInformation") or {}
    return {
        "StackDriftStatus": information.get("StackDriftStatus", "NOT_CHECKED"),
        "LastCheckTimestamp": information.get("LastCheckTimestamp"),
    }


def _output(output: dict[str, Any]) -> dict[str, Any]:
    optional = {key: output.get(key) or None for key in ("Description", "ExportName")}
    return {"OutputKey": output["OutputKey"], "OutputValue": output["OutputValue"], **optional}


def _parameters(stack: dict[str, Any]) -> list[dict[str, Any]]:
    """The parameters of the last operation, which may still be running and not yet be the stack's own."""
    return [
        {
            "ParameterKey": item["ParameterKey"],
            "ParameterValue": "****" if item.get("NoEcho") else item["ParameterValue"],
        }
        for item in stack.get("Parameters", [])
    ]


def _description(stack: dict[str, Any]) -> dict[str, Any]:
    present = (
        "StackId", "StackName", "ChangeSetId", "Description", "CreationTime", "DeletionTime", "LastUpdatedTime",
        "StackStatus", "StackStatusReason", "TimeoutInMinutes", "RoleARN", "DeletionMode",
    )  # fmt: skip
    result: dict[str, Any] = {key: stack.get(key) or None for key in present}
    result["Parameters"] = _parameters(stack)
    result["DisableRollback"] = bool(stack.get("DisableRollback"))
    result["NotificationARNs"] = stack.get("NotificationARNs", [])
    result["Capabilities"] = stack.get("Capabilities") or None
    result["Outputs"] = [_output(output) for output in stack.get("Outputs", [])] or None
    result["Tags"] = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in stack.get("Tags") or []]
    result["EnableTerminationProtection"] = bool(stack.get("EnableTerminationProtection"))
    result["DriftInformation"] = _drift(stack)
    return result


def _page(items: list[Any], token: str) -> tuple[list[Any], str | None]:
    """A page and the next token, which is a plain offset. Raises ValueError for a token of another kind."""
    start = int(token or "0")
    end = start + _PAGE
    return items[start:end], str(end) if end < len(items) else None


def describe_stacks(params: dict[str, Any]) -> Answer:
    """DescribeStacks; a deleted stack only by its ID."""
    name = _p(params, "StackName")
    if name:
        stack = handlers._resolve_stack(name)
        if stack is None or (stack["StackStatus"] == "DELETE_COMPLETE" and name != stack["StackId"]):
            return error("ValidationError", f"Stack with id {name} does not exist")
        return answer("DescribeStacks", {"Stacks": [_description(stack)]})
    live = [stack for stack in _stacks.values() if stack["StackStatus"] != "DELETE_COMPLETE"]
    try:
        page, token = _page(live, _p(params, "NextToken"))
    except ValueError:
        return error("ValidationError", "Invalid NextToken")
    return answer("DescribeStacks", {"Stacks": [_description(stack) for stack in page], "NextToken": token})


def get_template(params: dict[str, Any]) -> Answer:
    """GetTemplate, with a question mark for each character beyond ASCII.

    That is AWS's answer about a template that was given as a body (aws-cdk-cli, mangleLikeCloudFormation). How it was
    given, is not kept here, so that one from a URL is answered so as well.
    """
    status, headers, body = _ministack_get_template(params)
    text = body.decode() if isinstance(body, bytes) else str(body)
    return status, headers, _BEYOND_ASCII.sub("?", text).encode()


def describe_stack_events(params: dict[str, Any]) -> Answer:
    """DescribeStackEvents, newest first, 100 a page.

    The token names the oldest event of the page, so that events that arrive between two calls shift nothing.
    """
    name = _p(params, "StackName")
    stack = handlers._resolve_stack(name)
    if stack is None or (stack["StackStatus"] == "DELETE_COMPLETE" and name != stack["StackId"]):
        return error("ValidationError", f"Stack [{name}] does not exist")
    events = list(reversed(_stack_events.get(stack["StackId"], [])))
    start = 0
    if token := _p(params, "NextToken"):
        positions = [index for index, event in enumerate(events) if event["EventId"] == token]
        if not positions:
            return error("ValidationError", "Invalid NextToken")
        start = positions[0] + 1
    page = events[start : start + _PAGE]
    has_more = start + _PAGE < len(events)
    shown = [{key: value for key, value in event.items() if value or key == "PhysicalResourceId"} for event in page]
    return answer("DescribeStackEvents", {"StackEvents": shown, "NextToken": page[-1]["EventId"] if has_more else None})
