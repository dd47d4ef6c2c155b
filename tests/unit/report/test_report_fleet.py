# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet's document by its published schema, its summary, Markdown, and how far each runner came."""

from __future__ import annotations

import json
import pathlib
import typing as t

import jsonschema
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.markdown import escape, markdown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.messages import (
    SLACK_TEXT,
    message,
    slack_message,
    summary,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.stages import failed_stage, stages_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary, state_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page.page import page
from tests import reports

SCHEMA = json.loads((pathlib.Path(__file__).parents[3] / "docs/report.schema.json").read_text("utf-8"))
GOOD = runner_summary(reports.results("eu-central-1"), "gitpod-eu-central-1", "eu-central-1")
BROKEN = runner_summary(reports.broken("us-east-1"), "gitpod-us-east-1", "us-east-1")
NOTHING = runner_summary({}, "gitpod-eu-west-1", "eu-west-1")
FLEET = Fleet.of([BROKEN, GOOD, NOTHING], "Run of today", "2026-11-24T17:30:00Z")


def states(results: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {entry["stage"]: entry["state"] for entry in stages_of(results)}


def test_the_schema_is_one_and_holds() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(FLEET.document(), SCHEMA)
    assert "s3cr3t" not in json.dumps(FLEET.document())


@pytest.mark.parametrize(
    "spoiled",
    [
        {"schema_version": 2},
        {"state": "fine"},
        {"stack": {"parameters": {"Token": "s3cr3t"}}},
        {"verification": {"checks": [{"id": "x", "status": "good", "summary": ""}]}},
    ],
)
def test_the_schema_refuses_what_is_not_so(spoiled: dict[str, t.Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**FLEET.document(), "runners": [{**GOOD, **spoiled}]}, SCHEMA)


def test_counts_and_headline() -> None:
    assert FLEET.counts == {"failed": 1, "waiting": 0, "unverified": 1, "verified": 1}
    assert FLEET.headline == "3 runners: 1 failed, 1 unverified, 1 verified"
    assert Fleet.of([], "x").headline == "no runners"


def test_the_summary_is_small_and_says_why() -> None:
    small = summary(FLEET)
    assert [row["state"] for row in small["runners"]] == ["verified", "unverified", "failed"]
    assert reports.REASON in small["runners"][2]["reason"]
    large = summary(Fleet.of([{**GOOD, "runner": f"gitpod-{index}"} for index in range(50)], "x"))
    assert len(json.dumps(large)) < 8000
    assert "LoadBalancerDNS" not in json.dumps(large)


def test_stages_of_a_failed_runner() -> None:
    assert states(reports.broken("us-east-1")) == {
        "prerequisites": "passed",
        "certificate": "left out",
        "registration": "left out",
        "network_endpoints": "left out",
        "privatelink": "left out",
        "stack": "failed",
        "dns": "not reached",
        "verify": "not reached",
    }


def test_a_stack_that_failed_is_told_as_the_wait_saw_it_last() -> None:
    stages = runner_summary(reports.broken("us-east-1"), "a", "b")["stages"]
    assert [entry["detail"] for entry in stages if entry["stage"] == "stack"] == ["ROLLBACK_IN_PROGRESS"]


def test_stages_that_wait_and_stages_that_are_skipped() -> None:
    found = states({"stack": {"operation": "review"}, "verification": {"skipped": True}, "endpoint": {"changed": True}})
    assert (found["stack"], found["verify"], found["privatelink"]) == ("waiting", "not reached", "changed")
    assert states({"endpoint": {"in_progress": True}})["stack"] == "left out", "an endpoint that waits holds nothing up"
    waiting = runner_summary({"stack": {"operation": "review", "changed": True}}, "a", "b")
    assert waiting["state"] == "waiting"
    assert state_of({"verification": {"healthy": False}}) == "failed"


@pytest.mark.parametrize(
    ("failure", "stage"),
    [
        ({"register": "__gitpod_dns_answers", "action": "x"}, "dns"),
        ({"register": "", "action": "gitpod.enterprise_runner.runner_endpoint"}, "privatelink"),
        ({"register": "gitpod_network_endpoints_started", "action": "runner_stage"}, "network_endpoints"),
        ({"action": "runner_contract"}, "prerequisites"),
        ({"action": "ansible.builtin.fail"}, ""),
        ({}, ""),
    ],
)
def test_the_stage_of_a_failed_task(failure: dict[str, str], stage: str) -> None:
    assert failed_stage(failure) == stage


def test_a_failure_of_an_unknown_stage_leaves_nothing_reached() -> None:
    found = states({"stack": {"changed": False}, "failure": {"task": "x", "message": "y"}})
    assert (found["stack"], found["dns"]) == ("unchanged", "not reached")


def test_markdown_tells_what_there_is() -> None:
    text = markdown(FLEET)
    for part in (
        "# Run of today",
        "stack failed",
        "Create the role once",
    ):
        assert part in text


def test_markdown_keeps_hostile_values_as_text() -> None:
    text = markdown(Fleet.of([reports.hostile()], reports.HOSTILE))
    assert "<script" not in text
    assert "\x1b" not in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1, "no value makes a cell of its own"
    assert len(table) == 3
    assert escape("# no heading") == "\\# no heading"
    assert escape("1. no list") == "1\\. no list"
    assert escape("eu-central-1") == "eu-central-1"


def test_a_slack_message_lists_what_failed_and_fits() -> None:
    told = slack_message(summary(FLEET))
    assert told["text"] == "Run of today: 3 runners: 1 failed, 1 unverified, 1 verified"
    body = told["blocks"][1]["text"]["text"]
    assert reports.REASON in body
    assert "gitpod-eu-central-1" not in body
    many = Fleet.of([{**BROKEN, "runner": f"gitpod-{index}"} for index in range(50)], "x")
    lines = slack_message(summary(many))["blocks"][1]["text"]["text"]
    assert len(lines) < SLACK_TEXT + 30
    assert lines.splitlines()[-1].startswith("... and ")
    good = summary(Fleet.of([GOOD], "x"))
    assert len(slack_message(good)["blocks"]) == 1


def test_slack_takes_hostile_names_for_text() -> None:
    text = json.dumps(slack_message(summary(Fleet.of([reports.hostile()], "<!channel>"))))
    assert "<!channel>" not in text
    assert "<script>" not in text


def test_the_receiver_decides_the_form() -> None:
    small = summary(FLEET)
    assert message(small, "auto", "hooks.slack.com")["text"]
    assert message(small, "auto", "chat.example.com") == small
    assert message(small, "slack", "chat.example.com")["blocks"]
    assert message(small, "json", "hooks.slack.com") == small


def acceptance(accepted: bool | None, **more: t.Any) -> dict[str, t.Any]:
    """As the module runner_acceptance returns it."""
    state = "passed" if accepted else "failed"
    step = {"step": "run", "state": state, "seconds": 72.1, "detail": "seen", "environment_id": "s3cr3t"}
    place = {"name": "acceptance-1", "class": "Small", "repository": "", "id": "s3cr3t"}
    return {"accepted": accepted, "seconds": 75.3, "steps": [step], "environment": place, "changed": False, **more}


def test_an_acceptance_is_told_with_its_steps_and_their_times() -> None:
    good = {**reports.results("eu-central-1"), "acceptance": acceptance(True)}
    runner = runner_summary(good, "gitpod-eu", "eu-central-1")
    jsonschema.validate(Fleet.of([runner], "Run", "2026-11-24T17:30:00Z").document(), SCHEMA)
    assert "s3cr3t" not in json.dumps(runner)
    assert runner["acceptance"]["steps"] == [{"step": "run", "state": "passed", "seconds": 72.1, "detail": "seen"}]
    assert runner["stages"][-1] == {"stage": "acceptance", "state": "unchanged", "detail": "1m15s"}
    assert "<h3>Acceptance</h3>" in page(Fleet.of([runner], "Run"))
    assert "acceptance" not in GOOD
    assert "acceptance" not in states(reports.results("eu-central-1"))

    alone = runner_summary({"acceptance": acceptance(True)}, "gitpod-eu", "eu-central-1")
    assert (alone["state"], state_of({**alone, "verification": {"healthy": False}})) == ("verified", "failed")
    asked = runner_summary({"acceptance": acceptance(None)}, "gitpod-eu", "eu-central-1")
    jsonschema.validate(Fleet.of([asked], "Run", "2026-11-24T17:30:00Z").document(), SCHEMA)
    assert asked["state"] == "unverified"

    failure = {"task": "Accept the runner", "action": "runner_acceptance", "message": "No."}
    bad = {**reports.results("eu-central-1"), "acceptance": acceptance(False, failed=True), "failure": failure}
    assert runner_summary(bad, "gitpod-eu", "eu-central-1")["failure"]["stage"] == "acceptance"
    assert stages_of(bad)[-1] == {"stage": "acceptance", "state": "failed", "detail": "run"}
