# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the controller: job templates, workflows and schedules as options of its modules. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import declared, workflows
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.model import (
    GROUP,
    Names,
    Object,
    canary,
    chosen_templates,
    chosen_workflows,
    without_unset,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.survey import survey
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables


def _notified(values: Values, names: Names, events: t.Iterable[str]) -> dict[str, list[str]]:
    """Which events of a template are told to whom; without notifications the template's own are left alone."""
    if not values["gitpod_controller_notification_type"]:
        return {}
    wanted = values["gitpod_controller_notify_on"]
    return {f"notification_templates_{event}": [names.notification] if event in wanted else [] for event in events}


def _survey(title: str, description: str, asked: t.Iterable[str], fixed: t.Container[str]) -> dict[str, t.Any]:
    """A survey without what is fixed: AWX lays a question's blank over the template's own extra variable."""
    return survey(title, description, (variables()[name] for name in asked if name not in fixed))


def of_job_templates(values: Values, names: Names, playbooks: t.Container[str]) -> list[Object]:
    """The job templates with their surveys."""
    directory = values["gitpod_controller_project_directory"]
    managed = values["gitpod_controller_managed_credentials"]
    common = {
        "organization": names.organization,
        "job_type": "run",
        "inventory": names.inventory,
        "project": names.project,
        "execution_environment": names.execution_environment,
        "credentials": [
            *(names.credential(name) for name in declared.CREDENTIALS if name in managed),
            *values["gitpod_controller_credentials"],
        ],
        "forks": values["gitpod_controller_forks"],
        # Slices would run batches side by side, and a workflow is handed the last slice's artifacts only.
        "job_slice_count": 1,
        "allow_simultaneous": False,
        "ask_limit_on_launch": True,
        "ask_verbosity_on_launch": True,
        **_notified(values, names, ("started", "success", "error")),
        **values["gitpod_controller_template_options"],
    }
    found = []
    for template in chosen_templates(values, playbooks):
        title = names.template(template.id)
        fixed = {**values["gitpod_controller_extra_variables"], **template.extra_variables}
        spec = _survey(title, template.description, template.survey, fixed)
        arguments = {
            "name": title,
            "description": template.description,
            "playbook": f"{directory}/{template.playbook}.yml" if directory else f"{template.playbook}.yml",
            **common,
            "extra_vars": fixed,
            "survey_spec": spec,
            "survey_enabled": bool(spec),
        }
        kept = {name: value for name, value in arguments.items() if value not in (None, "")}
        found.append(Object("job_templates", "job_template", title, kept))
    return found


def of_workflows(values: Values, names: Names, playbooks: t.Container[str]) -> list[Object]:
    """The workflows, each with its nodes and the ways between them."""
    events = ("started", "success", "error", "approvals")
    found = []
    for workflow in chosen_workflows(values, playbooks):
        title = names.workflow(workflow.id)
        spec = _survey(title, workflow.description, workflow.survey, values["gitpod_controller_extra_variables"])
        arguments = {
            "name": title,
            "organization": names.organization,
            "description": workflow.description,
            "allow_simultaneous": False,
            "survey_enabled": bool(spec),
            **_notified(values, names, events),
        }
        arguments |= {"survey_spec": spec} if spec else {}
        found.append(Object("workflows", "workflow_job_template", title, arguments))
        found += _nodes(values, names, workflow)
    return found


def _nodes(values: Values, names: Names, workflow: workflows.Workflow) -> list[Object]:
    """Each node, and after them the ways between them.

    So an approval takes two tasks: with both in one, its module asks for the ways at the approval's template.
    """
    title = names.workflow(workflow.id)
    first = canary(values)
    limits = {workflows.CANARY: first, workflows.REST: f"{GROUP}:!{first}"}
    nodes, ways = [], []
    for node in workflow.nodes:
        own = {"identifier": node.id, "workflow_job_template": title, "organization": names.organization}
        if node.template:
            what: dict[str, t.Any] = {
                "unified_job_template": names.template(node.template),
                "lookup_organization": names.organization,
                "limit": limits.get(node.limit),
            }
        else:
            timeout = values["gitpod_controller_approval_timeout"]
            question = f"{title}: {node.question}"
            what = {"approval_node": {"name": question, "description": node.question, "timeout": timeout}}
        nodes.append(
            Object("workflows", "workflow_job_template_node", f"{title}: {node.id}", own | without_unset(what))
        )
        following = without_unset({"success_nodes": list(node.on_success), "failure_nodes": list(node.on_failure)})
        following = {name: list(value) for name, value in following.items() if value}
        if following:
            label = f"{title}: after {node.id}"
            ways.append(Object("workflows", "workflow_job_template_node", label, own | following))
    return nodes + ways


def of_schedules(values: Values, names: Names, playbooks: t.Container[str]) -> list[Object]:
    """The schedules of what is made."""
    there = {template.id: names.template(template.id) for template in chosen_templates(values, playbooks)}
    there |= {f"workflow_{flow.id}": names.workflow(flow.id) for flow in chosen_workflows(values, playbooks)}
    found = []
    for schedule in values["gitpod_controller_schedules"]:
        if schedule["template"] not in there:
            continue
        title = there[schedule["template"]]
        name = schedule.get("name") or f"{title} schedule"
        arguments = {
            "name": name,
            "organization": names.organization,
            "unified_job_template": title,
            "rrule": schedule["rrule"],
            "enabled": schedule.get("enabled", True),
            "extra_data": schedule.get("extra_data"),
        }
        kept = {key: value for key, value in arguments.items() if value is not None}
        found.append(Object("schedules", "schedule", name, kept))
    return found
