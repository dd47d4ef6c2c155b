# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a stack's resources was changed by others than CloudFormation."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    RunnerError,
    TimeoutExceededError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import without_secrets
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import MOST_SENT, is_lost

PACE = Pace(first=1.0, longest=10.0, growth=1.5)
TIMEOUT = 600.0
# AWS's word for a stack that nobody has let it compare.
NOT_CHECKED = "NOT_CHECKED"
DRIFTED = "DRIFTED"


def detect(client: t.Any, stack_id: str, clock: Clock) -> dict[str, t.Any]:
    """Let CloudFormation compare, wait for it, and return what differs.

    A detection that failed for a resource has its results of the others (CloudFormation API reference,
    DescribeStackDriftDetectionStatus, DETECTION_FAILED): they are told, and C(incomplete) says why there may be more.

    :raises RunnerError: the comparison failed, and found nothing.
    :raises TimeoutExceededError: it did not end in time.
    """
    detection = _begun(client, stack_id, clock)
    for _elapsed in poll(clock, TIMEOUT, PACE):
        with intent("read the state of the drift detection"):
            answer = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection, aws_retry=True)
        if answer["DetectionStatus"] == "DETECTION_COMPLETE":
            found, moment = answer.get("StackDriftStatus", "UNKNOWN"), answer.get("Timestamp")
            return _told(found, _drifted(client, stack_id), moment)
        if answer["DetectionStatus"] == "DETECTION_FAILED":
            return _partial(client, stack_id, answer)
    raise TimeoutExceededError(f"The drift detection did not end within {TIMEOUT:.0f} s", next_step="Run again")


def _told(
    found: str, resources: list[dict[str, t.Any]], moment: datetime.datetime | None, incomplete: str = ""
) -> dict[str, t.Any]:
    return {"status": found, "resources": resources, "compared": _text(moment), "incomplete": incomplete}


def _partial(client: t.Any, stack_id: str, answer: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What a detection found that failed; what differs of it differs, and that there is no more nobody knows.

    :raises RunnerError: it compared nothing.
    """
    reason = clean(str(answer.get("DetectionStatusReason") or "")).strip().rstrip(". ") or "AWS gives no reason"
    found = answer.get("StackDriftStatus", "UNKNOWN")
    resources = _drifted(client, stack_id) if found == DRIFTED or answer.get("DriftedStackResourceCount") else []
    if not resources and found != "IN_SYNC":
        raise RunnerError(
            "The drift detection failed",
            reason,
            "It reads each resource with the caller's own rights: allow what AWS names, or do without it"
            " (gitpod_status_drift: skip)",
        )
    return _told(DRIFTED if resources else "UNKNOWN", resources, answer.get("Timestamp"), reason)


def _begun(client: t.Any, stack_id: str, clock: Clock) -> str:
    """The detection's ID. A stack has one at a time, so one whose answer was lost, or another run's, is awaited.

    :raises ApiError: it was refused.
    """
    failure: ApiError | None = None
    lost = 0
    for _elapsed in poll(clock, TIMEOUT, PACE):
        try:
            with intent(f"detect the drift of {stack_id}"):
                return str(client.detect_stack_drift(StackName=stack_id, aws_retry=True)["StackDriftDetectionId"])
        except ApiError as error:
            lost += is_lost(error)
            busy = "already in progress" in error.why.lower()
            if not (busy or is_lost(error)) or lost == MOST_SENT:
                raise
            failure = error
    raise failure or TimeoutExceededError("There was no time for a drift detection", next_step="Run again")


def last(client: t.Any, stack_id: str) -> dict[str, t.Any]:
    """What the last detection found, whoever asked for it; C(NOT_CHECKED) when nobody has. Reads only."""
    with intent(f"read the drift of {stack_id}"):
        stack = client.describe_stacks(StackName=stack_id, aws_retry=True)["Stacks"][0]
    known = stack.get("DriftInformation", {})
    found = known.get("StackDriftStatus", NOT_CHECKED)
    resources = _drifted(client, stack_id) if found == DRIFTED else []
    return _told(found, resources, known.get("LastCheckTimestamp"))


def _text(moment: datetime.datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _drifted(client: t.Any, stack_id: str) -> list[dict[str, t.Any]]:
    # botocore has no paginator for this operation.
    arguments: dict[str, t.Any] = {
        "StackName": stack_id,
        "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"],
    }
    found: list[dict[str, t.Any]] = []
    while True:
        with intent(f"read the drift of {stack_id}"):
            page = client.describe_stack_resource_drifts(**arguments, aws_retry=True)
        found += [drifted(raw) for raw in page["StackResourceDrifts"]]
        if not page.get("NextToken"):
            return found
        arguments["NextToken"] = page["NextToken"]


def drifted(raw: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """One drifted resource as plain data."""
    return {
        "logical_id": raw["LogicalResourceId"],
        "physical_id": raw.get("PhysicalResourceId", ""),
        "type": raw["ResourceType"],
        "status": raw["StackResourceDriftStatus"],
        "differences": [
            {
                "property": entry["PropertyPath"],
                "kind": entry["DifferenceType"],
                "expected": without_secrets(entry.get("ExpectedValue", "")),
                "actual": without_secrets(entry.get("ActualValue", "")),
            }
            for entry in raw.get("PropertyDifferences", [])
        ],
    }
