# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller shall have, in the order in which it is made: each object as the options of one module. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import confidential, declared, runs
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.inventory import inventory
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.model import (
    Names,
    Object,
    without_unset,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values


def objects(values: Values, playbooks: t.Container[str]) -> list[Object]:
    """Everything of the parts that are asked for, in the order in which it is made.

    :param playbooks: that the collection has.
    """
    names = Names(values)
    parts: dict[str, t.Callable[[], list[Object]]] = {
        "organization": lambda: _organization(values, names),
        "credentials": lambda: _credentials(values, names),
        "execution_environment": lambda: _execution_environment(values, names),
        "project": lambda: _project(values, names),
        "inventory": lambda: inventory(values, names),
        "notifications": lambda: _notifications(values, names),
        "job_templates": lambda: runs.of_job_templates(values, names, playbooks),
        "workflows": lambda: runs.of_workflows(values, names, playbooks),
        "schedules": lambda: runs.of_schedules(values, names, playbooks),
    }
    return [found for part in declared.PARTS if part in values["gitpod_controller_parts"] for found in parts[part]()]


# What goes with what it belongs to, hosts and groups with their inventory and nodes with their workflow, is not here.
_IDENTIFIED_BY: t.Mapping[str, tuple[str, ...]] = {
    "organization": ("name",),
    "credential_type": ("name",),
    "credential": ("name", "organization", "credential_type"),
    "execution_environment": ("name",),
    "project": ("name", "organization"),
    "inventory": ("name", "organization"),
    "notification_template": ("name", "organization"),
    "job_template": ("name", "organization"),
    "workflow_job_template": ("name", "organization"),
    "schedule": ("name", "organization", "unified_job_template"),
}


def removals(values: Values, playbooks: t.Container[str]) -> list[Object]:
    """The same in the other order, each with what identifies it; without what goes with something else."""
    parts = set(values["gitpod_controller_parts"])
    with_others = {"schedule"} if {"job_templates", "workflows"} <= parts else set()
    with_others |= set() if values["gitpod_controller_remove_organization"] else {"organization"}
    return [
        dataclasses.replace(made, arguments={name: made.arguments[name] for name in _IDENTIFIED_BY[made.kind]})
        for made in reversed(objects(values, playbooks))
        if made.kind in _IDENTIFIED_BY and made.kind not in with_others
    ]


def _organization(values: Values, names: Names) -> list[Object]:
    return [Object("organization", "organization", names.organization, {"name": names.organization})]


def _credentials(values: Values, names: Names) -> list[Object]:
    found = []
    managed = [name for name in declared.CREDENTIALS if name in values["gitpod_controller_managed_credentials"]]
    managed += ["galaxy"] if values["gitpod_controller_galaxy_url"] else []
    for name in managed:
        kind = names.credential_type(name)
        if name in confidential.TYPES:
            arguments = {"name": kind, **confidential.TYPES[name]}
            found.append(Object("credentials", "credential_type", kind, arguments))
        title = names.credential(name)
        arguments = {"name": title, "organization": names.organization, "credential_type": kind}
        found.append(Object("credentials", "credential", title, arguments, confidential=name))
    galaxy = [names.credential("galaxy")] if values["gitpod_controller_galaxy_url"] else []
    galaxy += values["gitpod_controller_galaxy_credentials"]
    if galaxy and values["gitpod_controller_state"] == "present":
        arguments = {"name": names.organization, "galaxy_credentials": galaxy}
        found.append(Object("credentials", "organization", f"{names.organization}: Galaxy credentials", arguments))
    return found


def _execution_environment(values: Values, names: Names) -> list[Object]:
    image = values["gitpod_controller_execution_environment_image"]
    if not image:
        return []
    arguments = {
        "name": names.execution_environment,
        "organization": names.organization,
        "image": image,
        "pull": values["gitpod_controller_execution_environment_pull"],
        "credential": values["gitpod_controller_execution_environment_credential"],
    }
    name = names.execution_environment
    return [Object("execution_environment", "execution_environment", name, without_unset(arguments))]


def _project(values: Values, names: Names) -> list[Object]:
    kind = values["gitpod_controller_project_type"]
    manual = kind == "manual"
    arguments = {
        "name": names.project,
        "organization": names.organization,
        "scm_type": kind,
        "scm_url": None if manual else values["gitpod_controller_project_url"],
        "scm_branch": None if manual else values["gitpod_controller_project_branch"],
        "credential": None if manual else values["gitpod_controller_project_credential"],
        "local_path": values["gitpod_controller_project_local_path"] if manual else None,
        "scm_update_on_launch": None if manual else values["gitpod_controller_project_update_on_launch"],
    }
    return [Object("project", "project", names.project, without_unset(arguments))]


def _notifications(values: Values, names: Names) -> list[Object]:
    kind = values["gitpod_controller_notification_type"]
    if not kind:
        return []
    arguments = {
        "name": names.notification,
        "organization": names.organization,
        "notification_type": kind,
        "messages": confidential.messages(kind),
    }
    return [
        Object("notifications", "notification_template", names.notification, arguments, confidential="notification")
    ]
