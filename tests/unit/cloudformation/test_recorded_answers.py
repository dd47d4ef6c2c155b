# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How AWS answers about stacks and templates, in the shapes that were recorded (docs/facts.md)."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

import pytest
from fakes import ID, OWN_TAGS, TEMPLATE, WANTED, FakeApi, clock, mode, raw_event, stack

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._adopt import finding as adopting
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import (
    deletion,
    drift,
    info,
    operation,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.content import fingerprint, same
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.events import (
    Event,
    failures,
    left_over,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import find
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.foresee import Present, foresee
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import release_tags

OWN = "gitpod-eu"
GERMAN = {"Description": "Läufer für Zürich", "Resources": {"Cluster": {"Type": "AWS::ECS::Cluster"}}}
WRITTEN = {
    "json": json.dumps(GERMAN, ensure_ascii=False),
    "yaml": "Description: Läufer für Zürich\nResources:\n  Cluster:\n    Type: AWS::ECS::Cluster # → ☁\n",
}


def answered(template: str) -> t.Any:
    """What GetTemplate says of a template that was given as a body; botocore reads what is JSON."""
    replaced = re.sub(r"[^\x00-\x7f]", "?", template)
    return json.loads(replaced) if replaced.startswith("{") else replaced


@pytest.mark.parametrize("template", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("as_body", [True, False])
def test_question_marks_in_place_of_characters_beyond_ascii_are_no_difference(
    template: str, recorded: bool, as_body: bool
) -> None:
    tags = release_tags("", "h") if recorded else {}
    wanted = dataclasses.replace(WANTED, fingerprint=fingerprint(template), tags={**OWN_TAGS, **tags})
    answer = answered(template) if as_body else json.loads(template) if template.startswith("{") else template
    present = Present(stack("CREATE_COMPLETE", tags={**OWN_TAGS, **tags}), fingerprint(answer))
    assert foresee(wanted, TEMPLATE, present).action == "nothing"
    api = FakeApi(present.stack)
    api.template_fingerprint = present.fingerprint
    outcome = operation.present(t.cast("t.Any", api), wanted, TEMPLATE.location, mode())
    assert (outcome.changed, outcome.operation, api.requests) == (False, "none", [])


@pytest.mark.parametrize("template", WRITTEN.values(), ids=WRITTEN)
def test_another_umlaut_is_a_difference_that_the_recorded_hash_tells(template: str) -> None:
    other = fingerprint(template.replace("Läufer", "Löufer"))
    wanted = dataclasses.replace(WANTED, fingerprint=other, tags={**OWN_TAGS, **release_tags("", "new")})
    before = stack("CREATE_COMPLETE", tags={**OWN_TAGS, **release_tags("", "old")})
    seen = foresee(wanted, TEMPLATE, Present(before, fingerprint(answered(template))))
    assert (seen.action, seen.keeps) == ("update", False), "no change of tags alone"
    # Where GetTemplate has kept them, the templates themselves tell.
    assert same(other, fingerprint(template)) is False


def test_a_question_mark_that_was_written_is_not_an_umlaut() -> None:
    assert same(fingerprint("Description: L?ufer"), fingerprint("Description: Läufer")) is False
    assert same(fingerprint("Description: ?"), fingerprint("Description: ?")) is True
    escaped = json.dumps(GERMAN)
    assert same(fingerprint(escaped), fingerprint(json.loads(escaped))) is True, "what is escaped is ASCII, and stays"


def test_a_change_set_of_outputs_alone_is_carried_out() -> None:
    """It is AVAILABLE, and names no change of a resource."""
    api = FakeApi(stack("CREATE_COMPLETE"), {"execute": ["UPDATE_COMPLETE"]})
    api.template_fingerprint = "before"
    api.change_sets = [{"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "Changes": []}]
    wanted = dataclasses.replace(WANTED, fingerprint="after")
    outcome = operation.present(t.cast("t.Any", api), wanted, TEMPLATE.location, mode())
    assert (outcome.changed, outcome.operation, outcome.stack.status) == (True, "update", "UPDATE_COMPLETE")
    assert "execute" in api.done


class Unsummed(FakeApi):
    """GetTemplateSummary by the name of a stack in review is a ValidationError."""

    def template(self, location: t.Mapping[str, str]) -> t.Any:
        if "StackName" in location and self.current.status == "REVIEW_IN_PROGRESS":
            raise ApiError("Could not read the template", "is in REVIEW_IN_PROGRESS", code="ValidationError")
        return super().template(location)


@pytest.mark.parametrize("tags", [{}, OWN_TAGS])
def test_a_stack_in_review_has_no_template_that_is_asked_for_by_its_name(tags: dict[str, str]) -> None:
    api = Unsummed(stack("REVIEW_IN_PROGRESS", tags=tags, parameters={}), {"create": ["CREATE_COMPLETE"]})
    found = find(t.cast("t.Any", api), Runner(OWN, "0192"), OWN)
    assert found.usable
    outcome = operation.present(t.cast("t.Any", api), WANTED, TEMPLATE.location, mode(check=True))
    assert outcome.operation == "create"


LISTED: dict[str, t.Any] = {
    "StackName": OWN,
    "StackId": ID,
    "StackStatus": "CREATE_COMPLETE",
    "DisableRollback": False,
    "NotificationARNs": [],
    "Tags": [{"Key": key, "Value": value} for key, value in OWN_TAGS.items()],
    "Parameters": [{"ParameterKey": "RunnerId", "ParameterValue": "0192"}],
    "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
}
LABELS = ("Runner ID", "Domain Name", "Certificate ARN", "EC2 Instances Subnet")
UUID = "0192b1f2-0000-7000-8000-000000000001"


class Listing:
    """A CloudFormation of 2020: the list leaves termination protection out, and by its name the stack has it."""

    def __init__(self, **more: t.Any) -> None:
        self.more = more
        self.asked: list[str] = []

    def get_paginator(self, _operation: str) -> t.Any:
        return self

    def paginate(self, **_arguments: t.Any) -> list[dict[str, t.Any]]:
        return [{"Stacks": [{**LISTED, **self.more}]}]

    def describe_stacks(self, StackName: str, **_arguments: t.Any) -> dict[str, t.Any]:  # noqa: N803
        self.asked.append(StackName)
        if StackName not in (OWN, ID) or (self.more.get("StackName", OWN) != OWN and StackName != ID):
            return {"Stacks": []}
        return {"Stacks": [{**LISTED, **self.more, "EnableTerminationProtection": True}]}

    def get_template_summary(self, **_arguments: t.Any) -> dict[str, t.Any]:
        labels = {label.replace(" ", ""): {"default": label} for label in LABELS}
        interface = {"AWS::CloudFormation::Interface": {"ParameterLabels": labels}}
        return {
            "Parameters": [{"ParameterKey": key, "ParameterType": "String"} for key in labels],
            "Metadata": json.dumps(interface),
        }


def api_of(client: Listing) -> Api:
    return Api(client, lambda: pytest.fail("no load balancer is asked for"))


def test_protection_that_a_list_leaves_out_is_unknown_and_not_off() -> None:
    assert Stack.from_api(LISTED).protected is None
    assert Stack.from_api({**LISTED, "EnableTerminationProtection": False}).protected is False
    seen = foresee(WANTED, TEMPLATE, Present(dataclasses.replace(stack("CREATE_COMPLETE"), protected=None)))
    assert "the termination protection differs" not in seen.reasons


@pytest.mark.parametrize("name", [OWN, "gitpod-eu-old"])
def test_a_stack_that_a_list_tells_of_is_read_by_its_own_name_before_anything_is_decided(name: str) -> None:
    client = Listing(StackName=name)
    found = find(api_of(client), Runner(OWN, "0192"), "gitpod-eu-new" if name == OWN else OWN, "")
    assert (found.stack.name, found.stack.protected) == (name, True)
    # One that was made by hand, and has no tags of ours.
    by_hand = find(api_of(Listing(StackName=name, Tags=[])), Runner(OWN, "0192"), "gitpod-eu-new", "")
    assert by_hand.stack.protected is True


def test_adopting_does_not_switch_off_what_the_list_left_out() -> None:
    ((found, _template),) = adopting.runners(
        api_of(Listing(Tags=[], Parameters=[{"ParameterKey": "RunnerID", "ParameterValue": UUID}])), ()
    )
    assert found.protected is True


def test_a_stack_that_is_looked_for_by_the_runners_id_is_told_whole() -> None:
    seen, _verdict = info.looked_for(api_of(Listing()), {"name": "", "runner_name": "", "runner_id": "0192"})
    assert seen.protected is True


def test_whether_an_unknown_protection_is_on_is_not_guessed_when_a_stack_goes() -> None:
    api = FakeApi(stack("CREATE_COMPLETE", protected=None), {"delete": ["DELETE_COMPLETE"]})
    wanted = deletion.Deletion(OWN, force=True, runner=Runner(OWN, "0192"))
    deletion.absent(t.cast("t.Any", api), wanted, mode())
    assert api.done == ["protect False", "delete"]


DRIFT = {
    "LogicalResourceId": "Function",
    "PhysicalResourceId": "eu-Function-1",
    "ResourceType": "AWS::Lambda::Function",
    "StackResourceDriftStatus": "MODIFIED",
    "PropertyDifferences": [
        {
            "PropertyPath": "/Environment/Variables/URL",
            "DifferenceType": "NOT_EQUAL",
            "ExpectedValue": "a",
            "ActualValue": "b",
        }
    ],
}
DENIED = "Failed to detect drift on resource [Role]: User is not authorized to perform iam:GetRole. "


class Detection:
    """A detection that has failed for some resource."""

    def __init__(self, *drifts: dict[str, t.Any], **state: t.Any) -> None:
        self.drifts, self.state = drifts, state

    def detect_stack_drift(self, **_arguments: t.Any) -> dict[str, str]:
        return {"StackDriftDetectionId": "1"}

    def describe_stack_drift_detection_status(self, **_arguments: t.Any) -> dict[str, t.Any]:
        return {"DetectionStatus": "DETECTION_FAILED", "DetectionStatusReason": DENIED, **self.state}

    def describe_stack_resource_drifts(self, **_arguments: t.Any) -> dict[str, t.Any]:
        return {"StackResourceDrifts": list(self.drifts)}


@pytest.mark.parametrize("state", [{"StackDriftStatus": "DRIFTED"}, {"DriftedStackResourceCount": 1}])
def test_what_a_failed_detection_has_found_is_told_and_that_there_may_be_more(state: dict[str, t.Any]) -> None:
    found = drift.detect(Detection(DRIFT, **state), ID, clock())
    assert (found["status"], found["incomplete"]) == ("DRIFTED", DENIED.rstrip(". "))
    (resource,) = found["resources"]
    assert resource["differences"][0]["property"] == "/Environment/Variables/URL"


def test_a_failed_detection_that_found_nothing_does_not_say_that_nothing_differs() -> None:
    found = drift.detect(Detection(StackDriftStatus="IN_SYNC"), ID, clock())
    assert (found["status"], found["resources"]) == ("UNKNOWN", [])
    with pytest.raises(RunnerError, match=r"iam:GetRole\. It reads each resource with the caller's own rights"):
        drift.detect(Detection(), ID, clock())


@pytest.mark.parametrize(
    "reason", ["The following resource(s) failed to delete: [BrokenPolicy]. ", "Done.", "Done", ""]
)
def test_a_reason_of_a_stack_has_no_stop_of_its_own(reason: str) -> None:
    found = Stack.from_api({**LISTED, "StackStatusReason": reason}).status_reason
    assert found == reason.rstrip(". ")
    told = RunnerError("The stack is DELETE_FAILED", found, "Run again").message
    assert ". ." not in told
    assert ".." not in told


def events(*told: tuple[str, str, str, str]) -> list[Event]:
    """By resource, physical ID, status and reason, a second apart."""
    return [
        Event.from_api(
            {**raw_event(number, name, state, reason), **({"PhysicalResourceId": physical} if physical else {})}
        )
        for number, (name, physical, state, reason) in enumerate(told)
    ]


BUSY = "The network interface is in use. "


def test_a_deletion_that_aws_tries_again_has_not_failed_before_the_last_time() -> None:
    tries = [("Group", "sg-1", "DELETE_IN_PROGRESS", ""), ("Group", "sg-1", "DELETE_FAILED", BUSY)]
    begun = (OWN, "", "DELETE_IN_PROGRESS", "User Initiated")
    assert failures(events(begun, *tries, *tries, tries[0], ("Group", "sg-1", "DELETE_COMPLETE", ""))) == []
    (failure,) = failures(events(begun, *tries, *tries, *tries))
    assert (failure.resource, failure.reason) == ("Group", BUSY.rstrip(". "))


def test_what_a_clean_up_deletes_at_the_second_try_is_not_left_over() -> None:
    begun = [(OWN, "", "UPDATE_IN_PROGRESS", ""), (OWN, "", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "")]
    tries = [("Group", "sg-1", "DELETE_FAILED", BUSY), ("Group", "sg-1", "DELETE_IN_PROGRESS", "")]
    assert left_over(events(*begun, *tries, ("Group", "sg-1", "DELETE_COMPLETE", ""))) == []
    # Another resource of the same logical ID went; this one did not.
    (left,) = left_over(events(*begun, tries[0], ("Group", "sg-2", "DELETE_COMPLETE", "")))
    assert left.resource == "Group"
