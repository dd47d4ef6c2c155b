# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen on AWX 24.6.1 and is no behaviour of a job: order, tasks, texts and versions (docs/facts.md)."""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import jinja2
import pytest
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ansible_collections.gitpod.enterprise_runner.plugins.inventory import runners
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import (
    confidential,
    declared,
    templates,
    workflows,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.contract import problems
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.model import Object
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.objects import objects
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

ROOT = pathlib.Path(__file__).parents[3]
PLAYBOOKS = {template.playbook for template in templates.ALL}
GIVEN: dict[str, t.Any] = {
    "gitpod_controller_project_url": "https://git.example.com/runners.git",
    "gitpod_controller_galaxy_url": "https://hub.example.com/",
    "gitpod_controller_runners": {"a": {"gitpod_region": "eu-west-1"}, "b": {"gitpod_region": "us-east-1"}},
    "gitpod_controller_schedules": [
        {
            "template": "status",
            "rrule": "DTSTART:20260101T060000Z RRULE:FREQ=DAILY;INTERVAL=1",
            "extra_data": {"a": "b"},
        }
    ],
}


def test_the_pages_example_is_right_and_its_runners_are_whole() -> None:
    """What a newcomer copies: nothing is wrong with it, and no runner lacks what a new stack needs."""
    page = (ROOT / "docs/controller.md").read_text("utf-8")
    (block,) = [
        text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if text.startswith("# controller.yml")
    ]
    given = {name: "given" if "{{" in str(value) else value for name, value in yaml.safe_load(block).items()}
    values = read("localhost", ".", declared.BY_NAME, given)
    assert (problems(values, variables()), values.unknown) == ([], ())
    for host, own in values["gitpod_controller_runners"].items():
        whole = {**values["gitpod_controller_inventory_variables"], **own, "gitpod_api_token": "t"}
        assert of_host(read(host, "/start", variables(), whole)) == []
    assert {made.kind for made in objects(values, PLAYBOOKS)} >= {"job_template", "workflow_job_template", "schedule"}


def planned() -> list[Object]:
    return objects(read("localhost", ".", declared.BY_NAME, GIVEN), PLAYBOOKS)


def test_the_organization_comes_first_then_its_galaxy_credential_then_that_it_has_it() -> None:
    """Before the project, whose collections it brings."""
    order = [(made.kind, made.name) for made in planned()]
    wanted = [
        ("organization", "Gitpod"),
        ("credential", "Gitpod Galaxy"),
        ("organization", "Gitpod: Galaxy credentials"),
        ("project", "Gitpod project"),
    ]
    assert sorted(wanted, key=order.index) == wanted


def test_an_approval_and_the_ways_from_it_are_two_tasks() -> None:
    """In one, the module asks for the ways at the approval's template; and a way leads to a node that is there."""
    nodes = [made for made in planned() if made.kind == "workflow_job_template_node"]
    approvals = [made for made in nodes if "approval_node" in made.arguments]
    assert len(approvals) == sum(bool(node.question) for workflow in workflows.ALL for node in workflow.nodes)
    assert not any({"success_nodes", "failure_nodes"} & set(made.arguments) for made in approvals)
    for number, made in enumerate(nodes):
        before = {one.arguments["identifier"] for one in nodes[:number]}
        after = {*made.arguments.get("success_nodes", ()), *made.arguments.get("failure_nodes", ())}
        assert after <= before


def test_templates_have_one_slice_and_schedules_bring_what_they_are_given() -> None:
    made = planned()
    slices = {one.arguments["job_slice_count"] for one in made if one.kind == "job_template"}
    assert slices == {1}
    (schedule,) = [one for one in made if one.kind == "schedule"]
    assert schedule.arguments["extra_data"] == {"a": "b"}


@pytest.mark.parametrize("artifacts", [None, {}, {"gitpod_fleet_result": {"headline": "2 runners: 2 verified"}}])
@pytest.mark.parametrize("kind", ["slack", "webhook"])
def test_a_message_reads_nothing_unguarded(kind: str, artifacts: t.Any) -> None:
    """A job that failed early, or a workflow's, has no artifacts, and AWX would send nothing at all."""
    job = {"name": "Gitpod rollout", "id": 7, **({} if artifacts is None else {"artifacts": artifacts})}
    known = {"job": job, "job_friendly_name": "Job", "url": "https://awx.example.com/7", "job_metadata": "{}"}
    known |= {"approval_node_name": "n", "workflow_url": "https://awx.example.com/8"}
    sandbox = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    messages = confidential.messages(kind)
    told = [part for event in ("started", "success", "error") for part in messages[event].values() if part]
    told += [part for event in messages["workflow_approval"].values() for part in event.values() if part]
    shown = [sandbox.from_string(part).render(known) for part in told]
    assert all(shown)
    assert any("2 verified" in text for text in shown) == bool(artifacts)
    if kind == "webhook":
        bodies = [event["body"] for event in messages["workflow_approval"].values()]
        assert [json.loads(sandbox.from_string(body).render(known)) for body in bodies]


def test_the_sdk_has_a_marker_so_that_an_older_python_can_be_built_too() -> None:
    (line,) = [line for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines() if "gitpod-sdk" in line]
    assert 'python_version >= "3.10"' in line


def test_the_execution_environment_asks_for_a_runner_that_shows_lines_as_they_are() -> None:
    """ansible-runner 2.4.0 makes a warning and three empty events of each, with ansible-core 2.19 or later."""
    definition = yaml.safe_load((ROOT / "examples/awx/execution-environment.yml").read_text("utf-8"))
    assert definition["dependencies"]["ansible_runner"]["package_pip"] == "ansible-runner>=2.4.3"


def test_the_inventory_reads_the_endpoint_that_a_credential_brings() -> None:
    options = yaml.safe_load(runners.DOCUMENTATION)["options"]
    read_by_it = {entry["name"] for entry in options["api_url"]["env"]}
    assert set(confidential.API_TOKEN["injectors"]["env"]) - {"GITPOD_API_KEY"} <= read_by_it
    assert "GITPOD_API_KEY" in str(options["api_token"]["description"])
