# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack's events: only those of the running operation, the share that is done, and why it failed.

Source of the rules: CloudFormation user guide, "View stack events", and recorded answers: a failed clean-up
(serverless#9144), a cause that only the stack's own event tells, hooks (localstack's validated snapshots), a creation
that ends in a deletion (amazon.aws's recordings).
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent

STACK_TYPE = "AWS::CloudFormation::Stack"
# Events of the stack itself that begin an operation; a rollback belongs to the operation that it undoes.
STARTS = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"})
DELETING = "DELETE_IN_PROGRESS"
# A creation with OnFailure=DELETE says so in the deletion that follows it by itself; a person's says "User Initiated".
FAILED_CREATION = "failed to create"
# The whole reason of a resource that failed because another one did; a real reason may contain the word.
_CANCELLED = re.compile(r"Resource (creation|update|deletion|import) cancell?ed", re.IGNORECASE)
# What AWS adds to the cause in the stack's own event, with its own punctuation ("[A]. . Rollback requested by user.").
_REQUESTED = re.compile(r"[\s.]*(Rollback|Delete) requested by user[\s.]*$")
# In these AWS removes what an update, or its undoing, left over: the operation has ended already.
_CLEANING = frozenset({"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"})
_HOOK_FAILED = frozenset({"HOOK_COMPLETE_FAILED", "HOOK_FAILED"})


@dataclasses.dataclass(frozen=True)
class Event:
    """One event.

    :param time: seconds since the epoch.
    :param physical_id: empty until the resource exists.
    :param refusal: of a hook that refuses the resource, in its words; the event's own status does not tell.
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
    refusal: str = ""

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
            refusal=_refusal(raw),
        )

    @property
    def of_the_stack(self) -> bool:
        """Whether it tells of the stack itself, not of a resource in it."""
        return self.kind == STACK_TYPE and self.physical_id == self.stack_id

    @property
    def nested_stack_id(self) -> str:
        """The ID of the nested stack that it tells of, or empty."""
        return self.physical_id if self.kind == STACK_TYPE and not self.of_the_stack else ""


def _refusal(raw: t.Mapping[str, t.Any]) -> str:
    """What a hook says that has refused; one in the mode WARN has only warned."""
    if raw.get("HookStatus") not in _HOOK_FAILED or raw.get("HookFailureMode", "FAIL") != "FAIL":
        return ""
    return f"the hook {raw.get('HookType', '')} refused it: {raw.get('HookStatusReason') or 'no reason given'}"


class History:
    """The events of one stack's current operation, oldest first, read a little at a time.

    :param since: seconds since the epoch; what is older is another operation's, as of a nested stack's former ones.
    """

    def __init__(self, client: t.Any, stack_id: str, token: str = "", since: float = 0.0) -> None:
        self._client = client
        self._stack_id = stack_id
        self._token = token
        self._since = since
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
                if event.id == self._newest or event.time < self._since:
                    return self._keep(found)
                found.append(event)
                if not self._newest and self._begins(event):
                    return self._keep(found)
            if not page.get("NextToken"):
                return self._keep(found)
            arguments["NextToken"] = page["NextToken"]

    def _begins(self, event: Event) -> bool:
        """Whether the operation begins here, and not before: a deletion may be what became of a creation."""
        if not (event.of_the_stack and event.status in STARTS):
            return False
        others = bool(self._token) and event.token not in ("", self._token)
        return not (event.status == DELETING and (others or FAILED_CREATION in event.reason))

    def _keep(self, newest_first: list[Event]) -> None:
        if newest_first:
            self._newest = newest_first[0].id
        mine = [event for event in reversed(newest_first) if self._is_mine(event)]
        self._own += mine
        for event in mine:
            if event.nested_stack_id and event.nested_stack_id not in self._nested:
                begun = self._own[0].time if self._own else event.time
                self._nested[event.nested_stack_id] = History(self._client, event.nested_stack_id, since=begun)
        for history in self._nested.values():
            history.read()

    def _is_mine(self, event: Event) -> bool:
        """Just after the start AWS may still show an older operation's events; ours begin with our token."""
        self._begun = self._begun or event.token == self._token
        return self._begun and (not self._token or event.token in ("", self._token))


# The previous deployment is looked for in so many pages of a hundred events.
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

    Cancelled resources are consequences, and a deletion that AWS tries again is none yet. A nested stack's own events
    tell more than its event in the parent. What could not be deleted once an update was done is none (`left_over`).
    """
    nested = {event.stack_id for event in events}
    cleaned = {id(event) for event in [*_cleaned(events), *_tried_again(events)]}
    found: dict[tuple[str, str], Failure] = {}
    for event in events:
        told_inside = event.nested_stack_id in nested and any(
            inner.stack_id == event.nested_stack_id and inner.status.endswith("_FAILED") for inner in events
        )
        key = (event.stack_id, event.resource)
        if event.refusal:
            # The resource's own failure comes after it and names the hook alone.
            found.setdefault(key, Failure(event.resource, event.kind, event.status, _stripped(event.refusal)))
        elif _failed(event) and not told_inside and id(event) not in cleaned:
            found.setdefault(key, Failure(event.resource, event.kind, event.status, _stripped(event.reason)))
    return list(found.values())


def _failed(event: Event) -> bool:
    """Whether a resource failed by itself."""
    consequence = _CANCELLED.fullmatch(_stripped(event.reason)) or event.of_the_stack
    return event.status.endswith("_FAILED") and not consequence


def _stripped(reason: str) -> str:
    """A reason without AWS's last stop, which is a blank behind it at times."""
    return reason.strip().rstrip(". ").strip()


def left_over(events: t.Sequence[Event]) -> list[Failure]:
    """What AWS could not delete once an update was done, or undone: the operation has ended as it says all the same."""
    found: dict[tuple[str, str], Failure] = {}
    again = {id(event) for event in _tried_again(events)}
    for event in _cleaned(events):
        if id(event) in again:
            continue
        failure = Failure(event.resource, event.kind, event.status, _stripped(event.reason))
        found[event.stack_id, event.resource] = failure
    return list(found.values())


def _cleaned(events: t.Sequence[Event]) -> list[Event]:
    """Failed deletions of a clean-up: an update deletes nothing before it is done."""
    cleaning: set[str] = set()
    found = []
    for event in events:
        if event.of_the_stack and (event.status in _CLEANING or event.status == "UPDATE_IN_PROGRESS"):
            cleaning.add(event.stack_id)
        elif event.of_the_stack and event.status == DELETING and cleaning:
            # A nested stack that the update removes.
            cleaning.add(event.stack_id)
        elif event.of_the_stack and event.status in STARTS:
            cleaning.discard(event.stack_id)
        elif event.status == "DELETE_FAILED" and event.stack_id in cleaning:
            found.append(event)
    return found


def _tried_again(events: t.Sequence[Event]) -> list[Event]:
    """Failed deletions that are not the last word: AWS tries each up to three times (CloudFormation user guide).

    A replaced resource goes under its successor's logical ID, so that its physical one counts too.
    """
    later: set[tuple[str, str, str]] = set()
    found = []
    for event in reversed(events):
        key = (event.stack_id, event.resource, event.physical_id)
        if event.status == "DELETE_FAILED" and key in later:
            found.append(event)
        elif event.status in (DELETING, "DELETE_COMPLETE", "DELETE_SKIPPED"):
            later.add(key)
    return found


def told_by_the_stack(events: t.Sequence[Event]) -> str:
    """The cause as the stack's own event has it, which may be the only one that does; empty when none has."""
    for event in events:
        turned = "ROLLBACK" in event.status or event.status.endswith("_FAILED") or FAILED_CREATION in event.reason
        if event.of_the_stack and turned and event.reason:
            return _stripped(_REQUESTED.sub("", event.reason))
    return ""


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
