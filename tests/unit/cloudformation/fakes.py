# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CloudFormation that plays scripts: what the stack's status and events are at each look."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.leftovers import Leftover
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Parameter,
    Stack,
    Template,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.operation import Mode
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.watch import Watching
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

OWN_TAGS = {"team": "x", **ownership_tags("gitpod-eu", "0192")}
ID = "arn:aws:cloudformation:eu-central-1:123456789012:stack/gitpod-eu/1"
TEMPLATE = Template(
    {"TemplateURL": "https://bucket.s3.amazonaws.com/t.json"},
    (
        Parameter("Key", "Runner ID"),
        Parameter("Secret", "Exchange Token", no_echo=True),
        Parameter("Size", "Size", default="s"),
    ),
    ("CAPABILITY_IAM",),
    ("AWS::ECS::Cluster", "AWS::S3::Bucket"),
    2,
)
WANTED = Wanted("gitpod-eu", {"Runner ID": "0192"}, {"Exchange Token": "s3cr3t"}, ("CAPABILITY_IAM",), OWN_TAGS)


def stack(status: str, **more: t.Any) -> Stack:
    values: dict[str, t.Any] = {
        "parameters": {"Key": "0192", "Secret": "****"},
        "tags": OWN_TAGS,
        "protected": True,
    }
    return Stack("gitpod-eu", status, ID, **{**values, **more})


def raw_event(number: float, resource: str, status: str, reason: str = "", token: str = "") -> dict[str, t.Any]:
    of_stack = resource == "gitpod-eu"
    return {
        "EventId": f"{number}-{resource}-{status}",
        "Timestamp": datetime.datetime.fromtimestamp(1_000_000 + number, datetime.timezone.utc),
        "StackId": ID,
        "LogicalResourceId": resource,
        "ResourceType": "AWS::CloudFormation::Stack" if of_stack else "AWS::ECS::Cluster",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "PhysicalResourceId": ID if of_stack else "",
        "ClientRequestToken": token,
    }


