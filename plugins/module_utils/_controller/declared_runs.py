# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Setting up a controller: the variables of its inventory, its messages and of what it runs, declared once."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import templates, workflows
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import LONGEST_WAIT, Variable

DAILY = "DTSTART;TZID=UTC:20260101T060000 RRULE:FREQ=DAILY;INTERVAL=1"

INVENTORY = (
    Variable(
        name="gitpod_controller_inventory",
        description="Name of the inventory. Default is the prefix and V(runners).",
    ),
    Variable(
        name="gitpod_controller_inventory_variables",
        description="Variables of all runners, without secrets.",
        kind="dict",
    ),
    Variable(
        name="gitpod_controller_runners",
        description=(
            "Runners by host, each with its C(gitpod_*) variables, at least C(gitpod_region), without secrets. Each is "
            "in the group of its region, such as V(region_eu_central_1), and those are in V(gitpod_runners).",
            "Hosts and groups that the inventory has besides are left alone.",
        ),
        kind="dict",
    ),
    Variable(
        name="gitpod_controller_groups",
        description=(
            "Further groups by name, each with V(children), V(hosts) and V(variables), such as V(production) with the "
            "groups of three regions."
        ),
        kind="dict",
    ),
    Variable(
        name="gitpod_controller_inventory_source",
        description=(
            "File of the project from which the inventory plugin C(gitpod.enterprise_runner.runners) reads the "
            "management plane's runners, such as V(inventories/gitpod_runners.yml). Without it, there is no source."
        ),
        pattern=r"[\w.-]+(/[\w.-]+)*",
        form="a relative path such as inventories/gitpod_runners.yml",
    ),
    Variable(
        name="gitpod_controller_inventory_source_variables",
        description="Environment variables of the source's updates, such as C(ANSIBLE_COLLECTIONS_PATH).",
        kind="mapping",
    ),
    Variable(
        name="gitpod_controller_inventory_source_update_on_launch",
        description="Whether the source is read again before each job.",
        kind="bool",
        default=True,
    ),
)

NOTIFICATIONS = (
    Variable(
        name="gitpod_controller_notification_type",
        description="Where messages go. Without it, there is no notification template.",
        choices=("email", "grafana", "irc", "mattermost", "pagerduty", "rocketchat", "slack", "twilio", "webhook"),
    ),
    Variable(
        name="gitpod_controller_notification_configuration",
        description=(
            "What that type needs, as the controller calls it, such as V(token) and V(channels). One that exists keeps "
            "its own, unless C(gitpod_controller_update_secrets) is set."
        ),
        kind="dict",
        secret=True,
    ),
    Variable(
        name="gitpod_controller_notify_on",
        description="What is told: jobs and workflows that start, succeed or fail, and approvals that wait.",
        kind="list",
        elements="str",
        choices=("started", "success", "error", "approvals"),
        default=["error", "approvals"],
    ),
)

_SCHEDULE: t.Mapping[str, t.Any] = {
    "template": {
        "type": "str",
        "required": True,
        "choices": [*templates.IDS, *(f"workflow_{i}" for i in workflows.IDS)],
    },
    "rrule": {"type": "str", "required": True},
    "name": {"type": "str"},
    "enabled": {"type": "bool"},
    "extra_data": {"type": "dict"},
}

TEMPLATES = (
    Variable(
        name="gitpod_controller_templates",
        description=(
            "Job templates that are made. One whose playbook this version of the collection does not have is left out."
        ),
        kind="list",
        elements="str",
        choices=templates.IDS,
        default=list(templates.IDS),
    ),
    Variable(
        name="gitpod_controller_template_options",
        description=(
            "Options of the module C(job_template) for every job template, such as V(verbosity), V(timeout) and "
            "V(instance_groups)."
        ),
        kind="dict",
    ),
    Variable(
        name="gitpod_controller_extra_variables",
        description=(
            "Extra variables of every job template, without secrets. They win over the inventory's, and no survey asks "
            "for them."
        ),
        kind="dict",
    ),
    Variable(
        name="gitpod_controller_forks",
        description="Runners on which a job works at a time.",
        kind="int",
        default=20,
        minimum=0,
        maximum=200,
    ),
    Variable(
        name="gitpod_controller_workflows",
        description="Workflows that are made, each only with the job templates that it needs.",
        kind="list",
        elements="str",
        choices=workflows.IDS,
        default=list(workflows.IDS),
    ),
    Variable(
        name="gitpod_controller_approval_timeout",
        description="Seconds after which an approval that nobody gave is denied; 0 waits for ever.",
        kind="int",
        default=86_400,
        minimum=0,
        maximum=LONGEST_WAIT,
    ),
    Variable(
        name="gitpod_controller_canary",
        description=(
            "Host that the workflow V(upgrade) takes first. Default is the first by name of "
            "C(gitpod_controller_runners), where these are several; without either, that workflow is left out."
        ),
    ),
    Variable(
        name="gitpod_controller_schedules",
        description=(
            "Schedules, each with V(template), the ID of a job template, or V(workflow_) and that of a workflow, and "
            "V(rrule) as the controller has it; V(name), V(enabled) and V(extra_data) where they are needed.",
            "Default is the status once a day, at six o'clock UTC. V([]) is none.",
        ),
        kind="list",
        elements="dict",
        options=_SCHEDULE,
        default=[{"template": "workflow_status", "rrule": DAILY}],
    ),
)
