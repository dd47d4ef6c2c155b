# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events: only the current operation's, read once, and the root cause before its consequences."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.events import (
    Event,
    History,
    failures,
    kept_resources,
    previous_duration,
    progress,
    timeline,
)

STACK = "arn:aws:cloudformation:eu-central-1:123456789012:stack/gitpod-eu/1"
NESTED = "arn:aws:cloudformation:eu-central-1:123456789012:stack/gitpod-eu-cache/2"


def event(number: float, resource: str, status: str, reason: str = "", **more: str) -> Event:
    values: dict[str, t.Any] = {"stack_id": STACK, "kind": "AWS::ECS::Cluster", **more}
    return Event(
        id=f"{values['stack_id']}-{number}", time=number, resource=resource, status=status, reason=reason, **values
    )


def of_stack(number: float, status: str, reason: str = "", stack: str = STACK) -> Event:
    kind = "AWS::CloudFormation::Stack"
    return event(number, "stack", status, reason, stack_id=stack, kind=kind, physical_id=stack)


FAILED = [
    of_stack(0, "CREATE_IN_PROGRESS", "User Initiated"),
    event(1, "Cluster", "CREATE_IN_PROGRESS"),
    event(1, "Table", "CREATE_IN_PROGRESS"),
    event(1, "Bucket", "CREATE_COMPLETE"),
    event(5, "Cluster", "CREATE_FAILED", "Unable to assume the service linked role"),
    event(6, "Table", "CREATE_FAILED", "Resource creation cancelled"),
    event(6, "Logs", "CREATE_FAILED", "The log group exists"),
    of_stack(7, "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Cluster, Table]."),
    event(8, "Bucket", "DELETE_COMPLETE"),
]


def test_the_oldest_real_failure_is_the_root_cause() -> None:
    assert [failure.resource for failure in failures(FAILED)] == ["Cluster", "Logs"]
    assert failures(FAILED)[0].reason == "Unable to assume the service linked role"


def test_a_nested_stacks_own_events_tell_more_than_its_event_in_the_parent() -> None:
    parent = event(
        9, "Cache", "CREATE_FAILED", "Embedded stack failed", kind="AWS::CloudFormation::Stack", physical_id=NESTED
    )
    inside = event(8, "Node", "CREATE_FAILED", "No capacity", stack_id=NESTED)
    assert [failure.resource for failure in failures([inside, parent])] == ["Node"]
    assert [failure.resource for failure in failures([parent])] == ["Cache"], "unless they cannot be read"


def test_progress_counts_the_last_status_of_each_resource() -> None:
    counted = progress(FAILED[:4], expected=10)
    assert (counted.done, counted.total, counted.rolling_back) == (1, 10, False)


def test_a_rollback_is_counted_apart() -> None:
    counted = progress(FAILED, expected=10)
    assert (counted.done, counted.total, counted.rolling_back) == (1, 4, True)


def test_what_was_kept_and_what_took_the_time() -> None:
    events = [
        of_stack(0, "DELETE_IN_PROGRESS"),
        event(1, "Cluster", "DELETE_IN_PROGRESS"),
        event(4, "Cluster", "DELETE_COMPLETE"),
        event(5, "Bucket", "DELETE_SKIPPED", physical_id="bucket-1", kind="AWS::S3::Bucket"),
    ]
    kept = [{"logical_id": "Bucket", "type": "AWS::S3::Bucket", "physical_id": "bucket-1"}]
    assert kept_resources(events) == kept
    assert [(entry["resource"], entry["start"], entry["end"]) for entry in timeline(events)] == [
        ("Cluster", 1, 4),
        ("Bucket", 5, 5),
    ]


class Client:
    """DescribeStackEvents over a growing list, two events a page, newest first; it counts its calls."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.calls = 0

    def describe_stack_events(self, StackName: str, NextToken: str = "0", **_more: t.Any) -> dict[str, t.Any]:  # noqa: N803
        self.calls += 1
        newest_first = [entry for entry in reversed(self.events) if entry.stack_id == StackName]
        start = int(NextToken)
        page: dict[str, t.Any] = {"StackEvents": [raw(entry) for entry in newest_first[start : start + 2]]}
        if start + 2 < len(newest_first):
            page["NextToken"] = str(start + 2)
        return page


def raw(entry: Event) -> dict[str, t.Any]:
    return {
        "EventId": entry.id,
        "Timestamp": datetime.datetime.fromtimestamp(entry.time, datetime.timezone.utc),
        "StackId": entry.stack_id,
        "LogicalResourceId": entry.resource,
        "ResourceType": entry.kind,
        "ResourceStatus": entry.status,
        "ResourceStatusReason": entry.reason,
        "PhysicalResourceId": entry.physical_id,
        "ClientRequestToken": entry.token,
    }


def test_only_the_current_operation_is_read() -> None:
    last_month = [of_stack(-9, "UPDATE_IN_PROGRESS"), event(-8, "Cluster", "UPDATE_FAILED", "last month")]
    history = History(Client([*last_month, *FAILED]), STACK)
    history.read()
    assert history.events == FAILED


def test_a_second_look_reads_only_what_is_new() -> None:
    client = Client(list(FAILED[:4]))
    history = History(client, STACK)
    history.read()
    before = client.calls
    client.events += FAILED[4:5]
    history.read()
    assert client.calls == before + 1
    history.read()
    assert history.events == FAILED[:5]


def test_events_of_another_operation_are_left_out_by_their_token() -> None:
    mine = event(2, "Table", "CREATE_FAILED", "mine", token="gitpod-1")
    foreign = event(3, "Cluster", "CREATE_FAILED", "foreign", token="other")
    history = History(Client([of_stack(0, "CREATE_IN_PROGRESS"), mine, foreign]), STACK, "gitpod-1")
    history.read()
    assert [failure.reason for failure in failures(history.events)] == ["mine"]


def test_nested_stacks_are_summed_in() -> None:
    nested = event(1, "Cache", "CREATE_IN_PROGRESS", kind="AWS::CloudFormation::Stack", physical_id=NESTED)
    inside = [of_stack(2, "CREATE_IN_PROGRESS", stack=NESTED), event(3, "Node", "CREATE_COMPLETE", stack_id=NESTED)]
    history = History(Client([of_stack(0, "CREATE_IN_PROGRESS"), nested, *inside]), STACK)
    history.read()
    counted = progress(history.events, expected=0)
    assert (counted.done, counted.total) == (1, 2)


def test_the_previous_deployment_is_measured_and_the_running_one_is_not() -> None:
    events = [
        of_stack(-900, "CREATE_IN_PROGRESS"),
        event(-800, "Cluster", "CREATE_COMPLETE"),
        of_stack(-300, "CREATE_COMPLETE"),
        of_stack(0, "UPDATE_IN_PROGRESS"),
        event(1, "Cluster", "UPDATE_IN_PROGRESS"),
    ]
    assert previous_duration(Client(events), STACK) == 600
    assert previous_duration(Client(events[3:]), STACK) is None
