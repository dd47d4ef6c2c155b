# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of objects that the stand-in for AWX knows: their fields, what they refer to, what is unique."""

from __future__ import annotations

import copy
import dataclasses
import typing as t

from tests.controller import rules

Data = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind.

    :param type: as AWX calls one of them.
    :param defaults: of every field; null is taken only where it is the default.
    :param required: to create one.
    :param references: field to the endpoint of what its number names.
    :param parents: of those, with which it goes.
    :param unique: fields that no two share.
    :param relations: lists below it, to the endpoint of what they hold.
    """

    endpoint: str
    type: str
    defaults: Data
    required: tuple[str, ...] = ("name",)
    references: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    parents: tuple[str, ...] = ()
    unique: tuple[str, ...] = ("name",)
    relations: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    rule: t.Callable[[Data, Data | None], None] | None = None

    def name_of(self, item: Data) -> str:
        """What it is found by."""
        return str(item.get("identifier") if "identifier" in self.defaults else item.get("name"))

    def taken(self, body: Data, creating: bool) -> Data:
        """What of a request counts: fields that nobody knows are ignored, null is refused where AWX has none."""
        for name in self.required if creating else ():
            if body.get(name) in (None, ""):
                raise rules.Refused(400, {name: ["This field is required."]})
        found = {name: copy.deepcopy(value) for name, value in body.items() if name in self.defaults}
        for name, value in found.items():
            if value is None and self.defaults[name] is not None:
                raise rules.Refused(400, {name: ["This field may not be null."]})
            if isinstance(self.defaults[name], bool) and not isinstance(value, bool):
                raise rules.Refused(400, {name: ["Must be a valid boolean."]})
        return found

    def parents_of(self, item: Data) -> set[int]:
        """Numbers of what it goes with."""
        return {item[name] for name in self.parents if item.get(name) is not None}


_TOLD = {
    f"notification_templates_{event}": "notification_templates"
    for event in ("started", "success", "error", "approvals")
}
_ORGANIZATION = {"organization": "organizations"}
_TEXT = {"name": "", "description": ""}
_PROMPTS = {
    f"ask_{name}_on_launch": False
    for name in ("limit", "variables", "inventory", "verbosity", "tags", "skip_tags", "scm_branch", "labels")
}

ALL = (
    Kind(
        "organizations",
        "organization",
        {**_TEXT, "max_hosts": 0, "default_environment": None},
        relations={"galaxy_credentials": "credentials", "instance_groups": "instance_groups", **_TOLD},
    ),
    Kind("instance_groups", "instance_group", {"name": ""}),
    Kind(
        "credential_types",
        "credential_type",
        {**_TEXT, "kind": "cloud", "inputs": {}, "injectors": {}, "managed": False},
        rule=rules.credential_type,
    ),
    Kind(
        "credentials",
        "credential",
        {**_TEXT, "organization": None, "credential_type": 0, "inputs": {}},
        required=("name", "credential_type"),
        references={**_ORGANIZATION, "credential_type": "credential_types"},
        unique=("organization", "name", "credential_type"),
    ),
    Kind(
        "execution_environments",
        "execution_environment",
        {**_TEXT, "organization": None, "image": "", "credential": None, "pull": ""},
        required=("name", "image"),
        references={**_ORGANIZATION, "credential": "credentials"},
    ),
    Kind(
        "projects",
        "project",
        {
            **_TEXT,
            "organization": None,
            "scm_type": "",
            "scm_url": "",
            "scm_branch": "",
            "local_path": "",
            "credential": None,
            "scm_update_on_launch": False,
            "scm_revision": "",
        },
        references={**_ORGANIZATION, "credential": "credentials"},
        unique=("organization", "name"),
        relations=_TOLD,
        rule=rules.project,
    ),
    Kind(
        "inventories",
        "inventory",
        {**_TEXT, "organization": 0, "kind": "", "host_filter": None, "variables": ""},
        required=("name", "organization"),
        references=_ORGANIZATION,
        parents=("organization",),
        unique=("organization", "name"),
        relations={"instance_groups": "instance_groups"},
    ),
    Kind(
        "hosts",
        "host",
        {**_TEXT, "inventory": 0, "enabled": True, "variables": ""},
        required=("name", "inventory"),
        references={"inventory": "inventories"},
        parents=("inventory",),
        unique=("inventory", "name"),
    ),
    Kind(
        "groups",
        "group",
        {**_TEXT, "inventory": 0, "variables": ""},
        required=("name", "inventory"),
        references={"inventory": "inventories"},
        parents=("inventory",),
        unique=("inventory", "name"),
        relations={"hosts": "hosts", "children": "groups"},
    ),
    Kind(
        "inventory_sources",
        "inventory_source",
        {
            **_TEXT,
            "inventory": 0,
            "source": "",
            "source_project": None,
            "source_path": "",
            "source_vars": "",
            "credential": None,
            "execution_environment": None,
            "overwrite": False,
            "update_on_launch": False,
        },
        required=("name", "inventory"),
        references={
            "inventory": "inventories",
            "source_project": "projects",
            "credential": "credentials",
            "execution_environment": "execution_environments",
        },
        parents=("inventory",),
        unique=("inventory", "name"),
        relations=_TOLD,
    ),
    Kind(
        "notification_templates",
        "notification_template",
        {
            **_TEXT,
            "organization": 0,
            "notification_type": "",
            "notification_configuration": {},
            "messages": {"started": None, "success": None, "error": None, "workflow_approval": None},
        },
        required=("name", "organization", "notification_type"),
        references=_ORGANIZATION,
        unique=("organization", "name"),
        rule=rules.notification_template,
    ),
    Kind(
        "job_templates",
        "job_template",
        {
            **_TEXT,
            **_PROMPTS,
            "organization": None,
            "job_type": "run",
            "inventory": None,
            "project": None,
            "playbook": "",
            "execution_environment": None,
            "forks": 0,
            "limit": "",
            "verbosity": 0,
            "timeout": 0,
            "extra_vars": "",
            "job_slice_count": 1,
            "allow_simultaneous": False,
            "survey_enabled": False,
        },
        references={
            **_ORGANIZATION,
            "inventory": "inventories",
            "project": "projects",
            "execution_environment": "execution_environments",
        },
        unique=("organization", "name"),
        relations={"credentials": "credentials", "instance_groups": "instance_groups", **_TOLD},
    ),
    Kind(
        "workflow_job_templates",
        "workflow_job_template",
        {
            **_TEXT,
            **_PROMPTS,
            "organization": None,
            "allow_simultaneous": False,
            "survey_enabled": False,
            "extra_vars": "",
        },
        references=_ORGANIZATION,
        unique=("organization", "name"),
        relations=_TOLD,
    ),
    Kind("workflow_approval_templates", "workflow_approval_template", {**_TEXT, "timeout": 0}, unique=()),
    Kind(
        "workflow_job_template_nodes",
        "workflow_job_template_node",
        {
            "identifier": "",
            "workflow_job_template": 0,
            "unified_job_template": None,
            "limit": None,
            "extra_data": {},
            "all_parents_must_converge": False,
        },
        required=("workflow_job_template",),
        references={
            "workflow_job_template": "workflow_job_templates",
            "unified_job_template": "unified_job_templates",
        },
        parents=("workflow_job_template",),
        unique=("identifier", "workflow_job_template"),
        relations={f"{way}_nodes": "workflow_job_template_nodes" for way in ("success", "failure", "always")},
    ),
    Kind(
        "schedules",
        "schedule",
        {**_TEXT, "unified_job_template": 0, "rrule": "", "enabled": True, "extra_data": {}, "limit": None},
        required=("name", "unified_job_template", "rrule"),
        references={"unified_job_template": "unified_job_templates"},
        parents=("unified_job_template",),
        unique=("unified_job_template", "name"),
    ),
)
KINDS: dict[str, Kind] = {kind.endpoint: kind for kind in ALL}
