# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an object of the controller is, how things are called, and which of the declared ones are made. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import (
    confidential,
    templates,
    workflows,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values

GROUP = "gitpod_runners"


@dataclasses.dataclass(frozen=True)
class Object:
    """One thing of the controller.

    :param part: of C(declared.PARTS).
    :param kind: the module that makes it.
    :param name: for people.
    :param arguments: of the module, without secrets and without C(state).
    :param confidential: what of C(confidential.NEEDS) it is given when it is made, and not again.
    """

    part: str
    kind: str
    name: str
    arguments: t.Mapping[str, t.Any]
    confidential: str = ""

    def as_data(self) -> dict[str, t.Any]:
        """As a task hands it on."""
        return dataclasses.asdict(self)


class Names:
    """How things are called."""

    def __init__(self, values: Values) -> None:
        prefix = values["gitpod_controller_prefix"]
        self.organization: str = values["gitpod_controller_organization"]
        self.project: str = values["gitpod_controller_project"] or f"{prefix} project"
        self.inventory: str = values["gitpod_controller_inventory"] or f"{prefix} runners"
        self.notification = f"{prefix} messages"
        made = f"{prefix} execution environment" if values["gitpod_controller_execution_environment_image"] else ""
        self.execution_environment: str = values["gitpod_controller_execution_environment"] or made
        self._prefix = prefix

    def template(self, identifier: str) -> str:
        """Of a job template."""
        return f"{self._prefix} {templates.BY_ID[identifier].title}"

    def workflow(self, identifier: str) -> str:
        """Of a workflow."""
        return f"{self._prefix} {workflows.BY_ID[identifier].title}"

    def credential(self, identifier: str) -> str:
        """Of a credential that is made."""
        return f"{self._prefix} {confidential.TITLES[identifier]}"

    def credential_type(self, identifier: str) -> str:
        """Of its type, which may be the controller's own."""
        return confidential.OF_THE_CONTROLLER.get(identifier) or self.credential(identifier)


def chosen_templates(values: Values, playbooks: t.Container[str]) -> list[templates.JobTemplate]:
    """The job templates that are made.

    :param playbooks: that the collection has.
    """
    wanted = values["gitpod_controller_templates"]
    return [template for template in templates.ALL if template.id in wanted and template.playbook in playbooks]


def canary(values: Values) -> str:
    """The runner that goes first; AWX's inventory has no order, so it is named, or the first by name of several.

    Empty where there is none: after a single runner nobody is left, and a job without runners fails.
    """
    runners: t.Mapping[str, t.Any] = values["gitpod_controller_runners"]
    return values["gitpod_controller_canary"] or (min(runners) if len(runners) > 1 else "")


def chosen_workflows(values: Values, playbooks: t.Container[str]) -> list[workflows.Workflow]:
    """The workflows that are made: each has the job templates that it needs, and a canary where it needs one."""
    there = {template.id for template in chosen_templates(values, playbooks)}
    return [
        workflow
        for workflow in workflows.ALL
        if workflow.id in values["gitpod_controller_workflows"]
        and workflow.templates <= there
        and (not workflow.has_a_canary or canary(values))
    ]


def left_out(values: Values, playbooks: t.Container[str]) -> list[str]:
    """What was asked for and cannot be made, as sentences."""
    made = {template.id for template in chosen_templates(values, playbooks)}
    wanted = values["gitpod_controller_templates"]
    told = [f"The job template {name} has no playbook in this version." for name in wanted if name not in made]
    there = {workflow.id for workflow in chosen_workflows(values, playbooks)}
    for workflow in workflows.ALL:
        if workflow.id not in values["gitpod_controller_workflows"] or workflow.id in there:
            continue
        missing = sorted(workflow.templates - made)
        why = f"the job templates {', '.join(missing)}" if missing else "gitpod_controller_canary"
        told.append(f"The workflow {workflow.id} is left out without {why}.")
    return told


def without_unset(arguments: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Options that say something; an empty list says that there is none."""
    return {name: value for name, value in arguments.items() if value not in (None, "", {})}
