# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drift: waited for with an end, and told by resource and property."""

from __future__ import annotations

import typing as t

import pytest
from fakes import clock

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import drift
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError, TimeoutExceededError

RAW = {
    "LogicalResourceId": "Cluster",
    "ResourceType": "AWS::ECS::Cluster",
    "StackResourceDriftStatus": "MODIFIED",
    "PropertyDifferences": [
        {"PropertyPath": "/Name", "DifferenceType": "NOT_EQUAL", "ExpectedValue": "a", "ActualValue": "b"}
    ],
}


class Client:
    """A detection that takes some looks and then ends as it is told."""

    def __init__(self, *states: dict[str, str]) -> None:
        self.states = list(states)

    def detect_stack_drift(self, **_arguments: t.Any) -> dict[str, str]:
        return {"StackDriftDetectionId": "1"}

    def describe_stack_drift_detection_status(self, **_arguments: t.Any) -> dict[str, str]:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def describe_stack_resource_drifts(self, **arguments: t.Any) -> dict[str, t.Any]:
        page: dict[str, t.Any] = {"StackResourceDrifts": [RAW]}
        return page if "NextToken" in arguments else {**page, "NextToken": "2"}


def test_what_differs_is_told() -> None:
    done = {"DetectionStatus": "DETECTION_COMPLETE", "StackDriftStatus": "DRIFTED"}
    found = drift.detect(Client({"DetectionStatus": "DETECTION_IN_PROGRESS"}, done), "stack", clock())
    assert found["status"] == "DRIFTED"
    assert len(found["resources"]) == 2, "every page"
    assert found["resources"][0]["differences"] == [
        {"property": "/Name", "kind": "NOT_EQUAL", "expected": "a", "actual": "b"}
    ]


def test_a_failed_and_an_endless_detection_are_told() -> None:
    failed = {"DetectionStatus": "DETECTION_FAILED", "DetectionStatusReason": "no permission"}
    with pytest.raises(RunnerError, match="no permission"):
        drift.detect(Client(failed), "stack", clock())
    with pytest.raises(TimeoutExceededError):
        drift.detect(Client({"DetectionStatus": "DETECTION_IN_PROGRESS"}), "stack", clock())
