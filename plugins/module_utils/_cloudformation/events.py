# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack's events: only those of the running operation, the share that is done, and why it failed.

Source of the rules: CloudFormation user guide, "View stack events"; reasons as they appear there.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent

STACK_TYPE = "AWS::CloudFormation::Stack"
# Events of the stack itself that begin an operation; a rollback belongs to the operation that it undoes.
STARTS = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"})


@dataclasses.dataclass(frozen=True)
class Event:
    """One event.

    :param time: seconds since the epoch.
    :param physical_id: empty until the resource exists.
    """

    id: str
    time: float
    stack_id: str
    resource: str
    kind: str
    status: str
    reason: str = ""
    physical_id: str = ""
    token: str = ""

    @classmethod
    def from_api(cls, raw: t.Mapping[str, t.Any]) -> Event:
        """The event from an element of DescribeStackEvents."""
        return cls(
            id=raw["EventId"],
            time=raw["Timestamp"].timestamp(),
            stack_id=raw["StackId"],
            resource=raw.get("LogicalResourceId", ""),
            kind=raw.get("ResourceType", ""),
            status=raw.get("ResourceStatus", ""),
            reason=raw.get("ResourceStatusReason", ""),
            physical_id=raw.get("PhysicalResourceId", ""),
            token=raw.get("ClientRequestToken", ""),
        )

    @property
    def of_the_stack(self) -> bool:
        """Whether it tells of the stack itself, not of a resource in it."""
        return self.kind == STACK_TYPE and self.physical_id == self.stack_id

    @property
    def nested_stack_id(self) -> str:
        """The ID of the nested stack that it tells of, or empty."""
        return self.physical_id if self.kind == STACK_TYPE and not self.of_the_stack else ""


class History:
    """The events of one stack's current operation, oldest first, read a little at a time."""

    def __init__(self, client: t.Any, stack_id: str, token: str = "") -> None:
        self._client = client
        self._stack_id = stack_id
        self._token = token
        self._newest = ""
        self._begun = not token
        self._own: list[Event] = []
        self._nested: dict[str, History] = {}

    @property
    def events(self) -> list[Event]:
        """Every event read so far, those of nested stacks among them, oldest first."""
        found = list(self._own)
        for history in self._nested.values():
            found += history.events
        return sorted(found, key=lambda event: event.time)

    @property
    def own(self) -> list[Event]:
        """Without those of nested stacks."""
        return self._own

    def read(self) -> None:
        """Read what is new: newest first, back to the last event seen or to the operation's beginning."""
        found: list[Event] = []
        arguments: dict[str, t.Any] = {"StackName": self._stack_id}
        while True:
            with intent(f"read the events of {self._stack_id}"):
                page = self._client.describe_stack_events(**arguments, aws_retry=True)
            for raw in page.get("StackEvents", []):
                event = Event.from_api(raw)
                if event.id == self._newest:
                    return self._keep(found)
                found.append(event)
                if not self._newest and event.of_the_stack and event.status in STARTS:
                    return self._keep(found)
            if not page.get("NextToken"):
                return self._keep(found)
            arguments["NextToken"] = page["NextToken"]

    def _keep(self, newest_first: list[Event]) -> None:
        if newest_first:
            self._newest = newest_first[0].id
        mine = [event for event in reversed(newest_first) if self._is_mine(event)]
        self._own += mine
        for event in mine:
            if event.nested_stack_id and event.nested_stack_id not in self._nested:
                self._nested[event.nested_stack_id] = History(self._client, event.nested_stack_id)
        for history in self._nested.values():
            history.read()

    # The previous deployment is looked for in so many pages of a hundred events.
    def _is_mine(self, event: Event) -> bool:
        """Just after the start AWS may still show an older operation's events; ours begin with our token."""
        self._begun = self._begun or event.token == self._token
        return self._begun and (not self._token or event.token in ("", self._token))


PAGES_BACK = 6