class FakeApi:
    """The operations' calls; C(scripts) say what follows a status once something was begun.

    :param scripts: by what was begun (create, execute, delete, continue, or wait), statuses one a look.
    """

    def __init__(self, start: Stack, scripts: dict[str, list[str]] | None = None) -> None:
        self.current = start
        self.scripts = scripts or {}
        self.pending: list[str] = list(self.scripts.get("wait", []))
        self.done: list[str] = []
        self.change_sets: list[dict[str, t.Any]] = []
        self.requests: list[t.Any] = []
        self.failing = ""
        self.token = ""
        self.looks = 0
        self.reviewed: dict[str, t.Any] | None = None
        self.waiting: list[dict[str, t.Any]] = []
        self.left: tuple[Leftover, ...] = ()
        self.stack_policy = ""
        self.template_fingerprint = ""
        self.faster: Stack | None = None
        self.others: list[Stack] = []
        self.listed: list[dict[str, str]] = [
            {"status": "CREATE_COMPLETE", "type": "AWS::ECS::Cluster", "logical_id": "Cluster", "physical_id": "c"}
        ]
        self.lag = 0
        self.deleted_in = ""
        self.errors: list[Exception] = []
        self.client = self

    def _begin(self, what: str, status: str, token: str = "") -> None:
        self.done.append(what)
        self.current = dataclasses.replace(self.current, status=status, id=ID)
        self.pending = list(self.scripts.get(what.split(" ", maxsplit=1)[0], []))
        self.token = token

    def stack(self, name: str) -> Stack:
        return next((stack for stack in self.others if name in (stack.name, stack.id)), self.current)

    def stacks(self) -> list[Stack]:
        return self.others

    def template(self, _location: t.Mapping[str, str]) -> Template:
        return TEMPLATE

    def resources(self, _stack: str) -> list[dict[str, str]]:
        return self.listed

    def create(self, wanted: Wanted, _template: Template, parameters: list[t.Any], token: str) -> str:
        self.requests.append((wanted, parameters))
        if self.faster:
            self.current = self.faster
            raise ApiError("Could not create", "exists", code="AlreadyExistsException")
        self._begin("create", "CREATE_IN_PROGRESS", token)
        return ID

    def create_change_set(
        self, wanted: Wanted, _template: Template, parameters: list[t.Any], name: str, kind: str, _token: str
    ) -> str:
        self.requests.append((wanted, parameters))
        self.done.append(f"compute {kind}" + (" for review" if "review" in name else ""))
        return "arn:change-set"

    def change_set(self, _arn: str) -> dict[str, t.Any]:
        return self.change_sets.pop(0)

    def reviewed_change_set(self, _stack: str, _name: str) -> dict[str, t.Any] | None:
        return self.reviewed

    def leftovers(self, _stack: str) -> tuple[Leftover, ...]:
        return self.left

    def waiting_change_sets(self, _stack: str) -> list[dict[str, t.Any]]:
        return [*([self.reviewed] if self.reviewed else []), *self.waiting]

    def named_change_set(self, stack: str, name: str) -> dict[str, t.Any] | None:
        return self.reviewed_change_set(stack, name)

    def validation_failures(self, _arn: str) -> list[str]:
        return ["/Resources/Cluster/Properties/Name is too long"]

    def policy(self, _stack: str) -> str:
        return self.stack_policy

    def fingerprint(self, _stack: str) -> str:
        return self.template_fingerprint

    def set_policy(self, _stack: str, policy: str) -> None:
        self.done.append("set policy")
        self.stack_policy = policy

    def execute_change_set(self, _arn: str, token: str) -> None:
        if self.faster:
            self.current = self.faster
            raise ApiError("Could not execute the change set", "it is obsolete", code="InvalidChangeSetStatus")
        self._begin("execute", "UPDATE_IN_PROGRESS", token)

    def delete_change_set(self, _arn: str) -> None:
        self.done.append("delete change set")

    def protect(self, _stack: str, protected: bool) -> None:
        self.done.append(f"protect {protected}")
        self.current = dataclasses.replace(self.current, protected=protected)

    def cancel_update(self, _stack: str, token: str) -> None:
        self._begin("cancel", "UPDATE_ROLLBACK_IN_PROGRESS", token)

    def delete(self, _stack: str, token: str, retain: t.Sequence[str] = ()) -> None:
        self.deleted_in = self.current.status
        self._begin("delete" + (f" retain {list(retain)}" if retain else ""), "DELETE_IN_PROGRESS", token)

    def continue_rollback(self, _stack: str, token: str, skip: t.Sequence[str]) -> None:
        self._begin(f"continue skip {list(skip)}", "UPDATE_ROLLBACK_IN_PROGRESS", token)

    def describe_stack_events(self, **_arguments: t.Any) -> dict[str, t.Any]:
        """Each look lets AWS do one more step."""
        self.looks += 1
        if self.errors:
            raise self.errors.pop(0)
        if self.pending:
            self.current = dataclasses.replace(self.current, status=self.pending.pop(0))
        if self.looks <= self.lag:
            return {"StackEvents": [raw_event(-1, "gitpod-eu", "CREATE_COMPLETE", token="last-month")]}
        events = [raw_event(0, "gitpod-eu", "CREATE_IN_PROGRESS", token=self.token)]
        if self.failing:
            events.append(raw_event(1, "Cluster", "CREATE_FAILED", self.failing, self.token))
        if self.current.status != "CREATE_IN_PROGRESS":
            events.append(raw_event(2, "gitpod-eu", self.current.status, token=self.token))
        return {"StackEvents": list(reversed(events))}


def clock() -> Clock:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return Clock(now=lambda: now[0], sleep=sleep, jitter=lambda: 0.0)


def mode(check: bool = False, wait: bool = True, **more: t.Any) -> Mode:
    return Mode(check, wait, Watching(timeout=3600, clock=clock(), **more))
