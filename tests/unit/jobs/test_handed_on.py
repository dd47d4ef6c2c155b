# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job hands on to the next node of a workflow, and what that makes of it."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.gate import gate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.handed_on import plan_artifact
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.messages import summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.results import ARTIFACTS
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.controller_job import nothing_needed, sliced
from tests import reports
from tests.gate_samples import host, look

ROOT = pathlib.Path(__file__).parents[3]
PLAN = [
    {"stage": "certificate", "action": "nothing", "reasons": []},
    {"stage": "stack", "action": "update", "reasons": ["Runner Size: small to large", "x" * 1_000]},
]
IDLE = [{"stage": "stack", "action": "nothing", "reasons": []}]
WRONG = {"id": "network.vpc", "status": "fail", "summary": "There is no such VPC.", "remediation": "Correct it."}


def planned(plan: list[dict[str, t.Any]], *checks: dict[str, str]) -> t.Any:
    return {**look(), "plan": plan, "checks": list(checks)}


def test_a_plan_is_small_and_complete() -> None:
    runners = [
        host("eu", "eu-west-1", planned(PLAN)),
        host("us", "us-east-1", planned(IDLE)),
        host("ap", "ap-south-1", planned(PLAN, WRONG)),
    ]
    found = plan_artifact(gate(runners))
    assert found["needed"] is True
    assert found["headline"] == "3 runners: 1 to do, 1 nothing to do, 1 refused"
    assert found["states"] == {"to do": 1, "nothing to do": 1, "refused": 1}
    eu, us, ap = found["runners"]
    assert (eu["actions"], eu["changes"][0]) == ({"stack": "update"}, "stack: Runner Size: small to large")
    assert len(eu["changes"][1]) < 300
    assert (us["state"], "actions" in us, "problems" in us) == ("nothing to do", False, False)
    assert ap["problems"] == [WRONG]
    assert "actions" not in ap, "nothing is done with what is refused"
    assert len(json.dumps(found)) < 2_000


def test_fifty_runners_with_much_to_tell_stay_small() -> None:
    checks = [{**WRONG, "id": f"network.{number}", "summary": "long " * 400} for number in range(30)]
    runners = [host(f"runner-{number}", "eu-west-1", planned(PLAN, *checks)) for number in range(50)]
    found = plan_artifact(gate(runners))
    assert len(json.dumps(found)) < 200_000
    assert found["runners"][0]["further_problems"] == 22


def test_nothing_to_do_is_not_needed_unless_a_slice_says_so() -> None:
    found = gate([host("us", "us-east-1", planned(IDLE))])
    assert plan_artifact(found)["needed"] is False
    assert plan_artifact(found, sliced=True)["needed"] is True
    refused = gate([host("ap", "ap-south-1", planned(PLAN, WRONG))])
    assert plan_artifact(refused)["needed"] is False, "what is refused is nothing to approve"


def test_a_review_hands_on_what_waits() -> None:
    change = {"action": "Modify", "logical_id": "Task", "type": "T", "replacement": "True", "properties": ["Cpu"]}
    waiting = runner_summary({"stack": {"operation": "review", "changes": [change] * 30, "changed": True}}, "eu", "e")
    done = runner_summary(reports.results("us"), "us", "us")
    found = summary(Fleet.of([waiting, done], "x"))
    assert found["needed"] is True
    (row,) = [row for row in found["runners"] if row["state"] == "waiting"]
    assert row["waits_for"] == "stack"
    assert row["changes"][0] == "Modify Task (T), replaced: Cpu"
    assert row["changes"][-1] == "and 10 more"
    assert summary(Fleet.of([done], "x"))["needed"] is False


def test_records_that_were_handed_over_are_in_the_artifact() -> None:
    records = [{"name": "eu.example.com", "type": "CNAME", "value": "lb.example.net", "ttl": 300}]
    results = {**reports.results("eu"), "dns": {"records": records, "in_progress": True, "awaited_records": records}}
    del results["verification"]
    runner = runner_summary(results, "eu", "eu")
    assert runner["state"] == "waiting"
    (row,) = summary(Fleet.of([runner], "x"))["runners"]
    assert (row["waits_for"], row["records"]) == ("dns", records)


def test_what_failed_is_handed_on_with_what_to_do() -> None:
    results = reports.results("eu")
    results["verification"] = {"healthy": False, "checks": [{**WRONG, "evidence": {}}]}
    (row,) = summary(Fleet.of([runner_summary(results, "eu", "eu")], "x"))["runners"]
    assert row["problems"] == [{key: WRONG[key] for key in ("id", "summary", "remediation")}]


@pytest.mark.parametrize("said", [False, "False", "false", " no "])
def test_the_gate_fails_where_nothing_is_needed(said: t.Any) -> None:
    told = nothing_needed({"gitpod_needed": said, "gitpod_plan_result": {"headline": "2 runners: 2 nothing to do"}})
    assert told.startswith("Nothing is needed (2 runners: 2 nothing to do).")


@pytest.mark.parametrize("said", [True, "true", None, "", 0, {"a": 1}])
def test_what_is_not_known_counts_as_needed(said: t.Any) -> None:
    assert nothing_needed({"gitpod_needed": said}) == ""
    assert nothing_needed({}) == ""


@pytest.mark.parametrize("prefix", ["awx", "tower"])
def test_a_slice_is_known_by_its_workflow(prefix: str) -> None:
    template = {f"{prefix}_job_template_name": "Roll out"}
    assert sliced({**template, f"{prefix}_workflow_job_name": "Roll out"})
    assert not sliced({**template, f"{prefix}_workflow_job_name": "Plan, approval, rollout"})
    assert not sliced(template)
    assert not sliced({f"{prefix}_workflow_job_name": "", f"{prefix}_job_template_name": ""})


def test_no_task_registers_what_a_workflow_hands_on() -> None:
    """Extra variables win over what a task registers: the next job would see the last one's."""
    texts = [path.read_text("utf-8") for pattern in ("roles", "playbooks") for path in (ROOT / pattern).rglob("*.yml")]
    registered = {
        entry.split("register:")[1].strip() for text in texts for entry in text.splitlines() if "register:" in entry
    }
    assert "gitpod_report_result" in registered
    assert registered & ARTIFACTS == set()


def test_every_artifact_has_a_task_that_sets_it() -> None:
    found: set[str] = set()
    for path in [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("playbooks/*.yml")]:
        for task in _tasks(yaml.safe_load(path.read_text("utf-8"))):
            found |= set((task.get("ansible.builtin.set_stats") or {}).get("data") or {})
    assert found == ARTIFACTS


def _tasks(content: t.Any) -> list[dict[str, t.Any]]:
    entries = [entry for entry in content or [] if isinstance(entry, dict)]
    return entries + [task for entry in entries for task in _tasks(entry.get("tasks")) + _tasks(entry.get("block"))]
