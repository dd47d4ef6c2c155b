# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions come from the declarations, and AWX takes every one of them."""

from __future__ import annotations

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import survey, templates, workflows
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.reading import typed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from tests.controller import surveys

SURVEYED = [*templates.ALL, *workflows.ALL]


@pytest.mark.parametrize("required", [False, True])
@pytest.mark.parametrize("variable", variables().values(), ids=lambda variable: variable.name)
def test_awx_takes_a_question_for_every_variable(variable: Variable, required: bool) -> None:
    spec = {"name": "n", "description": "d", "spec": [survey.question(variable, required)]}
    assert surveys.fault(spec) == ""
    assert surveys.unanswered(spec, {}) == ([variable.name] if required else [])


@pytest.mark.parametrize("variable", variables().values(), ids=lambda variable: variable.name)
def test_a_blank_answer_of_an_optional_question_says_nothing(variable: Variable) -> None:
    question = survey.question(variable)
    # A list that is chosen from would be empty, a whole number refused, a default would hide the inventory's value.
    assert question["type"] in ("text", "textarea", "password", "multiplechoice")
    assert question["default"] == ""
    assert typed(variable, "") is None


@pytest.mark.parametrize("variable", variables().values(), ids=lambda variable: variable.name)
def test_each_choice_is_one_that_the_collection_takes(variable: Variable) -> None:
    for choice in survey.question(variable).get("choices", []):
        wanted = {"true": True, "false": False}.get(choice, choice) if variable.kind == "bool" else choice
        assert typed(variable, choice) == wanted


@pytest.mark.parametrize("surveyed", SURVEYED, ids=lambda surveyed: f"{type(surveyed).__name__}-{surveyed.id}")
def test_a_template_asks_only_for_variables_that_there_are(
    surveyed: templates.JobTemplate | workflows.Workflow,
) -> None:
    assert set(surveyed.survey) <= set(variables())
    spec = survey.survey("t", "d", (variables()[name] for name in surveyed.survey))
    assert spec == {} or surveys.fault(spec) == ""
    assert not any(item["type"] == "password" for item in spec.get("spec", []))


def test_a_workflow_asks_for_nothing_that_no_node_takes() -> None:
    for workflow in workflows.ALL:
        taken = {name for node in workflow.templates for name in templates.BY_ID[node].survey}
        assert set(workflow.survey) <= taken


def test_every_way_of_a_workflow_leads_to_a_node_of_it() -> None:
    for workflow in workflows.ALL:
        nodes = {node.id for node in workflow.nodes}
        followers = {name for node in workflow.nodes for name in (*node.on_success, *node.on_failure)}
        assert followers <= nodes
        assert len(nodes) == len(workflow.nodes)
        # Exactly one node begins.
        assert len(nodes - followers) == 1
        assert all(bool(node.template) != bool(node.question) for node in workflow.nodes)


def test_what_changes_is_asked_for_first() -> None:
    """Each node that changes something in such a workflow follows an approval, but the canary."""
    for workflow in workflows.ALL:
        by_id = {node.id: node for node in workflow.nodes}
        approved = {name for node in by_id.values() if node.question for name in node.on_success}
        changing = {node.id for node in by_id.values() if node.template in ("rollout", "upgrade")}
        assert changing - approved - {"canary"} == set()


def test_the_default_is_told_and_not_filled_in() -> None:
    question = survey.question(variables()["gitpod_status_certificate_days"])
    assert question["question_name"] == "Status certificate days"
    assert question["question_description"].endswith("Blank keeps what the inventory says, else 30.")
    assert (question["type"], question["required"]) == ("text", False)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"description": "", "spec": []}, "'name' is missing"),
        ({"name": "", "description": "", "spec": []}, "doesn't contain any items"),
        ({"name": "", "description": "", "spec": [{"type": "boolean"}]}, "missing"),
    ],
)
def test_the_rules_refuse(spec: dict[str, object], words: str) -> None:
    assert words in surveys.fault(spec)