def previous_duration(client: t.Any, stack_id: str) -> float | None:
    """Seconds that the stack's previous finished deployment took, or C(None) when its events are not found soon.

    Events come newest first: those of the running operation back to its beginning, then the previous ones.
    """
    arguments: dict[str, t.Any] = {"StackName": stack_id}
    starts_seen, ended = 0, 0.0
    for _page in range(PAGES_BACK):
        with intent(f"read the events of {stack_id}"):
            page = client.describe_stack_events(**arguments, aws_retry=True)
        for raw in page.get("StackEvents", []):
            event = Event.from_api(raw)
            if not event.of_the_stack:
                continue
            if starts_seen and not ended and event.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                ended = event.time
            if event.status in STARTS:
                if ended:
                    return ended - event.time
                starts_seen += 1
        if not page.get("NextToken"):
            return None
        arguments["NextToken"] = page["NextToken"]
    return None


def latest(events: t.Iterable[Event]) -> dict[tuple[str, str], Event]:
    """The last event of each resource, by stack and logical ID; events of the stacks themselves are left out."""
    return {(event.stack_id, event.resource): event for event in events if not event.of_the_stack}


def stack_status(events: t.Sequence[Event]) -> str:
    """The status that the last event of the stack itself tells, or empty."""
    return next((event.status for event in reversed(events) if event.of_the_stack), "")


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far an operation is.

    :param done: resources that are complete; in a rollback those that are undone.
    :param total: resources there are, as far as known.
    :param last: the event that came last, or C(None).
    """

    done: int
    total: int
    last: Event | None
    rolling_back: bool
    started: float


def progress(events: t.Sequence[Event], expected: int) -> Progress:
    """Count what is done.

    :param events: of the operation, oldest first.
    :param expected: resources that the operation touches, from the template or the change set; more may turn up.
    """
    rollback = next((event.time for event in events if event.of_the_stack and "ROLLBACK" in event.status), None)
    resources = latest(events)
    started = events[0].time if events else 0.0
    last = next((event for event in reversed(events) if not event.of_the_stack), None)
    if rollback is None:
        done = sum(event.status.endswith("_COMPLETE") for event in resources.values())
        return Progress(done, max(expected, len(resources)), last, False, started)
    undone = sum(
        event.time >= rollback and event.status.endswith(("_COMPLETE", "_SKIPPED")) for event in resources.values()
    )
    return Progress(undone, len(resources), last, True, started)


@dataclasses.dataclass(frozen=True)
class Failure:
    """A resource that failed, and why, in AWS's words."""

    resource: str
    kind: str
    status: str
    reason: str

    def as_result(self) -> dict[str, str]:
        """Plain data for a module's result."""
        return {"logical_id": self.resource, "type": self.kind, "status": self.status, "reason": self.reason}

    def __str__(self) -> str:
        return f"{self.resource} ({self.kind}) {self.status}: {self.reason or 'no reason given'}"


def failures(events: t.Sequence[Event]) -> list[Failure]:
    """Real failures, the root cause first: the oldest that is not a consequence of another.

    Cancelled resources are consequences. A nested stack's own events tell more than its event in the parent.
    """
    nested = {event.stack_id for event in events}
    found: dict[tuple[str, str], Failure] = {}
    for event in events:
        consequence = "cancelled" in event.reason.lower() or event.of_the_stack
        told_inside = event.nested_stack_id in nested and any(
            inner.stack_id == event.nested_stack_id and inner.status.endswith("_FAILED") for inner in events
        )
        if event.status.endswith("_FAILED") and not consequence and not told_inside:
            failure = Failure(event.resource, event.kind, event.status, event.reason)
            found.setdefault((event.stack_id, event.resource), failure)
    return list(found.values())


def timeline(events: t.Sequence[Event]) -> list[dict[str, t.Any]]:
    """When each resource began and ended, in seconds since the operation began: what took the time."""
    if not events:
        return []
    zero = events[0].time
    first: dict[tuple[str, str], Event] = {}
    for event in events:
        if not event.of_the_stack:
            first.setdefault((event.stack_id, event.resource), event)
    return [
        {
            "resource": event.resource,
            "type": event.kind,
            "start": round(first[key].time - zero, 1),
            "end": round(event.time - zero, 1),
            "status": event.status,
        }
        for key, event in latest(events).items()
    ]


def kept_resources(events: t.Sequence[Event]) -> list[dict[str, str]]:
    """What a delete left behind, because the template or the request retains it."""
    return [
        {"logical_id": event.resource, "type": event.kind, "physical_id": event.physical_id}
        for event in latest(events).values()
        if event.status == "DELETE_SKIPPED"
    ]
